"""A mail server that keeps nothing: prints its port, then one JSON object a letter.

    python smtp_sink.py

refuse@… is refused for good (550), later@… for now (451); everybody else gets the letter. Ends with its standard input.
"""
import json
import sys

from aiosmtpd.controller import Controller


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("refuse@"):
            return "550 no such mailbox"
        if address.startswith("later@"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({
            "from": envelope.mail_from, "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace")}), flush=True)
        return "250 taken"


class AnyPort(Controller):
    """Listens on any free port; the base class calls on the one it was given, which is 0."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = AnyPort(Sink(), hostname="127.0.0.1", port=0)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
