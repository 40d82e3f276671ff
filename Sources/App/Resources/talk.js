// An owner's preview of the chat, and beside it why the last answer, or one that is asked about, says what it says.

import { del, get, request } from "./api.js";
import { mount } from "./chat.js";
import { api, chatbotID, chatbotPage, loadSources } from "./chatbot.js";
import { byID, fill, h } from "./dom.js";
import { draft } from "./forms.js";
import { traceOf, traceView } from "./trace.js";
import { errorText } from "./ui.js";

// Questions travel as the owner's. Refusals carry what the chat says of them: how long to wait.
async function ask(message, { signal }) {
  try {
    return await request("POST", `/api/chat/${chatbotID}/`, { body: { message }, headers: { Accept: "text/event-stream" }, signal });
  } catch (error) {
    throw Object.assign(error, { wait: error.retryAfter ?? 0 });
  }
}

// An owner has one preview with a chatbot, which goes on until it is begun anew.
const previewOf = (conversations) => conversations.items.find((conversation) => conversation.channel === "preview")?.id ?? null;

function showUntrained(chatbot) {
  if (chatbot.state === "training") {
    byID("untrained-words").textContent = "The chatbot is reading its sources for the first time. When it has, you can talk to it here.";
  } else if (chatbot.state === "failed") {
    byID("untrained-words").textContent = "None of its sources could be read. See there what went wrong with each.";
  } else if (chatbot.sources_count > 0) {
    byID("untrained-words").textContent = "The chatbot has sources but has not been trained with them. Train it; then you can talk to it here.";
  }
  byID("untrained").hidden = false;
}

await chatbotPage(async (chatbot) => {
  if (chatbot.generation === null) return showUntrained(chatbot);
  byID("talk").hidden = false;
  const [sources, conversations] = await Promise.all([loadSources(), get(`${api}conversations/?limit=100`)]);
  const names = new Map(sources.map((source) => [source.id, source.name]));
  let conversation = previewOf(conversations);
  let shown = 0;

  async function explain(answer) {
    const turn = (shown += 1);
    const why = byID("why");
    byID("why-question").textContent = answer.question;
    const say = (text) => void fill(why, h("p", { class: "quiet" }, text));
    if (answer.limited) return say("This is the text for when a limit is reached. No source was asked.");
    if (!answer.message_id || answer.isStopped || answer.error) {
      return say("This answer did not come to its end, so there is nothing to follow back.");
    }
    why.setAttribute("aria-busy", "true");
    fill(why);
    try {
      const trace = await traceOf(answer.conversation_id, answer.message_id);
      if (turn === shown) fill(why, traceView(trace, names));
    } catch (error) {
      if (turn === shown) fill(why, h("p", { class: "notice bad" }, errorText(error)));
    } finally {
      why.removeAttribute("aria-busy");
    }
    return undefined;
  }

  const clear = () => {
    shown += 1;
    byID("why-question").textContent = "";
    fill(byID("why"), h("p", { class: "quiet" }, "Ask something to see where the answer comes from."));
  };

  // What was said before, with the last answer explained.
  async function history() {
    const { messages } = await get(`${api}conversations/${conversation}/`);
    const last = messages.findLastIndex((message) => message.role === "assistant");
    if (last > 0) explain({ message_id: messages[last].id, conversation_id: conversation, question: messages[last - 1].content });
    return messages;
  }

  let question = null;
  mount(byID("chat"), {
    chatbot: { name: chatbot.name, welcome: chatbot.welcome_text },
    suggestions: chatbot.suggested_questions ?? [],
    preview: true,
    // Until the server has taken it, a question is kept: the session may have ended.
    async ask(...asked) {
      const response = await ask(...asked);
      question.keep();
      return response;
    },
    history: conversation && history,
    async restart() {
      if (conversation) await del(`${api}conversations/${conversation}/`);
      conversation = null;
      clear();
    },
    onAnswer(answer) {
      conversation = answer.conversation_id ?? conversation;
      explain(answer);
    },
    actions: (answer) => answer.message_id && h("button", {
      type: "button", class: "link",
      on: {
        click() {
          explain(answer);
          byID("why-title").focus();
        },
      },
    }, "Why this answer"),
    bar: byID("talk-bar"),
  });
  question = draft(byID("question").form, `talk-${chatbotID}`);
  fill(byID("talk-public"), chatbot.is_public
    ? [h("a", { href: chatbot.share_url, target: "_blank", rel: "noopener" }, "Open it as visitors see it"), "."]
    : ["Visitors cannot reach it: it is ", h("a", { href: `/chatbots/${chatbotID}/share/` }, "not public"), "."]);
});
