// The network with a heat map in each unit: a column a layer, Θ as lines, as in the notes' pictures.

import { attributed, element, svg } from "../dom.js";
import { rove } from "../roving.js";
import { SIDE } from "./heat.js";

export const UNIT = 44; // pixels of a unit's side: what a finger finds
const [GAP, HEAD, MARGIN] = [8, 38, 6];

// Where everything stands, in a room so wide.
export function placesOf(sizes, room) {
  const width = Math.max(room, sizes.length * UNIT + 2 * MARGIN);
  const tallest = Math.max(...sizes);
  const height = HEAD + tallest * (UNIT + GAP);
  const step = (width - 2 * MARGIN - UNIT) / (sizes.length - 1);
  const layers = sizes.map((size, k) =>
    Array.from({ length: size }, (_, i) => ({
      layer: k + 1,
      unit: i + 1,
      x: MARGIN + k * step,
      y: HEAD + ((tallest - size) / 2 + i) * (UNIT + GAP),
    })),
  );
  return { width, height, layers };
}

const ends = (p, q) => ({ x1: p.x + UNIT, y1: p.y + UNIT / 2, x2: q.x, y2: q.y + UNIT / 2 });

function headOf(units) {
  const middle = { x: units[0].x + UNIT / 2, class: "label" };
  const words = `${units.length} unit${units.length === 1 ? "" : "s"}`;
  return [svg("text", { ...middle, y: 12 }, `layer ${units[0].layer}`), svg("text", { ...middle, y: 26 }, words)];
}

// Lines from layer to layer, in the order of Θ's rows and columns; the bias units are not drawn.
function linesOf(layers) {
  return layers.slice(0, -1).map((from, k) => layers[k + 1].map((q) => from.map((p) => svg("line", ends(p, q)))));
}

function unitOf({ layer, unit, x, y }, caption, choose) {
  const canvas = element("canvas", { width: SIDE, height: SIDE });
  const words = caption(layer, unit);
  const name = element("span", { ariaHidden: "true" }, words);
  const button = element("button", { type: "button", className: "toy-unit", onclick: () => choose(layer, unit) }, canvas, ...(words ? [name] : []));
  Object.assign(button.style, { left: `${x}px`, top: `${y}px` });
  button.dataset.key = `toy-unit:${layer}:${unit}`;
  attributed(button, { "aria-label": `layer ${layer}, unit ${unit}${words ? `, ${words}` : ""}`, "aria-pressed": "false" });
  return button;
}

function roomIn(box) {
  const { paddingLeft, paddingRight } = getComputedStyle(box);
  return box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

// caption(layer, unit) names a unit; choose(layer, unit) is called when it is clicked.
export function drawPicture(box, sizes, { caption, choose }) {
  const { width, height, layers } = placesOf(sizes, roomIn(box));
  const lines = linesOf(layers);
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  picture.append(...layers.flatMap(headOf), ...lines.flat(2));
  const units = layers.map((column) => column.map((place) => unitOf(place, caption, choose)));
  const stage = element("div", { className: "toy-stage" }, picture, ...units.flat());
  Object.assign(stage.style, { width: `${width}px`, height: `${height}px` });
  rove(stage, units, { columns: true });
  return { stage, picture, units, lines, layers };
}

// As wide and as opaque as they are large, of all that lead to a layer.
export function showWeights({ lines }, Theta) {
  lines.forEach((rows, k) => {
    const matrix = Theta[k + 1];
    const most = matrix.reduce((m, row) => row.reduce((n, t, j) => (j ? Math.max(n, Math.abs(t)) : n), m), 1e-300);
    rows.forEach((line, i) => line.forEach((made, j) => showWeight(made, matrix[i][j + 1] / most)));
  });
}

function showWeight(line, share) {
  const size = Math.abs(share);
  attributed(line, {
    class: `edge ${share < 0 ? "negative" : "positive"}`,
    "stroke-width": (0.3 + 3.2 * size).toFixed(2),
    "stroke-opacity": (0.15 + 0.75 * size).toFixed(2),
  });
}
