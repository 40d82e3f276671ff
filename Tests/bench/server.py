"""The server: cold start, and resident memory before and after questions and with many shards.

    python server.py --bin .build/release --models DIR --work DIR [--shards 1000]

Serves the sample handbook. Every question is of fixtures/questions, asked by a visitor of its own. For memory with many shards
the handbook's shard and rows are copied under new ids: real files, none shared. A source's id is one chatbot's alone in the
real schema and stands in the shard, so the copy of the database gets tables that let chatbots share it. Prints one JSON
object. Requests a second are chat.py's.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics

import processes
from chat import Client, Visitors

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"


def questions():
    lines = (FIXTURES / "questions" / "answerable.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def ingested(given):
    data = given.work / "data"
    data.mkdir(parents=True)
    os.symlink(given.models.resolve(), data / "models")
    env = processes.environment(data, given.work / "spool") | {"BOBBIN_MAIL": "none", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1"}
    files = [str(p) for p in sorted((FIXTURES / "handbook").iterdir()) if p.suffix in {".pdf", ".docx", ".html", ".md", ".txt"}]
    processes.timed([f"{given.bin}/bobbin", "ingest", "handbook", *files, "--json"], env, timeout=200)
    return env


def chatbots(env):
    with contextlib.closing(sqlite3.connect(pathlib.Path(env["BOBBIN_DATA"]) / "bobbin.sqlite", timeout=20)) as rows:
        return [id for (id,) in rows.execute("SELECT id FROM chatbots ORDER BY id")]


def is_answered(client, visitors, question):
    """Asks it of the next chatbot, as a new visitor."""
    chatbot, token, address = visitors.session(client)
    return client.call("POST", f"/api/chat/{chatbot}/", {"message": question}, token, address)["answered"]


def chat(given, env, asked):
    result = {}
    with processes.server(given.bin, env) as (process, port, _):
        result["before_first_question"] = processes.memory(process)
        client, visitors = Client(port), Visitors(port, chatbots(env))
        is_answered(client, visitors, asked[0])
        result["after_first_question"] = processes.memory(process)
        answered = sum(is_answered(client, visitors, question) for question in asked)
        result["after_all"] = processes.memory(process)
    result["questions"], result["answered"] = len(asked), answered
    if answered < len(asked) / 2:
        raise SystemExit(f"only {answered} of {len(asked)} questions were answered: the shard does not work")
    return result


def insert(rows, table, source, kept, **values):
    """Copies the rows of `source` that `kept` chooses, with other values in some columns."""
    columns = [column for _, column, *_ in rows.execute(f"PRAGMA table_info({table})")]
    chosen = [f":{column}" if column in values else column for column in columns]
    rows.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(chosen)} FROM {source} WHERE {kept}", values)


def multiply(data, count):
    """Copies the handbook's chatbot until there are `count`."""
    rows = sqlite3.connect(data / "bobbin.sqlite")
    [original] = rows.execute("SELECT id FROM chatbots").fetchone()
    rows.executescript(
        """
        PRAGMA foreign_keys = OFF;
        ALTER TABLE knowledge_sources RENAME TO own_sources;
        CREATE TABLE knowledge_sources AS SELECT * FROM own_sources;
        CREATE INDEX sources_of_chatbot ON knowledge_sources(chatbot_id);
        CREATE INDEX sources_by_id ON knowledge_sources(id);
        DROP TABLE sources_used;
        CREATE TABLE sources_used (
          message_id TEXT NOT NULL, n INTEGER NOT NULL, source_id TEXT NOT NULL, is_citable INTEGER NOT NULL,
          citation_json TEXT NOT NULL, reference TEXT NOT NULL, PRIMARY KEY (message_id, n) ON CONFLICT IGNORE);
        """)
    for copy in (f"bench{number:021}" for number in range(1, count)):
        insert(rows, "chatbots", "chatbots", f"id = '{original}'", id=copy, name=copy, public_url_slug=copy)
        insert(rows, "knowledge_sources", "own_sources", f"chatbot_id = '{original}'", chatbot_id=copy)
        shutil.copytree(data / "shards" / original, data / "shards" / copy)
    rows.commit()
    rows.close()


def many(given, env, asked):
    multiply(pathlib.Path(env["BOBBIN_DATA"]), given.shards)
    ids = chatbots(env)
    size = sum(p.stat().st_size for p in (given.work / "data" / "shards").rglob("*.segment"))
    result = {"shards": len(ids), "segment_megabytes": round(size / 1e6, 1)}
    chance = random.Random(1)
    with processes.server(given.bin, env) as (process, port, _):
        result["present"] = processes.memory(process)
        client, visitors = Client(port), Visitors(port, ids)
        answered = sum(is_answered(client, visitors, chance.choice(asked)) for _ in ids)
        result["asked"] = processes.memory(process)
        result["answered"] = answered
    if answered < len(ids) / 2:
        raise SystemExit(f"only {answered} of {len(ids)} chatbots answered: the copies do not work")
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--shards", type=int, default=1000)
    for name in ("models", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    env, asked = ingested(given), questions()
    starts = []
    for _ in range(10):
        with processes.server(given.bin, env) as (_, _, seconds):
            starts.append(seconds * 1000)
    result = {"cold_start_ms": round(statistics.median(starts), 1), "cold_start_worst_ms": round(max(starts), 1)}
    result |= chat(given, env, asked)
    result["many"] = many(given, env, asked)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
