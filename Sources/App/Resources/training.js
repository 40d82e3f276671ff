// Training, begun and followed live: one bar, a line for each stage, every document with what became of it, and what to do when it
// is held, stands still or has failed (training.mustache has the markup).

import { events, get, post, request } from "./api.js";
import { api, chatbotID, showChatbot } from "./chatbot.js";
import { byID, duration, fill, h, money, number, percent, plural } from "./dom.js";
import { documentItem, fillDocuments } from "./documents.js";
import { badge, busy, button, confirm, showError, toast } from "./ui.js";
import { isProblem, refusal, stageNames, stageWords } from "./words.js";

const pause = (milliseconds) => new Promise((resolve) => {
  setTimeout(resolve, milliseconds);
});

const stageParts = [
  ["waiting", "waiting", ""], ["active", "in work", "busy"], ["deferred", "tried again later", "warn"],
  ["held", "put aside", "warn"], ["failed", "failed", "bad"],
];

// A stage's line: what stands in it, in words.
function stageItem(stage, counts) {
  const found = stageParts.filter(([key]) => counts?.[key] > 0);
  return h("li", {}, h("span", {}, stageWords(stage)),
    h("span", { class: "stage-counts" },
      found.map(([key, words, kind]) => badge(`${number(counts[key])} ${words}`, kind)),
      found.length === 0 && h("span", { class: "quiet" }, "none")));
}

// Follows the status until nothing is under way, over as many connections as it takes. Gives the last status.
async function follow(show, lost) {
  for (let failures = 0; ; failures += 1) {
    let wait = Math.min(15_000, 1000 * 2 ** failures);
    try {
      const response = await request("GET", `${api}status/`, { headers: { Accept: "text/event-stream" } });
      for await (const { name, data } of events(response)) {
        failures = 0;
        show(data);
        if (name === "done") return data;
      }
    } catch (error) {
      // A connection that broke, a server that restarts, too many pages open: asked again. All else is said.
      if (error.status && ![429, 502, 503, 504].includes(error.status)) throw error;
      if (error.retryAfter) wait = error.retryAfter * 1000;
      lost();
    }
    await pause(wait);
  }
}

const order = ["ended", "held", "waiting", "queued", "fetched", "extracted", "chunked", "embedded", "live"];

// `chatbot` as loaded; `isWizard` where training is the page's only matter. `status(status)` is told of each status, `ended()`
// when a training is over. Gives { resume, offerFor }.
export function training(chatbot, { isWizard = false, status: told = () => {}, ended = async () => {} } = {}) {
  let run = null;
  let following = false;
  let listedAt = 0;
  let listed = "";
  // Whoever began a training or watches its button is led on: to Stop, and at the end to what comes next.
  let leads = false;
  // Sources that no training has taken; where nobody counts them, what the last training could not read.
  let untrained = null;
  let unread = 0;
  let state = chatbot.state;
  const start = byID("train");
  const startAll = byID("train-all");
  const stop = byID("training-stop");
  const notice = byID("training-notice");

  const say = (text) => {
    // Said once: a live region that is filled again is read again.
    if (byID("training-words").textContent !== text) byID("training-words").textContent = text;
  };

  async function listDocuments() {
    listedAt = Date.now();
    const { items, next_cursor: more } = await get(`${api}documents/?limit=100`);
    const box = byID("training-documents");
    box.hidden = items.length === 0;
    const problems = items.filter(isProblem).length;
    fill(byID("training-documents-title"), more ? "The newest 100 documents" : plural(items.length, "document"),
      problems > 0 && `, ${problems} to look at`);
    // Where the list of sources stands beside it, that says the same.
    if (problems > 0 && isWizard) box.open = true;
    const sorted = [...items].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
    // Made anew only when something has changed: whoever reads it is not disturbed.
    const next = JSON.stringify(sorted.map(({ age_seconds: age, ...item }) => item));
    if (next !== listed) fillDocuments(byID("training-list"), sorted.map((item) => documentItem(item, moved)));
    listed = next;
  }

  // A button of the list has acted.
  async function moved() {
    await listDocuments();
    resume();
  }

  // Stages and bar; the documents at most every other second.
  function show(status) {
    if (status.state !== state) showChatbot({ ...chatbot, state: status.state });
    run = status.run;
    state = status.state;
    told(status);
    const isRunning = status.state === "training";
    byID("training-live").hidden = !isRunning;
    leads ||= !isRunning && document.activeElement === stop;
    stop.hidden = !isRunning;
    if (isRunning && leads) {
      stop.focus();
      leads = false;
    }
    start.hidden = isRunning || status.state === "held";
    if (!isRunning) return;
    startAll.hidden = true;
    fill(byID("training-state"), badge("Training", "busy"));
    const meanwhile = chatbot.generation === null ? "" : " What it knew before goes on answering.";
    say(`Your chatbot is reading.${meanwhile}`);
    byID("training-progress").value = status.progress;
    const left = status.seconds_left !== null && status.seconds_left > 0 ? ` · about ${duration(status.seconds_left)} left` : "";
    byID("training-numbers").textContent = `${Math.round(status.progress * 100)} % done${left}`;
    fill(byID("stages"), stageNames.map((stage) => stageItem(stage, status.stages[stage])));
    const isSilent = status.oldest_age_seconds > 180 && !stageNames.some((stage) => status.stages[stage]?.active > 0);
    if (status.stuck > 0) {
      fill(notice, h("div", { class: "notice warn" },
        h("p", {}, h("strong", {}, "Something stands still. "),
          `${plural(status.stuck, "packet")} of this training ${status.stuck === 1 ? "has" : "have"} been silent for longer than any work takes.`),
        h("p", {}, "Stop this training and begin it again. If it comes back, tell the operator of this server.")));
    } else if (isSilent) {
      fill(notice, h("p", { class: "notice warn" },
        `Nothing has moved for ${duration(status.oldest_age_seconds)}. The server may be busy with others, `
        + "or something is tried again later; you may leave this page."));
    } else {
      fill(notice);
    }
    if (Date.now() - listedAt > 2000) listDocuments().catch(showError);
  }

  // A generation that is built but not let out.
  async function showHeld(status) {
    fill(byID("training-state"), badge("Waits for you", "warn"));
    say("The training is done, but its result is held back until you decide.");
    const found = await get(`${api}runs/${status.run}/`);
    const share = (value) => (value === null ? "not measured" : percent(value));
    const isJudging = found.gate?.passed === null;
    fill(notice, h("div", { class: "notice warn" },
      h("p", {}, status.held_reason
        || (isJudging ? "Your questions are being asked; it goes live by itself when they pass." : "It would make answers worse.")),
      found.gate && !isJudging && h("p", {}, `Of your ${plural(found.gate.questions, "question")}: right passage among `
        + `the first five ${share(found.gate.recall_at_5)}; “I don't know” where it should ${share(found.gate.no_answer)}.`),
      h("p", {}, chatbot.generation === null ? "Nothing answers yet." : "What was trained before goes on answering."),
      h("p", { class: "actions" },
        button("Go live with it", async () => {
          const agreed = await confirm({
            title: "Go live with it?", action: "Go live",
            body: "Answers come from the new state from then on. You can bring the earlier one back under History.",
          });
          if (!agreed) return;
          await post(`${api}runs/${status.run}/publish/`);
          say("It goes live…");
          await settle(status.run);
        }, "primary"),
        button("Throw it away", async () => {
          await post(`${api}runs/${status.run}/cancel/`);
          toast("Thrown away; nothing has changed for visitors.");
          await resume();
        }))));
  }

  // After a decision the index stage needs a moment.
  async function settle(of) {
    for (let tries = 0; tries < 60; tries += 1) {
      const status = await get(`${api}status/`);
      if (status.state !== "held" || status.run !== of) break;
      await pause(1000);
    }
    await resume();
  }

  async function showEnd(status, hasChanged) {
    const [found, changed] = await Promise.all([
      status.run ? get(`${api}runs/${status.run}/`) : null, hasChanged ? get(api) : chatbot,
    ]);
    chatbot = changed;
    showChatbot(chatbot);
    const documents = found?.documents ?? {};
    const failed = documents.ended ?? 0;
    unread = failed;
    const later = (documents.waiting ?? 0) + (documents.held ?? 0);
    const took = found?.finished_at ? (new Date(found.finished_at) - new Date(found.started_at)) / 1000 : null;
    fill(notice);
    if (found?.state === "cancelled") {
      fill(byID("training-state"), badge("Stopped"));
      say(chatbot.generation === null ? "Stopped. Nothing answers yet." : "Stopped. What answered before goes on answering.");
    } else if (status.state === "failed") {
      fill(byID("training-state"), badge("Nothing read", "bad"));
      say("Nothing could be read, so nothing answers yet. Below is what became of each document.");
      if (status.held_reason) fill(notice, h("p", { class: "notice bad" }, status.held_reason));
    } else {
      fill(byID("training-state"), badge("Ready", "good"));
      say([
        took === null || took < 1 ? "Trained." : `Trained in ${duration(took)}.`,
        `${plural(chatbot.chunks_count, "passage")} can answer.`,
        failed > 0 && `${plural(failed, "document")} of this training ${failed === 1 ? "was" : "were"} not read.`,
        later > 0 && `${plural(later, "document")} will be tried again.`,
      ].filter(Boolean).join(" "));
      const kind = isWizard ? "button primary" : "button";
      fill(notice, h("p", { class: "actions" }, h("a", { class: kind, href: `/chatbots/${chatbotID}/talk/` }, "Try it"),
        h("a", { class: "button", href: `/chatbots/${chatbotID}/share/` }, "Share it")));
    }
  }

  // What the next training may take, beside its button; the wizard has told it on the page before. A note in the margin: asked for once
  // the list of sources is still, and left out when it cannot be had.
  let estimating = null;
  function showEstimate() {
    const line = byID("training-estimate");
    line.hidden = true;
    clearTimeout(estimating);
    if (isWizard || start.hidden) return;
    const mine = setTimeout(async () => {
      const estimate = await get(`${api}train/estimate/`).catch(() => null);
      if (mine !== estimating || start.hidden || !estimate || estimate.documents_changed === 0) return;
      line.textContent = [
        `Training now reads ${plural(estimate.documents_changed, "document")}`,
        estimate.chunks_new > 0 && `about ${plural(estimate.chunks_new, "new passage")}`,
        estimate.tokens > 0 && `about ${plural(estimate.tokens, "token")}`,
        estimate.cost !== null && `${money(estimate.cost)} at most`,
      ].filter(Boolean).join(", ") + ".";
      line.hidden = false;
    }, 700);
    estimating = mine;
  }

  // What the start buttons offer.
  function offer() {
    const isTrained = chatbot.generation !== null;
    const isTaken = ["training", "held"].includes(state);
    start.hidden = isTaken || chatbot.sources_count === 0 || (untrained ?? (isTrained ? unread : 1)) === 0;
    fill(start, isTrained ? "Train now" : "Start training").classList.toggle("primary", !isTrained || untrained > 0);
    startAll.hidden = !isTrained || isTaken || chatbot.sources_count === 0;
    showEstimate();
  }

  // Shows what is so, and goes on with what is under way. A page that was just loaded asks again only for what changes under it.
  async function resume({ isFresh = false } = {}) {
    if (following) return;
    following = true;
    const before = state;
    // A document that is tried again changes no figure of the status.
    const look = setInterval(() => {
      if (!document.hidden && state === "training") listDocuments().catch(showError);
    }, 5000);
    try {
      const status = await follow(show, () => say("The connection was lost; trying again…"));
      if (status.state === "empty") {
        say("Not trained yet.");
      } else {
        const hasChanged = !isFresh || before === "training";
        byID("training-documents").hidden = false;
        if (isWizard || hasChanged) await listDocuments();
        if (status.state === "held") await showHeld(status);
        else await showEnd(status, hasChanged);
        if (hasChanged) await ended();
      }
      offer();
      if (leads) (notice.querySelector("a, button") ?? start).focus();
      leads = false;
    } catch (error) {
      say("");
      fill(notice, h("p", { class: "notice bad", role: "alert" }, refusal(error)));
    } finally {
      clearInterval(look);
      following = false;
    }
  }

  async function begin(body) {
    let found;
    try {
      found = await post(`${api}train/`, body, { headers: { "Idempotency-Key": crypto.randomUUID() } });
    } catch (error) {
      fill(notice, h("p", { class: "notice bad", role: "alert" }, refusal(error)));
      return;
    }
    if (found.id === run && found.state !== "running") toast("Nothing has changed since the last training.");
    leads = true;
    resume();
  }

  byID("training-documents").addEventListener("toggle", () => {
    if (listedAt === 0) listDocuments().catch(showError);
  });
  start.addEventListener("click", () => busy(start, () => begin({ scope: "changed" })));
  startAll.addEventListener("click", () =>
    busy(startAll, async () => {
      const agreed = await confirm({
        title: "Read everything again?", action: "Read everything again",
        body: "Every file and page is read anew. Passages that have not changed cost nothing again. "
          + "What answers now goes on answering meanwhile.",
      });
      if (agreed) await begin({ scope: "all" });
    }));
  stop.addEventListener("click", () =>
    busy(stop, async () => {
      const agreed = await confirm({
        title: "Stop this training?", action: "Stop it", danger: true,
        body: chatbot.generation === null
          ? "Nothing will answer until you train again. Your sources stay."
          : "What answered before goes on answering. Your sources stay.",
      });
      if (!agreed) return;
      await post(`${api}runs/${run}/cancel/`);
      say("Stopping…");
    }));

  return {
    resume,
    // How many sources no training has taken yet.
    offerFor(count, sources) {
      untrained = count;
      chatbot = { ...chatbot, sources_count: sources };
      offer();
    },
  };
}
