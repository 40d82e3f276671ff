"""People and the CRM: what a CRM tells of them, signed, stands in the list of leads' page and can be taken out of it; a lead is sent by its
button; and an end that fails is told and tried again without a mouse."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import time
import urllib.error
import urllib.request

import pytest
from conftest import listening, wait_until
from playwright.sync_api import expect

from rooms import Quiet
from test_crm import Receiver, leave, set_address
from test_deliveries import Unhurried


class Counter:
    """An account with a chatbot that has read nothing, on a server that may send to a CRM, and its owner's window."""

    def __init__(self, server, visit, name):
        self.bobbin = server
        self.email, self.token = server.account(name)
        self.chatbot = server.call("POST", "/api/chatbots/", {"name": f"Counter of {name}"}, self.token)["id"]
        self.api = f"/api/chatbots/{self.chatbot}/"
        server.call("PATCH", self.api, {
            "is_public": True, "lead_form": {"enabled": True, "fields": ["name"], "after_messages": 0}}, self.token)
        self.window = visit(server)
        self.window.sign_in(self.email)
        self.told = 0

    def open(self, tab):
        return self.window.open(f"/chatbots/{self.chatbot}/{tab}/")

    def reload(self):
        self.window.page.reload()
        return self.window.made()

    def now(self, part):
        return self.bobbin.call("GET", self.api + part, token=self.token)

    def tell(self, secret, kind="contact.upserted", **data):
        """What a CRM sends of a person, signed with a secret as the page shows it; the answer's status."""
        self.told += 1
        body = json.dumps({"type": kind, "data": data}).encode()
        event, at = f"told-{self.chatbot}-{self.told}", str(int(time.time()))
        key = base64.b64decode(secret.removeprefix("whsec_"))
        code = base64.b64encode(hmac.digest(key, f"{event}.{at}.".encode() + body, hashlib.sha256)).decode()
        request = urllib.request.Request(
            f"{self.bobbin.base}/api/webhooks/crm/?chatbot={self.chatbot}", body, method="POST", headers={
                "Content-Type": "application/json", "webhook-id": event, "webhook-timestamp": at, "webhook-signature": f"v1,{code}"})
        try:
            return urllib.request.urlopen(request, timeout=30).status
        except urllib.error.HTTPError as refusal:
            return refusal.code


@pytest.fixture(scope="module")
def receiver():
    with listening(Unhurried) as base:
        yield base


@pytest.fixture(scope="module")
def server(receiver):
    settings = {"BOBBIN_ALLOWED_HOSTS": receiver.removeprefix("http://")}
    with Quiet(pathlib.Path(os.environ["BROWSER_WORK"]) / "people", settings) as made:
        yield made


@pytest.fixture
def counter(server, visit):
    Receiver.got, Receiver.status = [], 204
    made = []

    def open_one(name):
        made.append(Counter(server, visit, name))
        return made[-1]

    yield open_one
    for one in made:
        one.window.context.close()


def new_secret(page):
    page.get_by_role("button", name="New secret for the CRM…").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new secret").click()
    dialog = page.get_by_role("dialog", name="Signing secret")
    secret = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Close", exact=True).click()
    return secret


def people(page):
    return page.get_by_role("region", name="People that the CRM knows").locator("tbody tr")


def by_keyboard(page, element):
    """Goes on to an element with the Tab key alone."""
    for _ in range(40):
        if element.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not lead there")


def test_what_a_crm_tells_of_people_is_listed_and_taken_out(server, counter):
    own = counter("pia")
    page = own.open("leads")
    expect(page.locator("#people")).to_be_hidden()
    expect(page.locator("#crm-in")).to_have_text(f"{server.base}/api/webhooks/crm/?chatbot={own.chatbot}")
    secret = new_secret(page)
    assert own.tell("whsec_" + base64.b64encode(bytes(32)).decode(), external_id="0", email="no@example.org") == 401
    assert own.tell(secret, external_id="1", email="bo@example.org", name="Bo", fields={"plan": "gold", "city": "Orrin"}) == 202
    assert own.tell(secret, external_id="2", email="cy@example.org", name="<img src=x onerror=window.__xss=1>") == 202
    own.reload()
    expect(people(page)).to_have_count(2)
    bo, cy = people(page).filter(has_text="bo@example.org"), people(page).filter(has_text="cy@example.org")
    expect(bo.locator("td").nth(1)).to_have_text("Bo")
    expect(bo.locator("td").nth(2)).to_have_text(re.compile(r"^(plan: gold, city: Orrin|city: Orrin, plan: gold)$"))
    expect(cy).to_contain_text("<img src=x")
    # Told once more, a person is there once, as the last message has it.
    assert own.tell(secret, external_id="1", email="bo@example.org", name="Bo Berg", fields={"plan": "silver"}) == 202
    own.reload()
    expect(people(page)).to_have_count(2)
    expect(bo.locator("td").nth(1)).to_have_text("Bo Berg")
    expect(bo.locator("td").nth(2)).to_have_text("plan: silver")

    dialog = page.get_by_role("dialog", name="Delete this person?")
    bo.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("It comes back when the CRM tells of them again.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(bo.get_by_role("button", name="Delete")).not_to_have_attribute("aria-disabled", "true")
    expect(people(page)).to_have_count(2)
    # And without a mouse.
    bo.get_by_role("button", name="Delete").press("Enter")
    by_keyboard(page, dialog.get_by_role("button", name="Delete"))
    page.keyboard.press("Enter")
    expect(people(page)).to_have_count(1)
    expect(bo).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("The person is deleted.")
    expect(page.locator("#contacts")).to_be_focused()
    assert [one["email"] for one in own.now("contacts/")["items"]] == ["cy@example.org"]
    # The CRM takes out the other one itself.
    assert own.tell(secret, "contact.deleted", external_id="2") == 202
    own.reload()
    expect(page.locator("#people")).to_be_hidden()


def test_more_people_are_shown_each_once(counter):
    own = counter("quentin")
    secret = new_secret(own.open("leads"))
    emails = [f"guest{number:02d}@example.org" for number in range(23)]
    for number, email in enumerate(emails):
        assert own.tell(secret, external_id=str(number), email=email) == 202
    page = own.reload()
    more = page.get_by_role("button", name="Show more").and_(page.locator("#more-people"))
    expect(people(page)).to_have_count(20)
    more.press("Enter")
    expect(people(page)).to_have_count(23)
    expect(more).to_be_hidden()
    assert sorted(people(page).locator("td:first-child").all_inner_texts()) == emails


def test_people_from_before_the_address_are_sent_to_the_crm_by_a_button(counter, receiver):
    own = counter("rosa")
    leave(own, "early@example.org")
    page = own.open("leads")
    lead = page.locator("#leads > li", has_text="early@example.org")
    expect(lead.get_by_role("button", name="Send to the CRM")).to_have_count(0)
    assert own.now("crm/deliveries/")["items"] == []
    set_address(own, receiver)
    lead.get_by_role("button", name="Send to the CRM").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("It is on its way.")
    wait_until(lambda: Receiver.got, "the lead to come")
    assert [body["email"] for _, body in Receiver.got] == ["early@example.org"]
    # Below, where it is said to stand, without the page read anew.
    row = page.get_by_role("region", name="Messages to the CRM").locator("tbody tr", has_text="early@example.org")
    wait_until(lambda: own.now("crm/deliveries/")["items"][0]["state"] == "sent", "the message to be taken")
    page.get_by_role("button", name="Look again").click()
    expect(row.locator(".badge")).to_have_text("Taken")
    expect(row).to_have_count(1)


def test_people_that_a_failing_crm_did_not_take_are_sent_again_by_keyboard(counter, receiver):
    own = counter("sven")
    Receiver.status = 500
    set_address(own, receiver)
    leave(own, "late@example.org")
    wait_until(lambda: own.now("crm/deliveries/")["items"][0]["tries"] == 1, "the message to be tried")
    page = own.reload()
    region = page.get_by_role("region", name="Messages to the CRM")
    row = region.locator("tbody tr")
    expect(row.locator(".badge")).to_have_text("Waiting")
    expect(row).to_contain_text("500")
    expect(row.locator("td").nth(3)).to_have_text("1")
    expect(row.locator("td").nth(5).locator("time")).to_be_visible()
    # From the button above the list: the list, its row's buttons, a message that opens and closes.
    look = page.get_by_role("button", name="Look again")
    look.focus()
    by_keyboard(page, row.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")
    message = page.get_by_role("dialog", name="Message")
    expect(message.locator("pre")).to_contain_text("late@example.org")
    page.keyboard.press("Escape")
    expect(message).to_have_count(0)
    expect(row.get_by_role("button", name="Show")).to_be_focused()
    # Still failing: that is told, and nothing is lost.
    by_keyboard(page, row.get_by_role("button", name="Send again"))
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("It is sent again.")
    expect(row.get_by_role("button", name="Send again: late@example.org")).to_be_focused()
    wait_until(lambda: len(Receiver.got) == 2 and own.now("crm/deliveries/")["items"][0]["tries"] == 1, "the second try to fail")
    look.press("Enter")
    expect(row.locator(".badge")).to_have_text("Waiting")
    expect(row).to_contain_text("500")
    Receiver.status = 204
    look.focus()
    by_keyboard(page, row.get_by_role("button", name="Send again"))
    page.keyboard.press("Enter")
    wait_until(lambda: own.now("crm/deliveries/")["items"][0]["state"] == "sent", "the message to be taken")
    look.press("Enter")
    expect(row.locator(".badge")).to_have_text("Taken")
    assert len({headers["webhook-id"] for headers, _ in Receiver.got}) == 1
    assert [body["email"] for _, body in Receiver.got] == ["late@example.org"] * 3
