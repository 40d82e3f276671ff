"""What the tests of the pages stand on: servers with their pipelines, browsers that reach the loopback only, and accounts.

Nothing waits for a time: what is waited for is a state, and the time is only its limit.
"""
import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect, sync_playwright

# A limit, not a wait: on a machine that builds at the same time a page takes its time.
expect.set_options(timeout=30_000)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOTS = ROOT / ".build" / "screenshots"
HANDBOOK = ROOT / "fixtures" / "handbook"
PASSWORD = "nine geese over the harbour"
# Chromium's own viewer of PDF files is a page inside of the browser.
LOOPBACK = re.compile(
    r"(https?://(localhost|127\.0\.0\.1)(:\d+)?(/|$)|blob:|data:|about:|chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/)")
# No other address leads anywhere, whatever asks for it, the browser itself included.
ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
# What the pages must never do: run a word of what people wrote, or break their own policy. Both end as an error in the console.
WATCH = """
Object.defineProperty(window, "__xss", { set() { console.error("planted script has run"); } });
document.addEventListener("securitypolicyviolation", (event) => console.error("policy broken:", event.violatedDirective, event.blockedURI));
"""


def wait_until(condition, what, seconds=60):
    """What `condition` gives once it is true."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Bobbin:
    """A server and its pipeline over a folder of their own."""

    def __init__(self, folder, settings=()):
        self.folder, self.bin = pathlib.Path(folder), pathlib.Path(os.environ["BROWSER_BIN"]).resolve()
        self.data, self.port = self.folder / "data", free_port()
        self.base = f"http://localhost:{self.port}"
        self.data.mkdir(parents=True)
        (self.data / "models").symlink_to(pathlib.Path(os.environ["BROWSER_MODELS"]).resolve())
        # Nothing of this shell's settings, but for the pages in work of whoever writes them.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "BOBBIN_")) or k == "BOBBIN_PAGES"}
        self.environment = kept | {
            "BOBBIN_DATA": str(self.data), "BOBBIN_SPOOL": str(self.folder / "spool"), "BOBBIN_PORT": str(self.port),
            "BOBBIN_PUBLIC_URL": self.base, "BOBBIN_BCRYPT_COST": "4", "BOBBIN_DISK_RESERVE_MIB": "16",
            "SWIFT_BACKTRACE": "enable=no"} | dict(settings)
        self.processes, self.accounts = [], set()

    def start(self, *command):
        with open(self.folder / f"{command[0]}.txt", "ab") as log:
            self.processes.append(subprocess.Popen(
                [self.bin / command[0], *command[1:]], env=self.environment, cwd=ROOT, stdout=log, stderr=log))

    def __enter__(self):
        try:
            self.start("bobbin-serve")
            self.start("bobbin", "pipeline")
            wait_until(self.is_live, "bobbin-serve to listen", 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def is_live(self):
        ended = [process for process in self.processes if process.poll() is not None]
        assert not ended, (self.folder / "bobbin-serve.txt").read_text()[-2000:]
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.base}/livez", timeout=5).status == 200

    # MARK: Straight to the server

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{method} {path}: {refusal.code} {refusal.read()[:300]}") from refusal
        return json.loads(text) if text else None

    def write(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.data / "bobbin.sqlite", timeout=30)) as rows, rows:
            rows.execute(sql, values)

    def forget_limits(self):
        """One machine signs in here more often than a person would."""
        self.write("DELETE FROM rate_limits")

    def letters(self, email, page):
        """The tokens of the links to a page in the letters to an address, oldest first."""
        found = []
        for letter in sorted((self.data / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
            text = letter.read_text().replace("=\n", "").replace("=3D", "=")
            if re.search(rf"^To: .*{re.escape(email)}", text, re.MULTILINE):
                found += re.findall(rf"/{page}#token=([\w-]+)", text)
        return found

    def letter(self, email, page, count=1):
        """The link's token of the letter number `count`."""
        return wait_until(lambda: self.letters(email, page)[count - 1:], f"letter {count} to {email}")[0]

    def account(self, name, plan="enterprise", is_admin=False):
        """An account that can sign in: (email, access token). Tests share a server, so each takes names of its own."""
        assert name not in self.accounts, f"an account called {name} was made by another test on this server: choose a name that no test has"
        self.accounts.add(name)
        email = f"{name}@example.org"
        self.forget_limits()
        self.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": name.title()})
        self.call("POST", "/api/auth/email/verify", {"token": self.letter(email, "verify")})
        self.write("UPDATE users SET plan_tier = ?, is_admin = ? WHERE email = ?", plan, int(is_admin), email)
        return email, self.token(email)

    def token(self, email):
        return self.call("POST", "/api/auth/login", {"email": email, "password": PASSWORD, "delivery": "body"})["access_token"]

    def chatbot(self, token, name, texts, **settings):
        """A chatbot that has read texts, {name: text}: its id."""
        made = self.call("POST", "/api/chatbots/", {"name": name}, token)["id"]
        for title, text in texts.items():
            self.call("POST", f"/api/chatbots/{made}/sources/", {"source_type": "file", "name": title, "text": text}, token)
        if settings:
            self.call("PATCH", f"/api/chatbots/{made}/", settings, token)
        self.train(token, made)
        return made

    def train(self, token, chatbot):
        self.call("POST", f"/api/chatbots/{chatbot}/train/", {}, token)
        wait_until(lambda: self.call("GET", f"/api/chatbots/{chatbot}/status/", token=token)["state"] == "ready",
                   "the training to end", 120)


@contextlib.contextmanager
def listening(handler):
    """A server on the loopback; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Pages(http.server.BaseHTTPRequestHandler):
    """A strange site on another origin: pages by path, (text, headers)."""

    pages = {}

    def do_GET(self):
        text, headers = self.pages.get(self.path.split("?")[0], ("", {}))
        body = text.encode()
        self.send_response(200 if text else 204)
        for name, value in ({"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Site:
    def __init__(self, base):
        self.base, self.pages = base, Pages.pages


class Model(http.server.BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint that says what the test told it to, as a stream of small pieces."""

    protocol_version = "HTTP/1.1"
    reply = ""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        pieces = [self.reply[at:at + 7] for at in range(0, len(self.reply), 7)]
        values = [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
        values.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        body = b"".join(b"data: %s\n\n" % json.dumps(value).encode() for value in values) + b"data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# Pages that may be open still, for the picture of a failure.
OPEN = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed and call.when == "call":
        SHOTS.mkdir(parents=True, exist_ok=True)
        for index, page in enumerate(page for page in OPEN if not page.is_closed()):
            with contextlib.suppress(Exception):
                page.screenshot(path=SHOTS / f"failed-{item.originalname}-{index}.png")


class Visit:
    """One browser window and what went wrong in it. `context` is one of the test's own making."""

    def __init__(self, browser, bobbin, context=None, **options):
        self.bobbin, self.problems = bobbin, []
        self.context = context or browser.new_context(base_url=bobbin.base, **options)
        self.context.set_default_timeout(30_000)
        self.context.add_init_script(WATCH)
        self.context.on("requestfailed", self.failed)
        self.context.on("console", self.said)
        self.context.on("page", lambda page: page.on("pageerror", lambda error: self.problems.append(f"error in {page.url}: {error}")))
        self.context.on("response", self.answered)
        self.context.on("dialog", self.asked)
        self.page = self.context.new_page()
        OPEN.append(self.page)

    # Routes of Playwright's would do as well, but keep the browser from its own ways of changing pages. What a page's policy stopped
    # is in the console.
    def failed(self, request):
        if not LOOPBACK.match(request.url) and request.failure != "csp":
            self.problems.append(f"would have left the loopback: {request.url}")

    def said(self, message):
        # The server's refusals are judged by `answered`.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console of {message.page.url if message.page else '?'}: {message.text}")

    def answered(self, response):
        # The API refuses in words that the page shows; a page or a file of ours that is not there is a fault.
        path = response.url.removeprefix(self.bobbin.base)
        if response.status >= 500 or (response.status >= 400 and path != response.url and not path.startswith(("/api/", "/nothing"))):
            self.problems.append(f"{response.status} of {response.url}")

    def asked(self, dialog):
        # A page with an upload under way may ask before it is left; nothing else may.
        if dialog.type != "beforeunload":
            self.problems.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def sign_in(self, email, password=PASSWORD):
        self.bobbin.forget_limits()
        self.page.goto("/login")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/chatbots/")
        self.made()

    def open(self, path):
        """Goes to a page and waits until it is made."""
        self.page.goto(path)
        return self.made()

    def made(self):
        self.page.locator("body[data-state=ready], body:not(.owner)").wait_for(state="attached")
        # What a closed part would show is fetched when it is opened.
        self.page.locator("html:not(:has([aria-busy=true]:not(details:not([open]) *)))").wait_for(state="attached")
        return self.page

    def take_problems(self):
        found = list(self.problems)
        self.problems.clear()
        return found


@pytest.fixture(scope="session")
def bobbin(site):
    # The strange site is on the loopback, where no owner's address may lead.
    settings = {
        "BOBBIN_ALLOWED_HOSTS": site.base.removeprefix("http://"), "BOBBIN_TOKEN_PRICES": "EUR,embedding=5,prompt=0.15,reply=0.60"}
    with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "main", settings) as server:
        yield server


@pytest.fixture(scope="session")
def site():
    with listening(Pages) as base:
        yield Site(base)


@pytest.fixture(scope="session")
def playing():
    with sync_playwright() as play:
        yield play


@pytest.fixture(scope="session")
def chromium(playing):
    browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium, bobbin):
    """Makes windows; none of them may have had a problem."""
    made = []

    def open_one(server=bobbin, **options):
        made.append(Visit(chromium, server, **options))
        return made[-1]

    yield open_one
    for one in made:
        one.context.close()
    problems = [problem for one in made for problem in one.problems]
    assert not problems, "\n".join(problems)


class Owner:
    """An operator's account with a trained chatbot that has something of everything."""

    def __init__(self, bobbin):
        self.email, self.token = bobbin.account("ada", is_admin=True)
        self.chatbot = chatbot = bobbin.chatbot(
            self.token, "Orrin library",
            {"Opening hours": "The library of Orrin opens at ten in the morning.\n\nIt closes at six in the evening.",
             "Lending": "A book of the library may be kept for three weeks. A reminder costs two euros."},
            public_url_slug="orrin", suggested_questions=["When does the library open?"],
            lead_form={"enabled": True, "fields": ["name", "note"], "after_messages": 0}, crm_webhook_url="https://crm.example.com/hook")
        api = f"/api/chat/{chatbot}"
        visitor = bobbin.call("POST", f"{api}/session/", {})["token"]
        for question in ("When does the library of Orrin open?", "How long may a book be kept?", "Who was the first king of Orrin?"):
            bobbin.call("POST", f"{api}/", {"message": question}, visitor)
        answers = [message for message in bobbin.call("GET", f"{api}/history/", token=visitor)["items"] if message["role"] == "assistant"]
        bobbin.call("POST", f"{api}/feedback/", {"message_id": answers[0]["id"], "value": 1}, visitor)
        bobbin.call("POST", f"{api}/feedback/", {"message_id": answers[2]["id"], "value": -1, "comment": "I had hoped for more."}, visitor)
        bobbin.call("POST", f"{api}/leads/", {"email": "bo@example.org", "name": "Bo", "note": "Please call.", "consent": True}, visitor)
        own = f"/api/chatbots/{chatbot}"
        self.conversation = bobbin.call("GET", f"{own}/conversations/", token=self.token)["items"][0]["id"]
        self.document = bobbin.call("GET", f"{own}/documents/", token=self.token)["items"][0]["id"]


@pytest.fixture(scope="session")
def owner(bobbin):
    return Owner(bobbin)


# MARK: The chat on a strange site


def shop(bobbin, owner, site, path, head="", headers=()):
    """A page of the strange site that has the chat of an owner who allows it."""
    bobbin.call("PATCH", f"/api/chatbots/{owner.chatbot}/", {"allowed_domains": [site.base]}, owner.token)
    snippet = bobbin.call("GET", f"/api/chatbots/{owner.chatbot}/embed/", token=owner.token)["script"]
    site.pages[path] = (
        f"<!doctype html><html lang=en><head><title>Shop</title>{head}</head><body><h1>Shop</h1>{snippet}</body></html>", dict(headers))


def opened_chat(page):
    """The chat's frame, opened with the mouse: the button stands in a root that no script looks into."""
    page.wait_for_function("() => window.bobbin")
    size = page.evaluate("() => [innerWidth, innerHeight]")
    with page.expect_event("framenavigated", lambda frame: "/embed/" in frame.url) as opened:
        page.mouse.click(size[0] - 44, size[1] - 44)
    opened.value.locator("#question").wait_for()
    return opened.value
