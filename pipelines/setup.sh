#!/usr/bin/env bash
# Checks what Bobbin is built with, and installs the Debian packages that are missing when it may (root); otherwise prints
# the one line to run.
set -euo pipefail

packages=(libcurl4-openssl-dev libpoppler-glib-dev libxml2-dev libzstd-dev libssl-dev libsqlite3-dev
  libarchive-dev libstemmer-dev libcrypt-dev zlib1g-dev pkg-config python3-pip unzip jq
  openssl # the tests sign a sign-in provider's tokens with it
  strace # the tests inject faults with it
  systemd) # its systemd-analyze checks our unit files in a test; it need not run

if ! command -v swift > /dev/null; then
  echo "setup: swift is not on the PATH; install the Swift 6.2 toolchain or later and try again" >&2
  exit 78
fi
version=$(swift --version 2> /dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -1)
read -r major minor <<< "${version:-0 0}"
if ((major < 6 || (major == 6 && minor < 2))); then
  echo "setup: Swift $major.$minor is too old; Bobbin needs 6.2 or later" >&2
  exit 78
fi

missing=()
for package in "${packages[@]}"; do
  # A pip that came with another Python serves as well.
  if [[ $package == python3-pip ]] && python3 -m pip --version > /dev/null 2>&1; then continue; fi
  # Nor is Debian's own systemd needed where there is one.
  if [[ $package == systemd ]] && command -v systemd-analyze > /dev/null; then continue; fi
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

install="apt-get install -y --no-install-recommends ${missing[*]}"
if ((EUID != 0)); then
  echo "setup: these Debian packages are missing; install them and try again:" >&2
  echo "  sudo $install" >&2
  exit 78
fi
echo "setup: installing ${missing[*]}"
log=$(mktemp)
if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive $install; } > "$log" 2>&1; then
  tail -n 15 "$log" >&2
  echo "setup: the packages could not be installed; see above" >&2
  exit 69
fi
rm -f "$log"
