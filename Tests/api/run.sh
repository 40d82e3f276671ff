#!/usr/bin/env bash
# Tries the real server against its own description: requests drawn from /openapi.json by schemathesis, from owner, operator,
# visitor, API key and nobody. Prints each failure with a curl line and a table of counts; everything as JSON in .build/api.json.
# Then, but not with --quick, looks whether the time of an answer tells that an account exists: .build/api-timing.json.
# run.sh [--quick] [--seed N] [--bin DIR]
#
# Relies on the debug executables and on `make model` (the chunk stage reads its vocabulary). schemathesis comes from PyPI into
# .build/api-venv at the first run; after that nothing leaves the loopback. Ends within 9 minutes on two cores, --quick within 60
# seconds. Exit codes: 0 nothing found, 1 failures found, 64 usage, 70 the harness failed, 78 something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'api: %s\n' "$*" >&2; }
bin=.build/debug
models=${BOBBIN_DATA:-var}/models
options=()
while (($#)); do
  case $1 in
    --quick) options+=(--quick) ;;
    --seed) options+=(--seed "${2:?--seed needs a number}"); shift ;;
    --bin) bin=${2:?--bin needs a directory}; shift ;;
    *) say "usage: run.sh [--quick] [--seed N] [--bin DIR]"; exit 64 ;;
  esac
  shift
done
[[ -x $bin/bobbin-serve ]] || { say "$bin/bobbin-serve is missing: pipelines/build.sh tests"; exit 78; }
[[ -f $models/all-MiniLM-L6-v2/vocab.txt ]] || { say "the model's vocabulary is missing: make model"; exit 78; }
mkdir -p .build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

venv=.build/api-venv
Tests/venv.sh "$venv" Tests/api/requirements.txt schemathesis || exit 78

# A seed gives the same requests: sets in one order, no examples kept. Hypothesis keeps its tables of characters from run to run.
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 HYPOTHESIS_STORAGE_DIRECTORY=$PWD/$venv/hypothesis
code=0
"$venv/bin/python" Tests/api/contract.py --bin "$bin" --models "$models" --work "$work/api" --out .build/api.json \
  "${options[@]}" || code=$?
if [[ " ${options[*]} " != *" --quick "* ]]; then
  timing=0
  "$venv/bin/python" Tests/api/timing.py --bin "$bin" --models "$models" --work "$work/timing" --out .build/api-timing.json \
    "${options[@]}" || timing=$?
  # A harness that failed weighs more than what was found.
  ((timing <= code)) || code=$timing
fi
exit "$code"
