// The plane: what the network answers as colours, where the answer changes, and the points on top.

import { sidesOf, zeroLines } from "./boundary.js";
import { colourOf, EDGE, isDark, paintClasses, paintSigned, SIDE, signedColour } from "./heat.js";

const SIZE = 640; // pixels of the canvas's side; it is shown smaller
const DOT = 9;
const SHAPES = [circle, square, triangle]; // of class 0, 1, 2

const within = (v) => Math.max(-EDGE, Math.min(EDGE, v));
const across = (x) => ((within(x) + EDGE) / (2 * EDGE)) * SIZE;
const down = (y) => ((EDGE - within(y)) / (2 * EDGE)) * SIZE;
const inks = () => (isDark() ? ["#eceae4", "#16181d"] : ["#1c1e22", "#ffffff"]);

function circle(context, x, y) {
  context.arc(x, y, DOT, 0, 2 * Math.PI);
}

function square(context, x, y) {
  context.rect(x - 0.9 * DOT, y - 0.9 * DOT, 1.8 * DOT, 1.8 * DOT);
}

function triangle(context, x, y) {
  context.moveTo(x, y - 1.2 * DOT);
  context.lineTo(x + 1.1 * DOT, y + 0.8 * DOT);
  context.lineTo(x - 1.1 * DOT, y + 0.8 * DOT);
  context.closePath();
}

// A class by its shape and colour, a number by the colour that it should have on the map.
const lookOf = (v, { classes, most }) => (classes ? [SHAPES[v], colourOf(v)] : [circle, signedColour(v, most)]);

// In the training with a thin rim; held out, a class is a ring, and a number has a thick rim.
function drawPoints(context, X, y, shown, hollow) {
  const [ink, paper] = inks();
  X.forEach(([x1, x2], i) => {
    const [shape, colour] = lookOf(y[i], shown);
    context.beginPath();
    shape(context, across(x1), down(x2));
    const rim = shown.classes ? { fillStyle: paper, strokeStyle: colour, lineWidth: 4.5 } : { fillStyle: colour, strokeStyle: paper, lineWidth: 4.5 };
    Object.assign(context, hollow ? rim : { fillStyle: colour, strokeStyle: ink, lineWidth: 1.5 });
    context.fill();
    context.stroke();
  });
}

function drawBoundary(context, sides) {
  const scale = SIZE / SIDE;
  context.beginPath();
  for (const [p, q] of sides.flatMap(zeroLines)) {
    context.moveTo((p[0] + 0.5) * scale, (p[1] + 0.5) * scale);
    context.lineTo((q[0] + 0.5) * scale, (q[1] + 0.5) * scale);
  }
  Object.assign(context, { strokeStyle: inks()[0], lineWidth: 3 });
  context.stroke();
}

function drawAxes(context) {
  const [ink] = inks();
  Object.assign(context, { fillStyle: ink, strokeStyle: ink, lineWidth: 1, font: "22px system-ui, sans-serif", globalAlpha: 0.75 });
  for (const v of [-1, 0, 1]) {
    context.fillText(String(v).replace("-", "−"), across(v) - 7, SIZE - 6);
    if (v > -1) context.fillText(String(v), 6, down(v) + 7);
  }
  context.fillText("x₁", SIZE - 34, SIZE - 6);
  context.fillText("x₂", 6, 24);
  context.globalAlpha = 1;
}

// shown: {outputs} of the whole network or {values} of a unit that was chosen; classes, or `most` of numbers.
export function newMap(canvas) {
  Object.assign(canvas, { width: SIZE, height: SIZE });
  const small = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");

  function paint({ outputs, values, classes, most }) {
    if (values) return paintSigned(small, values);
    if (!classes) return paintSigned(small, outputs[0], most);
    const two = outputs.length === 1 ? [outputs[0].map((v) => 1 - v), outputs[0]] : outputs;
    return paintClasses(small, two);
  }

  return (shown, { X, y }, held) => {
    paint(shown);
    context.drawImage(small, 0, 0, SIZE, SIZE);
    drawBoundary(context, shown.values ? [shown.values] : sidesOf(shown.outputs, Boolean(shown.classes)));
    drawAxes(context);
    drawPoints(context, X, y, shown, false);
    drawPoints(context, held.X, held.y, shown, true);
  };
}
