"""The whole way, through the pages alone: an account, a chatbot with a file, its training, a cited answer in a frame on a strange site,
and the switch that keeps a source private from the next answer on."""
from conftest import HANDBOOK, PASSWORD
from playwright.sync_api import expect

QUESTION = "How many days of paid holiday do I get in a year?"


def ask(frame, question):
    """Asks in the chat of a page or a frame; the answer's element when it has ended."""
    count = frame.locator(".chat-turn.answer").count()
    frame.fill("#question", question)
    frame.press("#question", "Enter")
    answer = frame.locator(".chat-turn.answer").nth(count)
    expect(frame.get_by_label("Stop the answer")).to_be_hidden()
    expect(answer.locator(".chat-body")).not_to_be_empty()
    return answer


def embedded(page):
    """The chat's frame, opened as its button opens it."""
    page.evaluate("window.bobbin.open()")
    return page.wait_for_event("framenavigated", predicate=lambda frame: "/embed/" in frame.url) if not [
        frame for frame in page.frames if "/embed/" in frame.url] else next(frame for frame in page.frames if "/embed/" in frame.url)


def test_journey(bobbin, site, visit):
    bobbin.forget_limits()
    window = visit()
    page, email = window.page, "journey@example.org"
    page.goto("/register")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#check-mail:not([hidden])")
    page.goto(f"/verify#token={bobbin.letter(email, 'verify')}")
    page.wait_for_selector("text=Your address is confirmed")
    window.sign_in(email)

    # A chatbot, step by step; leaving and coming back loses nothing.
    page.click("#create")
    page.fill("#name", "Fernwheel handbook")
    page.click("button[type=submit]")
    page.wait_for_url("**/setup/sources/")
    page.set_input_files("#files", HANDBOOK / "employee-handbook.pdf")
    expect(page.locator("#sources > li")).to_have_count(1)
    page.goto("/chatbots/")
    page.click("text=Fernwheel handbook")
    page.wait_for_url("**/setup/sources/")
    expect(page.locator("#sources > li")).to_contain_text("employee-handbook.pdf")
    page.click("#next")
    expect(page.get_by_label("Citable").first).to_be_checked()
    page.click("text=Next: review")
    expect(page.locator("#estimate")).to_contain_text("1")
    page.click("#next")
    page.click("#train")
    page.wait_for_selector("text=Try it", timeout=120_000)
    chatbot = page.url.split("/chatbots/")[1].split("/")[0]

    # On a strange site, whose owner was allowed.
    token = bobbin.token(email)
    bobbin.call("PATCH", f"/api/chatbots/{chatbot}/", {"allowed_domains": [site.base]}, token)
    snippet = bobbin.call("GET", f"/api/chatbots/{chatbot}/embed/", token=token)["script"]
    site.pages["/shop"] = (f"<!doctype html><title>Shop</title><h1>Shop</h1>{snippet}", {})
    page.goto(f"{site.base}/shop")
    page.wait_for_function("window.bobbin")
    frame = embedded(page)
    answer = ask(frame, QUESTION)
    expect(answer).to_contain_text("28 working days")
    answer.locator("button.chat-chip").first.click()
    passage = frame.locator("dialog.chat-passage")
    expect(passage).to_contain_text("page 5")
    expect(passage.locator("blockquote")).to_contain_text("28 working days")
    frame.press("dialog", "Escape")
    expect(passage).to_have_count(0)

    # Learn only: from the next answer on, without any training.
    page.goto(f"/chatbots/{chatbot}/sources/")
    page.wait_for_selector("#sources > li")
    page.locator("#sources label.private").first.click()
    expect(page.locator("#sources label.private input").first).to_be_checked()
    assert bobbin.call("GET", f"/api/chatbots/{chatbot}/sources/", token=token)["items"][0]["is_citable"] is False
    page.goto(f"{site.base}/shop")
    page.wait_for_function("window.bobbin")
    answer = ask(embedded(page), QUESTION)
    expect(answer).not_to_contain_text("28 working days")
    expect(answer.locator("button.chat-chip")).to_have_count(0)
