// A plane through the space of θ: what a picture of the mountains can show.

import { roll, unroll } from "../backprop.js";
import { combine, dot, eigen, randomNumbers } from "./vectors.js";

const MARGIN = 0.2; // of ground around the ways, as a share of their extent
const FLAT = 1e-7; // a second direction that is shorter than that share is none

function normals(random) {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// A random direction, each unit's weights as long as the network's own (Li et al., 2018).
function drawn(net, center, normal) {
  const Theta = roll(net, center);
  for (const l in Theta)
    Theta[l] = Theta[l].map((row) => {
      const d = row.map(normal);
      const size = Math.sqrt(dot(row, row) / dot(d, d));
      return d.map((v) => v * size);
    });
  return unroll(net, Theta);
}

const upright = (d, to) => combine(d, -dot(d, to) / dot(to, to), to);

export function randomPlane(net, center, seed) {
  const normal = normals(randomNumbers(seed));
  const east = drawn(net, center, normal);
  return { center, east, north: upright(drawn(net, center, normal), east), kind: "two random directions" };
}

// The plane through the center along which the points vary most; null where they lie on a line.
export function principalPlane(center, points) {
  const away = points.map((p) => combine(p, -1, center));
  const [first, second] = eigen(away.map((p) => away.map((q) => dot(p, q))));
  if (!second || !(second.value > FLAT ** 2 * first.value) || !(first.value > 0)) return null;
  const [east, north] = [first, second].map(({ value, vector }) =>
    center.map((_, k) => vector.reduce((t, v, i) => t + v * away[i][k], 0) / Math.sqrt(value)),
  );
  const all = away.reduce((t, p) => t + dot(p, p), 0);
  return { center, east, north, kind: "the main directions of the way", shown: (first.value + second.value) / all };
}

export const pointOf = ({ center, east, north }, u, v) => combine(combine(center, u, east), v, north);

// The foot of θ in the plane, and its distance from it.
export function placeOf({ center, east, north }, theta) {
  const from = combine(theta, -1, center);
  const u = dot(from, east) / dot(east, east);
  const v = dot(from, north) / dot(north, north);
  const off = combine(combine(from, -u, east), -v, north);
  return { u, v, off: Math.sqrt(dot(off, off)) };
}

export const lineAround = (reach, count) => Array.from({ length: count }, (_, k) => -reach + (2 * reach * k) / (count - 1));

// A line over values with a margin, never much narrower than the other one's.
export function lineOver(values, others, count) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const extent = Math.max(high - low, 0.25 * (Math.max(...others) - Math.min(...others)), 2.3e-16);
  return lineAround(extent * (0.5 + MARGIN), count).map((v) => (low + high) / 2 + v);
}
