// The mistakes, the confusion of classes, and the hidden units: what the charts cannot show.

import { roll } from "../backprop.js";
import { $, attributed, element, replaceContent } from "../dom.js";
import { short } from "../numerals.js";
import { asImage, signedPicture, thumbnail } from "../pictures.js";
import { rove } from "../roving.js";

const MOST_UNITS = 32;
const heading = (text, scope) => attributed(element("th", {}, text), { scope });

// A cell that has rows steps through one of them, and the next time through the next.
export function showConfusion({ classes }, confusion, rows, step) {
  const most = Math.max(...confusion.flat(), 1);
  const named = (truth, answer) => (truth === answer ? `${classes[truth]} told as it is` : `${classes[truth]} taken for ${classes[answer]}`);
  const cell = (count, truth, answer) => {
    const wish = { truth, answer };
    const button = count ? pressed(String(count), `confusion:${truth}:${answer}`, `${count} of ${named(truth, answer)}`, () => step(inTurn(wish))) : null;
    const td = element("td", {}, button ?? element("span", { className: "quiet" }, "0"));
    td.style.background = `color-mix(in srgb, var(--accent) ${(45 * count) / most}%, transparent)`;
    return td;
  };
  const head = element("tr", {}, heading("true", "col"), ...classes.map((c) => heading(String(c), "col")));
  const cells = confusion.map((row, i) => row.map((count, j) => cell(count, i, j)));
  const lines = cells.map((row, i) => element("tr", {}, heading(String(classes[i]), "row"), ...row));
  $("confusion-title").textContent = `confusion of ${rows} rows; down: true, across: answered; a number steps through one of its rows`;
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines));
  rove(table, cells.map((row) => row.flatMap((td) => [...td.querySelectorAll("button")])).filter((line) => line.length));
  replaceContent($("confusion"), table);
}

const turns = new Map();

function inTurn({ truth, answer }) {
  const turn = turns.get(`${truth}:${answer}`) ?? 0;
  turns.set(`${truth}:${answer}`, turn + 1);
  return { truth, answer, turn };
}

function pressed(words, key, label, onclick) {
  const button = attributed(element("button", { type: "button", onclick }, words), { "aria-label": label });
  button.dataset.key = key;
  return button;
}

export function showHiddenUnits(pageState, theta) {
  if (!pageState.image) return;
  const Theta1 = roll(pageState.net, theta)[1];
  const pictures = Theta1.slice(0, MOST_UNITS).map((row, i) =>
    signedPicture(asImage(pageState, row.slice(1)), pageState.image, `weights of hidden unit ${i + 1}`),
  );
  $("hidden-units").replaceChildren(...pictures);
  const count = Theta1.length > MOST_UNITS ? `the first ${MOST_UNITS} of ${Theta1.length} ` : "";
  $("hidden-title").textContent = `${count}hidden units, by their weights: blue > 0, vermilion < 0`;
}

// Each one steps through its row.
export function showMistakes(pageState, captions, worst, step) {
  const shown = worst.map((mistake) => {
    const { words, parts } = pageState.classes ? ofClass(pageState, mistake) : ofNumber(captions, mistake);
    const button = element("button", { type: "button", className: "mistake", onclick: () => step({ row: mistake.row }) }, ...parts, element("span", {}, words));
    button.dataset.key = `mistake:${mistake.row}`;
    return element("figure", {}, button);
  });
  replaceContent($("mistakes"), ...(shown.length ? shown : [element("p", {}, "none")]));
}

function ofClass(pageState, { row, place, answer, truth, sure, x }) {
  const { classes, image, X } = pageState;
  const words = `${classes[truth]} taken for ${classes[answer]}`;
  const parts = image ? [attributed(thumbnail(asImage(pageState, x ?? X[place]), image, ""), { "aria-hidden": "true" })] : [];
  return { parts, words: `row ${row}: ${words} (${short(sure)})` };
}

function ofNumber(captions, { row, output, answer, truth }) {
  const [told, true_] = [answer, truth].map((v) => short(captions.own(output, v)));
  const name = captions.output(output);
  return { parts: [], words: `row ${row}: ${name} ${told} answered, ${true_} is true` };
}
