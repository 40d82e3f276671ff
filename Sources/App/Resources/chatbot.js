// What every page of a chatbot begins with: the chatbot itself, its name and state above the tabs.

import { all, get } from "./api.js";
import { byID, fill } from "./dom.js";
import { page } from "./shell.js";
import { chatbotBadge } from "./ui.js";

// The id that the page's address names, and the address of its API.
export const chatbotID = document.querySelector("[data-chatbot]")?.dataset.chatbot ?? "";
export const api = `/api/chatbots/${chatbotID}/`;

// All sources, however many pages of them there are.
export const loadSources = () => all(`${api}sources/`, 2000);

// The tab's name, as the server has written it: "Privacy · Bobbin".
const [tab] = document.title.split(" · ");

// Shows a chatbot's name and state, now and whenever they change.
export function showChatbot(chatbot) {
  byID("chatbot-name").textContent = chatbot.name;
  document.title = `${tab} · ${chatbot.name} · Bobbin`;
  fill(byID("chatbot-state"), chatbotBadge(chatbot));
  byID("chatbot").hidden = false;
}

// Begins a chatbot's page: `make(chatbot, user)` builds it.
export const chatbotPage = (make) =>
  page(async (user) => {
    const chatbot = await get(api);
    showChatbot(chatbot);
    await make(chatbot, user);
  });
