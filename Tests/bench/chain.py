"""Documents a second: through the whole chain, then through each stage alone, on copies of the handbook with unique text.

    python chain.py --bin .build/release --corpus FOLDER --models DIR --work DIR

The whole chain is `bobbin ingest`, all stages at once. For the stages the same documents go into a second spool by an ingest
whose pipeline names no stage and which is interrupted; then each stage's executable drains its directory, one after another,
as `make fetch` … `make index` do. The index stage counts both its parts: taking vectors in, and the closing build, which the
server orders when it has read the ledger. Each data directory starts without an embedding cache. Prints one JSON object.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import time

import processes

STAGES = ["fetch", "extract", "chunk", "embed", "index"]


def prepared(work, models):
    """An empty data directory with the model in it, and the environment that names it."""
    data = work / "data"
    data.mkdir(parents=True)
    os.symlink(models.resolve(), data / "models")
    return processes.environment(data, work / "spool")


def whole(given, count, text_bytes):
    env = prepared(given.work / "whole", given.models)
    wall, cpu, out = processes.timed(
        [f"{given.bin}/bobbin", "ingest", "bench", str(given.corpus), "--json"], env, timeout=300)
    report = json.loads(out)
    live = [document for document in report["documents"] if document["state"] == "live"]
    if len(live) != count:
        raise SystemExit(f"{count - len(live)} of {count} documents are not live")
    chunks = sum(document["chunks"] for document in live)
    return {
        "documents": count, "chunks": chunks, "tokens": report["tokensEmbedded"], "bytes": text_bytes,
        "documents_per_second": round(count / wall, 1), "documents_per_cpu_second": round(count / cpu, 1),
        "seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def items(spool, stage):
    folder = spool / stage / "incoming"
    return sum(1 for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0


def stages(given, count):
    work = given.work / "stages"
    env = prepared(work, given.models)
    spool = work / "spool"
    pipeline = work / "none.mk"
    pipeline.write_text("STAGES =\n")
    order = subprocess.Popen(
        [f"{given.bin}/bobbin", "ingest", "bench", str(given.corpus), "--json", "--pipeline", str(pipeline)], env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.wait_until(lambda: items(spool, "fetch") >= (count + 7) // 8 or order.poll() is not None, 30, "spool/fetch")
    time.sleep(0.5)
    order.send_signal(signal.SIGINT)
    if order.wait(20) != 130:
        raise SystemExit("the ingest that only fills spool/fetch did not end by its interruption")
    results = {}
    for stage in STAGES:
        if items(spool, stage) == 0:
            raise SystemExit(f"nothing came to spool/{stage}")
        command = [f"{given.bin}/bobbin-{stage}", "--spool", str(spool), "--quiet"]
        wall, cpu, _ = processes.timed(command, env, timeout=300)
        if stage == "index":
            with processes.server(given.bin, env):
                processes.wait_until(lambda: items(spool, "index") > 0, 30, "the order of the closing build")
            more_wall, more_cpu, _ = processes.timed(command, env, timeout=300)
            wall, cpu = wall + more_wall, cpu + more_cpu
            if not list((work / "data" / "shards").glob("*/CURRENT")):
                raise SystemExit("the index stage made no generation")
        results[stage] = {
            "documents_per_second": round(count / wall, 1), "documents_per_cpu_second": round(count / cpu, 1),
            "seconds": round(wall, 3), "cpu_seconds": round(cpu, 3)}
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    for name in ("corpus", "models", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    files = [path for path in given.corpus.rglob("*") if path.is_file()]
    result = whole(given, len(files), sum(path.stat().st_size for path in files))
    print(json.dumps({"whole": result, "stages": stages(given, len(files))}))


if __name__ == "__main__":
    main()
