// The map of the mountains: J over a plane, surveyed point by point.

import { cost, forward, roll } from "../backprop.js";
import { lineAround, lineOver, placeOf, pointOf, principalPlane, randomPlane } from "./plane.js";
import { applyMoves, findMoves } from "./symmetry.js";
import { mean } from "./vectors.js";

const [GRID, REACH, ROWS] = [25, 1.5, 60]; // lines; of random directions; examples
const POINTS_OF_A_WAY = 24; // that the plane is laid through
const SEED = 7;

const some = (points, count) => {
  const step = (points.length - 1) / (count - 1);
  return points.length <= count ? points : Array.from({ length: count }, (_, k) => points[Math.round(k * step)]);
};

export const newMap = ({ net, X, Y }) => ({
  net, X: X.slice(0, ROWS), Y: Y.slice(0, ROWS), lam: 0, plane: null, kind: "", u: [], v: [], heights: [], trained: [],
});

export function heightAt({ net, X, Y, lam }, theta) {
  const Theta = roll(net, theta);
  return cost(net, Theta, X.map((x) => forward(net, Theta, x).z[net.sizes.length]), Y, lam);
}

// The plane of the trainings' ways where there are some, and otherwise two random directions.
export function planeOfTraining({ net, theta }, ways) {
  const center = [...theta];
  const points = [...ways.flatMap((way) => some(way.points(), POINTS_OF_A_WAY)), center];
  const plane = points.length > 2 ? principalPlane(center, points) : null;
  return plane ? { plane, over: points, trained: points } : { plane: randomPlane(net, center, SEED), over: null, trained: [] };
}

// The plane of the walkers' ways, their units in the order of the lowest one's; null for a line.
export function planeOfWalkers(net, walkers) {
  const lowest = walkers.reduce((best, w) => (w.now < best.now ? w : best));
  for (const walker of walkers) {
    const moves = findMoves(net, walker.theta, lowest.theta);
    walker.way = walker.way.map(({ theta, J }) => ({ theta: applyMoves(net, theta, moves), J }));
    walker.theta = applyMoves(net, walker.theta, moves);
  }
  const points = walkers.flatMap((w) => some(w.way.map(({ theta }) => theta), POINTS_OF_A_WAY));
  const center = walkers.length === 1 ? walkers[0].theta : mean(points);
  const plane = points.length > 2 ? principalPlane(center, points) : null;
  return plane && { plane: { ...plane, kind: "the main directions of the walkers' ways" }, over: points, trained: [] };
}

function lay(map, { plane, over, trained }) {
  const places = (over ?? []).map((theta) => placeOf(plane, theta));
  const [us, vs] = [places.map(({ u }) => u), places.map(({ v }) => v)];
  const u = over ? lineOver(us, vs, GRID) : lineAround(REACH, GRID);
  const v = over ? lineOver(vs, us, GRID) : u;
  const way = trained.map((theta) => ({ theta, J: heightAt(map, theta) }));
  Object.assign(map, { plane, kind: plane.kind, u, v, heights: [], trained: way });
}

// told(share) is asked after every point; where it says no, the survey is given up.
export async function survey(map, laid, told) {
  lay(map, laid);
  const heights = [];
  for (const [row, v] of map.v.entries()) {
    heights.push([]);
    for (const u of map.u) {
      heights[row].push(heightAt(map, pointOf(map.plane, u, v)));
      if (!(await told((row + 1) / GRID))) return false;
    }
  }
  map.heights = heights;
  return true;
}
