// Draw a digit: the pad's strokes become the network's input, and every activation shows.

import { forward, roll } from "../backprop.js";
import { element } from "../drawing.js";
import { short } from "../formulas.js";

const $ = (id) => document.getElementById(id);

function startDrawing(pageState) {
  if (!pageState.image) {
    $("draw").replaceChildren(element("p", { className: "says" }, "This network's inputs are not an image."));
    return {};
  }
  const pad = $("pad");
  const context = pad.getContext("2d", { willReadFrequently: true });
  const pen = { x: 140, y: 140, down: false };

  function clear() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, pad.width, pad.height);
    refresh();
  }

  function line(x, y) {
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 26, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(pen.x, pen.y);
    context.lineTo(x, y);
    context.stroke();
    Object.assign(pen, { x, y });
    refresh();
  }

  // The mean brightness under each of the image's pixels, in the range that the network was taught.
  function input() {
    const [rows, columns] = pageState.image;
    const { data } = context.getImageData(0, 0, pad.width, pad.height);
    const numbers = Array.from({ length: rows * columns }, (_, k) => {
      const [r, c] = [Math.floor(k / columns), k % columns];
      const [top, left] = [(r * pad.height) / rows, (c * pad.width) / columns];
      let [total, count] = [0, 0];
      for (let y = Math.floor(top); y < top + pad.height / rows; y++)
        for (let x = Math.floor(left); x < left + pad.width / columns; x++) {
          total += data[4 * (y * pad.width + x)];
          count += 1;
        }
      return total / count / 255;
    });
    const [low, high] = pageState.range;
    const flat = pageState.image_order === "F" ? asColumns(numbers, rows, columns) : numbers;
    return flat.map((v, k) => low[k] + v * (high[k] - low[k]));
  }

  const asColumns = (numbers, rows, columns) =>
    numbers.map((_, k) => numbers[(k % rows) * columns + Math.floor(k / rows)]);

  function refresh() {
    const { a } = forward(pageState.net, roll(pageState.net, pageState.theta), input());
    const L = pageState.net.sizes.length;
    const best = a[L].indexOf(Math.max(...a[L]));
    $("answer").replaceChildren(
      ...a[L].map((v, k) => {
        const meter = element("meter", { min: 0, max: 1, value: v });
        meter.setAttribute("aria-label", `probability of ${pageState.classes?.[k] ?? k}`);
        const row = element("div", {}, element("span", {}, String(pageState.classes?.[k] ?? k)), meter, element("span", {}, short(v)));
        row.classList.toggle("best", k === best);
        row.dataset.value = String(v);
        return row;
      }),
    );
    $("draw-says").textContent = `The answer: ${pageState.classes?.[best] ?? best}.`;
    $("draw-layers").replaceChildren(...Object.keys(a).slice(1).map((l) => layer(+l, a[l])));
  }

  function layer(l, values) {
    const most = Math.max(...values.map(Math.abs), 1e-300);
    const cells = values.map((v, k) => {
      const cell = element("button", { type: "button", title: `a of layer ${l}, unit ${k + 1}: ${v}` }, Math.abs(v) < 100 ? v.toFixed(3) : v.toPrecision(3));
      cell.style.background = `color-mix(in srgb, var(--accent) ${(55 * Math.abs(v)) / most}%, transparent)`;
      return cell;
    });
    return element("div", {}, element("h2", {}, `a of layer ${l}`), element("div", { className: "grid-units" }, ...cells));
  }

  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height];
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    [pen.x, pen.y] = place(event);
    pen.down = true;
    line(pen.x + 0.01, pen.y);
  });
  pad.addEventListener("pointermove", (event) => pen.down && line(...place(event)));
  pad.addEventListener("pointerup", () => (pen.down = false));
  const moves = { ArrowLeft: [-14, 0], ArrowRight: [14, 0], ArrowUp: [0, -14], ArrowDown: [0, 14] };
  const held = { space: false };
  pad.addEventListener("keydown", (event) => {
    if (event.key === " ") held.space = true;
    if (!moves[event.key] && event.key !== " ") return;
    event.preventDefault();
    const [dx, dy] = moves[event.key] ?? [0.01, 0];
    const [x, y] = [Math.min(280, Math.max(0, pen.x + dx)), Math.min(280, Math.max(0, pen.y + dy))];
    if (held.space) line(x, y);
    else Object.assign(pen, { x, y });
  });
  pad.addEventListener("keyup", (event) => {
    if (event.key === " ") held.space = false;
  });
  $("pad-clear").addEventListener("click", clear);
  clear();
  return { setTheta: refresh };
}

export const panel = {
  title: "Draw",
  place: 4,
  markup: `
  <p id="draw-says" class="says" aria-live="polite">Draw a digit with the pointer; arrow keys move, space paints.</p>
  <div class="stage">
    <div><canvas id="pad" width="280" height="280" tabindex="0" aria-label="Drawing pad"></canvas>
      <div class="controls"><button id="pad-clear">clear</button></div></div>
    <div><h2>The answer</h2><div id="answer" class="bars"></div></div>
  </div>
  <div id="draw-layers" class="layers"></div>
`,
  style: `
canvas#pad { touch-action: none; background: #000; border-radius: 8px; width: 280px; height: 280px; }
.bars div { display: grid; grid-template-columns: minmax(2rem, max-content) minmax(0, 1fr) 6rem; gap: .5rem; align-items: center; }
.bars meter { width: 100%; }
.bars .best { font-weight: 700; color: var(--accent); }
.layers { display: grid; gap: 1rem; margin-top: 1rem; }
.grid-units { display: flex; flex-wrap: wrap; gap: 2px; }
.grid-units button { width: 2.9rem; white-space: nowrap; padding: .1rem; font-size: .65rem; border-radius: 3px; }
`,
  start: ({ pageState }) => startDrawing(pageState),
};
