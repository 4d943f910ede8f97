// The mistakes, the confusion of classes, and the hidden units: what the charts cannot show.

import { roll } from "../backprop.js";
import { $, attributed, element } from "../dom.js";
import { short } from "../numerals.js";
import { asImage, signedPicture, thumbnail } from "../pictures.js";

const MOST_UNITS = 32;
const heading = (text, scope) => attributed(element("th", {}, text), { scope });

export function showConfusion({ classes }, confusion, rows) {
  const most = Math.max(...confusion.flat(), 1);
  const cell = (count) => {
    const td = element("td", {}, String(count));
    td.style.background = `color-mix(in srgb, var(--accent) ${(45 * count) / most}%, transparent)`;
    return td;
  };
  const head = element("tr", {}, heading("true", "col"), ...classes.map((c) => heading(String(c), "col")));
  const lines = confusion.map((row, i) => element("tr", {}, heading(String(classes[i]), "row"), ...row.map(cell)));
  const caption = element("caption", {}, `${rows} rows; down: true, across: answered`);
  $("confusion").replaceChildren(element("table", {}, caption, element("thead", {}, head), element("tbody", {}, ...lines)));
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

export function showMistakes(pageState, captions, worst) {
  const shown = worst.map((mistake) => (pageState.classes ? ofClass(pageState, mistake) : ofNumber(captions, mistake)));
  $("mistakes").replaceChildren(...(shown.length ? shown : [element("p", {}, "none")]));
}

function ofClass(pageState, { row, place, answer, truth, sure, x }) {
  const { classes, image, X } = pageState;
  const words = `${classes[truth]} taken for ${classes[answer]}`;
  const label = element("figcaption", {}, `row ${row}: ${words} (${short(sure)})`);
  const picture = image ? [thumbnail(asImage(pageState, x ?? X[place]), image, `row ${row}, ${words}`)] : [];
  return element("figure", {}, ...picture, label);
}

function ofNumber(captions, { row, output, answer, truth }) {
  const [told, true_] = [answer, truth].map((v) => short(captions.own(output, v)));
  const name = captions.output(output);
  return element("figure", {}, element("figcaption", {}, `row ${row}: ${name} ${told} answered, ${true_} is true`));
}
