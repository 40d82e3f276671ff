// What visitors asked: a list that can be narrowed. The filters live in the address, so that a search can be kept and gone back to.

import { download, get, post } from "./api.js";
import { api, chatbotID, chatbotPage } from "./chatbot.js";
import { byID, dateTime, fill, h, plural, timeElement } from "./dom.js";
import { badge, busy, onSubmit, showDialog, showError } from "./ui.js";

const names = ["q", "from", "to", "answered", "feedback"];
const channels = { share: "Link", embed: "On a site", api: "Over the API", preview: "Your own preview" };
const channelWords = (channel) => channels[channel] ?? channel;

const wanted = () => {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]).filter(([, value]) => value));
};

function item(conversation) {
  const place = `/chatbots/${chatbotID}/conversations/${conversation.id}/`;
  return h("li", { class: "conversation" },
    h("div", {},
      h("a", { href: place, class: "break", dir: "auto" }, conversation.question || `Conversation of ${dateTime(conversation.created_at)}`),
      h("p", { class: "quiet facts" }, h("span", {}, plural(conversation.messages, "question")),
        h("span", {}, channelWords(conversation.channel)), h("span", {}, "last ", timeElement(conversation.last_message_at)))),
    h("span", { class: "badges" },
      conversation.unanswered > 0 && badge(`${conversation.unanswered} not found`, "warn"),
      conversation.feedback === 1 && badge("Helpful", "good"), conversation.feedback === -1 && badge("Not helpful", "bad")));
}

// A dialog that forgets everything of one person, and then shows what went.
function erase() {
  const form = h("form", {},
    h("p", {}, "All conversations and leads of this e-mail address are deleted for good."), h("div", { class: "alert", role: "alert" }),
    h("div", { class: "field" }, h("label", { for: "erase-email" }, "E-mail address that the visitor left"),
      h("input", { type: "email", id: "erase-email", name: "email", required: true, autocomplete: "off" })),
    h("p", { class: "hint" }, "Visitors without an address can be forgotten on the page of their conversation."),
    h("p", { class: "actions" }, h("button", { type: "submit", class: "danger" }, "Forget this person")));
  const dialog = showDialog("Forget a person", form);
  dialog.classList.remove("large");
  onSubmit(form, async ({ email }) => {
    const receipt = await post(`${api}erase/`, { email });
    const note = h("p", { class: "notice good", tabindex: "-1" },
      `Deleted: ${plural(receipt.conversations, "conversation")}, ${plural(receipt.messages, "message")}, ${plural(receipt.leads, "lead")}.`);
    form.replaceWith(note);
    note.focus();
    dialog.addEventListener("close", () => location.reload());
  });
}

await chatbotPage(async () => {
  const form = byID("filters");
  const list = byID("conversations");
  const more = byID("more");
  let cursor = null;
  let shown = 0;
  let turn = 0;

  function show(page, isFirst) {
    if (isFirst) fill(list);
    list.append(...page.items.map(item));
    shown = isFirst ? page.items.length : shown + page.items.length;
    cursor = page.next_cursor;
    more.hidden = !cursor;
    const isNarrowed = Object.keys(wanted()).length > 0;
    byID("none").hidden = shown > 0 || isNarrowed;
    byID("no-match").hidden = shown > 0 || !isNarrowed;
    byID("found").textContent = shown > 0 ? `${plural(shown, "conversation")}${cursor ? ", and there are more" : ""}` : "";
  }

  async function load() {
    const mine = (turn += 1);
    for (const name of names) form.elements[name].value = wanted()[name] ?? "";
    list.setAttribute("aria-busy", "true");
    try {
      const page = await get(`${api}conversations/?${new URLSearchParams({ limit: "25", ...wanted() })}`);
      if (mine === turn) show(page, true);
    } finally {
      list.removeAttribute("aria-busy");
    }
  }

  const narrow = async () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
    history.pushState(null, "", query.size ? `?${query}` : location.pathname);
    await load();
  };
  onSubmit(form, narrow);
  for (const name of ["answered", "feedback", "from", "to"]) {
    form.elements[name].addEventListener("change", () => narrow().catch(showError));
  }
  window.addEventListener("popstate", () => load().catch(showError));
  more.addEventListener("click", () => busy(more, async () => {
    const first = list.children.length;
    show(await get(`${api}conversations/?${new URLSearchParams({ limit: "25", ...wanted(), cursor })}`), false);
    list.children[first]?.querySelector("a").focus();
  }));
  byID("export").addEventListener("click", () => busy(byID("export"), () => download(`${api}conversations/export/`, "conversations.jsonl")));
  byID("erase").addEventListener("click", erase);
  await load();
});
