// Who is known to the people behind a chatbot proves an address by a code from a letter, and is answered with what they told of it.
// Fetched when it is asked for: most visitors never do.

import { button, inWords, make } from "./chat.js";

function problem(error) {
  if (error.status === 409) return "This is not the code, or it is too old. Look at the letter once more, or ask for another.";
  if (error.status === 422) return "The server cannot take this. Look at it once more, please.";
  if (error.status === 429) return "That was a lot of tries. Try again later.";
  return inWords(error).message;
}

const field = (id, label, attributes) =>
  make("div", { class: "field" }, make("label", { for: id }, label), make("input", { id, required: true, ...attributes }));

// A form in two steps; `identify` as chat.js has it, `leave` puts the focus elsewhere when the form goes, `done` is told when it
// has come to its end.
export function addressForm(identify, leave, done) {
  const trouble = make("p", { class: "alert", role: "alert" });
  const title = make("h2", { id: "address-title" }, "Are you known here?");
  const words = make("p", {});
  const address = field("address-email", "Your e-mail address", { type: "email", autocomplete: "email", maxlength: "254" });
  const input = make("div", {});
  const submit = make("button", { type: "submit", class: "primary" });
  const another = button("Another code", () => begin().focus());
  const form = make("form", { class: "chat-lead card", "aria-labelledby": "address-title" }, title, words, trouble, input,
    make("div", { class: "actions" }, submit, another, button("Not now", () => {
      form.remove();
      leave();
    })));
  const email = address.querySelector("input");
  let isAsked = false;

  // The first step, with the address that was given before. Gives the field.
  function begin() {
    isAsked = false;
    another.hidden = true;
    trouble.textContent = "";
    words.textContent = "Give the e-mail address by which the people behind this chat know you. If they do, a code comes by letter.";
    submit.textContent = "Send me a code";
    input.replaceChildren(address);
    return email;
  }

  async function step() {
    if (!isAsked) {
      await identify.ask(email.value.trim());
      isAsked = true;
      another.hidden = false;
      words.textContent = `If ${email.value.trim()} is known here, a code is on its way. It is good for ten minutes.`;
      input.replaceChildren(field("address-code", "The code of six digits",
        { inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}", maxlength: "6" }));
      submit.textContent = "That is me";
      input.querySelector("input").focus();
      return;
    }
    const proved = await identify.confirm(input.querySelector("input").value.trim());
    const thanks = make("p", { class: "notice good", tabindex: "-1" }, `Thank you. In this conversation you are ${proved.email}.`);
    form.replaceWith(thanks);
    thanks.focus();
    done();
  }

  begin();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    trouble.textContent = "";
    try {
      await step();
    } catch (error) {
      trouble.textContent = problem(error);
    }
    submit.disabled = false;
  });
  return form;
}
