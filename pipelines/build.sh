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
  echo "building the $what; the first time takes about five minutes on two cores"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
terminal=$([[ -t 1 ]] && echo yes || echo no)
last=0

# Swift says "[done/all] Compiling …": on a terminal redrawn in place, elsewhere a line for every tenth of the way.
show() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >> "$log"
    if [[ $terminal == yes ]]; then
      printf '\r\033[K  %.100s' "$line"
    elif [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && ((BASH_REMATCH[2] > 50)); then
      local tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      if ((tenth > last)); then
        last=$tenth
        printf '  %s\n' "$line"
      fi
    elif [[ $line =~ ^(Fetching|Updating) ]]; then
      printf '  %s\n' "$line"
    fi
  done
  if [[ $terminal == yes ]]; then printf '\r\033[K'; fi
}

status=0
swift build "${arguments[@]}" 2>&1 | show || status=${PIPESTATUS[0]}
if ((status != 0)); then
  grep -E 'error:' "$log" | sort -u | head -40 >&2
  echo "build: failed; \`swift build ${arguments[*]}\` says more" >&2
  exit "$status"
fi
