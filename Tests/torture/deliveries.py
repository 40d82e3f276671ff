"""Random kill -9 of the server while leads come in and go out to CRMs: no lead without its message, no message lost, none under two ids.

Each round starts the server over the same data, leaves leads through its API, and kills it somewhere between the first request and the
last answer of a receiver. A claim is good for a minute, so between rounds all that waits is made due: that minute is waited for by
nobody here. At the end the server runs undisturbed until nothing waits. A message may arrive more than once (its sender died before
it could note that it had), always under the same id and with the same body.
"""
import contextlib
import http.server
import json
import sqlite3
import threading
import time

import bobbin
import judge

CHATBOTS = 5


class Receiver:
    """Takes every message and remembers its id and body."""

    def __init__(self):
        self.seen = {}
        self.repeats = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(self.headers["webhook-id"], body)
                with contextlib.suppress(OSError):
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, name, body):
        with self.lock:
            self.repeats += name in self.seen
            self.seen.setdefault(name, set()).add(body)


def run(given):
    tally = judge.Tally("deliveries", given)
    wanted = given.count or (20 if given.quick else 1000)
    site = bobbin.Site.new(given.work / "site", given)
    receiver = Receiver()
    environment = {
        "BOBBIN_MAIL": "none", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1", "BOBBIN_ALLOWED_HOSTS": f"127.0.0.1:{receiver.port}"}
    site.run(["bobbin", "admin", "users"], environment)
    chatbots = prepare(site, receiver.port)
    accepted, rounds = set(), 0
    while rounds < wanted and not given.is_late():
        rounds += 1
        due(site)
        disturbed(given, site, environment, chatbots, accepted, rounds)
    given.say(f"deliveries: {rounds} kills, {len(accepted)} leads accepted; draining")
    process, _ = site.start_server(environment)
    end = time.monotonic() + 120
    while waiting(site) and time.monotonic() < end:
        due(site)
        time.sleep(0.3)
    bobbin.stop(process)
    verdict = judge.Verdict()
    examine(site, receiver, accepted, verdict)
    tally.add("the end", verdict, site)
    tally.trials = tally.points = rounds
    tally.more |= {"leads": len(accepted), "messages": len(receiver.seen), "repeats": receiver.repeats}
    return tally.result()


def prepare(site, port):
    now = int(time.time() * 1000)
    form = json.dumps({"enabled": True, "fields": [], "after_messages": 0})
    chatbots = [f"torture{number:019d}" for number in range(CHATBOTS)]
    with contextlib.closing(sqlite3.connect(site.data / "bobbin.sqlite", timeout=30)) as rows, rows:
        for chatbot in chatbots:
            rows.execute(
                "INSERT INTO chatbots (id, name, public_url_slug, is_public, lead_form_json, crm_webhook_url, created_at, updated_at) "
                "VALUES (?, ?, ?, 1, ?, ?, ?, ?)", (chatbot, chatbot, chatbot, form, f"http://127.0.0.1:{port}/{chatbot}", now, now))
    return chatbots


def due(site):
    with contextlib.closing(sqlite3.connect(site.data / "bobbin.sqlite", timeout=30)) as rows, rows:
        rows.execute("UPDATE webhook_deliveries SET next_at = 0 WHERE state = 'waiting'")


def waiting(site):
    return site.rows("SELECT count(*) FROM webhook_deliveries WHERE state <> 'sent'")[0][0]


def whole(body):
    """The object of an answer; an empty one of what was cut."""
    try:
        return json.loads(body)
    except ValueError:
        return {}


def disturbed(given, site, environment, chatbots, accepted, round_):
    """One life of the server: leads come in until it is killed."""
    process, port = site.start_server(environment)
    over = threading.Event()

    def leave(chatbot, number):
        headers = ["Content-Type: application/json", f"X-Forwarded-For: 198.{18 + number % 2}.{round_ // 250}.{round_ % 250}"]
        for turn in range(50):
            if over.is_set():
                return
            # Another address for each session: one may begin thirty an hour.
            headers[1] = f"X-Forwarded-For: 198.{turn}.{(round_ // 250) * 8 + number}.{round_ % 250}"
            status, body = bobbin.http(port, "POST", f"/api/chat/{chatbot}/session/", b"{}", headers)
            # An answer that the kill has cut is none.
            if status != 201 or not (token := whole(body).get("token")):
                continue
            status, body = bobbin.http(
                port, "POST", f"/api/chat/{chatbot}/leads/", json.dumps({"email": f"a{round_}.{turn}@example.org", "consent": True}).encode(),
                [*headers, f"Authorization: Bearer {token}"])
            if status == 201 and (lead := whole(body).get("lead_id")):
                accepted.add(lead)

    threads = [threading.Thread(target=leave, args=(chatbot, number)) for number, chatbot in enumerate(chatbots)]
    for thread in threads:
        thread.start()
    time.sleep(given.random.uniform(0, 0.25))
    bobbin.kill(process)
    over.set()
    for thread in threads:
        thread.join()
    bobbin.finish(process, 10)


def examine(site, receiver, accepted, verdict):
    judge.database(site, verdict)
    left = waiting(site)
    if left:
        verdict.add("stuck", f"{left} messages were not sent")
    leads = {row[0] for row in site.rows("SELECT id FROM leads")}
    for lead in sorted(accepted - leads)[:20]:
        verdict.add("lost", f"lead {lead} was accepted and is not there")
    messages = site.rows("SELECT id, lead_id, payload FROM webhook_deliveries")
    told = {}
    for name, lead, payload in messages:
        told.setdefault(lead, []).append(name)
        bodies = receiver.seen.get(name, set())
        if not bodies:
            verdict.add("lost", f"message {name} counts as sent and never arrived")
        elif bodies != {payload.encode()}:
            verdict.add("mixed", f"message {name} arrived with another body")
    for lead in sorted(leads):
        names = told.get(lead, [])
        if len(names) != 1:
            verdict.add("duplicated" if names else "lost", f"lead {lead} has {len(names)} messages")
    for name in set(receiver.seen) - {name for name, _, _ in messages}:
        verdict.add("mixed", f"message {name} arrived and has no row")
