"""Bobbin's executables as the bench runs them: with their time and memory measured. Linux only, standard library only."""
import contextlib
import os
import pathlib
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time

# A measure that runs out of time ends by SIGTERM: as an exception, so that what it started is stopped too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("out of time"))


def environment(data, spool):
    """This process's, without what would send text to another machine."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "BOBBIN_EMBEDDING_", "BOBBIN_CHAT_"))}
    return kept | {"BOBBIN_DATA": str(data), "BOBBIN_SPOOL": str(spool), "SWIFT_BACKTRACE": "enable=no"}


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command, env, **options):
    """Runs to the end; (wall seconds, CPU seconds of it and its descendants, standard output)."""
    before, start = children_cpu(), time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, **options)
    wall = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return wall, children_cpu() - before, done.stdout


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def percentiles(milliseconds):
    ordered = sorted(milliseconds)
    return {"p50_ms": round(statistics.median(ordered), 3), "p99_ms": round(ordered[len(ordered) * 99 // 100], 3),
            "longest_ms": round(ordered[-1], 3)}


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_live(port):
    """Whether /livez answers 200."""
    try:
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@contextlib.contextmanager
def serving(command, env, log=subprocess.DEVNULL):
    """A server on a free port of the loopback: (process, port, seconds from exec to the first 200 on /livez).

    `command` takes --host and --port. In a session of its own: a server of several processes is ended as a whole.
    """
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], env=env, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=log)
    try:
        while not is_live(port):
            if process.poll() is not None or time.perf_counter() - start > 30:
                raise SystemExit(f"{command[0]} does not answer on /livez")
            time.sleep(0.0005)
        yield process, port, time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def server(bin, env, log=subprocess.DEVNULL):
    """bobbin-serve, as `serving`."""
    return serving([f"{bin}/bobbin-serve"], env, log)


def cpu_seconds(process):
    """Of a running server with its children so far."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    used = 0
    for pid in [process.pid, *children]:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def wait_until_idle(process, seconds):
    """Until it has used next to no CPU time for a moment."""
    def is_idle():
        before = cpu_seconds(process)
        time.sleep(0.4)
        return cpu_seconds(process) - before < 0.05
    wait_until(is_idle, seconds, "a server to finish what was asked of it")


def memory(process):
    """Resident megabytes (10^6 bytes), whole and by kind: anonymous (its own) and file (mapped, the kernel may drop it)."""
    lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "Rss"))}
    return {
        "resident": round(kilobytes["VmRSS"] * 1024 / 1e6, 1), "anonymous": round(kilobytes["RssAnon"] * 1024 / 1e6, 1),
        "file": round(kilobytes["RssFile"] * 1024 / 1e6, 1)}
