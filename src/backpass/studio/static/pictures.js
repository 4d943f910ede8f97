// Small pictures of numbers: grey for what is seen, blue and vermilion for what is signed.

import { attributed, element } from "./dom.js";

const [POSITIVE, NEGATIVE, ZERO] = [[26, 128, 187], [213, 94, 0], [243, 239, 233]];

function painted(numbers, [rows, columns], label, colour) {
  const canvas = attributed(element("canvas", { width: columns, height: rows }), { role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  numbers.forEach((v, k) => image.data.set([...colour(v), 255], 4 * k));
  context.putImageData(image, 0, 0);
  return canvas;
}

// Darkest for the smallest, row by row.
export function thumbnail(numbers, shape, label) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const grey = (v) => Array(3).fill(high > low ? (255 * (v - low)) / (high - low) : 0);
  return painted(numbers, shape, label, grey);
}

// Blue where positive, vermilion where negative, paper at zero.
export function signedPicture(numbers, shape, label) {
  const most = Math.max(...numbers.map(Math.abs), 1e-300);
  const mixed = (v) => ZERO.map((zero, c) => zero + ((v < 0 ? NEGATIVE : POSITIVE)[c] - zero) * (Math.abs(v) / most));
  return painted(numbers, shape, label, mixed);
}

// Numbers of an image in rows; the notes' digits are unrolled column by column.
export function asImage(pageState, numbers) {
  if (pageState.image_order !== "F") return numbers;
  const [rows, columns] = pageState.image;
  return numbers.map((_, k) => numbers[(k % columns) * rows + Math.floor(k / columns)]);
}
