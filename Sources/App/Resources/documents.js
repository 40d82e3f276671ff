// A document in a list: its state, why it was not read, and what can be done about it.

import { post } from "./api.js";
import { api } from "./chatbot.js";
import { fill, h } from "./dom.js";
import { button, toast } from "./ui.js";
import { documentBadge, isProblem, leftOut, passages, reasonLine, tries } from "./words.js";

export const documentPage = (document) => `/chatbots/${api.split("/")[3]}/documents/${document.id}/`;

const shown = (document) => document.title || document.uri;

async function move(document, verb, words, changed) {
  await post(`${api}documents/${document.id}/${verb}/`);
  toast(words);
  await changed();
}

// The buttons that fit a document's state; `changed` is called once one has acted.
export function documentActions(document, changed) {
  const named = (made) => {
    made.setAttribute("aria-label", `${made.textContent}: ${shown(document)}`);
    return made;
  };
  const act = (text, verb, words) => named(button(text, () => move(document, verb, words, changed), "small"));
  if (document.state === "waiting") {
    return [act("Retry now", "retry", "It is tried again now."), act("Skip", "drop", "It is left out of this training.")];
  }
  if (document.state === "held") {
    return [act("Let it go on", "release", "It goes on."), act("Skip", "drop", "It is left out of this training.")];
  }
  if (document.state === "ended" && isProblem(document)) {
    return [act("Retry", "retry", "It is read again.")];
  }
  return [];
}

// Fills a list with documents; where somebody was in it, they are on the same document afterwards.
export function fillDocuments(list, items, ...others) {
  const at = list.contains(globalThis.document.activeElement)
    && globalThis.document.activeElement.closest("[data-document]")?.dataset.document;
  fill(list, items, ...others);
  const row = at && list.querySelector(`[data-document="${at}"]`);
  if (row) (row.querySelector("button") ?? row.querySelector("a")).focus();
}

// The page that stands for another one, and the pages that a document stands for.
function otherAddresses({ reason, leads_to, addresses }) {
  if (reason === "near_duplicate" && leads_to) return `Kept as ${leads_to}`;
  if (addresses.length === 0) return null;
  const more = addresses.length > 3 ? ` and ${addresses.length - 3} more` : "";
  return `Stands for ${addresses.slice(0, 3).join(", ")}${more} as well`;
}

// A list's item.
export function documentItem(document, changed) {
  const facts = [document.chunks > 0 && passages(document.chunks), tries(document)].filter(Boolean).join(" · ");
  // Of one that gave no passage there is nothing to show but why.
  const look = document.chunks > 0 ? "Show what was read" : "See details";
  const others = otherAddresses(document);
  return h("li", { class: "document", data: { document: document.id } },
    h("div", { class: "document-line" },
      h("a", { class: "break", href: documentPage(document) }, shown(document)), documentBadge(document),
      facts && h("span", { class: "quiet" }, facts)),
    others && h("p", { class: "quiet break" }, others),
    // A near-duplicate's line is the one above: which page stands for it.
    (isProblem(document) || (leftOut(document) && !others)) && reasonLine(document.reason, document.message),
    isProblem(document) && h("div", { class: "actions" }, documentActions(document, changed),
      h("a", { class: "button small", href: documentPage(document), "aria-label": `${look}: ${shown(document)}` }, look)));
}
