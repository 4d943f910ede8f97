// Paste a function, and be told which formula is wrong; the server runs it, contained, where it may.

import { $, element, replaceContent, setDisabled } from "../dom.js";
import { verdictOf } from "../debugger/verdict.js";

const COMMAND = "backpass studio --debugger";
const EXAMPLE = `import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def backprop(X, y, W1, b1, W2, b2):
    m = len(X)
    a = sigmoid(X @ W1 + b1)
    h = sigmoid(a @ W2 + b2)
    J = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    d2 = h - y
    d1 = d2 @ W2.T * a
    return J, X.T @ d1 / m, d1.sum(0) / m, a.T @ d2 / m, d2.sum(0) / m
`;
const says = (words) => ($("debug-says").textContent = words);

class Debugger {
  constructor(server) {
    Object.assign(this, { server, found: null, ends: null });
    const on = (id, event, act) => $(id).addEventListener(event, act);
    on("debug-form", "submit", (event) => (event.preventDefault(), this.judge()));
    on("debug-cancel", "click", () => this.ends?.abort());
    on("debug-example", "click", () => ($("debug-code").value = EXAMPLE));
    on("debug-grade", "change", () => this.show());
    on("debug-code", "keydown", (event) => this.key(event));
  }

  // Tab leaves the field, as everywhere; Ctrl and Enter judge.
  key(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.judge();
  }

  async judge() {
    if (this.ends) return;
    this.ends = new AbortController();
    this.allow(true);
    $("debug-says").className = "says";
    const began = performance.now();
    const tell = () => says(`Judging, in a process of its own: ${Math.round((performance.now() - began) / 1000)} s of at most ${$("debug-code").dataset.seconds} s.`);
    tell();
    const telling = setInterval(tell, 1000);
    const answer = await this.server.judge({ text: $("debug-code").value, names: $("debug-names").value }, this.ends.signal);
    clearInterval(telling);
    this.ends = null;
    this.allow(false);
    this.tell(answer);
  }

  allow(busy) {
    if (busy) $("debug-cancel").disabled = false;
    else $("debug-judge").disabled = false;
    setDisabled($("debug-judge"), busy, $("debug-cancel"));
    setDisabled($("debug-cancel"), !busy, $("debug-judge"));
  }

  tell(answer) {
    this.found = answer?.headline ? answer : null;
    says(answer === null ? "Cancelled; what was running is ended." : (answer.says ?? answer.headline));
    $("debug-says").className = `says ${this.found ? (this.found.ok ? "verdict right" : "verdict wrong") : ""}`;
    this.offer(answer?.choices ?? []);
    this.show();
  }

  offer(choices) {
    const take = (name) => {
      $("debug-names").value = name;
      this.judge();
    };
    const buttons = choices.map((name) => element("button", { type: "button", onclick: () => take(name) }, name));
    replaceContent($("debug-choices"), ...buttons);
  }

  show() {
    replaceContent($("debug-verdict"), ...(this.found ? verdictOf(this.found, $("debug-grade").value) : []));
  }
}

function start({ pageState, server }) {
  const { debugger: about } = pageState.served;
  const off = !(server && about);
  $("debug-form").hidden = off;
  $("debug-off").hidden = !off;
  if (off) return {};
  $("debug-code").dataset.seconds = about.seconds;
  $("debug-limits").textContent = about.limits;
  return new Debugger(server);
}

export const panel = {
  title: "Debugger",
  place: 7,
  markup: `
  <p id="debug-off" class="says" hidden>Paste a backpropagation function of your own, and be told which formula is wrong: this needs the server, which runs it in a process of its own. Start it with <code>${COMMAND}</code></p>
  <form id="debug-form">
    <label for="debug-code">Your cost or backpropagation function, and what it needs</label>
    <textarea id="debug-code" rows="16" spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="debug-limits"></textarea>
    <p id="debug-limits" class="quiet"></p>
    <div class="controls">
      <label>function, or how it is called <input id="debug-names" type="text" title="As in: loss, {dW1, db1} = f(X, y, W1, b1)" spellcheck="false" autocapitalize="off" autocomplete="off" placeholder="the only one" size="18"></label>
      <label>say <select id="debug-grade"><option value="where">where to look</option><option value="what" selected>what is wrong</option><option value="formula">the formula</option></select></label>
      <button id="debug-judge" type="submit" class="next">which formula is wrong?</button>
      <button id="debug-cancel" type="button" disabled>cancel</button>
      <button id="debug-example" type="button">an example</button>
    </div>
    <p id="debug-says" class="says" role="status"></p>
    <div id="debug-choices" class="controls" role="group" aria-label="Which function is meant"></div>
    <div id="debug-verdict"></div>
  </form>
`,
  style: `
#debug-form { display: grid; gap: .6rem; grid-template-columns: minmax(0, 1fr); }
#debug-form > p { margin: 0; overflow-wrap: anywhere; }
#debug-code { width: 100%; font: .9rem/1.45 ui-monospace, monospace; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .6rem; resize: vertical; white-space: pre; overflow: auto; tab-size: 4; }
#debug-names { padding: .3rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); max-width: 100%; }
#debug-verdict { display: grid; gap: .25rem; grid-template-columns: minmax(0, 1fr); overflow-wrap: anywhere; }
#debug-says.right { color: var(--good); }
#debug-says.wrong { color: var(--bad); }
#debug-verdict h3 { font-size: .95rem; margin: .75rem 0 .25rem; }
#debug-verdict :is(p, ul) { margin: .25rem 0; }
#debug-says.verdict { font-weight: 700; font-size: 1.1rem; }
.mistakes { width: 100%; }
.mistakes :is(th, td) { text-align: left; vertical-align: top; padding: .4rem .6rem; border: 1px solid var(--line); font-size: .9rem; }
.mistakes td:nth-child(n + 3) { font-family: ui-monospace, monospace; }
@media (max-width: 48rem) {
  #debug-names { min-height: 44px; }
  .mistakes thead { display: none; }
  .mistakes :is(tr, td) { display: block; }
  .mistakes .none { display: none; }
  .mistakes tr { margin-bottom: .5rem; }
  .mistakes td::before { content: attr(data-column) ": "; font: 500 .85rem system-ui, sans-serif; color: var(--quiet); }
}
`,
  start,
};
