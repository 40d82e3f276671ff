#!/usr/bin/env python3
"""Speed of LangChain's RecursiveCharacterTextSplitter on a text file: the peer of Sources/bobbin-bench/ChunkBench.swift.

    pip install langchain-text-splitters
    python3 chunk_langchain.py FILE

Prints one JSON object with the same keys as `bobbin-bench chunk`; megabytes are 10^6 bytes a CPU-second, best round.
"""
import json
import pathlib
import sys
import time

from langchain_text_splitters import RecursiveCharacterTextSplitter


def main():
    raw = pathlib.Path(sys.argv[1]).read_bytes()
    text = raw.decode("utf-8", "replace")
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = len(splitter.split_text(text))
    best, total, rounds = float("inf"), 0.0, 0
    while total < 1 or rounds < 5:
        start = time.process_time()
        splitter.split_text(text)
        taken = time.process_time() - start
        best, total, rounds = min(best, taken), total + taken, rounds + 1
    print(json.dumps({"tool": "langchain-text-splitters", "bytes": len(raw), "chunks": chunks, "rounds": rounds,
                      "megabytes_per_second": round(len(raw) / best / 1e6, 1)}))


if __name__ == "__main__":
    main()
