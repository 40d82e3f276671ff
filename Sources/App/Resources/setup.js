// The wizard after the name: sources, privacy, review, train. Each step stands at its own address and everything is on the server,
// so leaving and coming back loses nothing.

import { get, patch } from "./api.js";
import { addSources } from "./add-sources.js";
import { api, chatbotPage, loadSources, showChatbot } from "./chatbot.js";
import { byID, bytes, fill, h, money, number, plural } from "./dom.js";
import { agreeToBlended, ask } from "./forms.js";
import { sourceList } from "./source-list.js";
import { training } from "./training.js";
import { confirm, showError, toast } from "./ui.js";
import { passages, tokens } from "./words.js";

const { step } = byID("chatbot").dataset;

// A link that leads on only when there is something to go on with.
function allow(link, isAllowed) {
  if (isAllowed) link.removeAttribute("aria-disabled");
  else link.setAttribute("aria-disabled", "true");
}

const steps = {
  async sources() {
    const [plan, found] = await Promise.all([get("/api/billing/plan/"), loadSources()]);
    const next = byID("next");
    next.addEventListener("click", async (event) => {
      const isAllowed = next.getAttribute("aria-disabled") !== "true";
      const unsent = adding.unsent();
      if (isAllowed && unsent === null) return;
      event.preventDefault();
      if (!isAllowed) return toast("Add at least one source first.", "bad");
      const agreed = await confirm({
        title: "Go on without adding this?", action: "Go on without it", refuse: "Back to the form",
        body: h("p", { class: "break" }, `“${unsent.length > 200 ? `${unsent.slice(0, 200)}…` : unsent}” is written in the form but not added. `
          + "It stays there as long as this tab is open."),
      });
      if (agreed) location.assign(next.href);
      else adding.toUnsent();
    });
    const list = sourceList(byID("sources"), {
      parts: ["actions"],
      changed: (sources) => {
        byID("none").hidden = sources.length > 0;
        byID("count").textContent = sources.length > 0 ? `${number(sources.length)} of ${number(plan.limits.sources)}` : "";
        allow(next, sources.length > 0);
      },
    });
    list.show(found);
    const adding = addSources(plan.limits, list.add);
  },

  async privacy(chatbot) {
    const list = sourceList(byID("sources"), {
      parts: ["switch"],
      changed: (sources) => {
        byID("none").hidden = sources.length > 0;
      },
    });
    list.show(await loadSources());
    const modes = [...byID("modes").querySelectorAll("input")];
    let kept = chatbot.privacy_mode;
    const show = () => {
      for (const mode of modes) mode.checked = mode.value === kept;
    };
    show();
    byID("modes").addEventListener("change", async (event) => {
      const wanted = event.target.value;
      try {
        if (wanted === "strict" || await agreeToBlended()) {
          kept = (await patch(api, { privacy_mode: wanted })).privacy_mode;
          toast(kept === "strict" ? "Strict from now on." : "Blended from now on.");
        }
      } catch (error) {
        showError(error);
      }
      show();
    });
  },

  async review() {
    const [estimate, sources] = await Promise.all([get(`${api}train/estimate/`), loadSources()]);
    const citable = sources.filter((source) => source.is_citable).length;
    const facts = (id, rows) =>
      fill(byID(id), rows.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])).removeAttribute("aria-busy");
    facts("estimate", [
      ["To read", estimate.documents_changed === 0 ? "nothing new" : plural(estimate.documents_changed, "document")],
      ["New passages", estimate.chunks_new === 0 ? "none" : `about ${number(estimate.chunks_new)}`],
      ...(estimate.chunks_cached === 0 ? [] : [["Known passages", number(estimate.chunks_cached)]]),
      ["To work out", estimate.tokens === 0 ? "nothing" : tokens(estimate.tokens)],
      ...(estimate.cost === null ? [] : [["Price", money(estimate.cost)]]),
    ]);
    if (estimate.cost === null) {
      byID("estimate-price").textContent = "The operator of this server has named no price, so none is shown: a model of its own costs nothing, a "
        + "service is paid by the token.";
    }
    byID("estimate-basis").textContent = estimate.basis === "size"
      ? "Estimated from the sizes of the files; of web pages the size is known once they have been read."
      : "Taken from what the last reading found.";
    facts("summary", [
      ["Sources", number(sources.length)], ["Citable", number(citable)], ["Learn only", number(sources.length - citable)],
      ["Size of the files", bytes(sources.reduce((sum, source) => sum + source.bytes, 0))],
    ]);
    const warn = (text, href, link) => h("p", { class: "notice warn" }, text, " ", h("a", { href }, link));
    const place = (name) => `/chatbots/${byID("chatbot").dataset.chatbot}/setup/${name}/`;
    fill(byID("warnings"),
      sources.length === 0 && warn("There are no sources, so there is nothing to train.", place("sources"), "Add one"),
      sources.length > 0 && citable === 0
        && warn("All sources are learn only, so nothing can be quoted: visitors will be told that the chatbot does not know.",
          place("privacy"), "Make one citable"));
    if (sources.length === 0) byID("next").hidden = true;
  },

  async train(chatbot) {
    const live = training(chatbot, { isWizard: true });
    live.offerFor(null, chatbot.sources_count);
    await Promise.race([live.resume({ isFresh: true }), new Promise((resolve) => { setTimeout(resolve, 1500); })]);
    if (chatbot.sources_count === 0) {
      fill(byID("training-notice"), h("p", { class: "notice warn" }, "There are no sources yet. ",
        h("a", { href: `/chatbots/${chatbot.id}/setup/sources/` }, "Add one first"), "."));
    }
  },
};

await chatbotPage(async (chatbot) => {
  let current = chatbot;
  byID("rename").addEventListener("click", () =>
    ask({
      title: "Name of the chatbot", label: "Name", value: current.name, limit: 80,
      save: async (name) => {
        current = await patch(api, { name });
        showChatbot(current);
      },
    }));
  document.querySelector(".steps [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
  await steps[step](chatbot);
});
