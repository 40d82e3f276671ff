// Why an answer says what it says: sentence → passage → document → the bytes that were read, and what else was looked at. Shown
// beside the owner's preview (talk.js) and over a conversation (conversation.js).

import { api, chatbotID } from "./chatbot.js";
import { get } from "./api.js";
import { bytes, dateTime, h, money, number } from "./dom.js";
import { badge, table } from "./ui.js";

export const traceOf = (conversation, message) => get(`${api}conversations/${conversation}/messages/${message}/trace/`);

const origins = {
  quoted: "Sentences of your citable sources, word for word. No language model was asked.",
  model: "Written by the language model from citable passages and approved lines only.",
  blended: "Written by the language model, which had learn-only text before it, and let through by the gate.",
  fixed: "A fixed sentence: nothing in the citable sources answered this.",
};

const score = (value) => value.toFixed(3);
const seconds = (milliseconds) => (milliseconds < 1 ? "less than 1 ms" : milliseconds < 1000 ? `${number(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`);
const fact = (name, value) => value !== null && value !== undefined && value !== false && [h("dt", {}, name), h("dd", {}, value)];
const clock = (text) => dateTime(Number(text));

function linksOf(citation) {
  return Object.fromEntries(citation.links.map((link) => [link.name, link]));
}

const factsOf = (links, name) => links[name]?.facts ?? {};

// "page 5 · 4 Pay › 4.5 Pension"
function placeOf(chunk) {
  const second = chunk.second === undefined ? null : Number(chunk.second);
  return [
    chunk.page && `page ${chunk.page}`,
    second !== null && `at ${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`,
    chunk.heading,
  ].filter(Boolean).join(" · ");
}

// A passage with the sentence that was taken from it marked, where it stands there word for word.
function passageText(text, sentences) {
  const quote = h("blockquote", { dir: "auto", tabindex: "0", "aria-label": "Passage" });
  const found = sentences.map((sentence) => [text.indexOf(sentence), sentence.length]).filter(([at]) => at >= 0)
    .sort(([one], [other]) => one - other);
  let end = 0;
  for (const [at, length] of found) {
    if (at < end) continue;
    quote.append(text.slice(end, at), h("mark", {}, text.slice(at, at + length)));
    end = at + length;
  }
  quote.append(text.slice(end));
  return quote;
}

// The steps from a passage back to the file, one line each; a broken one says what is wrong.
function chain(citation) {
  const links = linksOf(citation);
  const chunk = factsOf(links, "chunk");
  const shard = factsOf(links, "shard");
  const file = factsOf(links, "bytes");
  const page = factsOf(links, "page");
  const read = factsOf(links, "document");
  const source = factsOf(links, "source");
  const run = factsOf(links, "run");
  const step = (name, title, ...words) => links[name] && h("li", {}, h("strong", {}, title), " ", words,
    links[name].broken && h("p", { class: "field-error" }, `Broken here: ${links[name].broken}`));
  const named = read.title || read.uri || "Document";
  return h("ol", { class: "chain" },
    step("chunk", "Passage", chunk.number !== undefined
      && `${number(Number(chunk.number) + 1)} of ${number(Number(chunk.of))}, characters ${number(Number(chunk.offset))} to ${number(Number(chunk.end))}`),
    step("document", "Document", read.id ? h("a", { href: `/chatbots/${chatbotID}/documents/${read.id}/`, class: "break" }, named) : named),
    step("bytes", "What was read", [page.media_type, file.size && bytes(Number(file.size)), file.fetched && `fetched ${clock(file.fetched)}`,
      page.asked_for && `asked for again ${clock(page.asked_for)}`]
      .filter(Boolean).join(", "),
    file.digest_now && h("span", { class: "digest" }, h("span", { class: "quiet" }, "SHA-256 "), h("code", {}, file.digest_now.replace("sha256:", "")))),
    step("source", "Source", source.name && h("span", { class: "break" }, source.name), source.url && h("span", { class: "break quiet" }, ` ${source.url}`)),
    step("run", "Training", run.finished ? `ended ${clock(run.finished)}` : run.started && `begun ${clock(run.started)}`,
      shard.generation && `, generation ${shard.generation}`));
}

// One of a citation's passages: a number has several where a model was given neighbours as one.
const idOf = (prefix, n, reference) => `${prefix}-${n}-${reference.replace(/[^a-z0-9]/gi, "-")}`;

function citationItem(citation, sentences, prefix) {
  const links = linksOf(citation);
  const chunk = factsOf(links, "chunk");
  const title = factsOf(links, "document").title || factsOf(links, "document").uri || "A passage that is gone";
  const place = placeOf(chunk);
  return h("li", { id: idOf(prefix, citation.n, citation.reference), tabindex: "-1", class: "cited" },
    h("div", { class: "heading" },
      h("h4", {}, h("span", { class: "mark-number" }, h("span", { class: "hidden" }, "Source "), String(citation.n)), " ",
        title),
      citation.whole ? badge("Checked to the byte", "good") : badge("Cannot be followed", "warn")),
    place && place !== title && h("p", { class: "quiet" }, place),
    chunk.text && passageText(chunk.text, sentences),
    h("details", {}, h("summary", {}, "Back to the file"), chain(citation)));
}

// The elements that tell how an answer came about. `sources`: Map of id → name.
export function traceView(trace, sources, prefix = "cited") {
  const jump = (n, reference) => h("a", { href: `#${idOf(prefix, n, reference)}`, class: "mark-number" }, h("span", { class: "hidden" }, "Source "), String(n));
  const taken = ({ n, reference }) => trace.sentences
    .filter((sentence) => sentence.citations.some((own, index) => own === n && sentence.references[index] === reference))
    .map((sentence) => sentence.text);
  const cited = new Set(trace.citations.map((citation) => citation.reference));
  return [
    h("p", {}, origins[trace.mode] ?? trace.mode),
    h("dl", { class: "facts" },
      fact("Searched for", trace.searched && h("span", { class: "break" }, trace.searched)),
      fact("Language model", trace.model ?? "none"),
      trace.model && fact("Tokens", [`${number(trace.tokens_in)} in, ${number(trace.tokens_out)} out`, trace.cost && `, ${money(trace.cost)}`]),
      fact("Took", seconds(trace.milliseconds)),
      fact("Generation", trace.generation && h("a", { href: `/chatbots/${chatbotID}/generations/` }, String(trace.generation)))),
    trace.citations.length > 0 && [
      h("h3", {}, "Sentence by sentence"),
      h("ol", { class: "sentences" }, trace.sentences.map((sentence) => h("li", { dir: "auto" }, sentence.text, " ", sentence.citations.map((n, index) => jump(n, sentence.references[index])),
        sentence.citations.length === 0 && h("span", { class: "quiet" }, "(no source)")))),
      h("h3", {}, "Passages it rests on"),
      h("ul", { class: "plain list" }, trace.citations.map((citation) => citationItem(citation, taken(citation), prefix))),
    ],
    trace.passages.length > 0 && h("details", { class: "looked" },
      h("summary", {}, `All ${number(trace.passages.length)} citable passages that were looked at`),
      h("p", { class: "hint" }, "Best first. Meaning: how close the passage is to the question, up to 1. Words: how well its words match. Score: both together."),
      table("Passages that were looked at", [
        { title: "Source", cell: (row) => h("span", { class: "break" }, sources.get(row.source_id) ?? "A source that is gone") },
        { title: "Passage", cell: (row) => `no. ${Number(row.reference.split(".")[1]) + 1}` },
        { title: "Used", cell: (row) => (cited.has(row.reference) ? "yes" : "no") },
        { title: "Score", numeric: true, cell: (row) => score(row.score) },
        { title: "Meaning", numeric: true, cell: (row) => score(row.cosine) },
        { title: "Words", numeric: true, cell: (row) => score(row.words) },
      ], trace.passages)),
    h("p", { class: "hint" }, "Learn-only sources are never listed here, whether they were asked or not."),
  ];
}
