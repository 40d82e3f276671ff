"""System calls of a stage as strace tells them: which there are, and made to fail or to kill at the k-th.

A stage is held just before it first touches the spool: its settings file is a named pipe, whose opening waits for a writer. strace
is attached meanwhile, so its counters (each thread has its own) begin there, and neither the dynamic loader nor the start of
the runtime is among the calls that are counted. A pipe has no size, so the stage reads no settings from it and works with
the built-in ones: one worker, items of 256 records, 30 s after a first try.
"""
import collections
import os
import re
import subprocess
import time

import bobbin

CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat2", "link", "linkat", "unlink", "unlinkat",
         "mkdir", "mkdirat", "ftruncate")
LINE = re.compile(r"^(\d+) +(\w+)\(")


class Held:
    """A stage of a site, held before its first call on the spool and traced from there."""

    def __init__(self, site, stage, strace, *more):
        self.pipe = site.folder / "settings.pipe"
        os.mkfifo(self.pipe)
        self.process = site.start(["bobbin-" + stage, "--spool", site.spool, "--pipeline", self.pipe, *more])
        self.strace = None
        try:
            bobbin.wait_until(lambda: self.is_waiting(), 30, f"bobbin-{stage} to open its settings")
            self.log = site.folder / "strace.log"
            self.strace = subprocess.Popen(
                ["strace", "-f", "-qq", "-o", self.log, *strace, "-p", str(self.process.pid)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            bobbin.wait_until(lambda: self.is_traced() or self.process.poll() is not None, 30, "strace")
        except bobbin.Ended:
            self.end()
            raise

    def is_waiting(self):
        """Some thread of it stands in the open of the pipe."""
        if self.process.poll() is not None:
            raise bobbin.Ended(f"it ended with {self.process.returncode} before it read its settings")
        for task in tasks(self.process.pid):
            try:
                with open(f"/proc/{self.process.pid}/task/{task}/wchan") as place:
                    if "fifo" in place.read() or "wait_for_partner" in place.name:
                        return True
                with open(f"/proc/{self.process.pid}/task/{task}/syscall") as call:
                    words = call.read().split()
                if words[:1] == ["257"] and self.names_pipe(words[2]):
                    return True
            except OSError:
                continue
        return False

    def names_pipe(self, address):
        with open(f"/proc/{self.process.pid}/mem", "rb") as memory:
            memory.seek(int(address, 16))
            return memory.read(len(str(self.pipe))) == str(self.pipe).encode()

    def is_traced(self):
        found = tasks(self.process.pid)
        return bool(found) and all(tracer(self.process.pid, task) for task in found)

    def go(self, timeout=60):
        """Lets it run to its end; (exit code, output)."""
        # Held open to the end: attaching may interrupt and restart the opening, which would miss a writer that comes and goes.
        writer = None
        while writer is None and self.process.poll() is None:
            try:
                writer = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                time.sleep(0.002)
        result = bobbin.finish(self.process, timeout)
        if writer is not None:
            os.close(writer)
        self.end()
        return result

    def end(self):
        bobbin.kill(self.process)
        if self.process.poll() is None:
            bobbin.finish(self.process, 10)
        if self.strace:
            try:
                self.strace.wait(10)
            except subprocess.TimeoutExpired:
                self.strace.kill()
                self.strace.wait()
        self.pipe.unlink(missing_ok=True)


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def tracer(pid, task):
    try:
        with open(f"/proc/{pid}/task/{task}/status") as status:
            return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in status)
    except OSError:
        return True


def most(site, stage):
    """A tracing run: how often each call is made by the thread that makes it most, and (calls in all, exit code)."""
    held = Held(site, stage, ["-e", "trace=" + ",".join(CALLS)])
    code, output = held.go()
    if code != 0:
        raise bobbin.Ended(f"the traced {stage} ended with {code}: {output[-400:]}")
    counts = collections.Counter()
    for line in held.log.read_text(errors="replace").splitlines():
        if match := LINE.match(line):
            counts[match.groups()] += 1
    found = collections.Counter()
    total = collections.Counter()
    for (_, call), count in counts.items():
        found[call] = max(found[call], count)
        total[call] += count
    return dict(found), dict(total)
