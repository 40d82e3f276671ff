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


def test_a_message_that_was_begun_is_not_lost(bobbin, owner, visit):
    bobbin.forget_limits()
    page = visit().open("/c/orrin")
    leave = page.locator(".chat-foot").get_by_role("button", name="Leave a message")
    form = page.get_by_role("form", name="Leave a message")
    leave.click()
    form.get_by_label("Your e-mail address").fill("bo-begun@example.org")
    form.get_by_label("Your message").fill("Half a thought")
    ask(page, "How long may a book of the library be kept?")
    leave.click()
    # The same form, below what was said since.
    expect(form).to_have_count(1)
    expect(form.get_by_label("Your e-mail address")).to_have_value("bo-begun@example.org")
    expect(form.get_by_label("Your e-mail address")).to_be_focused()
    expect(form.get_by_label("Your message")).to_have_value("Half a thought")
    assert form.evaluate("(form) => form === form.parentElement.lastElementChild")
    # Not now is not never.
    form.get_by_role("button", name="Not now").click()
    leave.click()
    expect(form.get_by_label("Your message")).to_have_value("Half a thought")
    # What was sent is not there again.
    form.locator("[name=consent]").check()
    form.get_by_role("button", name="Send").click()
    expect(page.locator(".chat-log")).to_contain_text("Your message has been passed on.")
    leave.click()
    expect(form.get_by_label("Your message")).to_have_value("")


def test_a_question_that_cannot_be_taken_is_refused_in_words_for_people(bobbin, owner, visit):
    bobbin.forget_limits()
    page = visit().open("/c/orrin")
    page.route(f"**/api/chat/{owner.chatbot}/", lambda route: route.fulfill(
        status=422, json={"code": "invalid", "detail": "See errors for each member that is wrong.", "errors": [{"field": "message", "code": "format"}]}))
    page.fill("#question", "When?")
    page.press("#question", "Enter")
    expect(page.locator(".chat-broken")).to_have_text("This cannot be taken as it is. Write it in other words.")


def test_who_one_is_and_how_to_be_known_is_not_lost(bobbin, owner, visit):
    """This server knows nobody, so what it would say to that form is put in its place here."""
    bobbin.forget_limits()
    window = visit()

    def known(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(" data-token=", " data-known data-token="))

    window.page.route("**/c/orrin", known)
    window.page.route("**/address/", lambda route: route.fulfill(status=202, json={}))
    page = window.open("/c/orrin")
    begin = page.get_by_role("button", name="Are you known here?")
    form = page.get_by_role("form", name="Are you known here?")
    begin.click()
    form.get_by_label("Your e-mail address").fill("bo@example.org")
    ask(page, "How long may a book of the library be kept?")
    # The other form takes its place, and gives it back.
    page.locator(".chat-foot").get_by_role("button", name="Leave a message").click()
    expect(form).to_have_count(0)
    begin.click()
    expect(form).to_have_count(1)
    expect(form.get_by_label("Your e-mail address")).to_have_value("bo@example.org")
    form.get_by_role("button", name="Send me a code").click()
    form.get_by_label("The code of six digits").fill("123")
    begin.click()
    expect(form.get_by_label("The code of six digits")).to_have_value("123")
    # There is a way back to another code.
    form.get_by_role("button", name="Another code").click()
    expect(form.get_by_label("Your e-mail address")).to_have_value("bo@example.org")
    expect(form.get_by_label("Your e-mail address")).to_be_focused()


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
