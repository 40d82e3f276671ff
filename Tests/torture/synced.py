"""The order of writes (D1): a traced run of each stage and of the App, and a checker of the trace.

Rules, on calls in the order in which strace saw them end (a removal or rename: begin):
  1. a file that this process wrote is synced before it is renamed to where readers look for it
  2. a directory that a rename or a mkdir changed is synced before the input is removed (a claim in active, a receipt in ledger)
  3. before a claim is removed, a receipt has been renamed into the ledger since the claim was taken
  4. the database's write-ahead log has no unsynced writes when a receipt is removed, or an item of the App's is published
Free of them: claims (the rename into active need not last), the cache (made again when torn), lock files. The checker is tried
against made-up traces, good and bad, in each run: one that cannot fail shows nothing.
"""
import os
import re
import signal
import time

import bobbin
import judge
import snapshot

TRACED = "openat,creat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,close"
LINE = re.compile(r"^(\d+) +(.*)$")
UNFINISHED = re.compile(r"^(\w+)\((.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+)")
PATH = re.compile(r'^\d+<([^>]*)>')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def run(given):
    problem = self_check()
    if problem:
        raise bobbin.Ended(f"the checker itself: {problem}")
    shots = snapshot.Snapshots(given)
    tally = judge.Tally("synced", given)
    tally.more |= {"renames": 0, "removals": 0}
    for point in ("begin", *snapshot.POINTS, "ledger"):
        if given.only not in (None, point):
            continue
        site = shots.site({"begin": "blank"}.get(point, point)).copy(given.work / f"synced-{point}")
        log = site.folder / "trace.log"
        strace = ["strace", "-f", "-qq", "-y", "-s", "0", "-e", f"trace={TRACED}", "-o", log]
        if point in ("begin", "ledger"):
            app(site, strace, point, shots)
        else:
            code, output = site.stage(snapshot.stage_of(point), prefix=strace)
            if code != 0:
                raise bobbin.Ended(f"the traced {point} ended with {code}: {output[-400:]}")
        checker = Checker(site.folder)
        checker.read(log.read_text(errors="replace").splitlines())
        verdict = judge.Verdict()
        for text in checker.violations:
            verdict.add("lost", text)
        tally.more["renames"] += checker.renames
        tally.more["removals"] += checker.removals
        given.say(f"synced: {point}: {checker.renames} renames, {checker.removals} inputs removed, "
                  f"{len(checker.violations)} violations")
        tally.add(point, verdict, site)
    tally.points = tally.more["renames"]
    return tally.result()


def app(site, strace, point, shots):
    """The App's part: a run's rows and first items; receipts into rows, and the closing order."""
    if point == "begin":
        command = ["bobbin", "ingest", snapshot.CHATBOT, shots.documents, "--pipeline", site.folder / "none.mk"]
    else:
        command = ["bobbin-serve", "--host", "127.0.0.1", "--port", bobbin.free_port()]
    process = site.start(command, prefix=strace)
    seen = lambda: site.items("fetch", "incoming") if point == "begin" else site.items("index", "incoming")
    bobbin.wait_until(lambda: process.poll() is not None or (seen() and not site.items("ledger", "incoming")), 30, point)
    time.sleep(0.3)
    bobbin.kill(process, signal.SIGINT)
    bobbin.finish(process, 20)


class Checker:
    """Follows what one program did to files below `root`."""

    def __init__(self, root):
        self.root = str(root)
        self.unsynced = {}       # path → whether written since its last sync
        self.entered = {}        # directory → what was renamed or made in it since its last sync
        self.receipts = set()    # renamed into the ledger
        self.claims = {}         # claim → receipts seen when it was taken
        self.receipt_count = 0
        self.renames = 0
        self.removals = 0
        self.violations = []
        self.pending = {}

    def read(self, lines):
        for line in lines:
            match = LINE.match(line)
            if not match:
                continue
            thread, text = match.groups()
            if begun := UNFINISHED.match(text):
                self.pending[thread] = begun.groups()
                if begun.group(1).startswith(("rename", "unlink")):
                    self.call(begun.group(1), begun.group(2), 0)
                continue
            if resumed := RESUMED.match(text):
                name, head = self.pending.pop(thread, (None, ""))
                if name is None or name.startswith(("rename", "unlink")):
                    continue
                text = f"{name}({head}{resumed.group(2)}"
            if whole := CALL.match(text):
                self.call(whole.group(1), whole.group(2), int(whole.group(3)))
        for directory, names in self.entered.items():
            self.violations.append(f"{self.short(directory)} is not synced after {names[-1]} at the end of the process")

    def call(self, name, arguments, result):
        if result < 0:
            return
        if name in ("write", "pwrite64", "fsync", "fdatasync"):
            found = PATH.match(arguments)
            if found and self.is_ours(found.group(1)):
                self.touch(name, found.group(1))
            return
        paths = [self.absolute(path) for path in QUOTED.findall(arguments)]
        if not paths or not self.is_ours(paths[-1]):
            return
        if name.startswith("rename"):
            self.rename(paths[0], paths[-1])
        elif name.startswith("unlink"):
            self.remove(paths[-1])
        elif name.startswith("mkdir"):
            self.entered.setdefault(os.path.dirname(paths[-1]), []).append(f"mkdir {os.path.basename(paths[-1])}")
        elif name in ("openat", "creat") and "O_CREAT" in arguments and not self.is_free(paths[-1]):
            self.unsynced.setdefault(paths[-1], "O_EXCL" in arguments or "O_TRUNC" in arguments)

    def touch(self, name, path):
        path = path.removesuffix(" (deleted)")
        if name in ("fsync", "fdatasync"):
            self.entered.pop(path, None)
            self.unsynced[path] = False
        else:
            self.unsynced[path] = True

    def rename(self, source, target):
        if self.is_free(target):
            return
        self.renames += 1
        if self.unsynced.pop(source, False):
            self.violations.append(f"{self.short(target)} is renamed before its bytes are synced")
        self.unsynced[target] = False
        if "/active/" in target:
            self.claims[target] = self.receipt_count
            return
        self.claims.pop(source, None)
        self.entered.setdefault(os.path.dirname(target), []).append(f"rename to {os.path.basename(target)[:80]}")
        if "/spool/ledger/incoming/" in target:
            self.receipt_count += 1
        elif target.endswith(".jsonl.zst"):
            self.needs_rows(f"{self.short(target)} is published")

    def remove(self, path):
        is_claim = "/spool/" in path and "/active/" in path
        is_receipt = "/spool/ledger/incoming/" in path
        if not (is_claim or is_receipt):
            return
        self.removals += 1
        for directory, names in self.entered.items():
            self.violations.append(f"an input is removed before {self.short(directory)} is synced ({names[-1]})")
        self.entered.clear()
        if is_claim and self.claims.pop(path, self.receipt_count) >= self.receipt_count:
            self.violations.append(f"the claim {os.path.basename(path)[:60]} is removed without a receipt")
        if is_receipt:
            self.needs_rows("a receipt is removed")

    def needs_rows(self, what):
        for log, dirty in self.unsynced.items():
            if log.endswith("-wal") and dirty:
                self.violations.append(f"{what} before the database's log is synced")
                self.unsynced[log] = False

    def absolute(self, path):
        return path if path.startswith("/") else os.path.join(self.root, path)

    def is_ours(self, path):
        return path.startswith((self.root + "/spool", self.root + "/data")) and not path.endswith("-shm")

    def is_free(self, path):
        return "/data/cache/" in path or path.endswith(".lock")

    def short(self, path):
        return path.removeprefix(self.root + "/")[:120]


GOOD = """
1 rename("/s/spool/fetch/incoming/a.jsonl.zst", "/s/spool/fetch/active/a.jsonl.zst,w") = 0
1 openat(AT_FDCWD</>, "/s/spool/extract/tmp/b", O_WRONLY|O_CREAT|O_EXCL) = 5</s/spool/extract/tmp/b>
1 write(5</s/spool/extract/tmp/b>, ""..., 9) = 9
1 fsync(5</s/spool/extract/tmp/b>) = 0
1 rename("/s/spool/extract/tmp/b", "/s/spool/extract/incoming/b.jsonl.zst") = 0
1 fsync(6</s/spool/extract/incoming>) = 0
1 openat(AT_FDCWD</>, "/s/spool/ledger/tmp/r", O_WRONLY|O_CREAT|O_EXCL) = 5</s/spool/ledger/tmp/r>
1 write(5</s/spool/ledger/tmp/r>, ""..., 9 <unfinished ...>
2 fsync(9</s/data/blobs>) = 0
1 <... write resumed>) = 9
1 fsync(5</s/spool/ledger/tmp/r>) = 0
1 rename("/s/spool/ledger/tmp/r", "/s/spool/ledger/incoming/r.jsonl.zst") = 0
1 fsync(6</s/spool/ledger/incoming>) = 0
1 unlink("/s/spool/fetch/active/a.jsonl.zst,w") = 0
2 pwrite64(7</s/data/bobbin.sqlite-wal>, ""..., 24, 0) = 24
2 fdatasync(7</s/data/bobbin.sqlite-wal>) = 0
2 unlink("/s/spool/ledger/incoming/r.jsonl.zst") = 0
""".strip().splitlines()
# Each line of the good trace that may be left out only at the price of a violation.
NEEDED = (3, 5, 10, 11, 12, 15)


def self_check():
    """None, or why the checker is not to be believed."""
    def violations(lines):
        checker = Checker("/s")
        checker.read(lines)
        return checker.violations
    if violations(GOOD):
        return f"it finds fault with a good trace: {violations(GOOD)}"
    for left_out in NEEDED:
        if not violations(GOOD[:left_out] + GOOD[left_out + 1:]):
            return f"it sees nothing when this is left out: {GOOD[left_out]}"
    late = GOOD[:3] + GOOD[4:5] + GOOD[3:4] + GOOD[5:]
    if not violations(late):
        return "it sees nothing when a file is synced after its rename"
    return None
