// The operator's view: accounts, chatbots, sources, trainings, queues, conversations, messages to CRMs, health, and who did what.

import { get, patch, post } from "./api.js";
import { byID, bytes, dateTime, duration, fill, h, number, timeElement } from "./dom.js";
import { failed, page } from "./shell.js";
import { badge, button, chatbotBadge, confirm, onSubmit, showDialog, showError, stateBadge, table, toast } from "./ui.js";
import { documentBadge, explain, sourceBadge } from "./words.js";

const tab = byID("tabs").dataset.tab;
const short = (id) => h("code", { title: id }, id.slice(-6));
// A chatbot by its id, opened where it stands.
const chatbotLink = (id) => button(short(id), () => lookInto("chatbots", id), "link");
// The last column of a list whose rows can be looked into.
const look = (of) => ({ title: "Look", cell: (row) => button("Open", () => lookInto(of, row.id), "small") });

// What a page shows of its list, column by column.
const columns = {
  users: [
    { title: "Email", cell: (user) => h("span", { class: "break" }, user.email) },
    { title: "Name", cell: (user) => user.name },
    { title: "Plan", cell: (user) => user.plan_tier },
    { title: "State", cell: (user) => [
      user.disabled ? badge("Suspended", "bad") : user.email_verified ? badge("Active", "good") : badge("Not confirmed", "warn"),
      user.is_admin && [" ", badge("Operator")]] },
    { title: "Since", cell: (user) => timeElement(user.created_at) },
    { title: "Change", cell: (user) => button("Change…", () => changeUser(user), "small") },
  ],
  chatbots: [
    { title: "Name", cell: (chatbot) => h("span", { class: "break" }, chatbot.name) },
    // By which the other lists name it.
    { title: "Id", cell: (chatbot) => short(chatbot.id) },
    { title: "State", cell: (chatbot) => chatbotBadge(chatbot) },
    { title: "Link", cell: (chatbot) => chatbot.is_public ? h("a", { href: chatbot.share_url }, chatbot.public_url_slug) : "not public" },
    { title: "Sources", numeric: true, cell: (chatbot) => number(chatbot.sources_count) },
    { title: "Passages", numeric: true, cell: (chatbot) => number(chatbot.chunks_count) },
    { title: "Made", cell: (chatbot) => timeElement(chatbot.created_at) },
    look("chatbots"),
  ],
  sources: [
    { title: "Name", cell: (source) => h("span", { class: "break" }, source.name) },
    { title: "Kind", cell: (source) => source.source_type },
    { title: "State", cell: (source) => sourceBadge(source) },
    { title: "Visibility", cell: (source) => source.is_citable ? "Citable" : badge("Learn only", "private") },
    { title: "Size", numeric: true, cell: (source) => bytes(source.bytes) },
    { title: "Chatbot", cell: (source) => chatbotLink(source.chatbot_id) },
    { title: "Added", cell: (source) => timeElement(source.created_at) },
    look("sources"),
  ],
  documents: [
    { title: "Document", cell: ({ document }) => h("span", { class: "break", dir: "auto" }, document.title || document.uri) },
    { title: "State", cell: ({ document }) => documentBadge(document) },
    { title: "Why", cell: ({ document }) => why(document) },
    { title: "Tries", numeric: true, cell: ({ document }) => number(document.tries) },
    { title: "Since", cell: ({ document }) => duration(document.age_seconds) },
    { title: "Chatbot", cell: (row) => chatbotLink(row.chatbot_id) },
    { title: "Look", cell: ({ document }) => button("Its source", () => lookInto("sources", document.source_id), "small") },
  ],
  runs: [
    { title: "Began", cell: (run) => timeElement(run.started_at) },
    { title: "State", cell: (run) => [stateBadge(run.state), run.held_reason && h("div", { class: "quiet" }, run.held_reason)] },
    { title: "Trigger", cell: (run) => run.trigger },
    { title: "Documents", cell: (run) => Object.entries(run.documents).map(([state, count]) => `${number(count)} ${state}`).join(", ") },
    { title: "Took", cell: (run) => run.finished_at ? duration((new Date(run.finished_at) - new Date(run.started_at)) / 1000) : "still going" },
    { title: "Chatbot", cell: (run) => chatbotLink(run.chatbot_id) },
  ],
  conversations: [
    { title: "Last message", cell: (conversation) => timeElement(conversation.last_message_at) },
    { title: "First question", cell: (conversation) => h("span", { class: "break", dir: "auto" }, conversation.question ?? "") },
    { title: "Messages", numeric: true, cell: (conversation) => number(conversation.messages) },
    { title: "Where", cell: (conversation) => conversation.channel },
    { title: "Chatbot", cell: (conversation) => chatbotLink(conversation.chatbot_id) },
    look("conversations"),
  ],
  deliveries: [
    { title: "Made", cell: (delivery) => timeElement(delivery.created_at) },
    { title: "State", cell: (delivery) => badge(delivery.state, { sent: "good", waiting: "warn" }[delivery.state] ?? "bad") },
    { title: "Tries", numeric: true, cell: (delivery) => number(delivery.tries) },
    { title: "Last answer", cell: (delivery) => h("span", { class: "break" }, delivery.last_error ?? delivery.last_status ?? "") },
    { title: "Next try", cell: (delivery) => (delivery.next_at ? timeElement(delivery.next_at) : "") },
    { title: "Chatbot", cell: (delivery) => chatbotLink(delivery.chatbot_id) },
    look("deliveries"),
  ],
  audit: [
    { title: "When", cell: (entry) => h("span", { title: entry.at }, dateTime(entry.at)) },
    { title: "Who", cell: (entry) => h("span", { class: "break" }, entry.actor, " ", entry.actor_id && short(entry.actor_id)) },
    { title: "What", cell: (entry) => entry.action },
    { title: "Of", cell: (entry) => [entry.object, " ", entry.object_id && short(entry.object_id)] },
    { title: "Detail", cell: (entry) => h("span", { class: "break" }, entry.detail) },
  ],
};

const why = (document) => {
  const found = explain(document.reason, document.message);
  return found ? h("span", { class: "break" }, [found.what, found.detail || found.remedy].filter(Boolean).join(". ")) : "";
};

const facts = (rows) => h("dl", { class: "facts" }, rows.filter(([, text]) => text !== null && text !== "")
  .map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", { class: "break", dir: "auto" }, text))));

// What a dialog shows of one thing.
const details = {
  chatbots: ({ chatbot, owner, sources }) => [chatbot.name,
    facts([["Id", chatbot.id], ["State", chatbotBadge(chatbot)], ["Owner", owner?.email ?? "this server"], ["Plan", owner?.plan_tier ?? ""],
      ["Privacy", chatbot.privacy_mode], ["Generation", chatbot.generation === null ? "none yet" : number(chatbot.generation)],
      ["Link", chatbot.is_public ? chatbot.share_url : "not public"]]),
    sources.length > 0 ? table("Sources", columns.sources.filter(({ title }) => title !== "Chatbot"), sources)
      : h("p", { class: "quiet" }, "It has no source.")],
  sources: ({ source, documents }) => [source.name,
    facts([["Id", source.id], ["Kind", source.source_type], ["Address", source.source_url ?? ""], ["State", sourceBadge(source)],
      ["Visibility", source.is_citable ? "Citable" : "Learn only"], ["What is wrong", source.error_message ?? ""],
      ["Documents", `${number(source.documents.live)} of ${number(source.documents.total)} answer, ${number(source.documents.failed)} ended`]]),
    documents.length > 0 ? table("Documents", columns.documents.slice(0, 5), documents.map((document) => ({ document })))
      : h("p", { class: "quiet" }, "Nothing of it has been named yet.")],
  conversations: ({ conversation, messages }) => [conversation.question ?? "Conversation",
    facts([["Id", conversation.id], ["Where", conversation.channel], ["Last message", timeElement(conversation.last_message_at)]]),
    table("Messages", [
      { title: "Who", cell: (message) => (message.role === "user" ? "Visitor" : "Chatbot") },
      { title: "Said", cell: (message) => h("span", { class: "break", dir: "auto" }, message.content) },
      { title: "When", cell: (message) => timeElement(message.created_at) },
    ], messages)],
  deliveries: (delivery) => ["Message to a CRM",
    facts([["Id", delivery.id], ["State", delivery.state], ["Tries", number(delivery.tries)], ["Last answer", delivery.last_status ?? ""],
      ["What went wrong", delivery.last_error ?? ""], ["Took", delivery.milliseconds === null ? "" : `${number(delivery.milliseconds)} ms`],
      ["Next try", delivery.next_at ? timeElement(delivery.next_at) : ""]]),
    h("pre", { class: "reading", tabindex: "0" }, delivery.payload)],
};

async function lookInto(of, id) {
  try {
    const [title, ...parts] = details[of](await get(`/api/admin/${of}/${id}/`));
    showDialog(title, h("div", {}, parts));
  } catch (error) {
    showError(error);
  }
}

const names = { users: "Users", documents: "Failures", chatbots: "Chatbots", sources: "Sources", runs: "Trainings", conversations: "Conversations", deliveries: "Messages to CRMs", audit: "Audit log" };

// A list with filters and "Show more". Filters stand in the page's address.
async function list() {
  const found = [];
  let cursor = null;
  const more = byID("more");
  const load = async () => {
    const query = new URLSearchParams([...new URLSearchParams(location.search)].filter(([, value]) => value));
    query.set("limit", "50");
    if (cursor) query.set("cursor", cursor);
    const answer = await get(`/api/admin/${tab}/?${query}`);
    found.push(...answer.items);
    cursor = answer.next_cursor;
    fill(byID("list"), found.length ? table(names[tab], columns[tab], found) : h("p", { class: "empty quiet" }, "There is nothing here."));
    more.hidden = !cursor;
  };
  const filters = byID("filters");
  filters.hidden = filters.elements.length < 2;
  const given = new URLSearchParams(location.search);
  for (const control of filters.elements) if (control.name) control.value = given.get(control.name) ?? "";
  filters.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
    history.replaceState(null, "", `${location.pathname}${wanted.size ? `?${wanted}` : ""}`);
    found.length = 0;
    cursor = null;
    await load().catch(showError);
  });
  more.addEventListener("click", () => load().catch(showError));
  await load();
  return async () => {
    found.length = 0;
    cursor = null;
    await load();
  };
}

let reload = async () => {};

function changeUser(user) {
  const option = (value) => h("option", { value, selected: value === user.plan_tier }, value);
  const form = h("form", { id: "user" },
    h("div", { class: "field" }, h("label", { for: "plan" }, "Plan"), h("select", { id: "plan", name: "plan_tier" }, ["free", "pro", "enterprise"].map(option))),
    h("div", { class: "field" }, h("label", { for: "quota" }, "Messages a month, if other than the plan's"),
      h("input", { id: "quota", name: "message_quota", type: "number", min: "0", max: "1000000000", value: user.message_quota ?? "" })),
    h("div", { class: "choices" },
      h("label", { class: "choice" }, h("input", { type: "checkbox", name: "disabled", checked: user.disabled }), h("span", {}, h("strong", {}, "Suspended"), h("br"), "Cannot sign in; chatbots stop answering.")),
      h("label", { class: "choice" }, h("input", { type: "checkbox", name: "is_admin", checked: user.is_admin }), h("span", {}, h("strong", {}, "Operator"), h("br"), "Sees and changes all accounts."))),
    h("div", { class: "alert", role: "alert" }),
    h("p", { class: "actions end" }, h("button", { type: "submit", class: "primary" }, "Save")));
  const dialog = showDialog(user.email, form);
  onSubmit(form, async (values) => {
    const wanted = {
      plan_tier: values.plan_tier, message_quota: values.message_quota === "" ? null : Number(values.message_quota),
      disabled: values.disabled === "on", is_admin: values.is_admin === "on",
    };
    const changes = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== user[key]));
    const isGrave = changes.disabled || "is_admin" in changes;
    if (isGrave && !(await confirm({ title: "Are you sure?", danger: true, action: "Yes, change it",
      body: changes.disabled ? `${user.email} will be signed out, and their chatbots will stop answering.` : `${user.email} ${changes.is_admin ? "will see and change all accounts" : "will no longer be an operator"}.` }))) return;
    await patch(`/api/admin/users/${user.id}/`, changes);
    dialog.close();
    toast("Saved.");
    await reload();
  });
}

function invitations() {
  onSubmit(byID("invite"), async ({ email }, form) => {
    await post("/api/admin/users/", { email });
    form.reset();
    toast("The invitation is on its way.");
    await reload();
  });
}

const stages = ["fetch", "extract", "chunk", "embed", "index", "ledger"];

const moveWords = {
  retry: { name: "Try again", done: "It is tried again." },
  hold: { name: "Hold", done: "It waits until it is released." },
  release: { name: "Release", done: "It goes on." },
  drop: { name: "Drop", done: "It is taken out." },
};

// The items behind a count, each with what may be done to it.
async function showItems(queue) {
  const list = h("div", { "aria-busy": "true" });
  showDialog(`${queue.stage}: ${queue.state}`, list);
  const load = async () => {
    const { total, items } = await get(`/api/admin/spool/items/?${new URLSearchParams({ stage: queue.stage, state: queue.state })}`);
    fill(list, items.length
      ? table("Items", [
        { title: "Item", cell: (item) => h("code", { title: item.id }, item.id.slice(0, 8)) },
        { title: "Chatbot", cell: (item) => short(item.chatbot_id) },
        { title: "Due", cell: (item) => timeElement(item.due_at) },
        { title: "Tries", numeric: true, cell: (item) => number(item.tries) },
        { title: "Why", cell: (item) => item.reason ?? "" },
        { title: "Size", numeric: true, cell: (item) => bytes(item.bytes) },
        { title: "Move", cell: (item) => item.moves.map((move) => button(moveWords[move].name, () => act(item, move), "small")) },
      ], items)
      : h("p", { class: "empty quiet" }, "Nothing is there any more."),
    total > items.length && h("p", { class: "quiet" }, `${number(total - items.length)} more: `, h("code", {}, `bobbin spool ls ${queue.stage} ${queue.state}`)));
    list.removeAttribute("aria-busy");
  };
  async function act(item, move) {
    if (move === "drop" && !(await confirm({ title: "Take this item out?", danger: true, action: "Take it out",
      body: "Its documents end here and are not trained until their owner starts again." }))) return;
    await post(`/api/admin/spool/${item.stage}/${item.id}/${move}/`);
    toast(moveWords[move].done);
    await load();
  }
  await load();
}

// The spool's shape, anew every two seconds while somebody looks.
async function spool() {
  let shown = "";
  const show = async () => {
    const { queues } = await get("/api/admin/spool/");
    const text = JSON.stringify(queues);
    if (text === shown) return;
    shown = text;
    const rows = queues.filter((queue) => queue.items || queue.strays)
      .sort((a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage) || a.state.localeCompare(b.state));
    fill(byID("list"), rows.length
      ? table("Queues", [
        { title: "Stage", cell: (queue) => h("strong", {}, queue.stage) },
        { title: "State", cell: (queue) => queue.state },
        { title: "Items", numeric: true, cell: (queue) => queue.items && queue.stage !== "ledger"
          ? button(number(queue.items), () => showItems(queue), "link") : number(queue.items) },
        { title: "Due now", numeric: true, cell: (queue) => number(queue.due) },
        { title: "Oldest", numeric: true, cell: (queue) => queue.oldest_seconds === null ? "" : duration(queue.oldest_seconds) },
        { title: "Next due", cell: (queue) => queue.next_due_at ? timeElement(queue.next_due_at) : "" },
        { title: "Of chatbots", cell: (queue) => queue.largest.map((lane) => h("span", {}, short(lane.chatbot_id), ` ${number(lane.items)} `)) },
      ], rows)
      : h("p", { class: "empty quiet" }, "Nothing waits: every queue is empty."));
  };
  await show();
  setInterval(() => {
    if (document.visibilityState === "visible") show().catch(showError);
  }, 2000);
}

async function health() {
  const { ready, probes } = await get("/api/admin/health/");
  fill(byID("list"), h("p", {}, "This server is ", ready ? badge("Ready", "good") : badge("Not ready", "bad")),
    table("Probes", [
      { title: "Probe", cell: (probe) => h("strong", {}, probe.name) },
      { title: "State", cell: (probe) => probe.ok ? badge("Right", "good") : badge("Wrong", "bad") },
      { title: "What it found", cell: (probe) => probe.detail || "nothing to say" },
    ], probes),
    h("p", { class: "quiet" }, "At the command line, ", h("code", {}, "bobbin doctor"), " looks the whole installation over and says what to do."));
}

await page(async (user) => {
  if (!user.is_admin) return failed({ status: 404 });
  if (tab === "spool") await spool();
  else if (tab === "health") await health();
  else reload = await list();
  if (tab === "users") invitations();
  byID("list").removeAttribute("aria-busy");
});
