"""The whole way, through the pages alone: an account, a chatbot with files, its training, a talk, its place on a strange site, a cited
answer there, and the switch that keeps a source private from the next answer on."""
import re

from playwright.sync_api import expect

from conftest import HANDBOOK, PASSWORD, opened_chat

QUESTION = "How many days of paid holiday do I get in a year?"
ANSWER = "28 working days"


def ask(frame, question):
    """Asks in the chat of a page or a frame; the answer's element when it has ended."""
    count = frame.locator(".chat-turn.answer").count()
    frame.fill("#question", question)
    frame.press("#question", "Enter")
    answer = frame.locator(".chat-turn.answer").nth(count)
    expect(answer.locator(".chat-body")).not_to_be_empty(timeout=30_000)
    expect(frame.get_by_label("Stop the answer")).to_be_hidden()
    return answer


def test_journey(bobbin, site, visit):
    bobbin.forget_limits()
    window = visit()
    page, email = window.page, "journey@example.org"

    def arrive(pattern):
        page.wait_for_url(pattern)
        return window.made()

    page.goto("/register")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator("#check-mail")).to_be_focused()
    page.goto(f"/verify#token={bobbin.letter(email, 'verify')}")
    expect(page.locator("#message")).to_contain_text("Your address is confirmed")
    window.sign_in(email)

    # A chatbot, step by step; leaving and coming back loses nothing.
    page.click("#create")
    arrive("**/chatbots/new/")
    page.fill("#name", "Fernwheel")
    page.get_by_role("button", name="Create and add sources").click()
    arrive("**/setup/sources/")
    sources = page.locator("#sources > li")
    page.set_input_files("#files", [HANDBOOK / "employee-handbook.pdf", HANDBOOK / "opening-hours-and-shops.html"])
    expect(sources).to_have_count(2)
    page.goto("/chatbots/")
    page.get_by_role("link", name="Fernwheel").click()
    arrive("**/setup/sources/")
    expect(sources).to_have_count(2)
    page.click("#next")
    arrive("**/setup/privacy/")
    shops = sources.filter(has_text="opening-hours")
    shops.get_by_text("Learn only").click()
    expect(page.locator("#toasts")).to_contain_text("is not quoted any more")
    page.get_by_role("link", name="Next: review").click()
    arrive("**/setup/review/")
    expect(page.locator("#estimate")).to_contain_text("2 documents")
    expect(page.locator("#estimate dd").last).to_have_text(re.compile(r"^€0\.\d\d$"))
    expect(page.locator("#estimate-price")).to_be_empty()
    page.click("#next")
    arrive("**/setup/train/")
    page.click("#train")
    expect(page.locator("#training-live")).to_be_visible()
    expect(page.locator("#stages > li")).to_have_count(5)
    expect(page.locator("#training-words")).to_contain_text("passages can answer", timeout=180_000)

    # The owner talks to it and is told why.
    page.get_by_role("link", name="Try it").click()
    arrive("**/talk/")
    answer = ask(page, QUESTION)
    expect(answer).to_contain_text(ANSWER)
    expect(page.locator("#why")).to_contain_text("employee-handbook.pdf")
    private = ask(page, "At what time does the workshop in Tannery Lane open on Monday?")
    expect(private).not_to_contain_text("8:00")
    expect(private).not_to_contain_text("opening-hours")

    # On a strange site, which the owner allows.
    page.get_by_role("link", name="Share and embed").click()
    arrive("**/share/")
    page.fill("#domain", site.base)
    page.locator("#domain-form").get_by_role("button", name="Add").click()
    expect(page.locator("#domains > li")).to_have_count(1)
    site.pages["/shop"] = (f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>{page.inner_text('#script-code')}</html>", {})
    page.goto(f"{site.base}/shop")
    frame = opened_chat(page)
    answer = ask(frame, QUESTION)
    expect(answer).to_contain_text(ANSWER)
    answer.locator("button.chat-chip").first.click()
    passage = frame.get_by_role("dialog")
    expect(passage).to_contain_text("page 5")
    expect(passage.locator("blockquote")).to_contain_text(ANSWER)
    page.keyboard.press("Escape")
    expect(passage).to_have_count(0)

    # Learn only: from the next answer on, without any training.
    page.goto("/chatbots/")
    page.get_by_role("link", name="Fernwheel").click()
    arrive("**/talk/")
    page.get_by_role("link", name="Sources", exact=True).click()
    arrive("**/sources/")
    handbook = sources.filter(has_text="employee-handbook")
    handbook.get_by_text("Learn only").click()
    expect(page.locator("#toasts")).to_contain_text("is not quoted any more")
    page.goto(f"{site.base}/shop")
    answer = ask(opened_chat(page), QUESTION)
    expect(answer).not_to_contain_text(ANSWER)
    expect(answer.locator("button.chat-chip")).to_have_count(0)
    expect(answer).not_to_contain_text("employee-handbook")

    # What each step said of a document, once each, and what it all has cost.
    page.goto("/chatbots/")
    page.get_by_role("link", name="Fernwheel").click()
    arrive("**/talk/")
    page.get_by_role("link", name="Sources", exact=True).click()
    arrive("**/sources/")
    handbook.locator("details.source-documents summary").click()
    handbook.locator("li.document a").first.click()
    arrive("**/documents/*/")
    steps = page.locator("#receipts tbody tr")
    expect(steps).to_have_count(6)
    expect(steps.filter(has_text="Add them to a new state")).to_have_count(1)
    expect(steps.filter(has_text="Put them into use")).to_have_count(1)
    page.goto("/billing/")
    window.made()
    expect(page.locator("#usage strong")).to_have_text(re.compile(r"^€0\.\d\d$"))
    expect(page.locator("#by-chatbot tbody tr")).to_contain_text(page.locator("#usage strong").text_content())
