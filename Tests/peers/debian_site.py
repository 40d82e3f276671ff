"""nginx from Debian over Debian's HTML documentation (site.sh has unpacked both): prints its port, then a line for each line it is told.

    python debian_site.py

Told `walk {"start": PATH, "depth": N, "within": PATH}` it says what a reader of the files alone finds there: pages by their path
with digest, title and declared charset, other files, and paths that lead nowhere. It has not a line in common with the crawler: html.parser
for links, the folders for what is there. `served` tells and forgets what nginx has answered: [status, path, content encoding, bytes] each.
Ends with its standard input.

/apache/es/ is sent as UTF-8 by header while the markup of its pages still says ISO-8859-1: the header is right.
"""
import collections
import ctypes
import hashlib
import html.parser
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SITE = pathlib.Path(__file__).resolve().parents[2] / ".build" / "test-site"
FOLDERS = {
    "apache2-doc": ("apache", "usr/share/doc/apache2-doc/manual"),
    "postgresql-doc-15": ("postgresql", "usr/share/doc/postgresql-doc-15/html"),
    "python3.11-doc": ("python", "usr/share/doc/python3.11/html"),
    "cppreference-doc-en-html": ("cpp", "usr/share/cppreference/doc/html/en"),
}
CONFIGURATION = """
daemon off;
master_process off;
pid {prefix}/pid;
error_log {prefix}/error.log;
events {{ worker_connections 512; }}
http {{
  types {{ text/html html; text/plain txt; text/css css; application/javascript js; image/png png; image/gif gif; image/jpeg jpg;
    image/svg+xml svg; application/pdf pdf; }}
  default_type application/octet-stream;
  log_format told '$status $uri $sent_http_content_encoding $body_bytes_sent';
  access_log {log};
  client_body_temp_path {prefix}/body; proxy_temp_path {prefix}/proxy; fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi; scgi_temp_path {prefix}/scgi;
  sendfile on;
  keepalive_requests 100000;
  gzip on;
  gzip_min_length 256;
  gzip_comp_level 1;
  open_file_cache max=20000;
  # What a browser would need for ISO-8859-1, as far as the pages go.
  charset_map iso-8859-1 utf-8 {{ {latin} }}
  server {{
    listen 127.0.0.1:{port} backlog=512;
    root {prefix}/root;
    index index.html;
    location /apache/es/ {{ source_charset iso-8859-1; charset utf-8; }}
    {more}
  }}
}}
"""


class Page(html.parser.HTMLParser):
    """The links and the title of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.title, self.is_title = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.is_title = tag == "title"
        href = dict(attributes).get("href")
        if tag == "a" and href is not None:
            self.links.append(href)

    def handle_endtag(self, tag):
        self.is_title = False

    def handle_data(self, data):
        if self.is_title:
            self.title += data


def charset(raw):
    """What the markup declares."""
    head = raw[:2048].lower()
    at = head.find(b"charset=")
    name = head[at + 8:at + 40].lstrip(b"\"' ") if at >= 0 else b"utf-8"
    return "".join(chr(byte) for byte in name.split(b'"')[0].split(b"'")[0].split(b";")[0].split(b" ")[0])


def file_of(root, path):
    """The file that a path stands for, with the path that nginx leads to; None where there is none."""
    name = root / urllib.parse.unquote(path).lstrip("/")
    if name.is_dir():
        path = path.rstrip("/") + "/"
        name = name / "index.html"
    return (name, path) if name.is_file() else None


def walk(root, start, depth, within):
    pages, files, missing = {}, [], []
    seen, queue = {start}, collections.deque([(start, 0)])
    while queue:
        asked, steps = queue.popleft()
        found = file_of(root, asked)
        if not found:
            missing.append(asked)
            continue
        name, path = found
        if path != asked:
            if path in seen:
                continue
            seen.add(path)
        raw = name.read_bytes()
        if name.suffix != ".html":
            files.append(path)
            continue
        declared = charset(raw)
        page = Page(raw.decode(declared, "replace"))
        pages[path] = {"digest": hashlib.sha256(raw).hexdigest(), "title": " ".join(page.title.split()), "charset": declared}
        if steps == depth:
            continue
        for href in page.links:
            try:
                link = urllib.parse.urlsplit(urllib.parse.urljoin("http://site" + path, href.strip()))
            except ValueError:
                continue
            target = link.path + (f"?{link.query}" if link.query else "")
            if link.scheme == "http" and link.netloc == "site" and target.startswith(within) and target not in seen:
                seen.add(target)
                queue.append((target, steps + 1))
    return {"pages": pages, "files": files, "missing": missing}


class Site:
    """A running nginx with its folder."""

    def __init__(self, packages=("apache2-doc", "postgresql-doc-15"), is_told=True, more=""):
        """`more`: further lines of its server's configuration; without `is_told` it writes nothing down."""
        self.folder = tempfile.TemporaryDirectory()
        prefix = pathlib.Path(self.folder.name)
        self.root, self.log = prefix / "root", prefix / "told.log"
        self.root.mkdir()
        for package in packages:
            name, place = FOLDERS[package]
            (self.root / name).symlink_to(SITE / package / place)
        self.write("index.html", "".join(f'<p><a href="/{FOLDERS[package][0]}/">{package}</a></p>' for package in packages))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        latin = " ".join(f"{byte:X} {chr(byte).encode().hex().upper()};" for byte in range(0xA0, 0x100))
        (prefix / "nginx.conf").write_text(CONFIGURATION.format(
            prefix=prefix, port=self.port, latin=latin, more=more, log=f"{self.log} told" if is_told else "off"))
        self.process = subprocess.Popen(
            [SITE / "nginx/usr/sbin/nginx", "-p", prefix, "-c", prefix / "nginx.conf", "-e", prefix / "error.log"],
            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    sys.exit(f"nginx does not answer: {(prefix / 'error.log').read_text()[-2000:]}")
                time.sleep(0.01)

    def write(self, name, body):
        (self.root / name).write_text(f"<!doctype html><html><head><title>{name}</title></head><body>{body}</body></html>")

    def served(self):
        lines = [line.split(" ") for line in self.log.read_text().splitlines()]
        os.truncate(self.log, 0)
        return [[int(status), path, encoding, int(size)] for status, path, encoding, size in lines]

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def die_with_parent():
    # PR_SET_PDEATHSIG: a peer that is killed leaves no server.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main():
    # A test's process may have been started with signals blocked, and nginx ends by one.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    site = Site()
    try:
        print(site.port, flush=True)
        for line in sys.stdin:
            command, _, given = line.strip().partition(" ")
            print(json.dumps(walk(site.root, **json.loads(given)) if command == "walk" else site.served()), flush=True)
    finally:
        site.end()


if __name__ == "__main__":
    main()
