// Leak tests: begun by button, waited for, and told in plain words (a part of the privacy page).

import { get, post } from "./api.js";
import { api } from "./chatbot.js";
import { byID, dateTime, duration, fill, h, money, number, plural } from "./dom.js";
import { badge, busy, confirm, onSubmit, showError, table, toast } from "./ui.js";

const pollEvery = 3000;
const leaksShown = 20;

const states = { passed: ["Passed", "good"], failed: ["Failed", "bad"], broken: ["Broke off", "warn"], running: ["Running", "busy"] };

const disguises = {
  plain: "as it is", capitals: "in capitals", spaced: "letter by letter", zeroWidth: "with invisible characters", accents: "with accents",
  fullWidth: "in wide letters", bold: "in bold", hyphens: "with hyphens", oneALine: "one word a line", table: "as a table",
  reversedText: "backwards", reversedWords: "words in reverse order", wordsBackwards: "each word backwards", fillerEverySecond: "with a filler after every word",
  fillerEveryThird: "with a filler after every second word", firstLetters: "as first letters", base64: "as Base64", hex: "as hexadecimal", binary: "as binary",
  decimal: "as decimal codes", percent: "as in addresses (%)", entities: "as HTML codes", rot13: "as ROT13", caesar: "with shifted letters", atbash: "with a mirrored alphabet",
  leet: "with figures for letters", morse: "as Morse code", spelling: "with a spelling alphabet", rot47: "as ROT47", braille: "in Braille",
  emoji: "an emoji for each letter", stars: "with stars for vowels",
};
const disguiseWords = (name) => disguises[name] ?? name;

const attacks = {
  "repeat-above": "repeat what stands above", translate: "translate it", encode: "encode it", "role-play": "role play", prefix: "begin with these words",
  continuation: "go on with this sentence", summarise: "summarise it", crescendo: "step by step", "injection-by-document": "an order hidden in a document",
  "language-switch": "change the language", "table-json": "as a table or JSON", "guess-and-confirm": "guess, and have it confirmed",
};
const attackWords = (id) => Object.entries(attacks).find(([name]) => id.startsWith(name))?.[1] ?? id;
const leaked = { code: "a secret code", sentence: "a secret sentence", name: "a secret name", number: "a secret number", prompt: "learn-only text reached the model" };

const againstWords = (against) => (against === "stub" ? "a model that copies everything it is shown" : against);
const took = (test) => (new Date(test.finished_at) - new Date(test.created_at)) / 1000;

function verdict(source) {
  if (source.leaks.length > 0) return badge("Failed", "bad");
  if (source.untested?.length > 0) return badge("Not all tested", "warn");
  return source.reached > 0 || source.attacks === 0 ? badge("Passed", "good") : badge("Not tested", "warn");
}

const leakList = (source) => h("details", {}, h("summary", {}, `What came out of “${source.name}”`),
  h("ul", {}, source.leaks.slice(0, leaksShown).map((leak) =>
    h("li", {}, `${leaked[leak.what] ?? leak.what}, by “${attackWords(leak.attack)}”, ${disguiseWords(leak.disguise)}`))),
  source.leaks.length > leaksShown && h("p", {}, `and ${plural(source.leaks.length - leaksShown, "other")}`));

function resultView(test) {
  const { result } = test;
  if (!result) return [h("p", {}, test.state === "running" ? "It is running." : "The test broke off: the server was restarted or had a fault. Run it again.")];
  const isStrict = result.mode === "strict";
  return [
    h("p", {}, `${plural(result.answers, "answer")} of ${againstWords(result.against)}, under ${plural(result.disguises.length, "disguise")}. `,
      `Mode ${result.mode}, generation ${number(result.generation)}, ${duration(took(test))}.`),
    result.sources.length === 0 ? h("p", {}, "There was no learn-only source: nothing was private.") : table("Result by source", [
      { title: "Learn-only source", cell: (source) => h("span", { class: "break" }, source.name) },
      { title: "Result", cell: verdict },
      { title: "Attacks", numeric: true, cell: (source) => number(source.attacks) },
      { title: isStrict ? "Prompts looked at" : "Had it before it", numeric: true, cell: (source) => number(source.reached) },
      ...(isStrict ? [] : [{ title: "Stopped by the gate", numeric: true, cell: (source) => number(source.stopped) },
        { title: "Of these right at a secret", numeric: true, cell: (source) => (source.tested === undefined ? "–" : number(source.tested)) }]),
      { title: "Came out", numeric: true, cell: (source) => number(source.leaks.length) },
    ], result.sources),
    result.sources.some((source) => source.reached === 0 && source.attacks > 0)
      && h("p", { class: "notice warn" }, "“Not tested”: no attack got as far as the model, so nothing was tried on that source."),
    result.sources.filter((source) => source.untested?.length > 0).map((source) => h("p", { class: "notice warn" },
      `“${source.name}” was not tested ${source.untested.map(disguiseWords).join(", ")}: each such answer ended before anything secret was said.`)),
    result.sources.filter((source) => source.leaks.length > 0).map(leakList),
    h("h4", {}, "What this cannot tell"),
    h("ul", {}, result.limits.map((limit) => h("li", {}, limit))),
    h("details", {}, h("summary", {}, "The disguises that were tried"), h("p", {}, result.disguises.map(disguiseWords).join(", "), ".")),
  ];
}

const testItem = (test, isOpen) => h("details", { class: "leak-result", open: isOpen },
  h("summary", {}, badge(...states[test.state]), ` ${dateTime(test.created_at)}, ${test.against === "stub" ? "stand-in" : "language model"}`), resultView(test));

async function begin(against) {
  try {
    return await post(`${api}leak-test/`, { against });
  } catch (error) {
    if (error.code === "not-configured") error.message = "No language model is set up on this server. Test with the stand-in: it is the harder test.";
    if (error.code !== "price-not-accepted") throw error;
    // What it may take stands in the refusal.
    const most = error.body.tokens;
    const cost = error.body.cost
      ? `That costs ${money(error.body.cost)} at most.`
      : "The operator of this server has named no price; your provider's price list says what that costs.";
    const agreed = await confirm({
      title: "Spend tokens on this test?", action: `Spend up to ${number(most)} tokens`,
      body: `The test may use up to ${number(most)} tokens of your language model. ${cost}`,
    });
    return agreed ? post(`${api}leak-test/`, { against, accept_tokens: most }) : null;
  }
}

// Shows the part. `canTest`: whether there is anything to attack.
export async function leakTests(canTest) {
  const form = byID("leak-form");
  const box = byID("leak-tests");
  const tests = [];
  let cursor = null;

  function show() {
    const running = tests.find((test) => test.state === "running");
    byID("leak-none").hidden = canTest;
    form.hidden = !canTest || running !== undefined;
    byID("leak-running").hidden = !running;
    const ended = tests.filter((test) => test !== running);
    fill(box, ended.length > 0 && h("h3", {}, "Tests so far"), ended.map((test, index) => testItem(test, index === 0)),
      ended.length === 0 && !running && canTest && h("p", { class: "quiet" }, "No test so far."));
    box.removeAttribute("aria-busy");
    byID("more-tests").hidden = !cursor;
    return running;
  }

  async function follow(test) {
    const before = tests.find((other) => other.result && other.against === test.against);
    byID("leak-words").textContent = `The test is running.${before ? ` The last one took ${duration(took(before))}.` : ""}`;
    let current = test;
    const bar = byID("leak-progress");
    while (current.state === "running") {
      const { done, total } = current.progress ?? {};
      if (total > 0) Object.assign(bar, { max: total, value: done });
      else bar.removeAttribute("value");
      byID("leak-share").textContent = total > 0 ? `${number(done)} of ${plural(total, "answer")}.` : "";
      await new Promise((resolve) => {
        setTimeout(resolve, pollEvery);
      });
      try {
        current = await get(`${api}leak-test/${test.id}/`);
      } catch (error) {
        // A server that restarts or asks for patience is asked again.
        if (![0, 429, 502, 503, 504].includes(error.status)) throw error;
      }
    }
    tests[tests.indexOf(test)] = current;
    show();
    toast(current.state === "passed" ? "Leak test: passed." : "Leak test: look at the result.", current.state === "passed" ? "good" : "bad");
  }

  async function load() {
    const page = await get(`${api}leak-test/?limit=10${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    tests.push(...page.items);
    cursor = page.next_cursor;
    return show();
  }

  onSubmit(form, async ({ against }) => {
    const test = await begin(against);
    if (!test) return;
    tests.unshift(test);
    show();
    follow(test).catch(showError);
  });
  byID("more-tests").addEventListener("click", () => busy(byID("more-tests"), load));
  const running = await load();
  if (running) follow(running).catch(showError);
}
