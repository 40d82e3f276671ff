# Stripe on loopback: localstripe (PyPI) for customers, subscriptions, invoices and its own signed events, and in front of it the
# two pages that it lacks, checkout and portal, with the event of the first, and the event of a changed subscription, which it does
# not tell of. Prints its port; ends when standard input does.
#
#   stripe_fake.py SECRET     deliveries go to the address of a line on standard input and are signed with SECRET
#
# What a person does at Stripe is a GET here: /pay/SESSION pays, with a card that works.
import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# It ends with its input, and takes what it has started along.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
SECRET = sys.argv[1]
sessions, answers, events, state = {}, {}, {}, {"webhook": None}


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


BEHIND = f"http://127.0.0.1:{unused_port()}"


def ask(method, path, form=None, key="sk_test_fake"):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(BEHIND + path, data, {"Authorization": f"Bearer {key}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def made(path, **form):
    status, body = ask("POST", f"/v1/{path}", {name.replace("__", "[") + ("]" if "__" in name else ""): value for name, value in form.items()})
    assert status == 200, (path, body)
    return json.loads(body)


def deliver(kind, thing):
    event = {"id": f"evt_{os.urandom(8).hex()}", "object": "event", "type": kind, "created": int(time.time()), "livemode": False,
             "data": {"object": thing}}
    events[event["id"]] = event
    body = json.dumps(event).encode()
    signed = hmac.new(SECRET.encode(), b"%d." % event["created"] + body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(state["webhook"], body, {
        "Content-Type": "application/json", "Stripe-Signature": f"t={event['created']},v1={signed}"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.status


def pay(session):
    customer = session["customer"] or made("customers", description="buyer")["id"]
    card = made("payment_methods", type="card", card__number="4242424242424242", card__exp_month=12, card__exp_year=2040, card__cvc=123)["id"]
    made(f"payment_methods/{card}/attach", customer=customer)
    made(f"customers/{customer}", invoice_settings__default_payment_method=card)
    form = {"customer": customer, "items[0][plan]": session["price"], "metadata[bobbin_account]": session["account"]}
    status, body = ask("POST", "/v1/subscriptions", form)
    assert status == 200, body
    session.update(customer=customer, subscription=json.loads(body)["id"])
    return deliver("checkout.session.completed", {
        "id": session["id"], "object": "checkout.session", "customer": customer, "subscription": session["subscription"],
        "client_reference_id": session["account"], "mode": "subscription"})


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        path = self.path.split("?")[0]
        here = f"http://127.0.0.1:{self.server.server_port}"
        key = self.headers.get("Idempotency-Key")
        if path.startswith("/pay/"):
            return self.answer(200, {"delivered": pay(sessions[path[5:]])})
        if path.startswith("/v1/events/") and path[11:] in events:
            return self.answer(200, events[path[11:]])
        if path not in ("/v1/checkout/sessions", "/v1/billing_portal/sessions"):
            sent = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, body = ask(self.command, self.path, form if self.command == "POST" else None, sent or "sk_test_fake")
            self.answer(status, body)
            if self.command == "POST" and path.startswith("/v1/subscriptions/") and status == 200:
                with contextlib.suppress(OSError):
                    deliver("customer.subscription.updated", json.loads(body))
            return None
        if not key:
            return self.answer(400, {"error": {"type": "invalid_request_error", "code": "idempotency_key_missing"}})
        if key not in answers:
            name = f"cs_test_{os.urandom(8).hex()}"
            if path.endswith("portal/sessions"):
                status, _ = ask("GET", f"/v1/customers/{form['customer']}")
                if status != 200:
                    return self.answer(400, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})
                answers[key] = {"id": name, "url": f"{here}/portal/{form['customer']}"}
            else:
                sessions[name] = {
                    "id": name, "price": form["line_items[0][price]"], "account": form["client_reference_id"],
                    "customer": form.get("customer")}
                answers[key] = {"id": name, "url": f"{here}/pay/{name}"}
        return self.answer(200, answers[key])

    do_GET = do_POST = do_DELETE = handle_any


behind = subprocess.Popen(
    [sys.executable, "-m", "localstripe", "--port", BEHIND.rsplit(":", 1)[1], "--from-scratch"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(200):
        try:
            ask("GET", "/v1/plans")
            break
        except OSError:
            time.sleep(0.05)
    for plan in ("pro", "enterprise"):
        made("plans", id=f"price_{plan}", amount=1900, currency="eur", interval="month", product__name=plan)
    front = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    # A server that is killed resets its connections.
    front.handle_error = lambda *_: None
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(front.server_port, flush=True)
    for line in sys.stdin:
        state["webhook"] = line.strip()
        ask("POST", "/_config/webhooks/bobbin", {"url": state["webhook"], "secret": SECRET})
        print("ready", flush=True)
finally:
    # Asked politely, it would wait a minute for connections that are open still.
    behind.kill()
    behind.wait()
