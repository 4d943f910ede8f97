// Heat maps: many numbers as colours, once a frame. Blue is positive, vermilion negative, paper zero.

export const EDGE = 1.3; // the plane reaches so far from 0 to each side
export const SIDE = 40; // pixels of a heat map's side

const SIGNS = [[26, 128, 187], [213, 94, 0]];
const CLASSES = [SIGNS[1], SIGNS[0], [0, 158, 115]]; // class 0, 1, 2
const FULL = 0.7; // so that points of the same colour are seen on top
const PAPER = { light: [243, 239, 233], dark: [44, 47, 55] };

export const colourOf = (k) => `rgb(${CLASSES[k].join(" ")})`;
export const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

const placeOf = (k) => -EDGE + ((k + 0.5) * 2 * EDGE) / SIDE;

// x₁ and x₂ under each pixel, row by row from the top.
export function plane() {
  const count = SIDE * SIDE;
  return [
    Float64Array.from({ length: count }, (_, k) => placeOf(k % SIDE)),
    Float64Array.from({ length: count }, (_, k) => placeOf(SIDE - 1 - Math.floor(k / SIDE))),
  ];
}

// Puts a pixel's colour, `share` of the way from paper to the fullest.
function put(data, k, colour, share, paper) {
  for (let c = 0; c < 3; c++) data[4 * k + c] = paper[c] + (colour[c] - paper[c]) * FULL * share;
  data[4 * k + 3] = 255;
}

function painted(canvas, paint) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  paint(image.data, PAPER[isDark() ? "dark" : "light"]);
  context.putImageData(image, 0, 0);
}

// A number's own colour, as it has on a heat map.
export function signedColour(v, most) {
  const [paper, share] = [PAPER[isDark() ? "dark" : "light"], Math.min(1, Math.abs(v) / most)];
  return `rgb(${SIGNS[+(v < 0)].map((c, k) => paper[k] + (c - paper[k]) * FULL * share).join(" ")})`;
}

export const largest = (values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-300);

// Numbers by their sign; `most` has the full colour.
export function paintSigned(canvas, values, most = largest(values)) {
  painted(canvas, (data, paper) =>
    values.forEach((v, k) => put(data, k, SIGNS[+(v < 0)], Math.min(1, Math.abs(v) / most), paper)),
  );
}

// The class that is answered, the fuller the surer.
export function paintClasses(canvas, outputs) {
  const even = 1 / outputs.length;
  painted(canvas, (data, paper) =>
    outputs[0].forEach((_, k) => {
      const best = outputs.reduce((b, values, j) => (values[k] > outputs[b][k] ? j : b), 0);
      put(data, k, CLASSES[best], Math.max(0, Math.min(1, (outputs[best][k] - even) / (1 - even))), paper);
    }),
  );
}

// How sure one class is answered.
export function paintShare(canvas, values, k) {
  painted(canvas, (data, paper) => values.forEach((v, i) => put(data, i, CLASSES[k], Math.max(0, Math.min(1, v)), paper)));
}
