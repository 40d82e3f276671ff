"""Who asks and what there is to ask for: accounts, a trained chatbot, sessions, and what a destructive operation may destroy.

Everything is made over the API, but for what the API cannot do: a plan, the first operator, a mailed token (see `write`).
"""
import hashlib
import itertools
import pathlib
import sqlite3
import subprocess
import time

import requests

PASSWORD = "nine geese over the harbour"
TEXT = "The office opens at nine. Parcels go to the back door. The lift is out of order on Sundays."


class Account:
    def __init__(self, email, answer):
        self.email, self.id = email, answer["user"]["id"]
        self.take(answer)

    def take(self, answer):
        """Tokens of a new session."""
        self.token, self.refresh, self.since = answer["access_token"], answer["refresh_token"], time.monotonic()


class World:
    def __init__(self, url, data, spool, bin):
        self.url, self.database, self.spool, self.bin = url, pathlib.Path(data) / "bobbin.sqlite", spool, pathlib.Path(bin)
        self.session = requests.Session()
        self.session.trust_env = False
        self.numbers = itertools.count(1)
        self.owner = self.account()
        self.operator = self.account(is_admin=1)
        # Changed by the operator: suspended, promoted. Nobody signs in as it.
        self.subject = self.account()
        # A trained chatbot that nothing removes or changes, and another for what does.
        self.main = self.chatbot(self.owner)
        self.train()
        self.main |= self.new_visitor()
        self.spare = self.chatbot(self.owner)
        self.key = self.ask("POST", "/api/auth/keys/", self.owner.token, {"name": "site"})["key"]
        self.disposable = None

    # What is sent

    def address(self):
        """An address that has not been counted yet: limits for an address would be most of the answers."""
        number = next(self.numbers)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def ask(self, method, path, token=None, body=None, expected=(200, 201, 202, 204)):
        headers = {"X-Forwarded-For": self.address()} | ({"Authorization": f"Bearer {token}"} if token else {})
        for _ in range(2):
            answer = self.session.request(method, self.url + path, headers=headers, json=body, timeout=30)
            if answer.status_code != 429:
                break
            self.forget_limits()
        if answer.status_code not in expected:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.headers.get("Content-Type") == "application/json" else answer.content

    def write(self, sql, values=()):
        """Straight into the database."""
        connection = sqlite3.connect(self.database, timeout=30)
        with connection:
            connection.execute(sql, values)
        connection.close()

    def forget_limits(self):
        """After each 429: they are tried, and are not all that is tried."""
        self.write("DELETE FROM rate_limits")

    # Accounts

    def account(self, is_admin=0):
        email = f"person{next(self.numbers)}@example.org"
        answer = self.ask("POST", "/api/auth/register", body={"email": email, "password": PASSWORD, "delivery": "body"})
        account = Account(email, answer)
        self.write("UPDATE users SET plan_tier = 'enterprise', is_admin = ? WHERE id = ?", (is_admin, account.id))
        return account

    def signed_in(self, account):
        """Its token, with five of its fifteen minutes left."""
        if time.monotonic() - account.since > 600:
            account.take(self.ask("POST", "/api/auth/login",
                                  body={"email": account.email, "password": PASSWORD, "delivery": "body"}))
        return account.token

    def throw_away(self):
        """An account that may be signed out, deleted, filled; made again when `disposable` is None."""
        self.disposable = self.disposable or self.account()
        return self.disposable

    def mail_token(self, purpose):
        """A token as a letter would have it; letters are off, so it is put where the server looks."""
        token, account, now = f"token{next(self.numbers)}", self.throw_away(), int(time.time() * 1000)
        self.write("INSERT INTO reset_tokens (id, user_id, purpose, email, token_hash, expires_at, created_at) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?)",
                   (token, account.id, purpose, account.email, hashlib.sha256(token.encode()).digest(), now + 3_600_000, now))
        return token

    # Things

    def chatbot(self, account):
        """One with a source whose training waits in the spool."""
        token = self.signed_in(account)
        made = self.ask("POST", "/api/chatbots/", token, {"name": "Harbour"})
        base = f"/api/chatbots/{made['id']}/"
        source = self.ask("POST", base + "sources/", token, {"source_type": "file", "name": "house.txt", "text": TEXT})
        run = self.ask("POST", base + "train/", token, {})
        document = self.ask("GET", base + "documents/", token)["items"][0]
        return {"chatbot_id": made["id"], "slug": made["public_url_slug"], "source_id": source["id"], "run_id": run["id"],
                "document_id": document["id"]}

    def waiting(self, held=False):
        """A chatbot of a disposable account, whose only document waits, or is held."""
        self.disposable = None
        account = self.throw_away()
        made = self.chatbot(account)
        if held:
            self.ask("POST", f"/api/chatbots/{made['chatbot_id']}/documents/{made['document_id']}/hold/", account.token)
        return made

    def train(self):
        """Runs the stages by hand until the main chatbot answers. They do not run later: the fuzzing gives sources with
        addresses of strangers, and those must not be fetched."""
        base, end = f"/api/chatbots/{self.main['chatbot_id']}/", time.monotonic() + 60
        while self.ask("GET", base + "status/", self.owner.token)["state"] != "ready":
            if time.monotonic() > end:
                raise RuntimeError("the source was not live after 60 s")
            for stage in ("fetch", "extract", "chunk", "embed", "index"):
                subprocess.run([self.bin / f"bobbin-{stage}", "--spool", self.spool, "--quiet"], check=True, timeout=60)
        self.archive = self.ask("GET", base + "export/", self.owner.token)

    def new_visitor(self):
        """A session with a conversation, with the trained chatbot."""
        base = f"/api/chat/{self.main['chatbot_id']}/"
        session = self.ask("POST", base + "session/", body={})
        answer = self.ask("POST", base, session["token"], {"message": "When does the office open?"})
        return {"visitor": session["token"], "resume": session["resume"], "visitor_since": time.monotonic(),
                "conversation_id": answer["conversation_id"], "message_id": answer["message_id"]}

    def visitor(self):
        """The session's token, with three of its ten minutes left."""
        if time.monotonic() - self.main["visitor_since"] > 420:
            self.main |= self.new_visitor()
        return self.main["visitor"]

    def new_source(self):
        """One more source of the spare chatbot, to be taken away."""
        body = {"source_type": "file", "name": "note.txt", "text": f"{TEXT} {next(self.numbers)}"}
        return self.ask("POST", f"/api/chatbots/{self.spare['chatbot_id']}/sources/", self.signed_in(self.owner), body)["id"]

    def new_key(self):
        # Of an account that has no other: it may have ten.
        self.disposable = None
        return self.ask("POST", "/api/auth/keys/", self.throw_away().token, {"name": "laptop"})["id"]
