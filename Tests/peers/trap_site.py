"""A site full of traps, with good pages scattered among them: prints its port, then, for each line it is told, what it was asked so far:
{"path": times}. Standard library only. Ends with its standard input.

    python trap_site.py

/ leads to everything: after each trap a good page, /good/40 and on; /good/10 to /good/28 are linked from traps that show pages, and from
nowhere else. /private is forbidden by robots.txt. What each trap is stands beside it below.
"""
import asyncio
import collections
import gzip
import itertools
import json
import os
import random
import socket
import struct
import sys
import threading
import zlib

GOOD = 80
TRAPS = [
    "/loop/a", "/hops/0", "/circle/a", "/self", "/calendar/2026/11/", "/calendar?month=2026-11", "/deep/", "/shop/", "/drip/body",
    "/drip/headers", "/length/long", "/length/short", "/length/none", "/chunked/cut", "/chunked/broken", "/bomb/gzip", "/bomb/nested",
    "/bomb/broken", "/endless/body", "/endless/headers", "/endless/chunks", "/empty", "/reset", "/garbage", "/busy/429", "/busy/503",
    "/busy/always", "/many", "/wide", "/private", "/gone", "/out", "/scheme", "/nul",
]
asked = collections.Counter()
chance = random.Random(8)
visits = itertools.count()


def good(*numbers):
    return [f"/good/{number}" for number in numbers]


def page(title, links=(), text=""):
    body = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
    return (f"<!doctype html><html><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{text or title}: what there is to "
            f"say about it, in one sentence of its own.</p>{body}</main></body></html>").encode()


def head(status=200, *lines, kind="text/html; charset=utf-8", length=None):
    known = [f"Content-Length: {length}"] if length is not None else []
    return "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Connection: close", *known, *lines, "", ""]).encode()


def whole(body, status=200, *lines, kind="text/html; charset=utf-8"):
    return head(status, *lines, kind=kind, length=len(body)) + body


def moved(place):
    return whole(b"", 302, f"Location: {place}")


def blanks(megabytes):
    """So many megabytes as gzip, without having them in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(b" " * (1 << 20)) for _ in range(megabytes)] + [packer.flush()])


BOMB = blanks(60)
NESTED = gzip.compress(BOMB, 9)
MANY = page("A hundred thousand links", [*good(20, 21)]) + b"".join(b'<a href="/go?to=%d">%d</a>\n' % (n, n) for n in range(100_000))
# As close to a page's limit of ten megabytes as such lines come.
WIDE = page("Ten megabytes of links", [*good(22, 23)])
WIDE += b"".join(b'<a href="/picture/%07d.jpg" data-more="%s"></a>\n' % (n, b"x" * 1_000) for n in range(((10 << 20) - len(WIDE)) // 1_051))


async def drip(writer, raw):
    """A byte at a time, for as long as anybody listens."""
    for byte in itertools.cycle(raw):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def pour(writer, piece):
    while True:
        writer.write(piece)
        await writer.drain()


async def answer(path, writer):
    """Writes a whole answer of its own, or returns one."""
    name, _, query = path.partition("?")
    parts = name.strip("/").split("/")
    match parts:
        case [""]:
            # A good page after every trap.
            pairs = zip(TRAPS, good(*range(40, GOOD)))
            return whole(page("Traps", [link for pair in pairs for link in pair]))
        case ["robots.txt"]:
            return whole(b"User-agent: *\nDisallow: /private\n", kind="text/plain")
        case ["good", number] if number.isdigit() and int(number) < GOOD:
            return whole(page(f"Good page {number}", text=f"Page {number} of {GOOD}"))
        case ["loop", letter]:
            # Links in circles, to itself and by many spellings.
            other = "b" if letter == "a" else "a"
            return whole(page(f"Loop {letter}", [
                f"/loop/{other}", f"/loop/{letter}", f"./{other}#part", f"/loop/../loop/%{ord(letter):x}", f"{other}?",
                *good(10, 11)]))
        case ["hops", number]:
            # A thousand redirects, then a page.
            return moved(f"/hops/{int(number) + 1}") if int(number) < 1_000 else whole(page("The end of the hops"))
        case ["circle", letter]:
            return moved(f"/circle/{'abc'['bca'.index(letter) - 2]}")
        case ["self"]:
            return moved("/self")
        case ["calendar", year, month]:
            # Months without end, both ways.
            year, month = int(year), int(month)
            later = f"/calendar/{year + month // 12}/{month % 12 + 1}/"
            sooner = f"/calendar/{year - (month == 1)}/{(month - 2) % 12 + 1}/"
            return whole(page(f"Calendar {year}-{month}", [later, sooner, *good(12, 13)]))
        case ["calendar"]:
            # The same in a query, and each page has three more views of the same month.
            year, month = (int(number) for number in query.split("&")[0].split("=")[1].split("-"))
            return whole(page(f"Months {query}", [
                f"/calendar?month={year + month // 12}-{month % 12 + 1}", *(f"/calendar?{query}&view={n}" for n in range(3)),
                *good(14)]))
        case ["deep", *_]:
            # Relative links that ought to be absolute: each page is one folder deeper.
            return whole(page(f"Deep {len(parts)}", ["more/deep/", *good(15)]))
        case ["shop", *_]:
            # Session ids in the query, in the path, under a name that nobody knows; the pages are the same.
            number = f"{chance.getrandbits(64):016x}"
            return whole(page("Shop", [
                f"/shop/?PHPSESSID={number}", f"/shop/;jsessionid={number}", f"/shop/item?visit={number}", "/shop/?utm_source=here",
                *good(16, 17)]))
        case ["drip", "body"]:
            writer.write(head(length=1_000_000))
            return await drip(writer, b"<p>drop</p>")
        case ["drip", "headers"]:
            writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            return await drip(writer, b"drop")
        case ["length", "long"]:
            # More is promised than comes.
            return head(length=100_000) + page("Cut short", good(39))
        case ["length", "short"]:
            # Less is promised: the rest is no part of it.
            body = page("Longer than it says", good(18))
            return head(length=len(body)) + body + page("Not a part of it", ["/never/read"])
        case ["length", "none"]:
            # No length: the end of the connection is the end.
            return head() + page("Without a length", good(19))
        case ["chunked", kind]:
            body = page("In chunks")
            chunk = b"%x\r\n%s\r\n" % (len(body), body)
            return head(200, "Transfer-Encoding: chunked") + chunk + (b"ffff\r\ncut" if kind == "cut" else b"nonsense\r\n")
        case ["bomb", "gzip"]:
            return whole(BOMB, 200, "Content-Encoding: gzip")
        case ["bomb", "nested"]:
            return whole(NESTED, 200, "Content-Encoding: gzip, gzip")
        case ["bomb", "broken"]:
            return whole(gzip.compress(page("Broken"))[:10] + b"not gzip at all", 200, "Content-Encoding: gzip")
        case ["endless", "body"]:
            writer.write(head())
            return await pour(writer, b"<p>more</p>" * 6_000)
        case ["endless", "chunks"]:
            writer.write(head(200, "Transfer-Encoding: chunked"))
            return await pour(writer, b"ea60\r\n" + b"<p>more.</p>" * 5_000 + b"\r\n")
        case ["endless", "headers"]:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            return await pour(writer, b"X-More: and more\r\n" * 1_000)
        case ["empty"]:
            return b""
        case ["reset"]:
            writer.write(head(length=5_000) + b"<p>half")
            await writer.drain()
            # Nothing is lingered for: the peer gets a reset.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return b""
        case ["garbage"]:
            return bytes(range(256)) * 8
        case ["busy", "always"]:
            return whole(page("Busy"), 503)
        case ["busy", number]:
            if asked[path] == 1:
                return whole(page("Busy"), int(number), "Retry-After: 1")
            return whole(page(f"Not busy any more, {number}", good(24 if number == "429" else 25)))
        case ["many"]:
            return whole(MANY)
        case ["go"]:
            return whole(page("Went there"))
        case ["wide"]:
            return whole(WIDE)
        case ["out"]:
            return moved("http://169.254.169.254/latest/meta-data/")
        case ["scheme"]:
            return moved("file:///etc/passwd")
        case ["nul"]:
            # Odd bytes where links are; what can be made out is.
            return whole(page("Odd links", [
                "/good/26", "\x00\x01", "http://[::1", "//", "http:///", "javascript:void(0)", "data:text/html,x", "/good/27\t",
                "http://user:word@127.0.0.1/", "/go%ZZ", "?" + "a" * 3_000, *good(28)]))
        case ["private"]:
            return whole(page("Private"))
    return whole(page("Not there"), 404)


async def serve(reader, writer):
    try:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ", 2)[1].decode("latin-1")
        asked[path] += 1
        raw = await answer(path, writer)
        if raw:
            writer.write(raw)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def run():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    loop = asyncio.get_running_loop()
    print(server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.Event()

    def listen():
        for _ in sys.stdin:
            loop.call_soon_threadsafe(lambda: print(json.dumps(asked), flush=True))
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=listen, daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    asyncio.run(run())
