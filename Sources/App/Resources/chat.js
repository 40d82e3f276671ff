// The chat that visitors see, as a part of a page: conversation, composer, passages, feedback, an offer to leave a message.
// How questions travel is the page's business (chat-page.js for visitors, talk.js for an owner's preview).
//
//   const chat = mount(root, options)
//
// `root` is emptied and becomes the chat; its height is the page's to give. Options:
//   chatbot      { name, welcome? }
//   ask          (message, { signal }) → Promise of a Response: server-sent events or JSON, as POST /api/chat/{id}/ gives them. A
//                response that is not ok is shown in the visitor's words; so is an error with `status`, as api.js throws them.
//   suggestions  [text], shown as buttons until something is asked
//   history      () → Promise of [Message]: what was said before. Left out: nothing was.
//   rate         (message_id, value, comment) → Promise: thumbs under answers. Left out: no thumbs.
//   restart      () → Promise: ends this conversation and begins another. Left out: no such button.
//   leads        { fields: [name, phone, note], after, consent, send(values) → Promise }: visitors may leave an address. Offered when
//                nothing was found, when the chatbot is busy, and after so many answers (0: only then).
//   identify     { ask(email) → Promise, confirm(code) → Promise of { email } }: visitors may prove who they are. Left out: they cannot.
//   actions      (answer) → element or null: something of the page's under each answer of this page's life
//   onAnswer     (answer) → called when an answer has ended, be it because it was stopped; not when there is none
//   bar          an element for the button that begins a new conversation; the line under the composer when left out
//   preview      true in an owner's page: nothing takes the focus by itself
// An answer is { message_id, conversation_id, question, text, answered, limited, sources, element }.
// `mount` gives { ask(text), focus(), stop(), recall(history) → Promise }; the last shows what was said before where that is known later.

import { MarkdownView, linkAddress, outward } from "./markdown.js";

// Bytes of a question that the server takes.
const questionLimit = 4096;
// The server says something every 15 s, if only that it is there.
const silenceLimit = 45_000;
const slowAfter = 8000;
// Pixels from the end that still count as the end.
const nearEnd = 64;

// An element with attributes, and children as text or elements; those that are null or false are left out.
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const button = (text, click, attributes = {}) => make("button", { type: "button", click, ...attributes }, text);
const hiddenText = (text) => make("span", { class: "hidden" }, text);

const drawn = {
  up: "M7 10v11M7 10l4-7a2 2 0 0 1 3 2l-1 5h6a2 2 0 0 1 2 2.4l-1.4 7A2 2 0 0 1 17.6 21H3V10z",
  send: "M12 20V5M5 12l7-7 7 7",
  stop: "M7 7h10v10H7z",
  fresh: "M12 5v14M5 12h14",
};

function icon(name) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("class", `icon ${name}`);
  path.setAttribute("d", drawn[name]);
  picture.append(path);
  return picture;
}

// MARK: What the server says

// A refusal, in words for a visitor; `wait` is seconds, `isFinal` when trying again is no use.
class Refusal extends Error {
  constructor(message, { wait = 0, isFinal = false } = {}) {
    super(message);
    Object.assign(this, { wait, isFinal });
  }
}

function inTime(seconds) {
  if (seconds < 2) return "in a moment";
  if (seconds < 90) return `in ${seconds} seconds`;
  if (seconds < 5400) return `in ${Math.round(seconds / 60)} minutes`;
  return `in ${Math.round(seconds / 3600)} hours`;
}

function refusal(status, detail, wait) {
  const later = wait || 5;
  if (status === 429) return new Refusal(`That was a lot of questions. You can go on ${inTime(later)}.`, { wait: later });
  if (status === 503) return new Refusal(`The chatbot is busy. Try again ${inTime(later)}.`, { wait: later });
  if (status === 404) return new Refusal("This chatbot is not available any more.", { isFinal: true });
  if (status === 413) return new Refusal("This question is too long. Shorten it a little.", { isFinal: true });
  if (status === 422) return new Refusal("This cannot be taken as it is. Write it in other words.", { isFinal: true });
  if (status === 401 || status === 403) {
    return new Refusal("This page has been open for long. Load it again to go on.", { isFinal: true });
  }
  return new Refusal(status >= 500 || !detail ? "Something went wrong. Try again." : detail);
}

// What a visitor reads of an error: of fetch, of the server, or of a page's own way to call it.
export function inWords(error) {
  if (error instanceof Refusal) return error;
  if (error.status) return refusal(error.status, error.message, error.retryAfter ?? 0);
  return new Refusal("The chatbot cannot be reached. Look at your connection and try again.");
}

// The Refusal that a response is, once its body is read.
export async function refused(response) {
  let detail = "";
  try {
    detail = (await response.json()).detail;
  } catch {
    // Not ours: a proxy in between, or a connection that was cut.
  }
  return refusal(response.status, detail, Number(response.headers.get("Retry-After")) || 0);
}

// A response's events as { name, data }; `alive` is called with whatever comes, pings too.
async function* events(response, alive) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const name = /^event: ?(.*)$/m.exec(block)?.[1];
        const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
        if (name && data) yield { name, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Puts an answer together as it comes; `changed` is called with every step.
async function receive(response, answer, alive, changed) {
  if (!response.ok) throw await refused(response);
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    const { message, ...rest } = await response.json();
    Object.assign(answer, rest, { text: message });
    return;
  }
  for await (const { name, data } of events(response, alive)) {
    if (name === "delta") answer.text += data.text;
    else if (name === "error") throw refusal(data.status, data.detail, 0);
    else if (name !== "done") Object.assign(answer, data);
    else return void Object.assign(answer, data);
    changed();
  }
  throw new Refusal("The answer broke off. Try again.");
}

// MARK: Sources

// "page 5 · Holidays and leave", "at 2:05".
function placeText({ page, heading, second } = {}) {
  const time = Number.isInteger(second) && `at ${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`;
  return [page && `page ${page}`, time, heading].filter(Boolean).join(" · ");
}

// A link to where a passage stands; null when it stands nowhere on the web.
function placeLink(source, ...classes) {
  const address = source.url && linkAddress(source.url);
  if (!address) return null;
  const link = outward(address, "Open at the place", hiddenText(` in ${source.title || "the document"} (a new tab)`));
  link.classList.add(...classes);
  return link;
}

const numberOf = (source) => make("span", { class: "chat-chip", "aria-hidden": "true" }, String(source.n));

// The passage of a citation, over the page. Escape closes it, and focus goes back to where it was.
function showPassage(sources, first) {
  const dialog = make("dialog", { class: "sheet chat-passage", "aria-labelledby": "passage-title" });
  const show = (index) => {
    const source = sources[index];
    const place = placeText(source.place);
    const step = (text, to) => button(text, () => show(to), { class: "small", disabled: !sources[to] });
    dialog.replaceChildren(
      make("div", { class: "chat-passage-head" },
        numberOf(source),
        make("h2", { id: "passage-title", tabindex: "-1" }, hiddenText(`Source ${source.n}: `), source.title || "Untitled"),
        button("×", () => dialog.close(), { class: "chat-close", "aria-label": "Close" })),
      place && make("p", { class: "quiet" }, place),
      make("blockquote", { dir: "auto", tabindex: "0", "aria-label": "Passage" }, source.quote),
      make("div", { class: "actions" }, placeLink(source, "button", "primary", "small"),
        sources.length > 1 && make("span", { class: "chat-steps" }, step("Previous", index - 1), step("Next", index + 1))));
    dialog.querySelector("h2").focus();
  };
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  show(first);
}

const countOfSources = ({ length }) => (length === 1 ? "1 source" : `${length} sources`);

function sourceList(sources) {
  const words = (source) => make("span", {}, hiddenText(`Source ${source.n}: `), source.title || "Untitled", " ",
    make("span", { class: "quiet" }, placeText(source.place)));
  const row = (source, index) => make("li", { value: String(source.n) },
    button([numberOf(source), words(source)], () => showPassage(sources, index), { class: "chat-source" }),
    placeLink(source));
  return make("details", { class: "chat-sources" },
    make("summary", {}, countOfSources(sources)), make("ol", {}, sources.map(row)));
}

// MARK: Feedback, a new conversation

// Thumbs, and after the lower one a place for a word of why. `rate` is the option of that name.
function feedback(answer, rate) {
  let value = answer.feedback ?? 0;
  const why = "What was wrong? (optional)";
  const comment = make("textarea", { rows: "2", maxlength: "900", "aria-label": why, placeholder: why });
  const said = make("span", { class: "quiet", role: "status" });
  const more = make("form", { class: "chat-comment", hidden: true }, comment,
    make("button", { type: "submit", class: "small" }, "Send"), button("No, thanks", () => close(), { class: "small link" }));
  const close = () => {
    more.hidden = true;
    down.focus();
  };
  const show = () => {
    up.setAttribute("aria-pressed", String(value === 1));
    down.setAttribute("aria-pressed", String(value === -1));
  };
  const note = async (next, words) => {
    const before = value;
    value = next;
    show();
    said.textContent = "";
    try {
      await rate(answer.message_id, next, words);
      said.textContent = next === 0 ? "" : words ? "Thank you. That helps." : "Thank you.";
      return true;
    } catch {
      value = before;
      show();
      said.textContent = "This could not be noted.";
      return false;
    }
  };
  const press = async (next) => {
    const isNoted = await note(value === next ? 0 : next);
    more.hidden = !(isNoted && value === -1);
    if (!more.hidden) comment.focus();
  };
  const thumb = (title, next, kind = "") =>
    button(icon("up"), () => press(next), { class: `chat-thumb ${kind}`, "aria-label": title, title });
  const up = thumb("This helped", 1);
  const down = thumb("This did not help", -1, "down");
  more.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!comment.value.trim() || (await note(-1, comment.value.trim()))) close();
  });
  show();
  return [up, down, said, more];
}

// Asks first: what was said is gone afterwards. `restart` does it, `done` shows the new beginning.
function confirmRestart(restart, done) {
  const dialog = make("dialog", { class: "sheet", "aria-labelledby": "restart-title" });
  const words = make("p", { role: "status" }, "This conversation is deleted here and on the server.");
  const yes = button("Begin anew", async () => {
    yes.disabled = true;
    try {
      await restart();
      dialog.close();
      done();
    } catch (error) {
      words.textContent = inWords(error).message;
      yes.disabled = false;
    }
  }, { class: "primary" });
  dialog.append(make("h2", { id: "restart-title" }, "Begin a new conversation?"), words,
    make("div", { class: "actions end" }, button("Keep this one", () => dialog.close()), yes));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// MARK: The chat

// An answer as it is read out: once, when it is whole.
function spoken({ error, isStopped, sources, element }) {
  if (error) return error.message;
  if (isStopped) return "Stopped.";
  const body = element.querySelector(".chat-body").cloneNode(true);
  for (const mark of body.querySelectorAll(".chat-chip")) mark.remove();
  const parts = Array.from(body.querySelectorAll("p, th, td, pre"), (part) => part.textContent);
  return [...parts, sources.length && countOfSources(sources)].filter(Boolean).join(" ");
}

export function mount(root, options) {
  const { chatbot, leads, identify } = options;
  const isTouch = matchMedia("(pointer: coarse)").matches;
  let asking = null;
  let isFollowing = true;
  let isLeadOffered = false;
  let answers = 0;
  // Forms that visitors have begun, by their modules.
  const begun = new Map();

  const status = make("div", { class: "hidden", role: "status" });
  const lines = make("div", { class: "chat-lines" });
  const log = make("div", { class: "chat-log", role: "region", "aria-label": "Conversation", tabindex: "0" }, lines);
  const newer = button("New messages ↓", () => follow(true), { class: "chat-newer small", hidden: true });
  const field = make("textarea", {
    id: "question", name: "question", rows: "1", placeholder: "Ask a question", enterkeyhint: "send", "aria-describedby": "question-hint",
  });
  const hint = make("p", { class: "hint", id: "question-hint", role: "status" });
  const send = make("button", { type: "submit", class: "primary chat-send", "aria-label": "Ask" }, icon("send"));
  const stop = button(icon("stop"), () => asking?.abort(),
    { class: "chat-send", "aria-label": "Stop the answer", hidden: true });
  const again = options.restart
    && button([icon("fresh"), make("span", { class: "chat-label" }, "New conversation")],
      () => confirmRestart(options.restart, beginAgain), { class: "small chat-again", hidden: true });
  const leave = leads && button("Leave a message", () => showLeadForm(), { class: "link" });
  const known = identify && button("Are you known here?",
    () => showForm("./chat-address.js", ({ addressForm }, done) => addressForm(identify, focus, done)), { class: "link" });
  const foot = make("p", { class: "chat-foot" },
    make("span", {}, "Answers come from documents, with their sources."), " ", leave, " ", known, " ", !options.bar && again);
  const form = make("form", { class: "chat-ask", autocomplete: "off" },
    make("label", { class: "hidden", for: "question" }, "Your question"),
    newer, make("div", { class: "chat-field" }, field, send, stop), hint, foot);

  // MARK: Keeping to the end

  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;

  // Shows what is new, unless the visitor reads further up.
  function follow(force = false) {
    if (force) isFollowing = true;
    if (isFollowing) log.scrollTop = log.scrollHeight;
    newer.hidden = isFollowing || isAtEnd();
  }

  log.addEventListener("scroll", () => {
    isFollowing = isAtEnd();
    if (isFollowing) newer.hidden = true;
  }, { passive: true });
  // A keyboard that comes up, a window made smaller: who was at the end stays there.
  new ResizeObserver(() => isFollowing && follow()).observe(log);

  const say = (text) => {
    status.textContent = text;
  };

  // MARK: Messages

  function add(...elements) {
    lines.append(...elements);
    if (again) again.hidden = !lines.querySelector(".chat-turn.visitor");
  }

  function addQuestion(text) {
    lines.querySelector(".chat-suggestions")?.remove();
    lines.classList.remove("begins");
    add(make("article", { class: "chat-turn visitor" }, hiddenText("You asked: "), make("p", { dir: "auto" }, text)));
  }

  const chip = (answer, n) => {
    const index = answer.sources.findIndex((source) => source.n === n);
    if (index < 0) return null;
    return button(String(n), () => showPassage(answer.sources, index),
      { class: "chat-chip", "aria-label": `Source ${n}: ${answer.sources[index].title}`, "aria-haspopup": "dialog" });
  };

  // An answer's element, and how to show what there is of it.
  function answerView(answer) {
    const body = make("div", { class: "chat-body" });
    const view = new MarkdownView(body);
    const element = make("article", { class: "chat-turn answer" }, hiddenText("Answer: "), body);
    answer.element = element;
    return {
      element, body,
      grow: () => view.show(answer.text, { isGrowing: true, cite: (n) => make("span", { class: "chat-chip" }, String(n)) }),
      // Of an answer that broke off no source is known.
      end: () => view.show(answer.text,
        { key: "ended", cite: (n, literal) => chip(answer, n) ?? (answer.sources.length ? literal : "") }),
    };
  }

  // What stands below an answer that has ended.
  function finish(answer, view) {
    view.end();
    const { element } = view;
    if (answer.sources.length) element.append(sourceList(answer.sources));
    const isWhole = !answer.isStopped && !answer.error;
    const isMissing = answer.answered === false && !answer.limited && isWhole;
    element.classList.toggle("calm", isMissing || answer.limited === true);
    if (isMissing) {
      element.append(make("p", { class: "quiet chat-aside" },
        hiddenText("Not found in the documents. "), "Other words may help: ask about one thing at a time."));
    }
    const offer = leads && (isMissing || answer.limited) && button("Leave a message", () => showLeadForm(), { class: "small" });
    const thumbs = options.rate && answer.message_id && !answer.limited && isWhole && feedback(answer, options.rate);
    const own = answer.isNew && options.actions?.(answer);
    if (offer || thumbs || own) element.append(make("div", { class: "chat-tools" }, offer, own, thumbs));
  }

  function addOld(message) {
    if (message.role === "user") return addQuestion(message.content);
    const answer = {
      message_id: message.id, text: message.content || "This answer broke off.", answered: message.answered, limited: false,
      sources: message.sources, feedback: message.feedback,
    };
    const view = answerView(answer);
    finish(answer, view);
    add(view.element);
    answers += 1;
  }

  // MARK: Asking

  function setAsking(controller) {
    const hadFocus = document.activeElement === stop || document.activeElement === send;
    asking = controller;
    stop.hidden = !controller;
    send.hidden = Boolean(controller);
    if (again) again.disabled = Boolean(controller);
    if (hadFocus && !isTouch) field.focus();
  }

  async function ask(question) {
    if (asking) return;
    addQuestion(question);
    const answer = {
      message_id: null, conversation_id: null, question, text: "", answered: null, limited: false, sources: [], isNew: true,
    };
    const view = answerView(answer);
    const words = make("span", {}, "Looking in the documents");
    const waiting = make("p", { class: "chat-wait" }, words,
      make("span", { class: "chat-dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    view.element.append(waiting);
    add(view.element);
    say("Looking in the documents.");
    follow(true);

    const controller = new AbortController();
    setAsking(controller);
    let frame = 0;
    let silence = 0;
    const slow = setTimeout(() => {
      words.textContent = "This takes a little longer";
    }, slowAfter);
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => controller.abort(new Refusal("The connection was lost. Try again.")), silenceLimit);
    };
    const draw = () => {
      frame = 0;
      view.grow();
      waiting.hidden = answer.text !== "";
      follow();
    };
    try {
      alive();
      await receive(await options.ask(question, { signal: controller.signal }), answer, alive, () => {
        frame ||= requestAnimationFrame(draw);
      });
      answers += 1;
    } catch (error) {
      if (controller.signal.aborted && !(controller.signal.reason instanceof Refusal)) answer.isStopped = true;
      else answer.error = inWords(controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      clearTimeout(slow);
      clearTimeout(silence);
      cancelAnimationFrame(frame);
      waiting.remove();
      setAsking(null);
    }
    finish(answer, view);
    if (answer.isStopped || answer.error) view.element.append(broken(answer));
    say(spoken(answer));
    const address = leads && addressIn(question);
    if (address || (leads?.after && answers >= leads.after && !answer.error)) offerLead(address);
    follow();
    if (answer.message_id) options.onAnswer?.(answer);
  }

  // Why an answer did not come to its end, and the way on.
  function broken(answer) {
    const { error, element, question } = answer;
    const retry = button(error ? "Try again" : "Ask again", () => {
      if (asking || retry.disabled) return;
      if (!answer.text) element.previousElementSibling?.remove();
      if (!answer.text) element.remove();
      ask(question);
      focus();
    }, { class: "small" });
    if (error?.wait) {
      retry.disabled = true;
      setTimeout(() => {
        retry.disabled = false;
      }, error.wait * 1000);
    }
    return make("div", { class: error ? "chat-broken notice warn" : "chat-broken quiet" },
      make("p", {}, error ? error.message : "You stopped this answer."), !error?.isFinal && retry);
  }

  // MARK: The composer

  const size = () => new TextEncoder().encode(field.value.trim()).length;

  function measure() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 200)}px`;
    const over = size() - questionLimit;
    const isOver = over > 0;
    if (isOver) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    hint.textContent = isOver ? `This is too long by about ${over} characters. Shorten it, or ask in two steps.`
      : over > -300 ? `Room for about ${-over} more characters.` : "";
  }

  field.addEventListener("input", measure);
  field.addEventListener("keydown", (event) => {
    // 229: a browser's way to say that Enter chose a word of an input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question || asking || size() > questionLimit) return field.focus();
    field.value = "";
    measure();
    ask(question);
  });

  const focus = () => (isTouch ? log : field).focus({ preventScroll: true });

  // MARK: Leaving a message

  // The address that somebody wrote into a question; it is passed on only through the form, with consent.
  const addressIn = (question) => /[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[\p{L}\d-]{2,}/u.exec(question)?.[0];

  function offerLead(email) {
    if ((isLeadOffered && !email) || lines.querySelector(".chat-lead")) return;
    isLeadOffered = true;
    const words = email ? `You wrote ${email}. Would you like to leave this address, so that a person can write to you?` : "Would you like to hear from a person?";
    const card = make("div", { class: "chat-lead card" }, make("p", { dir: "auto" }, words),
      make("div", { class: "actions" }, button(email ? "Leave this address" : "Leave a message", () => showLeadForm(email), { class: "primary small" }),
        button("No, thanks", () => {
          card.remove();
          focus();
        }, { class: "small" })));
    add(card);
  }

  // `email` is an address already given.
  async function showLeadForm(email) {
    isLeadOffered = true;
    const form = await showForm("./chat-lead.js", ({ leadForm }, done) => leadForm(chatbot, leads, focus, done));
    if (form && email) form.elements.email.value = email;
  }

  // A form's module is fetched when somebody wants it. One is there at a time, at the end of what was said; one that was begun comes
  // back as it was left, until it is done with.
  async function showForm(module, build) {
    try {
      const made = await import(module);
      if (!begun.has(module)) begun.set(module, build(made, () => begun.delete(module)));
      const form = begun.get(module);
      for (const old of lines.querySelectorAll(".chat-lead")) old.remove();
      add(form);
      form.scrollIntoView({ block: "start" });
      form.querySelector("input").focus({ preventScroll: true });
      return form;
    } catch (error) {
      add(make("p", { class: "chat-broken notice warn", role: "alert" }, inWords(error).message));
      follow(true);
      return null;
    }
  }

  // MARK: Beginning

  function begin() {
    isFollowing = true;
    isLeadOffered = false;
    answers = 0;
    begun.clear();
    newer.hidden = true;
    const suggestions = options.suggestions ?? [];
    lines.replaceChildren();
    lines.classList.add("begins");
    add(make("div", { class: "chat-welcome", dir: "auto" },
      make("p", {}, chatbot.welcome || "Ask me about the documents I was given.")));
    if (!suggestions.length) return;
    add(make("ul", { class: "chat-suggestions", "aria-label": "Questions you could ask" }, suggestions.map((text) =>
      make("li", {}, button(text, () => {
        ask(text);
        focus();
      }, { dir: "auto" })))));
  }

  function beginAgain() {
    begin();
    focus();
    say("A new conversation.");
  }

  async function showHistory(history) {
    field.disabled = true;
    lines.setAttribute("aria-busy", "true");
    try {
      for (const message of await history()) addOld(message);
      // Who has come that far was asked before the page was loaded anew.
      isLeadOffered = Boolean(leads?.after) && answers >= leads.after;
    } catch (error) {
      const notice = make("div", { class: "chat-broken notice warn" },
        make("p", {}, `Your earlier conversation could not be loaded. ${inWords(error).message}`),
        button("Try again", () => {
          notice.remove();
          showHistory(history);
        }, { class: "small" }));
      add(notice);
    } finally {
      field.disabled = false;
      lines.removeAttribute("aria-busy");
      follow(true);
    }
  }

  root.classList.add("chat-frame");
  root.classList.toggle("preview", options.preview === true);
  root.replaceChildren(log, form, status);
  if (options.bar && again) options.bar.append(again);
  begin();
  measure();
  const ready = options.history ? showHistory(options.history) : Promise.resolve();
  if (!options.preview) ready.then(() => document.hasFocus() && !isTouch && focus());
  return { ask: (text) => ready.then(() => ask(text)), focus, stop: () => asking?.abort(), recall: showHistory };
}
