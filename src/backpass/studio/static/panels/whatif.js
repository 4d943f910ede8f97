// What if a row had other cells: sliders and choices, and the answer follows.

import { forward, roll } from "../backprop.js";
import { captionsOf } from "../captions.js";
import { $, attributed, element } from "../dom.js";
import { short } from "../numerals.js";
import { controlOf } from "../whatif/controls.js";
import { changedRow } from "../whatif/inputs.js";

class WhatIf {
  constructor({ pageState, server }) {
    Object.assign(this, { pageState, server, captions: captionsOf(pageState), changed: new Map(), row: 0 });
    Object.assign(this, { asking: false, again: false });
    this.controls = pageState.controls.map((control) => ({ control, ...controlOf(control, (c, cell) => this.change(c, cell)) }));
    $("whatif-controls").replaceChildren(...this.controls.map(({ box }) => box));
    $("whatif-row").max = pageState.controls[0].cells.length - 1;
    $("whatif-row").addEventListener("change", () => this.begin());
    $("whatif-again").addEventListener("click", () => this.begin());
    const off = pageState.ensemble && !server;
    $("whatif-off").hidden = !off;
    $("whatif-all").hidden = Boolean(off);
    if (!off) this.begin();
  }

  begin() {
    const last = +$("whatif-row").max;
    this.row = Math.min(Math.max(0, Math.trunc(+$("whatif-row").value || 0)), last);
    $("whatif-row").value = this.row;
    this.changed.clear();
    for (const { control, show } of this.controls) show(control.cells[this.row]);
    this.answer();
  }

  change(control, cell) {
    this.changed.set(control, cell);
    this.answer();
  }

  // One question at a time: while Python answers, the latest cells wait.
  async answer() {
    if (!this.pageState.ensemble) return this.show(this.own());
    if (this.asking) return void (this.again = true);
    this.asking = true;
    do {
      this.again = false;
      const cells = Object.fromEntries([...this.changed].map(([{ name }, cell]) => [name, cell]));
      const told = await this.server.answer({ row: this.captions.row(this.row), cells });
      if (told) this.show(told);
    } while (this.again);
    this.asking = false;
    return undefined;
  }

  // The page's own network, as it is by now.
  own() {
    const { net, theta, X, classes } = this.pageState;
    const outputs = forward(net, roll(net, theta), changedRow(X[this.row], this.changed)).a[net.sizes.length];
    if (this.captions.oneOfTwo) return { [classes[0]]: 1 - outputs[0], [classes[1]]: outputs[0] };
    return Object.fromEntries(outputs.map((v, k) => [this.captions.output(k) || `output ${k + 1}`, this.captions.own(k, v)]));
  }

  show(told) {
    const entries = Object.entries(told);
    const best = entries.reduce((p, q) => (q[1] > p[1] ? q : p));
    const { classes, captions } = this.pageState;
    const words = classes ? `${best[0]} (${short(best[1])})` : entries.map(([name, v]) => `${name} = ${short(v)}`).join(", ");
    $("whatif-says").textContent = `Row ${captions.rows[this.row]}${this.changed.size ? `, with ${[...this.changed.keys()].map(({ name }) => name).join(", ")} changed` : " as it is"}: ${words}`;
    $("whatif-answer").replaceChildren(...entries.map(([name, v]) => line(name, v, Boolean(classes), classes && name === best[0])));
  }

  close() {}

  setTheta() {
    if ($("whatif-answer") && !$("whatif").hidden && !this.pageState.ensemble) this.answer();
  }

  open() {
    if (!this.pageState.ensemble) this.answer();
  }
}

function line(name, value, probability, best) {
  const meter = probability ? [attributed(element("meter", { min: 0, max: 1, value }), { "aria-label": `answer for ${name}` })] : [];
  const made = element("div", {}, element("span", {}, name), ...meter, element("span", {}, short(value)));
  made.classList.toggle("best", Boolean(best));
  Object.assign(made.dataset, { value: String(value), name });
  return made;
}

// The page was given another network, of points in a plane.
function ofNoTable() {
  $("whatif").replaceChildren(element("p", { className: "says" }, "The network on the page is of no table now; load the page again for that of the table."));
  return { close() {} };
}

export const panel = {
  title: "What if",
  place: 3.5,
  shown: ({ controls }) => controls.length > 0,
  markup: `
  <p id="whatif-off" class="says" hidden>What an ensemble answers, the server tells: start it with <code>backpass studio MODEL DATA</code></p>
  <div id="whatif-all">
    <div class="controls"><label>row of the page <input id="whatif-row" type="number" min="0" value="0"></label> <button id="whatif-again" type="button">as it was</button></div>
    <p id="whatif-says" class="says" role="status"></p>
    <div class="stage">
      <div id="whatif-controls"></div>
      <section class="whatif-answer" aria-label="The answer"><h2>The answer</h2><div id="whatif-answer" class="bars"></div>
        <p class="quiet">Numbers go from the least to the greatest that the training rows have. Columns of dates and of text stay as the row has them.</p></section>
    </div>
  </div>
`,
  style: `
#whatif-controls { display: grid; gap: .35rem; grid-template-columns: minmax(0, 1fr); }
.control { display: grid; grid-template-columns: minmax(0, 12rem) minmax(0, 1fr) 6.5rem; gap: .35rem .75rem; align-items: center; }
.control.choice { grid-template-columns: minmax(0, 12rem) minmax(0, 1fr); }
.control > span { overflow-wrap: anywhere; }
.control input[type="range"] { width: 100%; accent-color: var(--accent); }
.control input[type="number"] { width: 100%; }
.control select { max-width: 100%; justify-self: start; }
.whatif-answer { position: sticky; top: .5rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .75rem; overflow-wrap: anywhere; }
.whatif-answer .bars div { grid-template-columns: minmax(3rem, 30%) minmax(0, 1fr) 6rem; }
.whatif-answer .bars div:not(:has(meter)) { grid-template-columns: minmax(0, 1fr) max-content; }
@media (max-width: 48rem) {
  .control { grid-template-columns: minmax(0, 1fr) 6.5rem; }
  .control > span { grid-column: 1 / -1; }
  .control.choice { grid-template-columns: minmax(0, 1fr); }
  #whatif-says { position: sticky; top: 0; z-index: 1; background: var(--ground); padding: .4rem 0; margin: .2rem 0; }
  .whatif-answer { position: static; }
}
`,
  start: (page) => (page.pageState.controls?.length ? new WhatIf(page) : ofNoTable()),
};
