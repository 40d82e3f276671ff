"""Reading sites: against Scrapy on Debian's documentation behind nginx, memory at 100,000 pages, and an unchanged site read again.

    python3 crawl.py --bin DIR --work DIR [--peer PYTHON] [--quick]      one JSON object

Against Scrapy: bobbin-fetch as a spool worker on one crawl, and Scrapy, in turns, ROUNDS each; one request at a time and no pause on
both sides. What each has read is nginx's word. CPU seconds are bobbin-fetch's from exec to exit, the writing of pages and of
receipts included; of Scrapy its engine's alone, which keeps nothing.
Memory: a tree of pages that nginx makes of one file, each with its own text and ten links; the peak of bobbin-fetch. The data lies in
memory (/dev/shm), so that the time is not the disk's.
Again: a site of small files begun by `bobbin ingest`, then by `bobbin recrawl`; both times `bobbin pipeline` does the work. Vectors come
from this process and cost the first run nothing, which makes the share of the second one larger than it is with a model. --quick: a
tenth of everything.
"""
import argparse
import contextlib
import http.server
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import processes

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import debian_site

ROUNDS = 3
TREE = """
    location /tree/ { root %s; gzip off; ssi on; rewrite ^ /leaf.html break; }"""
LEAF = ('<p><!--# echo var="request_uri" --> is where this page stands, and no other page has this sentence in it.</p>'
        + "".join(f'<p><a href="{n}/">{n}</a></p>' for n in range(10)))


def pipeline(work, workers):
    """The pipeline as it is shipped, without the pause between requests."""
    lines = pathlib.Path("pipelines/ingest.mk").read_text().splitlines()
    file = work / "pipeline.mk"
    file.write_text("\n".join(line for line in lines if not line.startswith(("FETCH_HOST_DELAY_MS", *workers)))
                    + "\nFETCH_HOST_DELAY_MS = 0\n" + "".join(f"{name} = {value}\n" for name, value in workers.items()))
    return file


def fetched(given, work, port, start, within, depth, pages):
    """One crawl by bobbin-fetch alone: seconds, CPU seconds, peak memory, what became of the addresses."""
    data = work / "data"
    data.mkdir(parents=True)
    env = processes.environment(data, work / "spool") | {
        "BOBBIN_ALLOWED_HOSTS": f"127.0.0.1:{port}", "BOBBIN_DISK_RESERVE_MIB": "64"}
    # Nobody drains the ledger and extract meanwhile: their bounds are not what is measured.
    settings = pipeline(work, {"QUEUE_BOUND": 1_000_000, "LEDGER_BOUND": 1_000_000})
    url = f"http://127.0.0.1:{port}"
    processes.timed([given.bin / "bobbin", "ingest", "bench", url + start, "--depth", str(depth), "--max-pages", str(pages),
                     "--include", url + within, "--detach", "--pipeline", settings], env)
    begin = time.perf_counter()
    worker = subprocess.Popen([given.bin / "bobbin-fetch", "--spool", work / "spool", "--pipeline", settings, "--quiet"], env=env)
    _, status, used = os.wait4(worker.pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        raise SystemExit(f"bobbin-fetch ended with {status}")
    result = {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss * 1024 / 1e6,
              "blobs": sum(len(files) for _, _, files in os.walk(data / "blobs"))}
    shutil.rmtree(work)
    return result


def read(site):
    return {path for status, path, _, _ in site.served() if status == 200 and path != "/robots.txt"}


def against_scrapy(given):
    packages = ("postgresql-doc-15",) if given.quick else ("postgresql-doc-15", "python3.11-doc")
    site = debian_site.Site(packages)
    try:
        ours, theirs, ours_read, theirs_read = [], [], set(), set()
        for turn in range(1 if given.quick else ROUNDS):
            site.served()
            ours.append(fetched(given, given.work / f"ours{turn}", site.port, "/", "/", 100, 100_000))
            ours_read = read(site)
            ours[-1]["pages"] = len(ours_read)
            if given.peer:
                url = f"http://127.0.0.1:{site.port}/"
                _, _, out = processes.timed([given.peer, "Tests/bench/crawl_scrapy.py", url, url], dict(os.environ))
                theirs.append(json.loads(out))
                theirs_read = read(site)
                theirs[-1]["pages"] = len(theirs_read)
    finally:
        site.end()
    result = {"packages": packages, "bobbin": middle(ours)}
    if theirs:
        result |= {
            "scrapy": middle(theirs), "version": theirs[0]["scrapy"],
            "common": len(ours_read & theirs_read), "ours_alone": sorted(ours_read - theirs_read)[:5],
            "theirs_alone": sorted(theirs_read - ours_read)[:5]}
        result["ratio"] = result["bobbin"]["pages_per_cpu_second"] / result["scrapy"]["pages_per_cpu_second"]
        if len(ours_read & theirs_read) < 0.95 * len(ours_read | theirs_read):
            raise SystemExit(f"not the same pages: {result}")
    return result


def middle(runs):
    """The run with the median of CPU seconds."""
    run = sorted(runs, key=lambda one: one["cpu_seconds"])[len(runs) // 2]
    return run | {"pages_per_second": run["pages"] / run["seconds"], "pages_per_cpu_second": run["pages"] / run["cpu_seconds"],
                  "cpu_seconds_per_1000": 1000 * run["cpu_seconds"] / run["pages"]}


def memory(given):
    pages = 10_000 if given.quick else 100_000
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else given.work) as folder:
        work = pathlib.Path(folder)
        (work / "leaf.html").write_text(f"<!doctype html><html><head><title>A page</title></head><body>{LEAF}</body></html>")
        site = debian_site.Site((), is_told=False, more=TREE % work)
        try:
            result = fetched(given, work / "crawl", site.port, "/tree/", "/tree/", 20, pages)
        finally:
            site.end()
    # Each page is one of its own; what the crawl keeps of itself comes on top.
    if result["blobs"] < pages:
        raise SystemExit(f"{result['blobs']} of {pages} pages read")
    return result | {"pages": pages, "cpu_seconds_per_1000": 1000 * result["cpu_seconds"] / pages}


class Vectors(http.server.BaseHTTPRequestHandler):
    """An embedding endpoint that gives every text a vector at once."""

    protocol_version = "HTTP/1.1"
    texts = 0

    def do_POST(self):
        count = len(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"])
        Vectors.texts += count
        body = json.dumps({"data": [{"index": n, "embedding": [0.6, 0.8]} for n in range(count)]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def small_pages(root, count):
    """Files of a few sentences, ten links each, so that the last is four steps from the first."""
    words = [word for word in "harbour ferry crane rope tide quay boat captain anchor lamp signal pier cargo storm chart sail deck".split()]
    chance = random.Random(11)
    for number in range(count):
        folder = root / "small" / f"{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        text = " ".join(f"The {chance.choice(words)} of berth {number} and the {chance.choice(words)} {chance.randrange(10_000)} "
                        f"wait for a {chance.choice(words)}." for _ in range(6))
        links = "".join(f'<p><a href="/small/{n // 100}/{n}.html">Berth {n}</a></p>'
                        for n in range(10 * number + 1, 10 * number + 11) if n < count)
        (folder / f"{number}.html").write_text(
            f"<!doctype html><html><head><title>Berth {number}</title></head><body><main><h1>Berth {number}</h1><p>{text}</p>"
            f"{links}</main></body></html>")


def run(given, env, settings, *command):
    """A run from its beginning by `bobbin COMMAND` until nothing is left of it."""
    Vectors.texts = 0
    wall, cpu, _ = processes.timed([given.bin / "bobbin", *command], env)
    more_wall, more_cpu, _ = processes.timed([given.bin / "bobbin", "pipeline", "--until-drained", "--pipeline", settings], env)
    return {"seconds": wall + more_wall, "cpu_seconds": cpu + more_cpu, "embedded": Vectors.texts}


def again(given):
    count = 1_000 if given.quick else 10_000
    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vectors)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    site = debian_site.Site(())
    work = given.work / "again"
    (work / "data").mkdir(parents=True)
    try:
        small_pages(site.root, count)
        env = processes.environment(work / "data", work / "spool") | {
            "BOBBIN_ALLOWED_HOSTS": f"127.0.0.1:{site.port}", "BOBBIN_DISK_RESERVE_MIB": "64", "BOBBIN_EMBEDDING_DIMENSION": "2",
            "BOBBIN_EMBEDDING_BASE_URL": f"http://127.0.0.1:{endpoint.server_port}"}
        (work / "data" / "models").symlink_to(given.models.resolve())
        settings = pipeline(work, {})
        first = run(given, env, settings, "ingest", "bench", f"http://127.0.0.1:{site.port}/small/0/0.html", "--depth", "10",
                    "--max-pages", str(count), "--detach", "--pipeline", settings)
        _, _, report = processes.timed([given.bin / "bobbin", "report", "bench", "--json"], env)
        live = sum(json.loads(line)["outcome"] == "read" for line in report.splitlines())
        site.served()
        second = run(given, env, settings, "recrawl", "--all")
        answers = [status for status, path, _, _ in site.served() if path.startswith("/small/")]
    finally:
        site.end()
        endpoint.shutdown()
    if live != count or len(answers) != count:
        raise SystemExit(f"{live} of {count} pages live, {len(answers)} asked for again")
    shutil.rmtree(work)
    return {"pages": count, "first": first, "again": second | {"unchanged": answers.count(304)},
            "share": second["cpu_seconds"] / first["cpu_seconds"]}


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "work", "models"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    parser.add_argument("--peer")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["scrapy", "memory", "again"])
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    parts = {"scrapy": against_scrapy, "memory": memory, "again": again}
    print(json.dumps({name: part(given) for name, part in parts.items() if given.only in (None, name)}))


if __name__ == "__main__":
    main()
