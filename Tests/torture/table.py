"""The results of a torture run as one JSON file and as a Markdown table for spool/README.md: table.py RESULTS OUT.

Exit code 1 when some result has a fault, so that a resumed run says so too.
"""
import json
import pathlib
import sys

from judge import FAULTS

WHAT = {
    "failpoints": "kill -9 at each named point of each stage", "faults": "system calls killed at or made to fail",
    "kills": "random kill -9, everything alive", "powercut": "power cuts (ext4 shutdown)", "synced": "renames traced for the order of syncs",
    "disk": "disk full, no inodes, read-only", "order": "ways to order the same work", "poison": "items that kill their worker",
    "clock": "clocks a year off", "payments": "kill -9 while Stripe tells of payments",
    "deliveries": "kill -9 while leads come in and messages go out"}


def main(results, out):
    found = [json.loads(path.read_text().splitlines()[-1]) for path in sorted(results.glob("*.json"))]
    out.write_text(json.dumps({one["name"]: one for one in found}, indent=1) + "\n")
    print("| tried | trials | points | " + " | ".join(FAULTS) + " | seconds |")
    print("|---|---|---|" + "---|" * len(FAULTS) + "---|")
    for one in found:
        remark = one.get("error") or one.get("skipped")
        if remark:
            print(f"| {WHAT[one['name']]} | not run: {remark[:120]} |" + " |" * (len(FAULTS) + 2))
            continue
        cut = ", time was up" if one.get("cut_short") else ""
        print(f"| {WHAT[one['name']]}{cut} | {one['trials']} | {one['points']} | "
              + " | ".join(str(one[kind]) for kind in FAULTS) + f" | {one['seconds']:.0f} |")
    return 1 if any(one.get(kind) for one in found for kind in FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
