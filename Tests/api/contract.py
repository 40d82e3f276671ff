#!/usr/bin/env python3
"""Fuzzes a real bobbin-serve against its own /openapi.json with schemathesis and prints tables; see run.sh.

    contract.py --bin DIR --models DIR --work DIR --out FILE [--seed N] [--quick]

The operations are dealt out to one server and one schemathesis for each core. Exit codes: 0 nothing found, 1 failures, 70 the
harness itself failed.
"""
import argparse
import collections
import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

from server import Ended, Server

HERE = pathlib.Path(__file__).resolve().parent
JOBS = 2

# The checks, each with the failures it tells. The phase `stateful` and its checks are left out: it would follow ids in answers
# and remove what other requests rely on; hooks.py gives real ids to all operations instead. `missing_required_header` has
# nothing to look at: no header is required but Authorization, which is `ignored_auth`.
CHECKS = {
    "not_a_server_error": ("ServerError",),
    "status_code_conformance": ("UndefinedStatusCode",),
    "content_type_conformance": ("MissingContentType", "MalformedMediaType", "UndefinedContentType"),
    "response_headers_conformance": ("MissingHeaders",),
    "response_schema_conformance": ("JsonSchemaError", "MalformedJson", "ContentDeserializationError"),
    "negative_data_rejection": ("AcceptedNegativeData",),
    "positive_data_acceptance": ("RejectedPositiveData",),
    "unsupported_method": ("UnsupportedMethodResponse",),
    "allow_header_conformance": ("AllowHeaderMismatch",),
    "ignored_auth": ("IgnoredAuth",),
}


class Job:
    """A server and the schemathesis that asks it a part of the operations."""

    def __init__(self, given, number, stack):
        self.folder, self.given = given.work / str(number), given
        self.server = stack.enter_context(Server(self.folder, given.bin, given.models))
        self.result, self.report, self.printed = (self.folder / name for name in ("result.json", "report.json", "printed.txt"))
        url = self.server.url
        with urllib.request.urlopen(f"{url}/openapi.json", timeout=10) as answer:
            paths = json.load(answer)["paths"]
        names = sorted(operation["operationId"] for methods in paths.values() for operation in methods.values())[number::JOBS]
        command = [
            pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
            "run", f"{url}/openapi.json", "--url", url, "--checks", ",".join(CHECKS), "--phases", given.phases,
            "--max-examples", str(given.examples), "--seed", str(given.seed), "--report-json-path", self.report,
            *(part for name in names for part in ("--include-operation-id", name))]
        environment = self.server.environment | {
            "API_URL": url, "API_BIN": str(given.bin), "API_RESULT": str(self.result), "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(HERE)}
        with open(self.printed, "wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder)
        stack.callback(self.process.kill)

    def found(self, deadline):
        """What came of it, once it has ended."""
        code = self.process.wait(max(1, deadline - time.monotonic()))
        death = self.server.death()
        found = {"requests": {}, "failures": [], "unanswered": []}
        if self.result.exists():
            found = json.loads(self.result.read_text())
        errors = json.loads(self.report.read_text())["errors"] if self.report.exists() else ["no report"]
        # A server that has died is a failure found; its errors here are what follows from that.
        if not death and (code not in (0, 1) or errors):
            raise Ended(f"schemathesis ended with {code}: {errors}\n{self.printed.read_text(errors='replace')[-4000:]}")
        return found | {"death": death and "\n  ".join([death.rstrip(), *found["unanswered"]])}


def fuzzed(given):
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        jobs = [Job(given, number, stack) for number in range(JOBS)]
        parts = [job.found(begin + given.seconds) for job in jobs]
    found = {"seed": given.seed, "seconds": time.monotonic() - begin, "requests": {},
             "failures": [failure for part in parts for failure in part["failures"]],
             "deaths": [part["death"] for part in parts if part["death"]]}
    for part in parts:
        for caller, operations in part["requests"].items():
            found["requests"].setdefault(caller, {}).update(operations)
    return found


def show(found):
    seed = found["seed"]
    for failure in found["failures"]:
        print(f"{failure['operation']}: {failure['title']}, {failure['count']} times (seed {seed})\n  "
              + failure["message"].replace("\n", "\n  ") + f"\n  {failure['status']} {failure['body']}\n  {failure['curl']}\n")
    for death in found["deaths"]:
        print(f"{death} (seed {seed})\n")
    print("| caller | operations | requests | 2xx | 4xx | of them 429 | 5xx |\n|---|---|---|---|---|---|---|")
    everything = collections.defaultdict(collections.Counter)
    for caller, operations in sorted(found["requests"].items()):
        for name, counts in operations.items():
            everything[name].update(counts)
        show_row(caller, operations)
    show_row("all", everything)
    print("\n| check | failures |\n|---|---|")
    kinds = collections.Counter(failure["kind"] for failure in found["failures"])
    for check, told in CHECKS.items():
        print(f"| {check} | {sum(kinds.pop(kind, 0) for kind in told)} |")
    print(f"| others | {kinds.total()} |\n| the server died | {len(found['deaths'])} |")
    print(f"\nin {found['seconds']:.0f} s, seed {seed}")


def show_row(caller, operations):
    statuses, kinds = collections.Counter(), collections.Counter()
    for counts in operations.values():
        for status, count in counts.items():
            statuses[status] += count
            kinds[status[0]] += count
    print(f"| {caller} | {len(operations)} | {statuses.total()} | {kinds['2']} | {kinds['4']} | {statuses['429']} | "
          f"{kinds['5']} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "models", "work", "out"):
        parser.add_argument(f"--{name}", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    # Quick: each bound of each schema and each method, once. Else also drawn requests: 400, of which some are the same.
    given.examples, given.phases, given.seconds = (1, "coverage", 180) if given.quick else (400, "coverage,fuzzing", 900)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = fuzzed(given)
    except (Ended, OSError, subprocess.TimeoutExpired) as error:
        print(f"api: {error}", file=sys.stderr)
        return 70
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    show(found)
    return 1 if found["failures"] or found["deaths"] else 0


if __name__ == "__main__":
    sys.exit(main())
