"""Every page there is, by a name for its picture."""

TABS = ["talk", "sources", "share", "leads", "conversations", "privacy", "quality", "generations", "settings"]
ADMIN = ["users", "chatbots", "sources", "runs", "spool", "documents", "conversations", "deliveries", "health", "audit"]

# Before one is signed in, and what visitors see.
OUTSIDE = {
    "landing": "/", "login": "/login", "register": "/register", "forgot": "/forgot", "reset": f"/reset#token={'abc' * 14}d",
    "reset-broken": "/reset", "verify-broken": "/verify", "oauth-broken": "/oauth/google", "missing": "/nothing/of/this",
    "chat": "/c/orrin", "embed": "/embed/{chatbot}/",
}
# Of whoever is signed in.
INSIDE = (
    {"dashboard": "/chatbots/", "new": "/chatbots/new/", "account": "/account/", "billing": "/billing/"}
    | {f"setup-{step}": f"/chatbots/{{chatbot}}/setup/{step}/" for step in ("sources", "privacy", "review", "train")}
    | {tab: f"/chatbots/{{chatbot}}/{tab}/" for tab in TABS}
    | {"document": "/chatbots/{chatbot}/documents/{document}/", "conversation": "/chatbots/{chatbot}/conversations/{conversation}/",
       "not-mine": "/chatbots/00000000000000000000000000/sources/"}
    | {f"admin-{tab}": f"/admin/{tab}/" for tab in ADMIN})
ALL = OUTSIDE | INSIDE


def path(name, owner):
    return ALL[name].format(**vars(owner))
