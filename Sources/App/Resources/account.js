// The account: who one is, the password, where one is signed in, keys for programs, one's data, and the end of it.

import { all, del, get, patch, post, request, signOut } from "./api.js";
import { byID, date, fill, h, timeElement } from "./dom.js";
import { page } from "./shell.js";
import { badge, busy, button, confirm, copyButton, onSubmit, toast } from "./ui.js";

function person(user) {
  byID("name").value = user.name;
  byID("email").value = user.email;
  byID("username").value = user.email;
  byID("password-card").hidden = !user.has_password;
  byID("removal-password").hidden = !user.has_password;
  byID("provider").textContent = user.google_linked ? "You can sign in with Google too." : "";
  // A new address needs the password: whoever finds an open browser must not take the account.
  byID("email").addEventListener("input", () => {
    byID("proof").hidden = !user.has_password || byID("email").value === user.email;
  });
  onSubmit(byID("person"), async ({ name, email, password }) => {
    const changes = {};
    if (name !== user.name) changes.name = name;
    if (email !== user.email) Object.assign(changes, { email, ...(password ? { password } : {}) });
    if (!Object.keys(changes).length) return toast("Nothing has changed.");
    Object.assign(user, await patch("/api/auth/me", changes));
    byID("me-name").textContent = user.name || user.email;
    toast(changes.email ? "Saved. Open the link in the letter to the new address." : "Saved.");
  });
  onSubmit(byID("password"), async ({ current, password }, form) => {
    await post("/api/auth/password/change", { current, password });
    form.reset();
    toast("The password is changed. Your other sessions have ended.");
    await sessions();
  });
}

// "Firefox on Linux" out of what a browser calls itself; else its own words.
function clientName(text) {
  const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]
    .find(([mark]) => text.includes(mark));
  const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]]
    .find(([mark]) => text.includes(mark));
  if (!browser) return text || "Unknown program";
  return system ? `${browser[1]} on ${system[1]}` : browser[1];
}

async function sessions() {
  const list = byID("sessions");
  const { items } = await get("/api/auth/sessions/");
  fill(list, items.map((session) => h("li", {}, h("div", { class: "heading" },
    h("div", {}, h("strong", { class: "break" }, clientName(session.client)), " ", session.is_current && badge("This one", "good"),
      h("div", { class: "quiet" }, "Signed in ", timeElement(session.created_at), ", last used ", timeElement(session.used_at))),
    !session.is_current && button("End", async () => {
      await del(`/api/auth/sessions/${session.id}/`);
      await sessions();
    }, "small")))));
  list.removeAttribute("aria-busy");
}

async function keys() {
  const list = byID("keys");
  const { items } = await get("/api/auth/keys/");
  fill(list, items.map((key) => h("li", {}, h("div", { class: "heading" },
    h("div", {}, h("strong", { class: "break" }, key.name), " ", h("code", {}, `${key.prefix}…`),
      h("div", { class: "quiet" }, `Made ${date(key.created_at)}, `, key.last_used_at ? ["last used ", timeElement(key.last_used_at)] : "never used")),
    button("End", async () => {
      if (!(await confirm({ title: `End the key “${key.name}”?`, body: "Programs that use it are turned away at once.", action: "End the key", danger: true }))) return;
      await del(`/api/auth/keys/${key.id}/`);
      await keys();
    }, "small danger")))));
  list.removeAttribute("aria-busy");
}

function newKey() {
  onSubmit(byID("key"), async ({ name }, form) => {
    const made = await post("/api/auth/keys/", { name });
    form.reset();
    fill(byID("new-key"), h("div", { class: "notice good", tabindex: "-1", id: "made-key" },
      h("p", {}, h("strong", {}, "Copy this key now."), " It is not shown again."),
      h("p", { class: "actions" }, h("code", { class: "break" }, made.key), copyButton(made.key))));
    byID("made-key").focus();
    await keys();
  });
}

// What belongs to one chatbot, beside its documents. Exports are given a few times an hour; what is refused is named as left out.
async function contentsOf(chatbot) {
  const api = `/api/chatbots/${chatbot.id}/`;
  const lines = async (part) => {
    try {
      const text = await (await request("GET", `${api}${part}`)).text();
      return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    } catch (error) {
      if (error.status !== 429) throw error;
      return null;
    }
  };
  return {
    ...chatbot, sources: await all(`${api}sources/`, 2000), guidance: await all(`${api}guidance/`),
    conversations: await lines("conversations/export/"), leads: await lines("leads/export/?format=jsonl"),
  };
}

function exportData() {
  const start = byID("export");
  start.addEventListener("click", () => busy(start, async () => {
    const [account, usage, plan, chatbots, keyList, sessionList] = await Promise.all([
      get("/api/auth/me"), get("/api/usage/"), get("/api/billing/plan/"), all("/api/chatbots/"), get("/api/auth/keys/"),
      get("/api/auth/sessions/")]);
    const contents = [];
    for (const chatbot of chatbots) {
      byID("export-said").textContent = `${chatbot.name}…`;
      contents.push(await contentsOf(chatbot));
    }
    const isPart = contents.some(({ conversations, leads }) => conversations === null || leads === null);
    byID("export-said").textContent = isPart
      ? "Conversations and leads of some chatbots are null in the file: they are given ten times an hour. Take those in an hour."
      : "";
    const text = JSON.stringify({ account, usage, plan, chatbots: contents, keys: keyList.items, sessions: sessionList.items }, null, 2);
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "bobbin-account.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }));
}

function removal(user) {
  onSubmit(byID("removal"), async ({ password }) => {
    const agreed = await confirm({
      title: "Delete the account?", word: user.email, action: "Delete everything", danger: true,
      body: "All chatbots of this account stop answering now, and their data is removed.",
    });
    if (!agreed) return;
    await del("/api/auth/me", user.has_password ? { password } : {});
    await signOut().catch(() => location.assign("/"));
  });
}

await page(async (user) => {
  person(user);
  newKey();
  exportData();
  removal(user);
  byID("everywhere").addEventListener("click", (event) => busy(event.target, () => signOut(true)));
  await Promise.all([sessions(), keys()]);
});
