// Where a function over the plane is 0: short lines through the cells between its pixels.

import { SIDE } from "./heat.js";

// The place on the way from p to q where the value is 0.
const crossing = (p, q, from, to) => {
  const t = from / (from - to);
  return [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
};

function cellLines(values, row, column) {
  const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
  const heights = corners.map(([c, r]) => values[r * SIDE + c]);
  const found = [];
  for (let k = 0; k < 4; k++) {
    const next = (k + 1) % 4;
    if (heights[k] < 0 !== heights[next] < 0) found.push(crossing(corners[k], corners[next], heights[k], heights[next]));
  }
  return found.length === 4 ? [found.slice(0, 2), found.slice(2)] : found.length ? [found] : [];
}

// Pairs of points [column, row], in pixels of the heat map.
export function zeroLines(values) {
  const lines = [];
  for (let row = 0; row + 1 < SIDE; row++)
    for (let column = 0; column + 1 < SIDE; column++) lines.push(...cellLines(values, row, column));
  return lines;
}

// What changes its sign where the answer changes: of one output of classes at ½, of numbers at 0.
export function sidesOf(outputs, ofClasses) {
  if (outputs.length === 1) return [ofClasses ? outputs[0].map((v) => v - 0.5) : outputs[0]];
  return outputs.map((values, j) => values.map((v, k) => v - outputs.reduce((m, other, i) => (i === j ? m : Math.max(m, other[k])), -Infinity)));
}
