"""A disk that is full, out of inodes, or read-only during a run (D6, D7).

Each stage on a tmpfs with next to nothing free: it ends with 75 and says why, or settles; chat goes on all the while; after space
is freed everything completes, without a restart where workers watch. Then an ext4 image that turns read-only: 74. Needs root.
"""
import json
import os
import signal
import time

import bobbin
import disks
import judge
import snapshot

ROOM = (0, 8, 24, 64, 160)
# SQLite does not say why a file cannot be made: 74 with "check … free space" from an ingest that could not even begin.
WHY = ("space", "full", "reserve", "inodes")
QUESTION = json.dumps({"message": "How much oil did the keeper of the lamp have?"}).encode()


def run(given):
    tally = judge.Tally("disk", given)
    shots = snapshot.Snapshots(given)
    cases = [("full", point, room) for point in (*snapshot.POINTS, "begin") for room in ROOM]
    cases += [("inodes", point, room) for point in (*snapshot.POINTS, "begin") for room in (0, 3, 9)]
    cases += [("chat", "fetch", 0), ("reserve", "blank", 0), ("watch", "fetch", 4)]
    cases += [("readonly", point, wait) for point in snapshot.POINTS for wait in (0, 60, 200)]
    if given.quick:
        cases = [("full", "embed", 8), ("inodes", "fetch", 3), ("readonly", "extract", 60)]
    try:
        for case in cases:
            if given.is_late():
                tally.more["cut_short"] = True
                break
            if given.only and given.only not in ":".join(map(str, case)):
                continue
            verdict = judge.Verdict()
            CASES[case[0]](given, shots, *case[1:], verdict)
            tally.add(" ".join(map(str, case)), verdict)
    except disks.Refused as reason:
        return tally.result() | {"skipped": str(reason)}
    tally.points = tally.trials
    return tally.result()


def stage_or_ingest(site, shots, point):
    if point == "begin":
        return site.run(["bobbin", "ingest", snapshot.CHATBOT, shots.documents, "--pipeline", site.folder / "none.mk"], timeout=3)
    return site.stage(snapshot.stage_of(point), "--workers", "2")


def ends_well(code, output, verdict, wanted, words):
    """A clean end, or one of the wanted codes with a sentence that says what it was."""
    if code in (0, None):
        return
    if code not in wanted:
        verdict.add("exit", f"ended with {code}, not {wanted}: {output[-300:]}")
    elif not any(word in output for word in words):
        verdict.add("exit", f"its last words do not say why: {output[-300:]}")


def completes(site, shots, point, verdict):
    if point == "begin" and site.run_count() < 2:
        site.begin(snapshot.CHATBOT, [shots.documents])
    judge.readers_view(site, verdict)
    judge.recovered(site, shots.expected, verdict, exact=False)


def full(given, shots, point, kibibytes, verdict):
    with disks.Memory(given.work / "memory", "size=64m,mode=755") as disk:
        site = shots.site("blank" if point == "begin" else point).copy(disk.mount / "site")
        site.environment = {"BOBBIN_DISK_RESERVE_MIB": "0"}
        ballast = fill(disk.mount, kibibytes)
        code, output = stage_or_ingest(site, shots, point)
        ends_well(code, output, verdict, (75, 74) if point == "begin" else (75,), WHY)
        ballast.unlink()
        completes(site, shots, point, verdict)


def fill(mount, kibibytes):
    """A file that leaves so much free."""
    ballast = mount / "ballast"
    status = os.statvfs(mount)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - (kibibytes << 10)))
    return ballast


def inodes(given, shots, point, count, verdict):
    with disks.Memory(given.work / "memory", "size=64m,nr_inodes=4000,mode=755") as disk:
        site = shots.site("blank" if point == "begin" else point).copy(disk.mount / "site")
        site.environment = {"BOBBIN_DISK_RESERVE_MIB": "0"}
        folder = disk.mount / "many"
        folder.mkdir()
        for number in range(os.statvfs(disk.mount).f_ffree - count):
            (folder / str(number)).touch()
        code, output = stage_or_ingest(site, shots, point)
        ends_well(code, output, verdict, (75, 74) if point == "begin" else (75,), WHY)
        for path in folder.iterdir():
            path.unlink()
        completes(site, shots, point, verdict)


def chat(given, shots, point, kibibytes, verdict):
    """The disk is full while visitors ask and stages watch; all goes on when there is space."""
    with disks.Memory(given.work / "memory", "size=64m,mode=755") as disk:
        site = shots.site(point).copy(disk.mount / "site")
        site.environment = {"BOBBIN_DISK_RESERVE_MIB": "2"}
        with site.server() as (process, port):
            ask(port, verdict, "before")
            ballast = fill(disk.mount, kibibytes)
            ask(port, verdict, "with a full disk")
            status, _ = bobbin.http(port, "GET", "/readyz")
            if status != 503:
                verdict.add("exit", f"/readyz answers {status} with a full disk, not 503")
            ballast.unlink()
            stages = [site.start(site.stage_arguments(stage, "--watch")) for stage in bobbin.STAGES]
            time.sleep(0.2)
            ballast = fill(disk.mount, kibibytes)
            for _ in range(5):
                ask(port, verdict, "with a full disk and stages at work")
                time.sleep(0.1)
            ballast.unlink()
            for process in stages:
                code, output = bobbin.stop(process)
                ends_well(code, output, verdict, (75,), WHY)
        completes(site, shots, point, verdict)


def ask(port, verdict, when):
    status, answer = bobbin.http(port, "POST", f"/api/chat/{snapshot.CHATBOT}", QUESTION, ["Content-Type: application/json"])
    if status != 200:
        verdict.add("exit", f"chat answers {status} {when}: {answer[:200]}")


def reserve(given, shots, point, _, verdict):
    """Below the reserve an ingest is refused with 75 before anything of it is accepted."""
    with disks.Memory(given.work / "memory", "size=64m,mode=755") as disk:
        site = shots.site(point).copy(disk.mount / "site")
        site.environment = {"BOBBIN_DISK_RESERVE_MIB": "32"}
        ballast = fill(disk.mount, 8 << 10)
        code, output = stage_or_ingest(site, shots, "begin")
        if code != 75 or "reserve" not in output:
            verdict.add("exit", f"the ingest ended with {code}: {output[-300:]}")
        if site.run_count() != 1 or site.items("fetch"):
            verdict.add("mixed", "something of a refused ingest was accepted")
        ballast.unlink()
        completes(site, shots, "begin", verdict)


def watch(given, shots, point, kibibytes, verdict):
    """Watching workers wait below the reserve and go on without a restart when there is space."""
    with disks.Memory(given.work / "memory", "size=64m,mode=755") as disk:
        site = shots.site(point).copy(disk.mount / "site")
        site.environment = {"BOBBIN_DISK_RESERVE_MIB": "2"}
        ballast = fill(disk.mount, kibibytes)
        stages = [site.start(site.stage_arguments(stage, "--watch")) for stage in bobbin.STAGES]
        time.sleep(0.6)
        ended = [process for process in stages if process.poll() is not None]
        for process in ended:
            verdict.add("exit", f"a watching worker ended with {process.returncode} below the reserve; it should wait")
        ballast.unlink()
        try:
            bobbin.wait_until(lambda: not any(site.items(stage, "incoming", "active") for stage in bobbin.STAGES), 30,
                              "watching workers to go on after space was freed")
        except bobbin.Ended as late:
            verdict.add("stuck", str(late))
        for process in stages:
            bobbin.stop(process)
        completes(site, shots, point, verdict)


def readonly(given, shots, point, milliseconds, verdict):
    """The file system turns read-only while a stage works: 74; with rights again it completes."""
    with disks.Ext4(given.work / "image", 64) as disk:
        site = shots.site(point).copy(disk.mount / "site")
        process = site.start(site.stage_arguments(snapshot.stage_of(point), "--watch"))
        bobbin.wait_until(lambda: any(site.items(snapshot.stage_of(point), "active")) or
                          not site.items(snapshot.stage_of(point), "incoming"), 20, "the stage to begin")
        time.sleep(milliseconds / 1000)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            # Open files for writing would make the remount fail: the stage is stopped between its calls, so try again.
            for _ in range(200):
                try:
                    disk.remount("ro")
                    break
                except disks.Refused:
                    os.kill(process.pid, signal.SIGCONT)
                    time.sleep(0.003)
                    os.kill(process.pid, signal.SIGSTOP)
            else:
                raise disks.Refused("the image could not be remounted read-only while a stage works")
        finally:
            os.kill(process.pid, signal.SIGCONT)
        time.sleep(1.2)
        code = process.poll()
        if code is None:
            code, output = bobbin.stop(process)
        else:
            code, output = bobbin.finish(process, 5)
        ends_well(code, output, verdict, (74,), ("ead-only", "rite"))
        disk.remount("rw")
        completes(site, shots, point, verdict)


CASES = {"full": full, "inodes": inodes, "chat": chat, "reserve": reserve, "watch": watch, "readonly": readonly}
