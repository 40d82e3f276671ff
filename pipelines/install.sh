#!/usr/bin/env bash
# Puts Bobbin where systemd finds it, or takes it away again:
#
#   install.sh [--bin DIR] [--prefix DIR] [--destdir DIR] [--uninstall]
#
# --bin      the built executables (.build/release)
# --prefix   where it will run from (/usr/local); the units' paths are rewritten to it
# --destdir  a folder to install below instead of /, for packages and tests
#
# Executables go to PREFIX/bin; settings, examples and the operator's page to PREFIX/share/bobbin; units, user and
# directories to PREFIX/lib, or where that is not /usr or /usr/local to /usr/local/lib, for systemd looks nowhere else.
# Starts nothing, makes no user and never touches /etc or /var/lib/bobbin. Exit codes: 0, 64 usage, 66 something to
# install is missing, 73 cannot write.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
executables=(bobbin bobbin-serve bobbin-fetch bobbin-extract bobbin-chunk bobbin-embed bobbin-index)
# Drop-ins that several services share: file, service.
shared=("10-hardening bobbin@" "10-hardening bobbin-serve" "10-hardening bobbin-recrawl"
  "10-hardening bobbin-billing"
  "20-offline bobbin@" "20-offline bobbin-recrawl")
bin=.build/release prefix=/usr/local destdir='' uninstall=no

usage() { echo "usage: install.sh [--bin DIR] [--prefix DIR] [--destdir DIR] [--uninstall]" >&2; exit 64; }
stop() { echo "install: $2" >&2; exit "$1"; }

while (($# > 0)); do
  case $1 in
    --bin) bin=${2-}; shift 2 || usage ;;
    --prefix) prefix=${2-}; shift 2 || usage ;;
    --destdir) destdir=${2-}; shift 2 || usage ;;
    --uninstall) uninstall=yes; shift ;;
    *) usage ;;
  esac
done
# The prefix becomes text of unit files and of a sed expression: no character with a meaning in either.
[[ $prefix =~ ^(/[A-Za-z0-9._+-]+)+$ ]] || stop 64 "--prefix $prefix: expected an absolute path of plain characters"
destdir=${destdir%/}

case $prefix in
  /usr | /usr/local) lib=$prefix/lib ;;
  *) lib=/usr/local/lib ;;
esac
to_bin=$destdir$prefix/bin
to_share=$destdir$prefix/share/bobbin
to_units=$destdir$lib/systemd/system
to_users=$destdir$lib/sysusers.d
to_directories=$destdir$lib/tmpfiles.d

# Names of this folder's units and their drop-ins, relative to systemd/.
units() { (cd "$source/systemd" && ls -d -- *.service *.socket *.path *.timer *.target *.slice *.service.d/*.conf); }

if [[ $uninstall == yes ]]; then
  for name in "${executables[@]}"; do rm -f -- "$to_bin/$name"; done
  units | while IFS= read -r name; do rm -f -- "$to_units/$name"; done
  for pair in "${shared[@]}"; do rm -f -- "$to_units/${pair#* }.service.d/${pair% *}.conf"; done
  # Only ours and only empty ones: what the operator put beside ours stays, and is told.
  for folder in "$to_units"/bobbin@*.service.d "$to_units"/bobbin-{serve,recrawl,billing}.service.d; do
    if [[ -d $folder ]]; then rmdir -- "$folder" || echo "install: $folder is not empty; it stays" >&2; fi
  done
  rm -f -- "$to_users/bobbin.conf" "$to_directories/bobbin.conf"
  rm -rf -- "$to_share"
  echo "uninstalled; /var/lib/bobbin, /etc/bobbin, /etc/systemd/system/bobbin* and the user bobbin are still there"
  exit 0
fi

for name in "${executables[@]}"; do
  [[ -x $bin/$name ]] || stop 66 "$bin/$name is missing; build it with \`make build\`, or name its folder with --bin"
done

# text FILE TARGET: with the prefix in place of /usr/local (but not in /usr/local/lib of systemd, which no unit names).
text() {
  install -d -- "$(dirname "$2")"
  sed "s|/usr/local/|$prefix/|g" "$1" > "$2.new" && chmod 644 "$2.new" && mv -f -- "$2.new" "$2"
}

{
  install -d -- "$to_bin" "$to_share/pipelines"
  for name in "${executables[@]}"; do
    # Renamed into place: a running process keeps its file, and nobody ever starts half of one.
    install -m 755 -- "$bin/$name" "$to_bin/.$name.new"
    mv -f -- "$to_bin/.$name.new" "$to_bin/$name"
  done
  install -m 644 -- "$source"/*.mk "$to_share/pipelines/"
  install -m 755 -- "$source/get-model.sh" "$to_share/"
  install -m 644 -- "$source/README.md" "$to_share/"
  text "$source/systemd/bobbin.env.example" "$to_share/bobbin.env.example"
  text "$source/systemd/embed-remote.conf" "$to_share/embed-remote.conf"
  while IFS= read -r name; do text "$source/systemd/$name" "$to_units/$name"; done < <(units)
  for pair in "${shared[@]}"; do
    name=${pair% *}
    text "$source/systemd/${name#*-}.conf" "$to_units/${pair#* }.service.d/$name.conf"
  done
  text "$source/systemd/bobbin.sysusers" "$to_users/bobbin.conf"
  text "$source/systemd/bobbin.tmpfiles" "$to_directories/bobbin.conf"
} || stop 73 "cannot write below ${destdir:-/}; as root?"

cat << TEXT
installed: executables in $to_bin, settings and examples in $to_share, units in $to_units
What comes next, as root:
  systemd-sysusers && systemd-tmpfiles --create        # the user bobbin, /var/lib/bobbin
  $prefix/share/bobbin/get-model.sh /var/lib/bobbin     # the embedding model, once, 87 MB
  install -D -m 600 $prefix/share/bobbin/bobbin.env.example /etc/bobbin/bobbin.env    # then edit it
  systemctl daemon-reload && systemctl enable --now bobbin.target
TEXT
# fetch is kept from private addresses, and on many networks the name server has one.
private='^nameserver[[:space:]]+((10|127)\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|169\.254\.|f[cde]|::1)'
allow=$(grep -Ei "$private" "${destdir}/etc/resolv.conf" 2> /dev/null | awk '$2 !~ /^127\.0\.0\.5[34]$/ { print $2 }' | tr '\n' ' ') || true
if [[ -n $allow ]]; then
  cat << TEXT
This machine's name server has a private address, which fetch may not reach until you allow it:
  systemctl edit bobbin@fetch.service     # and write these two lines
    [Service]
    IPAddressAllow=${allow% }
TEXT
fi
