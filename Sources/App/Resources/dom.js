// Small things for making a page: elements, and values as people read them. Text goes in as text; there is no way to give markup.

// An element: h("p", { class: "quiet", on: { click } }, "text", child, …). Children that are null or false are left out.
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler);
    } else if (key === "data") {
      Object.assign(made.dataset, value);
    } else if (key === "href" || key === "src") {
      made.setAttribute(key, safeAddress(value));
    } else if (key === "style" || key.startsWith("on")) {
      throw new TypeError(`${key} is not an attribute of ours`);
    } else if (key === "value" || key === "checked" || key === "disabled" || key === "hidden" || key === "open") {
      made[key] = value;
    } else {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// An address that runs nothing: of the web, of mail, of this site, or of a blob of ours.
export function safeAddress(value) {
  try {
    const url = new URL(value, location.href);
    return ["http:", "https:", "mailto:", "blob:"].includes(url.protocol) ? url.href : "about:blank";
  } catch {
    return "about:blank";
  }
}

// A link to somebody else's page.
export const outward = (address, text) =>
  h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text);

export const byID = (id) => document.getElementById(id);

// Puts children in place of what an element holds.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const numbers = new Intl.NumberFormat("en");
export const number = (value) => numbers.format(value);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
export const percent = (fraction) => `${Math.round(fraction * 1000) / 10} %`;

// A cost as the server tells it: "€0.42", "less than €0.01", "nothing".
export function money({ currency, amount }) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const value = Number(amount);
  const least = 10 ** -format.resolvedOptions().maximumFractionDigits;
  if (value === 0) return "nothing";
  return value < least ? `less than ${format.format(least)}` : format.format(value);
}

export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
export const date = (text) => days.format(new Date(text));
export const dateTime = (text) => times.format(new Date(text));

const hours = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

// "14:05": the first full minute at or after a time, in ms.
export const timeOfDay = (time) => hours.format(Math.ceil(time / 60_000) * 60_000);

const spans = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

// "3 minutes ago".
export function ago(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return spans.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

// "2 min 5 s".
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

// A time element: how long ago, and the exact time for whoever points at it.
export const timeElement = (text) => h("time", { datetime: text, title: dateTime(text) }, ago(text));
