"""Bobbin's splitter and LangChain's on the same files, in turns, three of each.

    python chunk_turns.py --bench .build/release/bobbin-bench [--peer PYTHON] FILE…

Both report the best of their rounds in CPU time and keep freed memory (MALLOC_TRIM_THRESHOLD_), which helps both. Without
--peer, Bobbin alone. Refuses to compare when the numbers of chunks differ. Prints one JSON object, medians by file's name.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--bench", required=True)
parser.add_argument("--peer")
parser.add_argument("files", nargs="+", type=pathlib.Path)
given = parser.parse_args()
ENVIRONMENT = os.environ | {"MALLOC_TRIM_THRESHOLD_": "1000000000"}
PEER = pathlib.Path(__file__).with_name("chunk_langchain.py")


def run(*command):
    return json.loads(subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout)


results = {}
for file in given.files:
    turns = []
    for _ in range(3):
        ours = run(given.bench, "chunk", str(file))
        theirs = run(given.peer, str(PEER), str(file)) if given.peer else None
        if theirs and theirs["chunks"] != ours["chunks"]:
            raise SystemExit(f"{file.name}: {ours['chunks']} chunks, LangChain makes {theirs['chunks']}")
        turns.append((ours, theirs))
    speed = [ours["megabytes_per_second"] for ours, _ in turns]
    results[file.stem] = {"bytes": turns[0][0]["bytes"], "chunks": turns[0][0]["chunks"], "bobbin": statistics.median(speed)}
    if given.peer:
        peers = [theirs["megabytes_per_second"] for _, theirs in turns]
        results[file.stem] |= {
            "langchain": statistics.median(peers), "ratio": round(statistics.median(a / b for a, b in zip(speed, peers)), 1)}
print(json.dumps(results))
