#!/usr/bin/env python3
"""Shows with the real executables that the spool loses nothing, doubles nothing, mixes nothing and gets stuck nowhere.

    torture.py SUBJECT --bin DIR [--models DIR] [--work DIR] [--seed N] [--seconds N] [--quick]

Each subject is a module of the same name with `run(given)`. Progress goes to standard error; the last line on standard output
is one JSON object with counts. Exit codes: 0 no fault found, 1 faults found, 64 usage, 70 the harness itself failed, 78
something is missing. Python 3.11's standard library, zstd, strace and e2fsprogs; root for power cuts, full disks and poison.
"""
import argparse
import importlib
import json
import os
import pathlib
import random
import signal
import sys
import time

import bobbin
import judge

SUBJECTS = ("failpoints", "faults", "kills", "powercut", "synced", "disk", "order", "poison", "clock", "payments", "deliveries")


class Given:
    """What all subjects are given."""

    def __init__(self, arguments):
        self.bin = arguments.bin.resolve()
        self.models = arguments.models
        self.work = (arguments.work / arguments.subject).resolve()
        self.fixtures = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
        self.seed = arguments.seed
        self.random = random.Random(arguments.seed)
        self.quick = arguments.quick
        self.count = arguments.count
        self.only = arguments.only
        self.keep = arguments.keep
        self.jobs = arguments.jobs
        # A quick run tries every seventh point only.
        self.step = 7 if arguments.quick else 1
        self.deadline = time.monotonic() + arguments.seconds
        self.work.mkdir(parents=True, exist_ok=True)

    def left(self):
        return self.deadline - time.monotonic()

    def is_late(self):
        return self.left() < 0

    def say(self, text):
        print(f"torture: {text}", file=sys.stderr, flush=True)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path("var/models"))
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(".build/torture"))
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--seconds", type=float, default=3600, help="stop beginning trials after so long")
    parser.add_argument("--count", type=int, help="trials, kills or cuts, where the subject has a number")
    parser.add_argument("--only", help="limit to one point, call or case, where the subject has them")
    parser.add_argument("--jobs", type=int, default=2, help="trials at the same time")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a trial that found something in WORK/kept")
    return parser.parse_args()


def main():
    arguments = parsed()
    given = Given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not (given.bin / "bobbin").exists() or not (given.models / "all-MiniLM-L6-v2/model.safetensors").exists():
        given.say(f"{given.bin}/bobbin or {given.models} is missing: make build model")
        return 78
    given.say(f"{arguments.subject}: seed {given.seed}")
    start = time.monotonic()
    try:
        result = importlib.import_module(arguments.subject).run(given)
    except bobbin.Ended as ended:
        result = {"name": arguments.subject, "error": str(ended)}
    finally:
        bobbin.stop_all()
    result |= {"seed": given.seed, "seconds": round(time.monotonic() - start, 1), "quick": given.quick}
    print(json.dumps(result))
    if "error" in result:
        given.say(result["error"])
        return 70
    return 1 if any(result.get(kind) for kind in judge.FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main())
