"""The chat on strange sites in a browser that keeps cookies and storage from everybody but the site one is on."""
import json
import os
import pathlib
import shutil

import pytest
from playwright.sync_api import expect

from conftest import ARGUMENTS, Visit, opened_chat, shop, wait_until


@pytest.fixture(params=["strict"])
def profile(request, playing, bobbin):
    """A window of a profile that blocks third parties, or none of them; the setting is the browser's own, in its preferences."""
    is_strict = request.param == "strict"
    folder = pathlib.Path(os.environ["BROWSER_WORK"]) / request.param
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps(
        {"profile": {"block_third_party_cookies": is_strict, "cookie_controls_mode": int(is_strict)}}))
    context = playing.chromium.launch_persistent_context(
        folder, executable_path=shutil.which("chromium"), args=ARGUMENTS, base_url=bobbin.base)
    one = Visit(None, bobbin, context)
    yield one
    context.close()
    assert not one.problems, "\n".join(one.problems)


def test_the_chat_works_where_third_parties_may_keep_nothing(bobbin, owner, site, profile):
    shop(bobbin, owner, site, "/strict")
    page = profile.page
    page.goto(f"{site.base}/strict")
    frame = opened_chat(page)
    # The browser does what the test is about.
    assert frame.evaluate("() => { try { return localStorage.length >= 0; } catch (error) { return error.name; } }") == "SecurityError"
    frame.fill("#question", "When does the library of Orrin open?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer button.chat-chip").first).to_be_visible()
    # The conversation goes on, with what was said before.
    frame.fill("#question", "What does a reminder of the library cost?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer").nth(1)).to_contain_text("two euros")
    assert not profile.context.cookies(), "visitors get no cookie"

    # The page around the frame keeps the session: the conversation is there after a reload and on the site's next page.
    shop(bobbin, owner, site, "/strict/next")
    for address in ("/strict", "/strict/next"):
        page.goto(site.base + address)
        frame = opened_chat(page)
        expect(frame.locator(".chat-turn.answer")).to_have_count(2)
        expect(frame.locator(".chat-turn.answer").nth(1)).to_contain_text("two euros")
        expect(frame.locator("#question")).to_be_focused()
    frame.fill("#question", "How long may a book be kept?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer").nth(2)).to_contain_text("three weeks")
    # Begun anew, nothing is kept.
    frame.get_by_role("button", name="New conversation").click()
    frame.get_by_role("button", name="Begin anew").click()
    expect(frame.locator(".chat-turn.answer")).to_have_count(0)
    wait_until(lambda: page.evaluate("() => sessionStorage.length") == 0, "the session to be forgotten")
    page.reload()
    expect(opened_chat(page).locator(".chat-turn")).to_have_count(0)

    # A frame takes nothing that is no session, and a page that has no storage either has the chat all the same.
    page.evaluate("key => sessionStorage.setItem(key, JSON.stringify({ token: '<b>', resume: {} }))", f"bobbin-chat-{owner.chatbot}")
    page.reload()
    expect(opened_chat(page).locator(".chat-turn, .chat-broken")).to_have_count(0)
    shop(bobbin, owner, site, "/strict/none",
         head="<script>Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });</script>")
    page.goto(f"{site.base}/strict/none")
    frame = opened_chat(page)
    frame.fill("#question", "When does the library of Orrin open?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer button.chat-chip").first).to_be_visible()


@pytest.mark.parametrize("profile", ["lenient"], indirect=True)
def test_where_the_frame_can_store_the_page_around_it_is_told_nothing(bobbin, owner, site, profile):
    shop(bobbin, owner, site, "/open", head="<script>window.told = []; addEventListener('message', ({ data }) => told.push(data));</script>")
    page = profile.page
    page.goto(f"{site.base}/open")
    frame = opened_chat(page)
    frame.fill("#question", "When does the library of Orrin open?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer button.chat-chip").first).to_be_visible()
    assert page.evaluate("() => [told, sessionStorage.length]") == [[{"bobbin": "ready"}], 0]
    page.reload()
    expect(opened_chat(page).locator(".chat-turn.answer")).to_have_count(1)


def test_visitors_get_no_cookie_and_leave_nothing_behind_by_looking(bobbin, owner, site, visit):
    shop(bobbin, owner, site, "/looking")
    window = visit()
    page = window.page
    requested = []
    window.context.on("request", lambda request: requested.append(request.url))
    page.goto(f"{site.base}/looking")
    page.wait_for_function("() => window.bobbin")
    page.wait_for_load_state("networkidle")
    assert [url for url in requested if url.startswith(bobbin.base)] == [f"{bobbin.base}/embed.js"], "one file before the chat is opened"
    opened_chat(page)
    assert page.evaluate("() => localStorage.length + sessionStorage.length + document.cookie.length") == 0
    page.goto(f"{bobbin.base}/c/orrin")
    page.locator("#question").wait_for()
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    assert not window.context.cookies()


def test_a_site_that_the_owner_did_not_name_has_no_chat(bobbin, owner, site, visit):
    bobbin.call("PATCH", f"/api/chatbots/{owner.chatbot}/", {"allowed_domains": ["https://elsewhere.example"]}, owner.token)
    site.pages["/other"] = (f"<!doctype html><html lang=en><title>Other</title><iframe src='{bobbin.base}/embed/{owner.chatbot}/'></iframe>", {})
    window = visit()
    with window.page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        window.page.goto(f"{site.base}/other")
    assert not any("/embed/" in frame.url for frame in window.page.frames)
    window.take_problems()
