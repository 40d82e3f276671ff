"""What an owner does with what visitors said: narrows the list, takes it away as a file, deletes one conversation, forgets a visitor,
forgets a person by address, and takes the leads away."""
import csv
import json
import re

import pytest
from playwright.sync_api import expect

from rooms import Room, refused
from test_journey import ask

LOAN, KING = "How long may a book be kept?", "Who was the first king of Orrin?"


def visitor(own, *questions, rating=None, email=None):
    """A visitor who asked, and may have rated the last answer and left an address."""
    api = f"/api/chat/{own.chatbot}"
    token = own.bobbin.call("POST", f"{api}/session/", {})["token"]
    for question in questions:
        answer = own.bobbin.call("POST", f"{api}/", {"message": question}, token)
    if rating:
        own.bobbin.call("POST", f"{api}/feedback/", {"message_id": answer["message_id"], "value": rating}, token)
    if email:
        own.bobbin.call("POST", f"{api}/leads/", {"email": email, "name": "Bo, of =Orrin", "consent": True}, token)


@pytest.fixture
def own(bobbin, visit, request):
    room = Room(bobbin, visit, "conny-" + request.node.name[5:].replace("_", "-")[:40])
    bobbin.call("PATCH", room.api, {"lead_form": {"enabled": True, "fields": ["name"], "after_messages": 0}}, room.token)
    visitor(room, LOAN, rating=1)
    visitor(room, KING, email="bo@example.org")
    return room


def test_the_list_is_narrowed_and_taken_away(own):
    page = own.open("conversations")
    conversations = page.locator("#conversations > li")
    expect(conversations).to_have_count(2)
    expect(conversations.filter(has_text=LOAN)).to_contain_text("Helpful")
    expect(conversations.filter(has_text=KING)).to_contain_text("1 not found")
    search = page.get_by_role("search", name="Conversations")
    search.get_by_label("Answers").select_option("Something was not found")
    expect(conversations).to_have_count(1)
    expect(conversations).to_contain_text(KING)
    expect(page).to_have_url(re.compile(r"\?answered=false$"))
    own.reload()
    expect(conversations).to_have_count(1)
    expect(search.get_by_label("Answers")).to_have_value("false")
    search.get_by_label("Rating").select_option("Found helpful")
    expect(page.locator("#no-match")).to_be_visible()
    expect(conversations).to_have_count(0)
    # Back is the search before.
    page.go_back()
    expect(conversations).to_have_count(1)
    expect(search.get_by_label("Rating")).to_have_value("")
    search.get_by_label("Answers").select_option("All")
    search.get_by_label("Words").fill("BOOK")
    search.get_by_role("button", name="Search").click()
    expect(conversations).to_have_count(1)
    expect(conversations).to_contain_text(LOAN)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export all as JSON Lines").click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert download.value.suggested_filename == "conversations.jsonl"
    assert {line["content"] for line in lines if line["role"] == "user"} == {LOAN, KING}


def test_one_conversation_is_deleted_and_its_lead_stays(own):
    page = own.open("conversations")
    page.get_by_role("link", name=KING).click()
    page.wait_for_url("**/conversations/*/")
    own.window.made()
    messages = page.get_by_role("list", name="Messages").locator("> li")
    expect(messages).to_have_count(2)
    expect(messages.last).to_contain_text("Not found in the documents")
    page.get_by_role("button", name="Delete this conversation").click()
    expect(page.get_by_role("dialog", name="Delete this conversation?")).to_contain_text("Its 2 messages are deleted for good.")
    own.confirm("Cancel")
    expect(messages).to_have_count(2)
    page.get_by_role("button", name="Delete this conversation").click()
    own.confirm("Delete")
    expect(page.get_by_role("heading", name="The conversation is deleted")).to_be_visible()
    page.get_by_role("link", name="All conversations").click()
    own.window.made()
    expect(page.locator("#conversations > li")).to_have_count(1)
    assert [one["question"] for one in own.now("conversations/")["items"]] == [LOAN]
    assert [one["email"] for one in own.now("leads/")["items"]] == ["bo@example.org"]


def test_a_visitor_is_forgotten_with_what_was_left(own):
    page = own.open("conversations")
    page.get_by_role("link", name=KING).click()
    page.wait_for_url("**/conversations/*/")
    own.window.made()
    page.get_by_role("button", name="Forget this visitor").click()
    own.confirm("Cancel")
    assert len(own.now("conversations/")["items"]) == 2
    page.get_by_role("button", name="Forget this visitor").click()
    own.confirm("Forget this visitor")
    expect(page.get_by_role("heading", name="The visitor is forgotten")).to_be_visible()
    receipt = page.locator("dl.figures > div")
    expect(receipt).to_have_text(["Conversations1", "Messages2", "Leads1"])
    assert [one["question"] for one in own.now("conversations/")["items"]] == [LOAN] and own.now("leads/")["items"] == []


def test_a_person_is_forgotten_by_address(own):
    page = own.open("conversations")
    page.get_by_role("button", name="Forget a person").click()
    dialog = page.get_by_role("dialog", name="Forget a person")
    address, forget = dialog.get_by_label("E-mail address that the visitor left"), dialog.get_by_role("button", name="Forget this person")
    address.fill("nobody")
    forget.click()
    refused(address, "@")
    address.fill("bo@example.org")
    forget.click()
    expect(dialog).to_contain_text("Deleted: 1 conversation, 2 messages, 1 lead.")
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("#conversations > li")).to_have_count(1)
    own.window.made()
    assert [one["question"] for one in own.now("conversations/")["items"]] == [LOAN] and own.now("leads/")["items"] == []
    # Of somebody who is not known nothing goes.
    page.get_by_role("button", name="Forget a person").click()
    address.fill("somebody@example.org")
    forget.click()
    expect(dialog).to_contain_text("Deleted: 0 conversations, 0 messages, 0 leads.")
    assert len(own.now("conversations/")["items"]) == 1


def test_leads_are_taken_away_and_deleted(own):
    page = own.open("leads")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert download.value.suggested_filename == "leads.csv" and len(rows) == 1
    assert rows[0]["email"] == "bo@example.org" and rows[0]["name"] == "Bo, of =Orrin"
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON Lines").click()
    [line] = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert line["email"] == "bo@example.org" and line["name"] == "Bo, of =Orrin"
    lead = page.locator("#leads > li")
    lead.get_by_role("button", name="Delete").click()
    own.confirm("Cancel")
    expect(lead).to_have_count(1)
    lead.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete this lead?")).to_contain_text("The conversation stays.")
    own.confirm("Delete")
    expect(lead).to_have_count(0)
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()
    expect(page.get_by_role("button", name="Export as CSV")).to_be_hidden()
    own.reload()
    expect(lead).to_have_count(0)
    assert own.now("leads/")["items"] == [] and len(own.now("conversations/")["items"]) == 2


def test_an_answer_names_its_source_however_many_there_are(bobbin, visit):
    own = Room(bobbin, visit, "conny-many")
    for number in range(101):
        if number % 50 == 0:
            bobbin.forget_limits()
        bobbin.call("POST", f"{own.api}sources/", {"source_type": "file", "name": f"Leaf {number}", "text": f"Leaf {number}."}, own.token)
    page = own.open("talk")
    ask(page, "How long may a book be kept?")
    expect(page.locator("#why")).to_contain_text("Lending")
    expect(page.locator("#why")).not_to_contain_text("A source that is gone")
    conversation = own.now("conversations/")["items"][0]["id"]
    page = own.window.open(f"/chatbots/{own.chatbot}/conversations/{conversation}/")
    page.get_by_role("button", name="Why this answer").click()
    expect(page.get_by_role("dialog")).to_contain_text("Lending")
    expect(page.get_by_role("dialog")).not_to_contain_text("A source that is gone")
