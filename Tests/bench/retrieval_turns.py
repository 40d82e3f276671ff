"""Retrieval beside its peer: from a question to eight passages, on one core, in turns within one run.

    python retrieval_turns.py --bench .build/release/bobbin-bench --model MODEL_DIR --work DIR [--sizes 2000,20000,200000]

Peer: ONNX Runtime fp32 embeds the question (minilm_onnx.py), faiss's exact IndexFlatIP and bm25s find 60 rows each, the scores
are added as Bobbin adds them and the best eight texts are given back. Bobbin, beyond that, leaves learn-only sources out, takes
near-duplicates away and reads the passages with their neighbours from the shard's file.

The chunks are made up of sentences of the sample handbook: each document has some thirty sentences it draws from, half of the
longer words are others of the model's vocabulary by Zipf's law and all numbers are others, so that words are as common and as
rare as in real text. A chunk's vector is the mean of its sentences' vectors, which the model made, with some noise. The
questions are fixtures/questions, each embedded anew at each turn. Needs requirements.txt. Prints one JSON object.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import bm25s
import faiss
import numpy
import onnxruntime
import Stemmer

import minilm_onnx
import processes

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
DOCUMENT, CANDIDATES, PASSAGES = 20, 60, 8
CHUNK = 850


def questions():
    lines = [
        line for name in ("answerable", "unanswerable", "followups")
        for line in (FIXTURES / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(json.loads(line)["question"] for line in lines))


def sentences():
    """The handbook's, of four words at least, without their Markdown."""
    files = [*sorted((FIXTURES / "handbook" / "source").glob("*.txt")), *sorted((FIXTURES / "handbook").glob("*.md")),
             FIXTURES / "handbook" / "faq.txt"]
    text = "\n\n".join(file.read_text(encoding="utf-8") for file in files)
    parts = (re.sub(r"[#*|\s]+", " ", part).strip() for part in re.split(r"(?<=[.?!])\s+|\n\s*\n|\n[-#|]", text))
    return list(dict.fromkeys(part for part in parts if len(part.split()) >= 4))


class Writer:
    """Chunks, always the same ones."""

    def __init__(self, model):
        self.chance = numpy.random.default_rng(11)
        words = [word for word in (model / "vocab.txt").read_text(encoding="utf-8").split("\n") if re.fullmatch(r"[a-z]{4,}", word)]
        self.words, self.drawn, self.next = words, [], 0
        self.sentences = sentences()
        # A sentence as its parts: what stays, and the words and digits that may become others.
        self.parts = [re.split(r"([A-Za-z]{5,}|\d)", sentence) for sentence in self.sentences]

    def other(self):
        """A word by Zipf's law: the vocabulary stands in the order of how common its words are."""
        if self.next == len(self.drawn):
            ranks = numpy.exp(self.chance.random(1 << 20) * numpy.log(len(self.words))).astype(int) - 1
            self.drawn, self.next = [(self.words[rank], rank % 2, rank % 10) for rank in ranks.tolist()], 0
        self.next += 1
        return self.drawn[self.next - 1]

    def sentence(self, number):
        out = []
        for place, part in enumerate(self.parts[number]):
            if place % 2 == 0:
                out.append(part)
                continue
            word, is_taken, digit = self.other()
            if part.isdigit():
                out.append(str(digit))
            elif is_taken:
                out.append(word.capitalize() if part[0].isupper() else word)
            else:
                out.append(part)
        return "".join(out)

    def chunks(self, count):
        """Texts, and the numbers of each one's sentences."""
        texts, used = [], []
        for row in range(count):
            if row % DOCUMENT == 0:
                topic = self.chance.integers(len(self.sentences), size=30)
                order = iter(self.chance.integers(30, size=40 * DOCUMENT).tolist())
            numbers, length = [], 0
            while length < CHUNK:
                numbers.append(int(topic[next(order)]))
                length += len(self.sentences[numbers[-1]]) + 1
            texts.append(" ".join(self.sentence(number) for number in numbers))
            used.append(numbers)
        return texts, used

    def vectors(self, used, embed):
        own = numpy.array([embed(sentence) for sentence in self.sentences], dtype=numpy.float32)
        made = numpy.empty((len(used), own.shape[1]), dtype="<f4")
        for row, numbers in enumerate(used):
            made[row] = own[numbers].mean(0)
        made /= numpy.linalg.norm(made, axis=1, keepdims=True)
        made += 0.5 / own.shape[1] ** 0.5 * self.chance.standard_normal(made.shape, dtype=numpy.float32)
        return made / numpy.linalg.norm(made, axis=1, keepdims=True)


class Peer:
    """Both indexes over the first rows."""

    def __init__(self, texts, vectors, embed, stemmer):
        self.texts, self.vectors, self.embed, self.stemmer = texts, vectors, embed, stemmer
        self.near = faiss.IndexFlatIP(vectors.shape[1])
        self.near.add(vectors)
        self.words = bm25s.BM25()
        self.words.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def search(self, question, vector):
        _, [near] = self.near.search(vector[None], CANDIDATES)
        [tokens] = bm25s.tokenize([question], stopwords="en", stemmer=self.stemmer, return_ids=False, show_progress=False)
        scores = self.words.get_scores(tokens)
        most = min(CANDIDATES, len(scores) - 1)
        worded = numpy.argpartition(scores, -most)[-most:]
        rows = numpy.union1d(near, worded)
        ceiling = max(1e-9, float(scores[worded].max()))
        both = 0.5 * numpy.clip(self.vectors[rows] @ vector, 0, 1) + 0.5 * scores[rows] / ceiling
        return [self.texts[row] for row in rows[numpy.argsort(-both)[:PASSAGES]]]

    def turn(self, asked):
        times = {"embed": [], "search": [], "both": [], "cpu": []}
        for question in asked:
            used, start = time.process_time(), time.perf_counter()
            vector = self.embed(question).astype(numpy.float32)
            embedded = time.perf_counter()
            self.search(question, vector)
            end = time.perf_counter()
            for key, seconds in (("embed", embedded - start), ("search", end - embedded), ("both", end - start),
                                 ("cpu", time.process_time() - used)):
                times[key].append(seconds * 1000)
        return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    for name in ("model", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    parser.add_argument("--sizes", default="2000,20000,200000")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    # One core for both of us: what is started below inherits it.
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    faiss.omp_set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    sizes, asked = [int(size) for size in given.sizes.split(",")], questions()
    embed, writer = minilm_onnx.Embedder(given.model).embed, Writer(given.model)
    texts, used = writer.chunks(max(sizes))
    vectors = writer.vectors(used, embed)
    with open(given.work / "chunks.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    vectors.tofile(given.work / "vectors.f32")
    (given.work / "questions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked), encoding="utf-8")

    ours = subprocess.Popen(
        [given.bench, "answers-retrieval", "--chunks", given.work / "chunks.jsonl", "--vectors", given.work / "vectors.f32",
         "--questions", given.work / "questions.jsonl", "--model", given.model, "--directory", given.work,
         "--sizes", given.sizes], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if ours.stdout.readline().strip() != "ready":
            raise SystemExit("bobbin-bench did not build its shards")
        stemmer, results = Stemmer.Stemmer("english"), []
        for size in sizes:
            peer = Peer(texts[:size], vectors[:size], embed, stemmer)
            rounds = {"bobbin": [], "peer": []}
            for turn in range(given.rounds + 1):
                ours.stdin.write(f"{size}\n")
                ours.stdin.flush()
                line = ours.stdout.readline()
                if not line:
                    raise SystemExit("bobbin-bench ended in the middle")
                one, other = json.loads(line), peer.turn(asked)
                if turn > 0:  # the first turn warms both
                    rounds["bobbin"].append(one)
                    rounds["peer"].append(other)
            result = {"rows": size, "passages": round(one["passages"], 2), "word_rows": round(one["wordRows"], 3)}
            for side, turns in rounds.items():
                result[side] = {
                    key: processes.percentiles([ms for turn in turns for ms in turn[key]]) for key in ("embed", "search", "both", "cpu")}
            result["ratio"] = round(result["peer"]["both"]["p50_ms"] / result["bobbin"]["both"]["p50_ms"], 2)
            results.append(result)
            del peer
        print(json.dumps({
            "questions": len(asked), "rounds": given.rounds, "onnxruntime": onnxruntime.__version__,
            "faiss": faiss.__version__, "bm25s": bm25s.__version__, "mean_characters": round(statistics.mean(map(len, texts))),
            "retrieval": results}))
    finally:
        ours.stdin.close()
        ours.wait()


if __name__ == "__main__":
    main()
