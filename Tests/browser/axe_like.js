// Looks a page over for what keeps people out of it: names, contrast, order. Gives a list of findings, empty when there is none.
// After WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 2.4.3, 2.4.6, 3.1.1, 4.1.2. It finds what a program can find.
() => {
  const found = [];
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""} "${(element.textContent || "").trim().slice(0, 30)}"`;
  const isShown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && element.getClientRects().length > 0;
  const isClipped = (element) => Boolean(element.closest(".hidden, .skip"));
  const all = (selector) => [...document.querySelectorAll(selector)].filter(isShown);

  // Names of controls.
  const labelText = (element) => {
    const by = element.getAttribute("aria-labelledby");
    if (by) return by.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    return element.getAttribute("aria-label") || [...(element.labels ?? [])].map((label) => label.textContent).join(" ")
      || (/^(BUTTON|A|SUMMARY)$/.test(element.tagName) ? element.textContent || element.querySelector("img")?.alt : "") || element.title || "";
  };
  for (const element of all("button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button], meter, progress, iframe")) {
    if (!labelText(element).trim() && element.getAttribute("aria-hidden") !== "true") found.push(`no name: ${name(element)}`);
  }
  for (const image of all("img")) if (!image.hasAttribute("alt")) found.push(`no alt: ${image.src}`);

  // Headings.
  const headings = all("h1, h2, h3, h4").filter((heading) => !heading.closest("dialog"));
  if (headings.filter((heading) => heading.tagName === "H1").length !== 1) found.push("not exactly one h1");
  headings.reduce((before, heading) => {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) found.push(`a heading skips a level: ${name(heading)}`);
    return level;
  }, 0);
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (document.querySelectorAll("main").length !== 1) found.push("not exactly one main");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) found.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(" ")) if (id && !document.getElementById(id)) found.push(`${attribute} names nothing: ${id}`);
    }
  }
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) found.push(`tabindex above 0: ${name(element)}`);
  for (const th of all("th")) if (!th.textContent.trim()) found.push("a table's column has no heading");

  // Contrast, where text stands on plain colours.
  const parse = (text) => {
    const parts = text.match(/[\d.]+%?/g)?.map(Number) ?? [];
    if (text.startsWith("color(srgb")) return [parts[0] * 255, parts[1] * 255, parts[2] * 255, parts[3] ?? 1];
    return [parts[0], parts[1], parts[2], parts[3] ?? 1];
  };
  const over = (top, below) => top.slice(0, 3).map((part, index) => part * top[3] + below[index] * (1 - top[3]));
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      if (getComputedStyle(one).backgroundImage !== "none") return null;
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    return layers.reverse().reduce((below, layer) => over(layer, below), canvas);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(element) || !isShown(element) || isClipped(element)) continue;
    if (element.closest("[disabled], [aria-disabled=true], option, noscript, script")) continue;
    seen.add(element);
    const style = getComputedStyle(element);
    const below = ground(element);
    if (!below) continue;
    const text = over(parse(style.color), below);
    const [bright, dark] = [light(text), light(below)].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${name(element)} ${style.color} on ${below.map(Math.round)}`);
  }
  return found;
}
