// Walkers on the mountains: where a helicopter drops them, and how they go down.

import { costAndGradient, roll, unroll } from "../backprop.js";
import { adam, gradientDescent, momentum } from "../descent.js";
import { randomNumbers } from "./vectors.js";

const STEPS = 150;
const LOST = 100; // times the height of the drop: from there nobody comes back
const MOST_NUMBERS = 2e6; // of all θ of a way together
const RULES = {
  gd: { rule: gradientDescent, alpha: 0.5 },
  momentum: { rule: momentum, alpha: 0.3 },
  adam: { rule: adam, alpha: 0.03 },
};

const glorot = (inputs, units) => Math.sqrt(6 / (inputs + units));

// Drawn as the library's init_theta does by Glorot's rule: biases are 0.
export function randomPlace(net, seed) {
  const random = randomNumbers(seed);
  const Theta = roll(net, Array(net.sizes.reduce((t, s, l) => t + (l ? s * (net.sizes[l - 1] + 1) : 0), 0)).fill(0));
  for (const l in Theta) {
    const bound = glorot(net.sizes[l - 1], net.sizes[l]);
    Theta[l] = Theta[l].map((row) => row.map((_, j) => (j ? (2 * random() - 1) * bound : 0)));
  }
  return unroll(net, Theta);
}

// All weights of a layer equal: half of Glorot's bound, so that no g saturates.
export function equalPlace(net) {
  return net.sizes.slice(1).flatMap((units, l) => Array(units * (net.sizes[l] + 1)).fill(glorot(net.sizes[l], units) / 2));
}

export const newWalker = (name, solver, theta) => ({ name, solver, theta, way: [], steps: 0, start: NaN, now: NaN, valley: "walking", done: false });

// Step by step down; told() after some of them, and where it says no, the walker is called home.
export async function walkDown(walker, { net, X, Y, lam }, told) {
  const { rule, alpha } = RULES[walker.solver];
  const step = rule();
  const every = Math.max(1, Math.ceil((STEPS * walker.theta.length) / MOST_NUMBERS));
  for (let k = 0; k <= STEPS; k++) {
    const { J, D } = costAndGradient(net, roll(net, walker.theta), X, Y, lam);
    if (k === 0) walker.start = J;
    if (!(Math.abs(J) <= LOST * Math.max(Math.abs(walker.start), 1))) break;
    Object.assign(walker, { now: J, steps: k });
    if (k % every === 0 || k === STEPS) walker.way.push({ theta: walker.theta, J });
    if (!(await told())) return;
    if (k < STEPS) walker.theta = step(walker.theta, unroll(net, D), alpha);
  }
  walker.theta = walker.way[walker.way.length - 1]?.theta ?? walker.theta;
}
