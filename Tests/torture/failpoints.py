"""kill -9 at each pass of each fail point: CRASH_AT=any:k for k = 1, 2, … until a run ends by itself.

Named points stand where a state changes on disk (spool/README.md), in the spool and in the shard writer. Besides the stages
the App's own steps are tried: beginning a run, and ordering its build.
"""
import concurrent.futures
import signal

import bobbin
import judge
import snapshot

# More passes than any snapshot has; the enumeration ends when a program is not killed any more.
MOST = 400


def run(given):
    shots = snapshot.Snapshots(given)
    tally = judge.Tally("failpoints", given)
    tally.more["by_point"] = {}
    for point in (*snapshot.POINTS, "begin", "ledger"):
        if given.only not in (None, point):
            continue
        before = tally.trials
        enumerate_point(given, shots, tally, point)
        tally.more["by_point"][point] = tally.trials - before
        given.say(f"failpoints: {point}: {tally.trials - before} kills")
    tally.points = tally.trials
    return tally.result()


def enumerate_point(given, shots, tally, point):
    """Batches of `jobs` trials; passes go on until one was not killed."""
    step = given.step
    k, ended = 1, False
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        while not ended and k < MOST:
            batch = [k + step * index for index in range(given.jobs)]
            k += step * given.jobs
            for number, (killed, verdict, site) in zip(batch, pool.map(lambda k: trial(given, shots, point, k), batch)):
                if killed:
                    tally.add(f"CRASH_AT=any:{number} at {point}", verdict, site)
                else:
                    ended = True
                    if verdict.problems:
                        tally.add(f"undisturbed at {point}", verdict, site)
                    else:
                        site.remove()
            if given.is_late():
                tally.more["cut_short"] = True
                return


def trial(given, shots, point, k):
    """(whether the fail point was passed, verdict, site)"""
    origin = {"begin": "blank"}.get(point, point)
    site = shots.site(origin).copy(given.work / f"fp-{point}-{k}")
    crash = {"CRASH_AT": f"any:{k}"}
    verdict = judge.Verdict()
    exact = True
    if point == "begin":
        # The run's id is drawn in each trial, so manifests differ; and a run that was never accepted is begun again.
        exact = False
        code, output = site.run(
            ["bobbin", "ingest", snapshot.CHATBOT, shots.documents, "--pipeline", site.folder / "none.mk"], crash, timeout=2)
        if site.run_count() < 2:
            site.begin(snapshot.CHATBOT, [shots.documents])
    elif point == "ledger":
        note = site.folder / "note.txt"
        note.write_text("A note.\n")
        code, output = site.run(
            ["bobbin", "ingest", "zz-note", note, "--pipeline", site.folder / "none.mk"], crash, timeout=2)
    else:
        code, output = site.stage(snapshot.stage_of(point), "--workers", "1", env=crash)
    killed = code == -signal.SIGKILL
    if not killed and code not in (0, None):
        verdict.add("exit", f"{code}: {output[-300:]}")
    judge.readers_view(site, verdict)
    judge.recovered(site, shots.expected, verdict, exact=exact)
    return killed, verdict, site
