// The formulas of g, g′, h and cost: in symbols, and with their numbers.

import { bracketed, short } from "./numerals.js";

const exponent = (v) => `e^${bracketed(-v)}`;
const SIGMA = "σ(u) = 1/(1 + e^−u)";
const GELU = "u = 1.5958 (z + 0.044715 z³)";
const bent = (z, low) => (z > 0 ? `1, as ${short(z)} > 0` : `${low}, as ${short(z)} ≤ 0`);

// g and its slope of a hidden layer: each has symbols, and numbers of z and a.
export const hidden = {
  identity: {
    g: { symbols: "z", numbers: (z) => short(z) },
    slope: { symbols: "1", numbers: () => "1" },
  },
  logistic: {
    g: { symbols: "1 / (1 + e^−z)", numbers: (z) => `1 / (1 + ${exponent(z)})` },
    slope: { symbols: "a (1 − a)", numbers: (z, a) => `${short(a)}·(1 − ${short(a)})` },
  },
  tanh: {
    g: { symbols: "tanh(z)", numbers: (z) => `tanh(${short(z)})` },
    slope: { symbols: "1 − a²", numbers: (z, a) => `1 − ${bracketed(a)}²` },
  },
  relu: {
    g: { symbols: "max(z, 0)", numbers: (z) => `max(${short(z)}, 0)` },
    slope: { symbols: "1 where z > 0, else 0", numbers: (z) => bent(z, 0) },
  },
  leaky_relu: {
    g: { symbols: "z where z > 0, else 0.01 z", numbers: (z) => (z > 0 ? short(z) : `0.01·${bracketed(z)}`) },
    slope: { symbols: "1 where z > 0, else 0.01", numbers: (z) => bent(z, 0.01) },
  },
  gelu: {
    g: { symbols: `z σ(u), ${GELU}, ${SIGMA}`, numbers: (z) => `${bracketed(z)}·σ(1.5958·(${short(z)} + 0.044715·${bracketed(z)}³))` },
    slope: {
      symbols: `σ(u) + z σ(u)(1 − σ(u)) · 1.5958 (1 + 0.134145 z²), ${GELU}`,
      numbers: (z) => `with z = ${short(z)}`,
    },
  },
  silu: {
    g: { symbols: "z / (1 + e^−z)", numbers: (z) => `${bracketed(z)} / (1 + ${exponent(z)})` },
    slope: { symbols: `σ(z) + z σ(z)(1 − σ(z)), ${SIGMA}`, numbers: (z) => `with z = ${short(z)}` },
  },
  softplus: {
    g: { symbols: "ln(1 + e^z)", numbers: (z) => `ln(1 + e^${bracketed(z)})` },
    slope: { symbols: "1 / (1 + e^−z)", numbers: (z) => `1 / (1 + ${exponent(z)})` },
  },
};

// h of the last layer, where it is a function of one z.
export const outputs = {
  identity: hidden.identity.g,
  logistic: hidden.logistic.g,
  exp: { symbols: "e^z", numbers: (z) => `e^${bracketed(z)}` },
};

const error = (a, y) => `(${short(a)} − ${bracketed(y)})`;

// cost of one example: symbols, and the terms with their numbers; a term may be left out as 0.
export const costs = {
  log_loss: {
    symbols: () => "−Σₖ yₖ ln aₖ",
    term: (a, y) => (y === 0 ? null : y === 1 ? `−ln ${short(a)}` : `−${short(y)}·ln ${short(a)}`),
  },
  binary_log_loss: {
    symbols: () => "Σₖ −yₖ ln aₖ − (1 − yₖ) ln(1 − aₖ)",
    term: (a, y) => {
      if (y === 1) return `−ln ${short(a)}`;
      if (y === 0) return `−ln(1 − ${short(a)})`;
      return `−${short(y)}·ln ${short(a)} − ${short(1 - y)}·ln(1 − ${short(a)})`;
    },
  },
  squared_error: { symbols: () => "½ Σₖ (aₖ − yₖ)²", term: (a, y) => `½·${error(a, y)}²` },
  poisson: {
    symbols: () => "Σₖ aₖ − yₖ ln aₖ + yₖ ln yₖ − yₖ",
    term: (a, y) =>
      y === 0 ? short(a) : `${short(a)} − ${short(y)}·ln ${short(a)} + ${short(y)}·ln ${short(y)} − ${short(y)}`,
  },
  absolute_error: { symbols: () => "Σₖ |aₖ − yₖ|", term: (a, y) => `|${short(a)} − ${bracketed(y)}|` },
  huber: {
    symbols: (t) => `Σₖ ½ r², r = aₖ − yₖ; ${t}(|r| − ${t / 2}) where |r| > ${t}`,
    term: (a, y, t) => (Math.abs(a - y) > t ? `${t}·(|${short(a)} − ${bracketed(y)}| − ${t / 2})` : `½·${error(a, y)}²`),
  },
  quantile: {
    symbols: (q) => `Σₖ ${q} (yₖ − aₖ), or ${short(1 - q)} (aₖ − yₖ) where aₖ > yₖ`,
    term: (a, y, q) => (a > y ? `${short(1 - q)}·${error(a, y)}` : `${q}·${error(y, a)}`),
  },
};

// δ of the last layer of a loss whose δ is not a − y.
export const lastDeltas = {
  absolute_error: { symbols: () => "sign(a − y)", numbers: (a, y) => `sign(${short(a)} − ${bracketed(y)})` },
  huber: {
    symbols: (t) => `a − y, between ${-t} and ${t}`,
    numbers: (a, y, t) => `max(${-t}, min(${t}, ${short(a)} − ${bracketed(y)}))`,
  },
  quantile: {
    symbols: (q) => `${short(1 - q)} where a > y, ${-q} where a < y`,
    numbers: (a, y) => `with a = ${short(a)}, y = ${short(y)}`,
  },
};
