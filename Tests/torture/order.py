"""The same documents give the same bytes, whatever the order of work (D8, D11).

Segments must be equal to the undisturbed run's with 1, 2 and 4 workers, items of 1, 3 and 256 records, stages one after the other
and all at once, two processes of each stage, each stage twice on the same input, and crashes in between. Two more cases: an older
run's order is built after a newer one's; and 1,000 items shared by two processes are each worked on once.
"""
import itertools
import json
import os
import re
import time

import bobbin
import judge
import shard
import snapshot


def run(given):
    tally = judge.Tally("order", given)
    shots = snapshot.Snapshots(given)
    cases = [(way, workers, records) for records, workers, way in itertools.product(
        (1, 3, 256), (1, 2, 4), ("in turn", "at once", "crashing", "from blank"))]
    cases += [("twice", 1, 2), ("pairs", 4, 1), ("stale", 1, 2), ("owners", 4, 1)]
    if given.quick:
        cases = [("from blank", 2, 3), ("stale", 1, 2)]
    for way, workers, records in cases:
        label = f"{way}, {workers} workers, {records} records"
        if given.is_late():
            tally.more["cut_short"] = True
            break
        if given.only and given.only not in label:
            continue
        verdict = judge.Verdict()
        folder = given.work / "site"
        if way == "stale":
            stale(given, verdict)
        elif way == "owners":
            tally.more["items_shared"] = owners(given, verdict)
        else:
            site = shots.site("blank" if way == "from blank" else "fetch").copy(folder)
            site.write_pipeline({f"{stage.upper()}_BATCH_RECORDS": records for stage in bobbin.STAGES} |
                                {f"{stage.upper()}_WORKERS": workers for stage in bobbin.STAGES})
            # Vectors are to be computed in these very groups, not taken from the cache.
            for path in (site.data / "cache").rglob("*"):
                if path.is_file():
                    path.unlink()
            WAYS[way](given, shots, site, verdict)
            judge.recovered(site, shots.expected, verdict, exact=False)
            same_segments(site, shots, verdict)
            site.remove()
        tally.add(label, verdict)
    tally.points = tally.trials
    return tally.result()


def same_segments(site, shots, verdict):
    found = {name for name in shard.files(snapshot.shard_folder(site)) if name.endswith(".segment")}
    wanted = {name for name in shots.expected.files if name.endswith(".segment")}
    if found != wanted and not verdict.problems:
        verdict.add("differs", f"segments {sorted(found)} instead of {sorted(wanted)}")


def in_turn(given, shots, site, verdict):
    for stage in bobbin.STAGES:
        expect(site.stage(stage), verdict, stage)


def expect(end, verdict, stage, codes=(0,)):
    if end[0] not in codes:
        verdict.add("exit", f"{stage} ended with {end[0]}: {end[1][-300:]}")


def at_once(given, shots, site, verdict):
    """Draining is that."""


def crashing(given, shots, site, verdict):
    for stage in bobbin.STAGES:
        for _ in range(2):
            site.stage(stage, env={"CRASH_AT": f"any:{given.random.randint(1, 12)}"})
        expect(site.stage(stage), verdict, stage)


def from_blank(given, shots, site, verdict):
    """First items of other sizes, and the documents named in another order."""
    paths = sorted(shots.documents.iterdir())
    given.random.shuffle(paths)
    site.begin(snapshot.CHATBOT, paths)


def twice(given, shots, site, verdict):
    """Each stage does its input again after it is done with it."""
    for stage in bobbin.STAGES:
        folder = site.spool / stage / "incoming"
        kept = {name: (folder / name).read_bytes() for name in site.items(stage, "incoming")}
        expect(site.stage(stage), verdict, stage)
        following = bobbin.STAGES[bobbin.STAGES.index(stage) + 1] if stage != "index" else None
        first = sorted(site.items(following, "incoming")) if following else []
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        expect(site.stage(stage), verdict, stage)
        if following and sorted(site.items(following, "incoming")) != first:
            verdict.add("differs", f"{stage} made other items the second time")


def pairs(given, shots, site, verdict):
    """Two processes of each stage at once."""
    for stage in bobbin.STAGES:
        for process in [site.start(site.stage_arguments(stage)) for _ in range(2)]:
            expect(bobbin.finish(process, 60), verdict, stage)


WAYS = {"in turn": in_turn, "at once": at_once, "crashing": crashing, "from blank": from_blank, "twice": twice, "pairs": pairs}


def stale(given, verdict):
    """The worker dies on the older order, so that the newer one is built first: the newer edition must stay."""
    site = bobbin.Site.new(given.work / "stale", given)
    note = given.work / "note.md"

    def ordered(edition):
        known = set(site.items("index"))
        note.write_text(f"# Note\n\nEdition {edition}.\n")
        site.begin(snapshot.CHATBOT, [note])
        for stage in bobbin.STAGES:
            expect(site.stage(stage), verdict, stage)
        try:
            with site.server():
                bobbin.wait_until(lambda: set(site.items("index")) - known, 6, "an order")
        except bobbin.Ended:
            # Bobbin may give the second order only when the first is through.
            return None
        return (set(site.items("index")) - known).pop()

    ordered("one")
    expect(site.stage("index"), verdict, "index")
    site.drain()
    older = ordered("two")
    if older is None:
        raise bobbin.Ended("no order came for a run whose parts are all there")
    waiting = site.spool / "index/hold" / older
    os.rename(site.spool / "index/incoming" / older, waiting)
    ordered("three")
    os.rename(waiting, site.spool / "index/incoming" / older)
    site.stage("index", "--workers", "1", env={"CRASH_AT": "claimed:1"})
    site.stage("index", "--workers", "1")
    left = site.drain()
    if left:
        verdict.add("stuck", left)
    texts = [row.text for row in shard.rows(snapshot.shard_folder(site))]
    if not (len(texts) == 1 and "Edition three" in texts[0]):
        verdict.add("lost", f"the newest edition is not in the shard: {texts}")
    for state, reason in site.rows("SELECT state, reason FROM documents WHERE uri = 'note.md'"):
        if state != "live":
            verdict.add("lost", f"the document is {state}: {reason}")
    site.remove()


def owners(given, verdict):
    """1,000 items, two processes of four workers: each item is told once."""
    site = bobbin.Site.new(given.work / "owners", given, {"FETCH_BATCH_RECORDS": 1})
    folder = given.work / "small"
    folder.mkdir(exist_ok=True)
    for number in range(1000):
        (folder / f"{number}.txt").write_text(f"Note {number}.\n")
    site.begin(snapshot.CHATBOT, [folder])
    count = len(site.items("fetch", "incoming"))
    told = []
    for process in [site.start(site.stage_arguments("fetch", "--workers", "4")) for _ in range(2)]:
        code, output = bobbin.finish(process, 120)
        expect((code, output), verdict, "fetch")
        told.append(re.findall(r"^done stage=fetch item=(\w+)", output, re.M))
    items = [item for one in told for item in one]
    if len(items) != count or len(site.items("extract", "incoming")) != count:
        verdict.add("duplicated" if len(items) > count else "lost",
                    f"{len(items)} items told, {len(site.items('extract', 'incoming'))} made of {count}")
    site.remove()
    given.say(f"order: {count} items shared {' : '.join(str(len(one)) for one in told)}")
    return count
