"""Restarts a server under load while its listening socket stays open, as systemd does with a socket unit.

restarts.py SERVER ROUNDS: binds a port, hands the socket over by sd_listen_fds(3), asks from eight clients without a pause and four
with one, which chat, ends the server by SIGTERM and starts it again ROUNDS times. Prints one line of JSON: requests, failures,
longest milliseconds, exit statuses, questions that were answered and questions that are in the database.
"""

import http.client
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

PATHS = ["/livez", "/readyz", "/openapi.json"]


def start(server: str, listener: socket.socket) -> subprocess.Popen:
    command = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" --port 1'
    process = subprocess.Popen(
        ["sh", "-c", command, server], stdout=subprocess.PIPE, text=True, pass_fds=(3,),
        preexec_fn=lambda: os.dup2(listener.fileno(), 3, inheritable=True))
    if not process.stdout.readline().startswith("listening on"):
        raise SystemExit("the server did not start")
    return process


def call(connection, method, path, body=None, token=None, address="192.0.2.1"):
    """Status and body; an address of its own for each session, so that no limit is met."""
    headers = {"X-Forwarded-For": address}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read()


def chatbots(port: int, count: int, database: pathlib.Path) -> list[str]:
    """Chatbots that greet; there is nothing to look up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    _, owner = call(connection, "POST", "/api/auth/register",
                    {"email": "owner@example.org", "password": "a slow green bicycle 41", "delivery": "body"})
    token = json.loads(owner)["access_token"]
    with sqlite3.connect(database, timeout=20) as rows:
        rows.execute("UPDATE users SET plan_tier = 'enterprise'")
    made = [call(connection, "POST", "/api/chatbots/", {"name": f"Bot {n}"}, token)[1] for n in range(count)]
    connection.close()
    return [json.loads(one)["id"] for one in made]


class Client(threading.Thread):
    """Asks what every server answers, or, with a chatbot, chats: a session of ten questions after the other."""

    def __init__(self, number: int, port: int, chatbot: str | None, over: threading.Event):
        super().__init__(daemon=True)
        self.number, self.port, self.chatbot, self.over = number, port, chatbot, over
        self.requests, self.answers, self.longest, self.failures = 0, 0, 0.0, []
        self.token, self.address = None, "192.0.2.1"

    def ask(self, connection):
        if not self.chatbot:
            return (PATHS[self.requests % len(PATHS)], *call(connection, "GET", PATHS[self.requests % len(PATHS)]))
        path = f"/api/chat/{self.chatbot}/"
        if self.requests % 11 == 0 or not self.token:
            self.address = f"10.{self.number}.{self.requests >> 8 & 255}.{self.requests & 255}"
            status, body = call(connection, "POST", path + "session/", {}, address=self.address)
            self.token = json.loads(body).get("token")
            return path + "session/", status, body
        status, body = call(connection, "POST", path, {"message": "Good morning"}, self.token, self.address)
        self.answers += status == 200
        return path, status, body

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.over.is_set():
            began = time.monotonic()
            try:
                path, status, body = self.ask(connection)
                if status not in (200, 201):
                    self.failures.append(f"{path} {status} {body[:200]}")
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
            self.requests += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(0.1 if self.chatbot else 0)


def main():
    server, rounds = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    process = start(server, listener)
    over = threading.Event()
    port, database = listener.getsockname()[1], pathlib.Path(os.environ["BOBBIN_DATA"]) / "bobbin.sqlite"
    asked = [None] * 8 + chatbots(port, 4, database)
    clients = [Client(number, port, chatbot, over) for number, chatbot in enumerate(asked)]
    for client in clients:
        client.start()
    statuses = []
    for _ in range(rounds):
        # Each round under load: every client has been answered since the last.
        marks = [client.requests for client in clients]
        while any(client.requests < mark + 2 for client, mark in zip(clients, marks)):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        statuses.append(process.wait(timeout=60))
        process = start(server, listener)
    over.set()
    for client in clients:
        client.join()
    process.send_signal(signal.SIGTERM)
    statuses.append(process.wait(timeout=60))
    with sqlite3.connect(database, timeout=20) as rows:
        kept, replies = (rows.execute("SELECT count(*) FROM messages WHERE role = ?", (role,)).fetchone()[0] for role in ("user", "assistant"))
    print(json.dumps({
        "answers": sum(client.answers for client in clients), "kept": kept, "replies": replies,
        "requests": sum(client.requests for client in clients),
        "failures": [failure for client in clients for failure in client.failures][:20],
        "longest_milliseconds": round(max(client.longest for client in clients) * 1000),
        "statuses": statuses,
    }))


main()
