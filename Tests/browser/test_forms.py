"""What forms owe to whoever fills them in: nothing that was typed is lost, nothing is refused without a word, and a word that was shown can be
read and closed."""
import re

import pytest
from conftest import PASSWORD
from playwright.sync_api import expect

from rooms import Room, refused, save, saved

ENDED = "Your session has ended. Sign in again: what you had written is kept."


def end_session(own):
    """As from another machine: every session of the account."""
    own.bobbin.call("POST", "/api/auth/logout-all", {}, own.token)


def sign_in_again(own):
    """The page of a session that has ended leads to the sign-in page, which says so and leads back."""
    page = own.window.page
    page.wait_for_url("**/login?**")
    expect(page.locator("#said")).to_have_text(ENDED)
    own.bobbin.forget_limits()
    page.fill("#email", own.email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/chatbots/**")
    own.token = own.bobbin.token(own.email)
    return own.window.made()


def test_an_account_of_a_test_is_made_once(bobbin):
    bobbin.account("greta-twice")
    with pytest.raises(AssertionError, match="greta-twice was made by another test"):
        bobbin.account("greta-twice")


# MARK: Fields that are hidden


def test_a_hidden_field_refuses_nothing(bobbin, visit):
    own = Room(bobbin, visit, "hannes", plan="free")
    page = own.window.open(f"/chatbots/{own.chatbot}/setup/sources/")
    page.get_by_text("Web page", exact=True).click()
    form = page.locator("#add-page")
    form.get_by_label("Address of the page").fill("https://example.com/help")
    form.get_by_text("This page and what it links to").click()
    form.get_by_label("Follow links how many steps?").fill("9")
    add = form.get_by_role("button", name="Add the page")
    add.click()
    refused(form.get_by_label("Follow links how many steps?"), "less than or equal to 2")
    form.get_by_text("Only this page").click()
    add.click()
    expect(page.locator("#sources > li")).to_have_count(2)
    assert own.now("sources/")["items"][0]["crawl"].get("depth", 0) == 0


def test_the_form_for_addresses_is_switched_off_whatever_stands_in_it(bobbin, visit):
    own = Room(bobbin, visit, "hella")
    kept = {"enabled": True, "fields": ["phone"], "after_messages": 3, "consent_text": "You may call me."}
    bobbin.call("PATCH", own.api, {"lead_form": kept}, own.token)
    page = own.open("leads")
    form = page.locator("#lead-form")
    form.get_by_label("Offer the form after so many answers").fill("")
    form.get_by_label("Let visitors leave an address.").uncheck()
    saved(form, "Saved: visitors are not asked.")
    assert own.now()["lead_form"] == kept | {"enabled": False}


def test_how_a_source_is_read_is_saved_whatever_is_hidden(bobbin, visit):
    own = Room(bobbin, visit, "heiko")
    made = bobbin.call("POST", f"{own.api}sources/", {
        "source_type": "url", "source_url": "https://example.com/help", "crawl": {"depth": 2, "max_pages": 5}}, own.token)
    page = own.open("sources")
    page.get_by_role("button", name="Change reading").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Follow links how many steps?").fill("99")
    dialog.get_by_text("Only this page").click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert own.now(f"sources/{made['id']}/")["crawl"].get("depth", 0) == 0


# MARK: A word to type


def test_enter_does_what_was_confirmed_and_escape_does_not(bobbin, visit):
    own = Room(bobbin, visit, "hetty")
    page = own.open("settings")
    remove = page.get_by_role("button", name="Delete this chatbot")
    dialog, word = page.get_by_role("dialog"), page.locator("#confirm-word")
    remove.click()
    expect(word).to_be_focused()
    word.fill("Books of somebody else")
    page.keyboard.press("Enter")
    # Nothing happens while the word is wrong: the dialog asks on.
    expect(dialog).to_be_visible()
    expect(word).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert own.now()["name"] == "Books of Hetty"
    remove.click()
    word.fill("Books of Hetty")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="“Books of Hetty” is deleted")).to_be_visible()


# MARK: What was typed


def test_what_was_written_outlives_the_session(bobbin, visit):
    own = Room(bobbin, visit, "ida")
    page = own.open("settings")
    form = page.locator("#texts-form")
    field = form.get_by_label("When nothing was found")
    field.fill("Ask at the desk, please.")
    end_session(own)
    save(form)
    sign_in_again(own)
    expect(field).to_have_value("Ask at the desk, please.")
    expect(form.get_by_role("status")).to_contain_text("Not saved yet.")
    saved(form)
    own.reload()
    expect(form.get_by_role("status")).to_be_empty()
    assert own.now()["no_answer_text"] == "Ask at the desk, please."


def test_a_question_outlives_the_session(bobbin, visit):
    own = Room(bobbin, visit, "ilse")
    page = own.open("talk")
    page.fill("#question", "How long may a book be kept?")
    end_session(own)
    page.press("#question", "Enter")
    sign_in_again(own)
    expect(page.locator("#question")).to_have_value("How long may a book be kept?")
    page.press("#question", "Enter")
    expect(page.locator(".chat-turn.answer .chat-body")).to_contain_text("three weeks")
    # What was asked is not asked again.
    own.reload()
    expect(page.locator("#question")).to_have_value("")


def test_what_is_not_saved_yet_is_there_when_one_comes_back(bobbin, visit):
    own = Room(bobbin, visit, "imke")
    page = own.open("settings")
    names = page.locator("#name-form")
    names.get_by_label("Description").fill("Half a thought")
    own.open("share")
    first = page.locator("#first-form")
    first.get_by_label("Welcome text").fill("Welcome to")
    own.open("leads")
    leads = page.locator("#lead-form")
    leads.get_by_label("Let visitors leave an address.").check()
    leads.get_by_label("What they agree to").fill("You may write")
    own.open("quality")
    page.locator("#recall").fill("80")
    own.open("privacy")
    page.get_by_label("Line", exact=True).fill("A line")

    # What changed elsewhere meanwhile is not undone by what was typed here.
    bobbin.call("PATCH", own.api, {"name": "Night library"}, own.token)
    own.open("settings")
    expect(names.get_by_label("Name")).to_have_value("Night library")
    expect(names.get_by_label("Description")).to_have_value("Half a thought")
    expect(names.get_by_role("status")).to_contain_text("Not saved yet.")
    expect(page.locator("#texts-form").get_by_role("status")).to_be_empty()
    own.open("share")
    expect(first.get_by_label("Welcome text")).to_have_value("Welcome to")
    own.open("leads")
    expect(leads.get_by_label("Let visitors leave an address.")).to_be_checked()
    expect(leads.get_by_label("What they agree to")).to_have_value("You may write")
    expect(leads.get_by_label("What they agree to")).to_be_visible()
    own.open("quality")
    expect(page.locator("#recall")).to_have_value("80")
    own.open("privacy")
    expect(page.get_by_label("Line", exact=True)).to_have_value("A line")
    assert own.now()["description"] == "" and not own.now()["lead_form"]["enabled"]

    # It can be thrown away.
    own.open("settings")
    names.get_by_role("button", name="Throw it away").click()
    expect(names.get_by_label("Description")).to_have_value("")
    expect(names.get_by_label("Name")).to_be_focused()
    expect(names.get_by_role("status")).to_be_empty()
    own.reload()
    expect(names.get_by_label("Description")).to_have_value("")
    expect(names.get_by_role("status")).to_be_empty()

    # Who signs out leaves nothing of it, and no password is ever kept.
    page = own.window.open("/account/")
    page.get_by_label("Present password").fill("a word that is secret")
    page.locator("#me summary").click()
    page.locator("#sign-out").click()
    page.wait_for_url("**/login")
    assert page.evaluate("() => JSON.stringify(sessionStorage)") == "{}"


def test_a_dialog_keeps_what_was_typed_until_it_is_closed(bobbin, visit):
    own = Room(bobbin, visit, "ines")
    page = own.open("quality")
    add = page.get_by_role("button", name="Add a question")
    dialog = page.get_by_role("dialog")
    add.click()
    dialog.get_by_label("Question", exact=True).fill("When is it open?")
    dialog.get_by_text("I don’t know").click()
    end_session(own)
    dialog.get_by_role("button", name="Save").click()
    sign_in_again(own)
    add.click()
    expect(dialog.get_by_label("Question", exact=True)).to_have_value("When is it open?")
    expect(dialog.locator("[name=kind][value=silent]")).to_be_checked()
    expect(dialog.locator("form [role=status]")).to_contain_text("Not saved yet.")
    dialog.get_by_role("button", name="Cancel").click()
    add.click()
    expect(dialog.get_by_label("Question", exact=True)).to_have_value("")


# MARK: What is wrong, in words


def test_what_is_wrong_is_said_beside_the_field_and_never_in_words_for_programs(bobbin, visit):
    own = Room(bobbin, visit, "jale")
    page = own.open("sources")
    page.get_by_role("button", name="Add a source").click()
    page.get_by_text("Web page", exact=True).click()
    form = page.locator("#add-page")
    form.get_by_label("Address of the page").fill("two words")
    form.get_by_role("button", name="Add the page").click()
    refused(form.get_by_label("Address of the page"), "Write an address such as https://example.com/help")
    expect(form.get_by_role("alert")).to_have_text("Please look at the marked fields.")
    expect(form.get_by_label("Address of the page")).to_be_focused()
    # A member of what is sent is the field that it was written in.
    form.get_by_label("Address of the page").fill("https://example.com/")
    form.get_by_text("This page and what it links to").click()
    form.get_by_label("Only addresses with").fill("x" * 3000)
    form.get_by_role("button", name="Add the page").click()
    refused(form.get_by_label("Only addresses with"), "too long")
    expect(form.get_by_role("alert")).to_have_text("Please look at the marked fields.")

    page = own.window.open("/account/")
    person = page.locator("#person")
    person.get_by_label("Email").fill("ida@example")
    person.get_by_label("Password, to change the address").fill(PASSWORD)
    save(person)
    refused(person.get_by_label("Email"), "Write an address such as name@example.com")

    page = own.open("settings")
    names = page.locator("#name-form")
    names.get_by_label("Name").fill("   ")
    save(names)
    refused(names.get_by_label("Name"), "This is needed.")
    expect(names.get_by_role("alert")).to_have_text("Please look at the marked fields.")


# MARK: Words at the edge of the page


def test_a_word_at_the_edge_can_be_closed_while_a_dialog_is_open(bobbin, visit):
    own = Room(bobbin, visit, "jost")
    page = own.open("settings")
    toast = page.locator("#toasts .toast")
    dialog = page.get_by_role("dialog")

    def say(words):
        page.evaluate("""async (words) => {
          const file = [...document.querySelectorAll("link[rel=modulepreload]")].find((link) => link.href.endsWith("/ui.js")).href;
          (await import(file)).toast(words, "bad");
        }""", words)

    say("Said before.")
    page.get_by_role("button", name="Delete this chatbot").click()
    expect(dialog).to_be_visible()
    say("Said later.")
    expect(toast).to_have_text([re.compile("Said before"), re.compile("Said later")])
    # Both are above the dialog's backdrop, and take a click.
    for one in toast.all():
        box = one.bounding_box()
        assert one.evaluate("(element, [x, y]) => element.contains(document.elementFromPoint(x, y))", [box["x"] + 20, box["y"] + box["height"] / 2])
    toast.first.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(1)
    dialog.get_by_role("button", name="Cancel").click()
    # With the dialog gone, it stays until it is closed.
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)
