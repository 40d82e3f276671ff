"""What an owner keeps private, and what is let out on purpose: the switch of a source there and back, how private text is used, lines with
their approval, and the leak test by its button, with the report it leaves."""
import re

from conftest import wait_until
from playwright.sync_api import expect

from rooms import LENDING, Room, refused
from test_journey import ask

QUESTION = "How long may a book be kept?"
WORKSHOP = "The workshop of the library in Tannery Lane binds books again with thread of linen on Thursdays."

BINDING = """<!doctype html><html lang=en><title>Binding</title><main><h1>Binding</h1><p>The workshop of the library in Tannery Lane binds
books again on Thursdays, with thread of {}, and nobody else in Orrin knows how it is done.</p></main></html>"""


def listen(own):
    """The room's page of privacy, with a source that is learn only."""
    source = next(one for one in own.now("sources/")["items"] if one["name"] == "Workshop")
    own.bobbin.call("PATCH", f"{own.api}sources/{source['id']}/", {"is_citable": False}, own.token)
    return own.open("privacy")


def two(bobbin, visit, name):
    return Room(bobbin, visit, name, texts={"Lending": LENDING, "Workshop": WORKSHOP})


def is_citable(own, name):
    return next(one["is_citable"] for one in own.now("sources/")["items"] if one["name"] == name)


def test_a_source_becomes_private_and_may_be_quoted_again(bobbin, visit):
    own = two(bobbin, visit, "priya")
    page = own.open("privacy")
    private, public = page.locator("#private > li"), page.locator("#public > li")
    expect(page.locator("#no-private")).to_be_visible()
    expect(page.locator("#leak-none")).to_be_visible()
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, QUESTION)).to_contain_text("three weeks")
    page.get_by_text("2 citable sources").click()
    expect(public).to_have_count(2)
    lending = page.get_by_role("group", name="May answers quote “Lending”?")
    lending.get_by_text("Learn only").click()
    expect(page.locator("#toasts")).to_contain_text("“Lending” is not quoted any more.")
    expect(private).to_have_count(1)
    expect(private).to_contain_text("Lending")
    expect(public).to_have_count(1)
    expect(page.locator("#no-private")).to_be_hidden()
    assert not is_citable(own, "Lending")
    answer = ask(stranger, QUESTION)
    expect(answer).not_to_contain_text("three weeks")
    expect(answer.locator("button.chat-chip")).to_have_count(0)
    own.reload()
    expect(private).to_contain_text("Lending")
    expect(lending.get_by_label("Learn only")).to_be_checked()
    expect(page.locator("#public-title")).to_have_text("1 citable source")
    # Its name leads to it.
    expect(private.get_by_role("link", name="Lending")).to_have_attribute("href", f"{bobbin.base}/chatbots/{own.chatbot}/sources/#source-"
                                                                          + own.now("sources/")["items"][-1]["id"])

    lending.get_by_text("Citable").click()
    expect(page.locator("#toasts")).to_contain_text("Answers may quote “Lending” from now on.")
    expect(private).to_have_count(0)
    expect(page.locator("#public-title")).to_be_focused()
    assert is_citable(own, "Lending")
    own.reload()
    expect(page.locator("#public-title")).to_have_text("2 citable sources")
    expect(page.locator("#no-private")).to_be_visible()
    expect(ask(stranger, QUESTION)).to_contain_text("three weeks")


def test_the_keyboard_stays_where_a_source_went(bobbin, visit):
    own = two(bobbin, visit, "pilar")
    page = own.open("privacy")
    page.get_by_text("2 citable sources").click()
    page.get_by_role("group", name="May answers quote “Lending”?").get_by_text("Learn only").click()
    expect(page.locator("#private > li")).to_have_count(1)
    assert page.evaluate("() => document.activeElement.closest('#private, #public') !== null")


def test_blended_is_chosen_with_a_warning_and_left_without(bobbin, visit):
    own = two(bobbin, visit, "bruno")
    page = own.open("privacy")
    modes = page.get_by_role("group", name="Mode")
    strict, blended = (modes.get_by_role("radio", name=re.compile(f"^{name}")) for name in ("Strict", "Blended"))
    expect(strict).to_be_checked()
    blended.check()
    dialog = page.get_by_role("dialog", name="Let the language model read learn-only text?")
    expect(dialog).to_contain_text("Its ideas can then appear in answers")
    own.confirm("Cancel")
    expect(strict).to_be_checked()
    expect(page.locator("#mode-said")).to_be_empty()
    # Escape is no as well.
    blended.check()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(strict).to_be_checked()
    assert own.now()["privacy_mode"] == "strict"
    blended.check()
    own.confirm("Use blended")
    expect(page.locator("#mode-said")).to_have_text("Saved: blended from the next answer on.")
    expect(blended).to_be_checked()
    own.reload()
    expect(blended).to_be_checked()
    assert own.now()["privacy_mode"] == "blended"
    strict.check()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#mode-said")).to_have_text("Saved: strict from the next answer on.")
    own.reload()
    expect(strict).to_be_checked()
    assert own.now()["privacy_mode"] == "strict"


def test_a_line_is_written_approved_changed_taken_back_and_removed(bobbin, visit):
    own = two(bobbin, visit, "gesa")
    page = listen(own)

    def kept():
        return [(line["text"], line["state"]) for line in own.now("guidance/")["items"]]

    form, lines = page.locator("#guidance-form"), page.locator("#guidance > li")
    line, said = form.get_by_label("Line"), form.get_by_role("status")
    expect(page.locator("#no-guidance")).to_be_visible()
    form.get_by_role("button", name="Save as a draft").click()
    refused(line, "fill out")
    assert kept() == []
    # A line is one line.
    line.fill("Books are bound\n  with linen.")
    form.get_by_label("Comes from").select_option("Workshop (learn only)")
    form.get_by_role("button", name="Save as a draft").click()
    expect(said).to_have_text("Saved as a draft; no answer uses it.")
    expect(line).to_have_value("")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Books are bound with linen.")
    expect(lines).to_contain_text("from Workshop")
    expect(lines.locator(".badge")).to_have_text("Draft")
    assert kept() == [("Books are bound with linen.", "draft")]
    lines.get_by_role("button", name="Approve").click()
    expect(lines.locator(".badge")).to_have_text("Approved")
    expect(lines.get_by_role("button", name="Take back")).to_be_focused()
    own.reload()
    expect(lines.locator(".badge")).to_have_text("Approved")
    assert kept() == [("Books are bound with linen.", "approved")]

    # Other words are to be approved anew.
    lines.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change the line")
    expect(dialog.get_by_label("Line")).to_have_value("Books are bound with linen.")
    dialog.get_by_label("Line").fill("")
    dialog.get_by_role("button", name="Save").click()
    refused(dialog.get_by_label("Line"), "fill out")
    dialog.get_by_label("Line").fill("Books are bound with hemp.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Changed. Approve the new words when you are ready.")
    expect(lines.locator(".badge")).to_have_text("Draft")
    assert kept() == [("Books are bound with hemp.", "draft")]
    lines.get_by_role("button", name="Approve").click()
    expect(lines.locator(".badge")).to_have_text("Approved")
    lines.get_by_role("button", name="Take back").click()
    expect(page.locator("#toasts")).to_contain_text("Taken back: it is in no answer from now on.")
    expect(lines.locator(".badge")).to_have_text("Draft")
    assert kept() == [("Books are bound with hemp.", "draft")]

    # One that is approved as it is saved stands above.
    line.fill("Thursday is the day of the binder.")
    form.get_by_role("button", name="Save and approve").click()
    expect(said).to_have_text("Saved and approved.")
    expect(lines.locator(".badge")).to_have_text(["Approved", "Draft"])
    hemp = lines.filter(has_text="hemp")
    hemp.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog", name="Remove this line?")).to_contain_text("Books are bound with hemp.")
    own.confirm("Cancel")
    expect(lines).to_have_count(2)
    hemp.get_by_role("button", name="Remove").click()
    own.confirm("Remove")
    expect(hemp).to_have_count(0)
    own.reload()
    expect(lines).to_have_count(1)
    assert kept() == [("Thursday is the day of the binder.", "approved")]


def test_a_line_whose_source_changed_waits_to_be_read_again(bobbin, site, visit):
    site.pages["/binding"] = (BINDING.format("linen"), {})
    own = Room(bobbin, visit, "rosa")
    address = f"{site.base}/binding"
    added = bobbin.call("POST", f"{own.api}sources/", {"source_type": "url", "source_url": address, "is_citable": False}, own.token)
    bobbin.train(own.token, own.chatbot)
    page = own.open("privacy")
    form, lines = page.locator("#guidance-form"), page.locator("#guidance > li")
    form.get_by_label("Line").fill("Books are bound with linen.")
    form.get_by_label("Comes from").select_option(added["id"])
    form.get_by_role("button", name="Save and approve").click()
    expect(lines.locator(".badge")).to_have_text("Approved")
    site.pages["/binding"] = (BINDING.format("hemp"), {})
    bobbin.call("POST", f"{own.api}sources/{added['id']}/refresh/", {}, own.token)
    wait_until(lambda: own.now("guidance/")["items"][0]["state"] == "review", "the line to be looked at again", 120)
    own.reload()
    expect(lines.locator(".badge")).to_have_text("Read it again")
    expect(lines).to_contain_text("Needs review because its source changed.")
    lines.get_by_role("button", name="Approve").click()
    expect(lines.locator(".badge")).to_have_text("Approved")
    own.reload()
    expect(lines.locator(".badge")).to_have_text("Approved")
    assert own.now("guidance/")["items"][0]["state"] == "approved"

    # Without its source no line is left.
    bobbin.call("DELETE", f"{own.api}sources/{added['id']}/", token=own.token)
    wait_until(lambda: own.now("guidance/")["items"] == [], "the line to go with its source")
    own.reload()
    expect(page.locator("#no-guidance")).to_be_visible()


def test_a_leak_test_is_begun_by_its_button_and_read(bobbin, visit):
    own = two(bobbin, visit, "lena")
    page = listen(own)
    form = page.locator("#leak-form")
    expect(page.locator("#leak-tests")).to_have_text("No test so far.")
    # There is no language model here.
    form.get_by_role("radio", name="The language model of this server.").check()
    form.get_by_role("button", name="Run the test").click()
    expect(form.get_by_role("alert")).to_contain_text("No language model is set up on this server.")
    assert own.now("leak-test/")["items"] == []
    assert own.window.take_problems() == [f"501 of {bobbin.base}{own.api}leak-test/"]
    form.get_by_role("radio", name="The worst model there could be.").check()
    form.get_by_role("button", name="Run the test").click()
    expect(page.get_by_role("progressbar", name="Leak test")).to_be_visible()
    expect(form).to_be_hidden()
    # Leaving the page ends nothing.
    own.open("settings")
    own.open("privacy")
    expect(page.locator("#leak-words")).to_contain_text("The test is running.")
    report = page.locator("#leak-tests > details")
    expect(report).to_have_count(1, timeout=300_000)
    expect(report.locator("summary .badge").first).to_have_text("Passed")
    expect(report.locator("table tbody tr")).to_have_count(1)
    expect(report.locator("table tbody tr")).to_contain_text(["Workshop"])
    expect(report.locator("table tbody tr .badge")).to_have_text("Passed")
    expect(report.locator("table tbody tr td").last).to_have_text("0")
    expect(report).to_contain_text("What this cannot tell")
    expect(page.locator("#leak-running")).to_be_hidden()
    expect(form).to_be_visible()
    own.reload()
    expect(report).to_have_count(1)
    expect(report).to_contain_text("Mode strict, generation")
    [test] = own.now("leak-test/")["items"]
    assert test["state"] == "passed" and test["against"] == "stub"
    assert [(source["name"], source["leaks"]) for source in test["result"]["sources"]] == [("Workshop", [])]
    report.get_by_text("The disguises that were tried").click()
    expect(report).to_contain_text("backwards")
    # Nothing of it has come to the visitors' conversations or to what is searched.
    assert own.now("conversations/")["items"] == [] and len(own.now("sources/")["items"]) == 2


def test_the_wizard_asks_before_private_text_is_read_by_a_model(bobbin, visit):
    own = Room(bobbin, visit, "willa")
    page = own.window.open(f"/chatbots/{own.chatbot}/setup/privacy/")
    page.locator("#modes [value=blended]").check()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("#modes [value=strict]")).to_be_checked()
    assert own.now()["privacy_mode"] == "strict"
    page.locator("#modes [value=blended]").check()
    own.confirm("Use blended")
    expect(page.locator("#toasts")).to_contain_text("Blended from now on")
    assert own.now()["privacy_mode"] == "blended"
