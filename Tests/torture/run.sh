#!/usr/bin/env bash
# make torture: tries to make the spool lose, double, mix or jam something, and prints a table of counts; everything as JSON in
# .build/torture.json. run.sh [--quick] [--bin DIR] [SUBJECT…]
#
# Subjects: failpoints faults kills powercut synced disk order poison clock payments deliveries. A subject that is through is not run again while the
# programs are the same (.build/torture-results; --again forgets it), so an interrupted run goes on where it stopped. The whole ends within
# 70 minutes on two cores, --quick in about 60 seconds. Exit codes: 0 nothing found, 1 faults found, 64 usage, 70 the harness
# failed, 78 something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'torture: %s\n' "$*" >&2; }
bin=.build/release
models=${BOBBIN_DATA:-var}/models
quick=
again=
subjects=()
while (($#)); do
  case $1 in
    --quick) quick=--quick ;;
    --again) again=1 ;;
    --bin) bin=${2:?--bin needs a directory}; shift ;;
    failpoints | faults | kills | powercut | synced | disk | order | poison | clock | payments | deliveries) subjects+=("$1") ;;
    *) say "no subject called $1: failpoints faults kills powercut synced disk order poison clock payments deliveries"; exit 64 ;;
  esac
  shift
done

# The longest each may take, in seconds: 4,140 in all. Those at the front take what they need and no more.
declare -A seconds=([synced]=60 [clock]=150 [poison]=150 [order]=270 [payments]=240 [kills]=420 [powercut]=540 [disk]=330 [failpoints]=540 [faults]=840 [deliveries]=600)
order=(synced clock poison order payments kills powercut disk failpoints faults deliveries)
if [[ $quick ]]; then
  # About 50 s: the order of writes, the same bytes in another order, a kill in each stage's neighbourhood, faults.
  seconds=([synced]=10 [order]=10 [failpoints]=10 [faults]=10 [kills]=8 [deliveries]=10)
  order=(synced order failpoints faults kills deliveries)
fi
((${#subjects[@]})) || subjects=("${order[@]}")

missing=()
tools=(strace:strace)
if [[ ! $quick ]]; then tools+=(mkfs.ext4:e2fsprogs faketime:faketime zstd:zstd); fi
for pair in "${tools[@]}"; do
  PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]})); then
  if ((EUID != 0)); then
    say "missing: sudo apt-get install ${missing[*]}"
    exit 78
  fi
  say "installing ${missing[*]}"
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    exit 78
  fi
  rm -f "$log"
fi
export PATH=$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1 SWIFT_BACKTRACE=enable=no

[[ -x $bin/bobbin ]] || { say "$bin/bobbin is missing: make build"; exit 78; }
results=.build/torture-results$quick
mkdir -p "$results"
programs=$(stat -c '%n %s %Y' "$bin"/bobbin*[a-z] | sha256sum | cut -c1-16)
if [[ $again || $(cat "$results/programs" 2> /dev/null) != "$programs" ]]; then
  rm -f "$results"/*.json
  echo "$programs" > "$results/programs"
fi

worst=0
for subject in "${subjects[@]}"; do
  limit=${seconds[$subject]:-60}
  if [[ -s $results/$subject.json ]]; then
    say "$subject was done with these programs (--again repeats it)"
    continue
  fi
  code=0
  # A hang of the harness itself must not hold the run: half a minute more than its time, then the end.
  timeout --foreground -k 10 $((limit + 90)) python3 Tests/torture/torture.py "$subject" --bin "$bin" --models "$models" \
    --work .build/torture --seconds "$limit" $quick > "$results/$subject.part" || code=$?
  if ((code == 130 || code == 143)); then exit "$code"; fi
  if [[ -s $results/$subject.part ]]; then mv "$results/$subject.part" "$results/$subject.json"; fi
  if ((code > 1)); then say "$subject: the harness ended with $code"; fi
  ((code > worst)) && worst=$code
done
python3 Tests/torture/table.py "$results" .build/torture.json || worst=$?
((worst > 1)) && worst=70
exit "$worst"
