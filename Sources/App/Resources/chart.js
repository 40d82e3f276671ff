// A small line chart: shares from 0 to 1 over time. The figures stand in a table beside it, which is its text alternative.

import { h, percent } from "./dom.js";

const height = 190;
const edge = { top: 12, right: 14, bottom: 26, left: 46 };

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

// A point's mark: each line has a shape of its own, so that colour is not needed.
const marks = [
  (x, y) => svg("circle", { cx: x, cy: y, r: 4 }),
  (x, y) => svg("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7 }),
  (x, y) => svg("path", { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }),
];

function line(values, number, place) {
  const points = values.map((value, index) => (value === null ? null : [...place(index, value), value]));
  let path = "";
  points.forEach((point, index) => {
    if (point) path += `${points[index - 1] ? "L" : "M"}${point[0]} ${point[1]}`;
  });
  return svg("g", { class: `line line-${number}` }, svg("path", { d: path, class: "stroke" }),
    ...points.filter(Boolean).map(([x, y]) => marks[number](x, y)));
}

function draw(width, labels, series) {
  const inner = width - edge.left - edge.right;
  const place = (index, value) => [
    edge.left + (labels.length === 1 ? inner / 2 : (inner * index) / (labels.length - 1)),
    edge.top + (1 - value) * (height - edge.top - edge.bottom),
  ].map((number) => Math.round(number * 10) / 10);
  const grid = [0, 0.5, 1].map((value) => {
    const [, y] = place(0, value);
    return svg("g", { class: "grid" }, svg("line", { x1: edge.left, x2: width - edge.right, y1: y, y2: y }),
      svg("text", { x: edge.left - 8, y: y + 4, "text-anchor": "end" }, `${value * 100} %`));
  });
  // As many labels as there is room for, the last one always.
  const every = Math.max(1, Math.ceil((labels.length * 60) / inner));
  const anchor = (index) => (index === labels.length - 1 && index > 0 ? "end" : "middle");
  const names = labels.map((label, index) => ((labels.length - 1 - index) % every === 0
    ? svg("text", { x: place(index, 0)[0], y: height - 6, "text-anchor": anchor(index) }, label) : null)).filter(Boolean);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    ...grid, ...names, ...series.map(({ values }, number) => line(values, number, place)));
}

const words = ({ name, values }) => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 && `${name}: from ${percent(known[0])} to ${percent(known.at(-1))}`;
};

// A figure with up to three series { name, values }, one value for each label; null where nothing was measured.
export function lineChart(title, labels, series) {
  const box = h("div", { class: "chart", role: "img", "aria-label": `${title}. ${series.map(words).filter(Boolean).join("; ")}. The table below has all figures.` });
  const key = h("ul", { class: "plain chart-key", "aria-hidden": "true" }, series.map(({ name }, number) =>
    h("li", {}, svg("svg", { width: 34, height: 14 }, svg("g", { class: `line line-${number}` }, svg("path", { class: "stroke", d: "M2 7H32" }), marks[number](17, 7))), name)));
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > 0) box.replaceChildren(draw(Math.floor(contentRect.width), labels, series));
  }).observe(box);
  return h("div", {}, box, key);
}
