"""Restarts a server under load while its listening socket stays open, as systemd does with a socket unit.

restarts.py SERVER ROUNDS: binds a port, hands the socket over by sd_listen_fds(3), asks from eight clients without a pause and four
with one, ends the server by SIGTERM and starts it again ROUNDS times. Prints one line of JSON: requests, failures, longest
milliseconds, exit statuses.
"""

import http.client
import json
import os
import signal
import socket
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


class Client(threading.Thread):
    def __init__(self, port: int, pause: float, over: threading.Event):
        super().__init__(daemon=True)
        self.port, self.pause, self.over = port, pause, over
        self.requests, self.longest, self.failures = 0, 0.0, []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.over.is_set():
            path = PATHS[self.requests % len(PATHS)]
            began = time.monotonic()
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    self.failures.append(f"{path} {response.status}")
            except Exception as error:
                self.failures.append(f"{path} {type(error).__name__}: {error}")
                connection.close()
            self.requests += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(self.pause)


def main():
    server, rounds = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    process = start(server, listener)
    over = threading.Event()
    clients = [Client(listener.getsockname()[1], pause, over) for pause in [0] * 8 + [0.3] * 4]
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
    print(json.dumps({
        "requests": sum(client.requests for client in clients),
        "failures": [failure for client in clients for failure in client.failures][:20],
        "longest_milliseconds": round(max(client.longest for client in clients) * 1000),
        "statuses": statuses,
    }))


main()
