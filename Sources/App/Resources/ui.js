// What pages are made of beyond elements: notices, dialogs, forms that say what is wrong, buttons that wait.

import { Problem } from "./api.js";
import { byID, fill, h } from "./dom.js";

// A word at the edge of the page; it goes by itself unless it is bad news.
export function toast(text, kind = "good") {
  const item = h("div", { class: `toast ${kind}` }, h("span", {}, text),
    h("button", { type: "button", class: "link", "aria-label": "Close", on: { click: () => item.remove() } }, "×"));
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

const fieldWords = {
  "too-long": "This is too long.", "too-short": "This is too short.", required: "This is needed.",
  missing: "This is needed.", format: "This is not of the right form.", range: "This is outside what is allowed.",
  "bad-domain": "This is not a domain.", choice: "Choose one of the list.",
};

// Makes a form send itself through `send(values, form)`. While it does, its button waits; a refusal is shown in its `.alert` and at
// the fields that it names. Fields are known by their names.
export function onSubmit(form, send) {
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    if (!form.checkValidity()) {
      for (const field of form.elements) {
        if (field.willValidate && !field.validity.valid) fieldError(field, field.validationMessage);
      }
      form.querySelector("[aria-invalid=true]")?.focus();
      return;
    }
    const submit = event.submitter ?? form.querySelector("[type=submit]");
    if (submit?.getAttribute("aria-disabled") === "true") return;
    submit?.setAttribute("aria-disabled", "true");
    submit?.classList.add("busy");
    try {
      await send(Object.fromEntries(new FormData(form)), form);
    } catch (error) {
      showFormError(form, error);
    } finally {
      submit?.removeAttribute("aria-disabled");
      submit?.classList.remove("busy");
    }
  });
}

export function showFormError(form, error) {
  for (const { field, code } of error.fields ?? []) {
    const control = form.elements[field];
    if (control instanceof HTMLElement) fieldError(control, fieldWords[code] ?? code);
  }
  const alert = form.querySelector(".alert");
  if (alert) fill(alert, errorText(error));
  else showError(error);
  form.querySelector("[aria-invalid=true]")?.focus();
}

export function fieldError(control, text) {
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

// A dialog over the page; gives back whether it was agreed to. `body` is text or an element; with `word`, that must be typed first.
export function confirm({ title, body, action = "Go on", danger = false, word = null }) {
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
        h("p", { class: "actions end" }, h("button", { type: "submit", value: "no", formnovalidate: true }, "Cancel"), agree)));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// A dialog that shows something; closed by its button or Escape.
export function showDialog(title, ...content) {
  const name = titleID();
  const dialog = h("dialog", { class: "sheet large", "aria-labelledby": name },
    h("div", { class: "heading" }, h("h2", { id: name }, title),
      h("button", { type: "button", on: { click: () => dialog.close() } }, "Close")),
    ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
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

// A table: `columns` are { title, cell(row), numeric? }. It scrolls by itself on a narrow screen.
export function table(caption, columns, rows) {
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.numeric && "numeric" }, column.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column) => h("td", { class: column.numeric && "numeric" }, column.cell(row))))))));
}
