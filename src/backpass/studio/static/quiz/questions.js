// Questions about the network on the page: its own sizes, weights and rows stand in them.
//
// A question is { ask, choices, right, hint, why }: `right` is the place of the right choice. What a
// wrong choice says is a slip that people make, computed with the same numbers.

import { activations, backward, forward, roll } from "../backprop.js";
import { nameOf, short } from "../formulas.js";
import { above } from "../numerals.js";

const RESIDUAL = ["log_loss", "binary_log_loss", "squared_error", "poisson"]; // δ of the output is a − y
const APART = 1e-3; // of numbers that are written as choices, by their size

// Numbers in [0, 1) that the same seed gives again (mulberry32).
export function drawer(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The notes' exercise, and what is true of every network.
const ORDER = {
  ask: "Two examples (x₁, y₁) and (x₂, y₂); FP is forward propagation, BP is back propagation. Which sequence computes the gradient?",
  choices: [
    "FP with x₁, FP with x₂, then BP with y₁, BP with y₂",
    "FP with x₁, BP with y₂, then FP with x₂, BP with y₁",
    "BP with y₁, FP with x₁, then BP with y₂, FP with x₂",
    "FP with x₁, BP with y₁, then FP with x₂, BP with y₂",
  ],
  right: 3,
  hint: "Whose a and z are in memory when an example goes back?",
  why: "δ of an example needs that example's own a and z, so its backward pass follows its own forward pass.",
};
const SYMMETRY = {
  ask: "All weights start with the same value. What happens to the hidden units of a layer?",
  choices: [
    "They learn faster",
    "They stay equal to one another for ever",
    "They become zero",
    "They diverge after the first step",
  ],
  right: 1,
  hint: "Which of two equal units would get another δ?",
  why: "Equal units get equal a and equal δ, so equal updates: nothing ever tells them apart. Hence the random start.",
};
const PURPOSE = {
  ask: "What does backpropagation itself do?",
  choices: ["It minimises J", "It computes the derivatives of J", "It chooses α", "It draws the first Θ"],
  right: 1,
  hint: "Which button comes after the gradient?",
  why: "It differentiates. The optimiser (gradient descent, or a better one) minimises.",
};

// All of them, in their order, with numbers that a seed draws.
export function questionsOf({ net, theta, lam, W, X, Y, captions }, seed) {
  const draw = drawer(seed);
  const pick = (n) => Math.floor(draw() * n);
  const Theta = roll(net, theta);
  const k = pick(X.length);
  const { a, z } = forward(net, Theta, X[k]);
  const pass = { net, Theta, row: captions.rows[k], y: Y[k], a, z, delta: backward(net, Theta, z, Y[k]), lam, W };
  const made = [shape, length, bias, output, slope, weight, decay].map((make) => make(pass, pick, draw));
  const [shapes, ...numbers] = made;
  return [ORDER, shapes, ...numbers, SYMMETRY, PURPOSE].filter(Boolean);
}

function shape({ net }, pick, draw) {
  const l = 1 + pick(net.sizes.length - 1);
  const [from, to] = [net.sizes[l - 1], net.sizes[l]];
  return mixed(draw, {
    ask: `This network is ${net.sizes.join("-")}. What is the shape of Θ${above(l)}?`,
    choices: [`${to} × ${from + 1}`, `${from} × ${to}`, `${to} × ${from}`, `${from + 1} × ${to}`],
    hint: "A row for each unit that it leads to; and who else speaks beside the units before?",
    why: `${to} rows, one for each unit that it leads to; ${from} columns for the units before, and one for the bias.`,
  });
}

function length({ net }, pick, draw) {
  const pairs = net.sizes.slice(1).map((to, k) => [to, net.sizes[k]]);
  const total = (entries) => pairs.reduce((sum, [to, from]) => sum + entries(to, from), 0);
  const right = total((to, from) => to * (from + 1));
  return mixed(draw, {
    ask: "How long is θ, all parameters of this network unrolled?",
    choices: [right, total((to, from) => to * from), total((to, from) => (to + 1) * from), right + net.sizes.at(-1)].map(String),
    hint: "Every Θ has s of the next layer rows and s + 1 columns.",
    why: `${pairs.map(([to, from]) => `${to} · ${from + 1}`).join(" + ")} = ${right}.`,
  });
}

function bias({ net }, pick, draw) {
  if (net.sizes.length < 3) return null;
  const [s, next] = [net.sizes[1], net.sizes[2]];
  return mixed(draw, {
    ask: `δ⁽²⁾ = (Θ⁽²⁾)ᵀ δ⁽³⁾ ⊙ g′(z⁽²⁾): Θ⁽²⁾ is ${next} × ${s + 1} and z⁽²⁾ has ${s} entries. Why do the shapes not fit as written?`,
    choices: [
      "Θ⁽²⁾ has a bias column, and z⁽²⁾ has no bias unit",
      "δ⁽³⁾ has a bias unit",
      "g′ changes the shape",
      "They fit",
    ],
    hint: "How many entries has (Θ⁽²⁾)ᵀ δ⁽³⁾?",
    why: `Θᵀδ has ${s + 1} entries and z has ${s}: drop Θ's bias column (or δ₀).`,
  });
}

function output({ net, row, y, a }, pick, draw) {
  if (!RESIDUAL.includes(net.loss)) return null;
  const L = net.sizes.length;
  const k = pick(net.sizes.at(-1));
  const [said, wanted] = [a[L][k], y[k]];
  return numeric(draw, {
    ask: `Row ${row}: output ${k + 1} says ${short(said)}, and y is ${short(wanted)}. What is its δ?`,
    right: said - wanted,
    wrong: [wanted - said, (said - wanted) * said * (1 - said), said, (said - wanted) ** 2 / 2],
    hint: "With this cost, g′ of the output cancels.",
    why: `δ = a − y = ${short(said)} − ${short(wanted)} = ${short(said - wanted)}.`,
  });
}

function slope({ net, row, z }, pick, draw) {
  if (net.sizes.length < 3) return null;
  const j = pick(net.sizes[1]);
  const { g, gPrime } = activations[net.hidden[0]];
  const v = z[2][j];
  return numeric(draw, {
    ask: `Row ${row}: unit ${j + 1} of layer 2 has z = ${short(v)}, and g is ${net.hidden[0]}. What is g′(z)?`,
    right: gPrime(v),
    wrong: [gPrime(g(v)), v * (1 - v), g(v), 1 - g(v), 0.5],
    hint: "It is taken at z, not at a: how steep is g there?",
    why: `g′ at z = ${short(v)} is ${short(gPrime(v))}; a = g(z) = ${short(g(v))}.`,
  });
}

function weight({ net, row, a, delta }, pick, draw) {
  const l = net.sizes.length - 1;
  const [i, j] = [pick(net.sizes[l]), pick(net.sizes[l - 1])];
  const [d, said] = [delta[l + 1][i], a[l][j]];
  return numeric(draw, {
    ask: `Row ${row}: δ of unit ${i + 1} in layer ${l + 1} is ${short(d)}, and a of unit ${j + 1} in layer ${l} is ${short(said)}. What is the derivative of this row's cost by the weight between them?`,
    right: d * said,
    wrong: [d, said, d + said, d * said * said, -d * said],
    hint: "What was said, times the error of the one who listened.",
    why: `a · δ = ${short(said)} · ${short(d)} = ${short(d * said)}.`,
  });
}

function decay({ net, Theta, lam, W }, pick, draw) {
  const l = 1 + pick(net.sizes.length - 1);
  const [i, j] = [pick(net.sizes[l]), pick(net.sizes[l - 1])];
  const value = Theta[l][i][j + 1];
  const name = nameOf({ symbol: "theta", layer: l, unit: i + 1, column: j + 1 });
  return (
    numeric(draw, {
      ask: `${name} is ${short(value)}, λ is ${short(lam)} and m is ${short(W)}. What does the weight decay add to its D?`,
      right: (lam / W) * value,
      wrong: [lam * value, (lam / (2 * W)) * value * value, 0, (lam / (2 * W)) * value],
      hint: "J has λ/2m times the squares: differentiate.",
      why: `λ/m · Θ = ${short((lam / W) * value)}. A bias (column 0) would get nothing.`,
    }) ?? {
      ask: "Which entries of D have no λ in them?",
      choices: ["The output layer's", "The first row of each Θ", "The bias column of each Θ", "None"],
      right: 2,
      hint: "Which weights does the penalty leave out?",
      why: "Biases (column 0) are left out of the weight decay.",
    }
  );
}

// Four numbers of which one is right and no two look alike; nothing where the slips do not differ.
function numeric(draw, { right, wrong, ...question }) {
  const kept = [right];
  for (const value of wrong)
    if (Number.isFinite(value) && kept.length < 4 && kept.every((other) => differ(other, value))) kept.push(value);
  return kept.length < 3 ? null : mixed(draw, { ...question, choices: kept.map(short) });
}

const differ = (p, q) => Math.abs(p - q) > APART * Math.max(Math.abs(p), Math.abs(q)) && short(p) !== short(q);

// The first choice is the right one: shuffle them, and say where it went. Equal words stand once.
function mixed(draw, { choices, ...question }) {
  const once = [...new Set(choices)];
  const order = once.map((words) => [draw(), words]).sort(([p], [q]) => p - q);
  const shuffled = order.map(([, words]) => words);
  return { ...question, choices: shuffled, right: shuffled.indexOf(once[0]) };
}
