// What a living chatbot reads: every source with its state and its switch, more to add, and training beside it.

import { get } from "./api.js";
import { addSources } from "./add-sources.js";
import { chatbotPage, loadSources } from "./chatbot.js";
import { byID, number, plural } from "./dom.js";
import { sourceList } from "./source-list.js";
import { training } from "./training.js";

// What no training has taken yet, in a sentence; empty when all is taken.
function untrainedWords(sources, isTrained) {
  const fresh = sources.filter((source) => source.documents.total === 0).length;
  const failed = sources.filter((source) => source.status === "failed").length;
  return {
    count: fresh + failed,
    words: [
      fresh > 0 && isTrained
        && `${plural(fresh, "source")} changed since the last training: train to let answers use ${fresh === 1 ? "it" : "them"}.`,
      fresh > 0 && !isTrained && `${plural(fresh, "source")} ${fresh === 1 ? "waits" : "wait"} for the first training.`,
      failed > 0 && `${plural(failed, "source")} could not be read; the next training tries again.`,
    ].filter(Boolean).join(" "),
  };
}

await chatbotPage(async (chatbot) => {
  const [plan, found] = await Promise.all([get("/api/billing/plan/"), loadSources()]);
  let isRunning = chatbot.state === "training";
  let known = found;
  let list = null;

  const live = training(chatbot, {
    status: (status) => {
      isRunning = status.state === "training";
      showUntrained();
    },
    ended: async () => {
      chatbot = { ...chatbot, generation: chatbot.generation ?? 1 };
      await list.reload();
    },
  });
  function showUntrained() {
    const { count, words } = untrainedWords(known, chatbot.generation !== null);
    byID("untrained").hidden = isRunning || words === "";
    byID("untrained").textContent = words;
    live.offerFor(count, known.length);
  }
  list = sourceList(byID("sources"), {
    parts: ["switch", "documents", "actions"],
    changed: (sources) => {
      known = sources;
      byID("count").textContent = `${number(sources.length)} of ${number(plan.limits.sources)}`;
      byID("none").hidden = sources.length > 0;
      byID("filters").hidden = sources.length < 4;
      byID("switch-hint").hidden = sources.length === 0;
      showUntrained();
    },
    began: () => live.resume(),
  });
  list.show(found);
  // Names of sources on other pages lead here, before there is a list to lead to.
  const named = location.hash.length > 1 && byID(location.hash.slice(1));
  if (named) {
    named.setAttribute("tabindex", "-1");
    named.focus();
  }

  const refilter = () => {
    const left = list.filter({ group: byID("filter").value, text: byID("find").value.trim().toLowerCase() });
    const isFiltered = byID("filter").value !== "" || byID("find").value.trim() !== "";
    byID("matches").textContent = !isFiltered ? "" : left === 0 ? "No source matches." : `${plural(left, "source")} of ${number(known.length)}`;
  };
  byID("filter").addEventListener("change", refilter);
  byID("find").addEventListener("input", refilter);

  const add = byID("add");
  const open = (isOpen) => {
    byID("add-box").hidden = !isOpen;
    add.setAttribute("aria-expanded", String(isOpen));
    add.textContent = isOpen ? "Close" : "Add a source";
  };
  add.addEventListener("click", () => {
    open(byID("add-box").hidden);
    if (!byID("add-box").hidden) document.querySelector("input[name=kind]:checked").focus();
  });
  const { isRestored } = addSources(plan.limits, (source) => list.add(source));
  if (found.length === 0 || isRestored) open(true);
  live.resume({ isFresh: true });
});
