"""Power cuts: what was accepted before the cut is there after it.

A fresh loop image takes a chatbot with one generation; all stages, sometimes the server, and an ingest of further documents run on
it; the cut comes at a random moment, or right after the ingest said that it was accepted. Then the processes are killed, the
image is mounted again, all is drained and compared with an undisturbed ingest. An ingest speaks of its run only after its rows
and first items are durable, so its first word on standard error is the acceptance.
"""
import concurrent.futures
import os
import select
import time

import bobbin
import disks
import judge
import shard
import snapshot


def run(given):
    tally = judge.Tally("powercut", given)
    try:
        disks.cuts_work(given.work / "trial-cut")
    except disks.Refused as reason:
        return tally.result() | {"skipped": str(reason)}
    shots = snapshot.Snapshots(given)
    wanted = given.count or (4 if given.quick else 200)
    tally.more |= {"accepted": 0, "after_acceptance": 0}
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        numbers = iter(range(wanted))
        draw = lambda: given.random.random()
        running = set()
        while True:
            while len(running) < given.jobs and not given.is_late() and (number := next(numbers, None)) is not None:
                running.add(pool.submit(trial, given, shots, number, draw(), draw()))
            if not running:
                break
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                label, was_accepted, at_once, verdict = future.result()
                tally.more["accepted"] += was_accepted
                tally.more["after_acceptance"] += at_once
                tally.add(label, verdict)
                if tally.trials % 20 == 0:
                    given.say(f"powercut: {tally.trials} cuts")
    tally.points = tally.trials
    return tally.result()


def trial(given, shots, number, kind, moment):
    """(label, whether the ingest was accepted before the cut, whether the cut came right then, verdict)"""
    verdict = judge.Verdict()
    # A third right after the acceptance, the others anywhere in the second and a half that a run takes.
    at_once = kind < 0.34
    delay = 0.0 if at_once else moment * 1.6
    label = "cut right after the acceptance" if at_once else f"cut {delay:.3f} s after the start of the ingest"
    label = f"{number}: {label}"
    with disks.Ext4(given.work / f"cut-{number}") as disk:
        origin = "blank" if kind < 0.67 else given_point(moment)
        site = shots.site(origin).copy(disk.mount / "site")
        os.sync()
        processes = [site.start(site.stage_arguments(stage, "--watch", "--quiet")) for stage in bobbin.STAGES]
        if number % 3 == 0:
            processes.append(site.start(["bobbin-serve", "--host", "127.0.0.1", "--port", bobbin.free_port()]))
        time.sleep(0.15)
        ingest = None
        accepted = False
        if origin == "blank":
            ingest = site.start(["bobbin", "ingest", snapshot.CHATBOT, shots.documents, "--pipeline", site.pipeline])
            processes.append(ingest)
            accepted = waits_for_word(ingest, 20 if at_once else delay)
        if not at_once:
            time.sleep(delay if ingest is None else 0)
        disk.cut()
        for process in processes:
            bobbin.kill(process)
        for process in processes:
            bobbin.finish(process, 10)
        disk.return_of_power()
        expected = shots.expected
        if origin == "blank":
            runs = site.run_count()
            if accepted and runs < 2:
                verdict.add("lost", "the accepted run has no row after the cut")
            if runs < 2:
                site.begin(snapshot.CHATBOT, [shots.documents])
        judge.readers_view(site, verdict)
        judge.recovered(site, expected, verdict, exact=origin != "blank")
        if verdict.problems and given.keep:
            site.copy(given.work / "kept" / f"powercut-{number}")
    return label, accepted, at_once and accepted, verdict


def given_point(moment):
    return snapshot.POINTS[int(moment * 1000) % len(snapshot.POINTS)]


def waits_for_word(process, seconds):
    """Whether the ingest said its first word within so many seconds; waits them out otherwise."""
    end = time.monotonic() + seconds
    said = False
    while (left := end - time.monotonic()) > 0:
        if said:
            if seconds == 20:
                return True
            time.sleep(left)
            break
        ready, _, _ = select.select([process.stdout], [], [], min(left, 0.05))
        if ready:
            word = os.read(process.stdout.fileno(), 4096)
            if not word:
                break
            said = b"fetch " in word or b"accepted" in word
    return said
