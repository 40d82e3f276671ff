"""The server: cold start, resident memory, and with wrk requests a second on POST /api/chat with the quoting answerer.

    python server.py --bin .build/release --models DIR --work DIR [--wrk WRK | --no-wrk REASON] [--seconds 10] [--shards 1000]

Serves the sample handbook. Every request is a question of fixtures/questions, embedded, searched and answered; nothing on
the way is cached. wrk runs on the same machine and takes its part of the cores. For memory with many shards the handbook's
shard and rows are copied under new ids: real files, none shared. A source's id is one chatbot's alone in the real schema and
stands in the shard, so the copy of the database gets a table that lets chatbots share it. Prints one JSON object.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess

import processes

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"


def questions():
    lines = (FIXTURES / "questions" / "answerable.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def ingested(given):
    data = given.work / "data"
    data.mkdir(parents=True)
    os.symlink(given.models.resolve(), data / "models")
    env = processes.environment(data, given.work / "spool")
    files = [str(p) for p in sorted((FIXTURES / "handbook").iterdir()) if p.suffix in {".pdf", ".docx", ".html", ".md", ".txt"}]
    processes.timed([f"{given.bin}/bobbin", "ingest", "handbook", *files, "--json"], env, timeout=200)
    return env


class Client:
    """One kept connection that asks questions."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, chatbot, question):
        self.connection.request(
            "POST", f"/api/chat/{chatbot}/", json.dumps({"message": question}), {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"POST /api/chat/{chatbot}/ answered {response.status}: {body[:300]}")
        return json.loads(body)


def load(given, port, bodies, threads, connections, seconds):
    out = subprocess.run(
        [given.wrk, f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s",
         str(pathlib.Path(__file__).with_name("chat.lua")), f"http://127.0.0.1:{port}", "--", "/api/chat/handbook/",
         str(bodies)],
        check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    return json.loads(out.strip().splitlines()[-1])


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def chat(given, env, asked):
    result = {}
    bodies = given.work / "bodies.jsonl"
    bodies.write_text("".join(json.dumps({"message": q}) + "\n" for q in asked), encoding="utf-8")
    with processes.server(given.bin, env) as (process, port, _):
        result["before_first_question"] = processes.memory(process)
        client = Client(port)
        client.ask("handbook", asked[0])
        result["after_first_question"] = processes.memory(process)
        answered = sum(client.ask("handbook", q)["answered"] for q in asked)
        result["questions"], result["answered"] = len(asked), answered
        if answered < len(asked) / 2:
            raise SystemExit(f"only {answered} of {len(asked)} questions were answered: this would measure something else")
        if given.wrk:
            before = cpu_seconds(process)
            result["load"] = load(given, port, bodies, 2, 8, given.seconds)
            spent = cpu_seconds(process) - before
            result["load"]["cpu_ms_per_request"] = round(spent / max(1, result["load"]["requests"]) * 1000, 2)
            result["alone"] = load(given, port, bodies, 1, 1, max(2, given.seconds // 2))
            result["after_load"] = processes.memory(process)
        else:
            result["reason"] = given.no_wrk
    return result


def multiply(data, count):
    """Copies the handbook's chatbot until there are `count`; their ids."""
    rows = sqlite3.connect(data / "bobbin.sqlite")
    [original] = rows.execute("SELECT id FROM chatbots").fetchone()
    copies = [f"bench{number:021}" for number in range(1, count)]
    rows.executescript(
        """
        PRAGMA foreign_keys = OFF;
        ALTER TABLE knowledge_sources RENAME TO own_sources;
        CREATE TABLE knowledge_sources AS SELECT * FROM own_sources;
        CREATE INDEX sources_of_chatbot ON knowledge_sources(chatbot_id);
        """)
    for copy in copies:
        rows.execute("INSERT INTO chatbots SELECT ?, ?, ?, is_public, created_at, updated_at FROM chatbots WHERE id = ?",
                     (copy, copy, copy, original))
        rows.execute("INSERT INTO knowledge_sources SELECT id, ?, source_type, source_url, file_path, name, is_citable,"
                     " created_at, updated_at FROM own_sources WHERE chatbot_id = ?", (copy, original))
        shutil.copytree(data / "shards" / original, data / "shards" / copy)
    rows.commit()
    rows.close()
    return [original, *copies]


def many(given, env, asked):
    ids = multiply(pathlib.Path(env["BOBBIN_DATA"]), given.shards)
    size = sum(p.stat().st_size for p in (given.work / "data" / "shards").rglob("*.segment"))
    result = {"shards": len(ids), "segment_megabytes": round(size / 1e6, 1)}
    chance = random.Random(1)
    with processes.server(given.bin, env) as (process, port, _):
        result["present"] = processes.memory(process)
        client, answered = Client(port), 0
        for chatbot in ids:
            answered += client.ask(chatbot, chance.choice(asked))["answered"]
        result["asked"] = processes.memory(process)
        result["answered"] = answered
    if answered < len(ids) / 2:
        raise SystemExit(f"only {answered} of {len(ids)} chatbots answered: the copies do not work")
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--wrk")
    parser.add_argument("--no-wrk", default="wrk is not installed")
    parser.add_argument("--seconds", type=int, default=10)
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
