#!/usr/bin/env bash
# site.sh [PACKAGE…]: nginx and documentation of Debian 12 in HTML (apache2-doc, postgresql-doc-15, and the packages named), unpacked
# below .build/test-site, a folder each; does nothing when they are there. Unpacked, not installed: that needs no root, starts no
# service and leaves nothing behind. Only where the package lists are too old, root is needed to get new ones. debian_site.py serves
# them. Exit codes: 0 there, 69 could not be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
site=.build/test-site
wanted=()
for package in nginx apache2-doc postgresql-doc-15 "$@"; do
  [[ -d $site/$package ]] || wanted+=("$package")
done
((${#wanted[@]})) || exit 0
echo "getting ${wanted[*]} from Debian into $site" >&2
mkdir -p "$site"
work=$(mktemp -d "$PWD/$site/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Where root downloads, apt drops its rights for it.
chmod 755 "$work"
if ((EUID == 0)) && getent passwd _apt > /dev/null; then chown _apt "$work"; fi

download() { (cd "$work" && apt-get download -qq "${wanted[@]}") > "$work/log" 2>&1; }

if ! download && ! { ((EUID == 0)) && apt-get update -qq >> "$work/log" 2>&1 && download; }; then
  tail -n 15 "$work/log" >&2
  echo "nginx and its site could not be had from Debian; see above$( ((EUID == 0)) || echo '. As root: apt-get update')" >&2
  exit 69
fi
for package in "${wanted[@]}"; do
  mkdir "$work/$package"
  dpkg-deb --extract "$work/$package"_*.deb "$work/$package"
  # Whole or not at all.
  mv "$work/$package" "$site/$package"
done
if ! "$site/nginx/usr/sbin/nginx" -v 2> /dev/null; then
  "$site/nginx/usr/sbin/nginx" -v || true
  echo "nginx does not run here: apt-get install libpcre2-8-0 libssl3 zlib1g" >&2
  exit 69
fi
