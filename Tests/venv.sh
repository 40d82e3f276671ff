#!/usr/bin/env bash
# venv.sh FOLDER REQUIREMENTS WHAT: Python packages from PyPI in an environment of their own; does nothing when they are there. Without pip
# of its own: Debian ships venv without ensurepip. After it nothing leaves the loopback. Exit codes: 0 there, 69 could not be had.
set -euo pipefail
venv=$1 requirements=$2
cmp -s "$requirements" "$venv/installed.txt" && exit 0
echo "installing $3 from PyPI into $venv" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
if ! {
  python3 -m venv --without-pip "$venv" &&
    python3 -m pip --python "$PWD/$venv/bin/python" install --quiet --disable-pip-version-check --only-binary=:all: --timeout 30 \
      --requirement "$requirements"
} > "$log" 2>&1; then
  tail -n 15 "$log" >&2
  echo "$3 could not be installed; see above" >&2
  exit 69
fi
cp "$requirements" "$venv/installed.txt"
