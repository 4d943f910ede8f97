// Points in a plane, by name: the ones that Python's studio.toys makes of the same seed.

import { randomNumbers } from "../mountains/vectors.js";

const HELD_OUT = 0.3; // of the points: the last ones
const onCircle = (radius, t) => [radius * Math.cos(t), radius * Math.sin(t)];

// place(i, u, v) is where point i lies before its noise; classes take turns; 0 of them are numbers.
export const toys = {
  xor: {
    classes: 2,
    place: (i, u, v) => [(i % 4 < 2 ? 1 : -1) * (0.08 + 0.92 * u), (i % 4 === 1 || i % 4 === 2 ? 1 : -1) * (0.08 + 0.92 * v)],
  },
  moons: {
    classes: 2,
    place(i, u) {
      const [side, t] = [i % 2 ? -1 : 1, Math.PI * u];
      return [side * (0.7 * Math.cos(t) - 0.35), side * (0.7 * Math.sin(t) - 0.2)];
    },
  },
  rings: { classes: 2, place: (i, u) => onCircle(i % 2 ? 0.9 : 0.35, 2 * Math.PI * u) },
  spirals: {
    classes: 2,
    place(i, u) {
      const radius = 0.1 + 0.9 * Math.sqrt(u);
      return onCircle(radius, 3 * Math.PI * radius + Math.PI * (i % 2));
    },
  },
  blobs: {
    classes: 3,
    place(i, u, v) {
      const [corner, within] = [onCircle(0.6, (2 * Math.PI * (i % 3)) / 3), onCircle(0.35 * Math.sqrt(v), 2 * Math.PI * u)];
      return [corner[0] + within[0], corner[1] + within[1]];
    },
  },
  surface: {
    classes: 0,
    place: (i, u, v) => [2 * u - 1, 2 * v - 1],
    height: ([x1, x2]) => Math.sin(Math.PI * x1) * Math.cos(Math.PI * x2),
  },
};

// X, a list of [x₁, x₂]; y; and how many are for the training: the others are held out.
export function toyPoints({ toy, points, noise, seed }) {
  const [{ place, height, classes }, random] = [toys[toy], randomNumbers(seed)];
  const made = { X: [], y: [], nTrain: points - Math.floor(HELD_OUT * points) };
  for (let i = 0; i < points; i++) {
    const [u, v, p, q] = [random(), random(), random(), random()];
    const normal = onCircle(noise * Math.sqrt(-2 * Math.log(1 - p)), 2 * Math.PI * q); // Box and Muller
    const x = place(i, u, v);
    made.X.push(height ? x : [x[0] + normal[0], x[1] + normal[1]]);
    made.y.push(height ? height(x) + normal[0] : i % classes);
  }
  return made;
}
