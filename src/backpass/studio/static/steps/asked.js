// The number that was asked for: its formula, the formula with its numbers, and each part again.

import { $, attributed, element, folded } from "../dom.js";
import { explain, isThere, nameOf, short } from "../formulas.js";

const MOST_PARTS = 12;
const ASKS_PYTHON = ["z", "a", "delta", "Delta", "D", "J", "cost"]; // what is computed, not given
const sameNumber = (p, q) => ["symbol", "layer", "unit", "column", "past"].every((name) => p[name] === q[name]);

// context(): {state, words(which) -> string, python(which) -> promise of words or null}
export function startAsked(context) {
  const asked = { now: null, before: [] };

  function ask(which) {
    if (asked.now && !sameNumber(asked.now, which)) asked.before.push(asked.now);
    show(which);
  }

  function back() {
    show(asked.before.pop());
    $("asked-name").focus();
  }

  // The numbers have changed: what was asked for is shown as it is now, if it is still there.
  function refresh() {
    const { state } = context();
    asked.before = asked.before.filter((which) => isThere(state, which));
    if (asked.now && isThere(state, asked.now)) show(asked.now);
    else if (asked.now) forget();
  }

  function show(which) {
    asked.now = which;
    $("asked-back").hidden = asked.before.length === 0;
    const { state, words } = context();
    const answer = explain(state, which);
    $("asked-name").textContent = answer.name;
    $("asked-words").textContent = [answer.name, words(which)].filter(Boolean).join(": ");
    $("asked-words").hidden = !words(which);
    $("asked-summary").textContent = `${answer.name} is ${short(answer.value)}${answer.size ? `: ${answer.size}` : ""}`;
    const box = element("div", {}, ...lines(answer), partsOf(answer));
    $("asked").replaceChildren(box);
    addPythons(which, box);
  }

  // The focus stays in the formula: at its heading, from where Tab goes on to the parts.
  function askPart(which) {
    ask(which);
    $("asked-name").focus();
  }

  function partsOf({ parts }) {
    const buttons = parts.map((p) => element("button", { type: "button", onclick: () => askPart(p) }, `${p.name} = ${short(p.value)}`));
    return folded(buttons, MOST_PARTS, "parts", "parts");
  }

  // Where there is a server, Python's own explanation stands beside the page's.
  async function addPythons(which, box) {
    if (!ASKS_PYTHON.includes(which.symbol) || which.unit === 0 || (which.symbol === "a" && which.layer === 1)) return;
    const text = await context().python(which);
    if (!text || asked.now !== which) return;
    box.append(
      element("p", { className: "quiet" }, "Python, which counts examples and units from 0:"),
      element("pre", { className: "formula", id: "python-says" }, text),
    );
  }

  function forget() {
    Object.assign(asked, { now: null, before: [] });
    $("asked-back").hidden = true;
    $("asked-name").textContent = "A number";
    $("asked-words").hidden = true;
    $("asked").replaceChildren(element("p", {}, "Choose any number to see its formula, with its numbers."));
  }

  $("asked-back").addEventListener("click", back);
  return { ask, refresh };
}

function lines({ name, symbols, numbers, value }) {
  const shown = element("p", { className: "formula", id: "asked-value" }, `= ${value}`);
  shown.dataset.value = String(value);
  return [
    element("p", { className: "formula" }, `${name} = ${symbols}`),
    ...(numbers ? [element("p", { className: "formula" }, `= ${numbers}`)] : []),
    shown,
  ];
}

// A number that can be asked for, as a button in a table.
export function cell(which, value, ask) {
  const button = element("button", { type: "button", className: "cell", onclick: () => ask(which) }, short(value));
  const name = [which.symbol, which.layer, which.unit, which.column ?? ""].join(":");
  Object.assign(button.dataset, { value: String(value), name, key: name });
  return attributed(button, { "aria-label": `${nameOf(which)} = ${short(value)}` });
}
