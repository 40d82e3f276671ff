"""A server that is killed while Stripe tells it something: each event has its effect once, and what was answered is there.

A stand-in for Stripe on the loopback has subscriptions that change; its events are delivered by several at once, in any order and
several times, until they are answered with 200, as Stripe does. In each round the server is killed with -9 somewhere in between.

    lost        an event that was answered and is not in the journal; an account without the plan that its subscription gives
    duplicated  a change of a plan that stands twice in the audit log
    mixed       the database, or the audit log's chain, is not whole
    exit        a server that did not come up, or an event it did not take
"""
import concurrent.futures
import hashlib
import hmac
import http.server
import json
import threading
import time

import bobbin
import judge

SECRET = "whsec_torture"
ACCOUNTS = 8
ENVIRONMENT = {
    "BOBBIN_STRIPE_KEY": "sk_test_torture", "BOBBIN_STRIPE_WEBHOOK_SECRETS": SECRET,
    "BOBBIN_STRIPE_PRICES": "price_pro=pro,price_enterprise=enterprise", "BOBBIN_LOG_LEVEL": "error", "BOBBIN_MAIL": "none"}
GIVES = {"active": None, "past_due": None, "unpaid": "free", "canceled": "free"}


class Stripe(http.server.ThreadingHTTPServer):
    """Answers how each subscription stands at this moment."""

    daemon_threads = True

    def __init__(self, accounts):
        super().__init__(("127.0.0.1", 0), Stripe.Handler)
        self.accounts, self.lock = accounts, threading.Lock()
        self.state = {f"sub_{number}": ("active", "pro") for number in range(len(accounts))}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Who asked is dead."""

    def subscription(self, name):
        with self.lock:
            status, tier = self.state[name]
        number = int(name[4:])
        return {
            "id": name, "object": "subscription", "customer": f"cus_{number}", "status": status, "livemode": False,
            "cancel_at_period_end": False, "cancel_at": None, "current_period_start": 1_795_000_000,
            "current_period_end": 1_797_592_000, "items": {"data": [{"price": {"id": f"price_{tier}"}, "quantity": 1}]},
            "metadata": {"bobbin_account": self.accounts[number]}}

    def plan(self, name):
        status, tier = self.state[name]
        return GIVES[status] or tier

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(self.server.subscription(self.path.rsplit("/", 1)[1])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


def deliver(port, event):
    body = json.dumps(event).encode()
    now = int(time.time())
    signed = hmac.new(SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    return bobbin.http(port, "POST", "/api/webhooks/stripe/", body, [f"Stripe-Signature: t={now},v1={signed}"])[0]


def run(given):
    tally = judge.Tally("payments", given)
    site = bobbin.Site.new(given.work / "payments", given)
    accounts = []
    for number in range(ACCOUNTS):
        code, output = site.run(["bobbin", "admin", "invite", f"a{number}@example.org"])
        if code != 0:
            raise bobbin.Ended(f"no account: {output[-300:]}")
        accounts.append(site.rows("SELECT id FROM users WHERE email = ?", f"a{number}@example.org")[0][0])
    stripe = Stripe(accounts)
    site.environment = ENVIRONMENT | {"BOBBIN_STRIPE_URL": f"http://127.0.0.1:{stripe.server_port}"}
    rounds = given.count or (15 if given.quick else 1000)
    waiting, taken = {}, {}
    chance = given.random
    # The longest that a round may take before the kill, in seconds: found out, so that it falls among the deliveries.
    longest = 0.05
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for round in range(rounds):
            if given.is_late():
                tally.more["cut_short"] = True
                break
            verdict = judge.Verdict()
            for _ in range(chance.randint(1, 6)):
                number = chance.randrange(ACCOUNTS)
                with stripe.lock:
                    stripe.state[f"sub_{number}"] = (chance.choice(list(GIVES)), chance.choice(["pro", "enterprise"]))
                event = {
                    "id": f"evt_{len(waiting) + len(taken)}", "object": "event", "type": "customer.subscription.updated",
                    "created": int(time.time()), "livemode": False, "data": {"object": {"id": f"sub_{number}", "customer": f"cus_{number}"}}}
                waiting[event["id"]] = event
            process, port = site.start_server()
            batch = [*waiting.values(), *chance.sample(list(taken.values()), min(3, len(taken)))]
            batch += chance.sample(batch, len(batch) // 2)
            chance.shuffle(batch)
            answers = [(event, pool.submit(deliver, port, event)) for event in batch]
            time.sleep(chance.uniform(0, longest))
            bobbin.kill(process)
            bobbin.finish(process, 10)
            answered = [event for event, answer in answers if answer.result() == 200]
            for event in answered:
                taken[event["id"]] = waiting.pop(event["id"], event)
            tally.points += len(answered)
            if len(answered) == len(answers):
                longest *= 0.7
            elif not answered:
                longest = min(2, longest * 1.4)
            kept = {row[0] for row in site.rows("SELECT id FROM stripe_events WHERE outcome <> ''")}
            for name in set(taken) - kept:
                verdict.add("lost", f"{name} was answered and is not in the journal")
            if chained := unchained(site):
                verdict.add("duplicated", chained)
            tally.add(f"round {round}", verdict)
    tally.add("the end", ended(site, stripe, waiting, taken))
    stripe.shutdown()
    site.remove()
    return tally.result()


def unchained(site):
    """The first change of a plan that does not go on from the one before it."""
    plans = {}
    for account, detail in site.rows("SELECT object_id, detail_json FROM audit_log WHERE action = 'user.plan' ORDER BY sequence"):
        change = json.loads(detail)
        if change["before"] != plans.get(account, "free") or change["before"] == change["plan_tier"]:
            return f"{account}: {change} after {plans.get(account, 'free')}"
        plans[account] = change["plan_tier"]
    return None


def ended(site, stripe, waiting, taken):
    """Everything is delivered at last: each account has what its subscription gives."""
    verdict = judge.Verdict()
    with site.server() as (_, port):
        for event in [*waiting.values(), *list(taken.values())[:20]]:
            if (status := deliver(port, event)) != 200:
                verdict.add("exit", f"{event['id']}: {status}")
    known = dict(site.rows("SELECT id, plan_tier FROM users"))
    touched = {event["data"]["object"]["id"] for event in [*waiting.values(), *taken.values()]}
    for name in touched:
        account = stripe.accounts[int(name[4:])]
        if known[account] != stripe.plan(name):
            verdict.add("lost", f"{name} gives {stripe.plan(name)}, the account has {known[account]}")
    count = site.rows("SELECT count(*) FROM stripe_events")[0][0]
    if count != len(waiting) + len(taken):
        verdict.add("lost" if count < len(waiting) + len(taken) else "duplicated", f"{count} events in the journal")
    if chained := unchained(site):
        verdict.add("duplicated", chained)
    judge.database(site, verdict)
    code, output = site.run(["bobbin", "admin", "audit"])
    if code != 0:
        verdict.add("mixed", f"the audit log: {output[-300:]}")
    return verdict
