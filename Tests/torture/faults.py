"""Every system call of every stage, killed at and made to fail: strace's injection, k = 1 … K for each call (calls.py).

Kill: the process is gone on entry of the call. Error: the call fails once, or from then on; the stage must end with 74, 75 or 78
or settle its items properly, publish nothing by half, and everything completes once the fault is gone. Counters are per thread:
a trial with k meets the k-th call of each thread that makes so many, in extract those of the parsing children too.
"""
import collections
import concurrent.futures
import hashlib
import os
import signal
import subprocess
import time

import bobbin
import calls
import judge
import snapshot

ERRORS = {
    "openat": ("EIO", "ENOSPC", "EMFILE", "EROFS", "EDQUOT", "ENOMEM"), "write": ("EIO", "ENOSPC", "EDQUOT"),
    "pwrite64": ("EIO", "ENOSPC"), "fsync": ("EIO", "ENOSPC", "EDQUOT"), "fdatasync": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC", "EROFS", "ENOMEM"), "renameat2": ("EIO", "ENOSPC"), "link": ("EIO", "ENOSPC"),
    "linkat": ("EIO", "ENOSPC"), "unlink": ("EIO", "EROFS"), "unlinkat": ("EIO", "EROFS"),
    "mkdir": ("EIO", "ENOSPC", "EROFS", "EDQUOT"), "mkdirat": ("EIO", "ENOSPC"), "ftruncate": ("EIO", "ENOSPC")}
EXIT = {"EIO": {74}, "EROFS": {74}}
OTHERS = {75}


def run(given):
    shots = snapshot.Snapshots(given)
    tally = judge.Tally("faults", given)
    plan, counted = planned(given, shots)
    met = collections.Counter()
    codes = collections.Counter()
    given.say(f"faults: {len(plan)} trials planned; calls by point: {counted}")
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        trials = iter(enumerate(plan))
        running = set()
        while True:
            while len(running) < given.jobs and not given.is_late() and (next_one := next(trials, None)):
                running.add(pool.submit(trial, given, shots, *next_one))
            if not running:
                break
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                label, kind, code, verdict, site = future.result()
                met[kind] += 1
                codes[f"{kind} {code}"] += 1
                tally.add(label, verdict, site)
                if tally.trials % 50 == 0:
                    given.say(f"faults: {tally.trials} of {len(plan)}")
    tally.points = tally.trials
    tally.more |= {"planned": len(plan), "kills": met["KILL"], "errors": tally.trials - met["KILL"], "codes": dict(codes),
                   "calls": counted}
    return tally.result()


def planned(given, shots):
    """Kills at every point, and errors; in turns, so that a run cut short by time has some of each."""
    kills, errors, counted = [], [], {}
    for point in snapshot.POINTS:
        site = shots.site(point).copy(given.work / f"trace-{point}")
        counted[point], _ = calls.most(site, snapshot.stage_of(point))
        site.remove()
        for call, most in counted[point].items():
            for k in range(1, most + 1):
                kills.append((point, call, k, "KILL", ""))
                for error in ERRORS[call]:
                    errors += [(point, call, k, error, ""), (point, call, k, error, "+")]
    if given.only:
        kills = [trial for trial in kills if given.only in ":".join(map(str, trial))]
        errors = [trial for trial in errors if given.only in ":".join(map(str, trial))]
    given.random.shuffle(kills)
    # The calls that a spool is made of, before the openats, of which there are many more.
    given.random.shuffle(errors)
    errors.sort(key=lambda trial: trial[1] == "openat" and trial[2] % 3 != 0)
    plan = [trial for pair in zip(kills, errors) for trial in pair]
    paired = min(len(kills), len(errors))
    plan += kills[paired:] + errors[paired:]
    limit = given.count or (12 if given.quick else len(plan))
    return plan[:limit], counted


def trial(given, shots, number, wanted):
    point, call, k, effect, lasting = wanted
    label = f"{snapshot.stage_of(point)} in front of {point}: {call}:{effect}:{k}{lasting}"
    site = shots.site(point).copy(given.work / f"fault-{number}")
    what = "signal=KILL" if effect == "KILL" else f"error={effect}"
    verdict = judge.Verdict()
    try:
        held = calls.Held(site, snapshot.stage_of(point),
                          ["-e", f"trace={call}", "-e", f"inject={call}:{what}:when={k}{lasting}"])
        code, output = held.go(30)
    except bobbin.Ended as ended:
        verdict.add("exit", str(ended))
        return label, effect, "held", verdict, site
    wants = {0, -signal.SIGKILL} if effect == "KILL" else {0} | EXIT.get(effect, OTHERS)
    if code is None:
        verdict.add("stuck", f"it did not end within 30 s: {output[-300:]}")
    elif code not in wants:
        verdict.add("exit", f"ended with {code}, not {sorted(wants)}: {output[-300:]}")
    judge.readers_view(site, verdict)
    half_published(site, verdict)
    # A retry makes the run wait, and its order may be given before it comes: one generation more, the same rows.
    waited = fall_due(site)
    judge.recovered(site, shots.expected, verdict, exact=not waited)
    return label, effect, code, verdict, site


def half_published(site, verdict):
    """Each item that can be seen is whole: it decompresses, and its id is the digest of what it holds."""
    for stage in bobbin.QUEUES:
        for state in ("incoming", "deferred", "failed"):
            for name in site.items(stage, state):
                done = subprocess.run(["zstd", "-dc", site.spool / stage / state / name], capture_output=True)
                if done.returncode != 0 or hashlib.sha256(done.stdout).hexdigest()[:32] != name.split(".")[2]:
                    verdict.add("mixed", f"{stage}/{state}/{name} is not whole")


def fall_due(site):
    """Gives deferred items a due time of now, as an operator may by hand; whether there were any."""
    found = False
    for stage in bobbin.STAGES:
        for name in site.items(stage, "deferred"):
            folder = site.spool / stage / "deferred"
            os.rename(folder / name, folder / f"{int(time.time() * 1000)}.{name.partition('.')[2]}")
            found = True
    return found
