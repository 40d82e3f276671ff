#!/usr/bin/env bash
# Installs the peers of the tests from PyPI into .build/test-venv; does nothing when they are there. Exit codes: 0 there, 69
# could not be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.build/test-venv
cmp -s Tests/peers/requirements.txt "$venv/installed.txt" && exit 0
echo "peers: installing what the tests talk to from PyPI into $venv"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$venv"
mkdir -p .build
if ! {
  python3 -m venv --without-pip "$venv" &&
    python3 -m pip --python "$PWD/$venv/bin/python" install --quiet --disable-pip-version-check --only-binary=:all: \
      --timeout 30 --requirement Tests/peers/requirements.txt
} > "$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "peers: they could not be installed; see above" >&2
  exit 69
fi
cp Tests/peers/requirements.txt "$venv/installed.txt"
