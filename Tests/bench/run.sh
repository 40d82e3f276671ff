#!/usr/bin/env bash
# make bench: measures Bobbin beside its peers in one run and prints one Markdown table; everything as JSON in
# .build/bench.json. run.sh [MEASURE…] runs only those named: chain chunk embed search server chat slow
# spool answers pages deliveries payments crawl.
#
# Relies on `make build` and `make model`. The peers come from PyPI into .build/bench-venv, nginx and its site, wrk and Redis from Debian when
# root; what cannot be had is left out and the table says why. All traffic is on the loopback. Ends within 45 minutes on two
# cores.
# Exit codes: 0 measured, 64 usage, 70 a measure failed, 78 something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

bench=Tests/bench
bin=.build/release
data=${BOBBIN_DATA:-var}
deadline=$((SECONDS + 2670))
measures=("$@")
((${#measures[@]})) || measures=(chain chunk embed search server chat slow spool answers pages deliveries payments crawl)

say() { printf 'bench: %s\n' "$*" >&2; }
for measure in "${measures[@]}"; do
  case $measure in
    chain | chunk | embed | search | server | chat | slow | spool | answers | pages | deliveries | payments | crawl) ;;
    *) say "no measure called $measure: chain chunk embed search server chat slow spool answers pages deliveries payments crawl"; exit 64 ;;
  esac
done
[[ -x $bin/bobbin-serve ]] || { say "$bin/bobbin-serve is missing: make build"; exit 78; }
[[ -f $data/models/all-MiniLM-L6-v2/model.safetensors ]] || { say "the model is missing: make model"; exit 78; }
BENCH_LOAD=$(cut -d' ' -f1 /proc/loadavg)
export BENCH_LOAD

work=$(mktemp -d .build/bench-work.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/results" "$work/tmp"
export TMPDIR=$PWD/$work/tmp PYTHONDONTWRITEBYTECODE=1
model=$data/models/all-MiniLM-L6-v2

wants() { [[ " ${measures[*]} " == *" $1 "* ]]; }

# fails NAME REASON: a result that is only a reason.
fails() { jq -n --arg error "$2" '{error: $error}' > "$work/results/$1.json"; }

# measure NAME SECONDS COMMAND…: its standard output is the result.
failed=0
measure() {
  local name=$1 limit=$2 left=$((deadline - SECONDS)) start=$SECONDS
  shift 2
  if ((left < 10)); then
    fails "$name" "no time was left"
    failed=1
    return
  fi
  say "$name"
  local code=0
  timeout --foreground "$((limit < left ? limit : left))" "$@" > "$work/results/$name.json" 2> "$work/$name.log" || code=$?
  if ((code == 130)); then exit 130; fi
  if ((code != 0)); then
    failed=1
    tail -n 20 "$work/$name.log" >&2
    fails "$name" "$(grep . "$work/$name.log" | tail -n 1 | cut -c1-200)"
  fi
  say "$name took $((SECONDS - start)) s"
}

# The peers, in an environment of their own.
venv=.build/bench-venv
peer=$PWD/$venv/bin/python
install_peers() { Tests/venv.sh "$venv" "$bench/requirements.txt" "the peers"; }
if wants chunk || wants embed || wants search || wants chat || wants spool || wants answers || wants pages || wants payments || wants crawl; then
  if ! install_peers > "$work/peers.log" 2>&1; then
    say "the peers could not be installed: $(tail -n 1 "$work/peers.log")"
    peer=
  fi
fi
if wants chunk || wants embed || wants search || wants spool || wants answers; then
  say "building bobbin-bench"
  if ! BOBBIN_BENCH=1 swift build -c release --static-swift-stdlib --product bobbin-bench > "$work/build.log" 2>&1; then
    grep -E 'error' "$work/build.log" | head -20 >&2
    say "bobbin-bench does not build"
    exit 70
  fi
fi

# debian PACKAGE: installs it; else `reason` says why not.
debian() {
  if ((EUID != 0)); then
    reason="$1 is not installed: sudo apt-get install $1"
  elif ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; } \
    > "$work/$1.log" 2>&1; then
    reason="$1 could not be installed from Debian"
  else
    return 0
  fi
  return 1
}

wrk=$(command -v wrk || true)
no_wrk=
if wants chat && [[ -z $wrk ]]; then
  if debian wrk; then wrk=$(command -v wrk); else no_wrk=$reason; fi
fi

# Of redis-tools, whose checker is the server under another name: redis-server itself would leave a service running.
redis=$(command -v redis-server || command -v redis-check-rdb || true)
no_redis=
if wants spool && [[ -z $redis ]]; then
  if debian redis-tools; then redis=$(command -v redis-check-rdb); else no_redis=$reason; fi
fi

if wants chain; then
  python3 "$bench/corpus.py" 8 "$work/corpus" > /dev/null
  measure chain 240 python3 "$bench/chain.py" --bin "$bin" --corpus "$work/corpus" --models "$data/models" --work "$work/chain"
fi

if wants chunk; then
  for _ in {1..12}; do jq -rj '.[].text + "\n\n"' fixtures/chunk/texts.json; done > "$work/mixed.txt"
  for _ in {1..60}; do cat fixtures/handbook/{source/*.txt,*.md,*.txt}; done > "$work/prose.txt"
  measure chunk 120 python3 "$bench/chunk_turns.py" --bench "$bin/bobbin-bench" ${peer:+--peer "$peer"} \
    "$work/mixed.txt" "$work/prose.txt"
fi

if wants embed; then
  python3 "$bench/embed_texts.py" fixtures/handbook/{source/*.txt,*.md,*.txt} > "$work/passages.jsonl"
  ours=("$bin/bobbin-bench" embed "$work/passages.jsonl" --model "$model" --threads 1)
  if [[ -n $peer ]]; then
    measure embed 150 "$peer" "$bench/embed_onnx.py" --model "$model" --texts "$work/passages.jsonl" --bobbin "${ours[@]}"
  else
    measure embed 60 "${ours[@]}"
  fi
fi

if wants search; then
  if [[ -n $peer ]]; then
    measure search 180 "$peer" "$bench/search_faiss.py" --bench "$bin/bobbin-bench search" --rounds 3
  else
    fails search "the peers could not be installed, and the vectors are drawn with numpy"
  fi
fi

if wants server; then
  measure server 240 python3 "$bench/server.py" --bin "$bin" --models "$data/models" --work "$work/server"
fi

if wants chat; then
  if [[ -n $wrk ]]; then
    # Below .build, so on the disk that the rows would stand on; a tmpfs under them would measure no sync.
    measure chat 420 python3 "$bench/chat.py" --bin "$bin" --models "$data/models" --work "$work/chat" --wrk "$wrk" \
      ${peer:+--peer "$peer"}
  else
    fails chat "$no_wrk"
  fi
fi

if wants slow; then
  slowhttptest=$(command -v slowhttptest || true)
  if [[ -z $slowhttptest ]] && debian slowhttptest; then slowhttptest=$(command -v slowhttptest); fi
  if [[ -n $slowhttptest ]]; then
    measure slow 420 python3 "$bench/slow.py" --bin "$bin" --models "$data/models" --work "$work/slow" --slowhttptest "$slowhttptest"
  else
    fails slow "${reason:-slowhttptest is missing}"
  fi
fi

if wants spool; then
  [[ -n $peer ]] || no_redis="Celery could not be installed from PyPI"
  # Below .build, so on the disk that a spool would stand on; a tmpfs under it would measure no sync.
  measure spool 150 python3 "$bench/spool_turns.py" --bench "$bin/bobbin-bench" --work "$work/spool" \
    ${peer:+--peer "$peer"} ${redis:+--redis "$redis"} ${no_redis:+--no-peer "$no_redis"} \
    fixtures/handbook/{source/*.txt,*.md,*.txt}
fi

if wants answers; then
  measure answers 780 python3 "$bench/answers.py" --bin "$bin" --bench "$bin/bobbin-bench" --models "$data/models" \
    --work "$work/answers" ${peer:+--peer "$peer"}
fi

if wants pages; then
  chromium=$(command -v chromium || true)
  if [[ -z $chromium ]] && debian chromium; then chromium=$(command -v chromium); fi
  if [[ -n $chromium && -n $peer ]]; then
    measure pages 240 "$peer" "$bench/pages.py" --bin "$bin" --models "$data/models" --work "$work/pages" --chromium "$chromium"
  else
    fails pages "${reason:-Playwright could not be installed from PyPI}"
  fi
fi

if wants deliveries; then
  # Below .build, so on the disk that the rows would stand on.
  measure deliveries 240 python3 "$bench/deliveries.py" --bin "$bin" --work "$work/deliveries"
fi

if wants payments; then
  # Below .build, as above: each event is synced.
  measure payments 180 python3 "$bench/payments.py" --bin "$bin" --work "$work/payments" ${peer:+--peer "$peer"}
fi

if wants crawl; then
  # nginx and the site, unpacked below .build.
  if Tests/peers/site.sh python3.11-doc > "$work/site.log" 2>&1; then
    # Below .build, so on the disk that pages would stand on.
    measure crawl 900 python3 "$bench/crawl.py" --bin "$bin" --models "$data/models" --work "$work/crawl" ${peer:+--peer "$peer"}
  else
    fails crawl "$(tail -n 1 "$work/site.log")"
  fi
fi

python3 "$bench/table.py" "$work/results" .build/bench.json
((failed == 0)) || exit 70
