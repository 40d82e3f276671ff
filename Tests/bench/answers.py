"""Answers: retrieval alone, the output gate alone, and the server with a language model that is a stub: time to the first byte of
text, and memory with many answers on their way.

    python answers.py --bin .build/release --bench .build/release/bobbin-bench --models DIR --work DIR [--peer PYTHON]
                      [--only retrieval|gate|first|streams|beside] [--chats 200] [--streams 1000]

Retrieval and gate are bobbin-bench's (retrieval_turns.py with the peer). The rest goes through the real server by HTTP as
visitors do: the sample handbook is citable, the employees' handbook learn-only, in chatbots of the operator's own made by
`bobbin ingest`, half of them strict and half blended. No limit is switched off: each visitor has a session and, by
X-Forwarded-For, an address of its own. The model is model_stub.py: a first token after 20 ms, 40 more every 20 ms.

First byte: chats one after another, each whole and by a visitor of its own, from the first byte of the request to the first
`delta` event; the same is asked of the stub alone. Memory: a server that has answered one question, then so many chats whose
stub gives a token a second; and the gate must have stopped none. Beside: whether a private source can be told by the time of
answers that do not need it, quoted ones and blended ones by the stub: chatbots with and without one, asked the same in turn.
Prints one JSON object. Linux only; all on the loopback.
"""
import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

import processes
from chat import Client, Visitors
from model_stub import FIRST_SENTENCE

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
BENCH = pathlib.Path(__file__).parent
HANDBOOK = FIXTURES / "handbook"
CITABLE = [HANDBOOK / name for name in ("about-fernwheel.md", "faq.txt", "rental-terms.docx", "service-manual.md")]
LEARN_ONLY = HANDBOOK / "source" / "employee-handbook.txt"
MODES = {"strict": ("strict-a", "strict-b"), "blended": ("blended-a", "blended-b")}
# Of the stub in the first-byte part.
FIRST_MS = GAP_MS = 20
TOKENS = 40
# Of the part with a private source and without.
QUOTED_SERVERS = 5


def retrieval(given):
    if not given.peer:
        return {"error": "the peers could not be installed, and the vectors are drawn with numpy"}
    return json.loads(run([given.peer, BENCH / "retrieval_turns.py", "--bench", given.bench, "--model", model(given),
                           "--work", given.work / "retrieval"]))


def gate(given):
    lists = [
        path for path in sorted(pathlib.Path("/usr/share/dict").glob("*"))
        if path.is_file() and path.name != "words" and path.suffix != ".md" and not path.name.startswith("README")]
    result = json.loads(run([given.bench, "answers-gate", "--secret", LEARN_ONLY, "--citable", HANDBOOK / "source" / "rental-terms.txt",
                             *lists, model(given) / "vocab.txt"]))
    return result | {"wordLists": [path.name for path in lists]}


def model(given):
    return given.models / "all-MiniLM-L6-v2"


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command[:3]))} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    return done.stdout


# The server.

def prepared(given):
    """A data directory with the chatbots: its environment and the chatbots' ids by mode."""
    data = given.work / "data"
    data.mkdir(parents=True)
    os.symlink(given.models.resolve(), data / "models")
    env = processes.environment(data, given.work / "spool") | {"BOBBIN_MAIL": "none", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1"}
    ids = {}
    for mode, names in MODES.items():
        for name in names:
            for options in (CITABLE, ["--learn-only", LEARN_ONLY]):
                processes.timed([f"{given.bin}/bobbin", "ingest", name, *map(str, options)], env, timeout=200)
            with rows(env) as database, database:
                database.execute("UPDATE chatbots SET privacy_mode = ? WHERE name = ?", (mode, name))
                [(id,)] = database.execute("SELECT id FROM chatbots WHERE name = ?", (name,))
                ids.setdefault(mode, []).append(id)
    return env, ids


@contextlib.contextmanager
def rows(env):
    with contextlib.closing(sqlite3.connect(pathlib.Path(env["BOBBIN_DATA"]) / "bobbin.sqlite", timeout=20)) as database:
        yield database


def noted(env, mode):
    """Whole answers in the database: all, those of the right kind, those that the gate stopped."""
    kind = "model" if mode == "strict" else "blended"
    with rows(env) as database:
        return database.execute(
            "SELECT count(*), count(*) FILTER (WHERE mode = ?), coalesce(sum(gated), 0) FROM messages JOIN conversations "
            "ON conversations.id = conversation_id JOIN chatbots ON chatbots.id = chatbot_id "
            "WHERE role = 'assistant' AND mode <> 'broken' AND privacy_mode = ?", (kind, mode)).fetchone()


def questions(about=(LEARN_ONLY,)):
    """What the learn-only source is about, so that each has private passages for its prompt; or what others are about."""
    lines = (FIXTURES / "questions" / "answerable.jsonl").read_text(encoding="utf-8").splitlines()
    stems = {path.stem for path in about}
    return [one["question"] for one in map(json.loads, lines) if pathlib.Path(one["file"]).stem in stems]


def near(given, env, ids, log):
    """Those of the questions that something citable is near to: a strict chatbot's model is asked no others."""
    found = []
    with stub("--first", 0, "--gap", 0, "--tokens", FIRST_SENTENCE) as stub_port:
        with served(given, env, stub_port, log) as (_, port):
            client, visitors = Client(port), Visitors(port, ids["strict"])
            for one in questions():
                chatbot, token, address = visitors.session(client)
                before = noted(env, "strict")[1]
                client.call("POST", f"/api/chat/{chatbot}/", {"message": one}, token, address)
                if noted(env, "strict")[1] > before:
                    found.append(one)
    return found


def beside(given, env, _, log, near_words):
    """Medians of answers of a chatbot with a private source and of one without, in turn: quoted ones to public questions, blended
    ones to questions that private and citable text is near to, until their first text and until their end."""
    # Both in two trainings: a shard of two segments is searched twice, whatever is in them.
    names = {"with": (CITABLE, ["--learn-only", LEARN_ONLY]), "without": (CITABLE[:2], CITABLE[2:])}
    pair = {}
    for name, parts in names.items():
        for options in parts:
            processes.timed([f"{given.bin}/bobbin", "ingest", f"{name}-private", *map(str, options)], env, timeout=200)
        with rows(env) as database:
            [(pair[name],)] = database.execute("SELECT id FROM chatbots WHERE name = ?", (f"{name}-private",))
    # Each once: an answer that is given again is no search. The first ones, of others, open the shards and the model.
    opening, public = questions()[:10], questions(CITABLE)
    times, said = {name: [] for name in names}, {name: [] for name in names}

    def in_turn(client, words, ask):
        visitors = Visitors(port, list(pair.values()))
        for number, asked_now in enumerate(words):
            # In turn and in changing order: what else happens on the machine happens to both.
            for name in sorted(names, reverse=number % 2 == 0):
                while (session := visitors.session(client))[0] != pair[name]:
                    pass
                ask(client, name, asked_now, session)

    def quoted(client, name, asked_now, session):
        start = time.perf_counter()
        reply = client.call("POST", f"/api/chat/{pair[name]}/", {"message": asked_now}, *session[1:])
        times[name].append((time.perf_counter() - start) * 1000)
        said[name].append(reply["message"])

    # A server's medians lie up to five percent apart, either way: so several, one after another; a new one remembers no answer.
    result = {name: [] for name in names}
    for _ in range(QUOTED_SERVERS):
        with processes.server(given.bin, env, log) as (_, port, _):
            client = Client(port)
            in_turn(client, opening, quoted)
            for name in names:
                times[name].clear()
                said[name].clear()
            in_turn(client, public, quoted)
        for name in names:
            result[name] += times[name]
    result = {name: processes.percentiles(of_all) for name, of_all in result.items()}
    same = sum(one == other for one, other in zip(said["with"], said["without"]))
    result |= {"questions": len(public), "servers": QUOTED_SERVERS, "same_answers": round(same / len(public), 3)}

    firsts, ends = {name: [] for name in names}, {name: [] for name in names}

    def blended(client, name, asked_now, session):
        start = time.perf_counter()
        firsts[name].append(first_byte(port, asked(asked_now, *session), b"event: delta", b"event: done"))
        ends[name].append((time.perf_counter() - start) * 1000)

    with rows(env) as database, database:
        database.executemany("UPDATE chatbots SET privacy_mode = 'blended' WHERE id = ?", [(one,) for one in pair.values()])
    with stub("--first", FIRST_MS, "--gap", GAP_MS, "--tokens", TOKENS) as stub_port:
        with served(given, env, stub_port, log) as (_, port):
            before = noted(env, "blended")
            in_turn(Client(port), near_words[:5] + near_words * 2, blended)
            after = [now - then for now, then in zip(noted(env, "blended"), before)]
    asked_in_all = 2 * (5 + 2 * len(near_words))
    if after != [asked_in_all, asked_in_all, 0]:
        raise SystemExit(f"beside: of {asked_in_all} blended answers {after[0]} were noted, {after[1]} came so, {after[2]} were stopped")
    result["blended"] = {
        name: {"first": processes.percentiles(firsts[name][5:]), "end": processes.percentiles(ends[name][5:])} for name in names}
    result["blended"]["questions"] = len(near_words)
    return result


@contextlib.contextmanager
def stub(*options):
    """The stub's port."""
    port = processes.free_port()
    process = subprocess.Popen([sys.executable, str(BENCH / "model_stub.py"), "--port", str(port), *map(str, options)])
    try:
        def answers():
            with contextlib.suppress(OSError):
                return open_replies(port) == 0
            return False
        processes.wait_until(answers, 10, "the stub")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def open_replies(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return json.load(answer)["open"]


@contextlib.contextmanager
def served(given, env, stub_port, log):
    with processes.server(given.bin, env | {"OPENAI_BASE_URL": f"http://127.0.0.1:{stub_port}"}, log) as (process, port, _):
        yield process, port


def request(path, body, *headers):
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: bench", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def asked(question, chatbot, token, address):
    return request(f"/api/chat/{chatbot}/", {"message": question}, "Accept: text/event-stream",
                   f"Authorization: Bearer {token}", f"X-Forwarded-For: {address}")


def first_byte(port, content, first, last):
    """Milliseconds to the line that begins with `first`; reads on to the one that begins with `last`."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines, found = connection.makefile("rb"), None
        start = time.perf_counter()
        connection.sendall(content)
        for line in lines:
            if found is None and line.startswith(first):
                found = (time.perf_counter() - start) * 1000
            if line.startswith(last):
                break
        else:
            raise SystemExit("a stream ended before its last event")
        if found is None:
            raise SystemExit("a stream ended without text")
        return found


def with_private_passages(port, chatbots, asked_of):
    """The questions whose blended answer is one: text that is there before the stub's first sentence ends went through no gate."""
    client, visitors, end = Client(port), Visitors(port, chatbots), FIRST_MS + (FIRST_SENTENCE - 1) * GAP_MS
    warm(port, [asked(asked_of[0], *visitors.session(client)) for _ in chatbots])
    return [one for one in asked_of if warm(port, [asked(one, *visitors.session(client))]) > end]


def first(given, env, ids, log, asked_of):
    """Of both modes, and of the stub alone."""
    result = {"chats": given.chats, "first_token_ms": FIRST_MS, "gap_ms": GAP_MS, "tokens": TOKENS,
              "first_sentence_tokens": FIRST_SENTENCE}
    with stub("--first", FIRST_MS, "--gap", GAP_MS, "--tokens", TOKENS) as stub_port:
        ask = request("/v1/chat/completions", {"stream": True, "messages": []})
        result["stub"] = processes.percentiles([first_byte(stub_port, ask, b'data: {"id"', b"data: [DONE]") for _ in range(20)])
        with served(given, env, stub_port, log) as (_, port):
            client, words = Client(port), with_private_passages(port, ids["blended"], asked_of)
            result["questions"] = len(words)
            for mode, chatbots in ids.items():
                visitors, times = Visitors(port, chatbots), []
                before = noted(env, mode)
                # The first few load the model, the shards and the words that are no secret.
                for number in range(-5, given.chats):
                    content = asked(words[number % len(words)], *visitors.session(client))
                    times.append(first_byte(port, content, b"event: delta", b"event: done"))
                after = [now - then for now, then in zip(noted(env, mode), before)]
                if after != [given.chats + 5, given.chats + 5, 0]:
                    raise SystemExit(f"{mode}: of {given.chats + 5} answers {after[0]} were noted, {after[1]} came so, "
                                     f"{after[2]} were stopped by the gate: this would measure something else")
                result[mode] = processes.percentiles(times[5:])
    return result


class Answers:
    """Answers on their way, counted."""

    def __init__(self):
        self.opened = self.ended = self.texts = 0
        self.heard, self.problem = set(), None

    async def follow(self, number, port, content, gate):
        try:
            async with gate:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(content)
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 200 " not in head.split(b"\r\n")[0]:
                    raise OSError(head.split(b"\r\n")[0].decode())
                await reader.readuntil(b"event: start")
                self.opened += 1
            while piece := await reader.read(4096):
                if found := piece.count(b"event: delta"):
                    self.texts += found
                    self.heard.add(number)
                if b"event: error" in piece or b"event: done" in piece:
                    raise OSError("an answer ended too soon")
            raise OSError("a stream was closed")
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            self.problem = str(error) or type(error).__name__
            self.ended += 1


async def hold(given, port, stub_port, process, contents, seconds):
    answers, gate, start = Answers(), asyncio.Semaphore(32), time.monotonic()
    tasks = [asyncio.create_task(answers.follow(number, port, content, gate)) for number, content in enumerate(contents)]
    begun = 0
    while begun < len(contents) and answers.ended == 0 and time.monotonic() < start + 90:
        await asyncio.sleep(0.2)
        begun = await asyncio.to_thread(open_replies, stub_port)
    result = {"opening_seconds": round(time.monotonic() - start, 1), "begun": begun}
    answers.heard.clear()
    used, held, most = processes.cpu_seconds(process), time.monotonic(), processes.memory(process)
    while time.monotonic() < held + seconds:
        await asyncio.sleep(0.5)
        most = max(most, processes.memory(process), key=lambda one: one["resident"])
    result |= {
        "open": answers.opened - answers.ended, "problem": answers.problem, "memory": most, "held_seconds": seconds,
        "heard_from": len(answers.heard), "cores_busy": round((processes.cpu_seconds(process) - used) / (time.monotonic() - held), 2)}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return result


def streams(given, env, ids, log, words):
    """In a new server for each mode, with its model and words loaded by one answer."""
    result = {"wanted": given.streams}
    for mode, chatbots in ids.items():
        with stub("--first", FIRST_MS, "--gap", 1000, "--tokens", 150) as stub_port:
            with served(given, env, stub_port, log) as (process, port):
                client, visitors = Client(port), Visitors(port, chatbots)
                # The first answers' visitors leave before the others come; whole they would take minutes.
                warm(port, [asked(words[0], *visitors.session(client)) for _ in chatbots])
                contents = [
                    asked(words[number % len(words)], *visitors.session(client)) for number in range(given.streams)]
                processes.wait_until(lambda: open_replies(stub_port) == 0, 30, "the visitors to be gone")
                processes.wait_until_idle(process, 30)
                before = processes.memory(process)
                held = asyncio.run(hold(given, port, stub_port, process, contents, 12))
                grown = held["memory"]["resident"] - before["resident"]
                result[mode] = held | {"before": before, "kilobytes_each": round(grown * 1000 / given.streams, 1)}
    return result


def warm(port, contents):
    """The first text of each, then the visitor leaves: model, shard and words are loaded. Milliseconds to that of the last."""
    for content in contents:
        start = time.perf_counter()
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
            connection.sendall(content)
            for line in connection.makefile("rb"):
                if line.startswith(b"event: delta"):
                    break
    return (time.perf_counter() - start) * 1000


def attempt(part, *arguments):
    """A part that fails leaves the others theirs."""
    try:
        return part(*arguments)
    except (SystemExit, OSError, ValueError, subprocess.SubprocessError) as error:
        # Out of time is for all of them.
        if str(error) == "out of time":
            raise
        return {"error": str(error)[:300]}


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "bench"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--peer")
    parser.add_argument("--only", choices=["retrieval", "gate", "first", "streams", "beside"])
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--streams", type=int, default=1000)
    for name in ("models", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    given.work.mkdir(parents=True)
    result = {}
    for part in (retrieval, gate):
        if given.only in (None, part.__name__):
            result[part.__name__] = attempt(part, given)
    if given.only in (None, "first", "streams", "beside"):
        with open(given.work / "servers.log", "w", encoding="utf-8") as log:
            env, ids = prepared(given)
            words = near(given, env, ids, log)
            for part in (beside, streams, first):
                if given.only in (None, part.__name__):
                    result[part.__name__] = attempt(part, given, env, ids, log, words)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
