// What stays private and how: learn-only sources, the mode, lines that were let out on purpose, leak tests.

import { del, get, patch, post } from "./api.js";
import { api, chatbotID, chatbotPage, loadSources } from "./chatbot.js";
import { byID, date, fill, h, plural } from "./dom.js";
import { agreeToBlended, ask, draft } from "./forms.js";
import { leakTests } from "./leak-test.js";
import { citableSwitch } from "./source-list.js";
import { badge, busy, button, confirm, onSubmit, showError, toast } from "./ui.js";

// MARK: Sources

function showSources(sources, changed) {
  const row = (source) => h("li", { class: "source-row" },
    h("a", { class: "break", href: `/chatbots/${chatbotID}/sources/#source-${source.id}` }, source.name), citableSwitch(source, changed));
  const hidden = sources.filter((source) => !source.is_citable);
  const open = sources.filter((source) => source.is_citable);
  fill(byID("private"), hidden.map(row));
  fill(byID("public"), open.map(row));
  byID("private").removeAttribute("aria-busy");
  byID("no-private").hidden = hidden.length > 0;
  byID("public-box").hidden = open.length === 0;
  byID("public-title").textContent = plural(open.length, "citable source");
}

// MARK: Mode

function modes(chatbot) {
  let mode = chatbot.privacy_mode;
  const set = byID("modes");
  const show = () => {
    set.querySelector(`[value=${mode}]`).checked = true;
  };
  show();
  set.addEventListener("change", async (event) => {
    const wanted = event.target.value;
    try {
      const agreed = wanted === "strict" || await agreeToBlended();
      if (agreed) {
        mode = (await patch(api, { privacy_mode: wanted })).privacy_mode;
        byID("mode-said").textContent = `Saved: ${mode} from the next answer on.`;
      }
    } catch (error) {
      showError(error);
    }
    show();
  });
}

// What the gate has done: a number; the text is shown to nobody.
async function gate() {
  const { answers, stopped } = await get(`${api}gate/`);
  if (!answers) return;
  const line = byID("gate");
  line.textContent = `In the last 30 days the gate stopped ${stopped} of ${plural(answers, "blended answer")}; visitors got the strict answer instead.`;
  line.hidden = false;
}

// MARK: Lines

const lineStates = { draft: ["Draft", ""], approved: ["Approved", "good"], review: ["Read it again", "warn"] };

function guidance(sources) {
  const names = new Map(sources.map((source) => [source.id, source.name]));
  const list = byID("guidance");
  const lines = [];
  let cursor = null;

  function item(line) {
    const source = line.source_id && (names.get(line.source_id) ?? "a source that was removed");
    const isApproved = line.state === "approved";
    return h("li", { data: { id: line.id } },
      h("p", { class: "line-head" }, badge(...lineStates[line.state]), h("span", { class: "break", dir: "auto" }, line.text)),
      line.state === "review" && h("p", { class: "notice warn" }, "Needs review because its source changed. No answer uses it until you approve it again."),
      h("p", { class: "quiet facts" }, source && h("span", { class: "break" }, `from ${source}`), line.approved_at && isApproved && h("span", {}, `approved ${date(line.approved_at)}`)),
      h("p", { class: "actions" },
        button(isApproved ? "Take back" : "Approve", () => change(line, isApproved ? { approved: false } : { approved: true, text: line.text },
          isApproved ? "Taken back: it is in no answer from now on." : "Approved: it may stand in answers now."), "small"),
        button("Change", () => ask({
          title: "Change the line", label: "Line", value: line.text, limit: 500, key: `line-${line.id}`,
          save: (text) => change(line, { text }, isApproved ? "Changed. Approve the new words when you are ready." : "Changed."),
        }), "small"),
        button("Remove", () => remove(line), "small danger")));
  }

  function show(focused) {
    fill(list, lines.map(item));
    list.removeAttribute("aria-busy");
    byID("no-guidance").hidden = lines.length > 0;
    byID("more-guidance").hidden = !cursor;
    if (focused) list.querySelector(`[data-id="${focused}"] button`)?.focus();
  }

  async function change(line, values, words) {
    lines[lines.indexOf(line)] = await patch(`${api}guidance/${line.id}/`, values);
    show(line.id);
    toast(words);
  }

  async function remove(line) {
    if (!await confirm({ title: "Remove this line?", body: line.text, action: "Remove", danger: true })) return;
    await del(`${api}guidance/${line.id}/`);
    lines.splice(lines.indexOf(line), 1);
    show();
    byID("line").focus();
    toast("The line is removed.");
  }

  async function load() {
    const page = await get(`${api}guidance/?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    lines.push(...page.items);
    cursor = page.next_cursor;
    show();
  }

  const select = byID("line-source");
  for (const source of [...sources].sort((one, other) => Number(one.is_citable) - Number(other.is_citable))) {
    select.append(h("option", { value: source.id }, source.is_citable ? source.name : `${source.name} (learn only)`));
  }
  // A model drafts from one source. Where there is no model there is no button.
  const drafts = document.getElementById("draft-lines");
  const offerDrafts = () => {
    if (drafts) drafts.hidden = select.value === "";
  };
  select.addEventListener("change", offerDrafts);
  drafts?.addEventListener("click", () => busy(drafts, async () => {
    const source = select.value;
    const agreed = await confirm({
      title: "Let the language model read this source?", action: "Draft lines",
      body: `${names.get(source)} is sent to the language model of this server, which writes up to eight lines. No answer uses one before you approve it.`,
    });
    if (!agreed) return;
    const { items } = await post(`${api}guidance/drafts/`, { source_id: source });
    lines.unshift(...items.reverse());
    show();
    byID("guidance-said").textContent = items.length === 0
      ? "The model found nothing to let out." : `${plural(items.length, "draft")} above: read each, change it, approve what may be known.`;
  }));
  byID("more-guidance").addEventListener("click", () => busy(byID("more-guidance"), load));
  const form = byID("guidance-form");
  const kept = draft(form, `line-${chatbotID}`, byID("guidance-said"));
  let then = "approve";
  form.addEventListener("click", (event) => {
    if (event.target.name === "then") then = event.target.value;
  });
  onSubmit(form, async ({ text, source_id: source }) => {
    // A line is one line.
    const made = await post(`${api}guidance/`, { text: text.trim().replace(/\s+/g, " "), ...(source ? { source_id: source } : {}) });
    lines.unshift(then === "approve" ? await patch(`${api}guidance/${made.id}/`, { approved: true, text: made.text }) : made);
    form.reset();
    kept.forget();
    offerDrafts();
    show();
    byID("guidance-said").textContent = then === "approve" ? "Saved and approved." : "Saved as a draft; no answer uses it.";
    then = "approve";
  });
  return load();
}

await chatbotPage(async (chatbot) => {
  const sources = await loadSources();
  const changed = (source) => {
    sources.splice(sources.findIndex((other) => other.id === source.id), 1, source);
    showSources(sources, changed);
    byID(source.is_citable ? "public-title" : "private").focus();
  };
  showSources(sources, changed);
  modes(chatbot);
  const canTest = chatbot.generation !== null && sources.some((source) => !source.is_citable && source.documents.live > 0);
  await Promise.all([gate(), guidance(sources), leakTests(canTest)]);
});
