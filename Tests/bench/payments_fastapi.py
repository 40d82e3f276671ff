"""The peer of the bench of payments: a webhook as one would plainly write it with FastAPI, stripe-python and sqlite3.

    PAYMENTS_DATABASE=FILE PAYMENTS_SECRET=TEXT PAYMENTS_STRIPE=URL uvicorn payments_fastapi:app

Each event is checked by stripe-python, its subscription read again, and journal and plan are written in one synced transaction, as
Bobbin does; Bobbin writes an audit log beside them. The database is a copy of Bobbin's with the same rows.
"""
import os
import sqlite3
import threading
import time

import stripe
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

SECRET = os.environ["PAYMENTS_SECRET"]
stripe.api_key, stripe.api_base = "sk_test_bench", os.environ["PAYMENTS_STRIPE"]
ROWS = sqlite3.connect(os.environ["PAYMENTS_DATABASE"], timeout=10, isolation_level=None, check_same_thread=False)
for pragma in ("journal_mode = WAL", "synchronous = FULL"):
    ROWS.execute(f"PRAGMA {pragma}")
ROWS.execute("CREATE TABLE IF NOT EXISTS peer_events (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL)")
TURN = threading.Lock()
app = FastAPI()


def take(event):
    subscription = stripe.Subscription.retrieve(event["data"]["object"]["id"])
    tier = subscription["items"]["data"][0]["price"]["id"].removeprefix("price_")
    with TURN:
        ROWS.execute("BEGIN IMMEDIATE")
        try:
            new = ROWS.execute(
                "INSERT INTO peer_events VALUES (?, ?) ON CONFLICT DO NOTHING", (event["id"], int(time.time() * 1000)))
            if new.rowcount == 1:
                ROWS.execute("UPDATE users SET plan_tier = ? WHERE id = ?", (tier, subscription["metadata"]["bobbin_account"]))
        except BaseException:
            ROWS.execute("ROLLBACK")
            raise
        ROWS.execute("COMMIT")


@app.post("/api/webhooks/stripe/")
async def webhook(request: Request, stripe_signature: str = Header()):
    try:
        event = stripe.Webhook.construct_event(await request.body(), stripe_signature, SECRET)
    except (ValueError, stripe.SignatureVerificationError):
        raise HTTPException(400)
    await run_in_threadpool(take, event)
    return {}


@app.get("/livez")
async def live() -> PlainTextResponse:
    return PlainTextResponse("ok\n")
