// Step by step: one example through forward, cost, backward, accumulate, and the update.

import { captionsOf } from "../captions.js";
import { drawNetwork } from "../drawing.js";
import { asFile, download } from "../drawing_file.js";
import { $, element, replaceContent, setDisabled } from "../dom.js";
import { brief, short } from "../formulas.js";
import { startAsked } from "../steps/asked.js";
import { showExample } from "../steps/example.js";
import { startTables } from "../steps/tables.js";
import { asState, costOfAll, leaveExample, newWalk, ORDER, ownRows, passOf, setLambda, steps, wholeEpoch } from "../steps/walk.js";

const NARROW = 300; // pixels of room that a drawing needs at least
const number = (id) => Math.max(0, +$(id).value || 0);
const says = (text) => ($("step-says").textContent = text);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class Steps {
  constructor(pageState, server) {
    Object.assign(this, { pageState, server, captions: captionsOf(pageState), L: pageState.net.sizes.length });
    Object.assign(this, { lit: new Set(), flow: null, next: "forward", busy: false, walk: newWalk(pageState) });
    const context = { words: (which) => this.wordsOf(which), python: (which) => this.python(which) };
    this.asked = startAsked(() => ({ ...context, state: asState(this.walk) }));
    const ask = (which) => this.asked.ask(which);
    this.tables = startTables({ walk: this.walk, lit: () => this.lit, ask, caption: (l, k) => this.caption(l, k) });
    this.listen();
    this.startAgain();
  }

  listen() {
    const on = (id, event, act) => $(id).addEventListener(event, act);
    for (const name of ORDER) on(`step-${name}`, "click", () => this.step(name));
    on("step-epoch", "click", () => this.epoch());
    on("step-reset", "click", () => this.startAgain());
    on("step-save", "click", () => this.save());
    on("example", "change", () => this.choose());
    on("step-lam", "change", () => this.changeLambda());
    on("step-alpha", "change", () => this.draw());
    on("step-slow", "change", () => $("network").classList.toggle("slow", $("step-slow").checked));
    this.resized = new ResizeObserver(() => $("network").clientWidth && this.draw());
    this.resized.observe($("network"));
    $("example").max = this.pageState.X.length - 1;
    $("step-lam").value = this.pageState.lam;
  }

  caption(layer, unit) {
    if (layer === this.L) return this.captions.output(unit - 1);
    return layer === 1 ? this.captions.input(unit - 1) : "";
  }

  // What a number is of, in the table's words.
  wordsOf({ symbol, layer, unit }) {
    if (symbol === "y") return this.captions.output(unit - 1);
    if (!["a", "z", "delta"].includes(symbol) || unit === 0) return "";
    const own = symbol === "a" && layer === this.L && this.captions.hasOwn;
    const value = own ? this.captions.own(unit - 1, this.walk.a[layer]?.[unit - 1]) : 0;
    return this.caption(layer, unit) + (own ? ` = ${short(value)} in its own unit` : "");
  }

  async python(which) {
    const pass = passOf(this.walk, which);
    return this.server && pass.rows.length ? this.server.explain({ ...pass, numbers: pass.rows.map(this.captions.row), layer: 0, unit: 0, ...which }) : null;
  }

  unitValue(layer, unit) {
    const { a, delta } = this.walk;
    if (unit === 0) return a[layer] && !this.lit.has("delta") ? "1" : "+1";
    if (this.lit.has("delta") && delta[layer]) return brief(delta[layer][unit - 1]);
    return a[layer] ? brief(a[layer][unit - 1]) : "";
  }

  askUnit(layer, unit) {
    if (!this.walk.a[layer]) return says("Press “forward” first: the units have no numbers yet.");
    const symbol = this.lit.has("delta") && layer > 1 && unit > 0 ? "delta" : "a";
    return this.asked.ask({ symbol, layer, unit });
  }

  // The bias unit takes part in forward alone: nothing flows back to it.
  isLit(layer, unit) {
    const { a, delta } = this.walk;
    const back = this.lit.has("delta") && unit > 0 && delta[layer];
    return Boolean((this.lit.has("a") && a[layer]) || back || (this.lit.has("J") && layer === this.L));
  }

  look() {
    return {
      Theta: this.walk.Theta,
      step: stepOf(this.walk, number("step-alpha")),
      flow: still() ? null : this.flow,
      value: (l, k) => this.unitValue(l, k),
      lit: (l, k) => this.isLit(l, k),
      when: (l) => (this.flow === "backward" ? this.L - l : l - 1),
      caption: (l, k) => this.caption(l, k),
      ask: (l, k) => this.askUnit(l, k),
    };
  }

  draw() {
    const room = Math.max(NARROW, $("network").clientWidth - 18);
    replaceContent($("network"), drawNetwork(this.pageState.net, this.look(), room));
    this.flow = null;
  }

  show() {
    this.draw();
    showExample(this.pageState, this.captions, this.walk.row, this.walk.a[this.L]);
    showJ(this.walk, (which) => this.asked.ask(which));
    this.tables.show();
    this.asked.refresh();
  }

  // The focus goes on to the step that comes next.
  allow(next) {
    this.next = next;
    const may = (name) => !this.busy && (name === next || (name === "forward" && next === "update"));
    $(`step-${next}`).disabled = this.busy;
    for (const name of ORDER) {
      setDisabled($(`step-${name}`), !may(name), $(`step-${next}`));
      $(`step-${name}`).classList.toggle("next", name === next);
    }
  }

  step(name) {
    steps[name](this.walk, this.pageState, number("step-alpha"));
    this.lit = new Set(LIGHTS[name]);
    this.flow = { forward: "forward", backward: "backward" }[name] ?? null;
    says(words[name](this.walk, this.captions));
    this.allow(ORDER[(ORDER.indexOf(name) + 1) % ORDER.length]);
    this.show();
  }

  async epoch() {
    if (this.busy) return;
    const count = ownRows(this.pageState).X.length;
    this.setBusy(true);
    await wholeEpoch(this.walk, this.pageState, number("step-alpha"), (share) => this.closed || says(`All ${count} examples: ${Math.round(100 * share)} %`));
    if (this.closed) return;
    this.lit = new Set(["J", "Delta", "D", "theta"]);
    const after = costOfAll(this.walk, this.pageState);
    says(`All ${count} examples: J was ${short(this.walk.J)}, and is ${short(after)} after Θ := Θ − α D.`);
    this.next = "forward";
    this.setBusy(false);
    this.show();
  }

  setBusy(busy) {
    this.busy = busy;
    for (const id of ["example", "step-lam"]) $(id).disabled = busy;
    this.allow(this.next);
  }

  startAgain() {
    if (this.busy) return;
    Object.assign(this.walk, newWalk({ ...this.pageState, lam: number("step-lam") }), { row: this.walk.row });
    leaveExample(this.walk, this.pageState);
    Object.assign(this, { lit: new Set(), flow: null });
    says("Press “forward”: the example's numbers go through the network.");
    this.allow("forward");
    this.show();
  }

  save() {
    download("network.svg", asFile($("network").firstElementChild));
    says("The drawing is in your downloads.");
  }

  choose() {
    const last = this.pageState.X.length - 1;
    this.walk.row = Math.min(Math.max(0, Math.trunc(+$("example").value || 0)), last);
    $("example").value = this.walk.row;
    leaveExample(this.walk, this.pageState);
    this.lit = new Set();
    this.allow("forward");
    this.show();
  }

  goTo(place) {
    if (this.busy) return;
    $("example").max = this.pageState.X.length - 1;
    $("example").value = place;
    this.choose();
    $("step-forward").focus();
  }

  changeLambda() {
    setLambda(this.walk, this.pageState, number("step-lam"));
    this.show();
  }

  open() {
    this.draw();
  }

  // The page has another network: what still goes on says nothing.
  close() {
    this.closed = true;
    this.resized.disconnect();
  }

  // Training has made another θ, with a λ and W of its own.
  setTheta(going) {
    if (going) return;
    $("step-lam").value = this.pageState.lam;
    this.startAgain();
  }
}

// −αD, the step that is due, or the one just made; nothing where D is not known.
function stepOf({ D, step }, alpha) {
  const [known, rate] = step ? [step.D, step.alpha] : [D, alpha];
  if (!Object.keys(known).length) return null;
  return Object.fromEntries(Object.entries(known).map(([l, T]) => [l, T.map((row) => row.map((d) => -rate * d))]));
}

const LIGHTS = { forward: ["a", "z"], cost: ["J"], backward: ["delta"], accumulate: ["Delta", "D"], update: ["theta"] };

const words = {
  forward: (walk, captions) => `z = Θ [1, a] and a = g(z), layer by layer, for row ${captions.row(walk.row)}.`,
  cost: (walk) => `The cost of this example is ${short(walk.cost)}.`,
  backward: (walk) => `δ of layer ${walk.net.sizes.length} is the derivative of the cost by z; then δ flows back through Θᵀ and g′.`,
  accumulate: ({ m }) => `Δ now holds ${m} example${m > 1 ? "s" : ""}. Take another example, or update Θ.`,
  update: () => "Θ := Θ − α D. Δ starts from zero again.",
};

// J of what is accumulated (or of this example alone), the mean cost and the decay apart.
function showJ(walk, ask) {
  const line = $("step-J");
  line.dataset.value = String(walk.J);
  line.hidden = !Number.isFinite(walk.J) && !Number.isFinite(walk.cost);
  const button = (symbol, text) => {
    const made = element("button", { type: "button", className: "ask", onclick: () => ask({ symbol }) }, text);
    made.dataset.key = `ask:${symbol}`;
    return made;
  };
  const parts = [];
  if (Number.isFinite(walk.cost)) parts.push(button("cost", `cost = ${short(walk.cost)}`));
  if (Number.isFinite(walk.J)) parts.push(button("J", `J = ${walk.J}`), jWords(walk));
  replaceContent(line, ...parts);
}

function jWords({ costs, J, step, m, lambda, squares, W }) {
  const mean = costs.reduce((t, v) => t + v, 0) / costs.length;
  const of = costs.length === 1 && !m ? "of this example alone" : `of ${costs.length} accumulated example${costs.length > 1 ? "s" : ""}`;
  const training = lambda && W !== costs.length ? ` (in the training, whose m is ${short(W)}: ${short((lambda * squares) / (2 * W))})` : "";
  return ` ${of}: mean cost ${short(mean)}, decay ${short(J - mean)}${training}${step ? ", with the Θ before the update" : ""}`;
}

export const panel = {
  title: "Step by step",
  place: 1,
  markup: `
  <div class="controls" role="group" aria-label="Steps of the algorithm">
    <label>example <input id="example" type="number" min="0" value="0"></label>
    <button id="step-forward">1 forward</button>
    <button id="step-cost" disabled>2 cost</button>
    <button id="step-backward" disabled>3 backward</button>
    <button id="step-accumulate" disabled>4 accumulate</button>
    <button id="step-update" disabled>5 update</button>
    <button id="step-epoch">whole epoch</button>
    <button id="step-reset">start again</button>
    <label>α <input id="step-alpha" type="number" min="0" step="any" value="0.5"></label>
    <label>λ <input id="step-lam" type="number" min="0" step="any" value="1"></label>
    <label><input id="step-slow" type="checkbox"> slow motion</label>
    <button id="step-save">save the drawing (SVG)</button>
  </div>
  <p id="step-says" class="says" aria-live="polite">Press “forward”: the example's numbers go through the network.</p>
  <div class="stage">
    <div class="seen">
      <section class="row" aria-labelledby="row-name">
        <h2 id="row-name">Row</h2>
        <div class="row-parts"><div id="row-inputs"></div><div id="row-facts" class="facts"></div></div>
        <p id="row-units" class="quiet"></p>
      </section>
      <div id="network" class="drawing" role="group" aria-label="The network: units as circles, weights as lines; arrow keys go from unit to unit"></div>
      <p class="legend"><span><span class="sign positive"></span> Θ &gt; 0, blue and solid</span> <span><span class="sign negative"></span> Θ &lt; 0, vermilion and dashed; the wider, the larger</span>
        <span><span class="sign step"></span> behind a line: the step −αD</span></p>
      <p id="step-J" class="formula" hidden></p>
      <div id="tables" class="tables"></div>
    </div>
    <aside aria-labelledby="asked-name">
      <h2 id="asked-name" tabindex="-1">A number</h2>
      <p id="asked-words" class="quiet" hidden></p>
      <p id="asked-summary" class="unseen" aria-live="polite"></p>
      <div id="asked"><p>Choose any number to see its formula, with its numbers.</p></div>
      <div class="controls asked-controls"><button id="asked-back" type="button" hidden>back</button> <button id="asked-close" type="button" hidden>close</button></div>
    </aside>
  </div>
`,
  style: `
.seen { display: grid; gap: 1rem; min-width: 0; grid-template-columns: minmax(0, 1fr); }
.seen > p { margin: 0; }
.row { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; }
.row p { margin: .35rem 0 0; font-size: .85rem; }
.row-parts { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.row-parts > * { min-width: 0; }
.row canvas { width: 5.5rem; height: 5.5rem; image-rendering: pixelated; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem; }
.fact { display: grid; border: 1px solid var(--line); border-radius: 6px; padding: .1rem .5rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; max-width: 100%; }
.fact span:first-child { font-size: .75rem; }
.fact.truth { border-width: 2px; }
.drawing { overflow-x: auto; }
.drawing svg { display: block; margin: auto; }
.unit .body { fill: var(--ground); stroke: var(--quiet); stroke-width: 1.5; }
.unit .touch { fill: transparent; }
.unit.bias .body { stroke-dasharray: 3 2; }
.unit { cursor: pointer; outline: none; }
.unit:focus-visible .body { stroke: var(--accent); stroke-width: 4; }
.unit text { fill: var(--ink); text-anchor: middle; font-size: 11px; }
.fold { fill: var(--quiet); text-anchor: middle; font-size: 12px; }
.unit.lit .body { fill: var(--lit); stroke: var(--accent); }
.caption { fill: var(--quiet); font-size: 11px; }
.caption.left { text-anchor: end; }
.edge.positive, .halo.positive { stroke: var(--positive); }
.edge.negative, .halo.negative { stroke: var(--negative); }
.edge.negative { stroke-dasharray: 6 4; }
.pulse { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; stroke-dasharray: 12 200; stroke-dashoffset: 13; pointer-events: none; }
.label { fill: var(--quiet); text-anchor: middle; font-size: 11px; }
.label.first { text-anchor: start; }
.label.last { text-anchor: end; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: center; font-size: .85rem; color: var(--quiet); }
.sign { display: inline-block; width: 2rem; border-top: 3px solid var(--positive); }
.sign.negative { border-top: 3px dashed var(--negative); }
.sign.step { border-top: 9px solid color-mix(in srgb, var(--positive) 35%, transparent); }
.formula { font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere; white-space: pre-wrap; margin: .5rem 0; }
.parts { display: flex; flex-wrap: wrap; gap: .3rem; max-height: 16rem; overflow-y: auto; }
.parts button, .cell, .ask { font-family: ui-monospace, monospace; font-size: .8rem; padding: .15rem .4rem; }
.ask { white-space: normal; overflow-wrap: anywhere; }
#step-J { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
.tables { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.tables details { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; min-width: 0; }
.tables summary { cursor: pointer; font-weight: 600; }
.tables details.lit { border-color: var(--accent); background: var(--lit); }
.tables details.lit :is(th, caption) { color: var(--ink); }
.cell { white-space: nowrap; border: none; background: none; }
.cell:hover { text-decoration: underline; }
aside { position: sticky; top: .5rem; max-height: calc(100vh - 1rem); overflow-y: auto; }
aside h2 { margin: 0; }
@media (max-width: 48rem) {
  .asked-controls { position: sticky; bottom: -.75rem; background: var(--panel); padding: .25rem 0; }
  aside { top: auto; bottom: 0; max-height: 42vh; box-shadow: 0 -4px 12px #0003; z-index: 1; }
  aside:has(#asked-close[hidden]) { position: static; box-shadow: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .pulse { animation: flow .45s linear both; animation-delay: calc(var(--when) * .45s); }
  .flow-forward .unit.lit .body, .flow-backward .unit.lit .body { animation: light .3s both; animation-delay: calc(var(--when) * .45s); }
  .slow .pulse { animation-duration: 1.8s; animation-delay: calc(var(--when) * 1.8s); }
  .slow .unit.lit .body { animation-delay: calc(var(--when) * 1.8s) !important; }
}
@keyframes flow { to { stroke-dashoffset: -100; } }
@keyframes light { from { fill: var(--ground); stroke: var(--quiet); } }
`,
  start: ({ pageState, server }) => new Steps(pageState, server),
};
