"""What `schemathesis run` is told about Bobbin: who calls, with which ids and tokens, and what is noted of each answer.

Read from the environment: API_URL, API_BIN, API_RESULT, and Bobbin's own BOBBIN_DATA and BOBBIN_SPOOL. Values are put in just
before the call, not while they are drawn: what is drawn depends on the seed alone, and what the request before has removed is
not asked for again.
"""
import atexit
import collections
import functools
import json
import os
import re
import secrets
import zlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from world import PASSWORD, World

world = World(os.environ["API_URL"], os.environ["BOBBIN_DATA"], os.environ["BOBBIN_SPOOL"], os.environ["API_BIN"])

# Who may use an operation, by its `x-access`. One request in ten comes from somebody else, mostly to be refused.
ALLOWED = {
    "any": ("owner",), "owner": ("owner", "key"), "user": ("owner",), "admin": ("operator",), "visitor": ("visitor",),
    "visitor or owner": ("visitor", "owner", "key"), "signed": ("owner",),
}
EVERYBODY = ("owner", "key", "operator", "visitor")

BOT = "/api/chatbots/{chatbot_id}/"
CHAT = "/api/chat/{chatbot_id}/"

# These end the session they are called with, or use up what an account may have: an account of their own, made anew once it is
# spent.
DISPOSABLE = {
    "DELETE /api/auth/me", "POST /api/auth/logout-all", "POST /api/auth/password/change", "POST /api/auth/keys/",
    "DELETE /api/auth/keys/{key_id}/", "POST /api/chatbots/", "POST /api/chatbots/import/", f"POST {BOT}runs/{{run_id}}/cancel/",
    *(f"POST {BOT}documents/{{document_id}}/{verb}/" for verb in ("hold", "release", "drop")),
}

# These change or fill a chatbot; the trained one, which answers and is read, is spared.
SPARE = {
    f"PATCH {BOT}", f"POST {BOT}sources/", f"PATCH {BOT}sources/{{source_id}}/", f"POST {BOT}train/",
    f"POST {BOT}sources/{{source_id}}/refresh/", f"POST {BOT}sources/{{source_id}}/retry/",
}

# These remove or use up what their path names: something made for the purpose, and made again when it is gone.
REMOVED = {
    f"POST {BOT}runs/{{run_id}}/cancel/": lambda: world.waiting(),
    f"POST {BOT}documents/{{document_id}}/hold/": lambda: world.waiting(),
    f"POST {BOT}documents/{{document_id}}/release/": lambda: world.waiting(held=True),
    f"POST {BOT}documents/{{document_id}}/drop/": lambda: world.waiting(),
    f"DELETE {BOT}": lambda: world.chatbot(world.owner),
    f"DELETE {BOT}sources/{{source_id}}/": lambda: {"chatbot_id": world.spare["chatbot_id"], "source_id": world.new_source()},
    f"DELETE {BOT}conversations/{{conversation_id}}/": lambda: {"conversation_id": world.new_visitor()["conversation_id"]},
    "DELETE /api/auth/keys/{key_id}/": lambda: {"key_id": world.new_key()},
}

# What only the server knows, or what JSON Schema cannot say, for members of a body that is right otherwise.
MEMBERS = {
    "POST /api/auth/register": lambda: {"email": f"new{next(world.numbers)}@example.org", "password": PASSWORD},
    "POST /api/auth/login": lambda: {"email": world.owner.email, "password": PASSWORD},
    "POST /api/auth/refresh": lambda: {"refresh_token": world.account().refresh},
    "POST /api/auth/logout": lambda: {"refresh_token": world.account().refresh},
    "DELETE /api/auth/me": lambda: {"password": PASSWORD},
    "POST /api/auth/password/change": lambda: {"current": PASSWORD, "password": PASSWORD},
    "POST /api/auth/password/reset/confirm": lambda: {"token": world.mail_token("reset"), "password": PASSWORD},
    "POST /api/chatbots/import/": lambda: {"file": world.archive},
    "POST /api/auth/email/verify": lambda: {"token": world.mail_token("verify")},
    f"POST {CHAT}session/": lambda: {"resume": world.main["resume"]},
    f"POST {CHAT}": lambda: {"message": "When does the office open?"},
    f"POST {CHAT}feedback/": lambda: {"message_id": world.main["message_id"]},
    f"POST {BOT}sources/": lambda: {"source_url": f"https://example.org/{next(world.numbers)}"},
    f"POST {BOT}train/": lambda: {"source_ids": [world.spare["source_id"]]},
    f"POST {BOT}rollback/": lambda: {"generation": 1},
    f"PATCH {BOT}": lambda: {"allowed_domains": ["https://example.org"], "crm_webhook_url": "https://example.org/leads"},
    f"PUT {BOT}questions/": lambda: {"items": [{"question": "How high is the tower?", "expected": "31 metres"}]},
}


@functools.cache
def untrained():
    """A chatbot whose stream of states ends at once."""
    made = world.ask("POST", "/api/chatbots/", world.signed_in(world.owner), {"name": "Quay"})
    return {"chatbot_id": made["id"]}


# By operation: what was made for it, and the account whose it is.
removable, owners = {}, {}

# Both answer with events when asked to.
EVENTS = {f"POST {CHAT}", f"GET {BOT}status/"}

# Refusals of a body that is as its schema says: no schema can say what is common, private, spent, or inside a file.
BEYOND_SCHEMA = {"weak-password", "bad-domain", "bad-question", "unsafe-url", "token-invalid", "idempotency-mismatch", "unsupported-type"}

# Answers of 5xx that are refusals and described: no sign-in provider, no model and no payments are set up here, and no index stage runs that would
# carry out the first rollback, so that a second has to wait.
DESCRIBED = {
    ("GET /api/auth/oauth/google/start", "not-configured"), ("POST /api/auth/oauth/google", "not-configured"),
    *((f"POST /api/{path}/", "not-configured") for path in ("billing/checkout", "billing/portal", "webhooks/stripe")),
    ("POST /api/chat/{chatbot_id}/address/", "not-configured"), (f"POST {BOT}rollback/", "busy"), (f"POST {BOT}leak-test/", "not-configured"),
    (f"POST {BOT}guidance/drafts/", "not-configured"),
}

# Drawn anew each time: Hypothesis also tries the texts that stand in this file.
MARK = f"Bearer {secrets.token_hex(16)}"


@schemathesis.auth(refresh_interval=None)
class Caller:
    """Only marks the case: the token is put in before the call, when it is known to be good."""

    def get(self, case, context):
        return MARK

    def set(self, case, data, context):
        case.headers["Authorization"] = data


def token(caller, label):
    if caller == "disposable":
        return world.throw_away().token
    if caller == "visitor":
        # This one forgets the conversation that others read.
        return world.new_visitor()["visitor"] if label == f"DELETE {CHAT}session/" else world.visitor()
    return world.key if caller == "key" else world.signed_in(world.operator if caller == "operator" else world.owner)


def identifiers(label):
    if label in REMOVED and label not in removable:
        removable[label] = REMOVED[label]()
        owners[label] = world.disposable
    if label in DISPOSABLE and label in REMOVED:
        world.disposable = owners[label]
    known = world.main | {"user_id": world.subject.id, "name": "chat.js", "code": "not-found"}
    return known | (world.spare if label in SPARE else {}) | removable.get(label, {})


@schemathesis.hook
def before_call(context, case, kwargs):
    label = case.operation.label
    parts = case.meta.components if case.meta else {}
    right = {location for location, part in parts.items() if part.mode.is_positive}
    # Drawn from the case itself, so that a seed gives the same requests: mostly what exists, sometimes what does not.
    text = json.dumps([label, case.path_parameters, case.query, case.body], sort_keys=True, default=lambda it: type(it).__name__)
    chance = zlib.crc32(text.encode())
    chance, missing = divmod(chance, 8)
    chance, drawn = divmod(chance, 4)
    chance, stranger = divmod(chance, 10)
    allowed = EVERYBODY if not stranger else ALLOWED[case.operation.definition.raw["x-access"]]
    caller = allowed[chance % len(allowed)]
    if label in DISPOSABLE and caller != "visitor":
        caller = "disposable"
    if ParameterLocation.PATH in right and missing:
        known = identifiers(label)
        # New objects: cases drawn one after another may share theirs.
        case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
    if ParameterLocation.BODY in right and isinstance(case.body, dict) and drawn and label in MEMBERS:
        made = MEMBERS[label]()
        case.body = {name: made.get(name, value) for name, value in case.body.items()}
    if ParameterLocation.HEADER in right and drawn and "Idempotency-Key" in case.headers:
        # The same key for another body is refused, and would be most of the answers.
        case.headers["Idempotency-Key"] = f"key{chance}"
    # Limits for an address would be most of the answers.
    case.headers["X-Forwarded-For"] = world.address()
    if case.headers.get("Authorization") == MARK:
        case.headers["Authorization"] = f"Bearer {token(caller, label)}"
        callers[case.id] = caller
    if label in EVENTS and chance % 2:
        case.headers["Accept"] = "text/event-stream"
        if label == f"GET {BOT}status/" and ParameterLocation.PATH in right and missing:
            # No stage runs here: a run that was begun on the trained one stays open, and its stream with it.
            case.path_parameters = case.path_parameters | untrained()


# What came of it, for the table.

callers = {}
requests = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
failures = {}
unanswered = []


@schemathesis.hook
def after_call(context, case, response):
    label, caller = case.operation.label, callers.pop(case.id, "nobody")
    requests[caller][label][response.status_code] += 1
    if response.status_code == 429:
        world.forget_limits()
    if 200 <= response.status_code < 300:
        removable.pop(label, None)
    if caller == "disposable" and response.status_code in (204, 401, 403):
        world.disposable = None


@schemathesis.hook
def after_network_error(context, case, request):
    """Most likely what a server that is dead has died of."""
    unanswered.append(f"{case.operation.label}: {case.as_curl_command(headers=dict(request.headers))}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    label, kind = case.operation.label, type(failure).__name__
    problem = response.json() if response.headers.get("content-type") == ["application/problem+json"] else {}
    code = problem.get("code")
    if kind == "ServerError" and (label, code) in DESCRIBED:
        return False
    about = re.search(r"parameters? `(\w+)`|/properties/(\w+)|in body - (\w+):", failure.message)
    about = next(filter(None, about.groups())) if about else ""
    # What is taken is the real archive that stands in place of what was generated: good as often as it is sent.
    if kind == "AcceptedNegativeData" and label == "POST /api/chatbots/import/":
        return False
    if kind == "RejectedPositiveData":
        if code in BEYOND_SCHEMA or label == "POST /api/chatbots/import/":
            return False
        about = problem["errors"][0]["field"] if problem.get("errors") else problem.get("detail", "")
    # Each is told once, with its first request.
    key = (label, kind, failure.title, response.status_code, re.sub(r"\[\d+\]", "", about))
    if key not in failures:
        failures[key] = {
            "operation": key[0], "kind": key[1], "title": key[2], "status": key[3], "count": 0, "message": failure.message,
            "body": response.text[:600], "curl": case.as_curl_command(headers=dict(response.request.headers))}
    failures[key]["count"] += 1
    return True


@atexit.register
def write():
    with open(os.environ["API_RESULT"], "w", encoding="utf-8", errors="backslashreplace") as out:
        json.dump({"requests": requests, "failures": list(failures.values()), "unanswered": unanswered[:1]}, out)
