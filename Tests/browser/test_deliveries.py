"""What an operator sees of messages to CRMs: the list, searched by what became of them, and one message with its state, its failure and
what it says."""
import json
import os
import pathlib
import re

import pytest
from conftest import listening, wait_until
from playwright.sync_api import expect

from rooms import Quiet
from test_crm import Receiver


class Unhurried(Receiver):
    """A CRM's end that asks for an hour before the next try, so that none comes by itself while a test looks."""

    def end_headers(self):
        if self.status >= 400:
            self.send_header("Retry-After", "3600")
        super().end_headers()


class Sent:
    """A server with an operator and three messages: one taken, one that waits after a failure, one given up."""

    def __init__(self, server, receiver):
        self.server = server
        self.email, self.token = server.account("opal", is_admin=True)
        self.owner, token = server.account("otis")
        self.chatbots = [self.chatbot(token, name, receiver) for name in ("Harbour", "Mill")]
        self.taken = self.lead(0, 204, "bo@example.org", "sent")
        self.waiting = self.lead(0, 500, "cy@example.org", "waiting")
        self.dead = self.lead(1, 410, "di@example.org", "dead")

    def chatbot(self, token, name, receiver):
        made = self.server.call("POST", "/api/chatbots/", {"name": name}, token)["id"]
        self.server.call("PATCH", f"/api/chatbots/{made}/", {
            "is_public": True, "crm_webhook_url": f"{receiver}/hook",
            "lead_form": {"enabled": True, "fields": ["name"], "after_messages": 0}}, token)
        return made

    def lead(self, chatbot, status, email, state):
        """A visitor leaves an address, and the other end answers so: the message as the API has it, once it was tried."""
        Receiver.status = status
        api = f"/api/chat/{self.chatbots[chatbot]}"
        visitor = self.server.call("POST", f"{api}/session/", {})["token"]
        self.server.call("POST", f"{api}/leads/", {"email": email, "name": "Bo", "consent": True}, visitor)

        def tried():
            found = self.server.call("GET", "/api/admin/deliveries/?limit=100", token=self.token)["items"]
            return next((one for one in found if email in one["payload"] and one["tries"] == 1 and one["state"] == state), None)
        return wait_until(tried, f"the message about {email} to be {state}")


@pytest.fixture(scope="module")
def sent():
    Receiver.got, Receiver.status = [], 204
    with listening(Unhurried) as receiver:
        folder = pathlib.Path(os.environ["BROWSER_WORK"]) / "deliveries"
        with Quiet(folder, {"BOBBIN_ALLOWED_HOSTS": receiver.removeprefix("http://")}) as server:
            yield Sent(server, receiver)


@pytest.fixture
def page(sent, visit):
    window = visit(sent.server)
    window.sign_in(sent.email)
    yield window.open("/admin/deliveries/")
    # Its server may end before the session's.
    window.context.close()


def rows(page):
    return page.get_by_role("region", name="Messages to CRMs").locator("tbody tr")


def search(page, words):
    page.get_by_label("Search by state, chatbot's id or what the last try came to").fill(words)
    page.get_by_role("button", name="Search").click()


def test_deliveries_are_searched_by_what_became_of_them(page, sent):
    badges = rows(page).locator("td:nth-child(2) .badge")
    # Newest first.
    expect(badges).to_have_text(["dead", "waiting", "sent"])
    expect(rows(page).nth(0)).to_contain_text("410")
    expect(rows(page).nth(1)).to_contain_text("500")
    expect(rows(page).nth(1).locator("td").nth(4).locator("time")).to_be_visible()
    expect(rows(page).nth(2).locator("td").nth(4)).to_be_empty()
    for words, found in {
            "sent": ["sent"], "500": ["waiting"], sent.chatbots[0]: ["waiting", "sent"], sent.dead["last_error"].upper(): ["dead"]}.items():
        search(page, words)
        expect(badges).to_have_text(found)
    search(page, sent.chatbots[1])
    expect(page).to_have_url(re.compile(rf"\?q={sent.chatbots[1]}$"))
    expect(badges).to_have_text(["dead"])
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value(sent.chatbots[1])
    expect(badges).to_have_text(["dead"])
    search(page, "no such state")
    expect(page.locator("#list")).to_have_text("There is nothing here.")
    search(page, "")
    expect(page).to_have_url(re.compile(r"/admin/deliveries/$"))
    expect(badges).to_have_text(["dead", "waiting", "sent"])


def test_one_of_the_deliveries_is_opened_with_why_it_failed(page, sent):
    dialog = page.get_by_role("dialog", name="Message to a CRM")

    def opened(state, message):
        row = rows(page).filter(has=page.get_by_text(state, exact=True))
        row.get_by_role("button", name="Open").press("Enter")
        expect(dialog).to_be_visible()
        facts = dict(zip(dialog.locator("dt").all_inner_texts(), dialog.locator("dd").all_inner_texts(), strict=True))
        assert facts["Id"] == message["id"] and facts["State"] == state and facts["Tries"] == "1"
        assert json.loads(dialog.locator("pre").inner_text()) == json.loads(message["payload"])
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        # The keyboard is where it was.
        expect(row.get_by_role("button", name="Open")).to_be_focused()
        return facts

    taken = opened("sent", sent.taken)
    assert taken["Last answer"] == "204" and re.fullmatch(r"[\d,]+ ms", taken["Took"])
    assert "What went wrong" not in taken and "Next try" not in taken
    failed = opened("waiting", sent.waiting)
    assert failed["Last answer"] == "500" and failed["What went wrong"] == sent.waiting["last_error"] and failed["Next try"]
    gone = opened("dead", sent.dead)
    assert gone["Last answer"] == "410" and gone["What went wrong"] == sent.dead["last_error"] and "Next try" not in gone
    assert [json.loads(one["payload"]) for one in (sent.taken, sent.waiting, sent.dead)] == [body for _, body in Receiver.got]


def test_deliveries_lead_to_their_chatbot_and_its_owner(page, sent):
    row = rows(page).filter(has=page.get_by_text("dead", exact=True))
    row.get_by_role("button", name=sent.chatbots[1][-6:]).click()
    dialog = page.get_by_role("dialog", name="Mill")
    expect(dialog).to_contain_text(sent.owner)
    expect(dialog).to_contain_text("It has no source.")
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(dialog).to_have_count(0)


def test_more_deliveries_are_shown_each_once(page, sent):
    # Older ones of a chatbot's, more than a page of them.
    sent.server.write(
        """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 70)
        INSERT INTO webhook_deliveries (id, chatbot_id, payload, state, tries, next_at, last_status, last_error, milliseconds, created_at)
        SELECT printf('zzzzzzzzzzzzzzzzzzzzzzz%03d', n), chatbot_id, payload, 'dead', 9, next_at, 503, printf('older failure %03d', n), 1,
          created_at - n
        FROM webhook_deliveries, numbers WHERE webhook_deliveries.id = ?
        """, sent.taken["id"])
    try:
        search(page, "older failure")
        more = page.get_by_role("button", name="Show more")
        expect(rows(page)).to_have_count(50)
        more.click()
        expect(rows(page)).to_have_count(70)
        expect(more).to_be_hidden()
        found = rows(page).locator("td:nth-child(4)").all_inner_texts()
        assert found == [f"older failure {number:03d}" for number in range(1, 71)]
        # Another search begins at the beginning.
        search(page, "older failure 01")
        expect(rows(page)).to_have_count(10)
    finally:
        sent.server.write("DELETE FROM webhook_deliveries WHERE id LIKE 'zzzzzzzz%'")
