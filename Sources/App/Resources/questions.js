// The golden questions of a chatbot: shown, added, changed, taken out and in. The server keeps them as one list, so each change
// sends all of them (a part of the page of quality).

import { get, put } from "./api.js";
import { api, chatbotID } from "./chatbot.js";
import { byID, fill, h, number, plural } from "./dom.js";
import { dialogDraft } from "./forms.js";
import { button, confirm, onSubmit, openDialog, toast } from "./ui.js";

const most = 200;
const shownAtFirst = 10;

// A question as the server takes it: what is not said is left out.
const plain = ({ question, history, source_id: source, expected, no_answer: isSilent }) => ({
  question,
  ...(history?.length ? { history } : {}),
  ...(source ? { source_id: source } : {}),
  ...(expected ? { expected } : {}),
  ...(isSilent ? { no_answer: true } : {}),
});

// What is wrong with a line of a file; null when nothing is.
function wrong(value, sources) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not an object";
  const { question, source_id: source, expected, no_answer: isSilent } = value;
  if (typeof question !== "string" || !question.trim()) return "has no question";
  if (question.length > 1000) return "has a question of more than 1,000 characters";
  if (expected && (typeof expected !== "string" || expected.length > 500)) return "expects more than 500 characters";
  if (source && !sources.has(source)) return "names a source that this chatbot does not have";
  if (Boolean(isSilent) === Boolean(source || expected)) return "must say either what is expected or that there is no answer";
  return null;
}

function parse(text, sources) {
  const found = [];
  const problems = [];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    let value = null;
    try {
      value = JSON.parse(line);
    } catch {
      problems.push(`Line ${index + 1} is not JSON.`);
      return;
    }
    const problem = wrong(value, sources);
    if (problem) problems.push(`Line ${index + 1} ${problem}.`);
    else found.push(plain(value));
  });
  return { found, problems };
}

function save(name, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A dialog for one question; `keep(question)` is called with it.
function edit(old, sources, keep) {
  const choice = (value, title, words, isChosen) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "kind", value, checked: isChosen }), h("span", {}, h("strong", {}, title), ` ${words}`));
  const isSilent = old?.no_answer ?? false;
  const expectation = h("div", { hidden: isSilent },
    h("div", { class: "field" }, h("label", { for: "golden-source" }, "Source that answers it"),
      h("select", { id: "golden-source", name: "source_id" }, h("option", { value: "" }, "Any source"),
        [...sources].map(([id, name]) => h("option", { value: id }, name)))),
    h("div", { class: "field" }, h("label", { for: "golden-words" }, "Words that stand in the right passage"),
      h("input", { type: "text", id: "golden-words", name: "expected", maxlength: "500", value: old?.expected ?? "", autocomplete: "off" }),
      h("p", { class: "hint" }, "As they stand in the document. Give a source, or words, or both.")));
  const said = h("p", { class: "quiet", role: "status" });
  const form = h("form", {},
    h("h2", { id: "golden-title" }, old ? "Change the question" : "Add a question"), h("div", { class: "alert", role: "alert" }),
    h("div", { class: "field" }, h("label", { for: "golden-question" }, "Question"),
      h("textarea", { id: "golden-question", name: "question", rows: "2", maxlength: "1000", required: true, value: old?.question ?? "" })),
    h("fieldset", { class: "field" }, h("legend", {}, "What should happen?"), h("div", { class: "choices" },
      choice("answer", "It is answered.", "The documents say it.", !isSilent),
      choice("silent", "“I don’t know.”", "The documents do not say it.", isSilent))),
    expectation, said,
    h("p", { class: "actions end" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"), h("button", { type: "submit", class: "primary" }, "Save")));
  form.elements.source_id.value = old?.source_id ?? "";
  form.addEventListener("change", () => {
    expectation.hidden = form.elements.kind.value === "silent";
  });
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "golden-title" }, form);
  dialogDraft(dialog, form, `golden-${chatbotID}-${old?.question ?? ""}`, said);
  onSubmit(form, async ({ kind, question, source_id: source, expected }) => {
    const made = kind === "silent" ? { question: question.trim(), no_answer: true } : { question: question.trim(), source_id: source, expected: expected.trim() };
    if (kind === "answer" && !source && !made.expected) {
      fill(form.querySelector(".alert"), "Say which source answers it, or which words stand in the right passage.");
      form.elements.expected.focus();
      return;
    }
    await keep(plain({ ...made, history: old?.history }), () => dialog.close());
  });
  openDialog(dialog);
}

// Shows the part. `sources`: Map of id → name.
export async function goldenQuestions(sources) {
  let items = (await get(`${api}questions/`)).items;
  let isWhole = false;
  const list = byID("questions");

  async function keep(changed) {
    try {
      items = (await put(`${api}questions/`, { items: changed.map(plain) })).items;
    } catch (error) {
      const at = /^items\[(\d+)\]/.exec(error.fields?.[0]?.field ?? "");
      if (at) error.message = `Question ${Number(at[1]) + 1} was not taken: “${changed[Number(at[1])].question.slice(0, 80)}”.`;
      throw error;
    }
    show();
  }

  const said = (text) => {
    byID("questions-said").textContent = text;
  };

  function expectation(item) {
    if (item.no_answer) return "Expected: “I don’t know”";
    const parts = [item.source_id && (sources.get(item.source_id) ?? "a source that was removed"), item.expected && `“${item.expected}”`];
    return `Expected: ${parts.filter(Boolean).join(", ")}`;
  }

  function row(item, index) {
    return h("li", { class: "domain" },
      h("div", {}, h("span", { class: "break", dir: "auto" }, item.question), h("p", { class: "hint break" }, expectation(item),
        item.history.length > 0 && ` · after ${plural(item.history.length, "earlier question")}`)),
      h("div", { class: "actions flat" },
        button("Change", () => edit(item, sources, async (made, close) => {
          await keep(items.with(index, made));
          // What a dialog covers takes no focus.
          close();
          said("The question is changed.");
          list.children[index]?.querySelector("button").focus();
        }), "small"),
        button("Remove", async () => {
          await keep(items.toSpliced(index, 1));
          said(`Removed: ${item.question}`);
          (list.children[Math.min(index, items.length - 1)]?.querySelector("button") ?? byID("add")).focus();
        }, "small")));
  }

  function show() {
    fill(list, (isWhole ? items : items.slice(0, shownAtFirst)).map(row));
    list.removeAttribute("aria-busy");
    byID("count").textContent = items.length > 0 ? `${number(items.length)} of ${most}` : "";
    byID("no-questions").hidden = items.length > 0;
    byID("export").hidden = items.length === 0;
    byID("more").hidden = isWhole || items.length <= shownAtFirst;
    byID("more").textContent = `Show all ${number(items.length)}`;
  }

  byID("more").addEventListener("click", () => {
    isWhole = true;
    show();
    list.children[shownAtFirst]?.querySelector("button").focus();
  });
  byID("add").addEventListener("click", () => {
    if (items.length >= most) return toast(`There are ${most} already, which is the most. Remove one first.`, "bad");
    return edit(null, sources, async (made, close) => {
      await keep([made, ...items]);
      close();
      said("The question is added.");
    });
  });
  byID("export").addEventListener("click", () => save("golden-questions.jsonl", items.map((item) => `${JSON.stringify(plain(item))}\n`).join("")));
  byID("import").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    target.value = "";
    if (!file) return undefined;
    try {
      const { found, problems } = parse(await file.text(), new Set(sources.keys()));
      if (problems.length > 0) throw Object.assign(new Error(), { lines: problems });
      const known = new Set(items.map((item) => item.question));
      const fresh = found.filter((item) => !known.has(item.question));
      const total = items.length + fresh.length;
      if (total > most) {
        throw Object.assign(new Error(), { lines: [`With these there would be ${number(total)} questions; ${most} is the most.`] });
      }
      if (fresh.length === 0) return said("Nothing new in this file.");
      const again = found.length - fresh.length;
      const agreed = await confirm({
        title: `Add ${plural(fresh.length, "question")}?`, action: "Add",
        body: `${again > 0 ? `${plural(again, "other")} of the file ${again === 1 ? "is" : "are"} here already. ` : ""}They stand behind the ones you have.`,
      });
      if (!agreed) return undefined;
      await keep([...items, ...fresh]);
      return said(`${plural(fresh.length, "question")} added.`);
    } catch (error) {
      const lines = error.lines ?? [error.message];
      return toast(`Nothing was imported. ${lines.slice(0, 3).join(" ")}${lines.length > 3 ? ` And ${lines.length - 3} more.` : ""}`, "bad");
    }
  });
  show();
}
