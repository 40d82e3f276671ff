"""Names that do not stay where they were, for a program of ours: a name server, a web server and the program in a network of their own.

    python rebinding.py INPUT PROGRAM ARGUMENT…

INPUT is the program's standard input. Prints one JSON object: code, output and errors of the program, and how many requests went to
which address. The network (Linux namespaces: root, or a system that lets anybody make them; else exit code 69) has a loopback and the
public address PUBLIC, both served on port 80, and a name server that says of

    public.test      PUBLIC
    moves.test       PUBLIC at the first LOOKUPS look-ups, 127.0.0.1 from then on
    both.test        PUBLIC and 127.0.0.1
    inside.test      127.0.0.1
    mapped.test      ::ffff:127.0.0.1
    metadata.test    169.254.169.254

Every page leads to twenty others. Standard library only.
"""
import collections
import ctypes
import fcntl
import http.server
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

PUBLIC = "93.184.216.34"
LOOKUPS = 6
NAMES = {
    "public.test": [PUBLIC], "both.test": [PUBLIC, "127.0.0.1"], "inside.test": ["127.0.0.1"], "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.test": ["169.254.169.254"]}
dialled = collections.Counter()
asked = collections.Counter()


def addresses(name, version):
    if version == 4:
        asked[name] += 1
    found = NAMES.get(name, [])
    if name == "moves.test":
        found = [PUBLIC] if asked[name] <= LOOKUPS else ["127.0.0.1"]
    parsed = [ipaddress.ip_address(text) for text in found]
    return [address.packed for address in parsed if address.version == version]


def serve_names(server):
    while True:
        query, peer = server.recvfrom(512)
        labels, place = [], 12
        while query[place]:
            labels.append(query[place + 1:place + 1 + query[place]].decode())
            place += 1 + query[place]
        kind = struct.unpack(">H", query[place + 1:place + 3])[0]
        found = addresses(".".join(labels).lower(), {1: 4, 28: 6}.get(kind, 0))
        # Good for no time at all.
        answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(raw)) + raw for raw in found)
        server.sendto(query[:2] + struct.pack(">HHHHH", 0x8580, 1, len(found), 0, 0) + query[12:place + 5] + answers, peer)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        dialled[self.connection.getsockname()[0]] += 1
        is_page = self.path != "/robots.txt" and not self.path.startswith("/bobbin-")
        links = "".join(f'<a href="/page{number}">{number}</a> ' for number in range(20))
        body = f"<html><title>Page</title><p>What stands at {self.path} and nowhere else.</p>{links}</html>".encode() if is_page else b""
        self.send_response(200 if is_page else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def interface(name, address=None):
    """Brings an interface up, with an address of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        def call(number, rest):
            fcntl.ioctl(control, number, struct.pack("16s24s", name.encode(), rest))
        if address:
            # SIOCSIFADDR, SIOCSIFNETMASK
            call(0x8916, struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(address)))
            call(0x891C, struct.pack("HH4s", socket.AF_INET, 0, b"\xff\xff\xff\xff"))
        # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
        call(0x8914, struct.pack("h", 0x41))


def main():
    if "BOBBIN_IN_NETWORK" not in os.environ:
        own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        made = subprocess.run(["unshare", *own, "--net", "--mount", "true"], capture_output=True, text=True)
        if made.returncode != 0:
            print(made.stderr.strip(), file=sys.stderr)
            sys.exit(69)
        os.environ["BOBBIN_IN_NETWORK"] = "1"
        os.execvp("unshare", ["unshare", *own, "--net", "--mount", sys.executable, *sys.argv])
    interface("lo")
    interface("lo:1", PUBLIC)
    with tempfile.NamedTemporaryFile("w") as settings:
        settings.write("nameserver 127.0.0.1\noptions attempts:1 timeout:2\n")
        settings.flush()
        # MS_BIND; nobody outside sees it.
        if ctypes.CDLL(None, use_errno=True).mount(settings.name.encode(), b"/etc/resolv.conf", None, 4096, None) != 0:
            sys.exit(f"resolv.conf: {os.strerror(ctypes.get_errno())}")
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("127.0.0.1", 53))
        web = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Page)
        threading.Thread(target=serve_names, args=(names,), daemon=True).start()
        threading.Thread(target=web.serve_forever, daemon=True).start()
        done = subprocess.run(sys.argv[2:], input=sys.argv[1], capture_output=True, text=True)
    print(json.dumps({"code": done.returncode, "output": done.stdout, "errors": done.stderr, "dialled": dialled, "asked": asked}))
    sys.stdout.flush()
    os._exit(0)


main()
