// The network as in the notes' pictures, and small pictures of units: SVG and canvas, no numbers made.

const SVG = "http://www.w3.org/2000/svg";
const MOST_UNITS = 10; // a larger layer folds: its first units, a fold, its last

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Which units of a layer are drawn: all of a small one; the first and last ones of a large one.
export function shownUnits(size) {
  if (size <= MOST_UNITS) return Array.from({ length: size }, (_, k) => k + 1);
  const head = MOST_UNITS - 3;
  return [...Array.from({ length: head }, (_, k) => k + 1), "fold", size - 1, size];
}

function places(sizes) {
  const width = Math.max(560, 170 * sizes.length);
  const slots = sizes.map((size, k) => {
    const units = shownUnits(size);
    return k < sizes.length - 1 ? [0, ...units] : units; // the bias unit a_0 comes first
  });
  const tallest = Math.max(...slots.map((units) => units.length));
  const height = 40 + 44 * tallest;
  return {
    width,
    height,
    layers: slots.map((units, k) =>
      units.map((unit, i) => ({
        unit,
        layer: k + 1,
        x: 60 + (k * (width - 120)) / (sizes.length - 1),
        y: 40 + ((i + 0.5) * (height - 40)) / units.length,
      })),
    ),
  };
}

export function drawNetwork(net, Theta, values, lit, ask) {
  const { width, height, layers } = places(net.sizes);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}` });
  const edges = svg("g");
  picture.append(edges);
  layers.slice(0, -1).forEach((from, k) => drawEdges(edges, from, layers[k + 1], Theta[k + 1]));
  layers.forEach((units, k) => {
    picture.append(svg("text", { class: "label", x: units[0].x, y: 18 }, `layer ${k + 1} (${net.sizes[k]})`));
    for (const place of units) picture.append(drawUnit(place, values, lit, ask));
  });
  return picture;
}

function drawEdges(edges, from, to, Theta) {
  const largest = Math.max(...Theta.flat().map(Math.abs), 1e-300);
  for (const p of from)
    for (const q of to) {
      if (p.unit === "fold" || q.unit === "fold" || q.unit === 0) continue;
      const weight = Theta[q.unit - 1][p.unit];
      const size = Math.abs(weight) / largest;
      edges.append(
        svg("line", {
          class: `edge ${weight < 0 ? "negative" : "positive"}`,
          x1: p.x, y1: p.y, x2: q.x, y2: q.y,
          "stroke-width": 0.3 + 2.7 * size,
          "stroke-opacity": 0.12 + 0.6 * size,
        }),
      );
    }
}

function drawUnit({ unit, layer, x, y }, values, lit, ask) {
  if (unit === "fold") return svg("g", { class: "unit" }, svg("text", { class: "fold", x, y }, "⋮"));
  const shown = values(layer, unit);
  const classes = ["unit", unit === 0 ? "bias" : "", lit(layer, unit) ? "lit" : "", shown ? "number" : ""];
  const label = unit === 0 ? "bias unit" : `unit ${unit}`;
  const group = svg(
    "g",
    { class: classes.join(" "), tabindex: 0, role: "button", "aria-label": `layer ${layer}, ${label}${shown ? ": " + shown : ""}` },
    svg("circle", { cx: x, cy: y, r: 18 }),
    svg("text", { x, y: y + 3, "font-size": 9 }, shown || (unit === 0 ? "+1" : String(unit))),
  );
  const act = () => ask(layer, unit);
  group.addEventListener("click", act);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      act();
    }
  });
  return group;
}

// A grey picture of numbers, row by row; darkest for the smallest.
export function thumbnail(numbers, [rows, columns], label) {
  const canvas = element("canvas", { width: columns, height: rows });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  numbers.forEach((v, k) => {
    const grey = high > low ? (255 * (v - low)) / (high - low) : 0;
    image.data.set([grey, grey, grey, 255], 4 * k);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

// Curves over their index, with the range written at the axes.
export function drawCurves(picture, curves, { logarithmic = false } = {}) {
  const [width, height, left, foot] = [320, 190, 46, 20];
  const scale = (v) => (logarithmic ? Math.log10(Math.max(v, 1e-300)) : v);
  const all = curves.flat().filter(Number.isFinite).map(scale);
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.replaceChildren();
  if (!all.length) return;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const n = Math.max(...curves.map((curve) => curve.length), 2);
  const x = (k) => left + ((width - left - 8) * k) / (n - 1);
  const y = (v) => 8 + (height - foot - 16) * (high > low ? (high - v) / (high - low) : 0.5);
  const back = (v) => (logarithmic ? 10 ** v : v).toPrecision(3);
  picture.append(
    svg("path", { class: "axis", fill: "none", d: `M${left},6V${height - foot}H${width - 6}` }),
    svg("text", { class: "tick", x: 2, y: 14 }, back(high)),
    svg("text", { class: "tick", x: 2, y: height - foot }, back(low)),
    svg("text", { class: "tick", x: width - 34, y: height - 6 }, String(n)),
  );
  curves.forEach((curve, index) => {
    const points = curve.map((v, k) => [v, k]).filter(([v]) => Number.isFinite(v));
    const d = points.map(([v, k], i) => `${i ? "L" : "M"}${x(k).toFixed(1)},${y(scale(v)).toFixed(1)}`);
    picture.append(svg("path", { class: `curve ${["first", "second"][index]}`, d: d.join("") }));
  });
}

export function drawBars(picture, labels, sizes) {
  const [width, height] = [320, 190];
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.replaceChildren();
  const largest = Math.max(...sizes, 1e-300);
  const step = (width - 20) / sizes.length;
  sizes.forEach((size, k) => {
    const tall = (140 * size) / largest;
    const x = 10 + k * step;
    picture.append(
      svg("rect", { class: "bar", x: x + step * 0.15, y: 160 - tall, width: step * 0.7, height: tall }),
      svg("text", { class: "tick", x: x + step * 0.15, y: 176 }, labels[k]),
      svg("text", { class: "tick", x: x + step * 0.15, y: 154 - tall }, size.toExponential(1)),
    );
  });
}
