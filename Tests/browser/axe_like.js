// Looks at the page as it stands and gives what is wrong with it for people who see little, hear it read, or use no mouse: a list
// of sentences, empty when all is well. What a machine can tell, no more; nothing of it is fetched from anywhere.
() => {
  const found = [];
  const shown = (element) =>
    `<${element.localName}${element.id ? ` id=${element.id}` : ""}> “${(element.textContent.trim() || element.getAttribute("aria-label") || "").slice(0, 50)}”`;
  const say = (words, element) => found.push(element ? `${words}: ${shown(element)}` : words);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const isRendered = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  // Read out, but not seen.
  const isClipped = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.clipPath !== "none" && one.offsetWidth <= 1 && one.offsetHeight <= 1) return true;
    }
    return false;
  };
  const isSilent = (element) => element.closest("[aria-hidden=true]") !== null;
  // While a dialog is open, the rest of the page is out of reach.
  const dialog = all("dialog:modal").at(-1);
  const scope = dialog ?? document.body;

  // MARK: Names

  const textOf = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("aria-hidden") === "true" || node.hidden) return "";
    if (node.getAttribute("aria-label")) return node.getAttribute("aria-label");
    if (node.localName === "img") return node.alt;
    return [...node.childNodes].map(textOf).join(" ");
  };
  const nameOf = (element) => {
    const by = element.getAttribute("aria-labelledby");
    const labelled = by?.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean).map(textOf).join(" ");
    return [labelled, element.getAttribute("aria-label"), ...[...(element.labels ?? [])].map(textOf),
      !["input", "select", "textarea", "iframe", "table"].includes(element.localName) && textOf(element),
      element.localName === "table" && textOf(element.caption ?? new Text()), element.title]
      .map((text) => text && text.trim()).find(Boolean) ?? "";
  };

  if (!document.documentElement.lang) say("the page names no language");
  if (!document.title.trim()) say("the page has no title");
  const controls = all("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex]", scope)
    .filter((element) => isRendered(element) && !isSilent(element));
  for (const element of controls) {
    const isMain = element.getAttribute("tabindex") === "-1";
    if (!isMain && !nameOf(element)) say("a control has no name", element);
    if (element.tabIndex > 0) say("a control has an order of its own (tabindex)", element);
    if (element.localName === "button" && !element.hasAttribute("type")) say("a button has no type", element);
    if (element.querySelector("a[href], button, input, select, textarea")) {
      if (["a", "button", "summary"].includes(element.localName)) say("a control within a control", element);
    }
  }
  for (const element of all("iframe, dialog, nav, meter, progress, [role=region], table, form[aria-labelledby]", scope).filter(isRendered)) {
    if (!nameOf(element)) say("something that should be named is not", element);
  }
  for (const image of all("img, svg", scope)) {
    const isNamed = image.localName === "img" ? image.hasAttribute("alt") : isSilent(image) || nameOf(image);
    if (!isNamed) say("a picture without words", image);
  }

  // MARK: Structure

  const headings = all("h1, h2, h3, h4, h5, h6", scope).filter((element) => isRendered(element) && !isSilent(element));
  if (!dialog && headings.filter((heading) => heading.localName === "h1").length !== 1) say("there is not exactly one h1");
  let level = dialog ? 1 : 0;
  for (const heading of headings) {
    const next = Number(heading.localName[1]);
    if (next > level + 1) say(`a heading jumps from ${level} to ${next}`, heading);
    if (!heading.textContent.trim()) say("a heading is empty", heading);
    level = next;
  }
  if (all("main").filter(isRendered).length !== 1) say("there is not exactly one main");
  const navs = all("nav").filter(isRendered).map(nameOf);
  if (new Set(navs).size !== navs.length) say("two navigations have one name");
  const landmark = "main, header, nav, footer, aside, dialog, [role=region], [role=status], [role=alert], [aria-live], .skip, noscript";
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { parentElement: holder, data } = words.currentNode;
    if (data.trim() && isRendered(holder) && !holder.closest(landmark) && !holder.closest("h1")) say("text outside every landmark", holder);
  }
  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) say(`an id stands twice: ${id}`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    for (const element of all(`[${name}]`, scope)) {
      for (const id of element.getAttribute(name).split(/\s+/)) {
        if (id && !document.getElementById(id)) say(`${name} names ${id}, which is not there`, element);
      }
    }
  }
  for (const list of all("ul, ol", scope)) {
    if ([...list.children].some((child) => !["li", "script", "template"].includes(child.localName))) say("a list has children that are no items", list);
  }
  for (const table of all("table", scope).filter(isRendered)) {
    if (!table.querySelector("th[scope]")) say("a table has no headings", table);
  }
  for (const group of all("input[type=radio]", scope).filter(isRendered)) {
    if (!group.closest("fieldset, [role=radiogroup]")) say("choices without a group that names them", group);
  }
  for (const element of all("[aria-hidden=true]", scope).filter(isRendered)) {
    if (all("a[href], button, input, select, textarea, [tabindex]", element).concat(element).some((one) => one.tabIndex >= 0)) {
      say("hidden from readers, but reached by keyboard", element);
    }
  }

  // MARK: The order of the keyboard is the order of the eye

  const stops = controls.filter((element) => element.tabIndex >= 0 && !element.disabled && !isClipped(element));
  const moves = (element) => {
    for (let one = element; one; one = one.parentElement) if (["fixed", "sticky", "absolute"].includes(getComputedStyle(one).position)) return true;
    return false;
  };
  const fixed = stops.filter((element) => !moves(element)).map((element) => ({ element, box: element.getBoundingClientRect() }));
  fixed.forEach(({ element, box }, at) => {
    const before = fixed[at - 1]?.box;
    // What is in a part that scrolls may be scrolled out of it, above its box.
    if (!before || fixed[at - 1].element.contains(element)) return;
    const isAbove = box.bottom <= before.top + 1;
    const isBeside = box.left >= before.right - 1;
    const isSameLine = box.top < before.bottom - 4 && before.top < box.bottom - 4;
    // A column to the right begins above again; a line goes from left to right.
    if ((isAbove && !isBeside) || (isSameLine && box.right <= before.left + 1)) {
      say(`the keyboard goes back to here from ${shown(fixed[at - 1].element)}`, element);
    }
  });

  // MARK: Contrast

  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [red, green, blue, alpha / 255]);
    }
    return known.get(text);
  };
  const over = ([r, g, b, alpha], [r2, g2, b2]) => [r, g, b].map((part, at) => part * alpha + [r2, g2, b2][at] * (1 - alpha)).concat(1);
  const brightness = (parts) => {
    const [red, green, blue] = parts.slice(0, 3).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [light, dark] = [brightness(one), brightness(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const canvasColour = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  // What lies behind an element's text, and how much of the text is left by the opacity of what holds it.
  const ground = (element) => {
    const layers = [];
    let opacity = 1;
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return null;
      layers.push(colour(style.backgroundColor));
      opacity *= Number(style.opacity);
      if (one === dialog) break;
    }
    return { behind: layers.reverse().reduce((below, layer) => over(layer, below), canvasColour), opacity };
  };
  const judge = (element, text, style, part = "") => {
    const seen = ground(element);
    if (!seen) return;
    const [red, green, blue, alpha] = colour(style.color);
    const ratio = contrast(over([red, green, blue, alpha * seen.opacity], seen.behind), seen.behind);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}${part} of “${text.slice(0, 40)}”`, element);
  };
  const isOff = (element) => element.closest(":disabled, [aria-disabled=true]") !== null;
  const texts = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  const judged = new Set();
  while (texts.nextNode()) {
    const { parentElement: holder, data } = texts.currentNode;
    if (!data.trim() || judged.has(holder) || !isRendered(holder) || isClipped(holder) || isOff(holder)) continue;
    judged.add(holder);
    judge(holder, data.trim(), getComputedStyle(holder));
  }
  for (const field of all("input, textarea, select", scope).filter((element) => isRendered(element) && !isClipped(element) && !isOff(element))) {
    if (["checkbox", "radio", "range", "file"].includes(field.type)) continue;
    if (field.placeholder) judge(field, field.placeholder, getComputedStyle(field, "::placeholder"), " (placeholder)");
    judge(field, field.value || "field", getComputedStyle(field));
    const { borderTopColor, borderTopWidth } = getComputedStyle(field);
    const seen = ground(field.parentElement);
    if (seen && parseFloat(borderTopWidth) > 0 && contrast(over(colour(borderTopColor), seen.behind), seen.behind) < 3) say("the edge of a field is hard to see", field);
  }
  return found;
}
