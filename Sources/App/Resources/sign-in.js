// The pages before one is signed in. Which of them this is, its form says. Tokens of letters stand in the address's fragment, which
// no server and no log has seen; they are taken out of the address at once and sent by POST.

import { open, renew, setSession, wasSignedIn } from "./api.js";
import { byID, fill, h } from "./dom.js";
import { busy, button, errorText, onSubmit } from "./ui.js";

// Back to where somebody came from: a path of this site only.
function onwards() {
  const wanted = new URLSearchParams(location.search).get("return_to") ?? sessionStorage.getItem("return-to") ?? "";
  sessionStorage.removeItem("return-to");
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null;
  location.assign(wanted.startsWith("/") && url?.origin === location.origin ? url.pathname + url.search : "/chatbots/");
}

// A letter's token: 32 bytes as Base64 for addresses. What is cut short is seen here, before anything was typed.
function fragmentToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  history.replaceState(null, "", location.pathname);
  // The next letter's link, opened in this tab, loads no page by itself.
  window.addEventListener("hashchange", () => location.reload());
  return /^[\w-]{43}$/.test(token) ? token : "";
}

function signedIn(answer) {
  setSession(answer);
  onwards();
}

byID("google")?.addEventListener("click", () => {
  const wanted = new URLSearchParams(location.search).get("return_to");
  if (wanted) sessionStorage.setItem("return-to", wanted);
});

const login = byID("login");
if (login) {
  if (new URLSearchParams(location.search).has("ended")) {
    fill(byID("said"), "Your session has ended. Sign in again: what you had written is kept.").hidden = false;
  }
  onSubmit(login, async ({ email, password }) => {
    try {
      signedIn(await open("/api/auth/login", { email, password, delivery: "cookie" }));
    } catch (error) {
      byID("resend-box").hidden = error.code !== "email-unverified";
      throw error;
    }
  });
  byID("resend").addEventListener("click", (event) => busy(event.target, async () => {
    await open("/api/auth/email/resend", { email: byID("email").value });
    byID("resend-box").hidden = true;
    fill(byID("said"), "If this address waits to be confirmed, the letter is on its way again.").hidden = false;
  }));
}

const register = byID("register");
if (register) {
  const letterSent = (email) => {
    register.hidden = true;
    for (const other of document.querySelectorAll("#google, .or")) other.hidden = true;
    byID("mail-address").textContent = email;
    byID("check-mail").hidden = false;
    byID("check-mail").focus();
  };
  onSubmit(register, async ({ name, email, password }) => {
    const answer = await open("/api/auth/register", { email, password, ...(name.trim() ? { name } : {}) });
    if (answer.access_token) signedIn(await open("/api/auth/login", { email, password, delivery: "cookie" }));
    else letterSent(email);
  });
  byID("resend").addEventListener("click", (event) => busy(event.target, async () => {
    await open("/api/auth/email/resend", { email: byID("mail-address").textContent });
    event.target.replaceWith("it is on its way again");
  }));
}

const forgot = byID("forgot");
if (forgot) {
  onSubmit(forgot, async ({ email }) => {
    await open("/api/auth/password/reset", { email });
    forgot.hidden = true;
    byID("sent").hidden = false;
    byID("sent").focus();
  });
}

const message = byID("message");
const brokenLink = "This link is not whole. Open it from the letter again, or ask for another.";
const link = (address, text) => h("a", { href: address }, text);

const reset = byID("reset");
if (reset) {
  const another = link("/forgot", "Ask for another letter");
  const token = fragmentToken();
  if (token) fill(message);
  else fill(message, brokenLink, " ", another);
  reset.hidden = !token;
  onSubmit(reset, async ({ password }) => {
    try {
      await open("/api/auth/password/reset/confirm", { token, password });
      fill(message, "The password is set, and all sessions have ended. Sign in with it.");
    } catch (error) {
      if (error.code !== "token-invalid") throw error;
      fill(message, "This link was used or is too old, so the password was not changed. ", another);
      another.focus();
    }
    reset.hidden = true;
  });
}

// A link that is opened once more, or too late. Who is signed in is told how the address stands.
async function usedLink() {
  const user = wasSignedIn() ? await renew().catch(() => null) : null;
  if (!user) {
    fill(message, "This link was used or is too old. If you have opened it before, your address is confirmed already: ",
      link("/login", "sign in"), ". If it is not, another letter can be sent from there.");
  } else if (user.email_verified) {
    fill(message, "This link was used or is too old. Your address ", h("strong", { class: "break" }, user.email),
      " is confirmed. If the link was for another one, write it once more under ", link("/account/", "Account and security"), ".");
  } else {
    const again = button("Send another letter", async () => {
      await open("/api/auth/email/resend", { email: user.email });
      again.replaceWith("It is on its way.");
    });
    fill(message, "This link was used or is too old, and your address is not confirmed yet. ", again);
  }
}

if (message?.dataset.page === "verify") {
  const token = fragmentToken();
  try {
    if (token) await open("/api/auth/email/verify", { token });
    fill(message, token ? "Your address is confirmed. You can sign in now." : brokenLink);
  } catch (error) {
    if (error.code === "token-invalid") await usedLink();
    else fill(message, errorText(error));
  }
}

if (message?.dataset.page === "oauth") {
  const answer = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const joining = byID("link");
  try {
    if (!answer.get("code")) throw new Error(answer.get("error") ?? "no code");
    signedIn(await open("/api/auth/oauth/google", { code: answer.get("code"), state: answer.get("state") ?? "", delivery: "cookie" }));
  } catch (error) {
    if (error.code === "link-required") {
      fill(message);
      joining.hidden = false;
      const token = error.body.link_token;
      onSubmit(joining, async ({ password }) => {
        signedIn(await open("/api/auth/oauth/google/link", { link_token: token, password, delivery: "cookie" }));
      });
    } else {
      fill(message, error.code ? errorText(error) : "Signing in with Google was not finished. ", " ",
        link("/login", "Try again"));
    }
  }
}
