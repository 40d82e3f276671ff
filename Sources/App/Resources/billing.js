// Plan and usage: what this month has used, of which chatbot, and what each plan allows.

import { all, get } from "./api.js";
import { byID, bytes, date, fill, h, number } from "./dom.js";
import { page } from "./shell.js";
import { badge, gauge, table } from "./ui.js";

// What plans differ in, in the order people ask for it.
const rows = [
  ["Messages a month", (limits) => number(limits.messages)],
  ["Chatbots", (limits) => number(limits.chatbots)],
  ["Sources each", (limits) => number(limits.sources)],
  ["Passages each", (limits) => number(limits.chunks)],
  ["Storage", (limits) => bytes(limits.bytes)],
  ["One file at most", (limits) => bytes(limits.file_bytes)],
  ["Model tokens a month", (limits) => number(limits.model_tokens)],
  ["Trainings kept for undo", (limits) => number(limits.generations)],
  ["Conversations kept at most", (limits) => (limits.retention_days ? `${limits.retention_days} days` : "as long as you like")],
  ["API requests a minute", (limits) => number(limits.requests_per_minute)],
];

const name = (tier) => tier[0].toUpperCase() + tier.slice(1);

function showUsage(usage, plan) {
  const tokens = usage.tokens_in + usage.tokens_out;
  const { limits } = plan;
  fill(byID("usage"),
    h("p", {}, "Plan ", badge(name(plan.tier), "good"), ` until ${date(usage.period_end)}, when counting begins anew.`),
    gauge("Messages answered", usage.messages_used, usage.message_quota, number),
    gauge("Model tokens", tokens, limits.model_tokens, number),
    gauge("Chatbots", usage.chatbots, limits.chatbots, number),
    gauge("Storage", usage.bytes, limits.bytes, bytes),
    h("p", { class: "facts quiet" }, h("span", {}, `${number(usage.sources)} sources`), h("span", {}, `${number(usage.chunks)} passages`)),
    usage.messages_limited > 0 && h("p", { class: "notice warn" },
      `${number(usage.messages_limited)} questions came when no message was left: visitors were told so politely.`));
}

function showChatbots(usage, chatbots) {
  const names = new Map(chatbots.map((chatbot) => [chatbot.id, chatbot.name]));
  const used = [...usage.by_chatbot].sort((a, b) => b.messages - a.messages);
  fill(byID("by-chatbot"), used.length
    ? table("Messages by chatbot", [
      { title: "Chatbot", cell: (row) => names.has(row.chatbot_id)
        ? h("a", { href: `/chatbots/${row.chatbot_id}/conversations/` }, names.get(row.chatbot_id)) : "removed since" },
      { title: "Messages", numeric: true, cell: (row) => number(row.messages) }], used)
    : h("p", { class: "quiet" }, "No messages yet this month."));
}

await page(async () => {
  const [usage, plan, plans, chatbots] = await Promise.all([
    get("/api/usage/"), get("/api/billing/plan/"), get("/api/billing/plans/"), all("/api/chatbots/")]);
  showUsage(usage, plan);
  showChatbots(usage, chatbots);
  fill(byID("plans"), table("Plans", [
    { title: "Limit", cell: ([title]) => h("strong", {}, title) },
    ...plans.items.map(({ tier, limits }) => ({
      title: tier === plan.tier ? `${name(tier)} (yours)` : name(tier), numeric: true, cell: ([, text]) => text(limits),
    }))], rows));
  for (const element of document.querySelectorAll("[aria-busy]")) element.removeAttribute("aria-busy");
});
