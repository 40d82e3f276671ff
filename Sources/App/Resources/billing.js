// Plan and usage: what this month has used, of which chatbot, what each plan allows, and the way to buy one. Buying and changing
// happen on Stripe's pages: no card is ever typed here.

import { all, get, post } from "./api.js";
import { byID, bytes, date, fill, h, money, number } from "./dom.js";
import { page } from "./shell.js";
import { badge, button, gauge, showError, table } from "./ui.js";

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

// How what is paid for stands, when that is worth a word.
const standing = (plan) => {
  if (plan.grace_until) {
    const end = new Date(plan.grace_until) > new Date() ? `The plan stays until ${date(plan.grace_until)}.` : "The plan has ended; nothing was deleted.";
    return ["warn", `A payment has failed and is tried again. ${end} Look at the card under “Manage payments”.`];
  }
  if (plan.cancel_at_period_end) return ["warn", `The plan ends on ${date(plan.period_end)} and is not paid for again. Nothing is deleted then.`];
  const words = {
    trialing: "This is a trial.", unpaid: "The plan has not been paid for and rests. Nothing was deleted.",
    paused: "The plan rests. Nothing was deleted.", incomplete: "The first payment has not come through yet.",
  }[plan.status];
  return words ? [plan.status === "trialing" ? "" : "warn", words] : null;
};

const leaveFor = async (path, body) => {
  location.assign((await post(path, body)).url);
  // The button waits until the page is left.
  await new Promise(() => {});
};

function showBuying(plan, plans) {
  const offers = plans.filter(({ tier, is_offered }) => is_offered && tier !== plan.tier);
  fill(byID("buying"),
    plan.can_buy && offers.map(({ tier, price }) => button(`Choose ${name(tier)}${price ? `, ${price}` : ""}`, () => leaveFor("/api/billing/checkout/", { tier }), "primary")),
    plan.can_manage && button("Manage payments", () => leaveFor("/api/billing/portal/")));
  const kept = "What is over the limits of a smaller plan is kept: the oldest chatbots go on, the others pause until there is room.";
  fill(byID("plan-words"), plan.can_buy || plan.can_manage
    ? `Payments are made on Stripe’s pages; no card is kept here. ${kept}`
    : `The operator of this server sets plans; ask there for another one. ${kept}`);
}

// Back from Stripe: its word comes to the server by another way, mostly within seconds.
async function showReturn(plan, show) {
  const came = new URLSearchParams(location.search).get("checkout");
  if (!came) return;
  // Loading the page again shall not thank again.
  history.replaceState(null, "", location.pathname);
  const say = (kind, text) => fill(byID("payment"), h("p", { class: `notice ${kind}` }, text));
  if (came !== "done") return say("", "Nothing was bought.");
  for (let tries = 0; plan.can_buy && tries < 20; tries += 1) {
    say("", "Thank you. Waiting for Stripe’s word…");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    plan = await get("/api/billing/plan/");
  }
  if (plan.can_buy) return say("warn", "Stripe has not told us yet. Load this page again in a few minutes; the plan begins by itself.");
  say("good", `Thank you. The plan is ${name(plan.tier)} now.`);
  await show(plan);
}

function showUsage(usage, plan) {
  const tokens = usage.tokens_in + usage.tokens_out;
  const { limits } = plan;
  fill(byID("usage"),
    h("p", {}, "Plan ", badge(name(plan.tier), "good"), ` until ${date(usage.period_end)}, when counting begins anew.`),
    standing(plan) && h("p", { class: `notice ${standing(plan)[0]}` }, standing(plan)[1]),
    gauge("Messages answered", usage.messages_used, usage.message_quota, number),
    gauge("Model tokens", tokens, limits.model_tokens, number),
    gauge("Chatbots", usage.chatbots, limits.chatbots, number),
    gauge("Storage", usage.bytes, limits.bytes, bytes),
    h("p", { class: "facts quiet" }, h("span", {}, `${number(usage.sources)} sources`), h("span", {}, `${number(usage.chunks)} passages`),
      usage.tokens_embedded > 0 && h("span", {}, `${number(usage.tokens_embedded)} tokens of passages worked out`)),
    usage.cost && h("p", {}, "Tokens have cost ", h("strong", {}, money(usage.cost)), " this month."),
    usage.messages_limited > 0 && h("p", { class: "notice warn" },
      `${number(usage.messages_limited)} questions came when no message was left: visitors were told so politely.`));
}

function showChatbots(usage, chatbots) {
  const names = new Map(chatbots.map((chatbot) => [chatbot.id, chatbot.name]));
  const all = (row) => row.tokens_embedded + row.tokens_in + row.tokens_out;
  const used = [...usage.by_chatbot].sort((a, b) => b.messages - a.messages || all(b) - all(a));
  const cost = usage.cost && { title: "Cost", numeric: true, cell: (row) => money(row.cost) };
  fill(byID("by-chatbot"), used.length
    ? table("Use by chatbot", [
      { title: "Chatbot", cell: (row) => names.has(row.chatbot_id)
        ? h("a", { href: `/chatbots/${row.chatbot_id}/conversations/` }, names.get(row.chatbot_id)) : "removed since" },
      { title: "Messages", numeric: true, cell: (row) => number(row.messages) },
      { title: "Tokens", numeric: true, cell: (row) => number(all(row)) }, ...(cost ? [cost] : [])], used)
    : h("p", { class: "quiet" }, "Nothing was used yet this month."));
}

await page(async () => {
  const [usage, plan, plans, chatbots] = await Promise.all([
    get("/api/usage/"), get("/api/billing/plan/"), get("/api/billing/plans/"), all("/api/chatbots/")]);
  showChatbots(usage, chatbots);
  const show = (present, used) => {
    showUsage(used, present);
    showBuying(present, plans.items);
    fill(byID("plans"), table("Plans", [
      { title: "Limit", cell: ([title]) => h("strong", {}, title) },
      ...plans.items.map(({ tier, price, limits }) => ({
        title: tier === present.tier ? `${name(tier)} (yours)` : name(tier), numeric: true,
        cell: ([, text]) => (text ? text(limits) : price ?? "–"),
      }))], plans.items.some(({ price }) => price) ? [["Price", null], ...rows] : rows));
  };
  show(plan, usage);
  for (const element of document.querySelectorAll("[aria-busy]")) element.removeAttribute("aria-busy");
  // The page stands meanwhile.
  showReturn(plan, async (present) => show(present, await get("/api/usage/"))).catch(showError);
});
