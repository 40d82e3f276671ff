// The account's chatbots as cards, and what is left of the plan.

import { get, upload } from "./api.js";
import { bytes, byID, date, fill, h, number, plural, timeElement } from "./dom.js";
import { page } from "./shell.js";
import { chatbotBadge, gauge, showError } from "./ui.js";

// Where a click on a chatbot leads: one that has never answered goes on being made, one that could not be trained shows why.
const places = { empty: "setup/sources", training: "setup/train", held: "setup/train", failed: "sources" };
const place = (chatbot) => `/chatbots/${chatbot.id}/${(chatbot.generation === null && places[chatbot.state]) || "talk"}/`;

function card(chatbot, used) {
  return h("li", {},
    h("article", { class: "card chatbot" },
      h("div", { class: "heading" }, h("h2", {}, h("a", { class: "cover", href: place(chatbot) }, chatbot.name)), chatbotBadge(chatbot)),
      chatbot.description && h("p", { class: "quiet clamp" }, chatbot.description),
      chatbot.paused_reason && h("p", { class: "notice warn" },
        "It gives no answers: the plan has room for fewer chatbots, and the oldest go first. Nothing of it is lost."),
      h("p", { class: "facts" },
        h("span", {}, plural(chatbot.sources_count, "source")), h("span", {}, plural(chatbot.chunks_count, "passage")),
        h("span", {}, `${plural(used, "message")} this month`)),
      h("p", { class: "quiet" }, chatbot.trained_at ? ["Trained ", timeElement(chatbot.trained_at)] : "Not trained yet",
        chatbot.is_public ? "" : " · not public")));
}

await page(async (user) => {
  const [first, usage] = await Promise.all([get("/api/chatbots/?limit=50"), get("/api/usage/")]);
  const used = new Map(usage.by_chatbot.map((row) => [row.chatbot_id, row.messages]));
  const list = byID("chatbots");
  const more = byID("more");
  let cursor = null;
  const show = (found) => {
    list.append(...found.items.map((chatbot) => card(chatbot, used.get(chatbot.id) ?? 0)));
    cursor = found.next_cursor;
    more.hidden = !cursor;
  };
  show(first);
  list.removeAttribute("aria-busy");
  byID("none").hidden = first.items.length > 0;
  more.addEventListener("click", async () => {
    try {
      show(await get(`/api/chatbots/?limit=50&cursor=${encodeURIComponent(cursor)}`));
    } catch (error) {
      showError(error);
    }
  });
  const left = Math.max(0, usage.message_quota - usage.messages_used);
  const box = fill(byID("usage"),
    gauge("Messages answered", usage.messages_used, usage.message_quota, number),
    h("p", { class: "quiet" }, `${plural(left, "message")} left until ${date(usage.period_end)} · plan `,
      h("a", { href: "/billing/" }, user.plan_tier), ` · ${bytes(usage.bytes)} stored`));
  box.hidden = false;
  byID("archive").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    const label = document.querySelector("label[for=archive]");
    const words = label.textContent;
    const say = (fraction) => {
      label.textContent = fraction < 1 ? `Importing… ${Math.floor(fraction * 100)} %` : "Importing…";
    };
    try {
      say(0);
      const made = await upload("/api/chatbots/import/", form, { progress: say });
      location.assign(`/chatbots/${made.id}/talk/`);
    } catch (error) {
      showError(error);
    }
    label.textContent = words;
    event.target.value = "";
  });
});
