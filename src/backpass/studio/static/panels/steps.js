// Step by step: one example through forward, cost, backward, accumulate, and the update.

import { accumulate, backward, cost, costAndGradient, forward, gradient, roll, unroll, update, zeros } from "../backprop.js";
import { drawNetwork, element } from "../drawing.js";
import { brief, explain, nameOf, short } from "../formulas.js";

const ORDER = ["forward", "cost", "backward", "accumulate", "update"];
const WINDOW = [10, 12]; // rows and columns of a large matrix that are shown at once
const $ = (id) => document.getElementById(id);

function startSteps(pageState, server) {
  const { net } = pageState;
  const L = net.sizes.length;
  const state = { net, Theta: {}, a: {}, z: {}, delta: {}, Delta: {}, D: {}, J: NaN, m: 0, rows: [], lam: 0, y: [] };
  const corners = {};
  let lit = new Set();
  let asked = null;

  const example = () => Math.min(Math.max(0, Math.trunc(+$("example").value || 0)), pageState.X.length - 1);
  const says = (text) => ($("step-says").textContent = text);

  // λ of m examples: λ/m is then what it was in the training, however many are walked through
  const lamOf = (m) => (+$("step-lam").value * m) / pageState.W;

  function forget() {
    Object.assign(state, { a: {}, z: {}, delta: {}, Delta: zeros(state.Theta), D: {}, J: NaN, m: 0, rows: [] });
    state.y = pageState.Y[example()];
  }

  function startAgain() {
    state.Theta = roll(net, pageState.theta);
    state.lam = lamOf(1);
    forget();
    allow("forward");
    lit = new Set();
    says("Press “forward”: the example's numbers go through the network.");
    show();
  }

  const steps = {
    forward() {
      state.y = pageState.Y[example()];
      Object.assign(state, forward(net, state.Theta, pageState.X[example()]), { delta: {} });
      lit = new Set(["a", "z"]);
      says(`z = Θ [1, a] and a = g(z), layer by layer, for example ${example()}.`);
    },
    cost() {
      state.lam = lamOf(1);
      const one = cost(net, state.Theta, [state.z[L]], [state.y], 0);
      state.J = cost(net, state.Theta, [state.z[L]], [state.y], state.lam);
      lit = new Set(["J"]);
      says(`cost of this example: ${short(one)}; with the weight decay J = ${short(state.J)}.`);
    },
    backward() {
      state.delta = backward(net, state.Theta, state.z, state.y);
      lit = new Set(["delta"]);
      says(`δ of layer ${L} is the derivative of the cost by z; then δ goes back through Θᵀ and g′.`);
    },
    accumulate() {
      accumulate(state.Delta, state.a, state.delta);
      state.m += 1;
      state.rows.push(example());
      state.lam = lamOf(state.m);
      state.D = gradient(state.Theta, state.Delta, state.m, state.lam);
      lit = new Set(["Delta", "D"]);
      says(`Δ now holds ${state.m} example${state.m > 1 ? "s" : ""}. Take another example, or update Θ.`);
    },
    update() {
      state.Theta = update(state.Theta, state.D, +$("step-alpha").value);
      forget();
      lit = new Set(["theta"]);
      says("Θ := Θ − α D. Δ starts from zero again.");
    },
  };

  function epoch() {
    state.lam = lamOf(pageState.X.length);
    forget();
    const { J, D, Delta } = costAndGradient(net, state.Theta, pageState.X, pageState.Y, state.lam);
    const Theta = update(state.Theta, D, +$("step-alpha").value);
    Object.assign(state, { J, D, Delta, m: pageState.X.length, rows: pageState.X.map((_, i) => i) });
    const after = costAndGradient(net, Theta, pageState.X, pageState.Y, state.lam).J;
    state.Theta = Theta;
    lit = new Set(["J", "Delta", "D", "theta"]);
    says(`All ${pageState.X.length} examples: J was ${short(J)}, and is ${short(after)} after Θ := Θ − α D.`);
    allow("forward");
    show();
  }

  function allow(next) {
    for (const name of ORDER) {
      const button = $(`step-${name}`);
      button.disabled = name !== next && !(name === "forward" && next === "update");
      button.classList.toggle("next", name === next);
    }
  }

  async function ask(which) {
    asked = which;
    const answer = explain(state, which);
    $("asked-name").textContent = answer.name;
    const box = element(
      "div",
      {},
      element("p", { className: "formula" }, `${answer.name} = ${answer.symbols}`),
      element("p", { className: "formula" }, answer.numbers ? `= ${answer.numbers}` : ""),
    );
    const value = element("p", { className: "formula" }, `= ${answer.value}`);
    value.id = "asked-value";
    value.dataset.value = String(answer.value);
    const parts = element("div", { className: "parts" });
    for (const p of answer.parts.slice(0, 400))
      parts.append(element("button", { type: "button", onclick: () => ask(p) }, `${p.name} = ${short(p.value)}`));
    box.append(value, parts);
    $("asked").replaceChildren(box);
    if (server) showServersWords(box, which);
  }

  // Where there is a server, Python's own explanation stands beside the page's.
  async function showServersWords(box, which) {
    const rows = which.symbol === "Delta" || which.symbol === "D" ? state.rows : [example()];
    const { symbol, layer, unit, column } = which;
    const words = await server.explain({ theta: unroll(net, state.Theta), rows, lam: state.lam, symbol, layer, unit, column });
    if (words && asked === which) box.append(element("pre", { className: "formula", id: "python-says" }, words));
  }

  const unitValue = (layer, unit) => {
    if (unit === 0) return "+1";
    if (lit.has("delta") && state.delta[layer]) return brief(state.delta[layer][unit - 1]);
    return state.a[layer] ? brief(state.a[layer][unit - 1]) : "";
  };
  const askUnit = (layer, unit) => {
    if (!state.a[layer]) return says("Press “forward” first: the units have no numbers yet.");
    const symbol = lit.has("delta") && layer > 1 && unit > 0 ? "delta" : "a";
    return ask({ symbol, layer, unit });
  };

  function cell(which, value) {
    const button = element("button", { type: "button", className: "cell", onclick: () => ask(which) }, short(value));
    button.dataset.value = String(value);
    button.dataset.name = [which.symbol, which.layer, which.unit, which.column ?? ""].join(":");
    button.setAttribute("aria-label", `${nameOf(which)} = ${short(value)}`);
    return element("td", {}, button);
  }

  function vectorTable(symbol, byLayer, layer) {
    const from = corner(symbol, layer)[1];
    const values = byLayer[layer].slice(from, from + 4 * WINDOW[1]);
    const row = element("tr", {}, ...values.map((v, k) => cell({ symbol, layer, unit: from + k + 1 }, v)));
    return element("table", {}, element("tbody", {}, row));
  }

  function matrixTable(symbol, matrix, layer) {
    const [top, left] = corner(symbol, layer);
    const rows = matrix.slice(top, top + WINDOW[0]).map((row, i) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, String(top + i + 1)),
        ...row.slice(left, left + WINDOW[1]).map((v, j) =>
          cell({ symbol, layer, unit: top + i + 1, column: left + j }, v),
        ),
      ),
    );
    const head = element("tr", {}, element("th", {}, ""));
    matrix[0].slice(left, left + WINDOW[1]).forEach((_, j) => head.append(element("th", { scope: "col" }, String(left + j))));
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  }

  const corner = (symbol, layer) => corners[`${symbol}${layer}`] ?? [0, 0];

  function windowControls(symbol, layer, rows, columns) {
    const make = (axis, label, size) => {
      const input = element("input", { type: "number", min: 0, max: size - 1, value: corner(symbol, layer)[axis] });
      input.addEventListener("change", () => {
        const next = [...corner(symbol, layer)];
        next[axis] = Math.min(Math.max(0, Math.trunc(+input.value || 0)), size - 1);
        corners[`${symbol}${layer}`] = next;
        show();
      });
      return element("label", {}, label, input);
    };
    const controls = element("div", { className: "controls" });
    if (rows > WINDOW[0]) controls.append(make(0, "rows from ", rows));
    if (columns > WINDOW[1]) controls.append(make(1, "columns from ", columns));
    return controls;
  }

  function tableOfLayer(symbol, values, byLayer, l) {
    const matrix = Array.isArray(values[0]);
    const [rows, columns] = matrix ? [values.length, values[0].length] : [1, values.length];
    const table = matrix ? matrixTable(symbol, values, l) : vectorTable(symbol, byLayer, l);
    const caption = `layer ${l}, ${matrix ? `${rows} × ${columns}, bias in column 0` : `${columns} units`}`;
    table.prepend(element("caption", {}, caption));
    return [windowControls(symbol, l, rows, columns), element("div", { className: "scroll", tabIndex: 0 }, table)];
  }

  const opened = new Set(["a", "z"]);
  function tableGroup(symbol, title, byLayer) {
    const layers = Object.keys(byLayer).map(Number);
    if (!layers.length) return null;
    const group = element("details", { open: opened.has(symbol) || lit.has(symbol) }, element("summary", {}, title));
    group.classList.toggle("lit", lit.has(symbol));
    const fill = () => {
      for (const l of layers) group.append(...tableOfLayer(symbol, byLayer[l], byLayer, l));
    };
    if (group.open) fill();
    group.addEventListener("toggle", () => {
      if (group.open) opened.add(symbol);
      else opened.delete(symbol);
      if (group.open && group.children.length === 1) fill();
    });
    return group;
  }

  function show() {
    const drawn = drawNetwork(net, state.Theta, unitValue, (layer) => isLit(layer), askUnit);
    $("network").replaceChildren(drawn);
    const groups = [
      tableGroup("a", "a: activations", state.a),
      tableGroup("z", "z: pre-activations", state.z),
      tableGroup("delta", "δ: ∂cost/∂z", state.delta),
      tableGroup("Delta", "Δ: the accumulators", state.Delta),
      tableGroup("D", "D: ∂J/∂Θ", state.D),
      tableGroup("theta", "Θ: the weights", state.Theta),
    ];
    $("tables").replaceChildren(...groups.filter(Boolean));
    const J = element("p", { className: "formula", id: "step-J" }, Number.isFinite(state.J) ? `J = ${state.J}` : "");
    J.dataset.value = String(state.J);
    $("tables").prepend(J);
  }

  const isLit = (layer) =>
    (lit.has("a") && state.a[layer]) || (lit.has("delta") && state.delta[layer]) || (lit.has("J") && layer === L);

  for (const name of ORDER)
    $(`step-${name}`).addEventListener("click", () => {
      steps[name]();
      const next = ORDER[(ORDER.indexOf(name) + 1) % ORDER.length];
      allow(next);
      show();
    });
  $("step-epoch").addEventListener("click", epoch);
  $("step-reset").addEventListener("click", startAgain);
  $("example").addEventListener("change", () => {
    $("example").value = example();
    Object.assign(state, { a: {}, z: {}, delta: {}, y: pageState.Y[example()] });
    allow("forward");
    show();
  });
  $("example").max = pageState.X.length - 1;
  $("step-lam").value = pageState.lam;
  startAgain();
  return { setTheta: (_, going) => going || startAgain() };
}

export const panel = {
  title: "Step by step",
  place: 1,
  markup: `
  <div class="controls" role="group" aria-label="Steps of the algorithm">
    <label>example <input id="example" type="number" min="0" value="0"></label>
    <button id="step-forward" data-step="forward">1 forward</button>
    <button id="step-cost" data-step="cost" disabled>2 cost</button>
    <button id="step-backward" data-step="backward" disabled>3 backward</button>
    <button id="step-accumulate" data-step="accumulate" disabled>4 accumulate</button>
    <button id="step-update" data-step="update" disabled>5 update</button>
    <button id="step-epoch">whole epoch</button>
    <button id="step-reset">start again</button>
    <label>α <input id="step-alpha" type="number" min="0" step="any" value="0.5"></label>
    <label>λ <input id="step-lam" type="number" min="0" step="any" value="1"></label>
  </div>
  <p id="step-says" class="says" aria-live="polite">Press “forward”: the example's numbers go through the network.</p>
  <div class="stage">
    <div id="network" class="drawing" role="img" aria-label="The network: units as circles, weights as lines"></div>
    <aside>
      <h2 id="asked-name">A number</h2>
      <div id="asked" aria-live="polite"><p>Choose any number to see its formula, with its numbers.</p></div>
    </aside>
  </div>
  <div id="tables" class="tables"></div>
`,
  style: `
.drawing svg { width: 100%; height: auto; display: block; }
.unit circle { fill: var(--ground); stroke: var(--quiet); stroke-width: 1.5; }
.unit.bias circle { stroke-dasharray: 3 2; }
.unit { cursor: pointer; }
.unit text { fill: var(--ink); text-anchor: middle; }
.unit .fold { fill: var(--quiet); }
.unit.lit circle { fill: var(--lit); stroke: var(--accent); }
.unit.number text:last-of-type { font-size: 9px; }
.edge.positive { stroke: var(--positive); }
.edge.negative { stroke: var(--negative); }
.label { fill: var(--quiet); text-anchor: middle; font-size: 11px; }
.formula { font-family: ui-monospace, monospace; font-size: .9rem; }
.parts { display: flex; flex-wrap: wrap; gap: .3rem; max-height: 16rem; overflow-y: auto; }
.parts button, .cell { font-family: ui-monospace, monospace; font-size: .8rem; padding: .15rem .4rem; }
.tables { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; margin-top: 1rem; }
.tables details { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; }
.tables summary { cursor: pointer; font-weight: 600; }
.tables details.lit { border-color: var(--accent); background: var(--lit); }
.cell { white-space: nowrap; border: none; background: none; }
.cell:hover { text-decoration: underline; }
@media (prefers-reduced-motion: no-preference) { .unit circle { transition: fill .3s; } }
`,
  start: ({ pageState, server }) => startSteps(pageState, server),
};
