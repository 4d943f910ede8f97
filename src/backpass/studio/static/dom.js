// Making elements, and changing them without losing the keyboard's place.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Attributes that no property stands for.
export function attributed(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// A button that has the focus hands it on before it is disabled.
export function setDisabled(button, disabled, heir = null) {
  const focused = disabled && document.activeElement === button;
  button.disabled = disabled;
  if (focused) heir?.focus();
}

// What is replaced may hold the focus: then what has the same data-key gets it, or else the parent.
export function replaceContent(parent, ...children) {
  const held = parent.contains(document.activeElement) && document.activeElement !== parent;
  const key = held ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (!held) return;
  const same = key === undefined ? null : parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (same ?? focusable(parent)).focus();
}

function focusable(parent) {
  if (parent.tabIndex < 0) parent.tabIndex = -1;
  return parent;
}

// A list that shows its first entries, and the others when asked.
export function folded(entries, most, what, className) {
  const box = element("div", { className });
  if (entries.length <= most) {
    box.append(...entries);
    return box;
  }
  const more = element("button", { type: "button", className: "more" }, `all ${entries.length} ${what}`);
  more.addEventListener("click", () => {
    more.replaceWith(...entries.slice(most));
    focusable(entries[most]).focus();
  });
  box.append(...entries.slice(0, most), more);
  return box;
}
