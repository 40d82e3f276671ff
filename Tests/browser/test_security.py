"""What an account's owner changes of the account itself: name, password and address, each with its proof and with what ends by it."""
import json

import pytest
from conftest import PASSWORD
from playwright.sync_api import expect

from rooms import refused, save

FRESH = "eleven herons on the weir"


def sign_in_with(bobbin, email, password):
    bobbin.forget_limits()
    return bobbin.call("POST", "/api/auth/login", {"email": email, "password": password, "delivery": "body"})["access_token"]


def test_a_password_is_changed_and_other_sessions_end(bobbin, visit):
    email, _ = bobbin.account("petra-p")
    window, other = visit(), visit()
    window.sign_in(email)
    other.sign_in(email)
    page = window.open("/account/")
    # This window, the other one, and the test's own token.
    expect(page.locator("#sessions > li")).to_have_count(3)
    form = page.locator("#password")
    current, new = form.get_by_label("Present password"), form.get_by_label("New password")
    change = form.get_by_role("button", name="Change the password")
    change.click()
    refused(current, "fill out")
    current.fill("not the password of hers")
    new.press_sequentially("short")
    change.click()
    refused(new, "8 characters")
    new.fill(FRESH)
    change.click()
    expect(form.get_by_role("alert")).to_have_text("Give the present password.")
    assert sign_in_with(bobbin, email, PASSWORD)
    current.fill(PASSWORD)
    change.click()
    expect(page.locator("#toasts")).to_contain_text("The password is changed. Your other sessions have ended.")
    expect(current).to_have_value("")
    expect(new).to_have_value("")
    expect(page.locator("#sessions > li")).to_have_count(1)
    expect(page.locator("#sessions > li")).to_contain_text("This one")
    # This window goes on, the other one is out.
    page.reload()
    window.made()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account and security")
    other.page.goto("/account/")
    other.page.wait_for_url("**/login**")
    with pytest.raises(AssertionError, match="401"):
        sign_in_with(bobbin, email, PASSWORD)
    other.sign_in(email, FRESH)


def test_a_name_is_changed(bobbin, visit):
    email, token = bobbin.account("nele")
    window = visit()
    window.sign_in(email)
    page = window.open("/account/")
    form = page.locator("#person")
    save(form)
    expect(page.locator("#toasts")).to_contain_text("Nothing has changed.")
    form.get_by_label("Name").fill("Nele of Orrin")
    save(form)
    expect(page.locator("#toasts .toast").last).to_contain_text("Saved.")
    expect(page.locator("#me-name")).to_have_text("Nele of Orrin")
    page.reload()
    window.made()
    expect(form.get_by_label("Name")).to_have_value("Nele of Orrin")
    assert bobbin.call("GET", "/api/auth/me", token=token)["name"] == "Nele of Orrin"


def test_an_address_is_changed_by_its_letter(bobbin, visit):
    email, token = bobbin.account("tom")
    taken, _ = bobbin.account("tina")
    fresh = "tom-new@example.org"
    window = visit()
    window.sign_in(email)
    page = window.open("/account/")
    form = page.locator("#person")
    address, proof = form.get_by_label("Email"), form.get_by_label("Password, to change the address")
    expect(proof).to_be_hidden()
    address.fill("no address")
    save(form)
    refused(address, "@")
    address.fill(fresh)
    expect(proof).to_be_visible()
    save(form)
    expect(form.get_by_role("alert")).not_to_be_empty()
    proof.fill("not the password of his")
    save(form)
    expect(form.get_by_role("alert")).to_have_text("Give the present password.")
    assert bobbin.letters(fresh, "verify") == []
    proof.fill(PASSWORD)
    save(form)
    expect(page.locator("#toasts")).to_contain_text("Saved. Open the link in the letter to the new address.")
    # Until the letter is opened the old address holds.
    letter = bobbin.letter(fresh, "verify")
    assert sign_in_with(bobbin, email, PASSWORD)
    assert bobbin.call("GET", "/api/auth/me", token=token)["email"] == email
    with pytest.raises(AssertionError, match="401"):
        sign_in_with(bobbin, fresh, PASSWORD)
    page.goto(f"/verify#token={letter}")
    expect(page.locator("#message")).to_contain_text("Your address is confirmed")
    with pytest.raises(AssertionError, match="401"):
        sign_in_with(bobbin, email, PASSWORD)
    window.sign_in(fresh)
    window.open("/account/")
    expect(address).to_have_value(fresh)
    # Another's address is not taken over.
    address.fill(taken)
    proof.fill(PASSWORD)
    save(form)
    expect(form.locator(".alert:not(:empty), .field-error").or_(page.locator("#toasts .toast")).first).to_be_visible()
    assert bobbin.call("GET", "/api/auth/me", token=sign_in_with(bobbin, fresh, PASSWORD))["email"] == fresh
    assert sign_in_with(bobbin, taken, PASSWORD)


def test_a_key_and_other_sessions_are_ended(bobbin, visit):
    email, token = bobbin.account("kuno")
    window, other = visit(), visit()
    window.sign_in(email)
    other.sign_in(email)
    page = window.open("/account/")
    save_key = page.get_by_role("button", name="Make a key")
    save_key.click()
    refused(page.get_by_label("Name of a new key"), "fill out")
    page.get_by_label("Name of a new key").fill("Shop")
    save_key.click()
    key = page.locator("#made-key code").inner_text()
    assert bobbin.call("GET", "/api/chatbots/", token=key)["items"] == []
    # It is shown this once.
    page.reload()
    window.made()
    keys = page.locator("#keys > li")
    expect(keys).to_contain_text(["Shop"])
    expect(page.locator("#made-key")).to_have_count(0)
    assert key not in page.content()
    keys.get_by_role("button", name="End").click()
    page.get_by_role("dialog", name="End the key “Shop”?").get_by_role("button", name="Cancel").click()
    expect(keys).to_have_count(1)
    keys.get_by_role("button", name="End").click()
    page.get_by_role("dialog").get_by_role("button", name="End the key").click()
    expect(keys).to_have_count(0)
    with pytest.raises(AssertionError, match="401"):
        bobbin.call("GET", "/api/chatbots/", token=key)
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/login")
    other.page.goto("/account/")
    other.page.wait_for_url("**/login**")
    with pytest.raises(AssertionError, match="401"):
        bobbin.call("GET", "/api/auth/sessions/", token=token)


def test_the_data_of_an_account_is_downloaded(bobbin, visit):
    email, token = bobbin.account("dana")
    bobbin.call("POST", "/api/chatbots/", {"name": "Books of Dana"}, token)
    window = visit()
    window.sign_in(email)
    page = window.open("/account/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    data = json.loads(download.value.path().read_text())
    assert download.value.suggested_filename == "bobbin-account.json"
    assert data["account"]["email"] == email and [one["name"] for one in data["chatbots"]] == ["Books of Dana"]
    assert len(data["sessions"]) == 2
