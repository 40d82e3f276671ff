"""What the tests of the pages stand on: one server with its pipeline, browsers that may reach the loopback only, and accounts.

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
PASSWORD = "nine geese over the harbour"
HANDBOOK = ROOT / "fixtures" / "handbook"


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
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "BOBBIN_"))}
        self.environment = kept | {
            "BOBBIN_DATA": str(self.data), "BOBBIN_SPOOL": str(self.folder / "spool"), "BOBBIN_PORT": str(self.port),
            "BOBBIN_PUBLIC_URL": self.base, "BOBBIN_BCRYPT_COST": "4", "BOBBIN_DISK_RESERVE_MIB": "16",
            "SWIFT_BACKTRACE": "enable=no"} | dict(settings)
        self.processes = []

    def start(self, *command):
        log = open(self.folder / f"{command[0]}.txt", "ab")
        self.processes.append(subprocess.Popen(
            [self.bin / command[0], *command[1:]], env=self.environment, stdout=log, stderr=log, start_new_session=True))

    def __enter__(self):
        self.start("bobbin-serve")
        self.start("bobbin", "pipeline")
        wait_until(self.is_live, "bobbin-serve to listen", 30)
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
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.base}/livez", timeout=5).status == 200

    # Straight to the server

    def call(self, method, path, body=None, token=None, expected=None):
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            if refusal.code == expected:
                return None
            raise AssertionError(f"{method} {path}: {refusal.code} {refusal.read()[:300]}") from refusal
        return json.loads(text) if text else None

    def write(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.data / "bobbin.sqlite", timeout=30)) as rows, rows:
            rows.execute(sql, values)

    def letters(self, email):
        """Links of the letters to an address, oldest first: (page, token)."""
        found = []
        for letter in sorted((self.data / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
            text = letter.read_text().replace("=\n", "").replace("=3D", "=")
            if email in text:
                found += re.findall(r"/(verify|reset)#token=([\w-]+)", text)
        return found

    def letter(self, email, page):
        return wait_until(lambda: [t for p, t in self.letters(email) if p == page], f"a letter to {email}")[-1]

    def account(self, name, plan="enterprise", is_admin=False):
        """An account that can sign in: (email, access token)."""
        email = f"{name}@example.org"
        self.write("DELETE FROM rate_limits")
        self.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": name.title()})
        self.call("POST", "/api/auth/email/verify", {"token": self.letter(email, "verify")})
        self.write("UPDATE users SET plan_tier = ?, is_admin = ? WHERE email = ?", plan, int(is_admin), email)
        return email, self.token(email)

    def token(self, email):
        return self.call("POST", "/api/auth/login", {"email": email, "password": PASSWORD, "delivery": "body"})["access_token"]

    def chatbot(self, token, name, texts, is_citable=True, **settings):
        """A chatbot that has read texts, {name: text}: its id."""
        made = self.call("POST", "/api/chatbots/", {"name": name}, token)["id"]
        for title, text in texts.items():
            self.call("POST", f"/api/chatbots/{made}/sources/",
                      {"source_type": "file", "name": title, "text": text, "is_citable": is_citable}, token)
        if settings:
            self.call("PATCH", f"/api/chatbots/{made}/", settings, token)
        self.train(token, made)
        return made

    def train(self, token, chatbot):
        self.call("POST", f"/api/chatbots/{chatbot}/train/", {}, token)
        wait_until(lambda: self.call("GET", f"/api/chatbots/{chatbot}/status/", token=token)["state"] == "ready",
                   "the training to end", 120)


class Site:
    """A strange site on another origin: pages by path, (text, headers)."""

    def __init__(self):
        pages = self.pages = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text, headers = pages.get(self.path.split("?")[0], ("", {}))
                body = text.encode()
                self.send_response(200 if text else 404)
                own = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
                for name, value in (own | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="session")
def bobbin():
    with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "main") as server:
        yield server


@pytest.fixture(scope="session")
def site():
    made = Site()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """One browser window and what went wrong in it."""

    def __init__(self, browser, base, **options):
        self.context = browser.new_context(base_url=base, **options)
        self.context.set_default_timeout(20_000)
        self.problems = []
        # Nothing leaves the loopback.
        self.context.route(lambda url: not re.match(r"(https?://(localhost|127\.0\.0\.1)(:|/)|blob:|data:|about:|chrome-extension:)", url), self.refuse)
        self.context.on("console", self.said)
        self.context.on("page", lambda page: page.on("pageerror", lambda error: self.problems.append(f"error in {page.url}: {error}")))
        self.page = self.context.new_page()
        VISITS.append(self.page)

    def refuse(self, route):
        self.problems.append(f"left the loopback: {route.request.url}")
        route.abort()

    def said(self, message):
        # A refusal that a page shows in words is in the console too; the page's test is what judges it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console of {message.page.url if message.page else '?'}: {message.text}")

    def sign_in(self, email, password=PASSWORD):
        self.page.goto("/login")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/chatbots/")

    def ready(self, path):
        """Goes to a page and waits until it is made."""
        self.page.goto(path)
        # By a selector: the page's policy lets no text be run, not even ours.
        self.page.wait_for_selector("body[data-state=ready], body:not(.owner)")
        return self.page


@pytest.fixture
def visit(chromium, bobbin):
    """Makes windows; none of them may have had a problem."""
    made = []

    def open_one(**options):
        one = Visit(chromium, bobbin.base, **options)
        made.append(one)
        return one

    yield open_one
    problems = [problem for one in made for problem in one.problems]
    for one in made:
        one.context.close()
    VISITS.clear()
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="session")
def owner(bobbin):
    """An operator's account with a trained chatbot that has something of everything."""
    class Owner:
        pass

    one = Owner()
    one.email, one.token = bobbin.account("ada", is_admin=True)
    one.chatbot = bobbin.chatbot(
        one.token, "Orrin library",
        {"Opening hours": "The library of Orrin opens at ten in the morning.\n\nIt closes at six in the evening.",
         "Lending": "A book of the library may be kept for three weeks. A reminder costs two euros."},
        public_url_slug="orrin", suggested_questions=["When does the library open?"],
        lead_form={"enabled": True, "fields": ["name", "note"], "after_messages": 0})
    session = bobbin.call("POST", f"/api/chat/{one.chatbot}/session/", {})
    for question in ("When does the library of Orrin open?", "How long may a book be kept?", "Who was the first king of Orrin?"):
        bobbin.call("POST", f"/api/chat/{one.chatbot}/", {"message": question}, session["token"])
    history = bobbin.call("GET", f"/api/chat/{one.chatbot}/history/", token=session["token"])["items"]
    answers = [message for message in history if message["role"] == "assistant"]
    bobbin.call("POST", f"/api/chat/{one.chatbot}/feedback/", {"message_id": answers[0]["id"], "value": 1}, session["token"])
    bobbin.call("POST", f"/api/chat/{one.chatbot}/feedback/",
                {"message_id": answers[2]["id"], "value": -1, "comment": "I had hoped for more."}, session["token"])
    bobbin.call("POST", f"/api/chat/{one.chatbot}/leads/",
                {"email": "bo@example.org", "name": "Bo", "note": "Please call.", "consent": True}, session["token"])
    one.conversation = bobbin.call("GET", f"/api/chatbots/{one.chatbot}/conversations/", token=one.token)["items"][0]["id"]
    one.document = bobbin.call("GET", f"/api/chatbots/{one.chatbot}/documents/", token=one.token)["items"][0]["id"]
    return one


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A picture of each open page when a test fails."""
    outcome = yield
    if outcome.get_result().failed and call.when == "call":
        for index, page in enumerate(VISITS):
            with contextlib.suppress(Exception):
                SHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SHOTS / f"failed-{item.name}-{index}.png")


# The pages that are open, for their pictures.
VISITS = []
