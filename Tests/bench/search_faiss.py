"""Search latency of the shard beside faiss-cpu's exact IndexFlatIP (f32), one thread each, taking turns in one run.

Run:  python3 Tests/bench/search_faiss.py --bench ".build/release/bobbin-bench search" [--vectors FILE.f32 --queries FILE.f32]
Needs numpy and faiss-cpu. Without --vectors it draws clustered unit vectors (fixed seed). Prints one JSON object: p50 in
microseconds a query, the ratio faiss / shard (above 1: the shard is faster), and recall@10 of the shard against f32.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import faiss
import numpy as np


def clustered(rows, queries, dimension):
    """Unit vectors around centres, with a spectrum that falls as that of sentence embeddings does."""
    chance = np.random.default_rng(7)
    spectrum = (1 + np.arange(dimension)) ** -0.5
    turn, _ = np.linalg.qr(chance.standard_normal((dimension, dimension)))
    spread = (spectrum[:, None] * turn).astype(np.float32)
    centers = chance.standard_normal((max(1, rows // 100), dimension)).astype(np.float32)

    def draw(count):
        points = 0.6 * centers[chance.zipf(1.3, count) % len(centers)]
        points = (points + chance.standard_normal((count, dimension)).astype(np.float32)) @ spread
        return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype("<f4")
    return draw(rows), draw(queries)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bench", required=True, help="command of the shard's bench, up to its own arguments")
    arguments.add_argument("--vectors", help="raw little-endian f32 unit vectors")
    arguments.add_argument("--queries", help="the same, for questions")
    arguments.add_argument("--dimension", type=int, default=384)
    arguments.add_argument("--sizes", default="2000,20000,200000")
    arguments.add_argument("--query-count", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    faiss.omp_set_num_threads(1)
    sizes = [int(size) for size in given.sizes.split(",")]
    if given.vectors:
        vectors = np.fromfile(given.vectors, "<f4").reshape(-1, given.dimension)
        queries = np.fromfile(given.queries, "<f4").reshape(-1, given.dimension)[: given.query_count]
        sizes = [size for size in sizes if size <= len(vectors)] or [len(vectors)]
    else:
        vectors, queries = clustered(max(sizes), given.query_count, given.dimension)
    vectors = vectors[: max(sizes)]

    with tempfile.TemporaryDirectory() as folder:
        vectors.astype("<f4").tofile(f"{folder}/vectors.f32")
        queries.astype("<f4").tofile(f"{folder}/queries.f32")
        command = shlex.split(given.bench) + [
            "--vectors", f"{folder}/vectors.f32", "--queries", f"{folder}/queries.f32", "--directory", folder,
            "--dimension", str(given.dimension), "--sizes", ",".join(map(str, sizes)), "--interactive"]
        shard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert shard.stdout.readline().strip() == "ready", "the shard's bench did not start"
        results = []
        for size in sizes:
            index = faiss.IndexFlatIP(given.dimension)
            index.add(vectors[:size])
            ours, theirs = [], []
            for turn in range(given.rounds + 1):
                exact, times = [], []
                for query in queries:
                    start = time.perf_counter()
                    _, found = index.search(query[None], 10)
                    times.append((time.perf_counter() - start) * 1e6)
                    exact.append(set(found[0].tolist()))
                shard.stdin.write(f"{size}\n")
                shard.stdin.flush()
                answer = json.loads(shard.stdout.readline())
                if turn > 0:  # the first turn warms both
                    theirs += times
                    ours += answer["micros"]
            hits = [len(right & set(rows)) / 10 for right, rows in zip(exact, answer["rows"])]
            results.append({
                "rows": size, "shard_p50_us": round(statistics.median(ours), 1),
                "faiss_p50_us": round(statistics.median(theirs), 1),
                "ratio": round(statistics.median(theirs) / statistics.median(ours), 2),
                "recall_at_10": round(statistics.mean(hits), 4)})
        shard.stdin.close()
        shard.wait()
    print(json.dumps({"faiss": faiss.__version__, "vectors": "given" if given.vectors else "clustered", "search": results}))


main()
