"""What single acts are tested on: an account with a chatbot that has read a little, a server that reads nothing, and what forms say."""
import re

from conftest import Bobbin
from playwright.sync_api import expect

LENDING = "A book may be kept for three weeks."


class Quiet(Bobbin):
    """A server without its pipeline: what is to be read waits."""

    def start(self, *command):
        if command != ("bobbin", "pipeline"):
            super().start(*command)


class Room:
    """An account with a chatbot that has read a little, and a window in which its owner is signed in."""

    def __init__(self, bobbin, visit, name, plan="enterprise", texts=None):
        self.bobbin = bobbin
        self.email, self.token = bobbin.account(name, plan)
        self.chatbot = bobbin.chatbot(self.token, f"Books of {name.title()}", texts or {"Lending": LENDING})
        self.api = f"/api/chatbots/{self.chatbot}/"
        self.window = visit()
        self.window.sign_in(self.email)

    def open(self, tab):
        return self.window.open(f"/chatbots/{self.chatbot}/{tab}/")

    def reload(self):
        self.window.page.reload()
        return self.window.made()

    def now(self, part=""):
        """What the server has of the chatbot, or of a part of it."""
        return self.bobbin.call("GET", self.api + part, token=self.token)

    def confirm(self, action):
        self.window.page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def save(form):
    form.get_by_role("button", name="Save").click()


def saved(form, words="Saved."):
    save(form)
    expect(form.get_by_role("status")).to_have_text(words)


def refused(field, words):
    """A field that says what is wrong with it, to whoever hears the page as well."""
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(words))
    expect(field.locator("xpath=ancestor::*[contains(@class, 'field')][1]").locator(".field-error")).to_be_visible()
