// The pages on which a visitor talks to a chatbot: its own page, and the one that stands in a frame on other sites. Here is how a
// question travels: with a session's token, which is renewed when it has run out. No cookie, so none can be blocked; the tab's
// storage keeps a conversation over a reload. A frame that a browser keeps from its storage hands the session to the loader on the page
// around it, whose storage is its own, and is given it back there.

import { mount, refused } from "./chat.js";

const root = document.getElementById("chat");
const { id, name, token, resume, leads, leadAfter, consent, known, embed } = root.dataset;
const api = `/api/chat/${encodeURIComponent(id)}/`;

// The origin of the loader's page.
let host = null;

// MARK: The session

const storageKey = `bobbin-chat-${id}`;

// Storage throws where a browser keeps it from frames of other sites.
function stored(work) {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
}

const isStored = stored((storage) => storage.length >= 0) === true;
// A token as the server signs it.
const isToken = (value) => typeof value === "string" && value.length <= 4096 && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value);
const sessionOf = (value) => (isToken(value?.token) && isToken(value.resume) ? { token: value.token, resume: value.resume } : null);
const savedSession = () => sessionOf(stored((storage) => JSON.parse(storage.getItem(storageKey))));

const saved = savedSession();
let session = saved ?? { token, resume };
let isKept = saved !== null;

// Kept from the first question on: who only looks leaves nothing behind.
function keep() {
  isKept = true;
  const { token, resume } = session;
  if (isStored) stored((storage) => storage.setItem(storageKey, JSON.stringify({ token, resume })));
  else tellHost("keep", { token, resume });
}

function forget() {
  isKept = false;
  if (isStored) stored((storage) => storage.removeItem(storageKey));
  else tellHost("keep", null);
}

async function renew(body) {
  const response = await fetch(`${api}session/`, {
    method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!response.ok) throw await refused(response);
  session = await response.json();
  if (isKept) keep();
}

// The server's response to a call of this session.
async function call(method, path, { body, accept, signal } = {}) {
  const send = () => fetch(api + path, {
    method, signal, credentials: "omit",
    headers: {
      Authorization: `Bearer ${session.token}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(accept ? { Accept: accept } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const response = await send();
  if (response.status !== 401) return response;
  await renew({ resume: session.resume });
  return send();
}

async function insist(...request) {
  const response = await call(...request);
  if (!response.ok) throw Object.assign(await refused(response), { status: response.status });
  return response;
}

async function history() {
  const messages = [];
  let cursor = "";
  do {
    const page = await (await insist("GET", `history/?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)).json();
    messages.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && messages.length < 500);
  return messages;
}

async function restart() {
  await insist("DELETE", "session/");
  forget();
  await renew({});
}

// MARK: The page

const chat = mount(root, {
  chatbot: { name, welcome: root.querySelector(".chat-welcome")?.textContent.trim() },
  suggestions: Array.from(root.querySelectorAll(".chat-suggestions button"), (button) => button.textContent),
  ask(message, { signal }) {
    keep();
    return call("POST", "", { body: { message }, accept: "text/event-stream", signal });
  },
  history: saved && history,
  rate(message, value, comment) {
    const body = { message_id: message, value, ...(comment ? { comment } : {}) };
    return insist("POST", "feedback/", { body });
  },
  restart,
  leads: leads === undefined ? null : {
    fields: leads.split(" ").filter(Boolean), after: Number(leadAfter) || 0, consent,
    send: (body) => insist("POST", "leads/", { body }),
  },
  identify: known === undefined ? null : {
    ask: (email) => insist("POST", "address/", { body: { email } }),
    confirm: async (code) => (await insist("POST", "address/confirm/", { body: { code } })).json(),
  },
  bar: document.getElementById("chat-bar"),
});

// MARK: In a frame of the loader's (embed.js)

// The page above that greets first is the one that is answered, at its own origin only. It is told to close the frame, and, where this
// frame may store nothing, the session to keep. That page's scripts can then read this one visitor's conversation with this chatbot, and
// could hand over another; it is a site that the owner has named, and such a visitor would otherwise lose the conversation with every
// page. Which sites may have this frame at all, the browser decides by frame-ancestors.
function tellHost(words, kept) {
  if (host) window.parent.postMessage({ bobbin: words, ...(kept === undefined ? {} : { session: kept }) }, host);
}

// The conversation that the loader has kept: nothing can be asked before it is shown.
let recalled = Promise.resolve();
function goOn(given) {
  if (isStored || !given) return;
  session = given;
  isKept = true;
  recalled = chat.recall(history);
}

if (embed !== undefined && window.parent !== window) {
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || !/^https?:\/\//.test(origin) || typeof data !== "object" || data === null) return;
    if (host === null && data.bobbin === "hello") {
      host = origin;
      const close = document.getElementById("chat-close");
      close.hidden = false;
      close.addEventListener("click", () => tellHost("close"));
      if (isKept) keep();
      else goOn(sessionOf(data.session));
      tellHost("ready");
    }
    if (origin === host && data.bobbin === "open") recalled.then(chat.focus);
  });
  document.addEventListener("keydown", (event) => {
    // A passage that is open over the conversation is closed first, by the browser.
    if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) tellHost("close");
  });
}
