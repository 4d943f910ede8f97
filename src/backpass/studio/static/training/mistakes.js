// The mistakes, the confusion of classes, and the hidden units: what the charts cannot show.

import { roll } from "../backprop.js";
import { $, attributed, element, replaceContent } from "../dom.js";
import { short } from "../numerals.js";
import { asImage, signedPicture, thumbnail } from "../pictures.js";
import { rove } from "../roving.js";

const MOST_UNITS = 32;
const heading = (text, scope) => attributed(element("th", {}, text), { scope });

// The table is made anew only where other cells have rows than before.
export function showConfusion({ classes }, confusion, rows, step) {
  const filled = confusion.flat().map((count) => +(count > 0)).join("");
  $("confusion-title").textContent = `confusion of ${rows} rows; down: true, across: answered; a number steps through one of its rows`;
  if ($("confusion").dataset.filled !== filled) replaceContent($("confusion"), confusionTable(classes, confusion, step));
  $("confusion").dataset.filled = filled;
  const most = Math.max(...confusion.flat(), 1);
  $("confusion").querySelectorAll("td").forEach((td, k) => {
    const [truth, answer] = [Math.floor(k / classes.length), k % classes.length];
    fill(td, confusion[truth][answer], most, wordsOf(classes, truth, answer));
  });
}

const wordsOf = (classes, truth, answer) => (truth === answer ? `${classes[truth]} told as it is` : `${classes[truth]} taken for ${classes[answer]}`);

function fill(td, count, most, words) {
  td.style.background = `color-mix(in srgb, var(--accent) ${(45 * count) / most}%, transparent)`;
  if (td.textContent === String(count)) return;
  td.firstElementChild.textContent = count;
  attributed(td.firstElementChild, { "aria-label": `${count} of ${words}` });
}

// A cell that has rows steps through one of them, and the next time through the next.
function confusionTable(classes, confusion, step) {
  const cell = (count, truth, answer) =>
    element("td", {}, count ? pressed(`confusion:${truth}:${answer}`, () => step(inTurn({ truth, answer }))) : element("span", { className: "quiet" }, "0"));
  const head = element("tr", {}, heading("true", "col"), ...classes.map((c) => heading(String(c), "col")));
  const cells = confusion.map((row, i) => row.map((count, j) => cell(count, i, j)));
  const lines = cells.map((row, i) => element("tr", {}, heading(String(classes[i]), "row"), ...row));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines));
  rove(table, cells.map((row) => row.flatMap((td) => [...td.querySelectorAll("button")])).filter((line) => line.length));
  return table;
}

const turns = new Map();

function inTurn({ truth, answer }) {
  const turn = turns.get(`${truth}:${answer}`) ?? 0;
  turns.set(`${truth}:${answer}`, turn + 1);
  return { truth, answer, turn };
}

function pressed(key, onclick) {
  const button = element("button", { type: "button", onclick });
  button.dataset.key = key;
  return button;
}

export function showHiddenUnits(pageState, theta) {
  if (!pageState.image) return;
  const Theta1 = roll(pageState.net, theta)[1];
  const there = $("hidden-units").children;
  const pictures = Theta1.slice(0, MOST_UNITS).map((row, i) =>
    signedPicture(asImage(pageState, row.slice(1)), pageState.image, `weights of hidden unit ${i + 1}`, there[i]),
  );
  if (!there.length) $("hidden-units").replaceChildren(...pictures);
  const count = Theta1.length > MOST_UNITS ? `the first ${MOST_UNITS} of ${Theta1.length} ` : "";
  $("hidden-title").textContent = `${count}hidden units, by their weights: blue > 0, vermilion < 0`;
}

// Each one steps through its row; a row that was there before keeps its figure.
export function showMistakes(pageState, captions, worst, step) {
  const before = [...$("mistakes").children];
  const figures = new Map(before.map((figure) => [figure.dataset.row, figure]));
  const shown = worst.map((mistake) => {
    const figure = figures.get(String(mistake.row)) ?? mistakeFigure(pageState, mistake, step);
    figure.querySelector("span").textContent = pageState.classes ? ofClass(pageState, mistake) : ofNumber(captions, mistake);
    return figure;
  });
  if (!shown.length) replaceContent($("mistakes"), element("p", {}, "none"));
  else if (shown.length !== before.length || shown.some((figure, k) => figure !== before[k])) replaceContent($("mistakes"), ...shown);
}

function mistakeFigure(pageState, { row, place, x }, step) {
  const { image, X, classes } = pageState;
  const parts = image && classes ? [attributed(thumbnail(asImage(pageState, x ?? X[place]), image, ""), { "aria-hidden": "true" })] : [];
  const button = element("button", { type: "button", className: "mistake", onclick: () => step({ row }) }, ...parts, element("span"));
  button.dataset.key = `mistake:${row}`;
  const figure = element("figure", {}, button);
  figure.dataset.row = row;
  return figure;
}

const ofClass = ({ classes }, { row, answer, truth, sure }) => `row ${row}: ${wordsOf(classes, truth, answer)} (${short(sure)})`;

function ofNumber(captions, { row, output, answer, truth }) {
  const [told, true_] = [answer, truth].map((v) => short(captions.own(output, v)));
  return `row ${row}: ${captions.output(output)} ${told} answered, ${true_} is true`;
}
