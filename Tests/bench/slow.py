"""What clients that dawdle cost the others (SECURITY.md W21): visitors who chat, alone and beside each attack of slowhttptest.

    python3 slow.py --bin DIR --models DIR --work DIR --slowhttptest PATH [--seconds 30] [--connections 1000]      one JSON object

The attacks come from 127.0.0.1, which the server is told is a trusted proxy: so the bound of 256 connections for an address
does not help it, only deadlines do. The visitors come from 127.0.0.2. Counts connections by the server's descriptors, not by what
the attacker believes.

slowhttptest opens 200 connections at once each second. What that burst costs and what a thousand open connections cost are two
figures: `arriving` and `held`.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import chat
import processes

# Each visitor asks so often a second, below every limit of a chatbot and a session.
VISITORS, RATE, QUESTIONS_A_SESSION = 4, 20, 20
# Slow heads, slow bodies, thousands of ranges, readers that take five bytes a second of a long answer, many times over.
ATTACKS = {
    "heads": ["-H", "-i", "5", "-t", "GET", "/"],
    "bodies": ["-B", "-i", "5", "-s", "8192", "-x", "10", "-f", "application/json", "/api/auth/login"],
    "ranges": ["-R", "-t", "HEAD", "-a", "10", "-b", "3000", "/embed.js"],
    "readers": ["-X", "-k", "5", "-n", "1", "-z", "5", "-w", "10", "-y", "20", "/openapi.json"],
}


class Visitor(chat.Client):
    def __init__(self, port, address):
        super().__init__(port, address)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=("127.0.0.2", 0))


def connected(server):
    """Descriptors that the server has open. /proc/net/tcp would say which of them are the attacker's, and stop a core for
    milliseconds each time: reading it five times a second doubled the visitors' p99."""
    return len(os.listdir(f"/proc/{server}/fd"))


def watch(server):
    """Prints time and number of descriptors five times a second until it is ended. A process of its own: the visitors are threads
    of one interpreter, and would wait for it."""
    while True:
        print(time.monotonic(), connected(server), flush=True)
        time.sleep(0.2)


def ask(visitors, questions, seconds):
    """When each question was due, and the milliseconds to its answer; an answer other than 200 ends the bench."""
    times, problems, lock, begin = [], [], threading.Lock(), time.monotonic()

    def one(number):
        try:
            client = Visitor(visitors.port, chat.address(number))
            for turn in range(seconds * RATE):
                if turn % QUESTIONS_A_SESSION == 0:
                    with lock:
                        chatbot, token, own = visitors.session(client)
                due = begin + turn / RATE + number / RATE / VISITORS
                time.sleep(max(0, due - time.monotonic()))
                body = {"message": questions[turn % len(questions)]}
                client.call("POST", f"/api/chat/{chatbot}/", body, token, own)
                times.append((due, (time.monotonic() - due) * 1000))
        except BaseException as error:
            problems.append(error)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise SystemExit(f"a visitor met {problems[0]}")
    return times


def figures(times):
    return processes.percentiles([took for _, took in times]) | {"questions": len(times)} if times else None


def beside(given, attack, server, visitors, questions):
    """The visitors' times while an attack goes on, and how many connections it had at most."""
    *options, path = attack
    port, before = visitors.port, connected(server) + VISITORS
    with open(given.work / "slowhttptest.log", "a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [given.slowhttptest, "-c", str(given.connections), "-r", "200", "-l", str(given.seconds + 10), *options,
             "-u", f"http://127.0.0.1:{port}{path}"], stdout=log, stderr=log)
        watcher = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__), "--watch", str(server)], stdout=subprocess.PIPE, text=True)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(watcher.stdout))
        reader.start()
        try:
            times = ask(visitors, questions, given.seconds)
        finally:
            for one in (watcher, process):
                one.kill()
                one.wait()
            reader.join()
    counts = [(float(when), max(0, int(count) - before)) for when, count in (line.split() for line in lines if line.endswith("\n"))]
    most = max(count for _, count in counts)
    all_there = [when for when, count in counts if count >= 0.9 * given.connections]
    first, last = (min(all_there), max(all_there)) if all_there else (counts[-1][0], counts[-1][0])
    return {
        "connections": most, "arriving": figures([one for one in times if one[0] < first]),
        "held": figures([one for one in times if first <= one[0] <= last]),
        "held_seconds": round(last - first, 1)}


def main():
    if sys.argv[1:2] == ["--watch"]:
        watch(int(sys.argv[2]))
    parser = argparse.ArgumentParser()
    for name in ("bin", "slowhttptest"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("models", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=1000)
    given = parser.parse_args()
    chat.OWNERS, chat.CHATBOTS = 1, 9
    env = chat.prepare(given) | {"BOBBIN_TRUSTED_PROXIES": "127.0.0.1,127.0.0.2"}
    with open(given.work / "servers.log", "w", encoding="utf-8") as log, contextlib.ExitStack() as running:
        process, port, _ = running.enter_context(processes.server(given.bin, env, log))
        database = given.work / "data" / "bobbin.sqlite"
        trained = [one for token in chat.owners(port, database) for one in chat.chatbots(port, token)[:-1]]
        processes.timed([f"{given.bin}/bobbin", "pipeline", "--until-drained", "--quiet"], env, timeout=200)
        bobbin = chat.Server(given, "bobbin", process, port, database, trained)
        bobbin.learn()
        visitors, questions = bobbin.visitors, bobbin.questions
        ask(visitors, questions, 10)
        alone = figures(ask(visitors, questions, given.seconds))
        before = connected(process.pid)
        result = {"alone": alone, "attacks": {}}
        for name, attack in ATTACKS.items():
            found = result["attacks"][name] = beside(given, attack, process.pid, visitors, questions)
            if found["held"]:
                found["ratio"] = round(found["held"]["p99_ms"] / alone["p99_ms"], 2)
            processes.wait_until(lambda: connected(process.pid) <= before + VISITORS, 90, "the attack's connections to end")
        result["memory_after"] = processes.memory(process)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
