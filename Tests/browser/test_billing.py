"""Buying a plan: to Stripe's page and back, the plan that begins, and what a smaller one pauses. Stripe is the stand-in of Tests/peers."""
import os
import pathlib
import subprocess
import urllib.request

import pytest
from conftest import Bobbin, ROOT, Visit, wait_until
from playwright.sync_api import expect

SECRET = "whsec_browser"


@pytest.fixture
def stripe():
    python = ROOT / ".build" / "test-venv" / "bin" / "python"
    assert python.exists(), "run Tests/peers/install.sh"
    peer = subprocess.Popen(
        [python, ROOT / "Tests" / "peers" / "stripe_fake.py", SECRET], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    peer.base = f"http://127.0.0.1:{peer.stdout.readline().strip()}"
    yield peer
    peer.stdin.close()
    peer.wait(20)


@pytest.fixture
def shop(stripe):
    settings = {
        "BOBBIN_STRIPE_URL": stripe.base, "BOBBIN_STRIPE_KEY": "sk_test_fake", "BOBBIN_STRIPE_WEBHOOK_SECRETS": SECRET,
        "BOBBIN_STRIPE_PRICES": "price_pro=pro,price_enterprise=enterprise", "BOBBIN_PLAN_PRICES": "pro=€29 a month"}
    with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "shop", settings) as server:
        stripe.stdin.write(f"{server.base}/api/webhooks/stripe/\n")
        stripe.stdin.flush()
        assert stripe.stdout.readline().strip() == "ready"
        yield server


def test_a_plan_is_bought_and_one_that_ends_pauses_what_is_too_much(chromium, shop, stripe):
    email, token = shop.account("petra", plan="free")
    window = Visit(chromium, shop)
    window.sign_in(email)
    page = window.open("/billing/")
    expect(page.locator("#buying button")).to_have_count(2)
    expect(page.locator("text=Manage payments")).to_have_count(0)
    page.click("text=Choose Pro")
    # Stripe's own page; the stand-in takes the money when it is opened.
    page.wait_for_url(f"{stripe.base}/pay/*")
    page = window.open("/billing/?checkout=left")
    expect(page.locator("#payment")).to_have_text("Nothing was bought.")
    page = window.open("/billing/?checkout=done")
    expect(page.locator("#payment")).to_have_text("Thank you. The plan is Pro now.")
    assert page.url == f"{shop.base}/billing/"
    expect(page.locator("#usage .badge")).to_have_text("Pro")
    expect(page.locator("#buying button")).to_have_text(["Manage payments"])
    page.click("text=Manage payments")
    page.wait_for_url(f"{stripe.base}/portal/*")

    for name in ("Harbour", "Orchard"):
        shop.call("POST", "/api/chatbots/", {"name": name}, token)
    ask = urllib.request.Request(f"{stripe.base}/v1/subscriptions?status=all&limit=100", headers={"Authorization": "Bearer sk_test_fake"})
    with urllib.request.urlopen(ask) as answer:
        bought = answer.read().decode().split('"sub_')[1].split('"')[0]
    urllib.request.urlopen(urllib.request.Request(
        f"{stripe.base}/v1/subscriptions/sub_{bought}", headers={"Authorization": "Bearer sk_test_fake"}, method="DELETE")).close()
    wait_until(lambda: shop.call("GET", "/api/billing/plan/", token=token)["tier"] == "free", "the plan to end")
    page = window.open("/chatbots/")
    expect(page.locator("article.chatbot", has_text="Orchard").locator(".badge")).to_have_text("Paused")
    expect(page.locator("article.chatbot", has_text="Harbour").locator(".badge")).not_to_have_text("Paused")
    page = window.open("/billing/")
    expect(page.locator("#buying button")).to_have_text(["Choose Pro, €29 a month", "Choose Enterprise", "Manage payments"])
    expect(page.locator("#plans tbody tr").first).to_have_text("Price–€29 a month–")
    # The stand-in's pages are its own: what is not there of theirs is no fault of ours.
    problems = [problem for problem in window.take_problems() if stripe.base not in problem]
    assert not problems
    window.context.close()
