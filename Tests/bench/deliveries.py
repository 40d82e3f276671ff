"""Messages to CRMs: how many a second one sender gets to 50 endpoints on the loopback, and what one that never answers costs the others.

    python3 deliveries.py --bin DIR --work DIR      one JSON object

Each endpoint has MESSAGES due at the start. A message's time runs from the sender's exec to its arrival. The receiver is asyncio in
this process, on the same cores. The outbox's rows are written here, as the server writes them; each message is claimed and noted
by the sender in transactions that are synced.
"""
import argparse
import asyncio
import json
import os
import pathlib
import sqlite3
import subprocess
import threading
import time

import processes

ENDPOINTS, MESSAGES, ROUNDS = 50, 100, 3
DEAD = "/0"


class Receiver:
    """Takes every message but those to /0 while `is_dead`: these get no answer."""

    def __init__(self):
        self.arrived, self.is_dead = [], False
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(ready,), daemon=True).start()
        ready.wait()

    def serve(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.take, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def take(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
            await reader.readexactly(length)
            path = lines[0].split(" ")[1]
            if path == DEAD and self.is_dead:
                await reader.read()
                return
            self.arrived.append((path, time.perf_counter()))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def fill(database, port):
    now = int(time.time() * 1000)
    with sqlite3.connect(database, timeout=30) as rows:
        rows.execute("DELETE FROM webhook_deliveries")
        rows.execute("DELETE FROM chatbots")
        for endpoint in range(ENDPOINTS):
            chatbot = f"bench{endpoint:021d}"
            rows.execute(
                "INSERT INTO chatbots (id, name, public_url_slug, is_public, crm_webhook_url, created_at, updated_at) "
                "VALUES (?, ?, ?, 1, ?, ?, ?)", (chatbot, chatbot, chatbot, f"http://127.0.0.1:{port}/{endpoint}", now, now))
            rows.executemany(
                "INSERT INTO webhook_deliveries (id, chatbot_id, payload, state, tries, next_at, created_at) "
                "VALUES (?, ?, ?, 'waiting', 0, ?, ?)",
                [(f"d{endpoint:03d}{message:022d}", chatbot, json.dumps({"type": "lead.created", "email": f"{message}@example.org"}), now, now)
                 for message in range(MESSAGES)])
    rows.close()


def round_(given, receiver, env, is_dead):
    receiver.is_dead = is_dead
    receiver.arrived.clear()
    fill(f"{given.work}/data/bobbin.sqlite", receiver.port)
    expected = (ENDPOINTS - 1 if is_dead else ENDPOINTS) * MESSAGES
    start, cpu = time.perf_counter(), processes.children_cpu()
    sender = subprocess.Popen([given.bin / "bobbin", "deliver"], env=env, stdout=subprocess.DEVNULL)
    try:
        processes.wait_until(lambda: len(receiver.arrived) >= expected, 60, f"{expected} messages")
    finally:
        sender.terminate()
        sender.wait()
    last = max(at for _, at in receiver.arrived)
    others = [(at - start) * 1000 for path, at in receiver.arrived if path != DEAD]
    return {"messages": expected, "per_second": expected / (last - start), "cpu_ms_each": (processes.children_cpu() - cpu) * 1000 / expected,
            "others": processes.percentiles(others)}


def best(rounds):
    return sorted(rounds, key=lambda one: one["others"]["p99_ms"])[len(rounds) // 2]


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--work"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    given = parser.parse_args()
    (given.work / "data").mkdir(parents=True)
    receiver = Receiver()
    env = processes.environment(given.work / "data", given.work / "spool") | {
        "BOBBIN_MAIL": "none", "BOBBIN_ALLOWED_HOSTS": f"127.0.0.1:{receiver.port}"}
    subprocess.run([given.bin / "bobbin", "admin", "users"], env=env, check=True, stdout=subprocess.DEVNULL)
    alive, dead = [], []
    for _ in range(ROUNDS):
        alive.append(round_(given, receiver, env, False))
        dead.append(round_(given, receiver, env, True))
    print(json.dumps({"endpoints": ENDPOINTS, "alive": best(alive), "one_dead": best(dead)}))
    os._exit(0)


main()
