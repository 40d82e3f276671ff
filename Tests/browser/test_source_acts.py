"""What an owner does with sources: drops files on the page, tries again what failed, renames, finds, and removes, each with what the server
makes of it. And one document that is under way: put aside, let go on, skipped."""
import os
import pathlib
import re

from conftest import PASSWORD, wait_until
from playwright.sync_api import expect

from rooms import Quiet, Room, refused
from test_journey import ask

PAGE = """<!doctype html><html lang=en><title>Late</title><main><h1>Late</h1><p>The late page of the library says that the reading lamps
are lit with green oil, and that nobody else in Orrin does so.</p></main></html>"""
QUESTION = "How long may a book be kept?"


def drop(page, onto, files):
    """Drops files, {name: (kind, text)}, as a hand would: over it, then let go. Gives whether the page took them."""
    data = page.evaluate_handle(
        """files => {
          const data = new DataTransfer();
          for (const [name, [type, text]] of Object.entries(files)) data.items.add(new File([text], name, { type }));
          return data;
        }""", {name: list(file) for name, file in files.items()})
    target = page.locator(onto)
    target.dispatch_event("dragenter", {"dataTransfer": data})
    target.dispatch_event("dragover", {"dataTransfer": data})
    over = "over" in (target.get_attribute("class") or "").split()
    target.dispatch_event("drop", {"dataTransfer": data})
    return over


def names(own):
    return sorted(one["name"] for one in own.now("sources/")["items"])


def test_files_are_dropped_on_the_page(bobbin, visit):
    own = Room(bobbin, visit, "dario")
    page = own.open("sources")
    sources = page.locator("#sources > li")
    page.get_by_role("button", name="Add a source").click()
    assert drop(page, "#drop", {
        "fees.txt": ("text/plain", "A reminder costs two euros."), "hours.md": ("text/markdown", "# Hours\n\nAt ten."),
        "photo.jpg": ("image/jpeg", "no picture"), "empty.txt": ("text/plain", "")})
    expect(page.locator("#drop")).not_to_have_class("drop over")
    expect(sources).to_have_count(3)
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads).to_have_count(2)
    expect(uploads.filter(has_text="photo.jpg")).to_contain_text("This kind of file cannot be read.")
    expect(uploads.filter(has_text="empty.txt")).to_contain_text("The file is empty.")
    page.get_by_role("button", name="Dismiss photo.jpg").click()
    expect(uploads).to_have_count(1)
    assert names(own) == ["Lending", "fees.txt", "hours.md"]
    # One that misses the box adds nothing and leaves the page as it is.
    drop(page, "#count", {"stray.txt": ("text/plain", "Stray.")})
    expect(page).to_have_url(f"{bobbin.base}/chatbots/{own.chatbot}/sources/")
    # What is dropped as private is private.
    page.locator("#add-box").get_by_text("Learn only").first.click()
    drop(page, "#drop", {"secret.txt": ("text/plain", "The safe stands behind the atlas.")})
    expect(sources).to_have_count(4)
    own.reload()
    expect(sources).to_have_count(4)
    found = {one["name"]: one["is_citable"] for one in own.now("sources/")["items"]}
    assert found == {"Lending": True, "fees.txt": True, "hours.md": True, "secret.txt": False}
    # The same once more is told, and is not there twice.
    page.get_by_role("button", name="Add a source").click()
    drop(page, "#drop", {"fees.txt": ("text/plain", "A reminder costs two euros.")})
    expect(uploads).to_contain_text(["The chatbot has this already."])
    expect(sources).to_have_count(4)
    page.click("#train")
    expect(page.locator("#training-words")).to_contain_text("passages can answer", timeout=120_000)
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, "What does a reminder cost?")).to_contain_text("two euros")
    expect(ask(stranger, "Where does the safe stand?")).not_to_contain_text("atlas")


def test_files_that_are_too_many_at_once_go_on_by_themselves(bobbin, visit):
    """The server's answer to one too many stands in for the sixty in an hour that it takes."""
    own = Room(bobbin, visit, "dunja")
    page = own.open("sources")
    sent = []

    def few(route):
        if route.request.method != "POST":
            return route.fallback()
        sent.append(route)
        if len(sent) == 3:
            return route.fulfill(status=429, headers={"Retry-After": "3"}, json={"code": "rate-limited", "title": "Too many requests"})
        return route.fallback()

    page.route("**/sources/", few)
    page.get_by_role("button", name="Add a source").click()
    drop(page, "#drop", {f"leaf-{number}.txt": ("text/plain", f"Leaf number {number}.") for number in range(6)})
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.first).to_contain_text(re.compile(r"Waits until \d\d:\d\d"))
    expect(page.locator("#uploads-wait")).to_contain_text("files wait and will be sent without your doing")
    # One of them is given up, the others need nobody.
    page.get_by_role("button", name="Cancel leaf-5.txt").click()
    expect(uploads).to_have_count(0)
    expect(page.locator("#uploads-wait")).to_be_hidden()
    assert names(own) == ["Lending", *(f"leaf-{number}.txt" for number in range(5))]


def test_files_outlive_the_session(bobbin, visit):
    own = Room(bobbin, visit, "dorle")
    page = own.open("sources")
    page.get_by_role("button", name="Add a source").click()
    bobbin.call("POST", "/api/auth/logout-all", {}, own.token)
    drop(page, "#drop", {"leaf.txt": ("text/plain", "A leaf.")})
    row = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(row).to_contain_text("Your session has ended. Sign in again in another tab, then try again here.")
    other = own.window.context.new_page()
    bobbin.forget_limits()
    other.goto("/login")
    other.fill("#email", own.email)
    other.fill("#password", PASSWORD)
    other.click("button[type=submit]")
    other.wait_for_url("**/chatbots/")
    row.get_by_role("button", name="Try again").click()
    expect(row).to_have_count(0)
    own.token = bobbin.token(own.email)
    assert names(own) == ["Lending", "leaf.txt"]


def test_what_was_not_sent_is_tried_again_all_at_once(bobbin, visit):
    own = Room(bobbin, visit, "dunya")
    page = own.open("sources")
    page.get_by_role("button", name="Add a source").click()
    page.route("**/sources/", lambda route: route.abort())
    drop(page, "#drop", {f"leaf-{number}.txt": ("text/plain", f"Leaf number {number}.") for number in range(3)})
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.get_by_role("button", name="Try again")).to_have_count(3)
    page.unroute("**/sources/")
    page.get_by_role("button", name="Try all again").click()
    expect(uploads).to_have_count(0)
    expect(page.get_by_role("button", name="Try all again")).to_be_hidden()
    assert names(own) == ["Lending", *(f"leaf-{number}.txt" for number in range(3))]
    own.window.take_problems()


def test_the_step_of_sources_keeps_what_was_chosen_and_asks_about_what_was_not_added(bobbin, visit):
    own = Room(bobbin, visit, "dalia")
    page = own.window.open(f"/chatbots/{own.chatbot}/setup/sources/")
    form = page.locator("#add-page")
    page.get_by_text("Web page", exact=True).click()
    form.get_by_label("Address of the page").fill("example.com/help")
    form.get_by_text("This page and what it links to").click()
    form.get_by_label("Follow links how many steps?").fill("2")
    form.get_by_label("Pages at most").fill("7")
    form.get_by_label("Only addresses with").fill("/help/")
    form.get_by_label("Read it again by itself").select_option("week")
    own.reload()
    expect(form.get_by_label("Address of the page")).to_have_value("example.com/help")
    expect(form.locator("[name=reach][value=links]")).to_be_checked()
    expect(form.get_by_label("Follow links how many steps?")).to_have_value("2")
    expect(form.get_by_label("Pages at most")).to_have_value("7")
    expect(form.get_by_label("Only addresses with")).to_have_value("/help/")
    expect(form.get_by_label("Read it again by itself")).to_have_value("week")

    # What stands in a form is not left behind without a word.
    page.get_by_text("Files", exact=True).click()
    page.get_by_role("link", name="Next: privacy").click()
    dialog = page.get_by_role("dialog", name="Go on without adding this?")
    expect(dialog).to_contain_text("“example.com/help” is written in the form but not added.")
    own.confirm("Back to the form")
    expect(form.get_by_role("button", name="Add the page")).to_be_focused()
    page.get_by_role("link", name="Next: privacy").click()
    own.confirm("Go on without it")
    page.wait_for_url("**/setup/privacy/")
    page.go_back()
    own.window.made()
    form.get_by_role("button", name="Add the page").click()
    expect(page.locator("#sources > li")).to_have_count(2)
    crawl = own.now("sources/")["items"][0]["crawl"]
    assert (crawl["depth"], crawl["max_pages"], crawl["include"], crawl["every"]) == (2, 7, ["/help/"], "week")
    # What was added is not written there any more.
    own.reload()
    expect(form.get_by_label("Address of the page")).to_have_value("")
    page.get_by_role("link", name="Next: privacy").click()
    page.wait_for_url("**/setup/privacy/")

    # On the page of sources: learn only stays chosen, and what was begun is in sight.
    page = own.open("sources")
    page.get_by_role("button", name="Add a source").click()
    page.locator("#add-box").get_by_text("Learn only").first.click()
    page.locator("#kinds").get_by_text("Text").click()
    page.locator("#text-text").fill("The cellar is damp.")
    own.reload()
    expect(page.locator("#text-text")).to_have_value("The cellar is damp.")
    expect(page.locator("#text-text")).to_be_visible()
    expect(page.locator("[name=citable][value=false]")).to_be_checked()


def test_a_source_is_removed_with_its_confirmation(bobbin, visit):
    own = Room(bobbin, visit, "remo", texts={"Lending": "A book may be kept for three weeks.", "Fees": "A reminder costs two euros."})
    page = own.open("sources")
    sources = page.locator("#sources > li")
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, QUESTION)).to_contain_text("three weeks")
    page.get_by_role("button", name="Remove: Lending").click()
    dialog = page.get_by_role("dialog", name="Remove “Lending”?")
    expect(dialog).to_contain_text("Answers stop using its 1 document at once. It is erased from the disk within a day, and with it the earlier generations that hold it.")
    own.confirm("Cancel")
    expect(dialog).to_have_count(0)
    expect(sources).to_have_count(2)
    assert names(own) == ["Fees", "Lending"]
    page.get_by_role("button", name="Remove: Lending").click()
    own.confirm("Remove")
    expect(sources).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("1 document with 1 passage left the answers; the bytes are gone by")
    # The keyboard is at what stands beside it.
    expect(sources.locator("button:focus")).to_have_count(1)
    assert names(own) == ["Fees"]
    expect(ask(stranger, QUESTION)).not_to_contain_text("three weeks")
    own.reload()
    expect(sources).to_have_count(1)
    expect(page.locator("#count")).to_contain_text("1 of")
    page.get_by_role("button", name="Remove: Fees").click()
    own.confirm("Remove")
    expect(page.get_by_role("heading", name="Nothing to read yet")).to_be_visible()
    assert names(own) == []


def test_what_failed_is_tried_again(bobbin, site, visit):
    site.pages["/late"] = ("", {})
    own = Room(bobbin, visit, "rena")
    made = bobbin.call("POST", f"{own.api}sources/", {"source_type": "url", "source_url": f"{site.base}/late"}, own.token)
    bobbin.call("POST", f"{own.api}train/", {}, own.token)
    wait_until(lambda: own.now(f"sources/{made['id']}/")["documents"]["failed"] == 1, "the page to fail", 120)
    page = own.open("sources")
    late = page.locator(f"#source-{made['id']}")
    expect(late.locator(".reason")).not_to_be_empty()
    again = late.get_by_role("button", name="Retry what failed")
    expect(again).to_be_visible()
    expect(page.locator("#untrained")).to_contain_text("1 source could not be read; the next training tries again.")
    site.pages["/late"] = (PAGE, {})
    again.click()
    expect(page.locator("#toasts")).to_contain_text("What failed is read again.")
    expect(late.locator(".source-name .badge")).to_have_text("Live", timeout=120_000)
    expect(late.locator(".reason")).to_have_count(0)
    expect(again).to_be_hidden()
    expect(page.locator("#untrained")).to_be_hidden()
    own.reload()
    expect(late.locator(".source-name .badge")).to_have_text("Live")
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, "With what are the reading lamps lit?")).to_contain_text("green oil")

    # Read again, it says what the page says now.
    site.pages["/late"] = (PAGE.replace("green oil", "blue gas"), {})
    late.get_by_role("button", name="Read again").click()
    expect(page.locator("#toasts")).to_contain_text("It is read again.")
    wait_until(lambda: own.now("runs/")["items"][0]["state"] == "done" and len(own.now("runs/")["items"]) == 4, "the page to be read", 120)
    expect(ask(stranger, "With what are the reading lamps lit?")).to_contain_text("blue gas")


def test_a_source_is_renamed_and_found(bobbin, visit):
    own = Room(bobbin, visit, "rike", texts={name: f"{name} is a word of its own." for name in ("Lending", "Fees", "Hours", "Rooms")})
    page = own.open("sources")
    sources = page.locator("#sources > li:visible")
    page.get_by_role("button", name="Rename: Fees").click()
    dialog = page.get_by_role("dialog", name="Rename the source")
    dialog.get_by_label("Name").fill("")
    dialog.get_by_role("button", name="Save").click()
    refused(dialog.get_by_label("Name"), "fill out")
    dialog.get_by_label("Name").fill("Reminders")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(sources.filter(has_text="Reminders")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove: Reminders")).to_be_visible()
    own.reload()
    page.get_by_label("Find by name").fill("REMIN")
    expect(sources).to_have_count(1)
    expect(page.locator("#matches")).to_have_text("1 source of 4")
    page.get_by_label("Find by name").fill("nothing of that name")
    expect(page.locator("#matches")).to_have_text("No source matches.")
    page.get_by_label("Find by name").fill("")
    page.get_by_label("Show").select_option("Not trained yet")
    expect(sources).to_have_count(0)
    page.get_by_label("Show").select_option("Live")
    expect(sources).to_have_count(4)
    assert names(own) == ["Hours", "Lending", "Reminders", "Rooms"]


def test_a_document_under_way_is_put_aside_let_go_on_and_skipped(visit):
    with Quiet(pathlib.Path(os.environ["BROWSER_WORK"]) / "under-way") as server:
        email, token = server.account("uwe")
        api = f"/api/chatbots/{server.call('POST', '/api/chatbots/', {'name': 'Waiting room'}, token)['id']}/"
        server.call("POST", f"{api}sources/", {"source_type": "file", "name": "Fees", "text": "Two euros."}, token)
        server.call("POST", f"{api}train/", {}, token)
        [document] = server.call("GET", f"{api}documents/", token=token)["items"]
        window = visit(server)
        window.sign_in(email)
        page = window.open(f"{api.removeprefix('/api')}documents/{document['id']}/")
        state, acts = page.locator("#document-state"), page.locator("#document-actions")

        def now():
            return server.call("GET", f"{api}documents/{document['id']}/", token=token)["document"]["state"]

        def until(wanted):
            wait_until(lambda: now() == wanted, f"the document to be {wanted}")
            page.reload()
            window.made()

        expect(page.locator("#text")).to_contain_text("Its text is shown here once it is live.")
        acts.get_by_role("button", name="Put aside").click()
        expect(page.locator("#toasts")).to_contain_text("It waits until you let it go on.")
        until("held")
        expect(state).to_contain_text("Put aside")
        acts.get_by_role("button", name="Let it go on").click()
        expect(page.locator("#toasts")).to_contain_text("It goes on.")
        wait_until(lambda: now() != "held", "the document to go on")
        page.reload()
        window.made()
        acts.get_by_role("button", name="Skip").click()
        page.get_by_role("dialog", name="Skip").get_by_role("button", name="Cancel").click()
        assert now() not in ("held", "ended")
        acts.get_by_role("button", name="Skip").click()
        page.get_by_role("dialog", name="Skip").get_by_role("button", name="Skip").click()
        expect(page.locator("#toasts")).to_contain_text("It is left out of this training.")
        until("ended")
        expect(page.locator("#document-notice")).to_contain_text("Skipped, as you asked")
        expect(acts.get_by_role("button", name="Put aside")).to_have_count(0)
        window.context.close()


def test_a_card_leads_to_what_there_is_to_do(bobbin, site, visit):
    """One that has never answered goes on being made, or shows why it could not be trained; one that answers is talked to."""
    site.pages["/gone"] = ("", {})
    own = Room(bobbin, visit, "olive")
    made = {name: bobbin.call("POST", "/api/chatbots/", {"name": name}, own.token)["id"] for name in ("Empty shelf", "Lost page")}
    lost = f"/api/chatbots/{made['Lost page']}/"
    bobbin.call("POST", f"{lost}sources/", {"source_type": "url", "source_url": f"{site.base}/gone"}, own.token)
    bobbin.call("POST", f"{lost}train/", {}, own.token)
    wait_until(lambda: bobbin.call("GET", lost, token=own.token)["state"] == "failed", "the training to end", 120)
    for name, tab in (("Books of Olive", "talk"), ("Empty shelf", "setup/sources"), ("Lost page", "sources")):
        page = own.window.open("/chatbots/")
        page.get_by_role("link", name=name).click()
        page.wait_for_url(f"**/{tab}/")
    # What vectors of a source took, and what that costs: this server has prices.
    facts = own.open("sources").locator("#sources > li", has_text="Lending").locator(".facts")
    expect(facts).to_contain_text("11 tokens read, less than €0.01")
    assert own.now("sources/")["items"][0]["tokens_embedded"] > 0
