"""llama.cpp's own HTTP server with a tiny random model: prints `ready PORT` when it takes requests.

    python llama_server.py [CONTEXT_TOKENS [endless]]

The model writes words without sense, the same ones for the same messages at temperature 0, and stops by itself after a few
dozen; endless, only at the request's limit or the context's. A byte of a prompt is a token. One reply at a time: others wait.
Ends with its standard input.
"""
import array
import os
import random
import struct
import sys
import tempfile

import xllamacpp

context = int(sys.argv[1]) if len(sys.argv) > 1 else 16384
endless = "endless" in sys.argv
WIDTH, HEADS, LAYERS, INNER = 32, 1, 2, 64
WORDS = [
    "▁", "▁the", "▁tea", "▁is", "▁for", "▁twelve", "▁days", "▁and", "▁Köln", "▁naïve", "▁日本", "▁🚲", "▁[1]", "▁**bold**", ",",
    ".", "\n"]
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}")
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def typed(value):
    """The number of a value's type in a file, and the value."""
    if isinstance(value, list):
        kinds, raw = zip(*map(typed, value))
        # Numbers in a list are signed.
        kind = 5 if kinds[0] == 4 else kinds[0]
        return 9, struct.pack("<IQ", kind, len(value)) + b"".join(raw)
    if isinstance(value, str):
        return 8, text(value)
    return (6, struct.pack("<f", value)) if isinstance(value, float) else (4, struct.pack("<I", value))


def gguf(seed=7):
    """A whole model as a file."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + WORDS
    kinds = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * len(WORDS)
    header = {
        "general.architecture": "llama", "general.name": "tiny", "llama.block_count": LAYERS,
        "llama.context_length": context, "llama.embedding_length": WIDTH, "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS, "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [-float(index) for index in range(len(tokens))], "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": TEMPLATE,
    }
    table = (WIDTH, len(tokens))
    shapes = {"token_embd.weight": table, "output_norm.weight": (WIDTH,), "output.weight": table}
    for layer in range(LAYERS):
        for name, shape in {
            "attn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_norm": (WIDTH,), "ffn_gate": (WIDTH, INNER), "ffn_up": (WIDTH, INNER),
            "ffn_down": (INNER, WIDTH),
        }.items():
            shapes[f"blk.{layer}.{name}.weight"] = shape
    chance = random.Random(seed)
    head, data = b"", b""
    for name, shape in shapes.items():
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        if len(shape) == 1:
            weights = [1.0] * WIDTH
        else:
            weights = [chance.uniform(-1, 1) for _ in range(shape[0] * shape[1])]
        if name == "output.weight":
            # Only the words and the end are ever likely.
            for index, kind in enumerate(kinds):
                if kind != NORMAL and index != 2:
                    weights[index * WIDTH:(index + 1) * WIDTH] = [0.0] * WIDTH
        data += array.array("f", weights).tobytes()
    front = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(header))
    for key, value in header.items():
        kind, raw = typed(value)
        front += text(key) + struct.pack("<I", kind) + raw
    front += head
    return front + bytes(-len(front) % 32) + data


settings = xllamacpp.CommonParams()
settings.hostnames = ["127.0.0.1"]
settings.port = 0
settings.n_ctx = context
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
settings.cache_prompt = False
settings.sampling.ignore_eos = endless
settings.model_alias = {"tiny"}
settings.verbosity = 1
with tempfile.TemporaryDirectory() as folder:
    settings.model.path = os.path.join(folder, "tiny.gguf")
    with open(settings.model.path, "wb") as file:
        file.write(gguf())
    server = xllamacpp.Server(settings)
print("ready", server.listening_address.rsplit(":", 1)[1], flush=True)
sys.stdin.read()
# Without waiting, half a minute at worst, for replies that are still being written.
os._exit(0)
