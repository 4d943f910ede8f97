// The network at many points at once: what forward makes of one, for as many as a picture has.

import { activations, cost, losses, roll } from "../backprop.js";
import { r2, said } from "../training/summary.js";

// Points as two columns, x₁ and x₂.
export const columnsOf = (X) => [0, 1].map((j) => Float64Array.from(X, (x) => x[j]));

function weighed(row, a, count) {
  const z = new Float64Array(count).fill(row[0]);
  a.forEach((values, j) => {
    const weight = row[j + 1];
    for (let k = 0; k < count; k++) z[k] += weight * values[k];
  });
  return z;
}

// The numbers of the last layer, point by point.
const byPoint = (units) => Array.from(units[0], (_, k) => units.map((values) => values[k]));

// a[l] holds a column for each unit of layer l; z and outputs of the last layer are rows.
export function passAll(net, Theta, columns) {
  const [L, count, a] = [net.sizes.length, columns[0].length, { 1: columns }];
  let last = columns;
  for (let l = 1; l < L; l++) {
    last = Theta[l].map((row) => weighed(row, a[l], count));
    if (l + 1 < L) a[l + 1] = last.map((z) => z.map(activations[net.hidden[l - 1]].g));
  }
  const z = byPoint(last);
  const outputs = z.map(losses[net.loss].h);
  a[L] = last.map((_, k) => Float64Array.from(outputs, (row) => row[k]));
  return { a, z, outputs };
}

const accuracy = (outputs, Y) => outputs.filter((a, i) => said(a) === said(Y[i])).length / Y.length;

// J of the training's points, the loss of those held out, and how many are right, or R².
export function scores({ pageState, held }, theta, lam) {
  const { net, X, Y, classes } = pageState;
  const [Theta, score] = [roll(net, theta), classes ? accuracy : r2];
  const [trained, kept] = [X, held.X].map((points) => passAll(net, Theta, columnsOf(points)));
  return {
    J: cost(net, Theta, trained.z, Y, lam),
    loss: cost(net, Theta, kept.z, held.Y, 0),
    trained: score(trained.outputs, Y),
    score: score(kept.outputs, held.Y),
  };
}
