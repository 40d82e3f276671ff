"""What an owner sets: name and texts, limits, the link and who may use it, whose sites may show it, the form for addresses. Each stands
there when the page is loaded again, and visitors meet it; what cannot be is refused beside its field and changes nothing. And the end of a
chatbot, which says what goes with it."""
import pytest
from conftest import wait_until
from playwright.sync_api import expect

from rooms import Room, refused, save, saved
from test_journey import ask

NEVER = "Nothing of that stands in our books."
BUSY = "The reading room is full. Come back tomorrow."


class Room:
    """An account with a chatbot that has read a little, and a window in which its owner is signed in."""

    def __init__(self, bobbin, visit, name, plan="enterprise"):
        self.bobbin = bobbin
        self.email, self.token = bobbin.account(name, plan)
        self.chatbot = bobbin.chatbot(self.token, f"Books of {name.title()}", {"Lending": "A book may be kept for three weeks."})
        self.api = f"/api/chatbots/{self.chatbot}/"
        self.window = visit()
        self.window.sign_in(self.email)

    def open(self, tab):
        return self.window.open(f"/chatbots/{self.chatbot}/{tab}/")

    def reload(self):
        self.window.page.reload()
        return self.window.made()

    def now(self):
        return self.bobbin.call("GET", self.api, token=self.token)


def test_name_and_texts_stay_and_are_what_visitors_read(bobbin, visit):
    own = Room(bobbin, visit, "nora")
    page = own.open("settings")
    names, texts = page.locator("#name-form"), page.locator("#texts-form")
    names.get_by_label("Name").fill("  Night library ")
    names.get_by_label("Description").fill("Opening hours\nand lending.")
    saved(names)
    expect(page.get_by_role("heading", level=1)).to_have_text("Night library")
    # What is typed on is not said to be saved.
    names.get_by_label("Description").press("End")
    names.get_by_label("Description").press_sequentially("!")
    expect(names.get_by_role("status")).to_be_empty()
    texts.get_by_label("When nothing was found").fill(NEVER)
    texts.get_by_label("When a limit is reached").fill(BUSY)
    saved(texts)
    page = own.reload()
    expect(names.get_by_label("Description")).to_have_value("Opening hours\nand lending.!")
    names.get_by_role("button", name="Throw it away").click()
    expect(names.get_by_label("Name")).to_have_value("Night library")
    expect(names.get_by_label("Description")).to_have_value("Opening hours\nand lending.")
    expect(texts.get_by_label("When nothing was found")).to_have_value(NEVER)
    expect(texts.get_by_label("When a limit is reached")).to_have_value(BUSY)
    now = own.now()
    assert (now["name"], now["description"]) == ("Night library", "Opening hours\nand lending.")
    assert (now["no_answer_text"], now["busy_text"]) == (NEVER, BUSY)
    stranger = visit().open(f"/c/{now['public_url_slug']}")
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Night library")
    expect(ask(stranger, "Who was the first king of Orrin?").locator(".chat-body")).to_contain_text(NEVER)

    # Neither nothing nor blanks alone are a name.
    names.get_by_label("Name").fill("")
    save(names)
    refused(names.get_by_label("Name"), "fill out")
    expect(names.get_by_label("Name")).to_be_focused()
    names.get_by_label("Name").fill("   ")
    save(names)
    refused(names.get_by_label("Name"), "needed")
    expect(names.get_by_role("alert")).not_to_be_empty()
    assert own.now()["name"] == "Night library"

    # Left empty, the texts are the chatbot's own again.
    texts.get_by_label("When nothing was found").fill("")
    saved(texts)
    assert own.now()["no_answer_text"] == ""
    expect(ask(stranger, "And who was the second king?").locator(".chat-body")).to_contain_text("could not find this in the documents")


def test_limits_stay_and_hold(bobbin, visit):
    own = Room(bobbin, visit, "lars")
    page = own.open("settings")
    form = page.locator("#limits-form")
    daily, tokens, days = (form.get_by_label(name) for name in ("Answers a day", "tokens a month", "Days that conversations"))
    for field, wrong, words in [(daily, "-1", "greater than or equal to 0"), (tokens, "1000000001", "less than or equal to"),
                                (days, "0", "greater than or equal to 1"), (daily, "1.5", "valid value")]:
        field.fill(wrong)
        save(form)
        refused(field, words)
        expect(field).to_be_focused()
        field.fill("")
    saved(form)
    # What was wrong is not said any more.
    expect(form.locator(".field-error")).to_have_count(0)
    expect(form.locator("[aria-invalid]")).to_have_count(0)
    daily.fill("1")
    tokens.fill("25000")
    days.fill("30")
    saved(form)
    own.reload()
    expect(daily).to_have_value("1")
    expect(tokens).to_have_value("25000")
    expect(days).to_have_value("30")
    now = own.now()
    assert (now["daily_message_cap"], now["monthly_token_cap"], now["retention_days"]) == (1, 25000, 30)
    page.locator("#texts-form").get_by_label("When a limit is reached").fill(BUSY)
    saved(page.locator("#texts-form"))
    stranger = visit().open(f"/c/{now['public_url_slug']}")
    expect(ask(stranger, "How long may a book be kept?")).to_contain_text("three weeks")
    expect(ask(stranger, "How long may a book be kept?")).to_contain_text(BUSY)

    # Empty again: no limit but the plan's.
    for field in (daily, tokens, days):
        field.fill("")
    saved(form)
    own.reload()
    expect(daily).to_have_value("")
    assert own.now()["daily_message_cap"] is None
    expect(ask(stranger, "How long may a book be kept?")).to_contain_text("three weeks")


def test_more_days_than_the_plan_keeps_are_refused_beside_the_field(bobbin, visit):
    own = Room(bobbin, visit, "frida", plan="free")
    page = own.open("settings")
    form = page.locator("#limits-form")
    days = form.get_by_label("Days that conversations")
    most = own.bobbin.call("GET", "/api/billing/plan/", token=own.token)["limits"]["retention_days"]
    expect(form.locator("#plan-limits")).to_contain_text(f"conversations for {most} days at most")
    days.fill(str(most + 1))
    save(form)
    assert own.now()["retention_days"] is None
    expect(form.locator(".alert:not(:empty), .field-error").first).to_be_visible()
    assert days.get_attribute("aria-invalid") == "true"
    refused(days, f"{most}")


def test_what_visitors_see_first(bobbin, visit):
    own = Room(bobbin, visit, "wilma")
    page = own.open("share")
    form = page.locator("#first-form")
    welcome, questions = form.get_by_label("Welcome text"), form.get_by_label("Questions to begin with, one a line")
    welcome.fill("Welcome to the reading room.")
    questions.fill("\n".join(f"Question {number}?" for number in range(7)))
    save(form)
    expect(form.get_by_role("alert")).to_have_text("These are 7 questions; six is the most.")
    expect(questions).to_be_focused()
    questions.fill("x" * 201)
    save(form)
    expect(form.get_by_role("alert")).to_contain_text("longer than 200 characters")
    assert own.now()["suggested_questions"] == [] and own.now()["welcome_text"] == ""
    questions.fill("\n  How long may a book be kept? \n\nWhat does a reminder cost?\n")
    saved(form)
    expect(form.get_by_role("alert")).to_be_empty()
    own.reload()
    expect(welcome).to_have_value("Welcome to the reading room.")
    expect(questions).to_have_value("How long may a book be kept?\nWhat does a reminder cost?")
    assert own.now()["suggested_questions"] == ["How long may a book be kept?", "What does a reminder cost?"]

    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(stranger.locator(".chat-welcome")).to_contain_text("Welcome to the reading room.")
    expect(stranger.locator(".chat-suggestions button")).to_have_count(2)
    stranger.get_by_role("button", name="How long may a book be kept?").click()
    expect(stranger.locator(".chat-turn.answer .chat-body")).to_contain_text("three weeks")


def test_the_link_is_changed_closed_and_opened(bobbin, visit):
    own, other = Room(bobbin, visit, "paul"), Room(bobbin, visit, "piet")
    page = own.open("share")
    form = page.locator("#slug-form")
    slug = form.get_by_label("Last part of the link")
    old = own.now()["public_url_slug"]
    change = form.get_by_role("button", name="Change the link")
    slug.fill("Not a link!")
    change.click()
    refused(slug, "match the requested format")
    slug.fill("ab")
    change.click()
    refused(slug, "3 characters")
    # Another's link is not given twice.
    slug.fill(other.now()["public_url_slug"])
    change.click()
    page.get_by_role("dialog").get_by_role("button", name="Change it").click()
    expect(form.get_by_role("alert")).to_have_text("Another chatbot has this link. Choose another.")
    assert own.now()["public_url_slug"] == old
    slug.fill("pauls-books")
    change.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert own.now()["public_url_slug"] == old
    change.click()
    page.get_by_role("dialog").get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Link for visitors")).to_have_value(f"{own.bobbin.base}/c/pauls-books")
    expect(page.get_by_role("link", name="Open", exact=True)).to_have_attribute("href", f"{own.bobbin.base}/c/pauls-books")
    own.reload()
    expect(slug).to_have_value("pauls-books")
    stranger = visit()
    expect(stranger.open("/c/pauls-books").locator("#question")).to_be_visible()
    assert stranger.page.request.get(f"/c/{old}").status == 404

    # For the owner alone, and for everybody again.
    page.get_by_text("Only you", exact=True).click()
    expect(page.locator("#closed")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Only you can reach it now.")
    own.reload()
    expect(page.get_by_label("Only you")).to_be_checked()
    expect(page.locator("#closed")).to_be_visible()
    assert not own.now()["is_public"] and stranger.page.request.get("/c/pauls-books").status == 404
    page.get_by_text("Everybody with the link", exact=True).click()
    expect(page.locator("#closed")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("Everybody with the link can talk to it now.")
    own.reload()
    expect(page.get_by_label("Everybody with the link")).to_be_checked()
    assert own.now()["is_public"] and stranger.page.request.get("/c/pauls-books").status == 200


def test_sites_that_may_show_it(bobbin, visit):
    own = Room(bobbin, visit, "dora-m")
    page = own.open("share")
    form, sites = page.locator("#domain-form"), page.locator("#domains > li")
    site, add = form.get_by_label("Add a site"), form.get_by_role("button", name="Add")
    expect(page.locator("#no-domains")).to_be_visible()
    for wrong, words in [("*.example.org", "A star does not work here"), ("http://example.org", "secure connection"),
                         ("intranet", "no ending"), ("https://ada:secret@example.org", "user name"), ("https://", "not a site's address")]:
        site.fill(wrong)
        expect(page.locator("#domain-said")).to_contain_text(words)
        add.click()
        expect(form.get_by_role("alert")).to_contain_text(words)
        expect(site).to_be_focused()
    assert own.now()["allowed_domains"] == []
    site.fill("www.Example.org/shop/")
    expect(page.locator("#domain-said")).to_contain_text("This will be https://www.example.org. The path is left out")
    add.click()
    expect(sites).to_have_count(1)
    site.fill("https://example.org:8443")
    add.click()
    expect(sites).to_have_count(2)
    # Once more is not twice.
    site.fill("www.example.org")
    add.click()
    expect(page.locator("#domain-said")).to_have_text("https://www.example.org may show it now.")
    own.reload()
    expect(sites).to_have_count(2)
    assert own.now()["allowed_domains"] == ["https://example.org:8443", "https://www.example.org"]
    frame = page.request.get(f"/embed/{own.chatbot}/").headers["content-security-policy"]
    assert "https://www.example.org" in frame and "https://example.org:8443" in frame
    page.get_by_role("button", name="Remove https://www.example.org").click()
    expect(sites).to_have_count(1)
    expect(page.locator("#domain-said")).to_have_text("https://www.example.org may not show it any more.")
    assert "www.example.org" not in page.request.get(f"/embed/{own.chatbot}/").headers["content-security-policy"]
    own.reload()
    expect(sites).to_have_count(1)
    expect(sites).to_contain_text("https://example.org:8443")


def test_a_site_with_a_blank_in_its_name_is_not_promised(bobbin, visit):
    page = Room(bobbin, visit, "dirk").open("share")
    page.locator("#domain").fill("exa mple.org")
    said = page.locator("#domain-said")
    expect(said).not_to_contain_text("Without a path")
    assert "not a site's address" in said.text_content()


@pytest.mark.parametrize("form, field, wrong", [("domain-form", "domain", "intranet"), ("first-form", "suggested", "x" * 201)],
                         ids=["site", "question"])
def test_what_cannot_be_shared_is_refused_beside_its_field(bobbin, visit, form, field, wrong):
    page = Room(bobbin, visit, f"dina-{field}").open("share")
    page.locator(f"#{field}").fill(wrong)
    page.locator(f"#{form} [type=submit]").click()
    expect(page.locator(f"#{form}").get_by_role("alert")).not_to_be_empty()
    assert page.locator(f"#{field}").get_attribute("aria-invalid") == "true"


def test_the_form_for_addresses(bobbin, visit):
    own = Room(bobbin, visit, "lea")
    page = own.open("leads")
    form = page.locator("#lead-form")
    enabled, after = form.get_by_label("Let visitors leave an address."), form.get_by_label("Offer the form after so many answers")
    enabled.check()
    form.get_by_label("Telephone number").check()
    form.get_by_label("Name", exact=True).uncheck()
    form.get_by_label("A message").uncheck()
    after.fill("101")
    save(form)
    refused(after, "less than or equal to 100")
    after.fill("")
    save(form)
    refused(after, "fill out")
    assert not own.now()["lead_form"]["enabled"]
    after.fill("1")
    form.get_by_label("What they agree to").fill("The reading room may call me.")
    saved(form, "Saved: the form is offered after 1 answer.")
    own.reload()
    expect(enabled).to_be_checked()
    expect(form.get_by_label("Telephone number")).to_be_checked()
    expect(form.get_by_label("Name", exact=True)).not_to_be_checked()
    expect(after).to_have_value("1")
    expect(form.get_by_label("What they agree to")).to_have_value("The reading room may call me.")
    assert own.now()["lead_form"] == {
        "enabled": True, "fields": ["phone"], "after_messages": 1, "consent_text": "The reading room may call me."}

    # A visitor is offered that form after one answer.
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    ask(stranger, "How long may a book be kept?")
    stranger.get_by_role("button", name="Leave a message").last.click()
    lead = stranger.get_by_role("form", name="Leave a message")
    expect(lead.get_by_label("Your name")).to_have_count(0)
    lead.get_by_label("Your e-mail address").fill("kit@example.org")
    lead.get_by_label("Your telephone number").fill("0123 456")
    lead.get_by_label("The reading room may call me.").check()
    lead.get_by_role("button", name="Send").click()
    expect(stranger.locator(".chat-log")).to_contain_text("Your message has been passed on.")
    own.reload()
    expect(page.locator("#leads > li")).to_contain_text(["kit@example.org"])
    expect(page.locator("#leads > li")).to_contain_text(["0123 456"])

    # Switched off, nobody is asked.
    enabled.uncheck()
    expect(after).to_be_hidden()
    saved(form, "Saved: visitors are not asked.")
    own.reload()
    expect(enabled).not_to_be_checked()
    assert not own.now()["lead_form"]["enabled"]
    fresh = visit().open(f"/c/{own.now()['public_url_slug']}")
    ask(fresh, "How long may a book be kept?")
    expect(fresh.get_by_role("button", name="Leave a message")).to_have_count(0)


def test_a_chatbot_is_deleted_and_says_what_goes_with_it(bobbin, visit):
    own = Room(bobbin, visit, "udo")
    now, folder = own.now(), bobbin.data / "shards" / own.chatbot
    assert folder.exists()
    page = own.open("settings")
    gone = "1 source, 1 passage, all its conversations and all its leads"
    expect(page.locator("#delete-words")).to_contain_text(f"{gone} are deleted for good")
    ask(visit().open(f"/c/{now['public_url_slug']}"), "How long may a book be kept?")
    page.get_by_role("button", name="Delete this chatbot").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{gone} will be gone.")
    agree = dialog.get_by_role("button", name="Delete for good")
    expect(agree).to_be_disabled()
    dialog.get_by_label("to go on").fill("Books")
    expect(agree).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert own.now()["id"] == own.chatbot

    page.get_by_role("button", name="Delete this chatbot").click()
    dialog.get_by_label("to go on").fill(now["name"])
    agree.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"“{now['name']}” is deleted")
    receipt = page.locator("dl.receipt > div")
    for name, count in [("Sources", 1), ("Documents", 1), ("Passages", 1), ("Conversations", 1), ("Leads", 0)]:
        expect(receipt.filter(has_text=name)).to_have_text(f"{name}{count}")
    expect(page.get_by_role("link", name="Privacy")).to_have_count(0)
    with pytest.raises(AssertionError, match="404"):
        own.now()
    assert page.request.get(f"/c/{now['public_url_slug']}").status == 404
    page.get_by_role("link", name="To the chatbots").click()
    page.wait_for_url("**/chatbots/")
    own.window.made()
    expect(page.locator("#chatbots > li")).to_have_count(0)
    expect(page.get_by_role("heading", name="Make your first chatbot")).to_be_visible()
    wait_until(lambda: not folder.exists(), "its folder to go")
