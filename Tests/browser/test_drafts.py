"""Lines that a language model drafts of a source: asked for by a button that says what is sent, read and approved or thrown away one at a
time, and in the prompts of visitors only then. And what is said where the model fails, finds nothing, or is none."""
import io
import os
import pathlib

import pytest
from conftest import Bobbin, Model, listening
from playwright.sync_api import expect

from rooms import LENDING, Room
from test_journey import ask

LINEN = "Books are bound again with thread of linen."
THURSDAY = "The workshop is open on Thursdays."
FEE = "Binding costs four euros."
WORKSHOP = "The workshop of the library in Tannery Lane binds books again with thread of linen on Thursdays. It costs four euros."


class Drafter(Model):
    """A model that keeps what it is asked, and may fail."""

    asked, status = [], 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(body.decode())
        if self.status == 200:
            connection, self.rfile = self.rfile, io.BytesIO(body)
            super().do_POST()
            self.rfile = connection
            return
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def writing():
    """A server with a model."""
    with listening(Drafter) as endpoint:
        with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "drafts", {"OPENAI_BASE_URL": endpoint}) as made:
            yield made


@pytest.fixture
def drafter():
    Drafter.asked, Drafter.status, Drafter.reply = [], 200, ""
    return Drafter


def workshop(server, visit, name):
    """A room with a public and a private source, and its page of privacy."""
    own = Room(server, lambda: visit(server), name, texts={"Lending": LENDING, "Workshop": WORKSHOP})
    source = next(one for one in own.now("sources/")["items"] if one["name"] == "Workshop")
    server.call("PATCH", f"{own.api}sources/{source['id']}/", {"is_citable": False}, own.token)
    own.open("privacy")
    return own


def choose(page, source="Workshop (learn only)"):
    page.get_by_label("Comes from").select_option(source)
    return page.get_by_role("button", name="Have the language model draft lines")


def draft(own, source="Workshop (learn only)"):
    choose(own.window.page, source).click()
    own.confirm("Draft lines")


def kept(own):
    return {line["text"]: line["state"] for line in own.now("guidance/")["items"]}


def test_drafts_are_asked_for_read_approved_and_thrown_away(writing, drafter, visit):
    own = workshop(writing, visit, "dora")
    page = own.window.page
    lines, said = page.locator("#guidance > li"), page.locator("#guidance-said")
    button = page.get_by_role("button", name="Have the language model draft lines")
    # Of no source there is nothing to draft.
    expect(button).to_be_hidden()
    choose(page)
    expect(button).to_be_visible()
    choose(page, "No source")
    expect(button).to_be_hidden()

    # Nothing is sent before its owner says so.
    choose(page).click()
    dialog = page.get_by_role("dialog", name="Let the language model read this source?")
    expect(dialog).to_contain_text("Workshop is sent to the language model of this server")
    own.confirm("Cancel")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    assert drafter.asked == [] and kept(own) == {}

    drafter.reply = f"Statements:\n- {LINEN}\n- {THURSDAY}\n2. {FEE}\n- {LINEN}"
    draft(own)
    expect(said).to_have_text("3 drafts above: read each, change it, approve what may be known.")
    expect(lines).to_have_count(3)
    expect(lines.locator(".badge")).to_have_text(["Draft"] * 3)
    for text in (LINEN, THURSDAY, FEE):
        expect(lines.filter(has_text=text)).to_contain_text("from Workshop")
    order = lines.all_inner_texts()
    own.reload()
    expect(lines).to_have_count(3)
    assert lines.all_inner_texts() == order, "drafts stand as they stood"
    [asked] = drafter.asked
    assert "Tannery Lane" in asked and "three weeks" not in asked
    assert kept(own) == dict.fromkeys((LINEN, THURSDAY, FEE), "draft")

    # One becomes guidance, one is thrown away, one waits.
    linen, fee = lines.filter(has_text=LINEN), lines.filter(has_text=FEE)
    linen.get_by_role("button", name="Approve").click()
    expect(linen.locator(".badge")).to_have_text("Approved")
    fee.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog", name="Remove this line?")).to_contain_text(FEE)
    own.confirm("Cancel")
    expect(lines).to_have_count(3)
    fee.get_by_role("button", name="Remove").click()
    own.confirm("Remove")
    expect(lines).to_have_count(2)
    assert kept(own) == {LINEN: "approved", THURSDAY: "draft"}
    own.reload()
    expect(lines).to_have_count(2)
    expect(lines.filter(has_text=LINEN).locator(".badge")).to_have_text("Approved")
    expect(lines.filter(has_text=THURSDAY).locator(".badge")).to_have_text("Draft")

    # A visitor's model is told of the approved line, and of nothing else that it drafted.
    drafter.asked.clear()
    drafter.reply = "A book may be kept for three weeks [1]."
    ask(visit(writing).open(f"/c/{own.now()['public_url_slug']}"), "How long may a book be kept?")
    prompts = "".join(drafter.asked)
    assert LINEN in prompts
    assert not any(private in prompts for private in (THURSDAY, FEE, "Tannery Lane"))


def test_a_model_that_fails_loses_nothing_and_may_be_asked_again(writing, drafter, visit):
    own = workshop(writing, visit, "emil")
    page = own.window.page
    lines = page.locator("#guidance > li")
    writing.call("POST", f"{own.api}guidance/", {"text": THURSDAY}, own.token)
    own.reload()
    page.get_by_label("Line", exact=True).fill("Half a thought")
    drafter.status = 500
    draft(own)
    # Bad news stays until it is closed.
    failed = page.locator("#toasts .toast.bad")
    expect(failed).to_contain_text("The language model did not answer.")
    assert all(problem.startswith("503 of") for problem in own.window.take_problems()), "nothing else went wrong"
    assert len(drafter.asked) > 0
    button = choose(page)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(lines).to_have_count(1)
    expect(page.get_by_label("Line", exact=True)).to_have_value("Half a thought")
    expect(page.locator("#guidance-said")).to_be_empty()
    assert kept(own) == {THURSDAY: "draft"}

    failed.get_by_role("button", name="Close").click()
    drafter.status, drafter.reply = 200, f"- {LINEN}"
    draft(own)
    expect(page.locator("#guidance-said")).to_have_text("1 draft above: read each, change it, approve what may be known.")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text(LINEN)
    expect(page.get_by_label("Line", exact=True)).to_have_value("Half a thought")
    expect(failed).to_have_count(0)
    assert kept(own) == {THURSDAY: "draft", LINEN: "draft"}


def test_a_model_that_finds_nothing_and_a_source_not_read_yet_are_told(writing, drafter, visit):
    own = workshop(writing, visit, "fina")
    page = own.window.page
    drafter.reply = "Statements:\n"
    draft(own)
    expect(page.locator("#guidance-said")).to_have_text("The model found nothing to let out.")
    expect(page.locator("#no-guidance")).to_be_visible()
    drafter.asked.clear()
    writing.call("POST", f"{own.api}sources/", {"source_type": "file", "name": "Cellar", "text": "The cellar is damp."}, own.token)
    own.reload()
    draft(own, "Cellar")
    expect(page.locator("#toasts .toast.bad")).to_contain_text("Nothing of this source has been read yet. Train first.")
    assert drafter.asked == [] and kept(own) == {}


def test_where_there_is_no_model_none_is_offered(bobbin, visit):
    own = workshop(bobbin, visit, "gerda")
    page = own.window.page
    page.get_by_label("Comes from (optional)").select_option(index=1)
    expect(page.get_by_role("button", name="Save as a draft")).to_be_visible()
    expect(page.get_by_role("button", name="Have the language model draft lines")).to_have_count(0)
    # A line is written by hand all the same.
    page.get_by_label("Line", exact=True).fill(FEE)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator("#guidance > li")).to_contain_text([FEE])
    assert kept(own) == {FEE: "draft"}
