"""What an operator does: finds accounts, changes and suspends them, invites; looks at what waits in the queues and moves it; and what the
audit log has of all that."""
import os
import pathlib
import re

import pytest
from conftest import PASSWORD, SHOTS, wait_until
from playwright.sync_api import expect

from rooms import Quiet, Room, refused, save


@pytest.fixture
def quiet():
    with Quiet(pathlib.Path(os.environ["BROWSER_WORK"]) / "quiet") as server:
        yield server


@pytest.fixture(scope="module")
def olga(bobbin):
    return bobbin.account("olga", is_admin=True)


@pytest.fixture
def operator(olga, visit):
    window = visit()
    window.sign_in(olga[0])
    window.token = olga[1]
    return window


def log(bobbin, operator, of):
    """What the audit log has of an account or an item, oldest first."""
    entries = bobbin.call("GET", "/api/admin/audit/?limit=100", token=operator.token)["items"]
    return [(entry["action"], entry["detail"]) for entry in reversed(entries) if entry["object_id"] == of]


def test_an_account_is_found_changed_suspended_and_restored(bobbin, operator, visit):
    room = Room(bobbin, visit, "vera")
    slug = room.now()["public_url_slug"]
    stranger = visit().page
    page = operator.open("/admin/users/")
    users = page.get_by_role("region", name="Users").locator("tbody tr")
    page.get_by_label("Search by name or email").fill("nobody of that name")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#list")).to_contain_text("There is nothing here.")
    page.get_by_label("Search by name or email").fill("VERA@")
    page.get_by_role("button", name="Search").click()
    expect(users).to_have_count(1)
    expect(users).to_contain_text(room.email)
    expect(users.locator(".badge")).to_have_text(["Active"])
    page.reload()
    operator.made()
    expect(page.get_by_label("Search by name or email")).to_have_value("VERA@")
    expect(users).to_have_count(1)

    dialog = page.get_by_role("dialog", name=room.email)

    def change():
        users.get_by_role("button", name="Change…").click()
        expect(dialog).to_be_visible()

    change()
    dialog.get_by_label("Messages a month").fill("-1")
    save(dialog)
    refused(dialog.get_by_label("Messages a month"), "greater than or equal to 0")
    dialog.get_by_label("Plan", exact=True).select_option("pro")
    dialog.get_by_label("Messages a month").fill("7")
    save(dialog)
    expect(dialog).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    expect(users).to_contain_text("pro")
    plan = bobbin.call("GET", "/api/usage/", token=room.token)
    assert plan["message_quota"] == 7 and bobbin.call("GET", "/api/billing/plan/", token=room.token)["tier"] == "pro"
    user = bobbin.call("GET", "/api/auth/me", token=room.token)["id"]

    # Suspended only when it is said twice.
    change()
    dialog.get_by_role("checkbox", name="Suspended").check()
    save(dialog)
    sure = page.get_by_role("dialog", name="Are you sure?")
    expect(sure).to_contain_text(f"{room.email} will be signed out, and their chatbots will stop answering.")
    sure.get_by_role("button", name="Cancel").click()
    expect(sure).to_have_count(0)
    assert stranger.request.get(f"/c/{slug}").status == 200
    save(dialog)
    sure.get_by_role("button", name="Yes, change it").click()
    expect(dialog).to_have_count(0)
    expect(users.locator(".badge")).to_have_text(["Suspended"])
    with pytest.raises(AssertionError, match="40[13]"):
        bobbin.token(room.email)
    with pytest.raises(AssertionError, match="40[13]"):
        bobbin.call("GET", "/api/auth/me", token=room.token)
    with pytest.raises(AssertionError, match="40[0-9]"):
        session = bobbin.call("POST", f"/api/chat/{room.chatbot}/session/", {})["token"]
        bobbin.call("POST", f"/api/chat/{room.chatbot}/", {"message": "How long may a book be kept?"}, session)
    room.window.page.reload()
    room.window.page.wait_for_url("**/login**")

    change()
    dialog.get_by_role("checkbox", name="Suspended").uncheck()
    save(dialog)
    expect(dialog).to_have_count(0)
    expect(users.locator(".badge")).to_have_text(["Active"])
    room.window.sign_in(room.email)
    assert stranger.request.get(f"/c/{slug}").status == 200
    answer = bobbin.call("POST", f"/api/chat/{room.chatbot}/", {"message": "How long may a book be kept?"},
                         bobbin.call("POST", f"/api/chat/{room.chatbot}/session/", {})["token"])
    assert "three weeks" in str(answer)

    # An operator is made, and made none again.
    change()
    dialog.get_by_role("checkbox", name="Operator").check()
    save(dialog)
    sure.get_by_role("button", name="Yes, change it").click()
    expect(users.locator(".badge")).to_have_text(["Active", "Operator"])
    room.window.open("/admin/users/")
    expect(room.window.page.get_by_role("heading", level=1)).to_have_text("Administration")
    change()
    dialog.get_by_role("checkbox", name="Operator").uncheck()
    save(dialog)
    expect(sure).to_contain_text("will no longer be an operator")
    sure.get_by_role("button", name="Yes, change it").click()
    expect(users.locator(".badge")).to_have_text(["Active"])
    room.window.open("/admin/users/")
    expect(room.window.page.get_by_role("alert")).to_contain_text("This is not here")

    # All of it is in the log.
    done = log(bobbin, operator, user)
    assert [action for action, _ in done] == ["user.change"] * 5
    page = operator.open("/admin/audit/")
    entries = page.get_by_role("region", name="Audit log").locator("tbody tr").filter(has=page.locator(f"code[title='{user}']"))
    expect(entries).to_have_count(5)
    expect(entries.first).to_contain_text("is_admin")
    expect(entries.last).to_contain_text("plan_tier")


def test_the_audit_log_says_which_operator_it_was(bobbin, operator):
    _, token = bobbin.account("oda")
    user = bobbin.call("GET", "/api/auth/me", token=token)["id"]
    bobbin.call("PATCH", f"/api/admin/users/{user}/", {"plan_tier": "pro"}, operator.token)
    page = operator.open("/admin/audit/")
    entry = page.get_by_role("region", name="Audit log").locator("tbody tr").filter(has=page.locator(f"code[title='{user}']"))
    expect(entry).to_have_count(1)
    me = bobbin.call("GET", "/api/auth/me", token=operator.token)
    who = entry.locator("td").nth(1).inner_html()
    assert me["email"] in who or me["id"] in who


def test_somebody_is_invited_and_comes(bobbin, operator, visit):
    page = operator.open("/admin/users/")
    form = page.locator("#invite")
    address, invite = form.get_by_label("Invite somebody by email"), form.get_by_role("button", name="Send the invitation")
    address.fill("no address")
    invite.click()
    refused(address, "@")
    address.fill("ivo@example.org")
    invite.click()
    expect(page.locator("#toasts")).to_contain_text("The invitation is on its way.")
    expect(address).to_have_value("")
    row = page.get_by_role("region", name="Users").locator("tbody tr", has_text="ivo@example.org")
    expect(row.locator(".badge")).to_have_text("Not confirmed")
    address.fill("ivo@example.org")
    invite.click()
    expect(form.get_by_role("alert")).to_contain_text("There is an account with this address.")
    guest = visit()
    guest.page.goto(f"/reset#token={bobbin.letter('ivo@example.org', 'reset')}")
    guest.page.fill("#password", PASSWORD)
    guest.page.click("button[type=submit]")
    expect(guest.page.get_by_text("The password is set")).to_be_visible()
    guest.sign_in("ivo@example.org")
    operator.open("/admin/users/")
    expect(row.locator(".badge")).to_have_text("Active")


def test_the_last_operator_stays_and_items_are_moved_in_the_queues(quiet, visit):
    email, token = quiet.account("otto", is_admin=True)
    window = visit(quiet)
    window.token = token
    window.sign_in(email)
    page = window.open("/admin/users/")
    page.get_by_role("button", name="Change…").click()
    dialog = page.get_by_role("dialog", name=email)
    dialog.get_by_role("checkbox", name="Operator").uncheck()
    save(dialog)
    page.get_by_role("dialog", name="Are you sure?").get_by_role("button", name="Yes, change it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Make another account an operator first.")
    dialog.get_by_role("button", name="Close", exact=True).click()
    assert quiet.call("GET", "/api/auth/me", token=token)["is_admin"]

    page = window.open("/admin/spool/")
    expect(page.locator("#list")).to_contain_text("Nothing waits: every queue is empty.")
    chatbot = quiet.call("POST", "/api/chatbots/", {"name": "Waiting room"}, token)["id"]
    quiet.call("POST", f"/api/chatbots/{chatbot}/sources/", {"source_type": "file", "name": "Fees", "text": "Two euros."}, token)
    quiet.call("POST", f"/api/chatbots/{chatbot}/train/", {}, token)
    # It is seen without loading the page again.
    queues = page.get_by_role("region", name="Queues").locator("tbody tr")
    expect(queues).to_have_count(1)
    expect(queues).to_contain_text("fetch")
    expect(queues).to_contain_text(chatbot[-6:])
    expect(queues.locator("td").nth(1)).to_have_text("incoming")
    items = page.get_by_role("dialog").get_by_role("region", name="Items").locator("tbody tr")

    def move(name, words):
        queues.get_by_role("button").click()
        expect(items).to_have_count(1)
        items.get_by_role("button", name=name, exact=True).click()
        if name == "Drop":
            sure = page.get_by_role("dialog", name="Take this item out?")
            sure.get_by_role("button", name="Cancel").click()
            expect(items).to_have_count(1)
            items.get_by_role("button", name=name, exact=True).click()
            sure.get_by_role("button", name="Take it out").click()
        expect(page.locator("#toasts")).to_contain_text(words)
        expect(page.get_by_role("dialog")).to_contain_text("Nothing is there any more.")
        page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()

    move("Hold", "It waits until it is released.")
    expect(queues.locator("td").nth(1)).to_have_text("hold")
    assert quiet.call("GET", "/api/admin/spool/items/?stage=fetch&state=hold", token=token)["total"] == 1
    move("Release", "It goes on.")
    expect(queues.locator("td").nth(1)).to_have_text("incoming")
    [item] = quiet.call("GET", "/api/admin/spool/items/?stage=fetch&state=incoming", token=token)["items"]
    move("Drop", "It is taken out.")
    wait_until(lambda: quiet.call("GET", "/api/admin/spool/items/?stage=fetch&state=incoming", token=token)["total"] == 0, "the item to go")
    wait_until(lambda: quiet.call("GET", f"/api/chatbots/{chatbot}/documents/", token=token)["items"][0]["state"] == "ended",
               "the document to end")
    page = window.open("/admin/audit/")
    entries = page.get_by_role("region", name="Audit log").locator("tbody tr")
    expect(entries.filter(has_text="item.")).to_have_count(3)
    expect(entries.locator("td:nth-child(3)")).to_have_text(["item.drop", "item.release", "item.hold", "user.change"])
    assert [action for action, _ in log(quiet, window, item["id"])][-1] == "item.drop"


def search(page, label, words):
    page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Search").click()


def test_lists_are_searched_and_health_is_told(operator, owner):
    page = operator.open("/admin/chatbots/")
    rows = page.locator("#list tbody tr")
    search(page, "Search by name", "ORRIN")
    expect(page).to_have_url(re.compile(r"\?q=ORRIN$"))
    expect(rows.filter(has_text="Orrin library")).to_have_count(1)
    expect(rows.filter(has_text="Orrin library")).to_contain_text(owner.chatbot[-6:])
    search(page, "Search by name", "Skerries")
    expect(page.locator("#list")).to_contain_text("There is nothing here.")
    page = operator.open("/admin/conversations/")
    search(page, "Words in a message", "reminder")
    expect(page).to_have_url(re.compile(r"\?q=reminder"))
    expect(rows.filter(has_text=owner.chatbot[-6:])).not_to_have_count(0)
    search(page, "To", "2001-01-01")
    expect(page.locator("#list")).to_contain_text("There is nothing here.")
    page = operator.open("/admin/runs/")
    page.get_by_label("State").select_option("Done")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"\?state=done"))
    expect(rows.first).to_contain_text("train")
    assert set(page.locator("#list tbody tr td:nth-child(2) .badge").all_inner_texts()) == {"Done"}
    page = operator.open("/admin/health/")
    expect(page.locator("#list")).to_contain_text("This server is Ready")
    expect(rows.filter(has_text="Wrong")).to_have_count(0)



def test_an_operator_searches_for_several_words(operator, owner):
    page = operator.open("/admin/chatbots/")
    search(page, "Search by name", "orrin library")
    expect(page).to_have_url(re.compile(r"\?q=orrin"))
    page.reload()
    operator.made()
    assert "Orrin library" in page.locator("#list").text_content()


def test_an_owner_searches_conversations_for_several_words(owner, visit):
    window = visit()
    window.sign_in(owner.email)
    page = window.open(f"/chatbots/{owner.chatbot}/conversations/?q=library+of+Orrin")
    assert "When does the library of Orrin open?" in page.locator("#main").text_content()


def test_one_thing_of_anybody_is_looked_into(bobbin, operator, visit):
    room = Room(bobbin, visit, "wanda")
    bobbin.call("POST", f"/api/chat/{room.chatbot}/", {"message": "Are there kites to lend?"}, room.token)
    page = operator.open(f"/admin/sources/?q={room.chatbot}")
    row = page.get_by_role("region", name="Sources").locator("tbody tr")
    expect(row).to_have_count(1)
    # From a source to its chatbot, and who owns that.
    row.get_by_role("button", name=room.chatbot[-6:]).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(room.email)
    dialog.get_by_role("button", name="Close", exact=True).click()
    row.get_by_role("button", name="Open").click()
    expect(page.get_by_role("dialog").get_by_role("region", name="Documents")).to_contain_text("Live")
    page.keyboard.press("Escape")
    # What was said is read, and that it was.
    operator.open("/admin/conversations/?q=kites+to+lend")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("dialog")).to_contain_text("Are there kites to lend?")
    page.keyboard.press("Escape")
    operator.open("/admin/audit/")
    expect(page.locator("#list")).to_contain_text("conversation.read")
    operator.open(f"/admin/documents/?q={room.chatbot}")
    expect(page.locator("#list")).to_contain_text("There is nothing here.")


def test_an_account_is_changed_on_a_phone(bobbin, olga, visit):
    window = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    window.sign_in(olga[0])
    page = window.open("/admin/users/")
    row = page.locator("#list tbody tr", has_text=olga[0])
    change = row.get_by_role("button", name="Change…")
    # As the page stands: nothing was scrolled aside for it.
    box = change.bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= 390, "it stands on the screen"
    # A row still is one to whoever hears the page, with what each of its parts is.
    expect(row.get_by_role("cell", name=olga[0])).to_be_visible()
    expect(page.get_by_role("columnheader", name="Email")).to_have_count(1)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "admin-phone.png", full_page=True)
    change.tap()
    expect(page.get_by_role("dialog", name=olga[0])).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
