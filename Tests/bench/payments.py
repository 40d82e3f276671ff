"""Events of Stripe: how many a second are checked, journalled and have their effect, beside the same webhook in FastAPI.

    python3 payments.py --bin DIR --work DIR [--peer PYTHON]      one JSON object

Each event is signed, its subscription is read again from a stand-in for Stripe on the loopback, and every other one changes an
account's plan. Journal, plan and audit log are written in a transaction that is synced before the event is answered. Sender and
stand-in are asyncio in this process and take their part of the cores, so the server's CPU time an event counts more than its rate.
"""
import argparse
import asyncio
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import threading
import time

import processes

SECRET, ACCOUNTS, EVENTS, ROUNDS = "whsec_bench", 20, 1500, 3
CONNECTIONS = (1, 16)


def served(take):
    """An HTTP server on the loopback in a thread of its own; `take(path)` gives the body. Its port."""
    ready, port = threading.Event(), []

    async def connection(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = take(head.split(b" ", 2)[1].decode())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def run():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(connection, "127.0.0.1", 0, backlog=1024))
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    return port[0]


class Stripe:
    """Subscriptions as they stand at this moment: each is another plan's every second time it is looked at."""

    def __init__(self, accounts):
        self.accounts, self.looks = accounts, [0] * len(accounts)
        self.port = served(self.take)

    def take(self, path):
        name = path.split("?")[0].rsplit("/", 1)[1]
        number = int(name[4:])
        self.looks[number] += 1
        tier = "pro" if self.looks[number] // 2 % 2 else "enterprise"
        return json.dumps({
            "id": name, "object": "subscription", "customer": f"cus_{number}", "status": "active", "livemode": False,
            "cancel_at_period_end": False, "cancel_at": None, "current_period_start": 1_795_000_000,
            "current_period_end": 1_797_592_000,
            "items": {"object": "list", "data": [{"price": {"id": f"price_{tier}"}, "quantity": 1}]},
            "metadata": {"bobbin_account": self.accounts[number]}}).encode()


def request(number, prefix):
    event = {
        "id": f"evt_{prefix}_{number}", "object": "event", "type": "customer.subscription.updated", "created": int(time.time()),
        "livemode": False, "api_version": "2025-03-31.basil",
        "data": {"object": {"id": f"sub_{number % ACCOUNTS}", "object": "subscription", "customer": f"cus_{number % ACCOUNTS}"}}}
    body = json.dumps(event).encode()
    now = int(time.time())
    signed = hmac.new(SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    return (f"POST /api/webhooks/stripe/ HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: t={now},v1={signed}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


async def send(port, requests, connections):
    """Sends all; milliseconds each took."""
    waiting, took = list(reversed(requests)), []

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            start = time.perf_counter()
            writer.write(waiting.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"an event was answered {head[:200]}")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            await reader.readexactly(length)
            took.append((time.perf_counter() - start) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


def measured(process, port, prefix):
    """Events a second, CPU milliseconds each, times: by connections."""
    found = {}
    for connections in CONNECTIONS:
        requests = [request(number, f"{prefix}_{connections}") for number in range(EVENTS)]
        cpu, start = processes.cpu_seconds(process), time.perf_counter()
        took = asyncio.run(send(port, requests, connections))
        wall = time.perf_counter() - start
        found[connections] = {
            "per_second": EVENTS / wall, "cpu_ms_each": (processes.cpu_seconds(process) - cpu) * 1000 / EVENTS,
            **processes.percentiles(took)}
    return found


def middle(rounds):
    return {count: sorted((one[count] for one in rounds), key=lambda it: it["per_second"])[len(rounds) // 2] for count in CONNECTIONS}


def check(database, table, expected):
    with sqlite3.connect(database, timeout=30) as rows:
        [[count]] = rows.execute(f"SELECT count(*) FROM {table}").fetchall()
    if count != expected:
        raise SystemExit(f"{count} of {expected} events are in {table}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--work"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--peer")
    given = parser.parse_args()
    data = given.work / "data"
    data.mkdir(parents=True)
    env = processes.environment(data, given.work / "spool") | {
        "BOBBIN_STRIPE_KEY": "sk_test_bench", "BOBBIN_STRIPE_WEBHOOK_SECRETS": SECRET, "BOBBIN_LOG_LEVEL": "error", "BOBBIN_MAIL": "none",
        "BOBBIN_STRIPE_PRICES": "price_pro=pro,price_enterprise=enterprise"}
    for number in range(ACCOUNTS):
        subprocess.run([given.bin / "bobbin", "admin", "invite", f"a{number}@example.org"], env=env, check=True, stdout=subprocess.DEVNULL)
    with sqlite3.connect(data / "bobbin.sqlite") as rows:
        accounts = [row[0] for row in rows.execute("SELECT id FROM users ORDER BY email")]
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    rows.close()
    copy = given.work / "peer.sqlite"
    shutil.copyfile(data / "bobbin.sqlite", copy)
    stripe = Stripe(accounts)
    env |= {"BOBBIN_STRIPE_URL": f"http://127.0.0.1:{stripe.port}"}
    ours, theirs = [], []
    for number in range(ROUNDS):
        with processes.server(given.bin, env) as (process, port, _):
            ours.append(measured(process, port, f"b{number}"))
        if given.peer:
            peer = env | {
                "PAYMENTS_DATABASE": str(copy), "PAYMENTS_SECRET": SECRET, "PAYMENTS_STRIPE": f"http://127.0.0.1:{stripe.port}",
                "PYTHONPATH": str(pathlib.Path(__file__).parent)}
            command = [given.peer, "-m", "uvicorn", "payments_fastapi:app", "--log-level", "warning", "--no-access-log"]
            with processes.serving(command, peer) as (process, port, _):
                theirs.append(measured(process, port, f"p{number}"))
    expected = EVENTS * ROUNDS * len(CONNECTIONS)
    check(data / "bobbin.sqlite", "stripe_events", expected)
    result = {"events": EVENTS, "bobbin": middle(ours)}
    if given.peer:
        check(copy, "peer_events", expected)
        result["peer"] = middle(theirs)
    print(json.dumps(result))
    os._exit(0)


main()
