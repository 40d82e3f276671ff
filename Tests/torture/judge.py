"""The verdict on a disturbed and then drained Bobbin: what was lost, duplicated, mixed, or is stuck.

    lost        an accepted document or chunk that is not there, or a failed item
    duplicated  a chunk that stands more than once
    mixed       a shard or database that is not one whole state, or rows of another document set
    stuck       anything open after draining
    differs     the same rows, other bytes than the undisturbed run's
    exit        a process ended in a way it must not
"""
import collections
import contextlib

import bobbin
import shard
import snapshot

FAULTS = ("lost", "duplicated", "mixed", "stuck", "differs", "exit")


class Verdict:
    """Problems of one trial, by kind."""

    def __init__(self):
        self.problems = []

    def add(self, kind, text):
        self.problems.append((kind, text))

    @property
    def kinds(self):
        return {kind for kind, _ in self.problems}

    def __str__(self):
        return "; ".join(f"{kind}: {text}" for kind, text in self.problems)


def readers_view(site, verdict, slug=snapshot.CHATBOT):
    """At any instant, also between a crash and the recovery: one whole generation can be read."""
    try:
        shard.verify(snapshot.shard_folder(site, slug))
    except shard.Broken as broken:
        verdict.add("mixed", f"after the crash a reader finds: {broken}")


def database(site, verdict):
    for pragma in ("integrity_check", "foreign_key_check"):
        found = site.rows(f"PRAGMA {pragma}")
        if found not in ([], [("ok",)]):
            verdict.add("mixed", f"{pragma}: {found[:3]}")


def spool(site, verdict, may_fail=()):
    """Nothing is left in any stage; `may_fail` are ids that are meant to end in failed."""
    for stage in bobbin.QUEUES:
        for state in ("incoming", "active", "deferred", "hold"):
            for name in site.items(stage, state):
                verdict.add("stuck", f"{stage}/{state}/{name}")
        for name in site.items(stage, "failed"):
            if not any(item in name for item in may_fail):
                verdict.add("lost", f"{stage}/failed/{name}")


def documents(site, verdict, slug, count):
    found = site.rows(
        "SELECT state, uri, stage, reason, message FROM documents WHERE chatbot_id = ?", snapshot.chatbot_id(site, slug))
    if len(found) != count:
        verdict.add("lost" if len(found) < count else "mixed", f"{len(found)} documents instead of {count}")
    for state, uri, stage, reason, message in found:
        if state != "live":
            verdict.add("lost" if state == "ended" else "stuck", f"{uri} is {state} at {stage}: {reason} {message}")
    for run, state in site.rows("SELECT id, state FROM runs WHERE finished_at IS NULL OR state <> 'done'"):
        verdict.add("stuck" if state == "running" else "lost", f"run {run} is {state}")


def content(site, verdict, slug, expected):
    """Each expected row once, and no other."""
    try:
        found = shard.rows(snapshot.shard_folder(site, slug))
    except shard.Broken as broken:
        verdict.add("mixed", str(broken))
        return
    have, want = collections.Counter(found), collections.Counter(expected)
    for row in (want - have):
        verdict.add("lost", f"chunk {row.ordinal} of {row.uri}")
    for row in (have - want):
        verdict.add("duplicated" if row in want else "mixed", f"chunk {row.ordinal} of {row.uri} is too many")


def recovered(site, expected, verdict=None, slug=snapshot.CHATBOT, exact=True, seconds=60):
    """Drains the site and compares it with the undisturbed result."""
    verdict = verdict or Verdict()
    left = site.drain(seconds)
    if left:
        verdict.add("stuck", left)
    database(site, verdict)
    spool(site, verdict)
    documents(site, verdict, slug, expected.documents)
    content(site, verdict, slug, expected.rows)
    if exact and not verdict.problems and shard.files(snapshot.shard_folder(site, slug)) != expected.files:
        verdict.add("differs", f"files {sorted(shard.files(snapshot.shard_folder(site, slug)))} "
                    f"instead of {sorted(expected.files)}")
    return verdict


class Tally:
    """Counts of a subcommand, with the first findings in full."""

    def __init__(self, name, given):
        self.name = name
        self.given = given
        self.trials = 0
        self.points = 0
        self.faults = dict.fromkeys(FAULTS, 0)
        self.findings = []
        self.more = {}

    def add(self, label, verdict, site=None):
        """Takes one trial's verdict; a site that shows a fault is kept for a look."""
        self.trials += 1
        for kind in verdict.kinds:
            self.faults[kind] += 1
        if verdict.problems:
            self.given.say(f"{self.name}: {label}: {verdict}")
            if len(self.findings) < 50:
                self.findings.append({"at": label, "problems": [f"{kind}: {text}"[:600] for kind, text in verdict.problems[:6]]})
        if site is not None:
            if verdict.problems and self.given.keep:
                with contextlib.suppress(OSError):
                    target = self.given.work / "kept" / f"{self.name}-{self.trials}"
                    site.copy(target)
            site.remove()

    def result(self):
        return {"name": self.name, "trials": self.trials, "points": self.points, **self.faults, **self.more,
                "findings": self.findings}
