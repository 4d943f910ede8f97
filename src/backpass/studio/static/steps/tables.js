// All numbers as tables, layer by layer; of a large one a window that can be moved.

import { $, attributed, element, replaceContent } from "../dom.js";
import { rove } from "../roving.js";
import { cell } from "./asked.js";

const WINDOW = [10, 12]; // rows and columns of a large matrix that are shown at once
const LONG = 48; // entries of a vector

const GROUPS = [
  ["a", "a: activations", (walk) => walk.a],
  ["z", "z: pre-activations", (walk) => walk.z],
  ["delta", "δ: ∂cost/∂z", (walk) => walk.delta],
  ["Delta", "Δ: the accumulators", (walk) => walk.Delta],
  ["D", "D: ∂J/∂Θ", (walk) => walk.D],
  ["theta", "Θ: the weights", (walk) => walk.Theta],
];

// captions(symbol, layer, unit) names a unit; lit() is the set of symbols that a step has computed.
export function startTables({ walk, lit, ask, caption }) {
  const corners = {};
  const opened = new Set(["a", "z"]);
  const corner = (symbol, layer) => corners[`${symbol}${layer}`] ?? [0, 0];
  const context = { ask, caption, corner, move };

  function move(symbol, layer, axis, to) {
    const next = [...corner(symbol, layer)];
    next[axis] = to;
    corners[`${symbol}${layer}`] = next;
    show();
  }

  function show() {
    const groups = GROUPS.map(([symbol, title, of]) => group(symbol, title, of(walk)));
    replaceContent($("tables"), ...groups.filter(Boolean));
  }

  function group(symbol, title, byLayer) {
    const layers = Object.keys(byLayer).map(Number);
    if (!layers.length) return null;
    const summary = element("summary", {}, title);
    summary.dataset.key = `summary:${symbol}`;
    const details = element("details", { open: opened.has(symbol) || lit().has(symbol) }, summary);
    details.classList.toggle("lit", lit().has(symbol));
    const fill = () => layers.forEach((l) => details.append(...layerTable(context, symbol, byLayer[l], l)));
    if (details.open) fill();
    details.addEventListener("toggle", () => {
      if (details.open) opened.add(symbol);
      else opened.delete(symbol);
      if (details.open && details.children.length === 1) fill();
    });
    return details;
  }

  return { show };
}

function layerTable(context, symbol, values, layer) {
  const matrix = Array.isArray(values[0]);
  const [rows, columns] = matrix ? [values.length, values[0].length] : [1, values.length];
  const lines = matrix ? matrixLines(context, symbol, values, layer) : vectorLines(context, symbol, values, layer);
  const size = matrix ? `${rows} × ${columns}, bias in column 0` : `${columns} unit${columns === 1 ? "" : "s"}`;
  const table = element("table", {}, element("caption", {}, `layer ${layer}, ${size}`), ...lines.parts);
  rove(table, lines.cells);
  const scroll = attributed(element("div", { className: "scroll" }, table), { role: "group", "aria-label": `${symbol} of layer ${layer}` });
  return [windowControls(context, symbol, layer, matrix ? [rows, columns] : [0, columns]), scroll];
}

const heading = (text, scope) => attributed(element("th", {}, text), { scope });
const inRow = (cells) => element("tr", {}, ...cells.map((button) => element("td", {}, button)));

const numbered = (unit, name) => (name ? `${unit} (${name})` : String(unit));

function vectorLines({ ask, caption, corner }, symbol, values, layer) {
  const from = corner(symbol, layer)[1];
  const shown = values.slice(from, from + LONG);
  const cells = shown.map((v, k) => cell({ symbol, layer, unit: from + k + 1 }, v, ask));
  const heads = shown.map((_, k) => heading(numbered(from + k + 1, caption(layer, from + k + 1)), "col"));
  const head = element("thead", {}, element("tr", {}, ...heads));
  return { cells: [cells], parts: [head, element("tbody", {}, inRow(cells))] };
}

function matrixLines({ ask, corner }, symbol, matrix, layer) {
  const [top, left] = corner(symbol, layer);
  const cells = matrix.slice(top, top + WINDOW[0]).map((row, i) =>
    row.slice(left, left + WINDOW[1]).map((v, j) => cell({ symbol, layer, unit: top + i + 1, column: left + j }, v, ask)),
  );
  const rows = cells.map((line, i) => {
    const made = inRow(line);
    made.prepend(heading(String(top + i + 1), "row"));
    return made;
  });
  const columns = cells[0].map((_, j) => heading(String(left + j), "col"));
  const head = element("thead", {}, element("tr", {}, element("td", {}), ...columns));
  return { cells, parts: [head, element("tbody", {}, ...rows)] };
}

function windowControls({ corner, move }, symbol, layer, [rows, columns]) {
  const most = rows ? WINDOW[1] : LONG;
  const controls = element("div", { className: "controls" });
  const field = (axis, label, size) => {
    const input = element("input", { type: "number", min: 0, max: size - 1, value: corner(symbol, layer)[axis] });
    input.dataset.key = `window:${symbol}:${layer}:${axis}`;
    const wished = () => Math.min(Math.max(0, Math.trunc(+input.value || 0)), size - 1);
    input.addEventListener("change", () => move(symbol, layer, axis, wished()));
    return element("label", {}, label, input);
  };
  if (rows > WINDOW[0]) controls.append(field(0, "rows from ", rows));
  if (columns > most) controls.append(field(1, "columns from ", columns));
  return controls;
}
