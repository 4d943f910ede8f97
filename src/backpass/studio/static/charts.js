// Charts: curves by epoch, bars, and answers against the truth; with axes, and a legend in words.

import { svg } from "./dom.js";
import { short } from "./numerals.js";

const [WIDTH, HEIGHT, LEFT, TOP, FOOT] = [320, 200, 52, 28, 34];
const [SAMPLE, LETTER, MOST_LETTERS] = [18, 5.2, 24]; // pixels of a legend's line and of a letter

const text = (x, y, words, anchor = "start") => svg("text", { class: "tick", x, y, "text-anchor": anchor }, words);

function frame(picture, [low, high], [first, last], { xName, yName }) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const foot = HEIGHT - FOOT;
  picture.replaceChildren(
    svg("path", { class: "axis", fill: "none", d: `M${LEFT},${TOP - 4}V${foot}H${WIDTH - 6}` }),
    text(4, 10, cut(yName)),
    text(LEFT - 4, TOP + 4, short(+high.toPrecision(3)), "end"),
    text(LEFT - 4, foot, short(+low.toPrecision(3)), "end"),
    text(LEFT, foot + 13, short(+first.toPrecision(4))),
    text(WIDTH - 6, foot + 13, short(+last.toPrecision(4)), "end"),
    text((LEFT + WIDTH) / 2, HEIGHT - 4, cut(xName), "middle"),
  );
}

const cut = (words) => (words.length > 2 * MOST_LETTERS ? `${words.slice(0, 2 * MOST_LETTERS - 1)}…` : words);

// What each curve is, at the right end of the picture's head; one alone is named by its axis.
function legend(picture, names, kind) {
  if (names.length < 2) return;
  const shown = names.slice(0, CLASSES.length).map((name) => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name));
  const width = SAMPLE + 6 + LETTER * Math.max(...shown.map((name) => name.length));
  shown.forEach((name, k) => {
    const [x, y] = [WIDTH - 6 - width, 7 + 12 * k];
    const sample = kind === "dot" ? { cx: x + SAMPLE / 2, cy: y, r: 3 } : { d: `M${x},${y}H${x + SAMPLE}` };
    picture.append(svg(kind === "dot" ? "circle" : "path", { class: `${kind} ${CLASSES[k]}`, ...sample }), text(x + SAMPLE + 4, y + 3, name));
  });
}

const CLASSES = ["first", "second"];
const scaled = (v, [low, high], from, to) => (high > low ? from + ((v - low) / (high - low)) * (to - from) : (from + to) / 2);
const tenths = (v) => Math.round(10 * v) / 10; // toFixed(1) takes ten times as long
const spanOf = (values) => [values.reduce((m, v) => Math.min(m, v), Infinity), values.reduce((m, v) => Math.max(m, v), -Infinity)];

// curves: {name, points: [epoch, value]}; marks: {epoch, words} where something was changed.
export function drawCurves(picture, curves, { yName, logarithmic = false, marks = [] }) {
  const kept = curves.map(({ name, points }) => ({ name, points: logarithmic ? points.filter(([, v]) => v > 0) : points }));
  const all = kept.flatMap(({ points }) => points);
  if (!all.length) return picture.replaceChildren();
  const [xs, ys] = [spanOf(all.map(([epoch]) => epoch)), spanOf(all.map(([, v]) => v))];
  frame(picture, ys, xs, { xName: "epoch", yName: logarithmic ? `${yName}, logarithmic` : yName });
  const height = logarithmic ? Math.log10 : (v) => v;
  const heights = ys.map(height);
  const x = (epoch) => tenths(scaled(epoch, xs, LEFT, WIDTH - 8));
  const y = (v) => tenths(scaled(height(v), heights, HEIGHT - FOOT - 3, TOP));
  drawMarks(picture, marks.filter(({ epoch }) => epoch >= xs[0] && epoch <= xs[1]), x);
  kept.forEach(({ points }, k) => {
    const d = points.map(([epoch, v], i) => `${i ? "L" : "M"}${x(epoch)},${y(v)}`).join("");
    picture.append(svg("path", { class: `curve ${CLASSES[k]}`, d }));
    if (points.length === 1) picture.append(svg("circle", { class: `dot ${CLASSES[k]}`, r: 3, cx: x(points[0][0]), cy: y(points[0][1]) }));
  });
  legend(picture, kept.filter(({ points }) => points.length).map(({ name }) => name), "curve");
  return undefined;
}

// A line where a setting was changed, numbered; the words are beside the charts.
function drawMarks(picture, marks, x) {
  for (const { epoch, number } of marks)
    picture.append(
      svg("line", { class: "mark", x1: x(epoch), x2: x(epoch), y1: TOP, y2: HEIGHT - FOOT }),
      text(x(epoch) - 3, TOP + 8, String(number), "end"),
    );
}

export function drawBars(picture, labels, sizes, yName) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.replaceChildren(text(4, 10, yName), svg("path", { class: "axis", fill: "none", d: `M10,166H${WIDTH - 10}` }));
  const largest = sizes.reduce((m, v) => Math.max(m, v), 1e-300);
  const step = (WIDTH - 20) / sizes.length;
  sizes.forEach((size, k) => {
    const [tall, middle] = [(125 * size) / largest, 10 + (k + 0.5) * step];
    picture.append(
      svg("rect", { class: "bar", x: middle - step * 0.35, y: 166 - tall, width: step * 0.7, height: tall }),
      text(middle, 181, labels[k], "middle"),
      text(middle, 161 - tall, size.toExponential(1), "middle"),
    );
  });
}

// pairs: [truth, answer, output]; the diagonal is where they are equal. names: of the outputs.
export function drawPairs(picture, pairs, names, units) {
  const span = spanOf(pairs.flatMap(([truth, answer]) => [truth, answer]));
  if (!pairs.length) return picture.replaceChildren();
  frame(picture, span, span, { xName: `true${units}`, yName: `answered${units}` });
  const x = (v) => scaled(v, span, LEFT + 4, WIDTH - 10);
  const y = (v) => scaled(v, span, HEIGHT - FOOT - 4, TOP);
  picture.append(svg("line", { class: "axis", x1: x(span[0]), y1: y(span[0]), x2: x(span[1]), y2: y(span[1]) }));
  for (const [truth, answer, output] of pairs)
    picture.append(svg("circle", { class: `dot ${output ? "second" : "first"}`, r: 2.5, cx: x(truth), cy: y(answer) }));
  legend(picture, names, "dot");
  return undefined;
}
