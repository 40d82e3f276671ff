"""Snapshots: a run stopped in front of each stage, and what becomes of it when nothing disturbs it.

The chatbot has a first generation already; the run under test adds documents and replaces one of them, so that a lost update
or a mixed shard shows. The run's id is in the snapshot, so the undisturbed result is the same to the byte each time, manifests
included.
"""
import hashlib
import os
import shutil

import bobbin
import shard

# In front of each stage, and of the build that the run's closing order asks for.
POINTS = ("fetch", "extract", "chunk", "embed", "index", "order")
CHATBOT = "torture"
FIXTURES = {
    "letter.txt": "extract/text-letter/input.txt", "latin.txt": "extract/text-latin1/input.txt",
    "guide.md": "extract/markdown-guide/input.md", "faq.html": "extract/html-faq/input.html",
    "landing.html": "extract/html-landing/input.html", "garden.docx": "extract/garden.docx",
    "columns.pdf": "extract/columns.pdf", "handbook.pdf": "extract/handbook.pdf"}
FIRST = ("letter.txt", "guide.md")


def stage_of(point):
    """The stage that works on what waits in front of a point."""
    return "index" if point == "order" else point


def chatbot_id(site, slug=CHATBOT):
    return site.rows("SELECT id FROM chatbots WHERE public_url_slug = ?", slug)[0][0]


def shard_folder(site, slug=CHATBOT):
    return site.data / "shards" / chatbot_id(site, slug)


class Snapshots:
    """Made once a harness run, used by all trials; the same programs find them again (resuming)."""

    def __init__(self, given):
        self.given = given
        programs = "".join(f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sorted(given.bin.glob("bobbin*"))
                           if p.is_file())
        self.folder = given.work / ("snapshots-" + hashlib.sha256(programs.encode()).hexdigest()[:12])
        if not (self.folder / "complete").exists():
            for old in given.work.glob("snapshots-*"):
                shutil.rmtree(old)
            self.make()
        self.documents = self.folder / "documents"
        self.expected = Result(bobbin.Site(self.folder / "expected", given.bin))

    def site(self, point):
        return bobbin.Site(self.folder / point, self.given.bin)

    def make(self):
        self.folder.mkdir(parents=True)
        documents = self.folder / "documents"
        documents.mkdir()
        for name, source in FIXTURES.items():
            shutil.copy(self.given.fixtures / source, documents / name)
        site = bobbin.Site.new(self.folder / "work", self.given)
        first = [documents / name for name in FIRST]
        code, output = site.run(["bobbin", "ingest", CHATBOT, *first, "--pipeline", site.pipeline])
        if code != 0:
            raise bobbin.Ended(f"the first generation ended with {code}: {output[-800:]}")
        site.copy(self.folder / "blank")
        guide = documents / "guide.md"
        guide.write_text(guide.read_text() + "\n## Changed\n\nThe second edition says: turn the key twice.\n")
        site.begin(CHATBOT, [documents])
        site.copy(self.folder / "fetch")
        for stage, point in zip(bobbin.STAGES[:4], POINTS[1:5]):
            drained(site, stage)
            site.copy(self.folder / point)
        drained(site, "index")
        site.copy(self.folder / "ledger")
        with site.server():
            bobbin.wait_until(lambda: site.items("index", "incoming"), 30, "the closing order")
            bobbin.wait_until(lambda: not site.unpublished(), 30, "the order to be marked")
        site.copy(self.folder / "order")
        drained(site, "index")
        left = site.drain()
        if left:
            raise bobbin.Ended(f"the undisturbed run does not end: {left}")
        site.copy(self.folder / "expected")
        # Vectors are kept by text: trials of other stages need not compute them again. In front of embed none is known.
        for point in ("blank", "fetch", "extract", "chunk"):
            shutil.copytree(site.data / "cache", self.folder / point / "data/cache", dirs_exist_ok=True)
        site.remove()
        (self.folder / "complete").touch()


def drained(site, stage):
    if len(site.items(stage, "incoming")) < (1 if stage == "index" else 2):
        raise bobbin.Ended(f"only {site.items(stage)} came to spool/{stage}")
    code, output = site.stage(stage)
    if code != 0 or site.items(stage):
        raise bobbin.Ended(f"{stage} ended with {code}: {output[-800:]}")


class Result:
    """What an undisturbed run makes."""

    def __init__(self, site, slug=CHATBOT):
        folder = shard_folder(site, slug)
        self.files = shard.files(folder)
        self.rows = sorted(shard.rows(folder))
        self.documents = site.rows(
            "SELECT count(*) FROM documents WHERE chatbot_id = ?", chatbot_id(site, slug))[0][0]
