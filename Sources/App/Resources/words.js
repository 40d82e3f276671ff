// What the server's codes say to an owner: kinds of sources, states, reasons why something was not read, limits of a plan.

import { Problem } from "./api.js";
import { bytes, duration, h, number, plural } from "./dom.js";
import { badge, errorText } from "./ui.js";

const endings = {
  pdf: "PDF", docx: "Word file", html: "HTML file", htm: "HTML file", md: "Markdown", csv: "Table (CSV)",
  srt: "Captions", vtt: "Captions",
};

export const ending = (name) => /\.([a-z0-9]{1,10})$/i.exec(name)?.[1].toLowerCase() ?? "";

// "PDF", "Web page", "Video" …
export function kindOf(source) {
  if (source.source_type === "video") return "Video";
  if (source.source_type === "url") return source.crawl?.depth > 0 || source.crawl?.sitemap ? "Web site" : "Web page";
  return endings[ending(source.name)] ?? "Text";
}

// The badge of a source: what its state means for answers.
export function sourceBadge(source) {
  if (source.status === "ready") return badge("Live", "good");
  if (source.status === "failed") return badge("Not read", "bad");
  if (source.status === "processing") return badge("Being read", "busy");
  return source.documents.total === 0 ? badge("Not trained yet", "warn") : badge("Waiting", "busy");
}

const documentStates = {
  queued: ["Waiting", "busy"], fetched: ["Fetched", "busy"], extracted: ["Text read", "busy"],
  chunked: ["In passages", "busy"], embedded: ["About to go live", "busy"], live: ["Live", "good"],
  waiting: ["Will try again", "warn"], held: ["Put aside", "warn"], ended: ["Not read", "bad"],
};

// One that was taken out on purpose is no failure.
const removed = (document) => document.state === "ended" && ["removed", "rolled_back"].includes(document.reason);
// Nor is a page that its site, or the order of a crawl, wants left out.
export const leftOut = (document) => document.state === "ended"
  && ["robots", "noindex", "redirected", "redirect_out", "canonical", "duplicate", "near_duplicate", "sitemap"].includes(document.reason);

export function documentBadge(document) {
  if (removed(document)) return badge("Taken out");
  if (leftOut(document)) return badge("Left out");
  return badge(...(documentStates[document.state] ?? [document.state, ""]));
}

export const isProblem = (document) =>
  ["ended", "waiting", "held"].includes(document.state) && !removed(document) && !leftOut(document);

const stages = {
  fetch: "Get the files and pages", extract: "Read their text", chunk: "Cut it into passages",
  embed: "Work out what they mean", index: "Put them into use",
};
export const stageNames = Object.keys(stages);
export const stageWords = (stage) => stages[stage] ?? stage;
// Of one receipt: the index stage reports twice, when a new state is made with the document, and when that state goes live.
export const stepWords = ({ stage, generation }) =>
  stage === "index" && generation === null ? "Add them to a new state" : stageWords(stage);

// What happened, and what helps.
const reasons = {
  encrypted: ["Protected by a password", "Save a copy without the password and add that."],
  malformed: ["Damaged, or not what its name says", "Open it in the program it came from, save it again and add that."],
  too_large: ["Too large", "Split it into smaller parts and add those."],
  timeout: ["It took too long", "Save it in a simpler form or in smaller parts. A web page is tried again by itself."],
  memory: ["Too heavy to read", "Save it in a simpler form or in smaller parts."],
  no_text: ["No text in it", "If it is scanned, run text recognition (OCR) on it first."],
  unsupported: ["This kind of file is not read", "Save it as PDF, Word (.docx), HTML, Markdown or plain text."],
  empty: ["Empty", "Look at what was added; there is nothing in it."],
  unreadable: ["The file could not be opened", "Add it again. If that does not help, tell the operator of this server."],
  converter: ["Written in an encoding this server cannot read", "Save it as UTF-8 and add that."],
  blocked: ["The address cannot be reached", "It must be a public address. Check how it is written."],
  bad_url: ["Not an address", "Give the whole address, beginning with https://."],
  connection: ["The site could not be reached", "It is tried again by itself. If it goes on, open the address in a browser."],
  tls: ["The site has no valid secure connection", "Its certificate must be put right, or add the page as a file."],
  too_many_redirects: ["The address leads in circles", "Open it in a browser and give the address where you end up."],
  protocol_error: ["The site's answer makes no sense", "Check that the address is a web page."],
  cancelled: ["Stopped", "Train again when you are ready."],
  plan_limit: ["No room left in your plan", "Remove a source, or choose a larger plan, then train again."],
  text_refused: ["A passage of it was refused", "The service that works out meanings did not take it. Try a simpler version."],
  embedding: ["The service that works out meanings is away", "It is tried again by itself."],
  neighbour_refused: ["Tried again in smaller parts", "Nothing to do."],
  busy: ["Another training was under way", "It is tried again by itself."],
  crashed: ["Reading it broke off", "It is tried again by itself. If it goes on, save it in a simpler form."],
  split: ["Tried again by itself", "Nothing to do."],
  damaged: ["What waited here was damaged", "Remove the source and add it again."],
  shard: ["The disk refused", "Tell the operator of this server, then train again."],
  shard_damaged: ["What answers now is damaged on disk", "Tell the operator of this server, then train everything again."],
  model_changed: ["The model that works out meanings has changed", "Train everything again."],
  item_failed: ["It broke off on the way", "Try again. If that does not help, tell the operator of this server."],
  index_failed: ["It could not be put into use", "Try again. If that does not help, tell the operator of this server."],
  incomplete: ["It came through only in part", "Try again."],
  removed: ["Its source was removed", ""], rolled_back: ["Taken out when an earlier state was brought back", ""],
  dropped: ["Skipped, as you asked", "Train again to include it."],
  held: ["Put aside", "It waits until you let it go on or skip it."],
  error: ["Something unforeseen", "Try again. If that does not help, tell the operator of this server."],
  robots: ["The site's robots.txt does not allow it", "Where the site is yours, allow it there for the user agent Bobbin."],
  robots_unreachable: ["The site's robots.txt cannot be read", "It must answer, if only that there is none. It is tried again by itself."],
  noindex: ["The page asks not to be indexed", "Where the page is yours, take noindex out of it."],
  redirected: ["It leads to another page", "That one is read instead."],
  redirect_out: ["It leads to another site", "Add that site as a source of its own if it shall be read."],
  canonical: ["It names another page as its original", "That one is read instead."],
  duplicate: ["The same page stands under another address", "That one is read."],
  near_duplicate: ["Another page says nearly word for word the same", "That one stands for both."],
  sitemap: ["A list of pages", "The pages on it are read."],
  feed: ["A feed: a list of pages", "Add it again and choose the pages of its sitemap or feed."],
  no_sitemap: ["There is no sitemap", "Give the sitemap's own address, or follow links instead."],
  broken_sitemap: ["The sitemap is damaged", "What stands before the fault was read. Have the site make it again."],
  unchanged: ["It has not changed", ""],
  bot_check: ["The site checks for robots", "Let Bobbin pass there, or add the page as a file."],
  login_wall: ["A login stands before it", "Add its content as a file."],
  soft_404: ["The site says that there is no such page", "Check the address."],
  js_shell: ["Empty until its scripts run", "Add its content as a file, or its print version."],
  excluded: ["Outside of what this source is to read", ""], outside: ["On another site", ""],
  no_video: ["No video was found there", "Check the address, or add the captions as a file."],
  video_unread: ["The video's page was not understood", "Add the captions as a file."],
  video_gone: ["The video is not there any more", "Check the address, or add the captions as a file."],
  video_refused: ["The site does not play the video", "Add the captions as a file."],
  no_captions: ["The video has no such captions", "Add its transcript as a file or as text."],
  captions_refused: ["The site refuses its captions to servers", "Add the captions as a file."],
  consent_page: ["The site asks for consent first", "Add the captions as a file."],
  crawl_delay: ["The site asks for long pauses", "It goes on by itself."],
  http_401: ["The page asks for a login", "Save the page and add it as a file."],
  http_403: ["The site refuses to show the page", "Save the page and add it as a file."],
  http_404: ["There is no such page", "Check the address."],
  http_410: ["The page is gone", "Check the address, or remove the source."],
  http_429: ["The site asks for patience", "It is tried again by itself."],
};
// Their sentences speak to the operator, so ours stand in their place.
const ours = new Set(["item_failed", "index_failed", "damaged", "error", "shard", "text_refused", "converter", "held", "dropped"]);

function reasonWords(code) {
  if (reasons[code]) return reasons[code];
  if (/^http_5/.test(code)) return ["The site has a fault of its own", "It is tried again by itself."];
  if (/^http_/.test(code)) return [`The site answered ${code.slice(5)}`, "Open the address in a browser and check it."];
  return [code.replaceAll("_", " "), ""];
}

// A sentence begins with a capital unless it begins with a host's name, and repeats nothing of what stands before it.
function sentence(text) {
  const rest = text.replace(/^The document (?:is damaged|is too large|holds no text): |^The document is encrypted\. /, "");
  const first = /^[^ ]+\.[^ ]/.test(rest) ? rest : rest.charAt(0).toUpperCase() + rest.slice(1);
  return first.replace(/([^.!?])$/, "$1.");
}

// { what, detail, remedy } of a reason code and the server's sentence for it.
export function explain(code, message) {
  if (!code) return message ? { what: "", detail: sentence(message), remedy: "" } : null;
  const [what, remedy] = reasonWords(code);
  return { what, detail: message && !ours.has(code) ? sentence(message) : "", remedy };
}

// The same as a paragraph: what happened in bold, then the server's sentence or what helps.
export function reasonLine(code, message) {
  const found = explain(code, message);
  return found && h("p", { class: "reason" }, found.what && h("strong", {}, `${found.what}. `), found.detail || found.remedy);
}

const limits = {
  chatbots: (max) => `Your plan has room for ${plural(max, "chatbot")}.`,
  sources: (max) => `Your plan has room for ${plural(max, "source")} in a chatbot.`,
  bytes: (max) => `Your plan stores ${bytes(max)} at most.`,
  pages_per_crawl: (max) => `Your plan reads ${plural(max, "page")} of a site at most.`,
  crawl_depth: (max) => `Your plan follows links ${plural(max, "step")} deep at most.`,
};

// What an owner is told of a refusal, as text. Limits of the plan say what they are.
export function refusal(error) {
  if (!(error instanceof Problem)) return errorText(error);
  if (error.code === "plan-limit") return limits[error.body.limit]?.(error.body.max) ?? error.message;
  if (error.code === "unsafe-url") {
    return "This address cannot be reached from here. Give a public one that begins with https://, without a user name.";
  }
  if (error.code === "duplicate-source") return "The chatbot has this already.";
  if (error.code === "unsupported-type") {
    return "This kind of file cannot be read. Save it as PDF, Word (.docx), HTML, Markdown or plain text.";
  }
  return error.message;
}

// A refusal as content of an alert, with the way to a larger plan.
export const refusalContent = (error) => [
  refusal(error),
  error.code === "plan-limit" && [" Remove something, or ", h("a", { href: "/billing/" }, "look at the plans"), "."],
];

// "3 tries so far · next in 2 min"; of one that is over, how often it had to be repeated.
export function tries(document) {
  const next = document.due_at ? (new Date(document.due_at) - Date.now()) / 1000 : null;
  const made = document.state === "waiting" ? `${plural(document.tries, "try", "tries")} so far` : plural(document.tries, "repeat");
  return [
    document.tries > 0 && made,
    document.state === "waiting" && next !== null && (next > 0 ? `next in ${duration(next)}` : "next one is due now"),
  ].filter(Boolean).join(" · ");
}

export const passages = (count) => plural(count, "passage");
export const tokens = (count) => `about ${number(count)} tokens`;
