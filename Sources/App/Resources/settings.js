// Name, texts, limits, the archive, and the end of a chatbot.

import { del, download, get, patch } from "./api.js";
import { api, chatbotPage, showChatbot } from "./chatbot.js";
import { byID, dateTime, fill, h, number, plural } from "./dom.js";
import { draft } from "./forms.js";
import { busy, confirm, onSubmit } from "./ui.js";

// A form whose fields are settings: filled from the chatbot, sent as a change; `read` makes what is sent of what was typed.
function settingsForm(id, chatbot, read) {
  const form = byID(id);
  const said = form.querySelector(".said-here");
  const show = (values) => {
    for (const field of form.elements) {
      if (field.name) field.value = values[field.name] ?? "";
    }
  };
  show(chatbot);
  form.addEventListener("input", () => fill(said));
  const kept = draft(form, `${id}-${chatbot.id}`, said);
  onSubmit(form, async (values) => {
    const changed = await patch(api, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, read(value)])));
    show(changed);
    kept.forget();
    showChatbot(changed);
    said.textContent = "Saved.";
  });
}

const text = (value) => value.trim();
const numberOrNone = (value) => (value.trim() === "" ? null : Number(value));

function planText({ limits }) {
  const parts = [
    limits.messages !== null && `${plural(limits.messages, "answer")} a month in all chatbots`,
    limits.model_tokens !== null && `${plural(limits.model_tokens, "token")} a month`,
    limits.retention_days !== null && `conversations for ${plural(limits.retention_days, "day")} at most`,
  ].filter(Boolean);
  return parts.length > 0 ? `Your plan has ${parts.join(", ")}.` : "";
}

// What goes with a chatbot, as far as it is counted before.
function contents(chatbot) {
  return [
    plural(chatbot.sources_count, "source"), plural(chatbot.chunks_count, "passage"), "all its conversations", "all its leads",
  ].join(", ").replace(/, ([^,]*)$/, " and $1");
}

function showReceipt(name, receipt) {
  const section = h("section", { class: "empty", tabindex: "-1" },
    h("h1", { class: "break" }, `“${name}” is deleted`),
    h("p", {}, "It answers nobody any more. This went with it:"),
    h("dl", { class: "figures receipt" }, [
      ["Sources", receipt.sources], ["Documents", receipt.documents], ["Passages", receipt.chunks], ["Files", receipt.blobs], ["Conversations", receipt.conversations],
      ["Leads", receipt.leads],
    ].map(([title, count]) => h("div", {}, h("dt", {}, title), h("dd", {}, number(count))))),
    h("p", {}, `The last bytes leave this server's disk by ${dateTime(receipt.bytes_gone_by)}.`),
    h("p", { class: "actions" }, h("a", { class: "button primary", href: "/chatbots/" }, "To the chatbots")));
  // The tabs lead nowhere any more.
  fill(byID("chatbot"), h("main", { id: "main", tabindex: "-1" }, section));
  section.focus();
}

await chatbotPage(async (chatbot) => {
  settingsForm("name-form", chatbot, text);
  settingsForm("texts-form", chatbot, text);
  settingsForm("limits-form", chatbot, numberOrNone);
  byID("delete-words").textContent = `Its link and its frames on other sites stop at once. ${contents(chatbot)} are deleted for good, for everybody. Download the archive first if you may want it back.`;

  const archive = byID("export");
  archive.addEventListener("click", () => busy(archive, () => download(`${api}export/`, `${chatbot.public_url_slug}.tar`)));

  const remove = byID("delete");
  remove.addEventListener("click", () => busy(remove, async () => {
    const current = await get(api);
    const agreed = await confirm({
      title: "Delete this chatbot?", action: "Delete for good", danger: true, word: current.name.trim(),
      body: `${contents(current)} will be gone. There is no way back.`,
    });
    if (agreed) showReceipt(current.name, await del(api));
  }));
  const plan = await get("/api/billing/plan/");
  byID("plan-limits").textContent = planText(plan);
  if (plan.limits.retention_days !== null) byID("retention").max = String(plan.limits.retention_days);
});
