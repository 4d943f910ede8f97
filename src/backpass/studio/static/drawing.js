// The network as in the notes' pictures: units as circles, Θ as lines; no numbers are made here.

import { svg } from "./dom.js";
import { rove } from "./roving.js";

const MOST_UNITS = 10; // a larger layer folds: its first units, a fold, its last
const [RADIUS, HEAD] = [18, 34]; // pixels
const [ROW, FINGER] = [40, 46]; // between two units: for a mouse, and for a finger, which finds 44
const [CAPTION_ROOM, WIDE] = [136, 560]; // a circle and its words
const LETTERS = 11; // pixels

// Which units of a layer are drawn: all of a small one; the first and last ones of a large one.
export function shownUnits(size) {
  if (size <= MOST_UNITS) return Array.from({ length: size }, (_, k) => k + 1);
  const head = MOST_UNITS - 3;
  return [...Array.from({ length: head }, (_, k) => k + 1), "fold", size - 1, size];
}

function places(sizes, room) {
  const width = Math.max(room, 62 * sizes.length);
  const margin = width < WIDE ? 28 : CAPTION_ROOM;
  const slots = sizes.map((size, k) => (k < sizes.length - 1 ? [0, ...shownUnits(size)] : shownUnits(size)));
  const row = matchMedia("(pointer: coarse)").matches || width < WIDE ? FINGER : ROW;
  const height = HEAD + row * Math.max(...slots.map((units) => units.length));
  const x = (k) => margin + (k * (width - 2 * margin)) / (sizes.length - 1);
  const y = (i, count) => HEAD + ((i + 0.5) * (height - HEAD)) / count;
  const layers = slots.map((units, k) =>
    units.map((unit, i) => ({ unit, layer: k + 1, x: x(k), y: y(i, units.length) })),
  );
  return { width, height, layers, named: margin === CAPTION_ROOM };
}

// look: {Theta, step, flow, value(layer, unit), lit(layer, unit), caption(layer, unit), ask(layer, unit)}
export function drawNetwork(net, look, room) {
  const { width, height, layers, named } = places(net.sizes, room);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: `flow-${look.flow ?? "none"}` });
  const edges = svg("g", { "aria-hidden": "true" });
  picture.append(edges);
  layers.slice(0, -1).forEach((from, k) => drawEdges(edges, from, layers[k + 1], look, net.sizes.length));
  const circles = layers.map((units, k) => drawLayer(picture, units, k + 1, net, look, named));
  rove(picture, circles, { columns: true });
  return picture;
}

function drawLayer(picture, units, layer, net, look, named) {
  const size = net.sizes[layer - 1];
  const count = `${size} unit${size === 1 ? "" : "s"}`;
  const group = svg("g", { role: "group", "aria-label": `layer ${layer}, ${count}` });
  const side = named ? "" : { 1: "first", [net.sizes.length]: "last" }[layer];
  group.append(heading(units[0].x, 12, `layer ${layer}`, side), heading(units[0].x, 26, count, side));
  const drawn = units.filter(({ unit }) => unit !== "fold").map((place) => drawUnit(place, look));
  const fold = units.find(({ unit }) => unit === "fold");
  if (fold) group.append(svg("text", { class: "fold", x: fold.x, y: fold.y }, `⋮ ${size - MOST_UNITS + 1} more`));
  group.append(...drawn);
  if (named) for (const place of units) drawCaption(group, place, net, look);
  picture.append(group);
  return drawn;
}

// Where there is little room, the words at the sides end with their layer's circles.
function heading(x, y, words, side) {
  const to = { first: x - RADIUS, last: x + RADIUS }[side] ?? x;
  return svg("text", { class: `label ${side ?? ""}`, x: to, y }, words);
}

function drawCaption(group, { unit, layer, x, y }, net, look) {
  const words = unit === 0 || unit === "fold" ? "" : look.caption(layer, unit);
  if (!words) return;
  const [right, cut] = [layer === net.sizes.length, fitted(words, CAPTION_ROOM - RADIUS - 8)];
  const anchor = { class: `caption ${right ? "right" : "left"}`, x: x + (right ? 1 : -1) * (RADIUS + 5), y: y + 4 };
  if (right || layer === 1) group.append(svg("text", anchor, cut));
}

const ruler = document.createElement("canvas").getContext("2d");

// Words that are no wider than so many pixels.
function fitted(words, room) {
  ruler.font = `${LETTERS}px ${getComputedStyle(document.body).fontFamily}`;
  const fits = (text) => ruler.measureText(text).width <= room;
  let length = words.length;
  while (length > 1 && !fits(`${words.slice(0, length)}…`)) length -= 1;
  return fits(words) ? words : `${words.slice(0, length)}…`;
}

const largest = (Theta) => Theta.reduce((most, row) => row.reduce((m, t) => Math.max(m, Math.abs(t)), most), 1e-300);

function drawEdges(edges, from, to, { Theta, step, flow }, L) {
  const { layer } = from[0];
  const most = largest(Theta[layer]);
  const mostStep = step ? largest(step[layer]) : 1;
  const when = flow === "backward" ? L - 1 - layer : layer - 1;
  for (const p of from)
    for (const q of to) {
      if (p.unit === "fold" || q.unit === "fold" || q.unit === 0) continue;
      if (step) edges.append(halo(p, q, step[layer][q.unit - 1][p.unit] / mostStep));
      edges.append(edge(p, q, Theta[layer][q.unit - 1][p.unit] / most));
      if (flow && !(flow === "backward" && p.unit === 0)) edges.append(pulse(...(flow === "forward" ? [p, q] : [q, p]), when));
    }
}

const ends = (p, q) => ({ x1: p.x, y1: p.y, x2: q.x, y2: q.y });
const signOf = (v) => (v < 0 ? "negative" : "positive");

const edge = (p, q, share) =>
  svg("line", {
    ...ends(p, q),
    class: `edge ${signOf(share)}`,
    "stroke-width": 0.3 + 2.7 * Math.abs(share),
    "stroke-opacity": 0.15 + 0.7 * Math.abs(share),
  });

// The step −αD, behind its edge.
const halo = (p, q, share) =>
  svg("line", { ...ends(p, q), class: `halo ${signOf(share)}`, "stroke-width": 7 * Math.abs(share), "stroke-opacity": 0.3 });

const pulse = (from, to, when) =>
  svg("line", { ...ends(from, to), class: "pulse", pathLength: 100, style: `--when: ${when}` });

function drawUnit({ unit, layer, x, y }, look) {
  const shown = look.value(layer, unit);
  const classes = ["unit", unit === 0 ? "bias" : "", look.lit(layer, unit) ? "lit" : "", shown ? "number" : ""];
  const caption = unit === 0 ? "" : look.caption(layer, unit);
  const label = unit === 0 ? "bias unit" : `unit ${unit}${caption ? `, ${caption}` : ""}`;
  const group = svg(
    "g",
    { class: classes.join(" "), role: "button", "aria-label": `layer ${layer}, ${label}${shown ? ": " + shown : ""}`, style: `--when: ${look.when(layer)}` },
    svg("circle", { class: "touch", cx: x, cy: y, r: 23 }),
    svg("circle", { class: "body", cx: x, cy: y, r: RADIUS }),
    svg("text", { x, y: y + 4 }, shown || (unit === 0 ? "+1" : String(unit))),
  );
  group.dataset.key = `unit:${layer}:${unit}`;
  const act = () => look.ask(layer, unit);
  group.addEventListener("click", act);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
  return group;
}
