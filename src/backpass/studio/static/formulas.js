// Where a number comes from: the six formulas, in symbols and with the numbers put in.
//
// A number is named {symbol, layer, unit, column}. The answer is {symbols, numbers, value, parts},
// where each part is a number that can be asked again.

import { activations } from "./backprop.js";

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const digits = (n, alphabet) => [...String(n)].map((d) => alphabet[+d]).join("");
const below = (n) => digits(n, SUBSCRIPTS);
const above = (l) => "⁽" + digits(l, SUPERSCRIPTS) + "⁾";
export const short = (v) => {
  if (v === 0) return "0";
  const size = Math.abs(v);
  return size >= 1e-3 && size < 1e5 ? String(+v.toPrecision(5)) : v.toExponential(3);
};
// For a circle's width: two or three digits.
export const brief = (v) => {
  const size = Math.abs(v);
  if (v === 0 || (size >= 0.01 && size < 100)) return String(+v.toPrecision(2));
  return v.toExponential(0);
};
const bracketed = (v) => (v < 0 ? `(${short(v)})` : short(v));

const SYMBOL = { theta: "Θ", delta: "δ", Delta: "Δ" };
export function nameOf({ symbol, layer, unit, column }) {
  if (symbol === "J") return "J";
  if (symbol === "y") return `y${below(unit)}`;
  if (symbol === "a" && layer === 1 && unit > 0) return `x${below(unit)}`;
  const head = (SYMBOL[symbol] ?? symbol) + above(layer) + below(unit);
  return column === undefined ? head : `${head},${below(column)}`;
}

// Units count from 1, as in the notes; a's unit 0 is the bias unit, which is 1.
export function valueOf(state, { symbol, layer, unit, column }) {
  if (symbol === "J") return state.J;
  if (symbol === "y") return state.y[unit - 1];
  if (symbol === "a") return unit === 0 ? 1 : state.a[layer][unit - 1];
  if (column === undefined) return state[symbol][layer][unit - 1];
  return state[symbol === "theta" ? "Theta" : symbol][layer][unit - 1][column];
}

const part = (state, which) => ({ ...which, name: nameOf(which), value: valueOf(state, which) });
const products = (pairs) =>
  pairs.map(([p, q]) => `${bracketed(p.value)}·${bracketed(q.value)}`).join(" + ");
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => from + k);

const explainers = {
  z(state, { layer, unit }) {
    const pairs = range(0, state.net.sizes[layer - 2]).map((j) => [
      part(state, { symbol: "theta", layer: layer - 1, unit, column: j }),
      part(state, { symbol: "a", layer: layer - 1, unit: j }),
    ]);
    const sigma = `Σⱼ Θ${above(layer - 1)}${below(unit)},ⱼ a${above(layer - 1)}ⱼ`;
    return { symbols: sigma, numbers: products(pairs), parts: pairs.flat() };
  },
  a(state, { layer, unit }) {
    if (unit === 0) return { symbols: "the bias unit", numbers: "1", parts: [] };
    if (layer === 1) return { symbols: "an input", numbers: "", parts: [] };
    const L = state.net.sizes.length;
    if (layer === L && state.net.output === "softmax") {
      const parts = range(1, state.net.sizes[L - 1]).map((k) =>
        part(state, { symbol: "z", layer, unit: k }),
      );
      const zs = parts.map((p) => `e^${bracketed(p.value)}`);
      return {
        symbols: `e^z${below(unit)} / Σₖ e^zₖ`,
        numbers: `${zs[unit - 1]} / (${zs.join(" + ")})`,
        parts,
      };
    }
    const z = part(state, { symbol: "z", layer, unit });
    const g = layer === L ? state.net.output : state.net.hidden[layer - 2];
    return { symbols: `${g}(${z.name})`, numbers: `${g}(${short(z.value)})`, parts: [z] };
  },
  delta(state, { layer, unit }) {
    const L = state.net.sizes.length;
    if (layer === L) return lastDelta(state, unit);
    const pairs = range(1, state.net.sizes[layer]).map((i) => [
      part(state, { symbol: "theta", layer, unit: i, column: unit }),
      part(state, { symbol: "delta", layer: layer + 1, unit: i }),
    ]);
    const z = part(state, { symbol: "z", layer, unit });
    const slope = activations[state.net.hidden[layer - 2]].gPrime(z.value);
    return {
      symbols: `(Σᵢ Θ${above(layer)}ᵢ,${below(unit)} δ${above(layer + 1)}ᵢ) · g′(${z.name})`,
      numbers: `(${products(pairs)}) · ${bracketed(slope)}`,
      parts: [...pairs.flat(), z],
    };
  },
  Delta(state, { layer, unit, column }) {
    const d = part(state, { symbol: "delta", layer: layer + 1, unit });
    const a = part(state, { symbol: "a", layer, unit: column });
    return {
      symbols: `${d.name} · ${a.name}, added to what was there`,
      numbers: `${bracketed(d.value)}·${bracketed(a.value)} for this example`,
      parts: [d, a],
    };
  },
  D(state, { layer, unit, column }) {
    const Delta = part(state, { symbol: "Delta", layer, unit, column });
    const Theta = part(state, { symbol: "theta", layer, unit, column });
    const decay = column > 0 ? ` + (λ/m) ${Theta.name}` : "";
    const decayNumbers = column > 0 ? ` + (${short(state.lam)}/${state.m})·${bracketed(Theta.value)}` : "";
    return {
      symbols: `${Delta.name}/m${decay}`,
      numbers: `${bracketed(Delta.value)}/${state.m}${decayNumbers}`,
      parts: column > 0 ? [Delta, Theta] : [Delta],
    };
  },
  J(state) {
    const m = state.m;
    return {
      symbols: "(1/m) Σᵢ cost(i) + (λ/2m) ΣΘ²",
      numbers: `over ${m} examples, λ = ${short(state.lam)}`,
      parts: [],
    };
  },
  theta: () => ({ symbols: "a parameter", numbers: "", parts: [] }),
  y: () => ({ symbols: "a target", numbers: "", parts: [] }),
};

function lastDelta(state, unit) {
  const L = state.net.sizes.length;
  const a = part(state, { symbol: "a", layer: L, unit });
  const y = part(state, { symbol: "y", unit });
  if (state.net.canonical)
    return {
      symbols: `${a.name} − ${y.name}`,
      numbers: `${short(a.value)} − ${bracketed(y.value)}`,
      parts: [a, y],
    };
  return { symbols: `∂cost/∂z of ${state.net.loss}`, numbers: `at ${short(a.value)}`, parts: [a, y] };
}

export function explain(state, which) {
  const answer = explainers[which.symbol](state, which);
  return { ...which, name: nameOf(which), value: valueOf(state, which), ...answer };
}
