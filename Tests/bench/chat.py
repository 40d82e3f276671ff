"""The chat over HTTP as visitors use it, every question with session, limits, quota and history: requests a second beside the
same endpoint in FastAPI, a storm of logins, and open event streams.

    python chat.py --bin .build/release --models DIR --work DIR --wrk WRK [--peer PYTHON] [--seconds 8]

Everything is made by the API as owners and visitors would: accounts, chatbots with the sample handbook's questions and
answers as their one source, a run of the pipeline, sessions. Three things are not: the accounts' plan is set in the
database, as nobody can buy one here; the accounts that log in at once are copies of one row, as 200 registrations would
take minutes of bcrypt; and each visitor has an address of its own by X-Forwarded-For, which a server believes of its proxy.

No limit is switched off. There are as many visitors as a rate of MOST a second needs, so that none asks too often; an
answer other than 200 to a question ends the bench, and so does a missing row. wrk is the same for both servers, with the
same questions; it runs on the same machine and takes its part of the cores. Prints one JSON object.
"""
import argparse
import asyncio
import concurrent.futures
import contextlib
import http.client
import json
import math
import os
import pathlib
import resource
import secrets
import sqlite3
import statistics
import subprocess
import threading
import time

import processes

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
SOURCE = FIXTURES / "handbook" / "faq.txt"
BENCH = pathlib.Path(__file__).parent
CONNECTIONS = (1, 32, 256)
# An owner may begin 20 trainings an hour: one for each chatbot. The last chatbot of each owner is for the event streams.
OWNERS, CHATBOTS = 5, 20
PASSWORD = "a slow green bicycle 41"
# A session may ask 30 times at once, then every two seconds (Sources/Billing). The visitors of a run are good for MOST
# questions a second, once a server's rate is known for three times that.
MOST, BURST = 6000, 30
# A message that is answered without looking anything up: what is left is HTTP and rows.
GREETING = "Good morning"
LOGINS, STREAMS = 200, 2000


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Client:
    """One kept connection. `call` ends the bench on any other answer than one of success."""

    def __init__(self, port, address=address(0)):
        self.connection, self.address = http.client.HTTPConnection("127.0.0.1", port, timeout=60), address

    def send(self, method, path, body=None, token=None, address=None):
        """Status, Retry-After in seconds, body."""
        headers = {"X-Forwarded-For": address or self.address}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        return response.status, int(response.getheader("Retry-After") or 0), response.read()

    def call(self, method, path, body=None, token=None, address=None):
        status, _, answer = self.send(method, path, body, token, address)
        if status not in (200, 201, 202):
            raise SystemExit(f"{method} {path} answered {status}: {answer[:300]}")
        return json.loads(answer)


def changed(database, *statements):
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as rows, rows:
        for sql in statements:
            rows.execute(sql)


def owners(port, database):
    """Accounts of the largest plan: their access tokens."""
    made = [
        Client(port, address(number)).call(
            "POST", "/api/auth/register", {"email": f"owner{number}@example.org", "password": PASSWORD, "delivery": "body"})
        for number in range(OWNERS)]
    changed(database, "UPDATE users SET plan_tier = 'enterprise', message_quota = 1000000000")
    return [one["access_token"] for one in made]


def train(client, token, chatbot):
    client.call("POST", f"/api/chatbots/{chatbot}/sources/", {
        "source_type": "file", "name": SOURCE.name, "text": SOURCE.read_text(encoding="utf-8")}, token)
    client.call("POST", f"/api/chatbots/{chatbot}/train/", {}, token)


def chatbots(port, token):
    """The ids of one owner's; all but the last are being trained."""
    client = Client(port)
    ids = [client.call("POST", "/api/chatbots/", {"name": f"Bench {n}"}, token)["id"] for n in range(CHATBOTS)]
    for chatbot in ids[:-1]:
        train(client, token, chatbot)
    return ids


class Visitors:
    """Sessions with all chatbots of a server; each visitor is used for one run only."""

    def __init__(self, port, chatbots):
        self.port, self.chatbots, self.used = port, chatbots, 0

    def session(self, client):
        """A new one: chatbot, token, address."""
        number, self.used = self.used, self.used + 1
        chatbot, own = self.chatbots[number % len(self.chatbots)], address(number + 256)
        return chatbot, client.call("POST", f"/api/chat/{chatbot}/session/", {}, address=own)["token"], own

    def write(self, file, questions, count):
        """So many new ones, for chat.lua."""
        local = threading.local()

        def visitor(number):
            if not hasattr(local, "client"):
                local.client = Client(self.port)
            chatbot, token, own = self.session(local.client)
            body = json.dumps({"message": questions[number % len(questions)]})
            return f"/api/chat/{chatbot}/\t{token}\t{own}\t{body}\n"
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            file.write_text("".join(pool.map(visitor, range(count))), encoding="utf-8")


class Server:
    """One that is measured: what it is called, its process, its database, and the rows that must be in it."""

    def __init__(self, given, name, process, port, database, chatbots, questions=()):
        self.given, self.name, self.process, self.port = given, name, process, port
        self.database, self.questions, self.most = database, questions, MOST
        self.visitors = Visitors(port, chatbots)

    def learn(self):
        """Which questions the quoting answerer answers, and, for the peer's memory, how."""
        lines = (FIXTURES / "questions" / "answerable.jsonl").read_text(encoding="utf-8").splitlines()
        asked = [one["question"] for one in map(json.loads, lines) if one["file"] == SOURCE.name]
        client, known = Client(self.port), {}
        for question in [*asked, GREETING]:
            chatbot, token, own = self.visitors.session(client)
            answer = client.call("POST", f"/api/chat/{chatbot}/", {"message": question}, token, own)
            if answer["answered"]:
                known[question] = {"message": answer["message"], "sources": answer["sources"]}
        if len(known) < len(asked) / 2:
            raise SystemExit(f"only {len(known)} of {len(asked)} questions were answered: this would measure something else")
        (self.given.work / "answers.json").write_text(json.dumps(known), encoding="utf-8")
        self.questions = [one for one in known if one != GREETING]

    def rows(self):
        """Questions, and answers that quote."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as rows:
            return rows.execute(
                "SELECT count(*) FILTER (WHERE role = 'user'), count(*) FILTER (WHERE answered = 1) FROM messages").fetchone()

    def warm(self, seconds=0):
        """`seconds`: long enough for each question to be asked once of each chatbot. What is measured is a site whose visitors
        ask what others have asked before, which is where the peer, too, answers from memory."""
        if seconds:
            self.most = MOST
            self.load(8, seconds)
        self.most = max(MOST if seconds else 1000, 3 * self.load(8, 2)["requests_per_second"])

    def load(self, connections, seconds, greeting=False):
        """wrk's report of one run, with the server's CPU time."""
        threads = min(connections, 2)
        file = self.given.work / "visitors.tsv"
        most = MOST if greeting else self.most
        self.visitors.write(
            file, [GREETING] if greeting else self.questions, max(16, math.ceil(most * seconds / BURST)))
        before, used = self.rows(), processes.cpu_seconds(self.process)
        out = subprocess.run(
            [self.given.wrk, f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
             "-s", str(BENCH / "chat.lua"), f"http://127.0.0.1:{self.port}", "--", str(file), str(threads)],
            check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
        result = json.loads(out.strip().splitlines()[-1])
        if result["refused"] or result["broken"]:
            raise SystemExit(f"{self.name}, {connections} connections: {result}: not every answer was a 200 (429: raise MOST)")
        # Those under way when wrk left go on: the next run must not pay for them.
        processes.wait_until_idle(self.process, 30)
        questions, quotes = (after - past for after, past in zip(self.rows(), before))
        if min(questions, quotes) < result["requests"]:
            raise SystemExit(f"{self.name}: {result['requests']} answers, but rows of {questions} questions and {quotes} quotes")
        spent = processes.cpu_seconds(self.process) - used
        result["cpu_ms_per_request"] = round(spent / max(1, questions) * 1000, 2)
        return result


# Workers and loop with which the peer did best, of 1 or 2 and asyncio or uvloop, on two cores. Two processes that write wait
# for each other in SQLite, so a second one pays only where the embedding keeps both cores busy.
PEERS = {"plain": (1, "asyncio", False), "embedding": (2, "uvloop", True)}


def peer(given, name, log):
    """The peer's server on a copy of the rows."""
    workers, loop, is_embedding = PEERS[name]
    work = given.work / name
    work.mkdir()
    with contextlib.closing(sqlite3.connect(given.work / "data" / "bobbin.sqlite", timeout=20)) as rows:
        rows.execute("VACUUM INTO ?", (str(work / "peer.sqlite"),))
    changed(work / "peer.sqlite", *(f"DELETE FROM {table}" for table in ("sources_used", "messages", "conversations", "rate_limits")))
    env = os.environ | {
        "CHAT_DATABASE": str(work / "peer.sqlite"), "CHAT_ANSWERS": str(given.work / "answers.json"),
        "CHAT_SECRET": secrets.token_hex(32)}
    if is_embedding:
        env["CHAT_MODEL"] = str(given.models / "all-MiniLM-L6-v2")
    return processes.serving(
        [given.peer, "-m", "uvicorn", "chat_fastapi:app", "--app-dir", str(BENCH), "--workers", str(workers),
         "--loop", loop, "--no-access-log", "--log-level", "warning"], env, log)


def versions(python):
    code = "import fastapi, json, uvicorn; print(json.dumps({'fastapi': fastapi.__version__, 'uvicorn': uvicorn.__version__}))"
    return json.loads(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout)


def sync_milliseconds(folder):
    """A synced write of a page, as a commit costs at least: both servers' rates hang on the disk."""
    times = []
    with open(folder / "sync", "wb") as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(times), 2)


def loads(given, servers):
    """Each number of connections with all servers in turn."""
    for server in servers:
        server.warm(60 if server.name == "bobbin" else 0)
    rows = [{"connections": n} | {server.name: server.load(n, given.seconds) for server in servers} for n in CONNECTIONS]
    # The second peer only adds an embedding, which a greeting does not need.
    rows.append({"connections": 32, "greeting": True} | {
        server.name: server.load(32, given.seconds, greeting=True) for server in servers[:2]})
    for row in rows:
        for name in PEERS.keys() & row.keys():
            row[f"ratio_{name}"] = round(row["bobbin"]["requests_per_second"] / row[name]["requests_per_second"], 2)
    return {"loads": rows, "sync_ms": sync_milliseconds(given.work)} | (versions(given.peer) if given.peer else {})


def logins(port, count, until):
    """All at once, each an account and an address of its own; who is told to come again does, as long as there is time."""
    signed_in, turned_away, others = [], [], []
    start = threading.Barrier(count)

    def one(number):
        client = Client(port, address(number + (200 << 16)))
        client.connection.connect()
        start.wait()
        while time.monotonic() < until:
            status, wait, _ = client.send("POST", "/api/auth/login", {
                "email": f"storm{number}@example.org", "password": PASSWORD, "delivery": "body"})
            if status == 200:
                signed_in.append(number)
                return
            (turned_away if status == 503 else others).append(status)
            time.sleep(max(0, min(wait or 1, until - time.monotonic())))
    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if others:
        raise SystemExit(f"logins were answered {sorted(set(others))}")
    return {"signed_in": len(signed_in), "told_to_come_again": len(turned_away)}


def storm(given, server):
    """32 connections that chat, without and with a storm of logins."""
    with contextlib.closing(sqlite3.connect(server.database, timeout=20)) as rows, rows:
        columns = [column for _, column, *_ in rows.execute("PRAGMA table_info(users)") if column not in ("id", "email")]
        rows.executemany(
            f"INSERT INTO users (id, email, {', '.join(columns)}) SELECT ?, ?, {', '.join(columns)} FROM users WHERE email = ?",
            [(f"storm{number:021}", f"storm{number}@example.org", "owner0@example.org") for number in range(LOGINS)])
    result = {"before": server.load(32, given.seconds)}
    found = {}

    def run():
        found.update(logins(server.port, LOGINS, time.monotonic() + given.seconds))
    # Sessions are made before wrk starts: the storm breaks when rows of the run appear.
    count = server.rows()[0]

    def wait_and_run():
        processes.wait_until(lambda: server.rows()[0] > count + 10, 60, "the chat under the storm")
        run()
    thread = threading.Thread(target=wait_and_run)
    thread.start()
    result["during"] = server.load(32, given.seconds)
    thread.join()
    return result | found | {"ratio": round(result["during"]["p99_ms"] / result["before"]["p99_ms"], 2)}


class Streams:
    """Open event streams, counted."""

    def __init__(self):
        self.opened = self.ended = self.bytes = 0
        self.heard = set()
        self.problem = None

    async def follow(self, number, port, chatbot, token, gate):
        try:
            async with gate:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(
                    f"GET /api/chatbots/{chatbot}/status/ HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
                    f"X-Forwarded-For: {address(number)}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 200 " not in head.split(b"\r\n")[0]:
                    raise OSError(head.split(b"\r\n")[0].decode())
                await reader.readuntil(b"event: status")
                self.opened += 1
            while piece := await reader.read(4096):
                self.bytes += len(piece)
                if b": ping" in piece or b"event: status" in piece:
                    self.heard.add(number)
            self.ended += 1
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            self.problem = str(error) or type(error).__name__
            self.ended += 1


async def open_streams(port, followed, process, ask, hold):
    streams, gate, start = Streams(), asyncio.Semaphore(64), time.monotonic()
    tasks = [
        asyncio.create_task(streams.follow(number, port, *followed[number % len(followed)], gate)) for number in range(STREAMS)]
    while streams.opened + streams.ended < STREAMS and time.monotonic() < start + 90:
        await asyncio.sleep(0.1)
    result = {"opened": streams.opened, "opening_seconds": round(time.monotonic() - start, 1)}
    streams.heard.clear()
    used, begun, asked, most = processes.cpu_seconds(process), time.monotonic(), [], processes.memory(process)
    while time.monotonic() < begun + hold:
        asked.append(await asyncio.to_thread(ask))
        most = max(most, processes.memory(process), key=lambda one: one["resident"])
        await asyncio.sleep(1)
    result |= {
        "open": streams.opened - streams.ended, "problem": streams.problem, "memory": most,
        "heard_from_within_seconds": hold, "heard_from": len(streams.heard),
        "cores_busy": round((processes.cpu_seconds(process) - used) / (time.monotonic() - begun), 2),
        "question_median_ms": round(statistics.median(asked), 1), "question_longest_ms": round(max(asked), 1)}
    for task in tasks:
        task.cancel()
    return result


def streams(given, env, log, tokens, followed, trained, question):
    """In a new server that has answered a question, so with its model loaded, and that nothing else has filled."""
    with processes.server(given.bin, env, log) as (process, port, _):
        for token, chatbot in zip(tokens, followed):
            train(Client(port), token, chatbot)
        visitors = Visitors(port, trained)

        def ask():
            client = Client(port)
            chatbot, token, own = visitors.session(client)
            start = time.perf_counter()
            client.call("POST", f"/api/chat/{chatbot}/", {"message": question}, token, own)
            return (time.perf_counter() - start) * 1000
        ask()
        alone = [ask() for _ in range(10)]
        result = {"before": processes.memory(process), "question_alone_median_ms": round(statistics.median(alone), 1)}
        return result | asyncio.run(open_streams(port, list(zip(followed, tokens)), process, ask, 32))


def prepare(given):
    """A new data directory: the environment of the servers."""
    data = given.work / "data"
    data.mkdir(parents=True)
    os.symlink(given.models.resolve(), data / "models")
    # Owners' tokens are good at the next server too, on another port, as both have one public address.
    return processes.environment(data, given.work / "spool") | {
        "BOBBIN_MAIL": "none", "BOBBIN_TRUSTED_PROXIES": "127.0.0.1", "BOBBIN_PUBLIC_URL": "http://localhost"}


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "wrk"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--peer")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--only", choices=["load", "storm", "streams"])
    for name in ("models", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    env = prepare(given)
    with open(given.work / "servers.log", "w", encoding="utf-8") as log, contextlib.ExitStack() as running:
        process, port, _ = running.enter_context(processes.server(given.bin, env, log))
        database = given.work / "data" / "bobbin.sqlite"
        tokens = owners(port, database)
        ids = [chatbots(port, token) for token in tokens]
        trained, followed = [one for some in ids for one in some[:-1]], [some[-1] for some in ids]
        processes.timed([f"{given.bin}/bobbin", "pipeline", "--until-drained", "--quiet"], env, timeout=200)
        bobbin = Server(given, "bobbin", process, port, database, trained)
        bobbin.learn()
        result = {"seconds": given.seconds, "chatbots": len(trained), "questions": len(bobbin.questions)}
        if given.only in (None, "load"):
            servers = [bobbin]
            for name in PEERS if given.peer else ():
                process, port, _ = running.enter_context(peer(given, name, log))
                rows = given.work / name / "peer.sqlite"
                servers.append(Server(given, name, process, port, rows, trained, bobbin.questions))
            result |= loads(given, servers)
        if given.only in (None, "storm"):
            result["storm"] = storm(given, bobbin)
        running.close()
        if given.only in (None, "streams"):
            result["streams"] = streams(given, env, log, tokens, followed, trained, bobbin.questions[0])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
