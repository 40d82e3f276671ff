#!/usr/bin/env python3
"""Whether the time of an answer tells that an account exists (SECURITY.md W14); see run.sh.

    timing.py --bin DIR --models DIR --work DIR --out FILE [--seed N] [--samples N] [--cost N]

Signing in with a wrong password, signing up and asking for a new password, each with addresses of accounts and with others, one
after another in a random order. A low bcrypt cost makes the rest of an answer weigh more than it does in production. Exit codes:
0 nothing found, 1 the medians of a pair differ by more than 5 % and p < 0.001, 70 the harness failed or the answers themselves
differ.
"""
import argparse
import collections
import http.client
import itertools
import json
import math
import pathlib
import random
import signal
import sqlite3
import statistics
import sys
import time
import urllib.parse

from server import Ended, Server

PASSWORD = "nine geese over the harbour"
KNOWN, UNKNOWN = "known", "unknown"
ACCOUNTS = 20
# Seconds for which letters are waited for; ten a second are written.
LETTERS_TIME = 90

# What is asked, and the one answer to it.
CASES = {
    "/api/auth/login": ({"password": "eight geese over the harbour"}, 401),
    "/api/auth/register": ({"password": PASSWORD}, 202),
    "/api/auth/password/reset": ({}, 202),
}

# Both must be passed: a clock so fine sees differences that no stranger can use, and a busy machine makes some.
DIFFERENCE, P = 0.05, 0.001
# What a request leaves to be done after its answer, a letter above all, must not be in the time of the next.
SETTLING = 0.01


def mann_whitney(left, right):
    """The two-sided p-value of the U test, by its normal approximation with the correction for ties."""
    ranks, ties = {}, 0
    counts = collections.Counter(left + right)
    place = 0
    for value in sorted(counts):
        count = counts[value]
        ranks[value] = place + (count + 1) / 2
        place += count
        ties += count**3 - count
    n, m = len(left), len(right)
    u = sum(ranks[value] for value in left) - n * (n + 1) / 2
    deviation = math.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    away = max(0, abs(u - n * m / 2) - 0.5)
    return math.erfc(away / deviation / math.sqrt(2)) if deviation else 1.0


def kolmogorov_smirnov(left, right):
    """The two-sided p-value that both are of one distribution, by the limit of the statistic with Stephens' correction."""
    left, right = sorted(left), sorted(right)
    n, m = len(left), len(right)
    distance, i, j = 0.0, 0, 0
    while i < n and j < m:
        value = min(left[i], right[j])
        while i < n and left[i] == value:
            i += 1
        while j < m and right[j] == value:
            j += 1
        distance = max(distance, abs(i / n - j / m))
    size = math.sqrt(n * m / (n + m))
    x = (size + 0.12 + 0.11 / size) * distance
    if x < 0.2:
        return 1.0
    return min(1.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101)))


class Asker:
    """One client with one connection, whose requests no limit counts twice."""

    def __init__(self, server, seed):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=30)
        self.database = sqlite3.connect(server.database, timeout=30)
        self.numbers = itertools.count(1)
        self.draw = random.Random(seed)
        self.accounts = [self.stranger() for _ in range(ACCOUNTS)]
        for email in self.accounts:
            self.ask("/api/auth/register", email)
        with self.database:
            self.database.execute("UPDATE users SET email_verified = 1")

    def stranger(self):
        """An address that nobody has; all are of one length."""
        return f"person{self.draw.randrange(10**12):012}@example.org"

    def ask(self, path, email):
        """Milliseconds until the whole answer was there, and what it was but for its id."""
        body, expected = CASES[path]
        number = next(self.numbers)
        content = json.dumps({"email": email} | body).encode()
        headers = {"Content-Type": "application/json", "X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        with self.database:
            self.database.execute("DELETE FROM rate_limits")
        time.sleep(SETTLING)
        begin = time.perf_counter()
        self.connection.request("POST", path, content, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        milliseconds = (time.perf_counter() - begin) * 1000
        text = json.loads(read)
        if answer.status != expected:
            raise Ended(f"{path} answered {answer.status}: {text}")
        text.pop("request_id", None)
        told = [name for name, _ in answer.getheaders()]
        return milliseconds, json.dumps([text, told])

    def samples(self, path, count):
        order = [KNOWN, UNKNOWN] * count
        self.draw.shuffle(order)
        times, answers = {KNOWN: [], UNKNOWN: []}, {KNOWN: set(), UNKNOWN: set()}
        for kind in [KNOWN, UNKNOWN] * 10 + order:
            email = self.draw.choice(self.accounts) if kind == KNOWN else self.stranger()
            milliseconds, answer = self.ask(path, email)
            times[kind].append(milliseconds)
            answers[kind].add(answer)
        if answers[KNOWN] != answers[UNKNOWN]:
            raise Ended(f"{path} answers differently: {answers}")
        # The first ones warm up.
        return {kind: values[10:] for kind, values in times.items()}


def measured(given):
    server = Server(given.work, given.bin, given.models)
    server.environment |= {"BOBBIN_MAIL": "folder", "BOBBIN_BCRYPT_COST": str(given.cost)}
    rows = {}
    with server:
        asker = Asker(server, given.seed)
        for path in CASES:
            times = asker.samples(path, given.samples)
            known, unknown = (statistics.median(times[kind]) for kind in (KNOWN, UNKNOWN))
            difference = (known - unknown) / unknown
            p = mann_whitney(times[KNOWN], times[UNKNOWN])
            ks = kolmogorov_smirnov(times[KNOWN], times[UNKNOWN])
            rows[path] = {"known_ms": known, "unknown_ms": unknown, "difference": difference, "p": p, "ks": ks,
                          "meets": abs(difference) <= 0.02 and ks > 0.01,
                          "found": abs(difference) > DIFFERENCE and p < P}
        # Written one after another, off the path of the answers: the last ones come after them.
        end = time.monotonic() + LETTERS_TIME
        while (letters := len(list((server.data / "mail").glob("*.eml")))) < given.samples and time.monotonic() < end:
            time.sleep(0.1)
        death = server.death()
    if death:
        raise Ended(death)
    if letters < given.samples:
        raise Ended(f"only {letters} letters were written: what is measured is not the whole")
    return {"seed": given.seed, "samples": given.samples, "cost": given.cost, "letters": letters, "rows": rows}


def show(found):
    print("\n| time of an answer | with an account | without | difference | p (Mann-Whitney U) | p (KS) | meets W14 | tells |")
    print("|---|---|---|---|---|---|---|---|")
    for path, row in found["rows"].items():
        print(f"| POST {path} | {row['known_ms']:.2f} ms | {row['unknown_ms']:.2f} ms | {row['difference']:+.1%} | "
              f"{row['p']:.2g} | {row['ks']:.2g} | {'yes' if row['meets'] else 'no'} | {'**yes**' if row['found'] else 'no'} |")
    print(f"\nmedians of {found['samples']} each, bcrypt cost {found['cost']}, {found['letters']} letters, "
          f"seed {found['seed']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "models", "work", "out"):
        parser.add_argument(f"--{name}", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--cost", type=int, default=4)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = measured(given)
    except (Ended, OSError, http.client.HTTPException, ValueError) as error:
        print(f"api: {error}", file=sys.stderr)
        return 70
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    show(found)
    return 1 if any(row["found"] for row in found["rows"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
