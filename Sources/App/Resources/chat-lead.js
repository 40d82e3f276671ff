// The form with which a visitor leaves an address and a message. Fetched when it is asked for: most visitors never do.

import { button, inWords, make } from "./chat.js";

const kinds = {
  email: ["Your e-mail address", "input", { type: "email", autocomplete: "email", required: true, maxlength: "254" }],
  name: ["Your name (optional)", "input", { type: "text", autocomplete: "name", maxlength: "200" }],
  phone: ["Your telephone number (optional)", "input", { type: "tel", autocomplete: "tel", maxlength: "50" }],
  note: ["Your message (optional)", "textarea", { rows: "3", maxlength: "1000" }],
};

function field(name) {
  const [label, kind, attributes] = kinds[name];
  return make("div", { class: "field" }, make("label", { for: `lead-${name}` }, label),
    make(kind, { id: `lead-${name}`, name, ...attributes }));
}

// What was filled in; consent is said by sending.
const values = (form) =>
  Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== "consent" && value.trim() !== ""));

// The form; `leads` as chat.js has it, `leave` puts the focus elsewhere when the form goes, `done` is told when it was sent.
export function leadForm(chatbot, leads, leave, done) {
  const trouble = make("p", { class: "alert", role: "alert" });
  const submit = make("button", { type: "submit", class: "primary" }, "Send");
  const form = make("form", { class: "chat-lead card", "aria-labelledby": "lead-title" },
    make("h2", { id: "lead-title" }, "Leave a message"), trouble,
    ["email", ...leads.fields.filter((name) => name !== "email" && Object.hasOwn(kinds, name))].map(field),
    make("label", { class: "choice" }, make("input", { type: "checkbox", name: "consent", required: true }),
      make("span", { dir: "auto" }, leads.consent || `I agree that whoever runs “${chatbot.name}” keeps this and writes to me.`)),
    make("div", { class: "actions" }, submit, button("Not now", () => {
      form.remove();
      leave();
    })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    trouble.textContent = "";
    try {
      await leads.send({ ...values(form), consent: true });
      const thanks = make("p", { class: "notice good", tabindex: "-1" }, "Thank you. Your message has been passed on.");
      form.replaceWith(thanks);
      thanks.focus();
      done();
    } catch (error) {
      trouble.textContent = problem(error);
      submit.disabled = false;
    }
  });
  return form;
}

function problem(error) {
  if (error.status === 422) return "The server cannot take this address. Look at it once more, please.";
  if (error.status === 429) return "That was a lot of messages. Try again later.";
  if (error.status === 403) return "This chatbot takes no messages at the moment.";
  return inWords(error).message;
}
