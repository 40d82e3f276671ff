"""The chat in use, in a wide window and on a phone: an answer with its sources, thumbs with a word of why, what comes back after the page
is loaded again, a message left, a new conversation. What a machine can tell of the page is told of it as it is then. And what an owner does
with what came in: reads the conversation and its feedback, sends the lead on, deletes it."""
import pytest
from playwright.sync_api import expect

from conftest import SHOTS
from test_journey import ask
from test_pages import LOOKS


@pytest.mark.parametrize("look", ["light", "dark", "phone-390"])
def test_a_visitor_talks_rates_and_leaves_a_message(look, bobbin, owner, visit):
    options, script = LOOKS[look]
    bobbin.forget_limits()
    window = visit(**options)
    page = window.open("/c/orrin")

    def found(name):
        (SHOTS / look).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / look / f"chat-{name}.png", animations="disabled")
        problems = page.evaluate(script)
        assert not problems, "\n".join(problems)

    answer = ask(page, "How long may a book of the library be kept?")
    expect(answer.locator(".chat-body")).to_contain_text("three weeks")
    answer.locator("button.chat-chip").first.click()
    expect(page.get_by_role("dialog").locator("blockquote")).to_contain_text("three weeks")
    found("passage")
    page.keyboard.press("Escape")
    missing = ask(page, "Who was the first king of Orrin?")
    expect(missing.locator("button.chat-chip")).to_have_count(0)

    # A thumb down, and why.
    answer.get_by_label("This did not help").click()
    answer.get_by_label("What was wrong?").fill(f"Too short, on {look}.")
    found("why")
    answer.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("Thank you. That helps.")

    # Loaded again, everything is there, the thumb as well.
    page.reload()
    window.made()
    turns = page.locator(".chat-turn.answer")
    expect(turns).to_have_count(2)
    expect(turns.first.locator(".chat-body")).to_contain_text("three weeks")
    expect(turns.first.get_by_label("This did not help")).to_have_attribute("aria-pressed", "true")

    # A message.
    page.get_by_role("button", name="Leave a message").last.click()
    form = page.locator("form.chat-lead")
    form.locator("[name=email]").fill(f"bo-{look}@example.org")
    form.locator("[name=name]").fill("Bo")
    form.locator("[name=consent]").check()
    found("lead")
    form.get_by_role("button", name="Send").click()
    expect(page.locator(".chat-log")).to_contain_text("Your message has been passed on.")

    # Begun anew, nothing of it is left.
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name="Begin anew").click()
    expect(turns).to_have_count(0)
    page.reload()
    window.made()
    expect(turns).to_have_count(0)


def test_an_owner_works_with_what_visitors_left(bobbin, owner, visit):
    bobbin.forget_limits()
    api = f"/api/chat/{owner.chatbot}"
    visitor = bobbin.call("POST", f"{api}/session/", {})["token"]
    answer = bobbin.call("POST", f"{api}/", {"message": "What does a reminder cost?"}, visitor)
    bobbin.call("POST", f"{api}/feedback/", {"message_id": answer["message_id"], "value": -1, "comment": "Two euros of what?"}, visitor)
    bobbin.call("POST", f"{api}/leads/", {"email": "cy@example.org", "name": "Cy", "consent": True}, visitor)
    window = visit()
    window.sign_in(owner.email)
    page = window.open(f"/chatbots/{owner.chatbot}/conversations/")
    page.get_by_role("link", name="What does a reminder cost?").first.click()
    page.wait_for_url("**/conversations/*/")
    window.made()
    expect(page.locator("main")).to_contain_text("Two euros of what?")

    page = window.open(f"/chatbots/{owner.chatbot}/leads/")
    lead = page.locator("#leads > li", has_text="cy@example.org")
    lead.get_by_role("button", name="Send to the CRM").click()
    expect(page.locator("#toasts")).to_contain_text("It is on its way")
    lead.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(lead).to_have_count(0)

    # The menu says where one is; a source's own address leads to it.
    page = window.open("/admin/sources/")
    expect(page.get_by_role("link", name="Administration")).to_have_attribute("aria-current", "page")
    expect(page.locator("#list tbody tr", has_text="Lending").first).to_contain_text("Live")
    sources = bobbin.call("GET", f"/api/chatbots/{owner.chatbot}/sources/", token=owner.token)["items"]
    lending = next(one["id"] for one in sources if one["name"] == "Lending")
    page = window.open(f"/chatbots/{owner.chatbot}/sources/#source-{lending}")
    expect(page.locator("#sources > li:focus")).to_contain_text("Lending")
