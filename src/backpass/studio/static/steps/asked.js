// The number that was asked for: its formula, the formula with its numbers, and each part again.

import { $, attributed, element, folded } from "../dom.js";
import { explain, isThere, nameOf, short } from "../formulas.js";

const MOST_PARTS = 12;
const ASKS_PYTHON = ["z", "a", "delta", "Delta", "D", "J", "cost"]; // what is computed, not given
const sameNumber = (p, q) => ["symbol", "layer", "unit", "column", "past"].every((name) => p[name] === q[name]);

// context(): {state, words(which) -> string, python(which) -> promise of words or null}
class Asked {
  constructor(context) {
    Object.assign(this, { context, now: null, before: [] });
    $("asked-back").addEventListener("click", () => this.back());
    $("asked-close").addEventListener("click", () => this.close());
  }

  ask(which) {
    if (this.now && !sameNumber(this.now, which)) this.before.push(this.now);
    this.show(which);
  }

  back() {
    this.show(this.before.pop());
    $("asked-name").focus();
  }

  // The formula makes room; the focus is at the number that it was of, where that is on the page.
  close() {
    const { symbol, layer, unit, column } = this.now;
    this.forget();
    const cell = document.querySelector(`#tables [data-name="${[symbol, layer, unit, column ?? ""].join(":")}"]`);
    (cell?.checkVisibility() ? cell : $("asked-name")).focus();
  }

  // The numbers have changed: what was asked for is shown as it is now, if it is still there.
  refresh() {
    const { state } = this.context();
    this.before = this.before.filter((which) => isThere(state, which));
    if (this.now && isThere(state, this.now)) this.show(this.now);
    else if (this.now) this.forget();
  }

  show(which) {
    this.now = which;
    $("asked-back").hidden = this.before.length === 0;
    $("asked-close").hidden = false;
    const { state, words } = this.context();
    const [answer, named] = [explain(state, which), words(which)];
    $("asked-name").textContent = answer.name;
    $("asked-words").textContent = `${answer.name}: ${named}`;
    $("asked-words").hidden = !named;
    $("asked-summary").textContent = `${answer.name} is ${short(answer.value)}${answer.size ? `: ${answer.size}` : ""}`;
    const box = element("div", {}, ...lines(answer), this.partsOf(answer));
    $("asked").replaceChildren(box);
    this.addPythons(which, box);
  }

  // The focus stays in the formula: at its heading, from where Tab goes on to the parts.
  askPart(which) {
    this.ask(which);
    $("asked-name").focus();
  }

  partsOf({ parts }) {
    const button = (p) => element("button", { type: "button", onclick: () => this.askPart(p) }, `${p.name} = ${short(p.value)}`);
    return folded(parts.map(button), MOST_PARTS, "parts", "parts");
  }

  // Where there is a server, Python's own explanation stands beside the page's.
  async addPythons(which, box) {
    if (!ASKS_PYTHON.includes(which.symbol) || which.unit === 0 || (which.symbol === "a" && which.layer === 1)) return;
    const text = await this.context().python(which);
    if (!text || this.now !== which) return;
    box.append(
      element("p", { className: "quiet" }, "Python, which counts examples and units from 0:"),
      element("pre", { className: "formula", id: "python-says" }, text),
    );
  }

  forget() {
    Object.assign(this, { now: null, before: [] });
    $("asked-back").hidden = $("asked-close").hidden = true;
    $("asked-name").textContent = "A number";
    $("asked-words").hidden = true;
    $("asked").replaceChildren(element("p", {}, "Choose any number to see its formula, with its numbers."));
  }
}

export const startAsked = (context) => new Asked(context);

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
