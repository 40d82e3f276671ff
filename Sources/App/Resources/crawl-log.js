// What became of each address of a web source when it was last read, and what to do about it; the same rows for a spreadsheet.

import { download, get } from "./api.js";
import { api } from "./chatbot.js";
import { documentPage } from "./documents.js";
import { fill, h, number, plural } from "./dom.js";
import { badge, button, showDialog, table } from "./ui.js";
import { reasonLine } from "./words.js";

const outcomes = {
  read: ["Read", "good"], unchanged: ["Not changed", "good"], left_out: ["Left out", ""], not_read: ["Not read", "bad"],
  waiting: ["Will try again", "warn"], queued: ["Waiting", "busy"],
};
const changes = { new: "new", changed: "changed", lost: "was known before" };
const shownAtOnce = 200;

const why = (row) => [
  row.redirect && h("p", { class: "break" }, `Leads to ${row.redirect}`),
  row.reason && row.outcome !== "read" && row.outcome !== "unchanged" && reasonLine(row.reason, row.message),
];

const rows = (items) => table("What became of each address", [
  { title: "Address", cell: (row) => h("a", { class: "break", href: documentPage({ id: row.document_id }) }, row.url) },
  { title: "Outcome", cell: (row) => [badge(...(outcomes[row.outcome] ?? [row.outcome, ""])), row.change && h("span", { class: "quiet" }, ` ${changes[row.change]}`)] },
  { title: "Why", cell: why },
  { title: "Answer", numeric: true, cell: (row) => (row.status === null ? "" : String(row.status)) },
  { title: "Links away", numeric: true, cell: (row) => (row.depth === null ? "" : number(row.depth)) },
  { title: "Passages", numeric: true, cell: (row) => number(row.chunks) },
], items);

// Opens the log of a source.
export async function showCrawlLog(source) {
  const path = `${api}sources/${source.id}/report/`;
  const { totals, changes: changed, items } = await get(path);
  const body = h("div", {});
  let limit = shownAtOnce;
  const select = h("select", { id: "log-outcome" }, h("option", { value: "" }, `All ${plural(items.length, "address", "addresses")}`),
    Object.entries(outcomes).filter(([name]) => totals[name] > 0)
      .map(([name, [words]]) => h("option", { value: name }, `${words} (${number(totals[name])})`)));
  const more = button("Show more", () => {
    const before = limit;
    limit += shownAtOnce;
    show();
    body.querySelectorAll("tbody a")[before]?.focus();
  });
  const show = () => {
    const chosen = items.filter((row) => select.value === "" || row.outcome === select.value);
    fill(body, rows(chosen.slice(0, limit)));
    more.hidden = chosen.length <= limit;
  };
  select.addEventListener("change", () => {
    limit = shownAtOnce;
    show();
  });
  const news = Object.entries(changed).map(([name, count]) => `${number(count)} ${changes[name]}`).join(", ");
  show();
  showDialog(`Crawl log of “${source.name}”`,
    items.length === 0 ? h("p", {}, "Nothing was read yet. Train first.") : [
      h("p", { class: "quiet" }, `As each address was last read${news ? `: ${news}` : ""}.`),
      h("div", { class: "row" }, h("div", { class: "field" }, h("label", { for: "log-outcome" }, "Show"), select),
        button("Download as CSV", () => download(`${path}?format=csv`, "report.csv"))),
      body, h("p", { class: "actions" }, more),
    ]);
}
