"""What was trained, and going back: what changed between two trainings, undo and forward again, a training that waits for its owner's
decision, the questions by which it is measured, and the archive that a chatbot is taken away and brought back with."""
import json
import re

import pytest
from conftest import wait_until
from playwright.sync_api import expect

from rooms import LENDING, Room, refused, save, saved
from test_journey import ask

FEES = "A reminder of the library costs two euros."
LOAN, FEE, KING = "How long may a book be kept?", "What does a reminder of the library cost?", "Who was the first king of Orrin?"


def add(own, name, text):
    return own.bobbin.call("POST", f"{own.api}sources/", {"source_type": "file", "name": name, "text": text}, own.token)["id"]


def answering(own):
    return next(one["generation"] for one in own.now("generations/")["items"] if one["is_current"])


def done(page):
    toast = page.locator("#toasts .toast").last
    toast.wait_for(timeout=120_000)
    assert "Done: it answers now." in toast.inner_text()


def test_what_changed_is_shown_undone_and_done_again(bobbin, visit):
    own = Room(bobbin, visit, "greta")
    first = answering(own)
    page = own.open("generations")
    kept = page.get_by_role("region", name="Generations that are kept, newest first").locator("tbody tr")
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text("the first kept")
    expect(page.locator("#undo")).to_be_hidden()
    add(own, "Fees", FEES)
    bobbin.train(own.token, own.chatbot)
    second = answering(own)
    assert second > first
    own.reload()
    expect(kept).to_have_count(2)
    expect(kept.first).to_contain_text("Answers now")
    expect(kept.last.locator(".badge")).to_have_count(0)
    page.get_by_role("button", name=f"Show what changed in generation {second}").click()
    changes = page.get_by_role("dialog", name=f"What changed in generation {second}")
    expect(changes).to_contain_text(f"Beside generation {first}.")
    expect(changes.get_by_role("heading", name="Added: 1")).to_be_visible()
    expect(changes.get_by_role("listitem")).to_have_count(1)
    expect(changes.get_by_role("listitem")).to_contain_text("Fees")
    expect(changes).to_contain_text("1 document stayed as it was.")
    changes.get_by_role("button", name="Close", exact=True).click()
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, FEE)).to_contain_text("two euros")

    # Not yet, then back.
    page.get_by_role("button", name=f"Undo: back to generation {first}").click()
    expect(page.get_by_role("dialog", name=f"Let generation {first} answer again?")).to_contain_text("It has 1 document")
    own.confirm("Cancel")
    assert answering(own) == second
    page.get_by_role("button", name=f"Undo: back to generation {first}").click()
    own.confirm("Go back to it")
    done(page)
    expect(page.locator("#runs > li").first).to_contain_text("Back to an earlier generation")
    expect(kept.filter(has_text="Answers now")).to_have_count(1)
    expect(ask(stranger, FEE)).not_to_contain_text("two euros")
    expect(ask(stranger, LOAN)).to_contain_text("three weeks")
    own.reload()
    assert answering(own) != second
    expect(kept.filter(has_text="Answers now").locator("td").first).to_contain_text(str(answering(own)))

    assert [run["trigger"] for run in own.now("runs/")["items"]] == ["rollback", "train", "train"]


def test_what_was_undone_is_done_again(bobbin, visit):
    own = Room(bobbin, visit, "gitta")
    first = answering(own)
    add(own, "Fees", FEES)
    bobbin.train(own.token, own.chatbot)
    second = answering(own)
    page = own.open("generations")
    page.get_by_role("button", name=f"Undo: back to generation {first}").click()
    own.confirm("Go back to it")
    done(page)
    own.reload()
    assert answering(own) == first
    page.get_by_role("button", name=f"Let generation {second} answer again").click()
    own.confirm("Go back to it")
    done(page)
    assert answering(own) == second


def test_what_was_removed_is_in_no_generation_to_go_back_to(bobbin, visit):
    own = Room(bobbin, visit, "hedda", texts={"Lending": LENDING, "Fees": FEES})
    fees = next(one["id"] for one in own.now("sources/")["items"] if one["name"] == "Fees")
    add(own, "Binding", "Books are bound on Thursdays.")
    bobbin.train(own.token, own.chatbot)
    page = own.open("generations")
    kept = page.get_by_role("region", name="Generations that are kept, newest first").locator("tbody tr")
    expect(kept).to_have_count(2)
    bobbin.call("DELETE", f"{own.api}sources/{fees}/", token=own.token)
    wait_until(lambda: len(own.now("generations/")["items"]) == 1, "the earlier generations to go")
    own.reload()
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text("the first kept")
    expect(page.locator("#undo")).to_be_hidden()
    expect(page.locator("#runs > li").filter(has_text="Removal of a source")).to_have_count(1)
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, FEE)).not_to_contain_text("two euros")
    expect(ask(stranger, LOAN)).to_contain_text("three weeks")
    expect(ask(stranger, "On which days are books bound?")).to_contain_text("Thursdays")


def test_golden_questions_are_added_changed_taken_out_and_brought_in(bobbin, visit):
    own = Room(bobbin, visit, "quinn")
    page = own.open("quality")
    questions, said = page.locator("#questions > li"), page.locator("#questions-said")
    expect(page.locator("#no-questions")).to_be_visible()
    page.get_by_role("button", name="Add a question").click()
    dialog = page.get_by_role("dialog", name="Add a question")
    save(dialog)
    refused(dialog.get_by_label("Question"), "fill out")
    dialog.get_by_label("Question").fill(LOAN)
    save(dialog)
    expect(dialog.get_by_role("alert")).to_have_text("Say which source answers it, or which words stand in the right passage.")
    assert own.now("questions/")["items"] == []
    dialog.get_by_label("Words that stand in the right passage").fill("three weeks")
    dialog.get_by_label("Source that answers it").select_option("Lending")
    save(dialog)
    expect(dialog).to_have_count(0)
    expect(said).to_have_text("The question is added.")
    expect(questions).to_contain_text("Expected: Lending, “three weeks”")
    page.get_by_role("button", name="Add a question").click()
    dialog.get_by_label("Question").fill(KING)
    dialog.get_by_role("radio", name="I don’t know").check()
    expect(dialog.get_by_label("Source that answers it")).to_be_hidden()
    save(dialog)
    expect(questions).to_have_count(2)
    expect(page.locator("#count")).to_have_text("2 of 200")
    own.reload()
    expect(questions).to_contain_text([KING, LOAN])
    expect(questions.first).to_contain_text("Expected: “I don’t know”")
    king, loan = own.now("questions/")["items"]
    assert king["no_answer"] and loan["expected"] == "three weeks" and loan["question"] == LOAN

    questions.last.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change the question")
    expect(dialog.get_by_label("Words that stand in the right passage")).to_have_value("three weeks")
    dialog.get_by_label("Question").fill("For how long is a book lent?")
    save(dialog)
    expect(said).to_have_text("The question is changed.")
    assert [one["question"] for one in own.now("questions/")["items"]] == [KING, "For how long is a book lent?"]

    # Out as a file, and in again without what is here already.
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON Lines").click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert [line["question"] for line in lines] == [KING, "For how long is a book lent?"]
    questions.first.get_by_role("button", name="Remove").click()
    expect(said).to_have_text(f"Removed: {KING}")
    expect(questions).to_have_count(1)
    assert len(own.now("questions/")["items"]) == 1

    def bring(text):
        page.set_input_files("#import", [{"name": "questions.jsonl", "mimeType": "application/x-ndjson", "buffer": text.encode()}])

    bring('{"question": "Which?"}\nnonsense\n')
    expect(page.locator("#toasts .bad")).to_have_text(re.compile(
        "Nothing was imported. Line 1 must say either what is expected or that there is no answer. Line 2 is not JSON."))
    bring("".join(json.dumps(line) + "\n" for line in lines))
    expect(page.get_by_role("dialog", name="Add 1 question?")).to_contain_text("1 other of the file is here already.")
    own.confirm("Add")
    expect(said).to_have_text("1 question added.")
    own.reload()
    expect(questions).to_have_count(2)
    assert [one["question"] for one in own.now("questions/")["items"]] == ["For how long is a book lent?", KING]


def test_the_keyboard_comes_back_to_the_question_that_was_changed(bobbin, visit):
    own = Room(bobbin, visit, "quirin")
    bobbin.call("PUT", f"{own.api}questions/", {"items": [{"question": KING, "no_answer": True}]}, own.token)
    page = own.open("quality")
    change = page.locator("#questions").get_by_role("button", name="Change")
    change.click()
    save(page.get_by_role("dialog", name="Change the question"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#questions-said")).to_have_text("The question is changed.")
    assert change.evaluate("button => button === document.activeElement")


def gated(bobbin, visit, name):
    """A room whose next training finds less than its owner demands."""
    own = Room(bobbin, visit, name)
    bobbin.call("PUT", f"{own.api}questions/", {"items": [
        {"question": LOAN, "expected": "three weeks"}, {"question": FEE, "expected": "nine crowns"}]}, own.token)
    return own


def test_a_training_that_finds_less_is_held_and_published_by_hand(bobbin, visit):
    own = gated(bobbin, visit, "hilde")
    page = own.open("quality")
    form = page.locator("#gate-form")
    recall = form.get_by_label("Right passage, at least")
    recall.fill("101")
    save(form)
    refused(recall, "less than or equal to 100")
    assert own.now()["quality_gate"] is None
    recall.fill("80")
    saved(form, "Saved: it holds from the next training on.")
    own.reload()
    expect(recall).to_have_value("80")
    expect(page.locator("#scores")).to_contain_text("No training has been measured yet.")
    assert own.now()["quality_gate"]["recall_at_5"] == 0.8
    before = answering(own)
    add(own, "Fees", FEES)
    bobbin.call("POST", f"{own.api}train/", {}, own.token)
    page = own.open("generations")
    held = page.get_by_role("region", name="A training waits for your decision")

    wait_until(lambda: own.now("runs/")["items"][0]["state"] == "held", "the training to be held", 120)
    own.reload()
    expect(held).to_contain_text("Of your 2 golden questions, the right passage was found for 50 % (you demand 80 %).")
    expect(held).to_contain_text("What was trained before goes on answering.")
    stranger = visit().open(f"/c/{own.now()['public_url_slug']}")
    expect(ask(stranger, FEE)).not_to_contain_text("two euros")
    assert answering(own) == before
    held.get_by_role("link", name="Look at the questions").click()
    page.wait_for_url("**/quality/")
    own.window.made()
    scores = page.get_by_role("region", name="Scores of trainings, newest first").locator("tbody tr")
    expect(scores).to_have_count(1)
    expect(scores).to_contain_text("Held for you")
    expect(scores).to_contain_text("50 %")

    own.open("generations")
    held.get_by_role("button", name="Publish it").click()
    own.confirm("Cancel")
    expect(held).to_be_visible()
    held.get_by_role("button", name="Publish it").click()
    own.confirm("Publish")
    done(page)
    expect(held).to_have_count(0)
    expect(ask(stranger, FEE)).to_contain_text("two euros")
    assert answering(own) > before
    own.open("quality")
    expect(scores).to_contain_text("Published by you")
    # Emptied, it asks nothing.
    recall.fill("")
    saved(form, "Saved: trainings go live without questions.")
    assert own.now()["quality_gate"] is None


def test_a_training_that_is_held_is_thrown_away(bobbin, visit):
    own = gated(bobbin, visit, "holger")
    bobbin.call("PATCH", own.api, {"quality_gate": {"recall_at_5": 0.8, "no_answer": None}}, own.token)
    before = answering(own)
    add(own, "Fees", FEES)
    bobbin.call("POST", f"{own.api}train/", {}, own.token)
    wait_until(lambda: own.now("runs/")["items"][0]["state"] == "held", "the training to be held", 120)
    page = own.open("generations")
    held = page.get_by_role("region", name="A training waits for your decision")
    held.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("dialog", name="Cancel this training?")).to_contain_text("Its result is thrown away.")
    own.confirm("Cancel")
    expect(held).to_be_visible()
    held.get_by_role("button", name="Cancel it").click()
    own.confirm("Throw it away")
    expect(page.locator("#toasts")).to_contain_text("Thrown away; nothing has changed for visitors.")
    expect(held).to_have_count(0)
    expect(page.locator("#runs > li").first).to_contain_text("Stopped")
    own.reload()
    expect(held).to_have_count(0)
    assert own.now("runs/")["items"][0]["state"] == "cancelled" and answering(own) == before


def test_a_chatbot_is_taken_away_and_brought_back(bobbin, visit):
    own = Room(bobbin, visit, "tilda", texts={"Lending": LENDING, "Workshop": "Books are bound on Thursdays."})
    bobbin.call("PATCH", own.api, {"welcome_text": "Welcome, reader."}, own.token)
    workshop = next(one["id"] for one in own.now("sources/")["items"] if one["name"] == "Workshop")
    bobbin.call("PATCH", f"{own.api}sources/{workshop}/", {"is_citable": False}, own.token)
    slug = own.now()["public_url_slug"]
    page = own.open("settings")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the archive").click()
    assert download.value.suggested_filename == f"{slug}.tar"
    archive = download.value.path().read_bytes()

    def bring(name, data):
        own.window.open("/chatbots/")
        page.set_input_files("#archive", [{"name": name, "mimeType": "application/x-tar", "buffer": data}])

    bring("mine.tar", b"not an archive" * 100)
    expect(page.locator("#toasts .bad")).to_be_visible()
    expect(page.get_by_text("Import an archive")).to_be_visible()
    assert len(bobbin.call("GET", "/api/chatbots/", token=own.token)["items"]) == 1

    # Beside the one it was made of it is a copy, which stays when that one goes.
    bring("mine.tar", archive)
    page.wait_for_url("**/talk/")
    assert len(bobbin.call("GET", "/api/chatbots/", token=own.token)["items"]) == 2
    bobbin.call("DELETE", own.api, token=own.token)
    with pytest.raises(AssertionError, match="404"):
        own.now()
    wait_until(lambda: not (bobbin.data / "shards" / own.chatbot).exists(), "the chatbot to go")
    own.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Books of Tilda")
    expect(ask(page, LOAN)).to_contain_text("three weeks")
    # What was private is private there.
    expect(ask(page, "On which days are books bound?")).not_to_contain_text("Thursdays")
    [made] = bobbin.call("GET", "/api/chatbots/", token=own.token)["items"]
    assert made["welcome_text"] == "Welcome, reader." and made["sources_count"] == 2
    sources = bobbin.call("GET", f"/api/chatbots/{made['id']}/sources/", token=own.token)["items"]
    assert {one["name"]: one["is_citable"] for one in sources} == {"Lending": True, "Workshop": False}
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/generations/")
    own.window.made()
    expect(page.locator("#runs > li")).to_contain_text("Import of an archive")
