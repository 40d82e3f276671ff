"""The peer of the chat's bench: the same endpoint as one would plainly write it with FastAPI, sqlite3 and PyJWT.

    CHAT_DATABASE=FILE CHAT_ANSWERS=FILE CHAT_SECRET=TEXT [CHAT_MODEL=DIR] uvicorn chat_fastapi:app --workers N

The database is a copy of Bobbin's: the same tables, indexes and rows. As there, a question is checked against the limits,
counted against its owner's quota and noted with its answer in one transaction, which is synced.

CHAT_ANSWERS holds the answers that Bobbin gave, by question: finding one costs a look-up in memory, told in the peer's favour.
With CHAT_MODEL the question is first embedded, as Bobbin does, by ONNX Runtime, one thread, and compared with all passages by
numpy; the answer's words still come from memory.

The handlers are `async def` though sqlite3 blocks: synced commits take turns anyway, and handing each to FastAPI's threads
cost a third of the requests a second.
"""
import contextlib
import json
import os
import secrets
import sqlite3
import time

import jwt
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

SECRET, ISSUER = os.environ["CHAT_SECRET"], "http://localhost"
with open(os.environ["CHAT_ANSWERS"], encoding="utf-8") as file:
    ANSWERS = json.load(file)
EMBEDDER = None
if model := os.environ.get("CHAT_MODEL"):
    import minilm_onnx
    import numpy
    EMBEDDER = minilm_onnx.Embedder(model)
    PASSAGES = numpy.stack([EMBEDDER.embed(one["message"]) for one in ANSWERS.values()])

MINUTE, DAY, MONTH = 60_000, 86_400_000, 30 * 86_400_000
PER_MINUTE = {"session": 30, "address": 120, "chatbot": 1000}
ROWS = sqlite3.connect(os.environ["CHAT_DATABASE"], timeout=10, isolation_level=None)
ROWS.row_factory = sqlite3.Row
for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
    ROWS.execute(f"PRAGMA {pragma}")
app = FastAPI()


class Question(BaseModel):
    message: str = Field(min_length=1, max_length=4096)


class Answer(BaseModel):
    message_id: str
    conversation_id: str
    message: str
    answered: bool
    limited: bool
    sources: list[dict]


@contextlib.contextmanager
def transaction():
    """Takes the write lock at once: one that reads first and writes later is refused when another process wrote between."""
    ROWS.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        ROWS.execute("ROLLBACK")
        raise
    ROWS.execute("COMMIT")


def fresh_id(now):
    """Sorts by time, as Bobbin's do: the index grows at its end."""
    return f"{now:012x}{secrets.token_hex(7)}"


def pass_limits(limits, now):
    """GCRA, as in Sources/Storage/RateLimit.swift."""
    times = []
    for scope, count in limits:
        interval = MINUTE // count
        known = ROWS.execute("SELECT next_at FROM rate_limits WHERE scope = ?", (scope,)).fetchone()
        arrival = max(known["next_at"] if known else now, now)
        if arrival - now > interval * (count - 1):
            raise HTTPException(429)
        times.append((scope, arrival + interval, now))
    ROWS.executemany(
        "INSERT INTO rate_limits (scope, next_at, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (scope) DO UPDATE SET next_at = excluded.next_at", times)


def count(chatbot, now):
    """Against the quota: of two that see the last message only one changes the row."""
    start = now // MONTH * MONTH
    counted = ROWS.execute(
        "INSERT INTO usage_periods (user_id, period_start, period_end, messages_used, limited, tokens_in, tokens_out,"
        " tokens_embedded, created_at) VALUES (?, ?, ?, 1, 0, 0, 0, 0, ?) ON CONFLICT (user_id, period_start)"
        " DO UPDATE SET messages_used = messages_used + 1 WHERE messages_used < ?",
        (chatbot["user_id"], start, start + MONTH, now, chatbot["message_quota"]))
    if counted.rowcount != 1:
        raise HTTPException(402)
    ROWS.execute(
        "INSERT INTO usage_days (chatbot_id, day, messages, answered, limited, tokens, created_at) VALUES (?, ?, 1, 0, 0, 0, ?)"
        " ON CONFLICT (chatbot_id, day) DO UPDATE SET messages = messages + 1", (chatbot["id"], now // DAY, now))


def note_question(chatbot, session, question, now):
    """The conversation's id."""
    [conversation] = ROWS.execute(
        "INSERT INTO conversations (id, chatbot_id, session_id, channel, messages, last_message_at, created_at)"
        " VALUES (?, ?, ?, 'api', 1, ?, ?) ON CONFLICT (chatbot_id, session_id) DO UPDATE"
        " SET messages = messages + 1, last_message_at = excluded.last_message_at RETURNING id",
        (fresh_id(now), chatbot, session, now, now)).fetchone()
    ROWS.execute(
        "INSERT INTO messages (id, conversation_id, role, content, created_at) VALUES (?, ?, 'user', ?, ?)",
        (fresh_id(now), conversation, question, now))
    return conversation


def note_answer(answer, chatbot, source, milliseconds, now):
    ROWS.execute(
        "INSERT INTO messages (id, conversation_id, role, content, answered, mode, milliseconds, created_at)"
        " VALUES (?, ?, 'assistant', ?, 1, 'answer', ?, ?)",
        (answer.message_id, answer.conversation_id, answer.message, milliseconds, now))
    ROWS.executemany(
        "INSERT INTO sources_used (message_id, n, source_id, is_citable, citation_json, reference)"
        " SELECT ?, ?, id, is_citable, ?, ? FROM knowledge_sources WHERE id = ? AND is_citable = 1",
        [(answer.message_id, one["n"], json.dumps(one), str(one["n"]), source) for one in answer.sources])
    ROWS.execute(
        "UPDATE usage_days SET answered = answered + 1 WHERE chatbot_id = ? AND day = ?", (chatbot, now // DAY))


def found(question):
    """The answer's text and citations."""
    if EMBEDDER is not None:
        numpy.argsort(-(PASSAGES @ EMBEDDER.embed(question)))[:10]
    return ANSWERS[question]


@app.post("/api/chat/{chatbot_id}/session/", status_code=201)
async def begin(chatbot_id: str):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": chatbot_id, "sid": secrets.token_hex(16), "iat": now, "exp": now + 600}
    return {"token": jwt.encode(claims, SECRET, algorithm="HS256")}


@app.post("/api/chat/{chatbot_id}/")
async def ask(chatbot_id: str, question: Question, request: Request, authorization: str = Header()) -> Answer:
    started, now = time.perf_counter(), int(time.time() * 1000)
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"], issuer=ISSUER, audience=ISSUER,
            options={"require": ["exp", "sub", "sid"]})
    except jwt.InvalidTokenError:
        raise HTTPException(401)
    if claims["sub"] != chatbot_id:
        raise HTTPException(403)
    chatbot = ROWS.execute(
        "SELECT c.id, c.user_id, u.message_quota, s.id AS source FROM chatbots c JOIN users u ON u.id = c.user_id"
        " JOIN knowledge_sources s ON s.chatbot_id = c.id AND s.is_citable = 1"
        " WHERE c.id = ? AND c.is_public = 1 AND c.deleted_at IS NULL AND u.disabled = 0", (chatbot_id,)).fetchone()
    if chatbot is None:
        raise HTTPException(404)
    # uvicorn puts here what X-Forwarded-For says, which it believes of a proxy on the same machine.
    address = request.client.host
    # Searched for before anything is counted, so that one commit holds all and the lock is held for no search. Here a refused
    # question costs a search; none is refused in the bench.
    reply = found(question.message)
    with transaction():
        pass_limits([
            (f"chat:session:{chatbot_id}:{claims['sid']}", PER_MINUTE["session"]),
            (f"chat:address:{chatbot_id}:{address}", PER_MINUTE["address"]),
            (f"chat:chatbot:{chatbot_id}", PER_MINUTE["chatbot"])], now)
        count(chatbot, now)
        conversation = note_question(chatbot_id, claims["sid"], question.message, now)
        answer = Answer(
            message_id=fresh_id(now + 1), conversation_id=conversation, answered=True, limited=False, **reply)
        note_answer(answer, chatbot_id, chatbot["source"], int((time.perf_counter() - started) * 1000), now + 1)
    return answer


@app.get("/livez")
async def live() -> PlainTextResponse:
    return PlainTextResponse("ok\n")
