"""One bobbin-serve under test, with data of its own and a stand-in for the embedding endpoint. Loopback only."""
import hashlib
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading


class Ended(Exception):
    """The harness cannot go on; the message says why."""


class Embeddings(http.server.BaseHTTPRequestHandler):
    """Vectors out of a text's digest: a question here costs no model, and the same text is always the same vector."""

    protocol_version = "HTTP/1.1"
    dimension = 16

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        digests = [hashlib.sha256(text.encode()).digest() for text in ([texts] if isinstance(texts, str) else texts)]
        data = [{"index": index, "embedding": [byte - 127.5 for byte in digest[:self.dimension]]}
                for index, digest in enumerate(digests)]
        body = json.dumps({"data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server:
    """`with Server(…) as server:` a server that listens, ended at the end."""

    def __init__(self, folder, bin, models):
        self.folder, self.bin = pathlib.Path(folder), pathlib.Path(bin)
        self.data, self.database = self.folder / "data", self.folder / "data" / "bobbin.sqlite"
        self.log = self.folder / "stderr.txt"
        self.data.mkdir(parents=True)
        (self.data / "models").symlink_to(pathlib.Path(models).resolve())
        self.embeddings = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
        threading.Thread(target=self.embeddings.serve_forever, daemon=True).start()
        # Nothing of this shell's settings: neither another's model nor another's data.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "BOBBIN_"))}
        self.environment = kept | {
            "BOBBIN_DATA": str(self.data), "BOBBIN_SPOOL": str(self.folder / "spool"), "BOBBIN_PORT": "0",
            "BOBBIN_BCRYPT_COST": "4", "BOBBIN_MAIL": "none", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1",
            "BOBBIN_PUBLIC_URL": "http://localhost", "BOBBIN_DISK_RESERVE_MIB": "16",
            "BOBBIN_EMBEDDING_BASE_URL": f"http://127.0.0.1:{self.embeddings.server_port}",
            "BOBBIN_EMBEDDING_DIMENSION": str(Embeddings.dimension), "SWIFT_BACKTRACE": "enable=no"}

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.bin / "bobbin-serve"], env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"listening on (http://\S+?)/$", line)
        if not found:
            raise Ended(f"bobbin-serve did not start: {line}{self.errors()}")
        self.url = found[1]
        return self

    def __exit__(self, *_):
        self.embeddings.shutdown()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def death(self):
        """How it died; None while it lives."""
        code = self.process.poll()
        return None if code is None else f"bobbin-serve ended with {code}: {self.errors()}"

    def errors(self):
        return self.log.read_text(errors="replace")[-3000:]
