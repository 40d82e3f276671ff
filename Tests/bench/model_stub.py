"""A language model's endpoint that says the same reply to everything, a token at a time, by the clock.

    python model_stub.py --port PORT [--first MS] [--gap MS] [--tokens N]

POST …/chat/completions answers as OpenAI's streams do: the first token --first milliseconds after the request has been read,
--tokens more, --gap milliseconds from one to the next, each at its own instant, so that a late one does not delay the others.
The reply is REPLY again and again. GET / tells how many replies are open. Standard library only, one process; does not look at
what it is asked.
"""
import argparse
import asyncio
import json
import time

# A token each word with the blank before it; the first sentence is eight of them. All of it stands in the sample handbook's
# public part in like words, and none of it in what the bench makes learn-only.
REPLY = ("You can bring the bicycle back to us. The shop looks at it while you wait, and small things are put right at once. "
         "Larger repairs take a few days, and we call you when it is ready. ")
WORDS = [" " + word for word in REPLY.split()]
FIRST_SENTENCE = 8


def token(number):
    word = WORDS[number % len(WORDS)]
    return word.lstrip() if number == 0 else word


class Stub:
    def __init__(self, first, gap, tokens):
        self.first, self.gap, self.tokens, self.open = first / 1000, gap / 1000, tokens, 0
        self.pieces = [
            self.chunk({"choices": [{"index": 0, "delta": {"content": token(number)}, "finish_reason": None}]})
            for number in range(tokens + 1)]
        self.end = (
            self.chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            + self.chunk({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": tokens + 1}})
            + self.framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    @staticmethod
    def framed(body):
        return b"%x\r\n%s\r\n" % (len(body), body)

    @classmethod
    def chunk(cls, value):
        return cls.framed(b"data: " + json.dumps({"id": "stub", "object": "chat.completion.chunk"} | value).encode() + b"\n\n")

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                if head.startswith(b"POST "):
                    await reader.readexactly(length[0] if length else 0)
                    await self.reply(writer)
                else:
                    body = json.dumps({"open": self.open}).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                    await writer.drain()
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def reply(self, writer):
        start = time.monotonic()
        self.open += 1
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number, piece in enumerate(self.pieces):
                await asyncio.sleep(max(0, start + self.first + number * self.gap - time.monotonic()))
                writer.write(piece)
                await writer.drain()
                if writer.is_closing():
                    raise ConnectionError
            writer.write(self.end)
            await writer.drain()
        finally:
            self.open -= 1


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first", type=float, default=20)
    parser.add_argument("--gap", type=float, default=20)
    parser.add_argument("--tokens", type=int, default=40)
    given = parser.parse_args()
    stub = Stub(given.first, given.gap, given.tokens)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", given.port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
