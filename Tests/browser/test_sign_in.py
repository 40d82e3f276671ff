"""Accounts, through the pages and the letters."""
from conftest import PASSWORD
from playwright.sync_api import expect


def test_an_account_is_made_proved_used_and_left(bobbin, visit):
    bobbin.write("DELETE FROM rate_limits")
    window = visit()
    page, email = window.page, "cleo@example.org"
    page.goto("/")
    page.click("text=Create an account")
    # Until its script is there, the browser itself refuses.
    page.wait_for_url("**/register")
    page.fill("#email", email)
    page.fill("#password", "short")
    page.click("button[type=submit]")
    assert page.locator(".field-error").count() == 1 and page.locator("#password").get_attribute("aria-invalid") == "true"
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#check-mail:not([hidden])")
    assert page.inner_text("#mail-address") == email
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector('text=Open the link in the letter')
    token = bobbin.letter(email, "verify")
    page.goto(f"/verify#token={token}")
    page.wait_for_selector("text=Your address is confirmed")
    # The token is out of the address at once.
    assert token not in page.url
    window.sign_in(email)
    page.click("#me summary")
    page.click("#sign-out")
    page.wait_for_url("**/login")
    page.goto("/chatbots/")
    page.wait_for_url("**/login?return_to=%2Fchatbots%2F")


def test_a_forgotten_password_is_chosen_anew(bobbin, visit):
    email, _ = bobbin.account("dora")
    window = visit()
    page = window.page
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", "not the password of hers")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert]:not(:empty)")
    page.click("text=Forgotten your password?")
    page.fill("#email", email)
    page.click("button[type=submit]")
    page.wait_for_selector("#sent:not([hidden])")
    page.goto(f"/reset#token={bobbin.letter(email, 'reset')}")
    page.fill("#password", "eleven herons on the weir")
    page.click("button[type=submit]")
    page.wait_for_selector("text=The password is set")
    window.sign_in(email, "eleven herons on the weir")


def test_a_link_that_was_used_says_how_the_address_stands(bobbin, visit):
    bobbin.forget_limits()
    email = "clio@example.org"
    bobbin.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD})
    link = f"/verify#token={bobbin.letter(email, 'verify')}"
    window = visit()
    page, message = window.page, window.page.locator("#message")
    page.goto(link)
    expect(message).to_contain_text("Your address is confirmed")
    visited = visit().page
    visited.goto(link)
    expect(visited.locator("#message")).to_contain_text("If you have opened it before, your address is confirmed already")
    expect(visited.locator("#message").get_by_role("link", name="sign in")).to_have_attribute("href", f"{bobbin.base}/login")
    # Who is signed in is told which address it is.
    window.sign_in(email)
    page.goto(link)
    expect(message).to_contain_text(f"Your address {email} is confirmed")
    # One that is not confirmed gets another letter at once.
    bobbin.write("UPDATE users SET email_verified = 0 WHERE email = ?", email)
    page.goto("/chatbots/")
    window.made()
    page.goto(link)
    message.get_by_role("button", name="Send another letter").click()
    expect(message).to_contain_text("It is on its way.")
    page.goto(f"/verify#token={bobbin.letter(email, 'verify', 2)}")
    expect(message).to_contain_text("Your address is confirmed")


def test_a_link_for_a_password_that_is_broken_or_used_leads_to_another(bobbin, visit):
    email, _ = bobbin.account("dorit")
    page = visit().page
    message, another = page.locator("#message"), page.get_by_role("link", name="Ask for another letter")
    bobbin.call("POST", "/api/auth/password/reset", {"email": email})
    token = bobbin.letter(email, "reset")
    # What a mail program has cut is told before anything is typed.
    page.goto(f"/reset#token={token[:20]}")
    expect(message).to_contain_text("This link is not whole.")
    expect(another).to_have_attribute("href", f"{bobbin.base}/forgot")
    expect(page.locator("#reset")).to_be_hidden()
    for words in ("The password is set", "This link was used or is too old"):
        page.goto(f"/reset#token={token}")
        page.fill("#password", "eleven herons on the weir")
        page.click("button[type=submit]")
        expect(message).to_contain_text(words)
        expect(page.locator("#reset")).to_be_hidden()
    expect(another).to_be_focused()
    another.click()
    page.wait_for_url("**/forgot")


def test_signing_in_leads_back_and_only_within_this_site(bobbin, owner, visit):
    for wanted, end in [("/billing/", "/billing/"), ("https://evil.example/", "/chatbots/"), ("//evil.example/", "/chatbots/"),
                        ("/\\evil.example/", "/chatbots/")]:
        page = visit().page
        page.goto("/login")
        page.evaluate("wanted => history.replaceState(null, '', '/login?return_to=' + encodeURIComponent(wanted))", wanted)
        page.fill("#email", owner.email)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        assert page.url.split("?")[0] == bobbin.base + end, wanted
