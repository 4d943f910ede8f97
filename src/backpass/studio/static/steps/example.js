// The row that goes through the network: as a picture or as named columns in their own units, and y.

import { $, element, folded } from "../dom.js";
import { short } from "../numerals.js";
import { asImage, thumbnail } from "../pictures.js";

const MOST_COLUMNS = 12;

export function showExample(pageState, captions, row, outputs) {
  const facts = [fact("y", captions.target(row), "truth")];
  if (outputs) facts.push(fact("the network's answer", answerWords(pageState, captions, outputs), "answer"));
  $("row-name").textContent = `Row ${captions.row(row)} of ${pageState.title}`;
  $("row-facts").replaceChildren(...facts);
  $("row-inputs").replaceChildren(...inputs(pageState, captions, row));
  $("row-units").textContent = captions.units;
  $("row-units").hidden = !captions.units;
}

function answerWords({ classes }, captions, outputs) {
  const words = captions.answer(outputs);
  if (!classes) return words;
  const sure = captions.oneOfTwo ? Math.max(outputs[0], 1 - outputs[0]) : Math.max(...outputs);
  return `${words} (${short(sure)})`;
}

const fact = (name, value, className) =>
  element("div", { className: `fact ${className}` }, element("span", { className: "quiet" }, name), element("span", {}, value || "—"));

function inputs(pageState, captions, row) {
  if (pageState.image) {
    const words = `row ${captions.row(row)}, ${captions.target(row)}`;
    return [thumbnail(asImage(pageState, pageState.X[row]), pageState.image, words)];
  }
  const named = Object.entries(captions.columns).map(([name, cells]) => fact(name, cells[row], ""));
  const plain = () => pageState.X[row].map((v, j) => fact(captions.input(j) || `x ${j + 1}`, short(v), ""));
  return [folded(named.length ? named : plain(), MOST_COLUMNS, "columns", "facts")];
}
