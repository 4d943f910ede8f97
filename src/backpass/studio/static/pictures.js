// Small pictures of numbers: grey for what is seen, blue and vermilion for what is signed.

import { attributed, element } from "./dom.js";

const [POSITIVE, NEGATIVE, ZERO] = [[26, 128, 187], [213, 94, 0], [243, 239, 233]];

function newCanvas([rows, columns], label) {
  return attributed(element("canvas", { width: columns, height: rows }), { role: "img", "aria-label": label });
}

function paint(canvas, numbers, colour) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  numbers.forEach((v, k) => {
    const [red, green, blue] = colour(v);
    image.data[4 * k] = red;
    image.data[4 * k + 1] = green;
    image.data[4 * k + 2] = blue;
    image.data[4 * k + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

// Darkest for the smallest, row by row.
export function thumbnail(numbers, shape, label) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const grey = (v) => Array(3).fill(high > low ? (255 * (v - low)) / (high - low) : 0);
  return paint(newCanvas(shape, label), numbers, grey);
}

// Blue where positive, vermilion where negative, paper at zero; on a canvas that is there, or a new one.
export function signedPicture(numbers, shape, label, canvas = newCanvas(shape, label)) {
  const most = Math.max(...numbers.map(Math.abs), 1e-300);
  const mixed = (v) => ZERO.map((zero, c) => zero + ((v < 0 ? NEGATIVE : POSITIVE)[c] - zero) * (Math.abs(v) / most));
  return paint(canvas, numbers, mixed);
}

// Numbers of an image in rows; the notes' digits are unrolled column by column.
export function asImage(pageState, numbers) {
  if (pageState.image_order !== "F") return numbers;
  const [rows, columns] = pageState.image;
  return numbers.map((_, k) => numbers[(k % columns) * rows + Math.floor(k / columns)]);
}
