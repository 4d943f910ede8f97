// Draw a digit: the pad's strokes become the network's input, and every activation shows.

import { forward, roll } from "../backprop.js";
import { captionsOf } from "../captions.js";
import { $, attributed, element, folded } from "../dom.js";
import { short } from "../formulas.js";
import { centred, habitOf } from "../pad/centred.js";
import { asImage, thumbnail } from "../pictures.js";

const MOST_UNITS = 64; // of a layer, that are shown at once

// The mean brightness under each of the image's pixels, 0 to 1, row by row.
function brightness({ data, width, height }, [rows, columns]) {
  return Array.from({ length: rows * columns }, (_, k) => {
    const [r, c] = [Math.floor(k / columns), k % columns];
    const [top, left] = [(r * height) / rows, (c * width) / columns];
    let [total, count] = [0, 0];
    for (let y = Math.floor(top); y < top + height / rows; y++)
      for (let x = Math.floor(left); x < left + width / columns; x++) {
        total += data[4 * (y * width + x)];
        count += 1;
      }
    return total / count / 255;
  });
}

// In the order and the range that the network was taught.
function asInput({ image, image_order, range }, numbers) {
  const [rows, columns] = image;
  const [low, high] = range;
  const flat = image_order === "F" ? numbers.map((_, k) => numbers[(k % rows) * columns + Math.floor(k / rows)]) : numbers;
  return flat.map((v, k) => low[k] + v * (high[k] - low[k]));
}

function answerRow(name, v, best) {
  const meter = attributed(element("meter", { min: 0, max: 1, value: v }), { "aria-label": `answer for ${name}` });
  const row = element("div", {}, element("span", {}, name), meter, element("span", {}, short(v)));
  row.classList.toggle("best", best);
  row.dataset.value = String(v);
  return row;
}

// What the network is given: its input as a picture.
function showSeen(pageState, x) {
  const { range } = pageState;
  const inked = x.map((v, k) => (range[1][k] > range[0][k] ? (v - range[0][k]) / (range[1][k] - range[0][k]) : 0));
  const picture = thumbnail(asImage(pageState, inked), pageState.image, "What the network sees");
  picture.dataset.seen = asImage(pageState, inked).map((v) => v.toFixed(3)).join(" ");
  $("pad-seen").replaceChildren(picture);
}

function layerOf(l, values) {
  const most = Math.max(...values.map(Math.abs), 1e-300);
  const cells = values.map((v, k) => {
    const number = Math.abs(v) < 100 ? v.toFixed(3) : v.toPrecision(3);
    const cell = element("span", { className: "level" }, element("span", { className: "quiet" }, String(k + 1)), number);
    cell.style.background = `color-mix(in srgb, var(${v < 0 ? "--negative" : "--positive"}) ${(28 * Math.abs(v)) / most}%, transparent)`;
    return cell;
  });
  return element("div", {}, element("h2", {}, `a of layer ${l}, ${values.length} units`), folded(cells, MOST_UNITS, "units", "grid-units"));
}

// Strokes of the pointer, and of the arrow keys while the space bar is held.
function startPad(pad, changed) {
  const context = pad.getContext("2d", { willReadFrequently: true });
  const pen = { x: 140, y: 140, down: false, space: false };

  function line(x, y) {
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 26, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(pen.x, pen.y);
    context.lineTo(x, y);
    context.stroke();
    Object.assign(pen, { x, y });
    changed();
  }

  function clear() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, pad.width, pad.height);
    changed();
  }

  function place(event) {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height];
  }

  function key(event) {
    if (event.key === " ") pen.space = true;
    if (!MOVES[event.key] && event.key !== " ") return;
    event.preventDefault();
    const [dx, dy] = MOVES[event.key] ?? [0.01, 0];
    const [x, y] = [Math.min(280, Math.max(0, pen.x + dx)), Math.min(280, Math.max(0, pen.y + dy))];
    if (pen.space) line(x, y);
    else Object.assign(pen, { x, y });
  }

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    [pen.x, pen.y] = place(event);
    pen.down = true;
    line(pen.x + 0.01, pen.y);
  });
  pad.addEventListener("pointermove", (event) => pen.down && line(...place(event)));
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (pen.down = false));
  pad.addEventListener("keydown", key);
  pad.addEventListener("keyup", (event) => (pen.space = event.key === " " ? false : pen.space));
  pad.addEventListener("blur", () => (pen.space = false));
  return { clear, pixels: () => context.getImageData(0, 0, pad.width, pad.height) };
}

const HINT = "Draw a digit with the pointer; arrow keys move, space paints.";
const MOVES = { ArrowLeft: [-14, 0], ArrowRight: [14, 0], ArrowUp: [0, -14], ArrowDown: [0, 14] };

function startDrawing(pageState) {
  if (!pageState.image) {
    $("draw").replaceChildren(element("p", { className: "says" }, "This network's inputs are not an image, so there is nothing to draw: a network of images, as of backpass studio digits, is drawn for here."));
    return { close() {} };
  }
  const captions = captionsOf(pageState);
  const pad = startPad($("pad"), () => drawn.ready && refresh());
  const drawn = { ready: false };
  const habit = habitOf(pageState);

  function refresh() {
    const pixels = $("pad-centred").checked ? centred($("pad"), habit, pageState.image) : pad.pixels();
    const inked = brightness(pixels, pageState.image);
    const x = asInput(pageState, inked);
    showSeen(pageState, x);
    const { a } = forward(pageState.net, roll(pageState.net, pageState.theta), x);
    const outputs = a[pageState.net.sizes.length];
    const best = outputs.indexOf(Math.max(...outputs));
    const rows = outputs.map((v, k) => answerRow(captions.output(k) || `unit ${k + 1}`, v, k === best));
    $("answer").replaceChildren(...rows);
    $("draw-says").textContent = inked.some(Boolean) ? `The answer: ${captions.answer(outputs)}.` : `${HINT} To an empty picture the answer is ${captions.answer(outputs)}.`;
    $("draw-layers").replaceChildren(...Object.keys(a).slice(1).map((l) => layerOf(+l, a[l])));
  }

  function open() {
    if (drawn.ready) return refresh();
    drawn.ready = true;
    return pad.clear();
  }

  $("pad-clear").addEventListener("click", pad.clear);
  $("pad-centred").addEventListener("change", () => drawn.ready && refresh());
  $("pad-habit").textContent = `${habit.size} pixels large, ${habit.mass ? "its centre of mass" : "its box"} in the middle`;
  return { open, close() {}, setTheta: () => drawn.ready && !$("draw").hidden && refresh() };
}

export const panel = {
  title: "Draw",
  place: 4,
  markup: `
  <p id="draw-says" class="says" aria-live="polite">${HINT}</p>
  <div class="stage drawing-stage">
    <div><canvas id="pad" width="280" height="280" tabindex="0" role="application" aria-label="Drawing pad: arrow keys move, space paints"></canvas>
      <div class="controls"><button id="pad-clear">clear</button>
        <label><input id="pad-centred" type="checkbox" checked> <span>laid as the network's rows are: <span id="pad-habit"></span></span></label></div></div>
    <div><h2>What the network sees</h2><div id="pad-seen"></div><h2>The answer</h2><div id="answer" class="bars"></div></div>
  </div>
  <div id="draw-layers" class="layers"></div>
`,
  style: `
.drawing-stage .controls label { flex-wrap: nowrap; max-width: 17.5rem; }
canvas#pad { touch-action: none; background: #000; border-radius: 8px; width: 280px; height: 280px; max-width: 100%; }
@media (min-width: 48.1rem) { .drawing-stage { grid-template-columns: max-content minmax(0, 32rem); gap: 2rem; } }
#pad-seen canvas { width: 112px; height: 112px; image-rendering: pixelated; border-radius: 4px; margin-bottom: .75rem; }
.bars div { display: grid; grid-template-columns: minmax(2rem, max-content) minmax(0, 1fr) 6rem; gap: .5rem; align-items: center; }
.bars meter { width: 100%; }
.bars .best { font-weight: 700; color: var(--accent); }
.layers { display: grid; gap: 1rem; margin-top: 1rem; }
.grid-units { display: flex; flex-wrap: wrap; gap: 2px; }
.level { display: grid; width: 3.2rem; padding: .1rem; font-size: .7rem; border-radius: 3px; text-align: center; }
`,
  start: ({ pageState }) => startDrawing(pageState),
};
