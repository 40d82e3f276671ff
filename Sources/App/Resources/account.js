// The pages that letters lead to. The token stands in the fragment, which no server and no log has seen; it is taken out of the
// address at once and sent by POST.

const page = document.body.dataset.page;
const message = document.getElementById("message");
const form = document.getElementById("password");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return null;
  const problem = await response.json();
  return `${problem.title}. ${problem.detail}`;
}

async function attempt(work, done) {
  try {
    message.textContent = (await work()) ?? done;
  } catch {
    message.textContent = "The server cannot be reached. Try again.";
  }
}

if (!token) {
  message.textContent = "This link is not whole. Open it from the letter again, or ask for another.";
} else if (page === "verify") {
  await attempt(() => post("/api/auth/email/verify", { token }), "Your address is confirmed. You can sign in now.");
} else {
  message.textContent = "";
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const password = document.getElementById("new").value;
    await attempt(async () => {
      const problem = await post("/api/auth/password/reset/confirm", { token, password });
      if (!problem) form.hidden = true;
      return problem;
    }, "The password is set, and all sessions have ended. Sign in with it.");
  });
}
