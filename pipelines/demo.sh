#!/usr/bin/env bash
# demo.sh demo: ingests the sample handbook, asks three questions and checks what came back.
# demo.sh run PORT: ingests it and serves the chat page until Ctrl-C.
# Relies on `make build` and `make model`; the chatbot "handbook" is made in $BOBBIN_DATA.
set -euo pipefail

bin=.build/release
questions=fixtures/handbook/demo-questions.json

echo "reading fixtures/handbook: PDF, DOCX, HTML, Markdown and text, through fetch, extract, chunk, embed, index"
"$bin/bobbin" ingest handbook fixtures/handbook/*.{pdf,docx,html,md,txt}
echo
echo "reading fixtures/handbook-private as learn-only: never quoted, never cited"
"$bin/bobbin" ingest --learn-only handbook fixtures/handbook-private/*.md
echo

if [[ $1 == run ]]; then
  # On this machine alone, to look at it: an account needs no letter.
  export BOBBIN_MAIL=${BOBBIN_MAIL:-none}
  exec "$bin/bobbin" pipeline --quiet --serve --port "$2"
fi

# Compares an answer with what the documents say: answered or not, and from which document.
check() { # QUESTION-JSON ANSWER-JSON
  jq -en --argjson q "$1" --argjson a "$2" '
    if $q.answerable then
      $a.answered and ($a.sources | length > 0) and ($a.message | contains($q.expected))
        and (if $q.page then any($a.sources[]; .place.page == $q.page) else true end)
    else
      ($a.answered | not) and ($a.sources | length == 0)
    end' > /dev/null
}

failures=0
while read -r question; do
  text=$(jq -r .question <<< "$question")
  echo "» $text"
  code=0
  answer=$("$bin/bobbin" ask handbook "$text" --json) || code=$?
  if ((code != 0 && code != 69)); then exit "$code"; fi
  jq -r '.message, (.sources[] | "    [\(.n)] \(.title)"
    + (if .place.page then ", page \(.place.page)" else "" end)
    + (if .place.heading then " — \(.place.heading)" else "" end))' <<< "$answer"
  echo
  if ! check "$question" "$answer"; then
    echo "demo: this is not the answer the documents give" >&2
    failures=$((failures + 1))
  fi
done < <(jq -c '.[]' "$questions")
((failures == 0)) || exit 70

cat << 'END'
That was Bobbin. To go on:
  make run                                        chat with it in a browser
  make ask CHATBOT=handbook Q="Your question"     ask in the terminal
  make ingest CHATBOT=mine SOURCES="a.pdf https://example.com/page"
END
