"""The peer of the spool's bench: the same records through an empty task of Celery, with Redis as broker and for results.

    BENCH_REDIS=redis://127.0.0.1:PORT python spool_celery.py TEXTS --batch RECORDS --items N [--workers 2]

Needs celery and redis (requirements.txt). A message is an item: a list of records. The task passes them on as a message to a
queue that nobody consumes and returns what Bobbin's receipt says, which the worker stores; it acknowledges late, so that a
killed worker's message is delivered again. Whether what Redis was told survives a power cut is the caller's choice.

Told in Celery's favour: messages go out by an application without results, so that nothing is subscribed for them; gossip,
mingling and heartbeats are off; the worker has done tasks of another queue before it is told to consume the full one, and
the clock starts with its first task. It stops when all messages are acknowledged. Prints one JSON object.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import celery
import redis

import processes

BROKER = os.environ["BENCH_REDIS"] + "/0"
RESULTS = os.environ["BENCH_REDIS"] + "/1"
WARM = 32

app = celery.Celery("spool_celery", broker=BROKER, backend=RESULTS)
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, task_track_started=False)
sender = celery.Celery("sender", broker=BROKER)


@app.task(name="empty", bind=True)
def empty(task, records):
    started = time.monotonic()
    sender.send_task("sink", args=[records], queue="sink")
    documents = {}
    for record in records:
        documents[record["document"]] = documents.get(record["document"], 0) + 1
    return {
        "stage": "empty", "outcome": "done", "tries": task.request.retries, "started": started,
        "milliseconds": round((time.monotonic() - started) * 1000), "worker": task.request.hostname,
        "documents": [{"document": name, "outcome": "done", "chunks": chunks} for name, chunks in documents.items()]}


def records_of(number, count, texts):
    """As BenchItems of Sources/bobbin-bench makes them."""
    return [
        {"document": f"document-{number}", "ordinal": ordinal, "text": texts[(number * count + ordinal) % len(texts)]}
        for ordinal in range(count)]


def results(store):
    kept = store.mget(store.keys("celery-task-meta-*"))
    return [json.loads(value) for value in kept]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    texts = [json.loads(line) for line in given.texts.read_text(encoding="utf-8").splitlines()]
    broker, store = redis.Redis.from_url(BROKER), redis.Redis.from_url(RESULTS)

    sender.send_task("empty", args=[records_of(0, given.batch, texts)], queue="warm")  # opens the connection
    start = time.perf_counter()
    for number in range(given.items):
        sender.send_task("empty", args=[records_of(number, given.batch, texts)], queue="empty")
    published = time.perf_counter() - start
    for number in range(1, WARM):
        sender.send_task("empty", args=[records_of(number, given.batch, texts)], queue="warm")

    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "spool_celery", "worker", "--concurrency", str(given.workers),
         "--queues", "warm", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"],
        cwd=pathlib.Path(__file__).parent, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        def is_idle(count):
            return store.dbsize() == count and broker.hlen("unacked") == 0
        processes.wait_until(lambda: is_idle(WARM), 30, "the worker's first tasks")
        app.control.add_consumer("empty")
        processes.wait_until(lambda: broker.llen("empty") == 0 and is_idle(WARM + given.items), 120, "the queue to be drained")
        end = time.monotonic()
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    done = results(store)
    if len(done) != WARM + given.items or any(one["status"] != "SUCCESS" for one in done):
        raise SystemExit(f"of {WARM + given.items} tasks {len(done)} have a result, not all of them of success")
    if broker.llen("sink") != WARM + given.items:
        raise SystemExit(f"of {WARM + given.items} messages {broker.llen('sink')} came through")
    # The tasks that warmed the worker began before all others.
    first = sorted(one["result"]["started"] for one in done)[WARM]
    seconds = end - first
    print(json.dumps({
        "celery": celery.__version__, "redis": broker.info("server")["redis_version"], "recordsPerItem": given.batch,
        "items": given.items, "publishItemsPerSecond": round(given.items / published, 1),
        "itemsPerSecond": round(given.items / seconds, 1), "recordsPerSecond": round(given.items * given.batch / seconds, 1),
        "seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
