"""What an owner sees of what was read: the price beside the button, how a site is read and how that is changed, the passages of a document,
and what changed in a text between two trainings."""
from playwright.sync_api import expect

from conftest import SHOTS, wait_until

BEFORE = """<!doctype html><html lang=en><title>Ferry</title><main><h1>Ferry</h1><p>The ferry to Orrin takes forty minutes. It leaves at
nine in the morning. A ticket costs six euros.</p></main></html>"""
AFTER = BEFORE.replace("at\nnine in the morning", "at\nten in the morning")


def test_a_site_is_read_differently_and_its_changes_are_seen(bobbin, owner, site, visit):
    site.pages["/ferry"] = (BEFORE, {})
    bobbin.forget_limits()
    chatbot = bobbin.call("POST", "/api/chatbots/", {"name": "Ferry"}, owner.token)["id"]
    source = bobbin.call(
        "POST", f"/api/chatbots/{chatbot}/sources/", {"source_type": "url", "source_url": f"{site.base}/ferry"}, owner.token)["id"]
    window = visit()
    page = window.page
    window.sign_in(owner.email)
    window.open(f"/chatbots/{chatbot}/sources/")
    # What the training takes, before it is begun.
    expect(page.locator("#training-estimate")).to_contain_text("reads 1 document")
    page.click("#train")
    row = page.locator("#sources > li")
    expect(row.get_by_text("Live")).to_be_visible(timeout=120_000)
    expect(row).to_contain_text("last read")
    expect(page.locator("#training-estimate")).to_be_hidden()

    # How it is read, changed and kept.
    row.get_by_role("button", name="Change reading").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Only this page")).to_be_checked()
    expect(dialog.get_by_label("Pages at most")).to_be_hidden()
    dialog.get_by_label("This page and what it links to").check()
    dialog.get_by_label("Pages at most").fill("7")
    dialog.get_by_label("No addresses with").fill("/archive/\n/old/")
    dialog.get_by_label("Read it again by itself").select_option("week")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("read again every week")
    crawl = bobbin.call("GET", f"/api/chatbots/{chatbot}/sources/{source}/", token=owner.token)["crawl"]
    assert crawl == {"depth": 1, "max_pages": 7, "include": [], "exclude": ["/archive/", "/old/"], "every": "week"}, crawl
    page.reload()
    row.get_by_role("button", name="Change reading").click()
    expect(page.get_by_role("dialog").get_by_label("Pages at most")).to_have_value("7")
    page.keyboard.press("Escape")

    # The page says something else by now.
    site.pages["/ferry"] = (AFTER, {})
    row.get_by_role("button", name="Read again").click()
    generations = f"/api/chatbots/{chatbot}/generations/"
    wait_until(lambda: len(bobbin.call("GET", generations, token=owner.token)["items"]) == 2, "the second generation", 120)
    window.open(f"/chatbots/{chatbot}/generations/")
    page.get_by_role("button", name="Show what changed in generation 2").click()
    page.get_by_role("dialog").get_by_role("button", name="What changed").click()
    changes = page.get_by_role("region", name="What changed in the text")
    expect(changes.locator("del")).to_have_text("It leaves at nine in the morning.")
    expect(changes.locator("ins")).to_have_text("It leaves at ten in the morning.")
    expect(changes).to_contain_text("A ticket costs six euros.")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "text-changes.png", animations="disabled")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    # Its passages, each with its place.
    [document] = bobbin.call("GET", f"/api/chatbots/{chatbot}/documents/", token=owner.token)["items"]
    window.open(f"/chatbots/{chatbot}/documents/{document['id']}/")
    expect(page.get_by_role("heading", name="1 passage")).to_be_visible()
    page.get_by_text("Passage 1", exact=True).click()
    expect(page.locator("#chunks")).to_contain_text("It leaves at ten in the morning.")
    page.screenshot(path=SHOTS / "passages.png", full_page=True, animations="disabled")
