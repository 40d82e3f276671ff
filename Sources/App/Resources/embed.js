// Bobbin on your site: a button that opens the chat in a frame.
//
//   <script src="https://your-server/embed.js" data-chatbot="ID" async></script>
//
// Also understood: data-label="Ask us" (words on the button), data-position="left", data-color="#1f5f5b". `bobbin.open()` and
// `bobbin.close()` do what the button does. Nothing is loaded before the chat is first opened. Where the browser keeps the frame from
// its own storage, this page's sessionStorage keeps the visitor's chat session, from the first question until the tab is closed.
//
// Everything stands in a closed shadow root under styles that are made by script, so neither a page's style sheets nor a content
// security policy without 'unsafe-inline' can break it; such a policy has to allow the server in script-src and frame-src.
(() => {
  "use strict";
  const script = document.currentScript ?? document.querySelector("script[data-chatbot][src*='/embed.js']");
  const { chatbot = "", label = "", position = "", color = "" } = script?.dataset ?? {};
  // A second copy on a page adds nothing.
  if (typeof window.bobbin?.open === "function") return;
  if (!/^[a-z0-9]{1,32}$/.test(chatbot)) {
    console.error("bobbin: data-chatbot must be the id of a chatbot");
    return;
  }
  const server = new URL(script.src).origin;
  const name = label.trim().slice(0, 40) || "Chat";
  const side = position === "left" ? "left" : "right";

  // A colour of ours or a valid one of the page's, and what can be read on it.
  const accent = /^#[0-9a-f]{6}$/i.test(color) ? color : null;
  const brightness = (hex) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const inkOn = (hex) => (brightness(hex) > 0.179 ? "#000000" : "#ffffff");

  // `important` in a shadow root wins over a page's own (CSS Cascade 5, section 6.1).
  const css = `
    :host { all: initial !important; position: fixed !important; z-index: 2147483647 !important; inset: auto !important;
      bottom: max(16px, env(safe-area-inset-bottom)) !important; ${side}: 16px !important; display: block !important;
      visibility: visible !important; color-scheme: light dark !important; --ground: #1f5f5b; --ink: #fff; --paper: #fff; --text: #1d2524; }
    @media (prefers-color-scheme: dark) { :host { --ground: #6fc0b8; --ink: #0e1514; --paper: #1d2322; --text: #e8ebe9; } }
    ${accent ? `:host { --ground: ${accent} !important; --ink: ${inkOn(accent)} !important; }` : ""}
    [hidden] { display: none !important; }
    .bubble { display: flex; align-items: center; justify-content: center; gap: 10px; box-sizing: border-box; min-width: 56px; height: 56px;
      max-width: calc(100vw - 32px); margin: 0; padding: 0 16px; border: 0; border-radius: 28px; cursor: pointer; background: var(--ground);
      color: var(--ink); font: 600 16px/1.2 system-ui, sans-serif; box-shadow: 0 2px 6px rgb(0 0 0 / .2), 0 8px 24px rgb(0 0 0 / .18);
      transition: transform .15s; float: ${side}; }
    .bubble:hover { transform: translateY(-2px); }
    .bubble:focus-visible { outline: 3px solid var(--ground); outline-offset: 3px; box-shadow: 0 0 0 3px var(--ink); }
    .bubble span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    svg { width: 26px; height: 26px; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .panel { position: absolute; bottom: 72px; ${side}: 0; box-sizing: border-box; width: min(400px, calc(100vw - 32px));
      height: min(640px, calc(100vh - 104px)); height: min(640px, calc(100dvh - 104px)); border-radius: 16px; overflow: hidden;
      background: var(--paper); color: var(--text); box-shadow: 0 0 0 1px rgb(0 0 0 / .12), 0 12px 40px rgb(0 0 0 / .28);
      font: 16px/1.5 system-ui, sans-serif; animation: rise .18s ease-out; }
    @keyframes rise { from { opacity: 0; transform: translateY(10px); } }
    iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; opacity: 0; transition: opacity .15s; color-scheme: light dark; }
    .ready iframe { opacity: 1; }
    .wait { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 16px;
      padding: 24px; text-align: center; }
    .ready .wait { display: none; }
    .wait p { margin: 0; }
    .wait button { font: inherit; font-weight: 600; color: inherit; background: none; border: 1px solid; border-radius: 10px; padding: 8px 16px; cursor: pointer; }
    @media (max-width: 480px), (max-height: 480px) {
      :host(.open) { inset: 0 !important; }
      .open .panel { position: fixed; inset: 0; width: 100%; height: 100%; border-radius: 0; box-shadow: none; }
      .open .bubble { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .bubble, .panel, iframe { transition: none; animation: none; } }
    @media (forced-colors: active) { .bubble, .panel { border: 1px solid; } }
    @media print { :host { display: none !important; } }`;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const picture = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };

  const icons = {
    closed: picture("M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-9l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM8 9.5h8M8 13h5"),
    open: picture("M6 9l6 6 6-6"),
  };
  const bubble = make("button", { type: "button", class: "bubble", "aria-expanded": "false", "aria-controls": "panel" }, icons.closed);
  if (label.trim()) bubble.append(make("span", {}, name));
  else bubble.setAttribute("aria-label", name);
  const words = make("p", { role: "status" }, "Opening the chat…");
  const away = make("button", { type: "button" }, "Close");
  const panel = make("div", { id: "panel", class: "panel", role: "dialog", "aria-label": name, hidden: "" },
    make("div", { class: "wait" }, words, away));
  const frame = make("div", {}, panel, bubble);
  root.append(frame);

  let iframe = null;
  const isOpen = () => !panel.hidden;
  const tell = (what, rest) => iframe.contentWindow?.postMessage({ bobbin: what, ...rest }, server);

  // The frame's session: kept as it came, for the frame alone to read. A page without storage keeps none.
  const key = `bobbin-chat-${chatbot}`;
  const stored = (work) => {
    try {
      return work(sessionStorage);
    } catch {
      return null;
    }
  };
  const keep = (session) => stored((storage) => (session ? storage.setItem(key, JSON.stringify(session)) : storage.removeItem(key)));
  const kept = () => stored((storage) => JSON.parse(storage.getItem(key)));

  // The frame is made when the chat is first opened, and stays: closing keeps the conversation.
  function load() {
    iframe = make("iframe", {
      src: `${server}/embed/${chatbot}/`, title: name, referrerpolicy: "strict-origin",
      sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
    });
    iframe.addEventListener("load", () => tell("hello", { session: kept() }));
    panel.append(iframe);
    setTimeout(() => {
      if (!panel.classList.contains("ready")) words.textContent = "The chat cannot be shown here at the moment.";
    }, 10_000);
  }

  // On a phone the chat fills what the keyboard leaves.
  function fit() {
    const view = window.visualViewport;
    const isFull = isOpen() && matchMedia("(max-width: 480px), (max-height: 480px)").matches;
    panel.style.height = isFull && view ? `${view.height}px` : "";
    panel.style.top = isFull && view ? `${view.offsetTop}px` : "";
  }

  function show(isShown) {
    if (isShown === isOpen()) return;
    if (isShown && !iframe) load();
    panel.hidden = !isShown;
    frame.classList.toggle("open", isShown);
    host.classList.toggle("open", isShown);
    bubble.setAttribute("aria-expanded", String(isShown));
    bubble.firstChild.replaceWith(isShown ? icons.open : icons.closed);
    fit();
    if (!isShown) return bubble.focus();
    iframe.focus();
    if (panel.classList.contains("ready")) tell("open");
  }

  const open = () => show(true);
  const close = () => show(false);
  bubble.addEventListener("click", () => show(!isOpen()));
  away.addEventListener("click", close);
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);
  window.addEventListener("message", ({ source, origin, data }) => {
    if (!iframe || source !== iframe.contentWindow || origin !== server || typeof data !== "object" || data === null) return;
    if (data.bobbin === "close") close();
    if (data.bobbin === "keep") keep(data.session);
    if (data.bobbin === "ready") {
      panel.classList.add("ready");
      if (isOpen()) tell("open");
    }
  });

  Object.defineProperty(window, "bobbin", { value: Object.freeze({ open, close }) });
  // Beside the body, so that nothing a page does to it moves what is fixed; last, so that it lies above an equal z-index.
  const attach = () => document.documentElement.append(host);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", attach, { once: true });
  else attach();
})();
