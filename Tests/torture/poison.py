"""A poison item (D9): whoever works on one certain text is killed at once.

The killer looks for the process that has an item with that text open, as a bug that crashes on it would. The text must end in
failed, with reason crashed, after three tries; its neighbours in the same item and in the same process all come through.
"""
import os
import signal
import subprocess
import threading
import time

import bobbin
import judge
import shard
import snapshot

MARK = b"the lamp has burnt every night"
POISONED = "letter.txt"
TRIES = 3


def run(given):
    tally = judge.Tally("poison", given)
    shots = snapshot.Snapshots(given)
    cases = [(stage, workers, records) for stage in ("extract", "chunk", "embed") for workers in (1, 4) for records in (2, 256)]
    if given.quick:
        cases = [("embed", 4, 256)]
    for stage, workers, records in cases:
        label = f"{stage}, {workers} workers, {records} records"
        if given.is_late() or (given.only and given.only not in label):
            continue
        verdict = judge.Verdict()
        kills = one(given, shots, stage, workers, records, verdict)
        given.say(f"poison: {label}: {kills} kills")
        tally.more.setdefault("kills", {})[label] = kills
        tally.add(label, verdict)
    tally.points = tally.trials
    return tally.result()


def one(given, shots, stage, workers, records, verdict):
    site = shots.site("fetch").copy(given.work / "poison")
    before = bobbin.STAGES[:bobbin.STAGES.index(stage)]
    site.write_pipeline({"RETRY_HARMFUL_TRIES": TRIES} | {f"{name.upper()}_BATCH_RECORDS": records for name in bobbin.STAGES})
    for name in before:
        code, output = site.stage(name)
        if code != 0:
            raise bobbin.Ended(f"{name} ended with {code}: {output[-300:]}")
    for path in (site.data / "cache").rglob("*"):
        if path.is_file():
            path.unlink()
    neighbours = len(site.items(stage))
    killer = Killer(site, stage)
    for _ in range(40):
        # A little slower than in life: between claim and end must be time enough for the killer to look.
        process = site.start(site.stage_arguments(stage, "--workers", workers), prefix=SLOWED)
        killer.watch(process)
        code, output = bobbin.finish(process, 60)
        if code not in (-signal.SIGKILL, 137):
            break
    if code != 0:
        verdict.add("exit", f"{stage} ended with {code}: {output[-300:]}")
    failed = site.items(stage, "failed")
    if len(failed) != 1 or f".{TRIES:02}.crashed." not in failed[0]:
        verdict.add("lost", f"failed holds {failed}, not one item that crashed {TRIES} times")
    left = site.drain()
    if left:
        verdict.add("stuck", left)
    judge.database(site, verdict)
    judge.spool(site, verdict, may_fail=failed)
    for uri, state, reason in site.rows(
            "SELECT uri, state, reason FROM documents WHERE chatbot_id = ?", snapshot.chatbot_id(site)):
        if uri == POISONED and (state, reason) != ("ended", "crashed"):
            verdict.add("mixed", f"the poisoned document is {state}, {reason}")
        elif uri != POISONED and state != "live":
            verdict.add("lost", f"its neighbour {uri} is {state}: {reason}")
    # The poisoned document's earlier generation has the same text, so the shard is what it would have been.
    judge.content(site, verdict, snapshot.CHATBOT, shots.expected.rows)
    kills = killer.count
    if kills > TRIES + 2:
        verdict.add("exit", f"{kills} workers died of it, {TRIES} tries were allowed (and its item's neighbours {neighbours})")
    site.remove()
    return kills


# Each rename returns 40 ms late, so a claim stands in `active` that long before its worker goes on; strace passes signals
# and exit codes on.
SLOWED = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_exit=40000")


class Killer:
    """Kills the stage's process whenever it holds an item with the mark in it."""

    def __init__(self, site, stage):
        self.site = site
        self.folder = site.spool / stage / "active"
        self.contents = {}
        self.counts = {}
        self.count = 0

    def watch(self, process):
        threading.Thread(target=self.look, args=(process,), daemon=True).start()

    def look(self, process):
        while process.poll() is None:
            for name in names(self.folder):
                if self.is_poisonous(name) and process.poll() is None and is_held(self.folder / name):
                    # A claim's name says who holds it: host, pid, random digits, count.
                    holder = int(name.rsplit(",", 1)[1].rsplit("-", 3)[1])
                    try:
                        os.kill(holder, signal.SIGKILL)
                        self.count += 1
                    except ProcessLookupError:
                        pass
                    time.sleep(0.05)
            time.sleep(0.001)

    def is_poisonous(self, name):
        _, _, item, tries, reason = name.split(".")[:5]
        # What has had its tries is only moved to failed, and an item of several that crashed is only cut up: neither is
        # worked on, so a true poison would do nothing.
        if reason == "crashed" and (int(tries) >= TRIES or self.counts.get(item, 1) > 1):
            return False
        if item not in self.contents:
            done = subprocess.run(["zstd", "-dc", self.folder / name], capture_output=True)
            if done.returncode != 0:
                return False
            self.counts[item] = done.stdout.count(b"\n") - 1
            self.contents[item] = MARK in done.stdout or (b'"' + POISONED.encode() + b'"') in done.stdout
        return self.contents[item]


def names(folder):
    try:
        return [name for name in os.listdir(folder) if "," in name]
    except FileNotFoundError:
        return []


def is_held(path):
    import fcntl
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False
