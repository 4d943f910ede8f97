// How good the network is by now, as the server tells it: score, δ by layer, confusion, worst mistakes.

import { backward, forward, roll } from "../backprop.js";

const MOST_MISTAKES = 12;
const sum = (numbers) => numbers.reduce((total, v) => total + v, 0);
export const said = (a) => (a.length === 1 ? +(a[0] > 0.5) : a.indexOf(Math.max(...a)));
export const sureness = (a) => (a.length === 1 ? Math.abs(a[0] - 0.5) + 0.5 : Math.max(...a));

export function summaryOf(pageState, run) {
  const { net, X, Y } = pageState;
  const [Theta, L] = [roll(net, run.theta), net.sizes.length];
  const squares = Array(L - 1).fill(0);
  const outputs = X.map((x, i) => {
    const { a, z } = forward(net, Theta, x);
    const delta = backward(net, Theta, z, Y[i]);
    for (let l = 2; l <= L; l++) squares[l - 2] += sum(delta[l].map((v) => v * v));
    return a[L];
  });
  const deltas = squares.map((v) => Math.sqrt(v / X.length));
  const about = { theta: run.theta, lam: run.lam, deltas, rows_scored: X.length };
  return { ...about, ...(pageState.classes ? ofClasses(pageState, outputs) : ofNumbers(pageState, outputs)) };
}

function ofClasses({ classes, Y, captions }, outputs) {
  const confusion = classes.map(() => classes.map(() => 0));
  const wrong = [];
  outputs.forEach((a, i) => {
    const [answer, truth] = [said(a), said(Y[i])];
    confusion[truth][answer] += 1;
    if (answer !== truth) wrong.push({ row: captions.rows[i], place: i, answer, truth, sure: sureness(a) });
  });
  wrong.sort((p, q) => q.sure - p.sure);
  return { score: 1 - wrong.length / outputs.length, confusion, worst: wrong.slice(0, MOST_MISTAKES) };
}

function ofNumbers({ Y, captions }, outputs) {
  const worst = outputs.map((a, i) => farthest(a, Y[i], captions.rows[i]));
  worst.sort((p, q) => Math.abs(q.answer - q.truth) - Math.abs(p.answer - p.truth));
  const pairs = outputs.flatMap((a, i) => a.map((v, k) => [Y[i][k], v, k]));
  return { score: r2(outputs, Y), worst: worst.slice(0, MOST_MISTAKES), pairs };
}

function farthest(a, y, row) {
  const errors = a.map((v, k) => Math.abs(v - y[k]));
  const output = errors.indexOf(Math.max(...errors));
  return { row, output, answer: a[output], truth: y[output] };
}

// The mean over the outputs, as the library has it.
export function r2(outputs, Y) {
  const each = Y[0].map((_, k) => {
    const mean = sum(Y.map((y) => y[k])) / Y.length;
    const rest = sum(outputs.map((a, i) => (a[k] - Y[i][k]) ** 2));
    const all = sum(Y.map((y) => (y[k] - mean) ** 2));
    return all ? 1 - rest / all : +(rest === 0);
  });
  return sum(each) / each.length;
}
