"""Bytes, requests and time of the pages, in a real browser on the loopback: the loader on a strange site, the chat page, the dashboard.

    python pages.py --bin DIR --models DIR --work DIR --chromium PATH      one JSON object

Needs Playwright. "Compressed" is what went over the wire, headers included, as Chromium counts it. A page is cold when the
browser has never been here, warm when it was here a moment ago. Interactive: the chat's field takes a question; the dashboard
shows its chatbots. All times are medians of ROUNDS loads, in milliseconds from the beginning of the navigation.
"""
import argparse
import contextlib
import http.server
import json
import os
import pathlib
import statistics
import threading
import urllib.request

import processes
from playwright.sync_api import sync_playwright

ROUNDS = 9
# What the loader puts on a page.
LOADED = "body > div, html > div"
PASSWORD = "nine geese over the harbour"
EMAIL = "bench@example.org"
# Noted by the browser before anything of the page runs.
# Web Vitals as Chromium tells them: the largest paint so far (LCP), and the sum of shifts that nobody caused (CLS; here one window of a load).
OBSERVE = """window.__largest = null; window.__shift = 0;
new PerformanceObserver((list) => { for (const paint of list.getEntries()) window.__largest = paint.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.__shift += shift.value; })
  .observe({ type: "layout-shift", buffered: true });
window.__blocked = 0; new PerformanceObserver((list) => { for (const task of list.getEntries())
  window.__blocked += Math.max(0, task.duration - 50); }).observe({ type: "longtask", buffered: true });"""
TIMES = """() => ({ paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  blocked: window.__blocked, now: performance.now() })"""


class Host(http.server.BaseHTTPRequestHandler):
    """A strange site's page that has the loader."""

    snippet = ""

    def do_GET(self):
        body = f"<!doctype html><title>A site</title><h1>A site</h1>{self.snippet}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def call(base, path, body=None, token=None, method=None):
    request = urllib.request.Request(base + path, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def load(context, url, is_ready, own):
    """One load: requests and bytes of this server's, and the times."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls, sizes = {}, {}
    session.on("Network.requestWillBeSent", lambda event: urls.__setitem__(event["requestId"], event["request"]["url"]))
    session.on("Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]))
    page.add_init_script(OBSERVE)
    page.goto(url, wait_until="commit")
    # By a selector: the page's policy lets no text be run, not even ours.
    page.wait_for_selector(is_ready, state="attached")
    times = page.evaluate(TIMES)
    page.wait_for_load_state("networkidle")
    vitals = page.evaluate("() => ({ largest: window.__largest, shift: window.__shift })")
    counted = [key for key, value in urls.items() if value.startswith(own) and key in sizes]
    page.close()
    return {"requests": len(counted), "bytes": sum(sizes[key] for key in counted), "interactive_ms": times["now"],
            "paint_ms": times["paint"], "blocked_ms": times["blocked"], "largest_paint_ms": vitals["largest"],
            "layout_shift": vitals["shift"]}


def median(loads):
    def middle(name):
        values = [one[name] for one in loads if one[name] is not None]
        return round(statistics.median(values), 3 if name == "layout_shift" else 1) if values else None
    return {"requests": max(one["requests"] for one in loads), "bytes": max(one["bytes"] for one in loads),
            **{name: middle(name) for name in ("interactive_ms", "paint_ms", "blocked_ms", "largest_paint_ms", "layout_shift")}}


def measured(browser, url, is_ready, own, state=None):
    cold, warm = [], []
    for _ in range(ROUNDS):
        context = browser.new_context(storage_state=state)
        cold.append(load(context, url, is_ready, own))
        warm.append(load(context, url, is_ready, own))
        if state:
            # The session was renewed: the next context goes on with it.
            state = context.storage_state()
        context.close()
    return {"cold": median(cold), "warm": median(warm)}


def signed_in(browser, base):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/login")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/chatbots/")
    state = context.storage_state()
    context.close()
    return state


def compressed(url):
    request = urllib.request.Request(url, headers={"Accept-Encoding": "zstd"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return len(answer.read())


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "models", "work", "chromium"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    data = given.work / "data"
    data.mkdir(parents=True)
    (data / "models").symlink_to(given.models.resolve())
    env = processes.environment(data, given.work / "spool") | {"BOBBIN_MAIL": "none", "BOBBIN_BCRYPT_COST": "4"}
    text = given.work / "library.txt"
    text.write_text("The library of Orrin opens at ten in the morning.\n")
    processes.timed([given.bin / "bobbin", "ingest", "library", text], env)
    with contextlib.ExitStack() as stack:
        _, port, _ = stack.enter_context(processes.server(given.bin, env))
        # By this name: it is a safe place for a browser, and the server's own.
        base = f"http://localhost:{port}"
        owner = call(base, "/api/auth/register", {"email": EMAIL, "password": PASSWORD, "delivery": "body"})
        call(base, "/api/chatbots/", {"name": "Library"}, owner["access_token"])
        chatbot = call(base, "/api/chat/library/")["id"]
        Host.snippet = f'<script src="{base}/embed.js" data-chatbot="{chatbot}" async></script>'
        host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
        threading.Thread(target=host.serve_forever, daemon=True).start()
        stack.callback(host.shutdown)
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=str(given.chromium), args=["--no-sandbox"])
        stack.callback(browser.close)
        with urllib.request.urlopen(f"{base}/embed.js", timeout=30) as answer:
            plain = len(answer.read())
        result = {
            "browser": browser.version,
            "loader": {"plain_bytes": plain, "compressed_bytes": compressed(f"{base}/embed.js"),
                       **measured(browser, f"http://127.0.0.1:{host.server_port}/", LOADED, base)},
            "chat": measured(browser, f"{base}/c/library", "#question", base),
            "dashboard": measured(browser, f"{base}/chatbots/", "body[data-state=ready]", base,
                                  signed_in(browser, base)),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
