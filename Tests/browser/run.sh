#!/usr/bin/env bash
# Walks through the pages in Chromium, as people would: the real server, the real pipeline, everything on the loopback. Leaves a
# picture of each page in .build/screenshots, light and dark, wide and as a phone.
# run.sh [--quick] [--bin DIR] [PYTEST ARGUMENT…]      --quick: one journey, from an account to a cited answer on a strange site
#
# Relies on the debug executables and on `make model`. Playwright comes from PyPI into .build/browser-venv at the first run, Chromium
# from Debian when root. Ends within 15 minutes on two cores, --quick within 60 seconds.
# Exit codes: 0 passed, 1 something failed, 64 usage, 78 something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'browser: %s\n' "$*" >&2; }
bin=.build/debug
models=${BOBBIN_DATA:-var}/models
arguments=()
while (($#)); do
  case $1 in
    --quick) arguments+=(-k test_journey) ;;
    --bin) bin=${2:?--bin needs a directory}; shift ;;
    --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
[[ -x $bin/bobbin-serve ]] || { say "$bin/bobbin-serve is missing: pipelines/build.sh tests"; exit 78; }
[[ -f $models/all-MiniLM-L6-v2/model.safetensors ]] || { say "the model is missing: make model"; exit 78; }
mkdir -p .build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ! command -v chromium > /dev/null; then
  if ((EUID != 0)); then
    say "Chromium is missing: sudo apt-get install chromium"
    exit 78
  fi
  say "installing chromium from Debian"
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } \
    > "$work/apt.log" 2>&1; then
    tail -n 5 "$work/apt.log" >&2
    exit 78
  fi
fi

venv=.build/browser-venv
Tests/venv.sh "$venv" Tests/browser/requirements.txt Playwright || exit 78

export PYTHONDONTWRITEBYTECODE=1 BROWSER_BIN=$bin BROWSER_MODELS=$models BROWSER_WORK=$work
code=0
"$venv/bin/python" -m pytest -q -p no:cacheprovider --tb=short Tests/browser "${arguments[@]}" || code=$?
# pytest's codes above 1 are its own trouble.
((code <= 1)) || { say "pytest ended with $code"; code=1; }
exit "$code"
