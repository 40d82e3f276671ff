#!/usr/bin/env bash
# Installs the peers of the tests, from PyPI into .build/test-venv and from Debian into .build/test-site; does nothing when they are
# there. Exit codes: 0 there, 69 could not be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
Tests/peers/site.sh
exec Tests/venv.sh .build/test-venv Tests/peers/requirements.txt "what the tests talk to"
