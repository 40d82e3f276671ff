// One document: what was read of it beside the original, what each step said, and what can be done.

import { get, post, request } from "./api.js";
import { api, chatbotPage } from "./chatbot.js";
import { byID, bytes, duration, fill, h, number, outward, plural, timeElement } from "./dom.js";
import { documentActions } from "./documents.js";
import { busy, button, confirm, copyButton, table, toast } from "./ui.js";
import { documentBadge, explain, isProblem, leftOut, stepWords, tries } from "./words.js";

const path = `${api}documents/${byID("document").dataset.document}/`;
// Longer texts are shown in part: a browser would take seconds to lay them out.
const shownCharacters = 400_000;
const shownBytes = 20_000_000;

// The bytes of a part of the document; null when the server has none.
async function blob(part) {
  try {
    return await (await request("GET", `${path}${part}/`)).blob();
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function save(content, name) {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const textBox = (text, label) => [
  h("div", { class: "reading", tabindex: "0", role: "region", "aria-label": label }, text.slice(0, shownCharacters)),
  text.length > shownCharacters && h("p", { class: "quiet" },
    `The first ${number(shownCharacters)} of ${number(text.length)} characters. Download it to see all.`),
];

const kinds = {
  "application/pdf": "pdf", "text/html": "html", "application/xhtml+xml": "html", "text/plain": "text", "text/markdown": "text",
};

// What a file is: as it was read, or else what its first bytes say; a name alone proves nothing.
async function kind(content, mediaType) {
  if (kinds[mediaType]) return kinds[mediaType];
  const head = new Uint8Array(await content.slice(0, 1024).arrayBuffer());
  const words = new TextDecoder("latin1").decode(head);
  if (words.includes("%PDF-")) return "pdf";
  if (words.startsWith("PK\u0003\u0004")) return "word";
  const hasMark = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (head.includes(0) && !hasMark) return "other";
  return /^\s*(?:\ufeff|ï»¿)?\s*<(?:!doctype html|html|head|body|!--)/i.test(words) ? "html" : "text";
}

// Bytes as text: UTF-8, what a mark at the beginning says, or else the encoding that any bytes are.
async function decode(content) {
  const all = new Uint8Array(await content.slice(0, shownBytes).arrayBuffer());
  if (all[0] === 0xff && all[1] === 0xfe) return new TextDecoder("utf-16le").decode(all);
  if (all[0] === 0xfe && all[1] === 0xff) return new TextDecoder("utf-16be").decode(all);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(all);
  } catch {
    return new TextDecoder("windows-1252").decode(all);
  }
}

// A frame in which nothing runs and from which nothing can be asked of us.
const frame = (content, type, title, isSandboxed) =>
  h("iframe", {
    class: "original", title, sandbox: isSandboxed ? "" : null, referrerpolicy: "no-referrer",
    src: URL.createObjectURL(new Blob([content], { type })),
  });

async function showOriginal(content, name, mediaType) {
  const box = byID("original");
  box.removeAttribute("aria-busy");
  if (!content) {
    fill(box, h("p", { class: "quiet" }, "There is no original to show: nothing of it has come in."));
    return;
  }
  fill(byID("original-tools"), h("span", { class: "quiet" }, bytes(content.size), " "),
    button("Download", () => save(content, name), "small"));
  const found = await kind(content, mediaType);
  if (found === "pdf") {
    fill(box, navigator.pdfViewerEnabled === false
      ? h("p", { class: "quiet" }, "This browser shows no PDF in a page. Download it to look at it.")
      : frame(content, "application/pdf", `The PDF ${name}`, false));
  } else if (found === "html") {
    const looks = h("div", {});
    const words = await decode(content);
    const show = (asPage) =>
      fill(looks, asPage
        ? frame(words, "text/html;charset=utf-8", `The page ${name}`, true)
        : textBox(words, "Source text of the page"));
    let isPage = true;
    const toggle = button("Show its source text", () => {
      isPage = !isPage;
      show(isPage);
      fill(toggle, isPage ? "Show its source text" : "Show it as a page");
    }, "small");
    show(true);
    fill(box, h("p", { class: "hint" }, "Shown without its scripts, styles and pictures."), looks, h("p", { class: "actions" }, toggle));
  } else if (found === "text") {
    fill(box, textBox(await decode(content), "The original"));
  } else {
    fill(box, h("p", { class: "quiet" }, found === "word"
      ? "A Word file cannot be shown in a page. Download it to compare."
      : "This kind of file cannot be shown in a page. Download it to compare."));
  }
}

const outcomes = { done: "Done", retry: "Tried again", failed: "Failed", gone: "Not read", dropped: "Skipped", held: "Put aside" };

function showReceipts(receipts) {
  const reason = (receipt) => {
    const found = explain(receipt.reason, receipt.message);
    return found ? [found.what && h("strong", {}, `${found.what}. `), found.detail || found.remedy] : "";
  };
  fill(byID("receipts"), receipts.length === 0
    ? h("p", { class: "quiet" }, "No step has reported yet.")
    : table("What each step said", [
      { title: "Step", cell: stepWords },
      { title: "Result", cell: (receipt) => outcomes[receipt.outcome] ?? receipt.outcome },
      { title: "Why", cell: reason },
      { title: "Repeats", numeric: true, cell: (receipt) => number(receipt.tries) },
      { title: "When", cell: (receipt) => timeElement(receipt.at) },
    ], receipts));
}

// Gives stretches of a text by code points, later ones after earlier ones: an array of all of them would be many times the text.
function cutter(words) {
  let [point, unit] = [0, 0];
  return (offset, length) => {
    if (offset < point) [point, unit] = [0, 0];
    const ahead = (count) => {
      for (let left = count; left > 0 && unit < words.length; left -= 1) unit += words.codePointAt(unit) > 0xffff ? 2 : 1;
    };
    ahead(offset - point);
    const start = unit;
    point = offset;
    const kept = unit;
    ahead(length);
    const text = words.slice(start, unit);
    unit = kept;
    return text;
  };
}

// The passages of a text, a few at a time: where each stands, and what it says. `first` is the beginning of the list.
async function showChunks(words, first) {
  const cut = cutter(words);
  const list = byID("chunks");
  const more = byID("more-chunks");
  const step = 20;
  const known = [...first.items];
  const place = ({ headings, page, last_page: last, second }) => [
    page !== null && (last !== null && last !== page ? `pages ${page} to ${last}` : `page ${page}`),
    second !== null && duration(second), headings.length > 0 && headings.join(" › "),
  ].filter(Boolean).join(", ");
  async function show() {
    const from = list.childElementCount;
    if (from + step > known.length && known.length < first.count) {
      known.push(...(await get(`${path}chunks/?from=${known.length}&generation=${first.generation}`)).items);
    }
    const added = known.slice(from, from + step).map((chunk) => h("li", {},
      h("details", {},
        h("summary", {}, h("strong", {}, `Passage ${number(chunk.ordinal + 1)}`), " ",
          h("span", { class: "quiet break" }, [place(chunk), plural(chunk.tokens, "token")].filter(Boolean).join(", "))),
        h("p", { class: "reading", dir: "auto" }, cut(chunk.offset, chunk.length)))));
    list.append(...added);
    more.hidden = list.childElementCount >= first.count;
    if (from > 0) added[0]?.querySelector("summary").focus();
  }
  await show();
  byID("chunks-title").textContent = plural(first.count, "passage");
  byID("chunks-box").hidden = false;
  more.addEventListener("click", () => busy(more, show));
}

// What the live generation holds of it, all of one generation: a training may end in between. Nulls when it holds nothing.
async function readText() {
  try {
    const chunks = await get(`${path}chunks/`);
    return [chunks, await (await request("GET", `${path}text/?generation=${chunks.generation}`)).blob()];
  } catch (error) {
    if (error.status === 404) return [null, null];
    throw error;
  }
}

// Why there is no text, in words that fit the state.
function noText(document) {
  if (isProblem(document) || leftOut(document)) return "Nothing was read of it. Above is why.";
  if (document.state === "ended") return "It was taken out.";
  if (document.state === "live") return "The text is not to be found. Train again; if that does not help, tell the operator of this server.";
  return "Its text is shown here once it is live.";
}

function showFacts(document, receipts) {
  byID("document-name").textContent = document.title || document.uri;
  const uri = byID("document-uri");
  uri.hidden = !document.title || document.title === document.uri;
  fill(uri, /^https?:/.test(document.uri) ? outward(document.uri, document.uri) : document.uri);
  fill(byID("document-state"), documentBadge(document));
  const why = (isProblem(document) || leftOut(document)) && explain(document.reason, document.message);
  const kind = leftOut(document) ? "" : document.state === "ended" ? "bad" : "warn";
  fill(byID("document-notice"), why && h("div", { class: `notice ${kind}` },
    h("p", {}, h("strong", {}, why.what || "It was not read"), ". ", why.detail || why.remedy),
    tries(document) && h("p", {}, tries(document))));
  const pages = document.pages > 0 ? [["Pages", number(document.pages)]] : [];
  fill(byID("figures"), [
    ...pages, ["Passages", number(document.chunks)], ["Tokens", number(document.tokens)], ["Repeats", number(document.tries)],
    ["In this state for", duration(document.age_seconds)],
  ].map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));
  showReceipts(receipts);
}

// Putting aside and skipping, while it is under way.
function underWay(document, changed) {
  if (["live", "ended", "held"].includes(document.state)) return [];
  const act = (text, verb, words, question) =>
    button(text, async () => {
      if (question && !(await confirm({ title: text, body: question, action: text }))) return;
      await post(`${path}${verb}/`);
      toast(words);
      await changed();
    }, "small");
  const hold = act("Put aside", "hold", "It waits until you let it go on.");
  if (document.state === "waiting") return [hold];
  const question = "It is left out of this training; everything else goes on.";
  return [hold, act("Skip", "drop", "It is left out of this training.", question)];
}

await chatbotPage(async () => {
  async function load() {
    const { document, receipts, media_type: mediaType } = await get(path);
    showFacts(document, receipts);
    fill(byID("document-actions"), documentActions(document, load), underWay(document, load));
    return { shown: document, mediaType };
  }
  const { shown, mediaType } = await load();
  // A document belongs to its source.
  document.querySelector(".tabs a[href$='/sources/']").setAttribute("aria-current", "true");
  byID("back").href += `#source-${shown.source_id}`;
  byID("document").hidden = false;
  const name = (shown.uri.split(/[?#]/)[0].split("/").filter(Boolean).pop() ?? "document").slice(0, 120);
  const [[chunks, text], original] = await Promise.all([readText(), blob("original")]);
  const box = byID("text");
  box.removeAttribute("aria-busy");
  const words = text && (await text.text());
  byID("text-hint").hidden = !words;
  fill(box, words ? textBox(words, "What was read") : h("p", { class: "quiet" }, noText(shown)));
  if (words) {
    fill(byID("text-tools"), h("span", { class: "quiet" }, plural(words.trim().split(/\s+/).length, "word"), " "), copyButton(words),
      " ", button("Download", () => save(text, `${name}.txt`)));
    for (const made of byID("text-tools").querySelectorAll("button")) made.classList.add("small");
  }
  await Promise.all([showOriginal(original, name, mediaType), words && showChunks(words, chunks)]);
});
