// Charts: curves by epoch, bars, and answers against the truth; with axes, and a legend in words.

import { svg } from "./dom.js";
import { short } from "./numerals.js";

const [WIDTH, HEIGHT, LEFT, FOOT] = [320, 190, 52, 34];

const text = (x, y, words, anchor = "start") => svg("text", { class: "tick", x, y, "text-anchor": anchor }, words);

function frame(picture, [low, high], [first, last], xName) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const foot = HEIGHT - FOOT;
  picture.replaceChildren(
    svg("path", { class: "axis", fill: "none", d: `M${LEFT},8V${foot}H${WIDTH - 6}` }),
    text(LEFT - 4, 16, short(+high.toPrecision(3)), "end"),
    text(LEFT - 4, foot, short(+low.toPrecision(3)), "end"),
    text(LEFT, foot + 13, short(+first.toPrecision(4))),
    text(WIDTH - 6, foot + 13, short(+last.toPrecision(4)), "end"),
    text((LEFT + WIDTH) / 2, HEIGHT - 4, xName, "middle"),
  );
}

const scaled = (v, [low, high], from, to) => (high > low ? from + ((v - low) / (high - low)) * (to - from) : (from + to) / 2);
const spanOf = (values) => [values.reduce((m, v) => Math.min(m, v), Infinity), values.reduce((m, v) => Math.max(m, v), -Infinity)];

// curves: lists of [epoch, value].
export function drawCurves(picture, curves, { logarithmic = false } = {}) {
  const kept = curves.map((curve) => (logarithmic ? curve.filter(([, v]) => v > 0) : curve));
  const all = kept.flat();
  if (!all.length) return picture.replaceChildren();
  const [xs, ys] = [spanOf(all.map(([epoch]) => epoch)), spanOf(all.map(([, v]) => v))];
  frame(picture, ys, xs, "epoch");
  const height = logarithmic ? Math.log10 : (v) => v;
  const x = (epoch) => scaled(epoch, xs, LEFT, WIDTH - 8).toFixed(1);
  const y = (v) => scaled(height(v), ys.map(height), HEIGHT - FOOT - 3, 12).toFixed(1);
  kept.forEach((curve, k) => {
    const d = curve.map(([epoch, v], i) => `${i ? "L" : "M"}${x(epoch)},${y(v)}`).join("");
    picture.append(svg("path", { class: `curve ${["first", "second"][k]}`, d }));
    if (curve.length === 1) picture.append(svg("circle", { class: `dot ${["first", "second"][k]}`, r: 3, cx: x(curve[0][0]), cy: y(curve[0][1]) }));
  });
}

export function drawBars(picture, labels, sizes) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.replaceChildren();
  const largest = sizes.reduce((m, v) => Math.max(m, v), 1e-300);
  const step = (WIDTH - 20) / sizes.length;
  sizes.forEach((size, k) => {
    const [tall, middle] = [(140 * size) / largest, 10 + (k + 0.5) * step];
    picture.append(
      svg("rect", { class: "bar", x: middle - step * 0.35, y: 162 - tall, width: step * 0.7, height: tall }),
      text(middle, 178, labels[k], "middle"),
      text(middle, 156 - tall, size.toExponential(1), "middle"),
    );
  });
}

// pairs: [truth, answer, output]; the diagonal is where they are equal.
export function drawPairs(picture, pairs) {
  const span = spanOf(pairs.flatMap(([truth, answer]) => [truth, answer]));
  if (!pairs.length) return picture.replaceChildren();
  frame(picture, span, span, "true");
  picture.append(text(LEFT + 5, 14, "answered"));
  const x = (v) => scaled(v, span, LEFT + 4, WIDTH - 10);
  const y = (v) => scaled(v, span, HEIGHT - FOOT - 4, 12);
  picture.append(svg("line", { class: "axis", x1: x(span[0]), y1: y(span[0]), x2: x(span[1]), y2: y(span[1]) }));
  for (const [truth, answer, output] of pairs)
    picture.append(svg("circle", { class: `dot ${output ? "second" : "first"}`, r: 2.5, cx: x(truth), cy: y(answer) }));
  return undefined;
}
