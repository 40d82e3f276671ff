// Forms that forget nothing, and a dialog that asks for one line.

import { h } from "./dom.js";
import { confirm, onSubmit } from "./ui.js";

// Keeps what is typed into a form in this tab until `forget` is called, so that leaving the page loses nothing.
export function draft(form, key) {
  const fields = [...form.elements].filter((field) => field.name && !["file", "radio", "submit"].includes(field.type));
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    for (const field of fields) {
      if (typeof kept[field.name] === "string" && !field.value) field.value = kept[field.name];
    }
  } catch {
    sessionStorage.removeItem(key);
  }
  form.addEventListener("input", () => {
    try {
      sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
    } catch {
      // A browser that keeps nothing, or a text larger than it keeps: the form works all the same.
    }
  });
  return { forget: () => sessionStorage.removeItem(key) };
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

// A dialog with one line to fill in; `save(text)` is called with it and the dialog stays open when that is refused.
export function ask({ title, label, value, limit, action = "Save", save }) {
  const input = h("input", { type: "text", id: "ask-line", name: "name", maxlength: String(limit), required: true, value, autocomplete: "off" });
  const form = h("form", {},
    h("h2", { id: "ask-title" }, title), h("div", { class: "alert", role: "alert" }),
    h("div", { class: "field" }, h("label", { for: "ask-line" }, label), input),
    h("p", { class: "actions end" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
      h("button", { type: "submit", class: "primary" }, action)));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "ask-title" }, form);
  onSubmit(form, async () => {
    await save(input.value.trim());
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}
