// Where leads are sent: the address, a test message, the secret that signs, and what became of each message; and what the CRM has
// told of people.

import { del, get, patch, post } from "./api.js";
import { api, chatbotID } from "./chatbot.js";
import { byID, dateTime, fill, h, number, timeElement } from "./dom.js";
import { badge, busy, button, confirm, copyButton, onSubmit, showDialog, showError, table, toast } from "./ui.js";

const states = { waiting: ["Waiting", "warn"], sent: ["Taken", "good"], dead: ["Given up", "bad"], disabled: ["Stopped", "bad"] };

// Whom a message is about, of its own body.
function about({ payload }) {
  try {
    const body = JSON.parse(payload);
    return body.email ?? "A test message";
  } catch {
    return "";
  }
}

function answerOf(delivery) {
  if (delivery.state === "sent") return `${delivery.last_status}, ${number(delivery.milliseconds)} ms`;
  return delivery.last_error ?? (delivery.tries ? "" : "not tried yet");
}

// A button of a row, called by what the row is about; `id` finds it again when the rows are drawn anew.
function named(made, whom, id = null) {
  made.setAttribute("aria-label", `${made.textContent}: ${whom}`);
  if (id) made.dataset.row = id;
  return made;
}

// Leaves the keyboard where it was when the rows are drawn anew.
function focusIn(list, id) {
  const made = [...byID(list).querySelectorAll("[data-row]")].find((one) => one.dataset.row === id);
  (made ?? byID(list)).focus();
}

const pre = (text) => h("pre", { tabindex: "0", class: "break" }, text);

function request({ headers, body }) {
  return pre(`${Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n")}\n\n${body}`);
}

function tested(result) {
  return h("div", { class: `notice ${result.delivered ? "good" : "bad"}` },
    h("p", {}, h("strong", {}, result.delivered ? "The test message was taken." : "The test message was not taken."), " ",
      result.delivered ? `Answer ${result.status} after ${number(result.milliseconds)} ms.` : result.error),
    h("details", {}, h("summary", {}, "What was sent"), request(result.request)));
}

// `changed` is told of the chatbot's new settings. Gives what looks again at what was sent.
export async function crm(loaded, changed) {
  let chatbot = loaded;
  let cursor = null;
  const shown = [];
  // As it was put into the field: what its owner has begun to write since is left alone.
  let address = byID("crm").value;

  const show = () => {
    if (byID("crm").value === address) byID("crm").value = chatbot.crm_webhook_url ?? "";
    address = chatbot.crm_webhook_url ?? "";
    byID("crm-acts").hidden = !chatbot.crm_webhook_url;
    byID("crm-disabled").hidden = !chatbot.crm_disabled_reason;
    byID("crm-why").textContent = chatbot.crm_disabled_reason ?? "";
    changed(chatbot);
  };
  const again = async (delivery) => {
    await post(`${api}crm/deliveries/${delivery.id}/replay/`);
    toast("It is sent again.");
    await reload();
    focusIn("deliveries", delivery.id);
  };
  const list = () => {
    byID("sent").hidden = shown.length === 0;
    fill(byID("deliveries"), table("Messages to the CRM", [
      { title: "About", cell: (delivery) => h("span", { class: "break" }, about(delivery)) },
      { title: "Made", cell: (delivery) => timeElement(delivery.created_at) },
      { title: "State", cell: (delivery) => badge(...states[delivery.state]) },
      { title: "Tries", numeric: true, cell: (delivery) => number(delivery.tries) },
      { title: "Last answer", cell: (delivery) => h("span", { class: "break" }, answerOf(delivery)) },
      { title: "Next try", cell: (delivery) => (delivery.next_at ? timeElement(delivery.next_at) : "") },
      { title: "Do", cell: (delivery) => [
        named(button("Show", () => showDialog("Message", h("p", { class: "quiet" }, `webhook-id ${delivery.id}, ${dateTime(delivery.created_at)}`), pre(delivery.payload)), "small"), about(delivery)), " ",
        delivery.lead_id && chatbot.crm_webhook_url && named(button("Send again", () => again(delivery), "small"), about(delivery), delivery.id)] },
    ], shown));
    byID("deliveries").removeAttribute("aria-busy");
    byID("more-sent").hidden = !cursor;
  };
  const load = async () => {
    const page = await get(`${api}crm/deliveries/?${new URLSearchParams({ limit: "20", ...(cursor && { cursor }) })}`);
    shown.push(...page.items);
    cursor = page.next_cursor;
    list();
  };
  const reload = async () => {
    chatbot = await get(api);
    shown.length = 0;
    cursor = null;
    show();
    await load();
  };

  // No draft is kept of it: such an address is often a secret by itself.
  byID("crm-form").addEventListener("input", () => fill(byID("crm-said")));
  onSubmit(byID("crm-form"), async ({ crm_webhook_url: written }) => {
    try {
      chatbot = await patch(api, { crm_webhook_url: written.trim() || null });
    } catch (error) {
      if (error.code === "unsafe-url") {
        // Said at its field, as what the form itself finds.
        const words = "This must be a public address that begins with https://.";
        Object.assign(error, { message: words, fields: [{ field: "crm_webhook_url", words }] });
      }
      throw error;
    }
    address = written;
    show();
    byID("crm-said").textContent = chatbot.crm_webhook_url ? "Saved." : "Saved: no address.";
    await reload();
  });
  byID("crm-test").addEventListener("click", () => busy(byID("crm-test"), async () => {
    fill(byID("crm-result"));
    try {
      fill(byID("crm-result"), tested(await post(`${api}crm/test/`)));
    } catch (error) {
      if (error.code === "rate-limited") error.message = "That was the tenth test in an hour. Try again later.";
      throw error;
    }
    await reload();
  }));
  const showSecret = (id, direction, end, words) => byID(id).addEventListener("click", () => busy(byID(id), async () => {
    const agreed = await confirm({
      title: "Make a new secret?", action: "Make a new secret",
      body: `The one before is good for another day; ${end} Have the CRM at hand: the new secret is shown once.`,
    });
    if (!agreed) return;
    const { secret } = await post(`${api}crm/secret/rotate/`, { direction });
    showDialog("Signing secret", h("p", {}, `${words} It is shown this once; the one before is good for another day.`),
      h("p", { class: "row" }, h("code", { class: "break" }, secret), " ", copyButton(secret)));
  }));
  showSecret("crm-secret", "out", "a CRM that knows only that one refuses your leads from then on.",
    "Put it into your CRM, where it checks that a message is from this chatbot (Standard Webhooks).");
  showSecret("crm-in-secret", "in", "what the CRM still signs with that one is refused from then on.",
    "Put it into your CRM, which signs with it what it sends here (Standard Webhooks).");
  byID("crm-in").textContent = `${location.origin}/api/webhooks/crm/?chatbot=${chatbotID}`;
  byID("sent-again").addEventListener("click", () => busy(byID("sent-again"), reload));
  byID("more-sent").addEventListener("click", () => busy(byID("more-sent"), load));
  show();
  await Promise.all([load(), people()]).catch(showError);
  return reload;
}

// What the CRM has told, newest first.
async function people() {
  const shown = [];
  let cursor = null;
  const list = () => {
    byID("people").hidden = shown.length === 0;
    fill(byID("contacts"), table("People that the CRM knows", [
      { title: "E-mail", cell: (contact) => h("span", { class: "break" }, contact.email ?? "") },
      { title: "Name", cell: (contact) => h("span", { class: "break", dir: "auto" }, contact.name ?? "") },
      { title: "Told", cell: (contact) => h("span", { class: "break", dir: "auto" }, Object.entries(contact.fields).map(([name, value]) => `${name}: ${value}`).join(", ")) },
      { title: "Changed", cell: (contact) => timeElement(contact.updated_at) },
      { title: "Do", cell: (contact) => named(button("Delete", async () => {
        if (!(await confirm({ title: "Delete this person?", action: "Delete", danger: true, body: "It comes back when the CRM tells of them again." }))) return;
        await del(`${api}contacts/${contact.id}/`);
        shown.splice(shown.indexOf(contact), 1);
        toast("The person is deleted.");
        if (shown.length === 0 && cursor) await load();
        else list();
        (shown.length > 0 ? byID("contacts") : byID("crm")).focus();
      }, "small"), contact.email ?? contact.name ?? "") },
    ], shown));
    byID("contacts").removeAttribute("aria-busy");
    byID("more-people").hidden = !cursor;
  };
  const load = async () => {
    const page = await get(`${api}contacts/?${new URLSearchParams({ limit: "20", ...(cursor && { cursor }) })}`);
    shown.push(...page.items);
    cursor = page.next_cursor;
    list();
  };
  byID("more-people").addEventListener("click", () => busy(byID("more-people"), load));
  await load();
}
