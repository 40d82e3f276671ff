"""Bobbin's spool and Celery with Redis, the same records in items of the same sizes, in turns; then recovery from kill -9.

    python spool_turns.py --bench .build/release/bobbin-bench --work DIR [--peer PYTHON --redis PROGRAM] FILE…

Each case has a spool or a Redis of its own, empty and on the same disk (below DIR), and as many workers: two. Redis runs
twice: as it comes (what it was told is lost with the power) and with `appendfsync always`, which is what the spool promises;
the ratio is to that one. The records' words are drawn from FILE…, by a fixed seed, so that no two texts are alike. Without
--peer, Bobbin alone. Prints one JSON object, medians of the rounds.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

import processes

# Records an item, and items enough for some seconds.
SIZES = {1: 1000, 16: 1000, 256: 160}
GROUPS = (1, 32)
# How Redis keeps what it is told.
PEERS = {"memory": ["--appendonly", "no"], "always": ["--appendonly", "yes", "--appendfsync", "always"]}
CELERY = pathlib.Path(__file__).with_name("spool_celery.py")


def texts(files, count=2048, length=430):
    """As many texts, each a line of JSON, of words drawn by chance."""
    words = " ".join(file.read_text(encoding="utf-8") for file in files).split()
    chance = random.Random(7)
    for _ in range(count):
        text = ""
        while len(text) < length:
            text += chance.choice(words) + " "
        yield json.dumps(text.strip(), ensure_ascii=False)


def run(command, env=None):
    """Its JSON; when this process is stopped the command is asked to end, not killed, so that it ends its own children."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, errors = process.communicate()
    except BaseException:
        process.terminate()
        process.wait(30)
        raise
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command[:3]))} ended with {process.returncode}: {errors.strip()[-800:]}")
    return json.loads(out)


@contextlib.contextmanager
def redis_server(program, folder, keeping):
    """An empty Redis of its own on a free port of the loopback; no snapshots, no rewriting, nothing but the appending."""
    port = processes.free_port()
    # Debian's redis-tools brings the server under the name of a checker: the program looks what it was called.
    process = subprocess.Popen(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "",
         "--auto-aof-rewrite-percentage", "0", *keeping], executable=program,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            if process.poll() is not None:
                raise SystemExit(f"redis-server ended with {process.returncode}")
            with contextlib.suppress(OSError), contextlib.closing(processes.socket.create_connection(("127.0.0.1", port), 5)) as c:
                c.sendall(b"PING\r\n")
                return c.recv(16).startswith(b"+PONG")
            return False
        processes.wait_until(answers, 10, "redis-server")
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def celery(given, source, size, keeping):
    with tempfile.TemporaryDirectory(dir=given.work) as folder, redis_server(given.redis, folder, PEERS[keeping]) as url:
        return run([given.peer, str(CELERY), str(source), "--batch", str(size), "--items", str(SIZES[size])],
                   os.environ | {"BENCH_REDIS": url})


def bobbin(given, source, size, group):
    command = [given.bench, "spool", str(source), "--folder", str(given.work), "--batch", str(size), "--group", str(group),
               "--items", str(SIZES[size])]
    return run(command)["cases"][0]


def median(rounds, key):
    return round(statistics.median(one[key] for one in rounds), 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--peer")
    parser.add_argument("--redis")
    parser.add_argument("--no-peer", metavar="REASON", help="why there is no peer, for the table")
    parser.add_argument("--seconds", type=float, default=110, help="no round begins that would end later; at most three do")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    try:
        source = given.work / "texts.jsonl"
        source.write_text("\n".join(texts(given.files)) + "\n", encoding="utf-8")
        has_peer = given.peer and given.redis and not given.no_peer
        ours, theirs = {}, {}
        start, rounds_done = time.monotonic(), 0

        def fits():
            return rounds_done == 0 or (time.monotonic() - start) * (rounds_done + 1) / rounds_done <= given.seconds
        while rounds_done < 3 and fits():
            for size in SIZES:
                for group in GROUPS:
                    ours.setdefault((size, group), []).append(bobbin(given, source, size, group))
                for keeping in PEERS if has_peer else ():
                    theirs.setdefault((size, keeping), []).append(celery(given, source, size, keeping))
            rounds_done += 1
        keys = ("itemsPerSecond", "recordsPerSecond", "publishItemsPerSecond")
        result = {"workers": 2, "rounds": rounds_done, "cases": []}
        for (size, group), rounds in ours.items():
            case = {"recordsPerItem": size, "items": SIZES[size], "group": group} | {key: median(rounds, key) for key in keys}
            if has_peer:
                case["celery"] = {
                    keeping: {key: median(theirs[size, keeping], key) for key in keys} for keeping in PEERS}
                case["ratio"] = round(case["itemsPerSecond"] / case["celery"]["always"]["itemsPerSecond"], 2)
            result["cases"].append(case)
        if has_peer:
            result |= {key: theirs[1, "always"][0][key] for key in ("celery", "redis")}
        else:
            result["reason"] = given.no_peer or "no peer was given"
        result["recovery"] = run([given.bench, "spool-recover", str(source), "--folder", str(given.work)])
        print(json.dumps(result))
    finally:
        shutil.rmtree(given.work, ignore_errors=True)


if __name__ == "__main__":
    main()
