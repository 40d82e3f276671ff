"""Clocks that jump (D12): stages a year ahead or behind by libfaketime, pid and host name equal or not, still drain and lose nothing.

A worker whose clock is behind leaves alone what is not due for it; one whose clock is ahead sees every file in tmp as old. The
last case is that one at the worst moment: a sweep of tmp while another process is about to rename its file out of it.
"""
import shutil

import bobbin
import calls
import judge
import snapshot


def run(given):
    tally = judge.Tally("clock", given)
    if not shutil.which("faketime"):
        return tally.result() | {"skipped": "faketime is not installed"}
    shots = snapshot.Snapshots(given)
    cases = [tuple(shift if (index + turn) % 2 else other for index in range(5))
             for turn, (shift, other) in enumerate((("+1y", "-1y"), ("-1y", "+1y"), ("+1y", "+0"), ("-1y", "+0"), ("+1y", "+1y"),
                                                     ("-1y", "-1y")))]
    if given.quick:
        cases = cases[:1]
    for shifts in cases:
        if given.is_late() or given.only == "sweep":
            continue
        verdict = judge.Verdict()
        site = shots.site("fetch").copy(given.work / "clock")
        for stage, shift in zip(bobbin.STAGES, shifts):
            code, output = site.stage(stage, prefix=faked(shift))
            if code != 0:
                verdict.add("exit", f"{stage} with a clock of {shift} ended with {code}: {output[-300:]}")
            crash = {"CRASH_AT": "any:3"}
            site.stage(stage, env=crash, prefix=faked("-1y"))
            site.stage(stage, prefix=faked("+1y"))
        judge.recovered(site, shots.expected, verdict)
        tally.add(" ".join(shifts), verdict, site)
    if not given.quick:
        for stage, next_stage in zip(bobbin.STAGES[:4], bobbin.STAGES[1:]):
            verdict = judge.Verdict()
            site = swept(given, shots, stage, next_stage, verdict)
            tally.add(f"sweep of {next_stage}/tmp under {stage}", verdict, site)
    tally.points = tally.trials
    return tally.result()


def faked(shift):
    return ("faketime", "-f", shift)


def swept(given, shots, stage, next_stage, verdict):
    """A stage is slow before its renames; meanwhile the next stage's worker, a year ahead, sweeps tmp."""
    site = shots.site(stage).copy(given.work / f"swept-{stage}")
    for other in site.items(next_stage, "incoming"):
        raise bobbin.Ended(f"{other} is in the way")
    held = calls.Held(site, stage, ["-e", "trace=fsync", "-e", "inject=fsync:delay_exit=150000"])
    import threading
    ends = []
    thread = threading.Thread(target=lambda: ends.append(held.go(90)))
    thread.start()
    for _ in range(60):
        if ends:
            break
        site.run(["bobbin-" + next_stage, "--spool", site.spool, "--pipeline", site.pipeline], prefix=faked("+1y"), timeout=60)
    thread.join()
    code, output = ends[0]
    if code not in (0, 74, 75, 78):
        verdict.add("exit", f"{stage} ended with {code}: {output[-300:]}")
    judge.recovered(site, shots.expected, verdict, exact=False)
    return site
