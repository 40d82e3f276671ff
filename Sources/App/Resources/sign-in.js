// The pages before one is signed in. Which of them this is, its form says. Tokens of letters stand in the address's fragment, which
// no server and no log has seen; they are taken out of the address at once and sent by POST.

import { open, setSession } from "./api.js";
import { byID, fill, h } from "./dom.js";
import { busy, errorText, onSubmit } from "./ui.js";

// Back to where somebody came from: a path of this site only.
function onwards() {
  const wanted = new URLSearchParams(location.search).get("return_to") ?? sessionStorage.getItem("return-to") ?? "";
  sessionStorage.removeItem("return-to");
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null;
  location.assign(wanted.startsWith("/") && url?.origin === location.origin ? url.pathname + url.search : "/chatbots/");
}

function fragmentToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  history.replaceState(null, "", location.pathname);
  return token;
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

const reset = byID("reset");
if (reset) {
  const token = fragmentToken();
  fill(message, token ? "" : brokenLink);
  reset.hidden = !token;
  onSubmit(reset, async ({ password }) => {
    await open("/api/auth/password/reset/confirm", { token, password });
    reset.hidden = true;
    fill(message, "The password is set, and all sessions have ended. Sign in with it.");
  });
}

if (message?.dataset.page === "verify") {
  const token = fragmentToken();
  try {
    if (token) await open("/api/auth/email/verify", { token });
    fill(message, token ? "Your address is confirmed. You can sign in now." : brokenLink);
  } catch (error) {
    fill(message, errorText(error));
  }
}

if (message?.dataset.page === "oauth") {
  const answer = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const link = byID("link");
  try {
    if (!answer.get("code")) throw new Error(answer.get("error") ?? "no code");
    signedIn(await open("/api/auth/oauth/google", { code: answer.get("code"), state: answer.get("state") ?? "", delivery: "cookie" }));
  } catch (error) {
    if (error.code === "link-required") {
      fill(message);
      link.hidden = false;
      const token = error.body.link_token;
      onSubmit(link, async ({ password }) => {
        signedIn(await open("/api/auth/oauth/google/link", { link_token: token, password, delivery: "cookie" }));
      });
    } else {
      fill(message, error.code ? errorText(error) : "Signing in with Google was not finished. ", " ",
        h("a", { href: "/login" }, "Try again"));
    }
  }
}
