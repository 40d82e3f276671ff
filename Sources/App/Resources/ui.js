// What pages are made of beyond elements: notices, dialogs, forms that say what is wrong, buttons that wait.

import { Problem } from "./api.js";
import { byID, fill, h, number } from "./dom.js";

// A word at the edge of the page; it goes by itself unless it is bad news.
export function toast(text, kind = "good") {
  const item = h("div", { class: `toast ${kind}` }, h("span", {}, text),
    h("button", { type: "button", class: "link", "aria-label": "Close this notice", on: { click: () => item.remove() } }, "×"));
  byID("toasts")?.append(item);
  if (kind === "good") setTimeout(() => item.remove(), 6000);
}

export function errorText(error) {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return "Something went wrong on this page. Load it again.";
}

export const showError = (error) => {
  if (error?.name !== "AbortError") toast(errorText(error), "bad");
};

// Runs work while a button waits; a refusal is shown at the edge of the page. Gives what work gives, or undefined.
export async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return undefined;
  button.setAttribute("aria-disabled", "true");
  button.classList.add("busy");
  try {
    return await work();
  } catch (error) {
    showError(error);
    return undefined;
  } finally {
    button.removeAttribute("aria-disabled");
    button.classList.remove("busy");
  }
}

export const button = (text, action, kind = "") => {
  const made = h("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => busy(made, () => action(made)));
  return made;
};

function formatWords(control) {
  if (control.type === "email") return "Write an address such as name@example.com.";
  if (control.type === "url" || control.inputMode === "url") return "Write an address such as https://example.com/help.";
  if (control.type === "number") return "Write a number.";
  return "This is not written as it must be.";
}

// What is wrong with a field, by the API's code for it (Schema.swift names them).
const fieldWords = {
  required: () => "This is needed.",
  type: formatWords,
  format: formatWords,
  "too-short": (control) => (control.value.trim() === "" ? "This is needed." : "This is too short."),
  "too-long": ({ maxLength }) => (maxLength > 0 ? `This is too long: ${number(maxLength)} characters are the most.` : "This is too long."),
  "too-small": ({ min }) => (min ? `This is too small: ${min} is the least.` : "This is too small."),
  "too-large": ({ max }) => (max ? `This is too large: ${max} is the most.` : "This is too large."),
  "not-offered": () => "Choose one of the list.",
};

// What is not shown is neither asked for nor sent: what is wrong with it could not be seen.
const isShown = (field) => !field.closest("[hidden]");

function shownValues(form) {
  const names = new Set([...form.elements].filter(isShown).map((field) => field.name));
  return Object.fromEntries([...new FormData(form)].filter(([name]) => names.has(name)));
}

// Makes a form send itself through `send(values, form)`. While it does, its button waits; a refusal is shown in its `.alert` and at
// the fields that it names. Fields are known by their names.
export function onSubmit(form, send) {
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const wrong = [...form.elements].filter((field) => field.willValidate && isShown(field) && !field.validity.valid);
    if (wrong.length > 0) {
      for (const field of wrong) fieldError(field, field.validationMessage);
      wrong[0].focus();
      return;
    }
    const submit = event.submitter ?? form.querySelector("[type=submit]");
    if (submit?.getAttribute("aria-disabled") === "true") return;
    submit?.setAttribute("aria-disabled", "true");
    submit?.classList.add("busy");
    try {
      await send(shownValues(form), form);
    } catch (error) {
      showFormError(form, error);
    } finally {
      submit?.removeAttribute("aria-disabled");
      submit?.classList.remove("busy");
    }
  });
}

// The control that a member of a request was written in: "crawl.max_pages" in the one of that name, "include[2]" in the list's.
function controlOf(form, member) {
  for (const name of member.replace(/\[\d+\]/g, "").split(".").reverse()) {
    const named = form.elements.namedItem(name);
    const control = named instanceof RadioNodeList ? named[0] : named;
    if (control && isShown(control)) return control;
  }
  return null;
}

// Marks the fields that a refusal names, and says the rest above them. A field may bring `words` of its own.
export function showFormError(form, error) {
  for (const { field, code, words } of error.fields ?? []) {
    const control = controlOf(form, field);
    if (control) fieldError(control, words ?? fieldWords[code]?.(control) ?? "This cannot be taken.");
  }
  const first = form.querySelector("[aria-invalid=true]");
  const alert = form.querySelector(".alert");
  if (alert) fill(alert, first && error.code === "invalid" ? "Please look at the marked fields." : errorText(error));
  else showError(error);
  first?.focus();
}

export function fieldError(control, text) {
  if (control.getAttribute("aria-invalid") === "true") return;
  // One in a part that is folded away is to be seen.
  for (let part = control.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  const id = `${control.id || control.name}-error`;
  control.setAttribute("aria-invalid", "true");
  const hint = control.getAttribute("aria-describedby");
  if (hint) control.dataset.hint = hint;
  control.setAttribute("aria-describedby", hint ? `${hint} ${id}` : id);
  control.closest(".field")?.append(h("p", { class: "field-error", id }, text));
}

export function clearErrors(form) {
  for (const said of form.querySelectorAll(".field-error")) said.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    if (control.dataset.hint) control.setAttribute("aria-describedby", control.dataset.hint);
    else control.removeAttribute("aria-describedby");
  }
  const alert = form.querySelector(".alert");
  if (alert) fill(alert);
}

// One dialog may lie over another: each has a title of its own to be named by.
let dialogs = 0;
const titleID = () => `dialog-title-${(dialogs += 1)}`;

// Puts a dialog over the page; closed, it goes for good. An open dialog lies over all else and takes all clicks, so the words at the
// edge of the page lie in the topmost one.
export function openDialog(dialog) {
  const raiseToasts = () => ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(byID("toasts") ?? "");
  dialog.addEventListener("close", () => {
    raiseToasts();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  raiseToasts();
}

// A dialog over the page; gives back whether it was agreed to. `body` is text or an element; with `word`, that must be typed first.
// `action` is the only button that sends the form, so that Enter means it, or nothing while the word is wrong; Escape is `refuse`.
export function confirm({ title, body, action = "Go on", refuse = "Cancel", danger = false, word = null }) {
  return new Promise((resolve) => {
    const typed = word && h("input", { type: "text", id: "confirm-word", autocomplete: "off" });
    const agree = h("button", { type: "submit", value: "yes", class: danger ? "danger" : "primary" }, action);
    if (typed) {
      agree.disabled = true;
      typed.addEventListener("input", () => {
        agree.disabled = typed.value.trim() !== word;
      });
    }
    const name = titleID();
    const dialog = h("dialog", { class: "sheet", "aria-labelledby": name },
      h("form", { method: "dialog" },
        h("h2", { id: name }, title),
        typeof body === "string" ? h("p", {}, body) : body,
        typed && h("div", { class: "field" }, h("label", { for: "confirm-word" }, "Type ", h("strong", {}, word), " to go on"), typed),
        h("p", { class: "actions end" }, h("button", { type: "button", on: { click: () => dialog.close() } }, refuse), agree)));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
    openDialog(dialog);
  });
}

// A dialog that shows something; closed by its button or Escape.
export function showDialog(title, ...content) {
  const name = titleID();
  const dialog = h("dialog", { class: "sheet large", "aria-labelledby": name },
    h("div", { class: "heading" }, h("h2", { id: name }, title),
      h("button", { type: "button", on: { click: () => dialog.close() } }, "Close")),
    ...content);
  openDialog(dialog);
  return dialog;
}

// A button that copies text.
export function copyButton(text, label = "Copy") {
  const made = button(label, async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    fill(made, "Copied");
    setTimeout(() => fill(made, label), 2000);
  });
  return made;
}

// "ready" as a coloured word.
export const badge = (text, kind = "") => h("span", { class: `badge ${kind}` }, text);

const states = {
  ready: ["Ready", "good"], live: ["Live", "good"], done: ["Done", "good"],
  training: ["Training", "busy"], processing: ["Reading", "busy"], running: ["Running", "busy"],
  pending: ["Waiting", ""], queued: ["Waiting", ""], waiting: ["Will try again", "warn"], empty: ["Nothing yet", ""],
  held: ["Held for you", "warn"], paused: ["Paused", "warn"], failed: ["Failed", "bad"], ended: ["Not read", "bad"], cancelled: ["Stopped", ""],
};

// The badge of a chatbot's, source's, run's or document's state.
export const stateBadge = (state) => badge(states[state]?.[0] ?? state, states[state]?.[1] ?? "busy");

// The same of a chatbot: one that its owner's plan has no room for pauses, whatever state it is in.
export const chatbotBadge = (chatbot) => stateBadge(chatbot.paused_reason ? "paused" : chatbot.state);

// A labelled meter: how much of a limit is used.
export function gauge(label, used, limit, format = String) {
  return h("div", { class: "gauge" },
    h("div", { class: "gauge-words" }, h("span", {}, label), h("span", { class: "quiet" }, `${format(used)} of ${format(limit)}`)),
    h("meter", { min: "0", max: String(Math.max(1, limit)), high: String(limit * 0.85), low: "0", optimum: "0", value: String(Math.min(used, Math.max(1, limit))), "aria-label": label }));
}

// A table: `columns` are { title, cell(row), numeric? }. On a narrow screen each row is a card (app.css): what is drawn otherwise is no
// table to a browser any more, so the parts say what they are.
export function table(caption, columns, rows) {
  const kind = (column) => column.numeric && "numeric";
  return h("div", { class: "table records", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { role: "table" }, h("caption", { class: "hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
        h("th", { scope: "col", role: "columnheader", class: kind(column) }, column.title)))),
      h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, columns.map((column) =>
        h("td", { role: "cell", class: kind(column), data: { title: column.title } }, column.cell(row))))))));
}
