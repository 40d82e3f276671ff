// An answer's Markdown as elements: paragraphs, emphasis, code, lists, tables, quotations, links. Headings become strong
// paragraphs. Never a picture, never markup from the text: what is not known here stays text.
//
// Answers are hostile until shown otherwise. Every pass over them is linear, nesting ends at `maxDepth`, and an element can only
// be one of those that are made here by name. No import, so that a visitor's page loads one file less.

const maxDepth = 8;
const maxColumns = 20;
const schemes = ["http:", "https:", "mailto:"];

// An address that a link may have; null for any other, and for one that hides its host behind a user's name.
export function linkAddress(text) {
  try {
    const url = new URL(text);
    return schemes.includes(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

// A link to somebody else's page.
export function outward(address, ...content) {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow ugc";
  link.append(...content);
  return link;
}

const marks = ["**", "__", "*", "_"];
const isSpace = (character) => character === undefined || /\s/.test(character);
const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

const citation = /\[(\d{1,3})\](?!\()/y;
// Neither brackets nor spaces in an address, and parentheses one level deep: so no two attempts read the same text.
const target = /\(<?([^\s()<>[\]"]*(?:\([^\s()<>[\]"]*\)[^\s()<>[\]"]*)*)>?(?:\s+"[^"[\]\n]*")?\)/y;
const bareAddress = /https?:\/\/[^\s<>"[\]*`|]+/y;
const lineBreak = /<br ?\/?>/iy;
const plain = /[^\\`*_[\]!h<\n]+/y;

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

// Reads one paragraph's text. A frame is something opened and not yet closed; there is at most one of a kind, so frames are few
// however the text is nested. What stays open at the end was no mark and becomes text again, except in the last lines of an
// answer that is still being written: its end will come.
class Inline {
  constructor(text, options) {
    this.text = text;
    this.options = options;
    this.frames = [{ kind: "", literal: "", nodes: [] }];
    // Lengths of runs of backticks that have no partner from here on.
    this.lonely = new Set();
  }

  get top() {
    return this.frames[this.frames.length - 1];
  }

  add(node) {
    const { nodes } = this.top;
    if (typeof node === "string" && typeof nodes[nodes.length - 1] === "string") nodes[nodes.length - 1] += node;
    else nodes.push(node);
  }

  has(kind) {
    return this.frames.some((frame) => frame.kind === kind);
  }

  // Takes a frame out of the stack: it was only text.
  flatten(index) {
    const [frame] = this.frames.splice(index, 1);
    const { nodes } = this.frames[index - 1];
    for (const node of [frame.literal, ...frame.nodes]) {
      if (typeof node === "string" && typeof nodes[nodes.length - 1] === "string") nodes[nodes.length - 1] += node;
      else nodes.push(node);
    }
  }

  // Closes what was opened last of a kind; what was opened inside it and not closed was only text.
  close(kind) {
    while (this.top.kind !== kind) this.flatten(this.frames.length - 1);
    return this.frames.pop().nodes;
  }

  read() {
    const { text } = this;
    let at = 0;
    while (at < text.length) {
      const run = match(plain, text, at);
      if (run) {
        this.add(run[0]);
        at += run[0].length;
      } else {
        at = this.special(at);
      }
    }
    while (this.frames.length > 1) {
      if (this.options.isGrowing && marks.includes(this.top.kind) && this.top.nodes.length) this.emphasize(this.top.kind);
      else this.flatten(this.frames.length - 1);
    }
    return this.top.nodes;
  }

  // Reads what begins with a character that may mean something; gives where to go on.
  special(at) {
    const { text } = this;
    const character = text[at];
    let found = null;
    const lineEnd = (length) => this.put(document.createElement("br"), at + length);
    if (character === "\n") return lineEnd(1);
    if (character === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) return this.put(text[at + 1], at + 2);
    if (character === "<" && (found = match(lineBreak, text, at))) return lineEnd(found[0].length);
    if (character === "`") return this.code(at);
    if (character === "*" || character === "_") return this.mark(at);
    if (character === "[") {
      if ((found = match(citation, text, at))) return this.cite(found, at);
      const open = this.frames.findIndex((frame) => frame.kind === "[");
      if (open > 0) this.flatten(open);
      this.frames.push({ kind: "[", literal: "[", nodes: [] });
      return at + 1;
    }
    // A picture is never shown; its words may be a link.
    if (character === "!" && text[at + 1] === "[" && !match(citation, text, at + 1)) return at + 1;
    if (character === "]" && this.has("[")) return this.link(at);
    if (character === "h" && !isWord(text[at - 1]) && (found = match(bareAddress, text, at))) return this.bare(found[0], at);
    return this.put(character, at + 1);
  }

  put(node, next) {
    this.add(node);
    return next;
  }

  // A citation stays on the line of the word that it follows.
  cite(found, at) {
    const next = at + found[0].length;
    const mark = this.options.cite(Number(found[1]), found[0]);
    if (typeof mark === "string") return this.put(mark, next);
    const { nodes } = this.top;
    const before = nodes.pop();
    if (before?.className === "chat-cited") {
      before.append(mark);
      return this.put(before, next);
    }
    const word = typeof before === "string" ? /\S{1,30} ?$/.exec(before.slice(-32))?.[0] ?? "" : "";
    if (typeof before === "string") this.add(before.slice(0, before.length - word.length));
    else if (before) this.add(before);
    const cited = document.createElement("span");
    cited.className = "chat-cited";
    cited.append(word, mark);
    return this.put(cited, next);
  }

  code(at) {
    const { text } = this;
    let end = at;
    while (text[end] === "`") end += 1;
    const fence = text.slice(at, end);
    let close = -1;
    if (fence.length <= 3 && !this.lonely.has(fence.length)) {
      close = end;
      while ((close = text.indexOf(fence, close)) >= 0 && text[close + fence.length] === "`") {
        while (text[close] === "`") close += 1;
      }
      if (close < 0) this.lonely.add(fence.length);
    }
    if (close < 0) {
      if (!this.options.isGrowing || fence.length > 1 || end === text.length) return this.put(fence, end);
      close = text.length;
    }
    const made = document.createElement("code");
    made.textContent = text.slice(end, close).replaceAll("\n", " ");
    return this.put(made, Math.min(text.length, close + fence.length));
  }

  mark(at) {
    const { text } = this;
    const character = text[at];
    let end = at;
    while (text[end] === character) end += 1;
    if (end - at > 3) return this.put(text.slice(at, end), end);
    // Of three the double one is outside: it opens first and closes last.
    const canClose = !isSpace(text[at - 1]) && (character === "*" || !isWord(text[end]));
    let rest = end - at;
    const kinds = rest === 3 ? [1, 2] : [rest];
    for (const size of canClose ? kinds : []) {
      const kind = character.repeat(size);
      if (rest >= size && this.has(kind)) {
        this.emphasize(kind);
        rest -= size;
      }
    }
    // A star or line within a word is part of it: 2*3*4, Kund*innen, file_name_here.
    const canOpen = !isSpace(text[end]) && (rest > 1 && character === "*" || !isWord(text[at - 1]));
    for (const size of rest === 3 ? [2, 1] : rest ? [rest] : []) {
      const kind = character.repeat(size);
      if (canOpen && !this.has(kind)) this.frames.push({ kind, literal: kind, nodes: [] });
      else this.add(kind);
    }
    return end;
  }

  emphasize(kind) {
    const made = document.createElement(kind.length === 2 ? "strong" : "em");
    for (const node of this.close(kind)) made.append(node);
    this.add(made);
  }

  link(at) {
    const found = match(target, this.text, at + 1);
    const address = found && linkAddress(found[1]);
    const nodes = this.close("[");
    if (!address) {
      this.add("[");
      for (const node of nodes) this.add(node);
      return this.put("]", at + 1);
    }
    const link = outward(address);
    // A link holds no other: of what was one inside it, the words remain. Nor a button.
    for (const node of nodes) link.append(node.tagName === "A" || node.tagName === "SPAN" ? node.textContent : node);
    if (!link.textContent.trim()) link.textContent = address;
    return this.put(link, at + 1 + found[0].length);
  }

  bare(found, at) {
    let end = found.length;
    // A parenthesis that the address opened belongs to it.
    let unopened = found.split(")").length - found.split("(").length;
    while (end > 0 && ".,;:!?'\")_".includes(found[end - 1])) {
      if (found[end - 1] === ")" && unopened-- <= 0) break;
      end -= 1;
    }
    const text = found.slice(0, end);
    const address = linkAddress(text);
    return this.put(address ? outward(address, text) : text, at + end);
  }
}

function inline(parent, text, options) {
  for (const node of new Inline(text, options).read()) parent.append(node);
  return parent;
}

// Answers come in the question's language, whichever way it is written. Said last: a browser looks through such an element anew
// with every child that is added.
function directed(element) {
  element.dir = "auto";
  return element;
}
const block = (name, text, options) => directed(inline(document.createElement(name), text, options));

const fenceLine = /^ {0,3}(`{3,}|~{3,})/;
const headingLine = /^ {0,3}#{1,6}(?:\s+(.*))?$/s;
const itemLine = /^( {0,40})([-*+•]|\d{1,9}[.)])(?: (.*))?$/s;
const ruleLine = /^ {0,3}(?:\*{3,}|-{3,}|_{3,})\s*$/;
const quoteLine = /^ {0,3}> ?/;

const isBlank = (line) => line.trim() === "";
const indent = (line) => line.length - line.trimStart().length;

// A table's cells; `\|` is no border.
function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/, maxColumns).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
const isTableRule = (line = "") => line.includes("-") && line.includes("|") && cells(line).every((cell) => /^:?-+:?$/.test(cell));
// A row and a rule; of a table that is still coming, what has come may be less.
const beginsTable = (lines, at, isGrowing) =>
  lines[at].includes("|")
  && (isTableRule(lines[at + 1])
    || (isGrowing && at + 2 >= lines.length && lines[at].trimStart().startsWith("|") && /^[\s|:-]*$/.test(lines[at + 1] ?? "")));

const beginsBlock = (line) =>
  fenceLine.test(line) || headingLine.test(line) || itemLine.test(line) || quoteLine.test(line) || ruleLine.test(line);

// The blocks of some lines as { source, make }; `make(options)` gives an element.
function blocks(lines, options, depth) {
  const found = [];
  let at = 0;
  const take = (to, make) => {
    found.push({ source: lines.slice(at, to).join("\n"), make });
    at = to;
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = fenceLine.exec(line)?.[1];
    const item = itemLine.exec(line);
    if (isBlank(line)) at += 1;
    else if (fence) take(...codeBlock(lines, at, fence));
    else if (headingLine.test(line)) take(at + 1, heading(headingLine.exec(line)[1] ?? ""));
    else if (ruleLine.test(line)) take(at + 1, () => document.createElement("hr"));
    else if (depth < maxDepth && item) take(...list(lines, at, item, depth));
    else if (depth < maxDepth && quoteLine.test(line)) take(...quotation(lines, at, depth));
    else if (beginsTable(lines, at, options.isGrowing)) take(...table(lines, at));
    else take(...paragraph(lines, at, depth, options.isGrowing));
  }
  return found;
}

function append(parent, lines, options, depth) {
  const found = blocks(lines, options, depth);
  found.forEach(({ make }, index) => {
    parent.append(make({ ...options, isGrowing: options.isGrowing && index === found.length - 1 }));
  });
  return parent;
}

function codeBlock(lines, at, fence) {
  const isEnd = (line) => line.startsWith(fence) && line.replaceAll(fence[0], "") === "";
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end].trim())) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  return [Math.min(lines.length, end + 1), () => {
    const made = document.createElement("pre");
    made.append(document.createElement("code"));
    made.firstChild.textContent = text;
    return made;
  }];
}

const heading = (text) => (options) => {
  const made = document.createElement("p");
  let end = text.length;
  while (end > 0 && (text[end - 1] === "#" || isSpace(text[end - 1]))) end -= 1;
  made.append(inline(document.createElement("strong"), text.slice(0, end), options));
  return directed(made);
};

function paragraph(lines, at, depth, isGrowing) {
  let end = at + 1;
  const goesOn = (next) => depth >= maxDepth || !(beginsBlock(lines[next]) || beginsTable(lines, next, isGrowing));
  while (end < lines.length && !isBlank(lines[end]) && goesOn(end)) end += 1;
  const text = lines.slice(at, end).map((line) => line.trim()).join("\n");
  return [end, (options) => block("p", text, options)];
}

function quotation(lines, at, depth) {
  let end = at;
  while (end < lines.length && quoteLine.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(quoteLine, ""));
  return [end, (options) => append(document.createElement("blockquote"), inner, options, depth + 1)];
}

// A list goes on while lines are items of its kind, stand further in, or go on with an item's sentence.
function list(lines, at, first, depth) {
  const isOrdered = /\d/.test(first[2]);
  const column = first[1].length;
  const items = [];
  let end = at;
  for (let next = at; next < lines.length; next += 1) {
    const line = lines[next];
    if (isBlank(line)) continue;
    const item = itemLine.exec(line);
    const isDeeper = indent(line) > column + 1;
    if (item && !isDeeper) {
      if (/\d/.test(item[2]) !== isOrdered || item[1].length < column) break;
      items.push([item[3] ?? ""]);
    } else if (isDeeper || (end === next && !beginsBlock(line))) {
      const lead = Math.min(indent(line), column + (isOrdered ? first[2].length + 1 : 2));
      if (end < next) items[items.length - 1].push("");
      items[items.length - 1].push(line.slice(lead));
    } else {
      break;
    }
    end = next + 1;
  }
  return [end, (options) => {
    const made = document.createElement(isOrdered ? "ol" : "ul");
    if (isOrdered && parseInt(first[2], 10) !== 1) made.start = parseInt(first[2], 10);
    items.forEach((inner, index) => {
      const isGrowing = options.isGrowing && index === items.length - 1;
      made.append(append(document.createElement("li"), inner, { ...options, isGrowing }, depth + 1));
    });
    return directed(made);
  }];
}

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const rule = cells(lines[at + 1] ?? "");
  const row = (line, name, options) => {
    const made = document.createElement("tr");
    cells(line).forEach((text, index) => {
      const cell = block(name, text, options);
      if (name === "th") cell.scope = "col";
      if (/^-+:$/.test(rule[index])) cell.className = "numeric";
      made.append(cell);
    });
    return made;
  };
  return [Math.min(end, lines.length), (options) => {
    const frame = document.createElement("div");
    frame.className = "table";
    // It scrolls by itself, so the keyboard must reach it.
    frame.tabIndex = 0;
    const made = document.createElement("table");
    const head = document.createElement("thead");
    const body = document.createElement("tbody");
    head.append(row(lines[at], "th", options));
    for (const line of lines.slice(at + 2, end)) body.append(row(line, "td", options));
    made.append(head, body);
    frame.append(made);
    return frame;
  }];
}

// Of a growing text, what can be shown already: not a mark whose meaning comes with the next words.
function settled(text) {
  const open = text.lastIndexOf("[");
  const isUnfinished = open >= 0 && text.length - open < 2000 && /^\[[^\]\n]*(\](\([^)\s]*)?)?$/.test(text.slice(open));
  if (isUnfinished) text = text.slice(0, open);
  const line = text.lastIndexOf("\n") + 1;
  if (/^(?:[-*+•>|]|\d{1,9}[.)]?|#{1,6}|`{1,2})?$/.test(text.slice(line).trim())) return text.slice(0, line);
  return text.replace(/[*_`!]{1,3}$/, "");
}

// A place that shows an answer and keeps up with it: only blocks that have changed are made anew, so nothing flickers and what a
// visitor has selected further up stays selected.
export class MarkdownView {
  constructor(root) {
    this.root = root;
    this.shown = [];
  }

  // `cite(n, text)` gives what stands for `[n]`: an element, or the text. `key` says which chips there are: when it changes, all is
  // made anew.
  show(text, { isGrowing = false, cite = (n, literal) => literal, key = "" } = {}) {
    const options = { isGrowing, cite };
    const lines = (isGrowing ? settled(text) : text).replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n");
    const found = blocks(lines, options, 0);
    found.forEach(({ source, make }, index) => {
      const isLast = isGrowing && index === found.length - 1;
      const id = `${key}\n${isLast}\n${source}`;
      const old = this.shown[index];
      if (old?.id === id) return;
      const element = make({ ...options, isGrowing: isLast });
      if (old) old.element.replaceWith(element);
      else this.root.append(element);
      this.shown[index] = { id, element };
    });
    for (const { element } of this.shown.splice(found.length)) element.remove();
  }
}
