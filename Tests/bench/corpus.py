"""Copies of the sample handbook, each with a text of its own, so that no cache hides the work of reading them.

    python corpus.py COPIES FOLDER

In each copy about one in ten of the lower-case words of five to twelve letters is another word of the handbook of the same
length, by a fixed seed: the files keep their size, layout and page breaks. In a PDF words are replaced in the page's content
streams, which are packed again, and the cross-reference table is written anew. Prints the number of documents.
"""
import base64
import pathlib
import random
import re
import sys
import zipfile
import zlib

HANDBOOK = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "handbook"
WORD = re.compile(r"\b[a-z]{5,12}\b")


def vocabulary():
    """The handbook's words by length."""
    texts = [p.read_text(encoding="utf-8") for p in sorted(HANDBOOK.glob("source/*.txt")) + sorted(HANDBOOK.glob("*.md"))]
    found = {}
    for word in sorted({w for text in texts for w in WORD.findall(text)}):
        found.setdefault(len(word), []).append(word)
    return found


class Changer:
    """Replaces words, the same way for the same copy."""

    def __init__(self, copy, words):
        self.chance, self.words = random.Random(copy), words

    def text(self, text):
        def other(found):
            if self.chance.random() > 0.1:
                return found[0]
            return self.chance.choice(self.words.get(len(found[0]), [found[0]]))
        return WORD.sub(other, text)

    def markup(self, text):
        """Text between tags; scripts and styles stay."""
        parts = re.split(r"(?s)(<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>)", text)
        return "".join(self.text(part) if number % 2 == 0 else part for number, part in enumerate(parts))

    def pdf(self, raw):
        out, offsets = bytearray(raw[:raw.index(b"1 0 obj")]), {}
        for found in re.finditer(rb"(?s)(\d+) 0 obj\b(.*?)\bendobj", raw):
            offsets[int(found[1])] = len(out)
            out += found[1] + b" 0 obj" + self.pdf_object(found[2]) + b"endobj\n"
        start, count = len(out), max(offsets) + 1
        out += b"xref\n0 %d\n0000000000 65535 f \n" % count
        for number in range(1, count):
            out += b"%010d 00000 n \n" % offsets[number]
        trailer = raw[raw.rindex(b"trailer"):raw.rindex(b"startxref")]
        return bytes(out + trailer + b"startxref\n%d\n%%%%EOF\n" % start)

    def pdf_object(self, body):
        found = re.fullmatch(rb"(?s)(.*?\bstream\r?\n)(.*?)(\r?\n?endstream\s*)", body)
        if not found or b"ASCII85Decode" not in found[1] or b"/Length" not in found[1]:
            return body
        content = zlib.decompress(base64.a85decode(b"<~" + found[2].strip(), adobe=True)).decode("latin-1")
        content = re.sub(r"\((?:[^()\\]|\\.)*\)", lambda literal: self.text(literal[0]), content)
        packed = base64.a85encode(zlib.compress(content.encode("latin-1")), adobe=True)[2:]
        head = re.sub(rb"/Length \d+", b"/Length %d" % len(packed), found[1])
        return head + packed + found[3]

    def docx(self, source, target):
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                content = old.read(entry)
                if entry.filename == "word/document.xml":
                    content = self.markup(content.decode()).encode()
                new.writestr(entry, content)


def main():
    copies, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    words, count = vocabulary(), 0
    for copy in range(1, copies + 1):
        changer = Changer(copy, words)
        place = folder / f"copy-{copy:03}"
        place.mkdir(parents=True)
        for source in sorted(HANDBOOK.iterdir()):
            target = place / source.name
            match source.suffix:
                case ".pdf":
                    target.write_bytes(changer.pdf(source.read_bytes()))
                case ".docx":
                    changer.docx(source, target)
                case ".html":
                    target.write_text(changer.markup(source.read_text(encoding="utf-8")), encoding="utf-8")
                case ".md" | ".txt":
                    target.write_text(changer.text(source.read_text(encoding="utf-8")), encoding="utf-8")
                case _:
                    continue
            count += 1
    print(count)


if __name__ == "__main__":
    main()
