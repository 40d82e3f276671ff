// The forms that give a chatbot something to read: files dropped or chosen, a web page, a text, a video's captions. Used where a
// chatbot is made and where it lives (add-sources.mustache has the markup).

import { Problem, post, upload } from "./api.js";
import { api, chatbotID } from "./chatbot.js";
import { byID, bytes, fill, h, plural, timeOfDay } from "./dom.js";
import { crawlOf, draft } from "./forms.js";
import { badge, onSubmit } from "./ui.js";
import { ending, refusalContent } from "./words.js";

const path = `${api}sources/`;
// As many as a browser and a small server both bear.
const parallel = 2;
// Seconds to wait where the server asks for patience and does not say how much.
const patience = 30;
const unread = new Set(("doc xls ppt xlsx pptx xlsm docm odt ods odp epub rtf eml msg zip rar 7z gz tar jpg jpeg png gif webp svg "
  + "tif tiff bmp heic mp3 m4a mp4 mov avi wav exe dll iso dmg pages numbers key").split(" "));

// Whether answers may quote what is added; the wizard asks later.
const citable = () => document.querySelector("input[name=citable]:checked")?.value ?? "true";

const said = (text) => {
  byID("add-said").textContent = text;
};

// An address as people type it.
const address = (text) => (/^[a-z][a-z0-9+.-]*:/i.test(text.trim()) ? text.trim() : `https://${text.trim()}`);

// Why a file need not even be sent; null when it may be.
function refusedAtOnce(file, limit) {
  if (file.size === 0) return "The file is empty.";
  if (file.size > limit) return `Too large: ${bytes(file.size)}. Your plan takes files of ${bytes(limit)} at most. Split it.`;
  if (unread.has(ending(file.name)) || /^(image|audio|video)\//.test(file.type)) {
    return "This kind of file cannot be read. Save it as PDF, Word (.docx), HTML, Markdown or plain text.";
  }
  return null;
}

// Shows one file while it is sent, and why it was refused. `again` sends it once more, `gone` is told when its row was taken away.
function uploadRow(file, { again, gone }) {
  const progress = h("progress", { max: "1", value: 0, "aria-label": `Upload of ${file.name}` });
  const state = h("span", {}, badge("Waiting"));
  const words = h("div", {});
  const stopping = new AbortController();
  const cancel = h("button", { type: "button", class: "small", "aria-label": `Cancel ${file.name}` }, "Cancel");
  cancel.addEventListener("click", () => {
    stopping.abort();
    row.remove();
    gone();
    byID("files").focus();
  });
  const row = h("li", {},
    h("div", { class: "upload" }, h("span", { class: "break" }, file.name, " ", h("span", { class: "quiet" }, bytes(file.size))), state, cancel),
    progress, words);
  const refuse = (content, mayTryAgain) => {
    progress.remove();
    fill(state, badge(mayTryAgain ? "Not sent" : "Refused", "bad"));
    fill(words, h("p", { class: "field-error" }, content),
      mayTryAgain && h("button", { type: "button", class: "small", on: { click: again } }, "Try again"));
    fill(cancel, "Dismiss").setAttribute("aria-label", `Dismiss ${file.name}`);
    said(`${file.name} was ${mayTryAgain ? "not sent" : "refused"}.`);
  };
  return { row, progress, state, signal: stopping.signal, refuse };
}

function files(limit, added) {
  let waiting = [];
  let running = 0;
  // Until when the server wanted nothing more, in ms; 0 when it takes all. And the timer that then goes on.
  let until = 0;
  let pausing = null;
  // What was not sent and may be tried again: rows with their files.
  const failed = new Map();

  const show = () => {
    waiting = waiting.filter(({ shown }) => !shown.signal.aborted);
    for (const { shown } of waiting) fill(shown.state, badge(until ? `Waits until ${timeOfDay(until)}` : "Waiting"));
    byID("uploads-wait").hidden = !until || waiting.length === 0;
    byID("uploads-wait").textContent = `The server takes only so many files an hour. ${plural(waiting.length, "file waits", "files wait")} and `
      + `will be sent without your doing, from ${timeOfDay(until)} on. Keep this page open.`;
    byID("uploads-again").hidden = failed.size < 2;
  };

  // The server names a time: what is left goes on by itself then.
  const pause = (seconds) => {
    if (!until) said(`The server asks for patience. What is left goes on by itself in ${plural(seconds, "second")}.`);
    until = Date.now() + seconds * 1000;
    clearTimeout(pausing);
    pausing = setTimeout(() => {
      pausing = null;
      next();
    }, seconds * 1000);
  };

  const send = async (job) => {
    const { file, shown } = job;
    fill(shown.state, badge("Sending", "busy"));
    const form = new FormData();
    form.append("is_citable", citable());
    form.append("file", file, file.name);
    try {
      const source = await upload(path, form, {
        signal: shown.signal,
        progress: (share) => {
          shown.progress.value = share;
        },
      });
      shown.row.remove();
      said(`${file.name} was added.`);
      added(source);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) console.error(error);
      if (error.status === 429 || (error.status === 503 && error.retryAfter)) {
        shown.progress.value = 0;
        waiting.unshift(job);
        return pause(error.retryAfter || patience);
      }
      const mayTryAgain = [0, 401, 503].includes(error.status);
      if (mayTryAgain) failed.set(shown.row, file);
      shown.refuse(refusalContent(error), mayTryAgain);
    }
    return undefined;
  };
  function next() {
    // After a wait one goes ahead: the server may have room for no more.
    const most = until ? 1 : parallel;
    while (!pausing && running < most && waiting.length > 0) {
      const job = waiting.shift();
      if (job.shown.signal.aborted) continue;
      running += 1;
      send(job).finally(() => {
        running -= 1;
        next();
      });
    }
    if (running === 0 && waiting.length === 0) until = 0;
    show();
  }
  const take = (list) => {
    for (const file of list) {
      const shown = uploadRow(file, {
        again: () => again([shown.row]),
        gone() {
          failed.delete(shown.row);
          show();
        },
      });
      byID("uploads").append(shown.row);
      const why = refusedAtOnce(file, limit);
      if (why) shown.refuse(why, false);
      else waiting.push({ file, shown });
    }
    next();
  };
  function again(rows) {
    const list = rows.map((row) => failed.get(row));
    for (const row of rows) {
      failed.delete(row);
      row.remove();
    }
    take(list);
    byID("files").focus();
  }
  byID("uploads-again").addEventListener("click", () => again([...failed.keys()]));

  const input = byID("files");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  const drop = byID("drop");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  // A file that misses the box must not replace the page, and with it what is being sent.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (running > 0 || waiting.length > 0) event.preventDefault();
  });
  byID("file-limit").textContent = `At most ${bytes(limit)} each.`;
}

// A form of the panel: sent, emptied, and ready for the next.
function panel(id, added, send) {
  const form = byID(id);
  const kept = draft(form, `${id}-${chatbotID}`);
  onSubmit(form, async (values) => {
    let source;
    try {
      source = await send(values, form);
    } catch (error) {
      if (!["plan-limit", "duplicate-source", "unsupported-type", "unsafe-url"].includes(error.code)) throw error;
      fill(form.querySelector(".alert"), refusalContent(error));
      return;
    }
    form.reset();
    kept.forget();
    form.dispatchEvent(new Event("change"));
    said(`${source.name} was added.`);
    added(source);
    form.querySelector("input")?.focus();
  });
  return { form, isRestored: kept.isRestored };
}

// Whether somebody has written into a form.
const written = (form) => [...form.elements].find((field) => ["text", "textarea"].includes(field.type) && field.value.trim() !== "");

// The title of a text is no file's name: one that ends like a kind of file that text cannot be would be refused as damaged.
const title = (name) => (unread.has(ending(name)) || ["pdf", "docx"].includes(ending(name)) ? `${name.trim()}.txt` : name.trim());

// `limits` are the plan's; `added(source)` is told of each source. Gives isRestored, whether a form shows what was begun before, and
// unsent(), a text that somebody has begun and not added, or null; toUnsent() goes to its form.
export function addSources(limits, added) {
  const show = (kind) => {
    for (const part of document.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind;
  };
  byID("kinds").addEventListener("change", (event) => show(event.target.value));
  for (const name of ["kind", "citable"]) {
    const choice = document.querySelector(`input[name=${name}]`)?.closest("fieldset");
    if (choice) draft(choice, `${name}-${chatbotID}`);
  }
  show(document.querySelector("input[name=kind]:checked").value);

  files(limits.file_bytes, added);
  const page = panel("add-page", added, (values) =>
    post(path, {
      source_type: "url", source_url: address(values.source_url), is_citable: citable() === "true",
      ...(Object.keys(crawlOf(values)).length > 0 ? { crawl: crawlOf(values) } : {}),
    }));
  const bounds = byID("bounds");
  if (bounds) {
    const reach = () => {
      const chosen = page.form.elements.reach.value;
      bounds.hidden = chosen === "page";
      page.form.elements.depth.closest(".field").hidden = chosen !== "links";
    };
    page.form.addEventListener("change", reach);
    page.form.elements.depth.max = String(limits.crawl_depth);
    page.form.elements.max_pages.max = String(limits.pages_per_crawl);
    reach();
  }
  const text = panel("add-text", added, (values) =>
    post(path, { source_type: "file", name: title(values.name), text: values.text, is_citable: citable() === "true" }));
  const video = panel("add-video", added, async (values, form) => {
    const [file] = form.elements.captions.files;
    const url = address(values.source_url);
    const name = values.name?.trim() ?? "";
    if (!file) {
      const language = values.language?.trim() ?? "";
      return post(path, {
        source_type: "video", source_url: url, is_citable: citable() === "true", ...(language && { crawl: { language } }),
        ...(values.text?.trim() && { text: values.text, ...(name && { name }) }),
      });
    }
    const why = refusedAtOnce(file, limits.file_bytes);
    if (why) throw new Problem(413, { detail: why });
    const parts = new FormData();
    for (const [name, value] of [["is_citable", citable()], ["source_type", "video"], ["source_url", url]]) parts.append(name, value);
    if (name) parts.append("name", name);
    parts.append("file", file, file.name);
    return upload(path, parts);
  });
  const panels = [page, text, video];
  const unsent = () => panels.find(({ form }) => written(form))?.form;
  return {
    isRestored: panels.some(({ isRestored }) => isRestored),
    unsent: () => (unsent() ? written(unsent()).value.trim() : null),
    toUnsent() {
      const form = unsent();
      document.querySelector(`input[name=kind][value=${form.dataset.kind}]`).click();
      form.querySelector("[type=submit]").focus();
    },
  };
}

