// Addresses that visitors left, and the form they leave them with. Where they are sent: crm.js.

import { del, download, get, patch, post } from "./api.js";
import { crm } from "./crm.js";
import { api, chatbotID, chatbotPage } from "./chatbot.js";
import { byID, dateTime, fill, h, number, plural } from "./dom.js";
import { draft } from "./forms.js";
import { busy, button, confirm, onSubmit, showError, toast } from "./ui.js";

const mail = (address) => `mailto:${encodeURIComponent(address).replace("%40", "@")}`;

const item = (lead, remove, send) => h("li", { class: "lead-item" },
  h("div", {},
    h("p", { class: "facts" }, h("a", { class: "break lead-mail", href: mail(lead.email) }, lead.email),
      [lead.name, lead.phone].filter(Boolean).map((text) => h("span", { class: "break" }, text))),
    lead.note && h("p", { class: "break said", dir: "auto" }, lead.note),
    h("p", { class: "quiet facts" }, h("time", { datetime: lead.created_at }, dateTime(lead.created_at)),
      lead.conversation_id && h("a", { href: `/chatbots/${chatbotID}/conversations/${lead.conversation_id}/` }, "Read the conversation"))),
  h("div", { class: "actions" }, send && button("Send to the CRM", () => send(lead), "small"),
    button("Delete", () => remove(lead), "small")));

await chatbotPage(async (loaded) => {
  let chatbot = loaded;
  const leads = [];
  let cursor = null;
  let lookAgain = async () => {};

  function show() {
    fill(byID("leads"), leads.map((lead) => item(lead, remove, chatbot.crm_webhook_url ? send : null)));
    byID("leads").removeAttribute("aria-busy");
    byID("count").textContent = leads.length > 0 ? `${plural(leads.length, "lead")}${cursor ? ", and there are more" : ""}` : "";
    byID("more").hidden = !cursor;
    byID("none").hidden = leads.length > 0;
    byID("none-words").textContent = chatbot.lead_form.enabled
      ? "When a visitor leaves an address, it appears here." : "Visitors are not asked for an address. Switch the form on below if you want them to be.";
    for (const id of ["export-csv", "export-jsonl"]) byID(id).hidden = leads.length === 0;
  }

  async function load() {
    const page = await get(`${api}leads/?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    leads.push(...page.items);
    cursor = page.next_cursor;
    show();
  }

  // For one that came before the address was set, or was lost at the other end.
  async function send(lead) {
    await post(`${api}leads/${lead.id}/resend/`);
    toast("It is on its way. What became of it stands below.");
    await lookAgain();
  }

  async function remove(lead) {
    const agreed = await confirm({
      title: "Delete this lead?", action: "Delete", danger: true,
      body: `${lead.email}: address, name, number and message are deleted for good. The conversation stays.`,
    });
    if (!agreed) return;
    await del(`${api}leads/${lead.id}/`);
    leads.splice(leads.indexOf(lead), 1);
    show();
    toast("The lead is deleted.");
    byID("leads").focus();
  }

  byID("more").addEventListener("click", () => busy(byID("more"), load));
  for (const format of ["csv", "jsonl"]) {
    const made = byID(`export-${format}`);
    made.addEventListener("click", () => busy(made, () => download(`${api}leads/export/?format=${format}`, `leads.${format}`)));
  }

  const form = byID("lead-form");
  const settings = byID("lead-settings");
  const enabled = byID("enabled");
  const showForm = ({ enabled: isOn, fields, after_messages: after, consent_text: consent }) => {
    enabled.checked = isOn;
    settings.hidden = !isOn;
    for (const box of form.querySelectorAll("[name=field]")) box.checked = fields.includes(box.value);
    byID("after").value = String(after);
    byID("consent").value = consent ?? "";
  };
  showForm(chatbot.lead_form);
  enabled.addEventListener("change", () => {
    settings.hidden = !enabled.checked;
  });
  form.addEventListener("input", () => fill(byID("form-said")));
  const kept = draft(form, `leads-${chatbotID}`, byID("form-said"));
  onSubmit(form, async ({ enabled: isOn, after: least, consent_text: consent }) => {
    // Switched off, the rest is hidden and stays as it was.
    const wanted = isOn
      ? { fields: new FormData(form).getAll("field"), after_messages: Number(least), consent_text: consent.trim() }
      : chatbot.lead_form;
    chatbot = await patch(api, { lead_form: {
      enabled: Boolean(isOn), fields: wanted.fields, after_messages: wanted.after_messages,
      ...(wanted.consent_text && { consent_text: wanted.consent_text }),
    } });
    showForm(chatbot.lead_form);
    kept.forget();
    show();
    const after = chatbot.lead_form.after_messages;
    byID("form-said").textContent = !chatbot.lead_form.enabled ? "Saved: visitors are not asked."
      : `Saved: the form is offered ${after === 0 ? "when nothing was found" : `after ${number(after)} ${after === 1 ? "answer" : "answers"}`}.`;
  });

  await load().catch(showError);
  lookAgain = await crm(chatbot, (changed) => {
    const isOther = changed.crm_webhook_url !== chatbot.crm_webhook_url;
    chatbot = changed;
    if (isOther) show();
  });
});
