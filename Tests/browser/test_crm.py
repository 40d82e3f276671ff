"""Where leads go: an address that is refused or taken, a test message, what the receiver got, the log of deliveries, sending again, and an
end that wants no more."""
import http.server
import json
import os
import pathlib
import re

import pytest
from conftest import Bobbin, listening, wait_until
from playwright.sync_api import expect

from rooms import Room, refused


class Receiver(http.server.BaseHTTPRequestHandler):
    """A CRM's end that keeps what it gets and answers as the test says."""

    got, status = [], 204

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    Receiver.got, Receiver.status = [], 204
    with listening(Receiver) as base:
        yield base


@pytest.fixture
def own(receiver, visit):
    """A room on a server that may send to the receiver."""
    settings = {"BOBBIN_ALLOWED_HOSTS": receiver.removeprefix("http://")}
    with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / f"crm-{receiver.rpartition(':')[2]}", settings) as server:
        room = Room(server, lambda: visit(server), "carla")
        server.call("PATCH", room.api, {"lead_form": {"enabled": True, "fields": ["name"], "after_messages": 0}}, room.token)
        yield room
        room.window.context.close()


def leave(own, email):
    """A visitor leaves an address."""
    api = f"/api/chat/{own.chatbot}"
    visitor = own.bobbin.call("POST", f"{api}/session/", {})["token"]
    own.bobbin.call("POST", f"{api}/leads/", {"email": email, "name": "Bo", "consent": True}, visitor)


def set_address(own, receiver):
    own.bobbin.call("PATCH", own.api, {"crm_webhook_url": f"{receiver}/hook"}, own.token)
    return own.open("leads")


def again_until(page, row, words):
    """Looks again until the delivery has come to its end."""
    def looked():
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("button", name="Look again")).not_to_have_class(re.compile("busy"))
        return words in row.inner_text()
    wait_until(looked, f"the delivery to be “{words}”")


def test_an_address_is_set_tried_and_taken_away(own, receiver):
    page = own.open("leads")
    form = page.locator("#crm-form")
    address, keep = form.get_by_label("Address (webhook)"), form.get_by_role("button", name="Save the address")
    expect(page.get_by_role("button", name="Send a test message")).to_be_hidden()
    address.fill("no address")
    keep.click()
    refused(address, "URL")
    for wrong in ("http://10.0.0.1/hook", "http://localhost:9/hook", "https://192.168.1.1/"):
        address.fill(wrong)
        keep.click()
        expect(form.get_by_role("alert")).to_have_text("This must be a public address that begins with https://.")
        expect(keep).not_to_have_class(re.compile("busy"))
    assert own.now()["crm_webhook_url"] is None
    address.fill(f"{receiver}/hook")
    keep.click()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    own.reload()
    expect(address).to_have_value(f"{receiver}/hook")
    assert own.now()["crm_webhook_url"] == f"{receiver}/hook"

    # A secret, made only when that is agreed to and shown once; then a message that is signed.
    rotations = []
    page.on("request", lambda request: rotations.append(request.url) if "rotate" in request.url else None)
    for name in ("New signing secret…", "New secret for the CRM…"):
        page.get_by_role("button", name=name).click()
        question = page.get_by_role("dialog", name="Make a new secret?")
        expect(question).to_contain_text("The one before is good for another day")
        question.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert rotations == []
    page.get_by_role("button", name="New signing secret…").click()
    own.confirm("Make a new secret")
    dialog = page.get_by_role("dialog", name="Signing secret")
    expect(dialog.locator("code")).to_have_text(re.compile(r"^whsec_\S+$"))
    dialog.get_by_role("button", name="Close", exact=True).click()
    test = page.get_by_role("button", name="Send a test message")
    result = page.locator("#crm-result")
    test.click()
    expect(result).to_contain_text(re.compile(r"The test message was taken\. Answer 204 after [\d,]+ ms"))
    [(headers, body)] = Receiver.got
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= set(headers) and "email" not in body
    result.get_by_text("What was sent").click()
    expect(result.locator("pre")).to_contain_text(headers["webhook-id"])
    expect(result.locator("pre")).to_contain_text(headers["webhook-signature"].split()[0])

    Receiver.status = 500
    test.click()
    expect(result).to_contain_text("The test message was not taken.")
    expect(result).to_contain_text("500")
    assert len(Receiver.got) == 2
    address.fill("")
    keep.click()
    expect(form.get_by_role("status")).to_have_text("Saved: no address.")
    expect(test).to_be_hidden()
    own.reload()
    expect(address).to_have_value("")
    assert own.now()["crm_webhook_url"] is None


def test_an_address_that_is_not_public_is_refused_beside_the_field(own):
    page = own.open("leads")
    page.get_by_label("Address (webhook)").fill("https://192.168.1.1/")
    page.get_by_role("button", name="Save the address").click()
    expect(page.locator("#crm-form").get_by_role("alert")).not_to_be_empty()
    assert page.get_by_label("Address (webhook)").get_attribute("aria-invalid") == "true"


def test_what_became_of_a_lead_is_in_the_log(own, receiver):
    page = set_address(own, receiver)
    expect(page.locator("#sent")).to_be_hidden()
    leave(own, "bo@example.org")
    wait_until(lambda: Receiver.got, "the lead to come")
    own.reload()
    expect(page.locator("#leads > li")).to_contain_text(["bo@example.org"])
    row = page.get_by_role("region", name="Messages to the CRM").locator("tbody tr", has_text="bo@example.org")
    again_until(page, row, "Taken")
    expect(row.locator(".badge")).to_have_text("Taken")
    expect(row).to_contain_text("204,")
    [(headers, body)] = Receiver.got
    assert body["email"] == "bo@example.org" and body["name"] == "Bo"
    row.get_by_role("button", name="Show").click()
    message = page.get_by_role("dialog", name="Message")
    expect(message).to_contain_text(f"webhook-id {headers['webhook-id']}")
    assert json.loads(message.locator("pre").inner_text()) == body
    message.get_by_role("button", name="Close", exact=True).click()

    # The same message once more, under its own id.
    row.get_by_role("button", name="Send again").click()
    expect(page.locator("#toasts")).to_contain_text("It is sent again.")
    wait_until(lambda: len(Receiver.got) == 2, "the message to come again")
    assert Receiver.got[1][0]["webhook-id"] == headers["webhook-id"] and Receiver.got[1][1] == body
    again_until(page, row, "Taken")
    expect(row).to_have_count(1)
    [delivery] = own.now("crm/deliveries/")["items"]
    assert delivery["state"] == "sent" and delivery["id"] == headers["webhook-id"]


def test_an_end_that_fails_is_tried_again_and_one_that_is_gone_is_not(own, receiver):
    Receiver.status = 500
    page = set_address(own, receiver)
    leave(own, "cy@example.org")
    wait_until(lambda: Receiver.got, "the lead to come")
    own.reload()
    row = page.get_by_role("region", name="Messages to the CRM").locator("tbody tr")
    again_until(page, row.filter(has_text="cy@"), "500")
    expect(row.filter(has_text="cy@").locator(".badge")).to_have_text("Waiting")
    expect(row.filter(has_text="cy@").locator("td").nth(5).locator("time")).to_be_visible()
    Receiver.status = 204
    row.filter(has_text="cy@").get_by_role("button", name="Send again").click()
    again_until(page, row.filter(has_text="cy@"), "Taken")

    # 410: it wants nothing more, until its owner says so.
    Receiver.status = 410
    leave(own, "di@example.org")
    wait_until(lambda: any(one["state"] == "dead" for one in own.now("crm/deliveries/")["items"]), "the message to be given up")
    own.reload()
    expect(row.filter(has_text="di@").locator(".badge")).to_have_text("Given up")
    expect(page.locator("#crm-disabled")).to_be_visible()
    expect(page.locator("#crm-why")).not_to_be_empty()
    assert own.now()["crm_disabled_reason"]
    leave(own, "ed@example.org")
    own.reload()
    expect(row.filter(has_text="ed@").locator(".badge")).to_have_text("Stopped")
    Receiver.status = 204
    page.get_by_role("button", name="Save the address").click()
    expect(page.locator("#crm-disabled")).to_be_hidden()
    again_until(page, row.filter(has_text="ed@"), "Taken")
    assert own.now()["crm_disabled_reason"] is None
    assert Receiver.got[-1][1]["email"] == "ed@example.org"
