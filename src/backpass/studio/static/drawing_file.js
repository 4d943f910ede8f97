// A drawing as a file: SVG with its own styles, as it is seen now, light or dark.

import { attributed, element, svg } from "./dom.js";

const KEPT = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-size", "font-family", "text-anchor", "opacity"];
const USELESS = ["class", "style", "role", "tabindex", "aria-label", "aria-hidden", "data-key"];
const UNSEEN = ".pulse, .touch"; // what moves, and what only a finger finds

// Styles that the page's sheet gives become the element's own attributes.
function withOwnStyles(drawn, copy) {
  const style = getComputedStyle(drawn);
  for (const name of USELESS) copy.removeAttribute(name);
  if (copy.localName !== "g") for (const name of KEPT) copy.setAttribute(name, style.getPropertyValue(name));
  [...drawn.children].forEach((child, k) => withOwnStyles(child, copy.children[k]));
}

const ground = (drawing) => getComputedStyle(drawing.closest(".drawing") ?? document.body).backgroundColor;

// The text of an SVG file; `more` are elements that lie on top.
export function asFile(drawing, more = []) {
  const copy = drawing.cloneNode(true);
  const unseen = [...copy.querySelectorAll(UNSEEN)]; // known by their classes, which a file has not
  withOwnStyles(drawing, copy);
  unseen.forEach((each) => each.remove());
  const back = svg("rect", { width: "100%", height: "100%", fill: ground(drawing) });
  copy.prepend(back);
  copy.append(...more);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

export function download(name, text) {
  const href = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  attributed(element("a", { href }), { download: name }).click();
}
