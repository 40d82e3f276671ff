"""The way from signing in to a citation, without a mouse: at every stop one sees where one is."""
import re

import pytest
from playwright.sync_api import expect

from conftest import PASSWORD

# What the keyboard is at: its name, whether it lies within the window, and whether something shows that it is there. The mark may be
# on the control itself, or on the label or card that stands for it.
STOP = """() => {
  const element = document.activeElement;
  const words = [element.getAttribute("aria-label"), ...[...(element.labels ?? [])].map((label) => label.textContent), element.textContent];
  const marked = [element, element.nextElementSibling, ...(element.labels ?? []), element.parentElement, element.closest("form, .card")];
  const isMarked = marked.filter(Boolean).some((one) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !/rgba\\(.*, 0\\)|transparent/.test(outlineColor);
  });
  // Within a root of its own, or at a part of the browser's making, as the picker of a date: that marks itself.
  const isInner = !element.matches(":focus") || (element.localName === "div" && !element.hasAttribute("tabindex"));
  const box = (element.labels?.[0] ?? element).getBoundingClientRect();
  return {
    tag: element.localName, id: element.id, name: words.find((text) => text?.trim())?.trim().replace(/\\s+/g, " ") ?? "",
    isMarked: isMarked || isInner || element === document.body || element.localName === "main" || element.localName === "iframe",
    isSeen: element === document.body || (box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth),
  };
}"""


class Keyboard:
    def __init__(self, page):
        self.page, self.press = page, page.keyboard.press

    def stop(self):
        stop = self.page.evaluate(STOP)
        assert stop["isMarked"], f"nothing shows that the keyboard is at {stop} of {self.page.url}"
        assert stop["isSeen"], f"the keyboard is out of sight at {stop} of {self.page.url}"
        return stop

    def go(self, wanted, key="Tab", most=60):
        """Presses a key until the keyboard is at what has that name or id."""
        met = []
        for _ in range(most):
            stop = self.stop()
            if stop["id"] == wanted or re.fullmatch(wanted, stop["name"]):
                return stop
            met.append(stop["name"][:40] or stop["tag"])
            self.press(key)
        raise AssertionError(f"{wanted} is not reached on {self.page.url}: {met}")

    def write(self, text):
        self.page.keyboard.insert_text(text)


def test_a_chatbot_is_made_and_asked_by_keyboard_alone(bobbin, visit):
    email, token = bobbin.account("kim")
    window = visit(viewport={"width": 1280, "height": 720})
    page, keys = window.page, Keyboard(window.page)
    page.goto("/login")
    keys.go("email")
    keys.write(email)
    keys.press("Tab")
    keys.write(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/chatbots/")
    window.made()

    # The first stop of a page leads past its head.
    keys.press("Tab")
    assert keys.stop()["name"] == "To the content"
    keys.press("Enter")
    keys.press("Tab")
    keys.go("New chatbot", most=5)
    keys.press("Enter")
    page.wait_for_url("**/chatbots/new/")
    window.made()
    keys.go("name")
    keys.write("Ferry of Orrin")
    keys.press("Enter")
    page.wait_for_url("**/setup/sources/")
    window.made()

    # Choices are gone through with the arrows.
    keys.go("Files")
    keys.go("Text", "ArrowRight", 4)
    keys.go("text-name")
    keys.write("Timetable")
    keys.press("Tab")
    keys.write("The ferry of Orrin leaves at seven in the morning from the old pier.")
    keys.go("Add the text")
    keys.press("Enter")
    expect(page.locator("#sources > li")).to_have_count(1)
    keys.go("Next: privacy")
    keys.press("Enter")
    page.wait_for_url("**/setup/privacy/")
    window.made()
    keys.go("Citable")
    keys.go("Learn only", "ArrowRight", 3)
    expect(page.get_by_label("Learn only").first).to_be_checked()
    keys.go("Citable", "ArrowLeft", 3)
    keys.go("Next: review")
    keys.press("Enter")
    page.wait_for_url("**/setup/review/")
    window.made()
    keys.go("Next: train")
    keys.press("Enter")
    page.wait_for_url("**/setup/train/")
    window.made()
    keys.go("Start training")
    keys.press("Enter")
    expect(page.get_by_text("Try it", exact=True)).to_be_visible(timeout=120_000)

    # The visitor's side. What was said before is reached backwards, the newest first.
    chatbot = page.url.split("/chatbots/")[1].split("/")[0]
    page.goto(bobbin.call("GET", f"/api/chatbots/{chatbot}/", token=token)["share_url"])
    keys.go("question", most=10)
    keys.write("When does the ferry of Orrin leave?")
    keys.press("Enter")
    chip = page.locator(".chat-turn.answer button.chat-chip")
    expect(chip.first).to_be_visible()
    assert keys.stop()["id"] == "question", "the next question can be written at once"
    keys.go("Source 1: Timetable.*", "Shift+Tab", 12)
    keys.go(r"Source 1: Timetable(\.txt)?", "Shift+Tab", 6)
    keys.press("Enter")
    passage = page.get_by_role("dialog")
    expect(passage).to_contain_text("leaves at seven in the morning")
    for _ in range(4):
        keys.press("Tab")
        assert page.evaluate("!document.activeElement.closest('main')"), "an open dialog keeps the keyboard"
    keys.press("Escape")
    expect(passage).to_have_count(0)
    assert keys.stop()["name"].startswith("Source 1"), "back where one came from"


@pytest.mark.parametrize("path", ["/account/", "/billing/", "/admin/users/", "/chatbots/{chatbot}/sources/", "/chatbots/{chatbot}/talk/",
                                  "/chatbots/{chatbot}/share/", "/chatbots/{chatbot}/privacy/", "/chatbots/{chatbot}/quality/",
                                  "/chatbots/{chatbot}/settings/", "/chatbots/{chatbot}/conversations/"])
def test_every_stop_of_a_page_is_seen(path, owner, visit):
    window = visit(viewport={"width": 1280, "height": 720})
    window.sign_in(owner.email)
    page, keys = window.open(path.format(**vars(owner))), Keyboard(window.page)
    met = set()
    for _ in range(150):
        keys.press("Tab")
        stop = keys.stop()
        if stop["tag"] == "body":
            break
        met.add((stop["tag"], stop["id"], stop["name"]))
    else:
        raise AssertionError(f"the keyboard does not leave {path}")
    assert len(met) > 4


def test_a_menu_and_a_dialog_let_the_keyboard_go(owner, visit):
    window = visit()
    window.sign_in(owner.email)
    page, keys = window.page, Keyboard(window.page)
    keys.go("Ada")
    keys.press("Enter")
    keys.press("Tab")
    assert keys.stop()["name"] == "Account and security"
    keys.press("Escape")
    assert keys.stop()["name"] == "Ada" and not page.locator("#me[open]").count()
    window.open(f"/chatbots/{owner.chatbot}/sources/")
    keys.go("Rename.*")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert keys.stop()["name"].startswith("Rename")


def test_the_chat_on_a_strange_site_opens_and_closes_by_keyboard(bobbin, owner, site, visit):
    bobbin.call("PATCH", f"/api/chatbots/{owner.chatbot}/", {"allowed_domains": [site.base]}, owner.token)
    snippet = bobbin.call("GET", f"/api/chatbots/{owner.chatbot}/embed/", token=owner.token)["script"]
    site.pages["/keys"] = (f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1><a href='#x'>First</a>{snippet}", {})
    window = visit()
    page, keys = window.page, Keyboard(window.page)
    page.goto(f"{site.base}/keys")
    page.wait_for_function("() => window.bobbin")
    # The page's own link, then the button, which stands in a root that no script of the page looks into.
    keys.press("Tab")
    keys.press("Tab")
    with page.expect_event("framenavigated", lambda frame: "/embed/" in frame.url) as opened:
        page.keyboard.press("Enter")
    frame = opened.value
    expect(frame.locator("#question")).to_be_focused()
    page.keyboard.insert_text("When does the library of Orrin open?")
    page.keyboard.press("Enter")
    expect(frame.locator(".chat-turn.answer button.chat-chip").first).to_be_visible()
    expect(frame.locator("#chat-close")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.localName === 'div'")
    page.keyboard.press("Enter")
    expect(frame.locator("#question")).to_be_focused()
