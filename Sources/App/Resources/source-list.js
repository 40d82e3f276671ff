// The sources of a chatbot as a list: in the wizard with name and removal, on the privacy step with the switch, on the page of
// sources with everything. A row is changed in place, so that neither focus nor an open row is lost.

import { del, download, get, patch, post, upload } from "./api.js";
import { api, loadSources } from "./chatbot.js";
import { showCrawlLog } from "./crawl-log.js";
import { ago, bytes, date, dateTime, fill, h, money, number, outward, plural } from "./dom.js";
import { documentItem, fillDocuments } from "./documents.js";
import { ask, crawlOf, dialogDraft } from "./forms.js";
import { button, confirm, onSubmit, openDialog, showError, toast } from "./ui.js";
import { kindOf, passages, reasonLine, sourceBadge } from "./words.js";

const path = (source) => `${api}sources/${source.id}/`;

// Which of the filter's groups a source belongs to.
export function groupOf(source) {
  if (source.documents.total === 0) return "new";
  if (source.status === "failed" || source.documents.failed > 0) return "failed";
  return source.status === "ready" ? "live" : "reading";
}

// Citable or learn only; it acts at once.
export function citableSwitch(source, changed) {
  const option = (text, value) => {
    const input = h("input", {
      type: "radio", name: `citable-${source.id}`, value: String(value), checked: source.is_citable === value,
      on: { change: () => set(value) },
    });
    return [h("label", { class: value ? "" : "private" }, input, text), input];
  };
  const [citableLabel, citable] = option("Citable", true);
  const [learnLabel, learn] = option("Learn only", false);
  const set = async (value) => {
    try {
      changed(await patch(path(source), { is_citable: value }));
      toast(value ? `Answers may quote “${source.name}” from now on.` : `“${source.name}” is not quoted any more.`);
    } catch (error) {
      // What is shown is what holds.
      (value ? learn : citable).checked = true;
      showError(error);
    }
  };
  return h("fieldset", { class: "plain-set" }, h("legend", { class: "hidden" }, `May answers quote “${source.name}”?`),
    h("div", { class: "switch" }, citableLabel, learnLabel));
}

const every = { day: "read again every day", week: "read again every week", month: "read again every month" };

// How far a web source is read and how often, in a dialog; `save(crawl)` is called with all of it.
function changeReading({ id, name, crawl }, save) {
  const reach = crawl.sitemap ? "sitemap" : crawl.depth > 0 ? "links" : "page";
  const choice = (value, text) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "reach", value, checked: value === reach }), h("span", {}, text));
  const area = (id, label, given) => h("div", { class: "field" }, h("label", { for: id }, label),
    h("textarea", { id, name: id.slice(8), rows: "2" }, (given ?? []).join("\n")));
  const figure = (id, label, value, max) => h("div", { class: "field" }, h("label", { for: id }, label),
    h("input", { type: "number", id, name: id.slice(8).replace("-", "_"), min: "1", max, required: true, value }));
  const more = h("div", {},
    h("div", { class: "row" }, figure("reading-depth", "Follow links how many steps?", String(crawl.depth || 1), "10"),
      figure("reading-max-pages", "Pages at most", String(crawl.max_pages || 50), "10000")),
    h("div", { class: "row" }, area("reading-include", "Only addresses with (one a line)", crawl.include),
      area("reading-exclude", "No addresses with (one a line)", crawl.exclude)));
  const said = h("p", { class: "quiet", role: "status" });
  const times = [["", "As often as this server does"], ["day", "Every day"], ["week", "Every week"], ["month", "Every month"]];
  const form = h("form", {},
    h("h2", { id: "reading-title" }, `How “${name}” is read`), h("div", { class: "alert", role: "alert" }),
    h("fieldset", { class: "field" }, h("legend", {}, "How much of the site?"), h("div", { class: "choices" },
      choice("page", "Only this page"), choice("links", "This page and what it links to on the same site"),
      choice("sitemap", "All pages that the site's sitemap, or a feed, names"))),
    more,
    h("div", { class: "field" }, h("label", { for: "reading-every" }, "Read it again by itself"),
      h("select", { id: "reading-every", name: "every" }, times.map(([value, text]) =>
        h("option", { value, selected: value === (crawl.every ?? "") }, text)))), said,
    h("p", { class: "actions end" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
      h("button", { type: "submit", class: "primary" }, "Save")));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "reading-title" }, form);
  const show = () => {
    const chosen = form.elements.reach.value;
    more.hidden = chosen === "page";
    form.elements.depth.closest(".field").hidden = chosen !== "links";
  };
  form.addEventListener("change", show);
  show();
  dialogDraft(dialog, form, `reading-${id}`, said);
  onSubmit(form, async (values) => {
    // What the form does not show, such as a language, stays.
    const { depth, sitemap, max_pages: pages, include, exclude, every: when, ...kept } = crawl;
    await save({ ...kept, ...crawlOf(values) });
    dialog.close();
  });
  openDialog(dialog);
}

// `parts` names what a row has: "switch", "documents", "actions".
function makeRow(source, parts, hooks) {
  let current = source;
  const name = h("h3", { class: "break" });
  const state = h("span", {});
  const facts = h("p", { class: "facts quiet" });
  const reason = h("div", {});
  const control = h("div", { class: "source-switch" });
  const count = h("span", {});
  const list = h("ul", { class: "plain list documents", "aria-busy": "true" });
  const documents = h("details", { class: "source-documents" }, h("summary", {}, count), list);

  // As many as somebody has asked for.
  let pages = 1;
  const showDocuments = async () => {
    try {
      const items = [];
      let cursor = null;
      for (let number = 0; number === 0 || (cursor && number < pages); number += 1) {
        const found = await get(
          `${api}documents/?source_id=${current.id}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
        items.push(...found.items);
        cursor = found.next_cursor;
      }
      list.removeAttribute("aria-busy");
      const more = () => {
        pages += 1;
        return showDocuments();
      };
      fillDocuments(list, items.map((document) => documentItem(document, hooks.began)),
        items.length === 0 && h("li", { class: "quiet" }, "Nothing yet: documents appear with the training."),
        cursor && h("li", {}, button("Show more documents", more, "small")));
      const read = items.filter((document) => document.state === "live").map((document) => document.age_seconds);
      if (read.length > 0) {
        const at = new Date(Date.now() - Math.min(...read) * 1000).toISOString();
        list.prepend(h("li", { class: "quiet" }, "Last went live ", h("time", { datetime: at, title: dateTime(at) }, ago(at)), "."));
      }
    } catch (error) {
      showError(error);
    }
  };
  documents.addEventListener("toggle", () => {
    if (documents.open) showDocuments();
  });

  const rename = h("button", { type: "button", class: "small" }, "Rename");
  rename.addEventListener("click", () =>
    ask({
      title: "Rename the source", label: "Name", value: current.name, limit: 255,
      save: async (text) => update(await patch(path(current), { name: text })),
    }));
  const starts = (text, verb, words) =>
    button(text, async () => {
      await post(`${path(current)}${verb}/`);
      toast(words);
      hooks.began();
    }, "small");
  const refresh = starts("Read again", "refresh", "It is read again.");
  const retry = starts("Retry what failed", "retry", "What failed is read again.");
  const bounds = button("Change reading", () => changeReading(current, async (crawl) => {
    const next = await patch(path(current), { crawl });
    update(next);
    hooks.changed(next);
    toast("Saved; it holds from the next reading on.");
  }), "small");
  // A video whose site refuses its captions is read from its owner's.
  const file = h("input", { type: "file", accept: ".srt,.vtt,.txt", hidden: true });
  const captions = button("Add captions", () => file.click(), "small");
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    const form = new FormData();
    form.append("file", chosen, chosen.name);
    file.value = "";
    try {
      await upload(`${path(current)}captions/`, form, { method: "PUT" });
      toast("The captions are read.");
      hooks.began();
    } catch (error) {
      showError(error);
    }
  });
  // What became of each address at its last reading.
  const report = button("Crawl log", () => showCrawlLog(current), "small");
  const remove = button("Remove", async () => {
    const agreed = await confirm({
      title: `Remove “${current.name}”?`, danger: true, action: "Remove",
      body: current.documents.live > 0
        ? `Answers stop using its ${plural(current.documents.total, "document")} at once. It is erased from the disk within a day, `
          + "and with it the earlier generations that hold it. This cannot be undone."
        : "It is erased from the disk within a day. This cannot be undone.",
    });
    if (!agreed) return;
    const receipt = await del(path(current));
    const went = receipt.chunks > 0 ? `${plural(receipt.documents, "document")} with ${passages(receipt.chunks)} left the answers` : "Removed";
    toast(`${went}; the bytes are gone by ${date(receipt.bytes_gone_by)}.`);
    hooks.removed(current);
  }, "small danger");

  const actions = h("div", { class: "actions" }, rename,
    parts.includes("documents") && [captions, file, refresh, retry, bounds, report], remove);
  const element = h("li", { class: "source", id: `source-${source.id}` },
    h("div", { class: "source-head" },
      h("div", { class: "source-words" }, h("div", { class: "source-name" }, name, state), facts),
      parts.includes("switch") ? control : actions),
    reason, parts.includes("documents") && documents, parts.includes("switch") && parts.includes("actions") && actions);

  // Shows what is so now.
  function update(next) {
    const toggled = next.is_citable !== current.is_citable || !control.firstChild;
    const moved = JSON.stringify(next.documents) !== JSON.stringify(current.documents);
    current = next;
    fill(name, next.name);
    if (parts.includes("documents")) fill(state, sourceBadge(next));
    for (const made of [rename, captions, refresh, retry, bounds, report, remove]) made.setAttribute("aria-label", `${made.textContent}: ${next.name}`);
    const counts = next.documents;
    fill(facts, h("span", {}, kindOf(next)), next.bytes > 0 && h("span", {}, bytes(next.bytes)),
      next.source_url && next.source_url !== next.name && h("span", { class: "break" }, outward(next.source_url, next.source_url)),
      parts.includes("documents") && counts.total > 1 && h("span", {}, [
        `${number(counts.live)} live`, counts.waiting > 0 && `${number(counts.waiting)} waiting`,
        counts.failed > 0 && `${number(counts.failed)} not read`,
      ].filter(Boolean).join(", ")),
      parts.includes("documents") && next.tokens_embedded > 0
        && h("span", {}, `${plural(next.tokens_embedded, "token")} read${next.cost ? `, ${money(next.cost)}` : ""}`),
      next.crawl.every && h("span", {}, every[next.crawl.every]),
      next.read_at && parts.includes("documents")
        && h("span", {}, "last read ", h("time", { datetime: next.read_at, title: dateTime(next.read_at) }, ago(next.read_at))),
      h("span", {}, "added ", h("time", { datetime: next.created_at, title: dateTime(next.created_at) }, ago(next.created_at))),
      !parts.includes("switch") && !next.is_citable && h("span", {}, "Learn only"));
    const failing = parts.includes("documents") && (next.status === "failed" || counts.failed > 0);
    fill(reason, failing && reasonLine(next.error_code, next.error_message),
      failing && next.status === "ready" && h("p", { class: "quiet" }, "What was read before still answers."));
    retry.hidden = counts.failed === 0;
    bounds.hidden = next.source_type !== "url";
    captions.hidden = next.source_type !== "video" || counts.total === 0;
    report.hidden = counts.total === 0 || !(next.crawl.depth > 0 || next.crawl.sitemap);
    // Of one that was never read the two would be the same.
    refresh.hidden = counts.live === 0 || counts.waiting > 0;
    fill(count, plural(counts.total, "document"));
    documents.hidden = counts.total === 0;
    if (moved && documents.open) showDocuments();
    if (toggled && parts.includes("switch")) {
      const hadFocus = control.contains(document.activeElement);
      fill(control, citableSwitch(next, (changed) => {
        update(changed);
        hooks.changed(changed);
      }));
      if (hadFocus) control.querySelector(":checked").focus();
    }
  }
  update(source);
  const matches = (group, text) =>
    (group === "" || groupOf(current) === group) && current.name.toLowerCase().includes(text);
  return { element, update, matches };
}

// A list in `root`, a ul. `changed(sources)` is told whenever there are others; `began()` when something is read again.
export function sourceList(root, { parts, changed = () => {}, began = () => {} }) {
  const rows = new Map();
  let sources = [];
  let filter = { group: "", text: "" };

  const said = () => changed(sources);
  const refilter = () => {
    for (const { element, matches } of rows.values()) element.hidden = !matches(filter.group, filter.text);
    return [...rows.values()].filter(({ element }) => !element.hidden).length;
  };
  const removed = (source) => {
    const { element } = rows.get(source.id);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    rows.delete(source.id);
    element.remove();
    sources = sources.filter((one) => one.id !== source.id);
    said();
    (next?.querySelector("button") ?? document.getElementById("main")).focus();
  };
  const replaced = (source) => {
    sources = sources.map((one) => (one.id === source.id ? source : one));
    said();
  };

  // Shows all of `next`, in its order.
  function show(next) {
    root.removeAttribute("aria-busy");
    sources = next;
    for (const [id, { element }] of rows) {
      if (next.some((source) => source.id === id)) continue;
      element.remove();
      rows.delete(id);
    }
    let before = root.firstElementChild;
    for (const source of next) {
      let row = rows.get(source.id);
      if (row) {
        row.update(source);
      } else {
        row = makeRow(source, parts, { removed, changed: replaced, began });
        rows.set(source.id, row);
      }
      // One that stands where it should is left there: moving it would lose its focus.
      if (row.element === before) before = before.nextElementSibling;
      else root.insertBefore(row.element, before);
    }
    refilter();
    said();
  }

  return {
    show,
    reload: async () => show(await loadSources()),
    add: (source) => show([source, ...sources.filter((one) => one.id !== source.id)]),
    // Gives how many are left.
    filter: (next) => {
      filter = { ...filter, ...next };
      return refilter();
    },
  };
}
