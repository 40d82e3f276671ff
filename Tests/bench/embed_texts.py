"""Writes the texts of the embedding bench, one JSON string a line: passages of 130 to 170 words.

    python embed_texts.py SOURCE… >passages.jsonl

A source is a JSON file in SQuAD's form (data › paragraphs › context) or a text or Markdown file. Words of one source are
run together and cut into passages, so every passage but the last of a source is full.
"""
import json
import pathlib
import sys


def words_of(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    if path.endswith(".json"):
        paragraphs = [p["context"] for d in json.loads(text)["data"] for p in d["paragraphs"]]
        return " ".join(paragraphs).split()
    return text.split()


for path in sys.argv[1:]:
    words = words_of(path)
    start, count = 0, 0
    while start < len(words):
        size = 130 + (count * 17) % 41
        print(json.dumps(" ".join(words[start:start + size]), ensure_ascii=False))
        start, count = start + size, count + 1
