// The first step of a chatbot: its name. What is typed stays in this tab until the chatbot is made.

import { post } from "./api.js";
import { byID, fill } from "./dom.js";
import { draft } from "./forms.js";
import { page } from "./shell.js";
import { onSubmit } from "./ui.js";
import { refusalContent } from "./words.js";

// The same for every try of one form, so that a second click or a lost answer makes no second chatbot.
let key = crypto.randomUUID();

await page(async () => {
  const form = byID("new");
  const kept = draft(form, "new-chatbot");
  form.addEventListener("input", () => {
    key = crypto.randomUUID();
  });
  byID("name").focus();
  onSubmit(form, async ({ name, description }) => {
    try {
      const values = { name: name.trim(), ...(description.trim() && { description: description.trim() }) };
      const chatbot = await post("/api/chatbots/", values, { headers: { "Idempotency-Key": key } });
      kept.forget();
      location.assign(`/chatbots/${chatbot.id}/setup/sources/`);
    } catch (error) {
      // The answer is kept with its key: another try is another request.
      key = crypto.randomUUID();
      if (error.code !== "plan-limit") throw error;
      fill(form.querySelector(".alert"), refusalContent(error));
    }
  });
});
