// Where a number comes from: the notes' formulas, in symbols and with the numbers put in.
//
// A number is named {symbol, layer, unit, column}; `past` says that it belongs to the example that
// was accumulated last, or to the Θ before the update. The answer is {symbols, numbers, parts}, and
// each part is a number that can be asked again.

import { activations } from "./backprop.js";
import { costs, hidden, lastDeltas, outputs } from "./functions.js";
import { above, below, bracketed, brief as toBrief, short as toShort, summed } from "./numerals.js";

export const short = toShort;
export const brief = toBrief;

const SYMBOL = { theta: "Θ", delta: "δ", Delta: "Δ" };
export function nameOf({ symbol, layer, unit, column }) {
  if (symbol === "J" || symbol === "cost") return symbol;
  if (symbol === "y") return `y${below(unit)}`;
  if (symbol === "slope") return `g′(z${above(layer)}${below(unit)})`;
  if (symbol === "a" && layer === 1 && unit > 0) return `x${below(unit)}`;
  const head = (SYMBOL[symbol] ?? symbol) + above(layer) + below(unit);
  return column === undefined ? head : `${head},${below(column)}`;
}

const slopeOf = (state, layer, z) => (z === undefined ? undefined : activations[state.net.hidden[layer - 2]].gPrime(z));
const NOTHING = { a: {}, z: {}, delta: {}, y: [] };
const source = (state, which) => (which.past ? { ...state, ...NOTHING, ...state.last } : state);
const finite = (v) => (Number.isFinite(v) ? v : undefined);
const entry = (matrices, { layer, unit, column }) => matrices[layer]?.[unit - 1]?.[column];

const readers = {
  J: (state) => finite(state.J),
  cost: (state) => finite(state.cost),
  y: (state, { unit }) => state.y[unit - 1],
  a: (state, { layer, unit }) => (unit === 0 ? state.a[layer] && 1 : state.a[layer]?.[unit - 1]),
  z: (state, { layer, unit }) => state.z[layer]?.[unit - 1],
  slope: (state, { layer, unit }) => slopeOf(state, layer, state.z[layer]?.[unit - 1]),
  delta: (state, { layer, unit }) => state.delta[layer]?.[unit - 1],
  Delta: (state, which) => entry(state.Delta, which),
  D: (state, which) => entry(state.D, which),
  theta: (state, which) => entry(state.Theta, which),
};

// Units count from 1, as in the notes; a's unit 0 is the bias unit, which is 1.
export const valueOf = (state, which) => readers[which.symbol](source(state, which), which);
export const isThere = (state, which) => valueOf(state, which) !== undefined;

const part = (state, which) => ({ ...which, name: nameOf(which), value: valueOf(state, which) });
const product = ([p, q]) => `${bracketed(p.value)}·${bracketed(q.value)}`;
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => from + k);
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const given = (what) => ({ symbols: what, numbers: "", parts: [] });

const explainers = {
  z(state, { layer, unit, past }) {
    const pairs = range(0, state.net.sizes[layer - 2]).map((j) => [
      part(state, { symbol: "theta", layer: layer - 1, unit, column: j, past }),
      part(state, { symbol: "a", layer: layer - 1, unit: j, past }),
    ]);
    const sigma = `Σⱼ Θ${above(layer - 1)}${below(unit)},ⱼ a${above(layer - 1)}ⱼ`;
    return { symbols: sigma, numbers: summed(pairs.map(product)), parts: pairs.flat(), size: counted(pairs.length, "product") };
  },
  a(state, which) {
    const { layer, unit, past } = which;
    if (unit === 0) return given("the bias unit, which is 1");
    if (layer === 1) return given("an input");
    if (layer === state.net.sizes.length && state.net.output === "softmax") return softmax(state, which);
    const z = part(state, { symbol: "z", layer, unit, past });
    const last = layer === state.net.sizes.length;
    const name = last ? state.net.output : state.net.hidden[layer - 2];
    const { symbols, numbers } = last ? outputs[name] : hidden[name].g;
    return { symbols: `${last ? "h" : "g"}(${z.name}) of ${name}: ${symbols}`, numbers: numbers(z.value), parts: [z] };
  },
  slope(state, { layer, unit, past }) {
    const [z, a] = ["z", "a"].map((symbol) => part(state, { symbol, layer, unit, past }));
    const { symbols, numbers } = hidden[state.net.hidden[layer - 2]].slope;
    return { symbols, numbers: numbers(z.value, a.value), parts: [z, a] };
  },
  delta(state, which) {
    const { layer, unit, past } = which;
    if (layer === state.net.sizes.length) return lastDelta(state, which);
    const pairs = range(1, state.net.sizes[layer]).map((i) => [
      part(state, { symbol: "theta", layer, unit: i, column: unit, past }),
      part(state, { symbol: "delta", layer: layer + 1, unit: i, past }),
    ]);
    const slope = part(state, { symbol: "slope", layer, unit, past });
    return {
      symbols: `(Σᵢ Θ${above(layer)}ᵢ,${below(unit)} δ${above(layer + 1)}ᵢ) · ${slope.name}`,
      numbers: `(${summed(pairs.map(product))}) · ${bracketed(slope.value)}`,
      parts: [...pairs.flat(), slope],
      size: `${counted(pairs.length, "product")}, times g′`,
    };
  },
  Delta(state, { layer, unit, column }) {
    if (!state.m) return given("nothing is accumulated yet");
    if (!state.last?.a) return given(`Σ δ${above(layer + 1)}${below(unit)} a${above(layer)}${below(column)} over ${counted(state.m, "example")}`);
    const d = part(state, { symbol: "delta", layer: layer + 1, unit, past: true });
    const a = part(state, { symbol: "a", layer, unit: column, past: true });
    const before = state.before[layer][unit - 1][column];
    return {
      symbols: `what was there + ${d.name} · ${a.name}`,
      numbers: `${short(before)} + ${bracketed(d.value)}·${bracketed(a.value)}`,
      parts: [d, a],
    };
  },
  D(state, { layer, unit, column }) {
    const Delta = part(state, { symbol: "Delta", layer, unit, column });
    if (column === 0) return { symbols: `${Delta.name}/m, a bias: without λ`, numbers: `${short(Delta.value)}/${state.m}`, parts: [Delta] };
    const Theta = part(state, { symbol: "theta", layer, unit, column, past: true });
    const decay = `(${short(state.lambda)}/${state.m})·${bracketed(Theta.value)}`;
    return {
      symbols: `${Delta.name}/m + (λ/m) ${Theta.name}`,
      numbers: `${short(Delta.value)}/${state.m} + ${decay}`,
      parts: [Delta, Theta],
    };
  },
  cost(state) {
    const L = state.net.sizes.length;
    const { symbols, term } = costs[state.net.loss];
    const pairs = state.y.map((_, k) => [part(state, { symbol: "a", layer: L, unit: k + 1 }), part(state, { symbol: "y", unit: k + 1 })]);
    const terms = pairs.map(([a, y]) => term(a.value, y.value, state.net.parameter));
    const kept = pairs.filter((_, k) => terms[k] !== null);
    return { symbols: symbols(state.net.parameter), numbers: summed(terms.filter((t) => t !== null)), parts: kept.flat() };
  },
  J(state) {
    const mean = `(${summed(state.costs.map(bracketed))})/${state.costs.length}`;
    const decay = `(${short(state.lambda)}/(2·${state.costs.length}))·${short(state.squares)}`;
    return {
      symbols: "(1/m) Σᵢ cost⁽ⁱ⁾ + (λ/2m) Σ Θ², the biases left out",
      numbers: `${mean} + ${decay}`,
      parts: [],
      size: counted(state.costs.length, "example"),
    };
  },
  theta(state, { layer, unit, column, past }) {
    if (past || !state.step) return given("a parameter");
    const { Theta, D, alpha } = state.step;
    const numbers = `${short(Theta[layer][unit - 1][column])} − ${short(alpha)}·${bracketed(D[layer][unit - 1][column])}`;
    return { symbols: "what it was − α D", numbers, parts: [] };
  },
  y: () => given("a target"),
};

function softmax(state, { layer, unit, past }) {
  const parts = range(1, state.net.sizes[layer - 1]).map((k) => part(state, { symbol: "z", layer, unit: k, past }));
  const powers = parts.map((p) => `e^${bracketed(p.value)}`);
  return {
    symbols: `e^z${below(unit)} / Σₖ e^zₖ`,
    numbers: `${powers[unit - 1]} / (${summed(powers)})`,
    parts,
    size: `softmax over ${counted(parts.length, "unit")}`,
  };
}

function lastDelta(state, { layer, unit, past }) {
  const a = part(state, { symbol: "a", layer, unit, past });
  const y = part(state, { symbol: "y", unit, past });
  const { canonical, loss, parameter } = state.net;
  const symbols = canonical ? `${a.name} − ${y.name}` : `${lastDeltas[loss].symbols(parameter)}, with a = ${a.name}`;
  const numbers = canonical ? `${short(a.value)} − ${bracketed(y.value)}` : lastDeltas[loss].numbers(a.value, y.value, parameter);
  return { symbols, numbers, parts: [a, y] };
}

export function explain(state, which) {
  const answer = explainers[which.symbol](state, which);
  return { ...which, name: nameOf(which), value: valueOf(state, which), ...answer };
}
