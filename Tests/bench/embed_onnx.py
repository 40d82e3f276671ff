"""ONNX Runtime fp32 on the texts of the embedding bench, and Bobbin beside it in the same run.

    python embed_onnx.py --model MODEL_DIR --texts passages.jsonl [--rounds 3] [--bobbin COMMAND…]

One thread, one text a call (minilm_onnx.py). Text n's query is its first 14 words. COMMAND is run once a round, between two
rounds of ONNX Runtime, and prints the JSON of EmbedBench. Prints one JSON object; rates are per CPU-second, medians over
rounds, and their ratios.
"""
import argparse
import json
import resource
import statistics
import subprocess
import time

import numpy
import onnxruntime

import minilm_onnx

arguments = argparse.ArgumentParser()
arguments.add_argument("--model", required=True)
arguments.add_argument("--texts", required=True)
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--bobbin", nargs=argparse.REMAINDER)
arguments = arguments.parse_args()


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


embed = minilm_onnx.Embedder(arguments.model).embed
with open(arguments.texts, encoding="utf-8") as file:
    passages = [json.loads(line) for line in file]
queries = [" ".join(text.split()[:14]) for text in passages]


def measure(texts):
    times, before = [], cpu()
    for text in texts:
        start = time.perf_counter()
        embed(text)
        times.append(time.perf_counter() - start)
    return len(texts) / (cpu() - before), statistics.median(times) * 1000


for text in queries[:16] + passages[:4]:
    embed(text)
rounds = []
for _ in range(arguments.rounds):
    passage_rate, _ = measure(passages)
    query_rate, p50 = measure(queries)
    entry = {"onnx": {"passagesPerCPUSecond": passage_rate, "queriesPerCPUSecond": query_rate, "queryP50Milliseconds": p50}}
    if arguments.bobbin:
        entry["bobbin"] = json.loads(subprocess.run(arguments.bobbin, check=True, capture_output=True, text=True).stdout)
    rounds.append(entry)
result = {"onnxruntime": onnxruntime.__version__, "passages": len(passages), "rounds": len(rounds)}
for engine in rounds[0]:
    result[engine] = {
        key: round(statistics.median(entry[engine][key] for entry in rounds), 2)
        for key in ("passagesPerCPUSecond", "queriesPerCPUSecond", "queryP50Milliseconds")}
if arguments.bobbin:
    for key in ("passagesPerCPUSecond", "queriesPerCPUSecond"):
        result["ratio " + key] = round(statistics.median(e["bobbin"][key] / e["onnx"][key] for e in rounds), 2)
    result["bobbin"]["kernels"] = rounds[0]["bobbin"]["kernels"]
    vector = numpy.array(rounds[0]["bobbin"]["firstVector"])
    result["cosine of the first passage"] = round(float(embed(passages[0]) @ vector), 6)
print(json.dumps(result, indent=2))
