// Forms that forget nothing, and a dialog that asks for one line.

import { draftKey } from "./api.js";
import { fill, h } from "./dom.js";
import { confirm, onSubmit, openDialog } from "./ui.js";

// Never kept: what is secret, what cannot be put back, and buttons.
const unkept = new Set(["password", "file", "hidden", "submit", "button"]);
const isTicked = (field) => ["checkbox", "radio"].includes(field.type);
const valueOf = (field) => (isTicked(field) ? field.checked : field.value);
const nameOf = (field) => (isTicked(field) ? `${field.name}=${field.value}` : field.name);

// Keeps what is typed into a form, or a fieldset, in this tab until it is saved, so that leaving the page loses nothing, be it by a
// link or because the session has ended. Called when the form shows what is saved: kept is only what differs from that, as the rest
// may be changed elsewhere meanwhile. `said` is where the form tells that it shows something unsaved.
// Gives isRestored; keep(), for when a field was changed by script; and forget(), for when the form shows what is saved now.
export function draft(form, name, said = null) {
  const key = draftKey(name);
  const fields = [...form.elements].filter((field) => field.name && !unkept.has(field.type));
  const shown = () => Object.fromEntries(fields.map((field) => [nameOf(field), valueOf(field)]));
  let saved = shown();

  // The form's own listeners hear of it as if it were typed. Gives whether anything is another now.
  function put(values) {
    const changed = fields.filter((field) => typeof values[nameOf(field)] === typeof valueOf(field) && values[nameOf(field)] !== valueOf(field));
    for (const field of changed) field[isTicked(field) ? "checked" : "value"] = values[nameOf(field)];
    for (const field of changed.filter(({ type, checked }) => type !== "radio" || checked)) {
      for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
    }
    return changed.length > 0;
  }
  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(key)) ?? {};
    } catch {
      return {};
    }
  }
  function keep() {
    const changed = Object.entries(shown()).filter(([field, value]) => value !== saved[field]);
    try {
      if (changed.length === 0) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(changed)));
    } catch {
      // A browser that keeps nothing, or a text larger than it keeps: the form works all the same.
    }
  }

  const isRestored = put(kept());
  if (isRestored && said) {
    const undo = h("button", { type: "button", class: "link" }, "Throw it away");
    undo.addEventListener("click", () => {
      put(saved);
      fill(said);
      form.querySelector("input, textarea, select").focus();
    });
    fill(said, "Not saved yet. ", undo);
  }
  form.addEventListener("input", keep);
  return {
    isRestored, keep,
    forget() {
      saved = shown();
      keep();
    },
  };
}

// The same of a form in a dialog: closed, it was saved or given up.
export function dialogDraft(dialog, form, name, said) {
  const kept = draft(form, name, said);
  dialog.addEventListener("close", kept.forget);
}

const lines = (text) => (text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

// How far a crawl goes, as the API has it, from a form's fields; empty for one page that is not read again by itself.
export function crawlOf(values) {
  const bounds = {};
  if (values.reach === "links") bounds.depth = Number(values.depth);
  if (values.reach === "sitemap") bounds.sitemap = true;
  if (values.reach && values.reach !== "page") {
    Object.assign(bounds, { max_pages: Number(values.max_pages), include: lines(values.include), exclude: lines(values.exclude) });
  }
  if (values.every) bounds.every = values.every;
  return bounds;
}

// Whether an owner has read what blended means and wants it.
export const agreeToBlended = () => confirm({
  title: "Let the language model read learn-only text?", action: "Use blended",
  body: "Its ideas can then appear in answers, in other words. You can go back to strict at any time; what was answered until then stays answered.",
});

// A dialog with one line to fill in; `save(text)` is called with it and the dialog stays open when that is refused. With `key`, what
// is typed is kept under that name while the dialog is open.
export function ask({ title, label, value, limit, action = "Save", key = null, save }) {
  const input = h("input", { type: "text", id: "ask-line", name: "name", maxlength: String(limit), required: true, value, autocomplete: "off" });
  const said = h("p", { class: "quiet", role: "status" });
  const form = h("form", {},
    h("h2", { id: "ask-title" }, title), h("div", { class: "alert", role: "alert" }),
    h("div", { class: "field" }, h("label", { for: "ask-line" }, label), input), said,
    h("p", { class: "actions end" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
      h("button", { type: "submit", class: "primary" }, action)));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "ask-title" }, form);
  onSubmit(form, async () => {
    await save(input.value.trim());
    dialog.close();
  });
  if (key) dialogDraft(dialog, form, key, said);
  openDialog(dialog);
  input.select();
}
