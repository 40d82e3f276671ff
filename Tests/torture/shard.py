"""A reader of shards written from Sources/VectorShard/FORMAT.md alone, so that Bobbin's own reader does not judge itself.

Checks what a reader must be able to rely on (CURRENT, manifest and segments belong together, every digest is right) and gives
the rows: which text, with which vector, stands for which document.
"""
import collections
import hashlib
import json
import struct
import subprocess

Row = collections.namedtuple("Row", "uri ordinal text vector")
IDENTITY, ROWS, SCALES, DOCUMENTS, NAMES, ITEMS, BLOCKS, PAYLOAD = 1, 2, 3, 5, 8, 9, 10, 11


class Broken(Exception):
    """The shard is not whole: a reader would see a mix, or nothing."""


def current(folder):
    """The manifest that CURRENT names; None when nothing was ever published."""
    try:
        line = (folder / "CURRENT").read_text()
    except FileNotFoundError:
        return None
    name, _, digest = line.rstrip("\n").partition(" ")
    return manifest(folder, name, digest)


def manifest(folder, name, digest=None):
    try:
        first, second, rest = (folder / name).read_bytes().split(b"\n", 2)
    except (FileNotFoundError, ValueError):
        raise Broken(f"CURRENT names {name}, which is missing or not two lines")
    found = hashlib.sha256(first + b"\n").hexdigest()
    if second != b"sha256 " + found.encode() or rest or (digest and digest != found):
        raise Broken(f"{name}: its digest is not what CURRENT or its second line say")
    return json.loads(first)


def checked_segment(folder, segment):
    path = folder / f"{segment['digest']}.segment"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Broken(f"{path.name} is named by the manifest and missing")
    if len(content) != segment["bytes"] or hashlib.sha256(content).hexdigest() != segment["digest"]:
        raise Broken(f"{path.name} is not what its name says")
    return content


def verify(folder):
    """Raises `Broken` unless a reader that opens the shard now sees one whole generation."""
    present = current(folder)
    if present:
        for segment in present["segments"]:
            checked_segment(folder, segment)
    return present


def rows(folder):
    """Live rows of the current generation, in no particular order."""
    present = current(folder)
    found = []
    for segment in present["segments"] if present else []:
        found += segment_rows(checked_segment(folder, segment), set(segment["deletedDocuments"]))
    if present and len(found) != present["rowCount"]:
        raise Broken(f"the manifest counts {present['rowCount']} rows, its segments have {len(found)}")
    return found


def segment_rows(content, deleted):
    sections = {}
    count, = struct.unpack_from("<I", content, 12)
    stride, = struct.unpack_from("<I", content, 28)
    for index in range(count):
        number, _, offset, length = struct.unpack_from("<IIQQ", content, 64 + 24 * index)
        sections[number] = content[offset:offset + length]
    texts = unpack(sections[PAYLOAD])
    ends = struct.unpack(f"<{len(sections[ITEMS]) // 8}Q", sections[ITEMS])
    payload = lambda number: json.loads(texts[ends[number]:ends[number + 1]])
    found = []
    for index in range(len(sections[DOCUMENTS]) // 20):
        _, _, _, first, rows = struct.unpack_from("<IIIII", sections[DOCUMENTS], 20 * index)
        if index in deleted:
            continue
        description = payload(first + index)
        for row in range(first, first + rows):
            chunk = payload(row + index + 1)
            vector = sections[ROWS][row * stride:(row + 1) * stride] + sections[SCALES][row * 4:row * 4 + 4]
            found.append(Row(description["uri"], chunk["ordinal"], chunk["text"], hashlib.sha256(vector).hexdigest()[:16]))
    return found


def unpack(frames):
    if not frames:
        return b""
    done = subprocess.run(["zstd", "-dc"], input=frames, capture_output=True)
    if done.returncode != 0:
        raise Broken(f"a payload frame does not decompress: {done.stderr.decode().strip()}")
    return done.stdout


def files(folder):
    """What must be equal to the undisturbed result byte for byte: name → digest."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.glob("*")) if path.name == "CURRENT" or path.suffix in (".manifest", ".segment")}
