"""Accounts, through the pages and the letters."""
from conftest import PASSWORD


def test_an_account_is_made_proved_used_and_left(bobbin, visit):
    bobbin.write("DELETE FROM rate_limits")
    window = visit()
    page, email = window.page, "cleo@example.org"
    page.goto("/")
    page.click("text=Create an account")
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
