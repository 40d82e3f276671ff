"""One Bobbin under test: a data directory and a spool of its own, and Bobbin's executables run over them.

Knows how to start programs and how to drain a spool; decides nothing about what the result should be (judge.py).
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time

STAGES = ("fetch", "extract", "chunk", "embed", "index")
QUEUES = STAGES + ("ledger",)
# Small items, so that a handful of documents makes several of each stage. Retries come at once, and a crash is no poison:
# by design an item that was in the hands of a dying worker three times fails (RETRY_HARMFUL_TRIES), and here workers die all
# the time through no fault of any item. poison.py alone keeps the usual number.
PIPELINE = {
    "STAGES": " ".join(STAGES), "FETCH_BATCH_RECORDS": 2, "EXTRACT_BATCH_RECORDS": 2, "CHUNK_BATCH_RECORDS": 5,
    "EMBED_BATCH_RECORDS": 6, "RETRY_TRIES": 99, "RETRY_HARMFUL_TRIES": 99, "RETRY_FIRST_DELAY_MS": 100,
    "RETRY_LONGEST_DELAY_MS": 300}

_started = set()
_lock = threading.Lock()


class Ended(Exception):
    """The harness cannot go on; the message says why."""


class Site:
    """A folder with data/, spool/ and the pipeline files; programs started here are killed at the end."""

    def __init__(self, folder, bin, pipeline=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.bin = pathlib.Path(bin)
        self.data = self.folder / "data"
        self.spool = self.folder / "spool"
        self.pipeline = self.folder / "ingest.mk"
        self.environment = environment or {}
        self.folder.mkdir(parents=True, exist_ok=True)
        if pipeline is not None or not self.pipeline.exists():
            self.write_pipeline(pipeline or {})

    @classmethod
    def new(cls, folder, given, pipeline=None):
        """An empty site with the model in it."""
        shutil.rmtree(folder, ignore_errors=True)
        site = cls(folder, given.bin, pipeline)
        site.data.mkdir()
        (site.data / "models").symlink_to(given.models.resolve())
        return site

    def write_pipeline(self, changes):
        lines = [f"{name} = {value}\n" for name, value in (PIPELINE | changes).items()]
        self.pipeline.write_text("".join(lines))
        none = [line for line in lines if not line.startswith("STAGES")]
        (self.folder / "none.mk").write_text("STAGES =\n" + "".join(none))

    def copy(self, folder):
        """The same state in another place: nothing of ours names its own path inside data or spool."""
        folder = pathlib.Path(folder)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Site(folder, self.bin, environment=self.environment)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def env(self, more=None):
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("OPENAI_", "BOBBIN_", "CRASH_AT"))}
        return kept | {
            "BOBBIN_DATA": str(self.data), "BOBBIN_SPOOL": str(self.spool), "BOBBIN_DISK_RESERVE_MIB": "1",
            "SWIFT_BACKTRACE": "enable=no"} | self.environment | (more or {})

    def start(self, arguments, more=None, prefix=(), **options):
        """Starts a program of ours in a session of its own; `arguments[0]` is its name in the bin directory."""
        command = [*prefix, str(self.bin / arguments[0]), *map(str, arguments[1:])]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
        process = subprocess.Popen(command, env=self.env(more), start_new_session=True, **options)
        with _lock:
            _started.add(process)
        return process

    def run(self, arguments, more=None, prefix=(), timeout=90):
        """Runs to the end; (exit code, output). A negative code is a signal, None a program that had to be stopped."""
        return finish(self.start(arguments, more, prefix), timeout)

    def stage_arguments(self, stage, *more):
        return [f"bobbin-{stage}", "--spool", self.spool, "--pipeline", self.pipeline, *more]

    def stage(self, stage, *more, env=None, prefix=(), timeout=90):
        """Drains one stage."""
        return self.run(self.stage_arguments(stage, *more), env, prefix, timeout)

    def items(self, stage, *states):
        """Names of the items of a stage in some states, strays left out."""
        found = []
        for state in states or ("incoming", "active", "deferred", "hold", "failed"):
            with contextlib.suppress(FileNotFoundError):
                found += [name for name in os.listdir(self.spool / stage / state) if ".jsonl.zst" in name]
        return found

    def open_items(self):
        """Files that wait or are worked on, in any stage or the ledger."""
        return {f"{stage}/{state}/{name}" for stage in QUEUES for state in ("incoming", "active", "deferred")
                for name in self.items(stage, state)}

    def rows(self, sql, *arguments):
        with contextlib.closing(sqlite3.connect(self.data / "bobbin.sqlite", timeout=30)) as database:
            return database.execute(sql, arguments).fetchall()

    def open_runs(self):
        return self.rows("SELECT id FROM runs WHERE finished_at IS NULL")

    def begin(self, chatbot, sources):
        """Commits a run and publishes its first items, with no stage at work."""
        known = self.run_count()
        process = self.start(["bobbin", "ingest", chatbot, *sources, "--pipeline", self.folder / "none.mk"])
        wait_until(lambda: process.poll() is not None or self.run_count() > known, 30, "a run of the ingest")
        wait_until(lambda: process.poll() is not None or not self.unpublished(), 30, "its first items")
        # Again and again: one that comes while it turns to its own handling is lost.
        for _ in range(100):
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
                break
        code, output = finish(process, 10)
        # It may not have come to its own handling of the signal yet; the run is durable all the same.
        if code not in (130, -signal.SIGINT):
            raise Ended(f"the ingest without stages ended with {code}: {output[-800:]}")

    def run_count(self):
        try:
            return self.rows("SELECT count(*) FROM runs")[0][0]
        except sqlite3.OperationalError:
            return 0

    def unpublished(self):
        try:
            return self.rows("SELECT count(*) FROM run_first_items WHERE published_at IS NULL")[0][0] or not self.run_count()
        except sqlite3.OperationalError:
            return 1

    def drain(self, seconds=60):
        """Everything started again undisturbed until nothing is open: None, or what still was when time ran out."""
        end = time.monotonic() + seconds
        output = ""
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return f"still open after {seconds} s: {self.what_is_open()}; last words: {output[-400:]}"
            if has_pipeline(self.bin):
                code, output = self.run(
                    ["bobbin", "pipeline", "--until-drained", "--pipeline", self.pipeline], timeout=left + 1)
            else:
                # Without that command: an ingest of a stranger finishes the runs before it along with its own.
                note = self.folder / "drain.txt"
                note.write_text("Drained.\n")
                code, output = self.run(
                    ["bobbin", "ingest", "zz-drain", note, "--pipeline", self.pipeline, "--wait", "1"], timeout=left + 1)
            if code not in (0, 65, 75, None):
                return f"draining ended with {code}: {output[-600:]}"
            if not self.open_items() and not self.open_runs():
                return None
            time.sleep(0.05)

    def what_is_open(self):
        return ", ".join(sorted(self.open_items())[:6] + [f"run {run}" for run, in self.open_runs()[:3]])

    @contextlib.contextmanager
    def server(self, more=None):
        """bobbin-serve on a free port of the loopback: (process, port)."""
        process, port = self.start_server(more)
        try:
            yield process, port
        finally:
            stop(process)

    def start_server(self, more=None, seconds=30):
        port = free_port()
        process = self.start(["bobbin-serve", "--host", "127.0.0.1", "--port", port], more, stdout=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or http(port, "GET", "/livez")[0] == 200, seconds, "the server")
        return process, port


def finish(process, timeout):
    """Waits for a program; kills its whole session when it takes too long."""
    try:
        output, _ = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        kill(process)
        output, _ = process.communicate()
        code = None
    with _lock:
        _started.discard(process)
    return code, (output or b"").decode(errors="replace")


def kill(process, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop(process, seconds=20):
    """SIGTERM, then SIGKILL."""
    if process.poll() is None:
        process.terminate()
    code, output = finish(process, seconds)
    return code, output


def stop_all():
    """Ends whatever this harness started and that still runs."""
    with _lock:
        left = [process for process in _started if process.poll() is None]
        _started.clear()
    for process in left:
        kill(process)
        process.wait()


_pipeline = {}


def has_pipeline(bin):
    """Whether `bobbin pipeline` is there."""
    with _lock:
        if bin not in _pipeline:
            done = subprocess.run([bin / "bobbin", "pipeline", "--help"], capture_output=True, text=True)
            _pipeline[bin] = done.returncode == 0 and "--until-drained" in done.stdout
        return _pipeline[bin]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Ended(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def http(port, method, path, body=b"", headers=(), timeout=20):
    """(status, body) of one request on the loopback; (0, reason) when there was no answer."""
    lines = [f"{method} {path} HTTP/1.1", "Host: torture", "Connection: close", f"Content-Length: {len(body)}", *headers]
    try:
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=timeout)) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
    except OSError as error:
        return 0, str(error)
    head, _, content = answer.partition(b"\r\n\r\n")
    try:
        return int(head.split()[1]), content.decode(errors="replace")
    except (IndexError, ValueError):
        return 0, "no answer"
