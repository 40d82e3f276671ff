"""The account's own page: where one is signed in, keys, and the end of it."""
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
