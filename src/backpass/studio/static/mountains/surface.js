// The 3-D picture: ground as far as somebody sees, and the ways over it.

import { placeOf } from "./plane.js";

export const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#7f7f7f"];
const SIGHT = 0.15; // how far a walker sees, as a share of the picture's width
const CLEAR = 0.5; // ground is seen where it is clearer than this
const [STRIDE, MOST_STRIDES] = [0.05, 40]; // between two looks on a way, as a share; in one step of it

// A place in shares of the picture, whose axes are drawn equally long whatever they span.
function shareOf({ u, v }) {
  const [wide, deep] = [u, v].map((axis) => axis[axis.length - 1] - axis[0]);
  return (place) => ({ u: place.u / wide, v: place.v / deep });
}

// Where somebody looked from: all along a way, for whoever went there has seen the ground.
function looksOf(path) {
  const looks = path.slice(0, 1);
  for (const place of path.slice(1)) {
    const from = looks[looks.length - 1];
    const far = Math.hypot(place.u - from.u, place.v - from.v);
    if (!(far > STRIDE) && place !== path[path.length - 1]) continue;
    const strides = Math.min(MOST_STRIDES, Math.max(1, Math.ceil(far / STRIDE)));
    const along = (k) => ({ u: from.u + (k / strides) * (place.u - from.u), v: from.v + (k / strides) * (place.v - from.v) });
    looks.push(...Array.from({ length: strides }, (_, k) => along(k + 1)));
  }
  return looks;
}

// Clear around the eyes, with a soft edge, as in the library's pictures.
function isSeen(eyes, { u, v }) {
  const nearest = eyes.reduce((m, eye) => Math.min(m, Math.hypot(eye.u - u, eye.v - v)), Infinity);
  return Math.exp(-((nearest / SIGHT) ** 4)) > CLEAR;
}

export function groundOf(map, paths, fog) {
  const share = shareOf(map);
  const eyes = paths.flatMap((path) => looksOf(path.map(share)));
  const seen = (u, v) => !fog || isSeen(eyes, share({ u, v }));
  return map.heights.map((row, r) => row.map((height, c) => (seen(map.u[c], map.v[r]) ? height : null)));
}

// Where each walker's way leads over the map.
export const pathOf = (plane, walker) => walker.way.map(({ theta, J }) => ({ ...placeOf(plane, theta), J }));

function traceOf(path, name, k) {
  const color = COLOURS[k % COLOURS.length];
  const [x, y, z] = ["u", "v", "J"].map((axis) => path.map((p) => p[axis]));
  return { type: "scatter3d", mode: "lines+markers", name, x, y, z, line: { width: 5, color }, marker: { size: 2, color } };
}

const spanOf = (values) => [values.reduce((m, v) => Math.min(m, v), Infinity), values.reduce((m, v) => Math.max(m, v), -Infinity)];

function layoutOf(map, heights, ink) {
  const axis = (title, range) => ({ title: { text: title }, color: ink, range });
  return {
    margin: { l: 0, r: 0, t: 0, b: 10 }, paper_bgcolor: "rgba(0,0,0,0)", font: { color: ink }, showlegend: true,
    legend: { orientation: "h", x: 0, y: 1, bgcolor: "rgba(0,0,0,0)" }, uirevision: map.kind, scene: {
      aspectmode: "manual", aspectratio: { x: 1, y: 1, z: 0.7 }, // in fog as without
      camera: { eye: { x: 1.35, y: 1.35, z: 0.9 }, center: { x: 0, y: 0, z: -0.12 } },
      xaxis: axis("east", spanOf(map.u)), yaxis: axis("north", spanOf(map.v)), zaxis: axis("J", spanOf(heights)),
    },
  };
}

// ways: [{name, path}], walkers and trainings.
export function drawSurface(Plotly, picture, map, ways, fog) {
  const paths = ways.map(({ path }) => path);
  const z = groundOf(map, paths.length ? paths : [[{ u: 0, v: 0 }]], fog);
  const ink = getComputedStyle(document.body).color;
  const surface = { type: "surface", name: "J", x: map.u, y: map.v, z, showscale: false, showlegend: false, opacity: 0.9, colorscale: "Viridis" };
  const ground = map.heights.flat().filter(Number.isFinite);
  const [low, high] = spanOf(ground);
  const onWays = ways.flatMap(({ path }) => path.map((p) => p.J)).filter((J) => J <= high + (high - low));
  const traces = [surface, ...ways.map(({ name, path }, k) => traceOf(path, name, k))];
  return Plotly.react(picture, traces, layoutOf(map, [...ground, ...onWays], ink), { displayModeBar: false, responsive: true });
}
