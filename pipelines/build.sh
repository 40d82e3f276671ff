#!/usr/bin/env bash
# Builds the release executables (one static file each but for the C libraries) or the tests. The first build compiles the
# web server's packages: minutes; later ones take seconds.
set -euo pipefail

case "${1:-release}" in
  release) arguments=(-c release --static-swift-stdlib) what="release executables" folder=release ;;
  tests) arguments=(--build-tests) what="tests" folder=debug ;;
  *) echo "usage: build.sh release|tests" >&2; exit 64 ;;
esac
if [[ ! -e .build/$folder/bobbin ]]; then
  echo "building the $what; the first time takes about 10 minutes on two cores"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Swift prints "[done/all] Compiling …": on a terminal redrawn in place, elsewhere a line for every tenth of the way.
if swift build "${arguments[@]}" 2>&1 | tee "$log" | awk -v terminal="$([[ -t 1 ]] && echo 1)" '
  match($0, /^\[[0-9]+\/[0-9]+\]/) {
    split(substr($0, 2, RLENGTH - 2), step, "/")
    if (terminal) { printf "\r\033[K  %s", substr($0, 1, 100); fflush(); shown = 1; next }
    tenth = int(10 * step[1] / step[2])
    if (step[2] > 50 && tenth > last) { last = tenth; print "  " $0; fflush() }
    next
  }
  /^(Fetching|Cloning|Creating|Computing|Updating)/ { if (terminal) { printf "\r\033[K  %s", substr($0, 1, 100); fflush(); shown = 1 } }
  END { if (shown) printf "\r\033[K" }'; then
  :
fi
status=${PIPESTATUS[0]}
if ((status != 0)); then
  grep -E 'error:|warning: unre' "$log" | sort -u | head -40 >&2
  echo "build: failed; the whole output of \`swift build ${arguments[*]}\` says more" >&2
  exit "$status"
fi
