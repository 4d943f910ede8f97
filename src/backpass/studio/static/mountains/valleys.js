// Which walkers ended in the same valley, as the library's landscape.valleys finds it.

import { align } from "./symmetry.js";
import { combine } from "./vectors.js";

const POINTS_ON_THE_WAY = 16;

// How far the straight way between two ends, units aligned, rises above the higher one; goesOn() is
// asked after every height, and where it says no, the answer is of no use.
export async function ridge(net, J, one, other, goesOn) {
  const start = align(net, one, other);
  const step = combine(other, -1, start);
  if (step.every((v) => v === 0)) return 0;
  const heights = [];
  for (let k = 0; k <= POINTS_ON_THE_WAY + 1; k++) {
    heights.push(J(combine(start, k / (POINTS_ON_THE_WAY + 1), step)));
    if (!(await goesOn())) return Infinity;
  }
  return Math.max(0, Math.max(...heights) - Math.max(heights[0], heights[heights.length - 1]));
}

// The number of each end's valley, from 0, the lowest; no ridge up to `tallest` separates two.
export async function groupValleys(net, J, ends, tallest, goesOn) {
  const heights = ends.map(J);
  const order = ends.map((_, k) => k).sort((i, j) => heights[i] - heights[j] || i - j);
  const [floors, labels] = [[], Array(ends.length)];
  for (const k of order) {
    const ridges = [];
    for (const floor of floors) ridges.push(await ridge(net, J, ends[k], floor, goesOn));
    const lowest = ridges.indexOf(Math.min(...ridges));
    labels[k] = lowest >= 0 && ridges[lowest] <= tallest ? lowest : floors.push(ends[k]) - 1;
  }
  return labels;
}
