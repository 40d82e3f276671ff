// Generations that are kept, going back to one, and every training with what became of it.

import { get, post, request } from "./api.js";
import { api, chatbotID, chatbotPage, showChatbot } from "./chatbot.js";
import { byID, bytes, dateTime, duration, fill, h, number, percent, plural } from "./dom.js";
import { badge, busy, button, confirm, showDialog, stateBadge, table, toast } from "./ui.js";

const patience = 120_000;
const pause = (milliseconds) => new Promise((resolve) => {
  setTimeout(resolve, milliseconds);
});

const triggers = { train: "Training", rollback: "Back to an earlier generation", removal: "Removal of a source", import: "Import of an archive" };
const documentWords = {
  live: "live", ended: "not read", waiting: "tried again later", held: "put aside", queued: "waiting", fetched: "fetched", extracted: "read",
  chunked: "in passages", embedded: "ready to go live",
};

function took(run) {
  if (!run.finished_at) return null;
  const seconds = (new Date(run.finished_at) - new Date(run.started_at)) / 1000;
  return seconds < 1 ? "less than 1 s" : duration(seconds);
}

function documentsText({ documents, trigger }) {
  // What going back and removing take out has ended, too, but was read well.
  const words = trigger === "train" ? documentWords : { ...documentWords, ended: "taken out" };
  const parts = Object.entries(documents).filter(([, count]) => count > 0).map(([state, count]) => `${number(count)} ${words[state] ?? state}`);
  return parts.length > 0 ? `Documents: ${parts.join(", ")}` : "";
}

const share = (value) => (value === null ? "not measured" : percent(value));

// Why a run is held, in our words where the figures say it, else in the server's.
function heldWords(run, gate) {
  if (!run.gate || run.gate.questions === 0 || run.gate.passed !== false || !gate) return run.held_reason || "It waits for your decision.";
  const lacks = [
    gate.recall_at_5 !== null && run.gate.recall_at_5 !== null && run.gate.recall_at_5 < gate.recall_at_5
      && `the right passage was found for ${share(run.gate.recall_at_5)} (you demand ${percent(gate.recall_at_5)})`,
    gate.no_answer !== null && run.gate.no_answer !== null && run.gate.no_answer < gate.no_answer
      && `“I don’t know” where it should: ${share(run.gate.no_answer)} (you demand ${percent(gate.no_answer)})`,
  ].filter(Boolean);
  return lacks.length > 0 ? `Of your ${plural(run.gate.questions, "golden question")}, ${lacks.join("; ")}.` : run.held_reason;
}

// Of what lies between the first and the last change so much is compared: the work grows with the product of the lengths.
const comparedLines = 2000;

// The lines of two texts side by side in one order: [" ", line], ["-", line] or ["+", line] (the longest common subsequence).
function compare(before, after) {
  let [from, to] = [0, 0];
  const same = [];
  while (from < Math.min(before.length, after.length) && before[from] === after[from]) same.push([" ", before[from++]]);
  const [first, second] = [before.slice(from), after.slice(from)];
  from = 0;
  const tail = [];
  while (first.length > 0 && second.length > 0 && first.at(-1) === second.at(-1)) {
    tail.unshift([" ", first.pop()]);
    second.pop();
  }
  // What is too long to be compared is shown as taken out and put in, whole.
  if (first.length > comparedLines || second.length > comparedLines) {
    return [...same, ...first.map((line) => ["-", line]), ...second.map((line) => ["+", line]), ...tail];
  }
  const lengths = Array.from({ length: first.length + 1 }, () => new Uint16Array(second.length + 1));
  for (let row = first.length - 1; row >= 0; row -= 1) {
    for (let column = second.length - 1; column >= 0; column -= 1) {
      lengths[row][column] = first[row] === second[column]
        ? lengths[row + 1][column + 1] + 1 : Math.max(lengths[row + 1][column], lengths[row][column + 1]);
    }
  }
  const parts = [];
  while (from < first.length || to < second.length) {
    if (from < first.length && to < second.length && first[from] === second[to]) {
      parts.push([" ", first[from++]]);
      to += 1;
    } else if (to === second.length || (from < first.length && lengths[from + 1][to] >= lengths[from][to + 1])) {
      parts.push(["-", first[from++]]);
    } else {
      parts.push(["+", second[to++]]);
    }
  }
  return [...same, ...parts, ...tail];
}

// What a document said before and says now, with a little of what stayed around each change.
async function showTexts({ document_id: id, title, uri }, from, to) {
  const text = async (generation) => {
    const answer = await request("GET", `${api}documents/${id}/text/?generation=${generation}`);
    // A sentence a line: what is one paragraph would be one change.
    return (await answer.text()).split(/\n|(?<=[.!?]) /).map((line) => line.trim()).filter(Boolean);
  };
  const [before, after] = await Promise.all([text(from), text(to)]);
  const parts = compare(before, after);
  const near = (index) => parts.slice(Math.max(0, index - 2), index + 3).some(([sign]) => sign !== " ");
  const lines = [];
  parts.forEach(([sign, line], index) => {
    if (!near(index)) {
      if (lines.at(-1) !== "gap") lines.push("gap");
    } else {
      lines.push([sign, line]);
    }
  });
  const element = (line) => {
    if (line === "gap") return h("p", { class: "quiet" }, "…");
    const [sign, words] = line;
    if (sign === "-") return h("p", { class: "break" }, h("span", { class: "hidden" }, "Before: "), h("del", { dir: "auto" }, words));
    if (sign === "+") return h("p", { class: "break" }, h("span", { class: "hidden" }, "Now: "), h("ins", { dir: "auto" }, words));
    return h("p", { class: "break", dir: "auto" }, words);
  };
  showDialog(title || uri,
    h("p", { class: "quiet" }, `Generation ${number(to)} beside ${number(from)}.`,
      parts.filter(([sign]) => sign !== " ").length > comparedLines && " So much has changed that it is not compared line by line."),
    h("div", { class: "reading difference", tabindex: "0", role: "region", "aria-label": "What changed in the text" },
      parts.some(([sign]) => sign !== " ") ? lines.map(element) : h("p", {}, "No sentence changed, only white space or what cannot be seen.")));
}

function changeList(title, count, documents, look) {
  if (count === 0) return null;
  return [h("h3", {}, `${title}: ${number(count)}`),
    h("ul", {}, documents.map((document) =>
      h("li", { class: "break" }, document.title || document.uri,
        document.title && document.title !== document.uri && h("span", { class: "quiet" }, ` ${document.uri}`),
        look && [" ", button("What changed", () => look(document), "small")]))),
    count > documents.length && h("p", { class: "quiet" }, `and ${number(count - documents.length)} more`)];
}

async function showChanges(generation, from) {
  const found = await get(`${api}generations/${generation}/diff/${from ? `?from=${from}` : ""}`);
  const isSame = found.added_count + found.removed_count + found.changed_count === 0;
  showDialog(`What changed in generation ${number(found.to)}`,
    h("p", { class: "quiet" }, found.from === null ? "It is the first that is kept." : `Beside generation ${number(found.from)}.`),
    isSame && h("p", {}, "No document was added, changed or taken out."),
    changeList("Added", found.added_count, found.added), changeList("Read anew with other words", found.changed_count, found.changed, (document) => showTexts(document, found.from, found.to)),
    changeList("Taken out", found.removed_count, found.removed),
    h("p", {}, `${plural(found.unchanged_count, "document")} stayed as ${found.unchanged_count === 1 ? "it was" : "they were"}.`));
}

await chatbotPage(async (loaded) => {
  let chatbot = loaded;
  let kept = [];
  let runs = [];
  let cursor = null;

  const runOf = (generation) => runs.find((run) => run.id === generation.run);
  // The one before the one that answers.
  const earlier = () => {
    const at = kept.findIndex((row) => row.is_current);
    return at < 0 ? null : kept[at + 1];
  };
  const newestTraining = () => runs.find((run) => run.trigger === "train");

  async function load() {
    const [changed, generations, page] = await Promise.all([get(api), get(`${api}generations/`), get(`${api}runs/?limit=25`)]);
    chatbot = changed;
    showChatbot(chatbot);
    runs = page.items;
    cursor = page.next_cursor;
    // One that waits for a decision is told of above.
    const held = new Set(runs.filter((run) => run.state === "held" || run.state === "running").map((run) => run.id));
    kept = generations.items.filter((generation) => generation.is_current || !held.has(generation.run));
    show();
  }

  // Waits until a move has been carried out.
  async function settle(run, words) {
    byID("moving").textContent = words;
    const end = Date.now() + patience;
    let current = run;
    while (current.state === "running" || current.state === "held") {
      if (Date.now() > end) throw new Error("still under way");
      await pause(700);
      current = await get(`${api}runs/${run.id}/`);
    }
    await load();
    byID("moving").textContent = "";
    if (current.state === "done") toast("Done: it answers now.");
    else toast("It did not work; what answered before goes on answering.", "bad");
  }

  async function back(generation) {
    const made = runOf(generation);
    const agreed = await confirm({
      title: `Let generation ${number(generation.generation)} answer again?`, action: "Go back to it",
      body: `It has ${plural(generation.documents, "document")}${made?.finished_at ? ` and went live on ${dateTime(made.finished_at)}` : ""}. Visitors get its answers within moments; the one that answers now is kept.`,
    });
    if (agreed) await settle(await post(`${api}rollback/`, { generation: generation.generation }), "Going back…");
  }

  function showHeld() {
    const run = newestTraining();
    if (run?.state !== "held") return fill(byID("held"));
    return fill(byID("held"), h("section", { class: "card held", "aria-labelledby": "held-title" },
      h("div", { class: "heading" }, h("h2", { id: "held-title" }, "A training waits for your decision"), badge("Held for you", "warn")),
      h("p", { class: "break" }, heldWords(run, chatbot.quality_gate)),
      h("p", { class: "quiet" }, chatbot.generation === null ? "Nothing answers yet." : "What was trained before goes on answering."),
      h("p", { class: "actions" },
        button("Publish it", async () => {
          const agreed = await confirm({
            title: "Publish it?", action: "Publish", body: "Answers come from the new state from then on. You can go back here.",
          });
          if (agreed) await settle(await post(`${api}runs/${run.id}/publish/`), "Publishing…");
        }, "primary"),
        button("Cancel it", () => discard(run)),
        h("a", { href: `/chatbots/${chatbotID}/quality/` }, "Look at the questions"))));
  }

  async function discard(run) {
    const agreed = await confirm({
      title: "Cancel this training?", action: "Throw it away", danger: true,
      body: "Its result is thrown away. Nothing changes for visitors; you can train again at any time.",
    });
    if (!agreed) return;
    await post(`${api}runs/${run.id}/cancel/`);
    await load();
    toast("Thrown away; nothing has changed for visitors.");
    byID("kept-title").scrollIntoView({ block: "nearest" });
  }

  function showKept() {
    byID("none").hidden = kept.length > 0;
    fill(byID("kept"), kept.length > 0 && table("Generations that are kept, newest first", [
      { title: "Generation", cell: (row) => h("span", { class: "nowrap" }, number(row.generation), " ", row.is_current && badge("Answers now", "good")) },
      { title: "Trained", cell: (row) => (runOf(row)?.finished_at ? dateTime(runOf(row).finished_at) : "earlier") },
      { title: "Documents", numeric: true, cell: (row) => number(row.documents) },
      { title: "Passages", numeric: true, cell: (row) => number(row.chunks) },
      { title: "Size", numeric: true, cell: (row) => bytes(row.bytes) },
      { title: "What changed", cell: (row) => {
        const before = kept[kept.indexOf(row) + 1];
        if (!before) return h("span", { class: "quiet" }, "the first kept");
        return named(button("Show", () => showChanges(row.generation, before.generation), "small"), `Show what changed in generation ${row.generation}`);
      } },
      { title: "Go back", cell: (row) => (row.is_current ? "–" : named(button("Let it answer", () => back(row), "small"), `Let generation ${row.generation} answer again`)) },
    ], kept)).removeAttribute("aria-busy");
    const before = earlier();
    byID("undo").hidden = !before;
    if (before) byID("undo").textContent = `Undo: back to generation ${number(before.generation)}`;
  }

  const named = (element, label) => {
    element.setAttribute("aria-label", label);
    return element;
  };

  function runItem(run) {
    const isOvertaken = run.state === "held" && run !== newestTraining();
    return h("li", { class: "domain" },
      h("div", {},
        h("p", { class: "line-head" }, h("strong", {}, triggers[run.trigger] ?? run.trigger), isOvertaken ? badge("Held, then overtaken") : stateBadge(run.state),
          run.generation !== null && h("span", { class: "quiet" }, `generation ${number(run.generation)}`)),
        h("p", { class: "facts quiet" }, h("time", { datetime: run.started_at }, dateTime(run.started_at)),
          took(run) && h("span", {}, `took ${took(run)}`), h("span", {}, documentsText(run))),
        run.gate && run.gate.questions > 0 && h("p", { class: "quiet" }, `${plural(run.gate.questions, "golden question")}: `,
          `right passage ${share(run.gate.recall_at_5)}, “I don’t know” ${share(run.gate.no_answer)}.`),
        (run.state === "held" || run.state === "failed") && run.held_reason
          && h("p", { class: "break" }, isOvertaken ? "A later training went live instead." : heldWords(run, chatbot.quality_gate))),
      run.state === "running" && run.trigger === "train" && h("a", { class: "button small", href: `/chatbots/${chatbotID}/sources/` }, "Watch it"),
      isOvertaken && button("Throw it away", () => discard(run), "small"));
  }

  function show() {
    showHeld();
    showKept();
    fill(byID("runs"), runs.map(runItem)).removeAttribute("aria-busy");
    byID("no-runs").hidden = runs.length > 0;
    byID("more").hidden = !cursor;
  }

  byID("undo").addEventListener("click", () => busy(byID("undo"), () => back(earlier())));
  byID("more").addEventListener("click", () => busy(byID("more"), async () => {
    const page = await get(`${api}runs/?limit=25&cursor=${encodeURIComponent(cursor)}`);
    runs = [...runs, ...page.items];
    cursor = page.next_cursor;
    show();
  }));
  await load();
});
