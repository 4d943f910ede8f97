// Step by step: one example through forward, cost, backward, accumulate, and the update.

import { captionsOf } from "../captions.js";
import { drawNetwork } from "../drawing.js";
import { $, element, replaceContent, setDisabled } from "../dom.js";
import { brief, short } from "../formulas.js";
import { startAsked } from "../steps/asked.js";
import { showExample } from "../steps/example.js";
import { startTables } from "../steps/tables.js";
import { asState, costOfAll, leaveExample, newWalk, ORDER, passOf, setLambda, steps, wholeEpoch } from "../steps/walk.js";

const NARROW = 300; // pixels of room that a drawing needs at least
const number = (id) => Math.max(0, +$(id).value || 0);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function startSteps(pageState, server) {
  const captions = captionsOf(pageState);
  const L = pageState.net.sizes.length;
  const shown = { lit: new Set(), flow: null, next: "forward", busy: false };
  const walk = newWalk(pageState);
  const asked = startAsked(() => ({ state: asState(walk), words: wordsOf, python }));
  const tables = startTables({ walk, lit: () => shown.lit, ask: asked.ask, caption });
  const says = (text) => ($("step-says").textContent = text);

  function caption(layer, unit) {
    if (layer === L) return captions.output(unit - 1);
    return layer === 1 ? captions.input(unit - 1) : "";
  }

  // What a number is of, in the table's words.
  function wordsOf({ symbol, layer, unit }) {
    if (symbol === "y") return captions.output(unit - 1);
    if (!["a", "z", "delta"].includes(symbol) || unit === 0) return "";
    const own = symbol === "a" && layer === L && captions.hasOwn ? ` = ${short(captions.own(unit - 1, walk.a[L]?.[unit - 1]))} in its own unit` : "";
    return caption(layer, unit) + own;
  }

  async function python(which) {
    const pass = passOf(walk, which);
    return server && pass.rows.length ? server.explain({ ...pass, layer: 0, unit: 0, ...which }) : null;
  }

  function unitValue(layer, unit) {
    if (unit === 0) return walk.a[layer] && !shown.lit.has("delta") ? "1" : "+1";
    if (shown.lit.has("delta") && walk.delta[layer]) return brief(walk.delta[layer][unit - 1]);
    return walk.a[layer] ? brief(walk.a[layer][unit - 1]) : "";
  }

  function askUnit(layer, unit) {
    if (!walk.a[layer]) return says("Press “forward” first: the units have no numbers yet.");
    const symbol = shown.lit.has("delta") && layer > 1 && unit > 0 ? "delta" : "a";
    return asked.ask({ symbol, layer, unit });
  }

  // The bias unit takes part in forward alone: nothing flows back to it.
  function isLit(layer, unit) {
    const back = shown.lit.has("delta") && unit > 0 && walk.delta[layer];
    return Boolean((shown.lit.has("a") && walk.a[layer]) || back || (shown.lit.has("J") && layer === L));
  }

  const look = () => ({
    Theta: walk.Theta,
    step: stepOf(walk, number("step-alpha")),
    flow: still() ? null : shown.flow,
    value: unitValue,
    lit: isLit,
    when: (layer) => (shown.flow === "backward" ? L - layer : layer - 1),
    caption,
    ask: askUnit,
  });

  function draw() {
    const room = Math.max(NARROW, $("network").clientWidth - 18);
    replaceContent($("network"), drawNetwork(pageState.net, look(), room));
    shown.flow = null;
  }

  function show() {
    draw();
    showExample(pageState, captions, walk.row, walk.a[L]);
    showJ(walk, asked.ask);
    tables.show();
    asked.refresh();
  }

  // The focus goes on to the step that comes next.
  function allow(next) {
    shown.next = next;
    const may = (name) => !shown.busy && (name === next || (name === "forward" && next === "update"));
    $(`step-${next}`).disabled = shown.busy;
    for (const name of ORDER) {
      setDisabled($(`step-${name}`), !may(name), $(`step-${next}`));
      $(`step-${name}`).classList.toggle("next", name === next);
    }
  }

  function step(name) {
    steps[name](walk, pageState, number("step-alpha"));
    shown.lit = new Set(LIGHTS[name]);
    shown.flow = { forward: "forward", backward: "backward" }[name] ?? null;
    says(words[name](walk, captions));
    allow(ORDER[(ORDER.indexOf(name) + 1) % ORDER.length]);
    show();
  }

  async function epoch() {
    if (shown.busy) return;
    setBusy(true);
    const tell = (share) => says(`All ${pageState.X.length} examples: ${Math.round(100 * share)} %`);
    await wholeEpoch(walk, pageState, number("step-alpha"), tell);
    shown.lit = new Set(["J", "Delta", "D", "theta"]);
    const after = costOfAll(walk, pageState);
    says(`All ${pageState.X.length} examples: J was ${short(walk.J)}, and is ${short(after)} after Θ := Θ − α D.`);
    shown.next = "forward";
    setBusy(false);
    show();
  }

  function setBusy(busy) {
    shown.busy = busy;
    for (const id of ["example", "step-lam"]) $(id).disabled = busy;
    allow(shown.next);
  }

  function startAgain() {
    if (shown.busy) return;
    Object.assign(walk, newWalk({ ...pageState, lam: number("step-lam") }), { row: walk.row });
    leaveExample(walk, pageState);
    Object.assign(shown, { lit: new Set(), flow: null });
    says("Press “forward”: the example's numbers go through the network.");
    allow("forward");
    show();
  }

  function choose() {
    const last = pageState.X.length - 1;
    walk.row = Math.min(Math.max(0, Math.trunc(+$("example").value || 0)), last);
    $("example").value = walk.row;
    leaveExample(walk, pageState);
    shown.lit = new Set();
    allow("forward");
    show();
  }

  for (const name of ORDER) $(`step-${name}`).addEventListener("click", () => step(name));
  $("step-epoch").addEventListener("click", epoch);
  $("step-reset").addEventListener("click", startAgain);
  $("example").addEventListener("change", choose);
  $("step-lam").addEventListener("change", () => {
    setLambda(walk, pageState, number("step-lam"));
    show();
  });
  $("step-alpha").addEventListener("change", draw);
  $("step-slow").addEventListener("change", () => $("network").classList.toggle("slow", $("step-slow").checked));
  new ResizeObserver(() => $("network").clientWidth && draw()).observe($("network"));
  $("example").max = pageState.X.length - 1;
  $("step-lam").value = pageState.lam;
  startAgain();
  return { setTheta: (going) => going || takeOver(), open: draw };

  // Training has made another θ, with a λ and W of its own.
  function takeOver() {
    $("step-lam").value = pageState.lam;
    startAgain();
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

function jWords({ costs, J, step, m }) {
  const mean = costs.reduce((t, v) => t + v, 0) / costs.length;
  const of = costs.length === 1 && !m ? "of this example alone" : `of ${costs.length} accumulated example${costs.length > 1 ? "s" : ""}`;
  return ` ${of}: mean cost ${short(mean)}, decay ${short(J - mean)}${step ? ", with the Θ before the update" : ""}`;
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
      <p class="legend"><span class="sign positive"></span> Θ &gt; 0, blue and solid <span class="sign negative"></span> Θ &lt; 0, vermilion and dashed; the wider, the larger
        <span class="sign step"></span> behind a line: the step −αD</p>
      <p id="step-J" class="formula" hidden></p>
      <div id="tables" class="tables"></div>
    </div>
    <aside aria-labelledby="asked-name">
      <h2 id="asked-name" tabindex="-1">A number</h2>
      <p id="asked-words" class="quiet" hidden></p>
      <p id="asked-summary" class="unseen" aria-live="polite"></p>
      <div id="asked"><p>Choose any number to see its formula, with its numbers.</p></div>
      <button id="asked-back" type="button" hidden>back</button>
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
  aside { top: auto; bottom: 0; max-height: 42vh; box-shadow: 0 -4px 12px #0003; z-index: 1; }
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
  start: ({ pageState, server }) => startSteps(pageState, server),
};
