// Link, code for a site, whose sites may show the chat, and what visitors see first.

import { get, patch } from "./api.js";
import { api, chatbotPage, showChatbot } from "./chatbot.js";
import { byID, fill, h } from "./dom.js";
import { draft } from "./forms.js";
import { button, confirm, copyButton, fieldError, onSubmit, showError, toast } from "./ui.js";

// What an address will be as a site that may show the chat, or what is wrong with it. The server checks the same again.
function siteOf(text) {
  const written = text.trim().toLowerCase();
  if (written.includes("*")) return { problem: "A star does not work here. Write each site by itself." };
  let url;
  try {
    url = new URL(/^[a-z]+:\/\//.test(written) ? written : `https://${written}`);
  } catch {
    return { problem: "This is not a site's address. Write it like www.example.org." };
  }
  // A browser takes a blank in a name for a part of it.
  if (!/^[a-z0-9.-]+$/.test(url.hostname)) return { problem: "This is not a site's address. Write it like www.example.org." };
  const isLocal = ["localhost", "127.0.0.1"].includes(url.hostname);
  if (url.username || url.password) return { problem: "Leave the user name out." };
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) return { problem: "Only sites with a secure connection (https) may show it." };
  if (!isLocal && !url.hostname.includes(".")) return { problem: "This name has no ending like .org or .com." };
  const hasPath = url.pathname !== "/" || url.search || url.hash;
  return { site: url.origin, note: hasPath ? "The path is left out: all pages of the site may show it." : "" };
}

// What a site on the list means, in words.
function meaning(site) {
  const url = new URL(site);
  if (["localhost", "127.0.0.1"].includes(url.hostname)) return "Your own machine, for trying out. Take it off before you go public.";
  const port = url.port ? ` on port ${url.port}` : "";
  const labels = url.hostname.split(".");
  const other = labels[0] === "www" ? labels.slice(1).join(".") : labels.length === 2 && `www.${url.hostname}`;
  return [`All its pages${port}, over https.`, other && `${other} is another site and needs a line of its own.`].filter(Boolean).join(" ");
}

await chatbotPage(async (loaded) => {
  let chatbot = loaded;
  const embed = await get(`${api}embed/`);
  // The loader (embed.js) has put its button beside the body; it goes when there is nothing to open.
  const bubble = document.querySelector("html > div");

  function show() {
    showChatbot(chatbot);
    byID("link").value = chatbot.share_url;
    byID("slug").value = chatbot.public_url_slug;
    const isPublic = chatbot.is_public;
    document.querySelector(`#public [value=${isPublic ? "yes" : "no"}]`).checked = true;
    byID("closed").hidden = isPublic;
    byID("bubble-words").hidden = !isPublic || !bubble;
    if (isPublic) document.documentElement.append(bubble ?? "");
    else bubble?.remove();
    byID("open-link").hidden = !isPublic;
    const sites = chatbot.allowed_domains;
    fill(byID("domains"), sites.map((site) => h("li", { class: "domain" },
      h("div", {}, h("strong", { class: "break" }, site), h("p", { class: "hint" }, meaning(site))),
      button("Remove", () => remove(site), "small"))));
    byID("domains").removeAttribute("aria-busy");
    for (const item of byID("domains").querySelectorAll("button")) {
      item.setAttribute("aria-label", `Remove ${item.closest("li").querySelector("strong").textContent}`);
    }
    byID("no-domains").hidden = sites.length > 0;
  }

  async function change(values) {
    chatbot = await patch(api, values);
    show();
  }

  async function remove(site) {
    await change({ allowed_domains: chatbot.allowed_domains.filter((other) => other !== site) });
    byID("domain-said").textContent = `${site} may not show it any more.`;
    byID("domain").focus();
  }

  fill(byID("link-actions"), copyButton(() => chatbot.share_url, "Copy the link"),
    h("a", { class: "button", id: "open-link", href: chatbot.share_url, target: "_blank", rel: "noopener" }, "Open"));
  byID("script-code").textContent = embed.script;
  byID("frame-code").textContent = embed.iframe;
  fill(byID("script-actions"), copyButton(embed.script, "Copy this line"));
  fill(byID("frame-actions"), copyButton(embed.iframe, "Copy this line"));
  byID("welcome").value = chatbot.welcome_text;
  byID("suggested").value = chatbot.suggested_questions.join("\n");
  show();

  byID("public").addEventListener("change", async (event) => {
    const isPublic = event.target.value === "yes";
    try {
      await change({ is_public: isPublic });
      toast(isPublic ? "Everybody with the link can talk to it now." : "Only you can reach it now.");
    } catch (error) {
      show();
      showError(error);
    }
  });

  onSubmit(byID("slug-form"), async ({ public_url_slug: slug }) => {
    if (slug === chatbot.public_url_slug) return toast("That is the link already.");
    const agreed = await confirm({
      title: "Change the link?", action: "Change it",
      body: `The link you have given out until now will show “not found”. Chats on your own site go on.`,
    });
    if (!agreed) return undefined;
    try {
      await change({ public_url_slug: slug });
    } catch (error) {
      if (error.code === "slug-taken") error.message = "Another chatbot has this link. Choose another.";
      throw error;
    }
    byID("open-link").href = chatbot.share_url;
    return toast("The link is changed.");
  });

  byID("domain").addEventListener("input", (event) => {
    const { site, problem, note } = event.target.value.trim() ? siteOf(event.target.value) : {};
    byID("domain-said").textContent = problem ?? (site ? `This will be ${site}. ${note}` : "");
  });
  onSubmit(byID("domain-form"), async ({ domain }, form) => {
    const { site, problem } = siteOf(domain);
    if (problem) {
      fill(form.querySelector(".alert"), problem);
      fieldError(byID("domain"), problem);
      return byID("domain").focus();
    }
    await change({ allowed_domains: [...new Set([...chatbot.allowed_domains, site])] });
    byID("domain").value = "";
    byID("domain-said").textContent = `${site} may show it now.`;
    return byID("domain").focus();
  });

  byID("first-form").addEventListener("input", () => fill(byID("first-said")));
  const kept = draft(byID("first-form"), `first-${chatbot.id}`, byID("first-said"));
  onSubmit(byID("first-form"), async ({ welcome_text: welcome, suggested }, form) => {
    const questions = suggested.split("\n").map((line) => line.trim()).filter(Boolean);
    const long = questions.find((question) => [...question].length > 200);
    if (questions.length > 6 || long) {
      const problem = long ? `This question is longer than 200 characters: “${long.slice(0, 60)}…”` : `These are ${questions.length} questions; six is the most.`;
      fill(form.querySelector(".alert"), problem);
      fieldError(byID("suggested"), problem);
      return byID("suggested").focus();
    }
    await change({ welcome_text: welcome.trim(), suggested_questions: questions });
    byID("suggested").value = questions.join("\n");
    kept.forget();
    return fill(byID("first-said"), "Saved.");
  });
});
