"""The account's own page: where one is signed in, keys, and the end of it."""
import json
import pathlib

import pytest
from conftest import PASSWORD
from playwright.sync_api import expect


def test_sessions_keys_and_the_end_of_an_account(bobbin, visit):
    email, _ = bobbin.account("emil")
    window = visit()
    window.sign_in(email)
    page = window.open("/account/")
    expect(page.locator("#sessions li")).to_have_count(2)
    page.fill("#key-name", "Web site")
    page.click("text=Make a key")
    key = page.inner_text("#made-key code")
    assert bobbin.call("GET", "/api/chatbots/", token=key)["items"] == []
    page.locator("#sessions button").first.click()
    expect(page.locator("#sessions li")).to_have_count(1)
    page.fill("#removal-field", PASSWORD)
    page.click("text=Delete my account…")
    page.fill("#confirm-word", email)
    page.click("text=Delete everything")
    page.wait_for_url("**/login")
    with pytest.raises(AssertionError, match="401"):
        bobbin.token(email)


def test_an_owner_takes_along_what_is_theirs(bobbin, visit):
    email, token = bobbin.account("frieda")
    chatbot = bobbin.chatbot(token, "Harbour", {"about.txt": "Skerry is a harbour with a lighthouse."})
    bobbin.call("POST", f"/api/chat/{chatbot}/", {"message": "What is Skerry?"}, token)
    bobbin.call("POST", f"/api/chatbots/{chatbot}/guidance/", {"text": "The lighthouse can be seen on Sundays."}, token)
    window = visit()
    window.sign_in(email)
    page = window.open("/account/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    found = json.loads(pathlib.Path(download.value.path()).read_text())
    assert found["account"]["email"] == email and "usage" in found and "plan" in found
    [mine] = found["chatbots"]
    assert mine["name"] == "Harbour" and [source["name"] for source in mine["sources"]] == ["about.txt"]
    assert [line["text"] for line in mine["guidance"]] == ["The lighthouse can be seen on Sundays."]
    assert "What is Skerry?" in [message["content"] for message in mine["conversations"]]
    assert mine["leads"] == []
