"""A CRM's end of a webhook: prints its port, then one JSON object a request: path, headers, body, and whether the standardwebhooks
library takes it for signed.

    python webhook_receiver.py

Its standard input gives secrets, one a line; a message is held against all given so far. Paths: /ok takes everything, /broken
answers 500, /gone 410, /busy 429 with Retry-After, /moved 302 to /ok, /huge more than anybody reads, /cut half a head, /slow
nothing until its standard input ends, /flaky 500 at the first sight of a message and 200 after. Ends with its standard input.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

secrets = []
seen = set()
over = threading.Event()
lock = threading.Lock()


def is_signed(body, headers):
    for secret in list(secrets):
        try:
            Webhook(secret).verify(body, headers)
            return True
        except Exception:
            continue
    return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        identity = headers.get("webhook-id", "")
        with lock:
            is_new = identity not in seen
            seen.add(identity)
            print(json.dumps({
                "path": self.path, "id": identity, "body": body.decode(),
                "signatures": len(headers.get("webhook-signature", "").split()),
                "signed": is_signed(body, headers)}), flush=True)
        if self.path == "/broken" or (self.path == "/flaky" and is_new):
            self.answer(500, body=b"<h1>secret trace of the receiver</h1>")
        elif self.path == "/gone":
            self.answer(410)
        elif self.path == "/busy":
            self.answer(429, [("Retry-After", "120")])
        elif self.path == "/moved":
            self.answer(302, [("Location", "/ok")])
        elif self.path == "/huge":
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 30))
            self.end_headers()
            try:
                while not over.is_set():
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        elif self.path == "/cut":
            self.wfile.write(b"HTTP/1.1 20")
            self.close_connection = True
        elif self.path == "/slow":
            over.wait()
        else:
            self.answer(204)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
for line in sys.stdin:
    secrets.append(line.strip())
    print(json.dumps({"secrets": len(secrets)}), flush=True)
over.set()
server.shutdown()
