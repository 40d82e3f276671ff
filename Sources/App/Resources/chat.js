// The chat page: sends a question, shows the answer as it streams, and its citations as chips that open the passage.
// Everything from the server goes into the page as text, never as markup.

const chatbot = document.body.dataset.chatbot;
const messages = document.getElementById("messages");
const form = document.getElementById("ask");
const field = document.getElementById("question");
const button = form.querySelector("button");

// The session lives in this page's memory: no cookie is needed, so none can be blocked.
let token = document.body.dataset.token;
let resume = document.body.dataset.resume;

async function renewSession() {
  const response = await fetch(`/api/chat/${encodeURIComponent(chatbot)}/session/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ resume }),
  });
  if (!response.ok) throw new Error((await response.json()).detail);
  ({ token, resume } = await response.json());
}

function send(question) {
  return fetch(`/api/chat/${encodeURIComponent(chatbot)}/`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "text/event-stream",
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ message: question }),
  });
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function addMessage(who, text) {
  const article = element("article", `message ${who}`);
  const paragraph = element("p", "", text);
  article.append(paragraph);
  messages.append(article);
  article.scrollIntoView({ block: "end" });
  return { article, paragraph };
}

// A server-sent event stream as an async sequence of { name, data }.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      let name = "message", data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        if (line.startsWith("data:")) data += line.slice(5).trim();
      }
      if (data) yield { name, data: JSON.parse(data) };
    }
  }
}

function placeText(place) {
  const parts = [];
  if (place.page) parts.push(`page ${place.page}`);
  if (place.heading) parts.push(place.heading);
  if (Number.isInteger(place.second)) parts.push(`${Math.floor(place.second / 60)}:${String(place.second % 60).padStart(2, "0")}`);
  return parts.join(" · ");
}

function showSources(article, paragraph, sources) {
  if (!sources.length) return;
  const list = element("ul", "sources");
  const details = new Map();
  for (const source of sources) {
    const item = element("li");
    const box = element("details");
    const summary = element("summary", "", `[${source.n}] ${source.title} `);
    summary.append(element("span", "place", placeText(source.place)));
    box.append(summary, element("blockquote", "", source.quote));
    if (source.url && /^https?:/.test(source.url)) {
      const link = element("a", "", "Open at the place");
      link.href = source.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow ugc";
      box.append(link);
    }
    details.set(String(source.n), box);
    item.append(box);
    list.append(item);
  }
  // [1] in the answer becomes a chip that opens its passage.
  const text = paragraph.textContent;
  paragraph.replaceChildren();
  for (const part of text.split(/(\[\d+\])/)) {
    const box = details.get(part.slice(1, -1));
    if (box && /^\[\d+\]$/.test(part)) {
      const chip = element("button", "chip", part.slice(1, -1));
      chip.type = "button";
      chip.setAttribute("aria-label", `Source ${part.slice(1, -1)}`);
      chip.addEventListener("click", () => { box.open = true; box.scrollIntoView({ block: "nearest" }); });
      paragraph.append(chip);
    } else if (part) {
      paragraph.append(part);
    }
  }
  article.append(list);
}

async function ask(question) {
  addMessage("visitor", question);
  const { article, paragraph } = addMessage("assistant waiting", "");
  try {
    let response = await send(question);
    if (response.status === 401) {
      await renewSession();
      response = await send(question);
    }
    if (!response.ok) throw new Error((await response.json()).detail);
    for await (const event of events(response)) {
      if (event.name === "delta") paragraph.textContent += event.data.text;
      if (event.name === "sources") showSources(article, paragraph, event.data.sources);
      if (event.name === "error") throw new Error(event.data.detail);
    }
  } catch (error) {
    article.classList.add("failed");
    paragraph.textContent = error.message || "The chatbot cannot be reached. Try again.";
  } finally {
    article.classList.remove("waiting");
    article.scrollIntoView({ block: "end" });
  }
}

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (!question || button.disabled) return;
  field.value = "";
  button.disabled = true;
  await ask(question);
  button.disabled = false;
  field.focus();
});
