// What does not fit a narrow screen: a list of sentences.
() => {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  const name = (element) => `<${element.localName}${element.id ? ` id=${element.id}` : ""} class="${element.className}"> “${element.textContent.trim().slice(0, 40)}”`;
  // Within something that scrolls by itself, as tables and tabs do.
  const scrolls = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(one).overflowX)) return true;
    }
    return false;
  };
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide on a screen of ${clientWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    if (box.right > clientWidth + 1 && box.width > 1 && !scrolls(element)) found.push(`it sticks out to ${Math.round(box.right)}: ${name(element)}`);
  }
  // WCAG 2.2, 2.5.8: 24 by 24, but for links within text, and for what has room around it.
  const targets = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".hidden, .skip"))
    .map((element) => ({ element, box: (element.closest("label") ?? element).getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1);
  for (const { element, box } of targets) {
    if (box.width >= 24 && box.height >= 24) continue;
    if (getComputedStyle(element).display === "inline" && element.closest("p, li, dd, td, span")) continue;
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const isCrowded = targets.some(({ element: other, box: near }) =>
      other !== element && near.left < x + 12 && near.right > x - 12 && near.top < y + 12 && near.bottom > y - 12);
    if (isCrowded) found.push(`a target of ${Math.round(box.width)} by ${Math.round(box.height)}: ${name(element)}`);
  }
  return found;
}
