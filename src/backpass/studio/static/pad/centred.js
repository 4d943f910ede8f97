// A drawing laid as the network's own rows lie: as large as they are, and centred as they are.
//
// MNIST's digits are 20 pixels large in 28 × 28, with their centre of mass in the middle; those of the
// 8 × 8 set fill its height. Which it is is measured on the rows that the page has.

import { asImage } from "../pictures.js";

const INK = 0.1; // of the brightest, from where on a pixel is part of the drawing
const FINE = 8; // pixels of the drawing in a pixel of the image
const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values, centre) => values.reduce((t, v) => t + Math.abs(v - centre), 0) / values.length;

// Where the ink of numbers in [0, 1] is: its box, and its centre of mass; null where there is none.
export function inkOf(numbers, [rows, columns]) {
  const box = { top: rows, left: columns, bottom: 0, right: 0 };
  let [total, down, across] = [0, 0, 0];
  numbers.forEach((v, k) => {
    const [r, c] = [Math.floor(k / columns), k % columns];
    if (v > INK) Object.assign(box, { top: Math.min(box.top, r), left: Math.min(box.left, c), bottom: Math.max(box.bottom, r + 1), right: Math.max(box.right, c + 1) });
    if (v > INK) [total, down, across] = [total + v, down + v * (r + 0.5), across + v * (c + 0.5)];
  });
  return total ? { ...box, mass: [down / total, across / total] } : null;
}

// How the rows lie: {size} of their ink, and whether its centre of {mass} is in the middle, or its box.
export function habitOf({ X, image, ...order }) {
  const [rows, columns] = image;
  const all = X.flat();
  const [low, high] = [all.reduce((m, v) => Math.min(m, v), Infinity), all.reduce((m, v) => Math.max(m, v), -Infinity)];
  const inks = X.map((x) => inkOf(asImage({ image, ...order }, x).map((v) => (v - low) / (high - low || 1)), image)).filter(Boolean);
  if (!inks.length) return { size: Math.min(rows, columns), mass: false };
  const size = middle(inks.map(({ top, left, bottom, right }) => Math.max(bottom - top, right - left)));
  const byMass = spread(inks.map(({ mass }) => mass[0]), rows / 2) + spread(inks.map(({ mass }) => mass[1]), columns / 2);
  const byBox = spread(inks.map(({ top, bottom }) => (top + bottom) / 2), rows / 2) + spread(inks.map(({ left, right }) => (left + right) / 2), columns / 2);
  return { size, mass: byMass < byBox };
}

// The pad's pixels, of which the ink is made as large as is usual, and moved to the middle.
export function centred(pad, { size, mass }, [rows, columns]) {
  const own = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
  const brightness = Array.from({ length: pad.width * pad.height }, (_, k) => own.data[4 * k] / 255);
  const ink = inkOf(brightness, [pad.height, pad.width]);
  if (!ink) return own;
  const [height, width] = [ink.bottom - ink.top, ink.right - ink.left];
  const scale = (size * FINE) / Math.max(height, width);
  const [down, across] = mass ? ink.mass : [(ink.top + ink.bottom) / 2, (ink.left + ink.right) / 2];
  const laid = Object.assign(document.createElement("canvas"), { width: columns * FINE, height: rows * FINE });
  const context = laid.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillRect(0, 0, laid.width, laid.height);
  const [x, y] = [laid.width / 2 + (ink.left - across) * scale, laid.height / 2 + (ink.top - down) * scale];
  context.drawImage(pad, ink.left, ink.top, width, height, x, y, width * scale, height * scale);
  return context.getImageData(0, 0, laid.width, laid.height);
}
