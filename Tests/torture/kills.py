"""Random kill -9, with everything alive: all stages watching with several workers, the server, and ingests that stream in.

A supervisor starts again whatever ends. Documents come for several chatbots by repeated ingests of small sets; some sets bring a
new edition of a document that is there already. An ingest that died before its run was committed is done again, as its owner
would. At the end all is drained, and each chatbot's rows must be those of one undisturbed ingest of the last editions.
"""
import contextlib
import pathlib
import signal
import sqlite3
import threading
import time

import bobbin
import judge
import shard
import snapshot

CHATBOTS = ("amber", "birch", "cedar")
WORKERS = {"FETCH_WORKERS": 3, "EXTRACT_WORKERS": 2, "CHUNK_WORKERS": 2, "EMBED_WORKERS": 2, "INDEX_WORKERS": 2}


def run(given):
    tally = judge.Tally("kills", given)
    wanted = given.count or (30 if given.quick else 1000)
    site = bobbin.Site.new(given.work / "site", given, WORKERS)
    stream = Stream(given, site)
    crew = Crew(given, site, stream)
    done = crew.kill_at_random(wanted)
    crew.rest()
    given.say(f"kills: {done} kills, {stream.accepted} sets accepted, {crew.starts} starts; draining")
    verdict = judge.Verdict()
    for text in crew.strange:
        verdict.add("exit", text)
    stream.finish()
    left = site.drain(180)
    if left:
        verdict.add("stuck", left)
    judge.database(site, verdict)
    judge.spool(site, verdict)
    undisturbed = bobbin.Site.new(given.work / "undisturbed", given)
    for slug, names in stream.known.items():
        if not names:
            # In a short run a chatbot may have been given nothing that was accepted.
            continue
        code, output = undisturbed.run(
            ["bobbin", "ingest", slug, *sorted(names), "--pipeline", undisturbed.pipeline], timeout=300)
        if code != 0:
            raise bobbin.Ended(f"the undisturbed ingest of {slug} ended with {code}: {output[-600:]}")
        judge.documents(site, verdict, slug, len(names))
        judge.content(site, verdict, slug, shard.rows(snapshot.shard_folder(undisturbed, slug)))
    tally.add("the end", verdict, site)
    tally.trials = tally.points = done
    tally.more |= {"sets": stream.accepted, "documents": sum(map(len, stream.known.values())), "starts": crew.starts,
                   "killed": crew.killed}
    undisturbed.remove()
    return tally.result()


class Stream:
    """Sets of documents, and which of them Bobbin has accepted."""

    def __init__(self, given, site):
        self.given = given
        self.site = site
        self.folder = given.work / "documents"
        self.folder.mkdir(exist_ok=True)
        self.known = {slug: set() for slug in CHATBOTS}
        self.accepted = 0
        self.number = 0
        self.waiting = None
        self.sources = sorted((given.fixtures / path) for path in snapshot.FIXTURES.values())

    def next(self):
        """(chatbot, files): the set that was not accepted last time, or a new one."""
        if self.waiting is None:
            slug = CHATBOTS[self.number % len(CHATBOTS)]
            files = []
            for _ in range(self.given.random.randint(1, 3)):
                self.number += 1
                files.append(self.document(slug))
            self.waiting = (slug, sorted(set(files)))
        return self.waiting

    def document(self, slug):
        chance = self.given.random.random()
        old = sorted(path for path in self.known[slug] if path.suffix == ".md")
        if chance < 0.2 and old:
            path = self.given.random.choice(old)
        elif chance < 0.6:
            path = self.folder / f"{slug}-{self.number}.md"
        else:
            source = self.given.random.choice(self.sources)
            path = self.folder / f"{slug}-{self.number}{source.suffix}"
            path.write_bytes(source.read_bytes())
            return path
        path.write_text(f"# Note {path.stem}\n\nEdition {self.number} of the note for {slug}.\n\n## Matters\n\n"
                        + "".join(f"Matter {self.number}.{line} is settled.\n\n" for line in range(30)))
        return path

    def settle(self, before):
        """After an ingest ended: whether its run had been committed."""
        slug, files = self.waiting
        with contextlib.suppress(sqlite3.OperationalError):
            if self.site.run_count() > before:
                self.known[slug] |= set(files)
                self.accepted += 1
                self.waiting = None

    def finish(self):
        """The last set, if it was refused by a kill; and one more edition-free ingest is not needed."""
        if self.waiting:
            slug, files = self.waiting
            self.site.begin(slug, files)
            self.known[slug] |= set(files)
            self.waiting = None


class Crew:
    """The processes, a thread for each that starts it again; and the killer."""

    def __init__(self, given, site, stream):
        self.given, self.site, self.stream = given, site, stream
        self.resting = threading.Event()
        self.lock = threading.Lock()
        self.alive = {}
        self.doomed = set()
        self.killed = {}
        self.starts = 0
        self.strange = []
        self.threads = [threading.Thread(target=self.keep, args=(role,)) for role in
                        [*(f"bobbin-{stage}" for stage in bobbin.STAGES), "bobbin-serve", "ingest"]]
        for thread in self.threads:
            thread.start()

    def keep(self, role):
        while not self.resting.is_set():
            before = self.site.run_count()
            try:
                process = self.launch(role)
            except bobbin.Ended as ended:
                self.strange.append(str(ended))
                return
            with self.lock:
                self.alive[role] = process
                self.starts += 1
            code, output = self.wait(process)
            with self.lock:
                del self.alive[role]
                was_killed = process.pid in self.doomed
            if role == "ingest":
                self.stream.settle(before)
                # 65 and 75 are verdicts on documents, which the end looks at; a run may also be finished by another.
                fine = code in (0, 65, 75, 130, -signal.SIGINT)
            else:
                # One that had hardly begun when all were sent to rest knows no signal yet.
                fine = code in (0, -signal.SIGTERM) and self.resting.is_set()
            if not fine and not (was_killed and code == -signal.SIGKILL):
                self.strange.append(f"{role} ended with {code}: {output[-300:]}")
                if len(self.strange) > 20:
                    return

    def launch(self, role):
        if role == "ingest":
            slug, files = self.stream.next()
            return self.site.start(["bobbin", "ingest", slug, *files, "--pipeline", self.site.folder / "none.mk", "--wait", "1"])
        if role == "bobbin-serve":
            return self.site.start([role, "--host", "127.0.0.1", "--port", bobbin.free_port()])
        return self.site.start(self.site.stage_arguments(role.removeprefix("bobbin-"), "--watch", "--quiet"))

    def wait(self, process):
        while True:
            try:
                output, _ = process.communicate(timeout=0.5)
                return process.returncode, output.decode(errors="replace")
            except Exception as late:
                if type(late).__name__ != "TimeoutExpired":
                    raise
                if self.resting.is_set():
                    process.send_signal(signal.SIGINT if "ingest" in process.args else signal.SIGTERM)

    def kill_at_random(self, wanted):
        done = 0
        while done < wanted and not self.given.is_late() and len(self.strange) <= 20:
            time.sleep(self.given.random.uniform(0.01, 0.35))
            with self.lock:
                roles = sorted(self.alive)
                if not roles:
                    continue
                role = self.given.random.choice(roles)
                process = self.alive[role]
                self.doomed.add(process.pid)
                bobbin.kill(process)
                self.killed[role] = self.killed.get(role, 0) + 1
            done += 1
            if done % 100 == 0:
                self.given.say(f"kills: {done}, {self.stream.accepted} sets accepted, {len(self.site.open_items())} items open")
        return done

    def rest(self):
        self.resting.set()
        for thread in self.threads:
            thread.join(60)
