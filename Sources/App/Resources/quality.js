// Golden questions, what a training must score to go live by itself, and what each has scored.

import { get, patch } from "./api.js";
import { api, chatbotPage, loadSources } from "./chatbot.js";
import { lineChart } from "./chart.js";
import { byID, dateTime, fill, h, number, percent } from "./dom.js";
import { draft } from "./forms.js";
import { goldenQuestions } from "./questions.js";
import { badge, busy, onSubmit, table } from "./ui.js";

const share = (value) => (value === null ? "–" : percent(value));
const isMeasured = (run) => run.gate !== null && run.gate.passed !== null && run.gate.questions > 0;

// Days, or the time of day where all are of one day.
function labels(dates) {
  const day = (date) => date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const isOneDay = dates.every((date) => date.toDateString() === dates[0].toDateString());
  return dates.map(isOneDay ? (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) : day);
}

// `newest`: the id of the newest training; an older one that is held waits for nobody any more.
function outcome(run, newest) {
  if (run.state === "held") return run.id === newest ? badge("Held for you", "warn") : badge("Held, then overtaken");
  if (run.gate.passed) return badge("Went live", "good");
  if (run.state === "done") return badge("Published by you", "good");
  return badge(run.state === "cancelled" ? "Thrown away" : "Held back", "");
}

function scores(runs) {
  const newest = runs.find((run) => run.trigger === "train")?.id;
  const measured = runs.filter(isMeasured);
  if (measured.length === 0) {
    return h("p", { class: "quiet" }, "No training has been measured yet. Add questions, save what they should score, and train.");
  }
  const oldestFirst = [...measured].reverse();
  const values = (key) => oldestFirst.map((run) => run.gate[key]);
  return [
    measured.length > 1 && lineChart("Scores of trainings, oldest first", labels(oldestFirst.map((run) => new Date(run.started_at))), [
      { name: "Right passage", values: values("recall_at_5") }, { name: "Place", values: values("mrr") }, { name: "“I don’t know”", values: values("no_answer") },
    ]),
    table("Scores of trainings, newest first", [
      { title: "Training", cell: (run) => dateTime(run.started_at) },
      { title: "Result", cell: (run) => outcome(run, newest) },
      { title: "Questions", numeric: true, cell: (run) => number(run.gate.questions) },
      { title: "Right passage", numeric: true, cell: (run) => share(run.gate.recall_at_5) },
      { title: "Place", numeric: true, cell: (run) => (run.gate.mrr === null ? "–" : run.gate.mrr.toFixed(2)) },
      { title: "“I don’t know”", numeric: true, cell: (run) => share(run.gate.no_answer) },
    ], measured),
  ];
}

const asPercent = (value) => (value === null || value === undefined ? "" : String(Math.round(value * 100)));
const asShare = (text) => (text.trim() === "" ? null : Number(text) / 100);

function gate(chatbot) {
  const form = byID("gate-form");
  form.elements.recall.value = asPercent(chatbot.quality_gate?.recall_at_5);
  form.elements.silent.value = asPercent(chatbot.quality_gate?.no_answer);
  form.addEventListener("input", () => fill(byID("gate-said")));
  const kept = draft(form, `gate-${chatbot.id}`, byID("gate-said"));
  onSubmit(form, async ({ recall, silent }) => {
    const demanded = { recall_at_5: asShare(recall), no_answer: asShare(silent) };
    const isOff = demanded.recall_at_5 === null && demanded.no_answer === null;
    await patch(api, { quality_gate: isOff ? null : demanded });
    kept.forget();
    byID("gate-said").textContent = isOff ? "Saved: trainings go live without questions." : "Saved: it holds from the next training on.";
  });
}

await chatbotPage(async (chatbot) => {
  gate(chatbot);
  const runs = [];
  let cursor = null;
  const more = byID("more-runs");
  async function load() {
    const page = await get(`${api}runs/?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    runs.push(...page.items);
    cursor = page.next_cursor;
    more.hidden = !cursor;
    fill(byID("scores"), scores(runs)).removeAttribute("aria-busy");
  }
  more.addEventListener("click", () => busy(more, load));
  const [sources] = await Promise.all([loadSources(), load()]);
  await goldenQuestions(new Map(sources.map((source) => [source.id, source.name])));
});
