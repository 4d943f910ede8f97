// One example after another through the algorithm: what is known after each step, without a screen.

import { accumulate, backward, cost, forward, gradient, roll, unroll, update, zeros } from "../backprop.js";

export const ORDER = ["forward", "cost", "backward", "accumulate", "update"];
const SLICE = 40; // milliseconds of work between two breaths

const sum = (numbers) => numbers.reduce((total, v) => total + v, 0);
const squaresOf = (Theta) =>
  sum(Object.values(Theta).map((T) => sum(T.map((row) => sum(row.slice(1).map((t) => t * t))))));
const breath = () => new Promise((resolve) => setTimeout(resolve));

// J and D are the notes' of the m examples that are accumulated here: λ is divided by that m, not by W, what
// the training's rows weigh (its decay is said beside). `last` is the example that was accumulated last, with the Θ of its pass.
export function newWalk(pageState) {
  const walk = { net: pageState.net, Theta: roll(pageState.net, pageState.theta), lambda: pageState.lam, W: pageState.W, row: 0 };
  forget(walk, pageState);
  return walk;
}

export function forget(walk, pageState) {
  leaveExample(walk, pageState);
  Object.assign(walk, { Delta: zeros(walk.Theta), D: {}, J: NaN, m: 0, rows: [], costs: [], before: null, last: null, step: null });
}

// Another example: its numbers are not there yet; what is accumulated stays.
export function leaveExample(walk, pageState) {
  Object.assign(walk, { a: {}, z: {}, delta: {}, cost: NaN, y: pageState.Y[walk.row] });
}

export const steps = {
  forward(walk, pageState) {
    leaveExample(walk, pageState);
    if (walk.m === 0 || walk.step) forget(walk, pageState); // Δ of another Θ is no part of this D
    Object.assign(walk, forward(walk.net, walk.Theta, pageState.X[walk.row]));
  },
  cost(walk) {
    walk.cost = cost(walk.net, walk.Theta, [walk.z[walk.net.sizes.length]], [walk.y], 0);
    if (walk.m === 0) setJ(walk, [walk.cost], [walk.row]);
  },
  backward(walk) {
    walk.delta = backward(walk.net, walk.Theta, walk.z, walk.y);
  },
  accumulate(walk) {
    const { Theta, a, z, y, delta, row } = walk;
    walk.before = copied(walk.Delta);
    walk.last = { Theta, a, z, y, delta, row };
    accumulate(walk.Delta, a, delta);
    walk.m += 1;
    setJ(walk, [...walk.costs.slice(0, walk.m - 1), walk.cost], [...walk.rows.slice(0, walk.m - 1), row]);
    walk.D = gradient(Theta, walk.Delta, walk.m, walk.lambda);
  },
  update(walk, pageState, alpha) {
    const step = { Theta: walk.Theta, D: walk.D, alpha };
    walk.Theta = update(walk.Theta, walk.D, alpha);
    forget(walk, pageState);
    walk.step = step;
  },
};

const copied = (Delta) => Object.fromEntries(Object.entries(Delta).map(([l, T]) => [l, T.map((row) => [...row])]));

function setJ(walk, costs, rows) {
  const squares = squaresOf(walk.Theta);
  const J = sum(costs) / costs.length + (walk.lambda / (2 * costs.length)) * squares;
  Object.assign(walk, { J, costs, rows, squares });
}

// Another λ: D and J of what is accumulated follow it, unless Θ has moved on since.
export function setLambda(walk, pageState, lambda) {
  walk.lambda = lambda;
  if (walk.step) forget(walk, pageState);
  if (!walk.costs.length) return;
  setJ(walk, walk.costs, walk.rows);
  if (walk.m) walk.D = gradient(walk.last.Theta, walk.Delta, walk.m, walk.lambda);
}

// The rows that the page began with, not those that were asked for since.
export const ownRows = ({ X, Y, beside = 0 }) => ({ X: X.slice(0, X.length - beside), Y: Y.slice(0, Y.length - beside) });

// All of the page's rows, one step of gradient descent; what it was of, Θ before the step, stays to be asked.
export async function wholeEpoch(walk, pageState, alpha, tell) {
  forget(walk, pageState);
  const { Theta } = walk;
  const costs = await accumulateAll(walk, pageState, tell);
  walk.m = costs.length;
  setJ(walk, costs, costs.map((_, i) => i));
  walk.D = gradient(Theta, walk.Delta, walk.m, walk.lambda);
  walk.step = { Theta, D: walk.D, alpha };
  walk.Theta = update(Theta, walk.D, alpha);
}

async function accumulateAll(walk, pageState, tell) {
  const { X, Y } = ownRows(pageState);
  const [{ net, Theta, Delta }, L, costs] = [walk, walk.net.sizes.length, []];
  let began = performance.now();
  for (const [i, x] of X.entries()) {
    const { a, z } = forward(net, Theta, x);
    accumulate(Delta, a, backward(net, Theta, z, Y[i]));
    costs.push(cost(net, Theta, [z[L]], [Y[i]], 0));
    if (performance.now() - began < SLICE) continue;
    tell((i + 1) / X.length);
    await breath();
    began = performance.now();
  }
  return costs;
}

// J of all rows with the Θ of now.
export function costOfAll(walk, pageState) {
  const { X, Y } = ownRows(pageState);
  const zs = X.map((x) => forward(walk.net, walk.Theta, x).z[walk.net.sizes.length]);
  return cost(walk.net, walk.Theta, zs, Y, walk.lambda);
}

// What the formulas look numbers up in: Δ, D and J belong to the Θ before a step.
export const asState = (walk) => ({ ...walk, last: walk.last ?? (walk.step && walk.m ? { Theta: walk.step.Theta } : null) });

// The pass whose numbers Python is asked for: the rows, and the Θ that they went through.
export function passOf(walk, { symbol, past }) {
  const ofAll = ["Delta", "D", "J"].includes(symbol);
  const Theta = ofAll || past ? (walk.last?.Theta ?? walk.step?.Theta ?? walk.Theta) : walk.Theta;
  const rows = ofAll ? walk.rows : [past ? walk.last.row : walk.row];
  return { theta: unroll(walk.net, Theta), rows, lam: walk.lambda };
}
