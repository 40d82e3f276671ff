// One conversation: what was asked and answered, with sources, ratings, and where each answer came from.

import { del, get, post } from "./api.js";
import { api, chatbotID, chatbotPage, loadSources } from "./chatbot.js";
import { byID, dateTime, fill, h, number, plural, timeElement } from "./dom.js";
import { MarkdownView } from "./markdown.js";
import { traceOf, traceView } from "./trace.js";
import { badge, button, busy, confirm, showDialog } from "./ui.js";

const id = byID("conversation-script").dataset.conversation;
const list = `/chatbots/${chatbotID}/conversations/`;
const channels = { share: "over the link", embed: "on a site", api: "over the API", preview: "your own preview" };

// "page 5 · Holidays", "at 2:05".
function placeText({ page, heading, second }) {
  const time = Number.isInteger(second) && `at ${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`;
  return [page && `page ${page}`, time, heading].filter(Boolean).join(" · ");
}

function sources(message) {
  return h("details", { class: "message-sources" }, h("summary", {}, plural(message.sources.length, "source")),
    h("ul", { class: "plain list" }, message.sources.map((source) => h("li", {},
      h("span", { class: "mark-number" }, String(source.n)), " ", h("strong", { class: "break" }, source.title || "Untitled"),
      h("span", { class: "quiet" }, ` ${placeText(source.place)}`), h("blockquote", { dir: "auto" }, source.quote)))));
}

function ratingOf(message) {
  if (message.feedback === 1) return badge("Found helpful", "good");
  return message.feedback === -1 && badge("Found not helpful", "bad");
}

function answer(message, names) {
  const body = h("div", { class: "chat-body", dir: "auto" });
  const known = new Set(message.sources.map((source) => source.n));
  if (message.content) {
    new MarkdownView(body).show(message.content, { key: "ended", cite: (n, literal) => (known.has(n) ? h("span", { class: "mark-number" }, String(n)) : literal) });
  } else {
    body.append(h("p", { class: "quiet" }, "This answer broke off."));
  }
  return h("li", { class: "message answer" },
    h("p", { class: "message-who" }, h("strong", {}, "Answer"), message.answered === false && badge("Not found in the documents", "warn"), ratingOf(message)),
    body,
    message.comment && h("p", { class: "notice bad comment" }, h("strong", {}, "The visitor wrote: "), h("span", { class: "break" }, message.comment)),
    message.sources.length > 0 && sources(message),
    h("p", {}, button("Why this answer", async () => {
      const trace = await traceOf(id, message.id);
      showDialog("Why this answer", h("div", { class: "trace" }, traceView(trace, names, "dialog-cited")));
    }, "link")));
}

const question = (message) => h("li", { class: "message question" },
  h("p", { class: "message-who" }, h("strong", {}, "Visitor"), h("span", { class: "quiet" }, timeElement(message.created_at))),
  h("p", { class: "break said", dir: "auto" }, message.content));

// After what cannot be undone: what went, and the way on.
function gone(title, ...words) {
  const section = h("section", { class: "empty", tabindex: "-1" }, h("h2", {}, title), words,
    h("p", { class: "actions" }, h("a", { class: "button primary", href: list }, "All conversations")));
  fill(byID("main"), section);
  section.focus();
}

await chatbotPage(async () => {
  const [{ conversation, messages }, found] = await Promise.all([get(`${api}conversations/${id}/`), loadSources()]);
  const names = new Map(found.map((source) => [source.id, source.name]));
  byID("when").textContent = `Conversation of ${dateTime(conversation.created_at)}`;
  fill(byID("facts"),
    h("dt", {}, "Asked"), h("dd", {}, `${plural(conversation.messages, "question")}, ${channels[conversation.channel] ?? conversation.channel}`),
    h("dt", {}, "Visitor"), h("dd", {}, h("code", {}, conversation.session_id)));
  fill(byID("messages"), messages.map((message) => (message.role === "user" ? question(message) : answer(message, names))));
  byID("messages").removeAttribute("aria-busy");

  const remove = byID("remove");
  remove.addEventListener("click", () => busy(remove, async () => {
    const agreed = await confirm({
      title: "Delete this conversation?", action: "Delete", danger: true,
      body: `Its ${plural(messages.length, "message")} are deleted for good. The visitor's leads stay.`,
    });
    if (!agreed) return;
    await del(`${api}conversations/${id}/`);
    gone("The conversation is deleted", h("p", {}, `${plural(messages.length, "message")} are gone.`));
  }));
  const erase = byID("erase");
  erase.addEventListener("click", () => busy(erase, async () => {
    const agreed = await confirm({
      title: "Forget this visitor?", action: "Forget this visitor", danger: true,
      body: "Everything that this visitor said, was told and left (name, address, message) is deleted for good.",
    });
    if (!agreed) return;
    const receipt = await post(`${api}erase/`, { session_id: conversation.session_id });
    gone("The visitor is forgotten", h("dl", { class: "figures" }, [["Conversations", receipt.conversations], ["Messages", receipt.messages], ["Leads", receipt.leads]]
      .map(([name, count]) => h("div", {}, h("dt", {}, name), h("dd", {}, number(count))))));
  }));
});
