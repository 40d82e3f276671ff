// The one way to the server's API. The access token lives in this page's memory only; the cookie that renews it is read by the
// refresh route alone, so a page begins by asking for a token.

// A refusal of the server, in its words.
export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || "The server could not do that. Try again.");
    this.status = status;
    this.code = body.code || "";
    this.body = body;
    // [{ field, code }]
    this.fields = body.errors || [];
    // Seconds to wait, when the server says so.
    this.retryAfter = retryAfter;
    if (status === 429 || this.code === "busy") this.message = `That was a lot at once. ${waitWords(retryAfter)}`;
    // Its own sentence is for programs. A form says more, at each field (ui.js).
    if (this.code === "invalid") this.message = "This cannot be taken as it is. Look it over and try again.";
  }
}

// "Try again in 2 minutes."
const waitWords = (seconds) => {
  if (!seconds) return "Try again in a moment.";
  return seconds < 100 ? `Try again in ${seconds} seconds.` : `Try again in ${Math.round(seconds / 60)} minutes.`;
};

const retryAfterOf = (text) => (/^\d+$/.test(text ?? "") ? Number(text) : null);

const session = { token: null, user: null };

// Whether this browser was signed in when last seen: a hint that saves a request, never a proof.
export const wasSignedIn = () => localStorage.getItem("signed-in") === "yes";

export function setSession({ access_token, user }) {
  session.token = access_token;
  session.user = user;
  localStorage.setItem("signed-in", "yes");
  return user;
}

function endSession() {
  session.token = null;
  localStorage.removeItem("signed-in");
}

async function problem(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // Not ours: a proxy in between, or a connection that was cut.
  }
  return new Problem(response.status, body, retryAfterOf(response.headers.get("Retry-After")));
}

async function fetchOrSay(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The server cannot be reached. Look at your connection and try again." });
  }
}

// A call without a session: signing in and what leads there.
export async function open(path, body) {
  const response = await fetchOrSay(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await problem(response);
  return content(response);
}

// What is done, or taken to be done, may be answered with nothing.
async function content(response) {
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

let renewing = null;

// A token for this page; null when nobody is signed in. Asked for once, however many callers wait.
export function renew() {
  renewing ??= (async () => {
    try {
      return setSession(await open("/api/auth/refresh", {}));
    } catch (error) {
      if (error.status !== 401 && error.status !== 403) throw error;
      endSession();
      return null;
    } finally {
      renewing = null;
    }
  })();
  return renewing;
}

// Never comes back: the page is left. Who was at work on it is told why; drafts (forms.js) keep what was written.
export function toSignIn() {
  const hasEnded = session.user ? "&ended=1" : "";
  location.assign(`/login?return_to=${encodeURIComponent(location.pathname + location.search)}${hasEnded}`);
  return new Promise(() => {});
}

const draftMark = "draft-";

// Under what name the draft of a form is kept in this tab: each account's for itself.
export const draftKey = (name) => `${draftMark}${session.user?.id}-${name}`;

function forgetDrafts() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(draftMark)) sessionStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

// The server's answer, with a token that is renewed once when it has run out. Throws a Problem for every refusal.
export async function request(method, path, { body, headers = {}, signal } = {}) {
  if (!session.token && !(await renew())) return toSignIn();
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetchOrSay(path, {
      method, signal,
      headers: {
        Authorization: `Bearer ${session.token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status === 401 && attempt === 0) {
      if (await renew()) continue;
      return toSignIn();
    }
    if (!response.ok) throw await problem(response);
    return response;
  }
}

async function json(method, path, options) {
  const response = await request(method, path, options);
  return content(response);
}

export const get = (path, options) => json("GET", path, options);
export const post = (path, body, options) => json("POST", path, { ...options, body: body ?? {} });
export const patch = (path, body) => json("PATCH", path, { body });
export const put = (path, body) => json("PUT", path, { body });
export const del = (path, body) => json("DELETE", path, { body });

// The items of a list, page after page, until `limit` of them.
export async function all(path, limit = 1000) {
  const items = [];
  let cursor = null;
  do {
    const url = new URL(path, location.origin);
    url.searchParams.set("limit", "100");
    if (cursor) url.searchParams.set("cursor", cursor);
    const page = await get(url.pathname + url.search);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < limit);
  return items;
}

// Files cannot be kept over a page, so this one is not left for signing in.
const endedSession = () => new Problem(401, { detail: "Your session has ended. Sign in again in another tab, then try again here." });

// A form with files. `progress` is told a fraction from 0 to 1.
export async function upload(path, form, { progress, signal, method = "POST" } = {}) {
  if (!session.token && !(await renew())) throw endedSession();
  const send = () =>
    new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      sending.open(method, path);
      sending.setRequestHeader("Authorization", `Bearer ${session.token}`);
      sending.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress?.(event.loaded / event.total);
      });
      sending.addEventListener("load", () => {
        let body = {};
        try {
          body = JSON.parse(sending.responseText);
        } catch {
          // Said below by its status.
        }
        if (sending.status < 300) resolve(body);
        else reject(new Problem(sending.status, body, retryAfterOf(sending.getResponseHeader("Retry-After"))));
      });
      sending.addEventListener("error", () =>
        reject(new Problem(0, { detail: "The upload was cut off. Try again." })));
      sending.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      signal?.addEventListener("abort", () => sending.abort());
      sending.send(form);
    });
  try {
    return await send();
  } catch (error) {
    if (error.status !== 401) throw error;
    if (await renew()) return send();
    throw endedSession();
  }
}

// Server-sent events of a response, as { name, data }.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      let end;
      while ((end = buffer.indexOf("\n\n")) >= 0) {
        const block = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        let name = "message";
        let data = "";
        for (const line of block.split("\n")) {
          if (line.startsWith("event:")) name = line.slice(6).trim();
          if (line.startsWith("data:")) data += line.slice(5).trim();
        }
        if (data) yield { name, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Saves an answer of the server as a file.
export async function download(path, name) {
  const blob = await (await request("GET", path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export async function signOut(everywhere = false) {
  try {
    if (everywhere) await post("/api/auth/logout-all");
    else await open("/api/auth/logout", {});
  } finally {
    endSession();
    forgetDrafts();
  }
  location.assign("/login");
}
