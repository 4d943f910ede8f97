// What the judge found, in its words: how the function is called, which J it is, and which formula is wrong.

import { element } from "../dom.js";

const line = (words, className = "") => element("p", { className }, words);
const titled = (title, ...parts) => element("section", {}, element("h3", {}, title), ...parts);
const list = (entries) => element("ul", {}, ...entries.map((each) => element("li", {}, each)));

// How much is said: where to look, what is wrong, or the formula as well.
export function verdictOf(found, grade) {
  return [...mistakes(found, grade), ...called(found), ...rest(found)];
}

function mistakes({ explanations, hints, ok, failures, unexplained }, grade) {
  if (ok) return [];
  const parts = [];
  if (explanations.length && grade === "formula") parts.push(...explanations.map(tableOf).flatMap((table, k) => (k ? [line("or, which no call can tell apart:"), table] : [table])));
  else if (explanations.length) parts.push(line(hints[grade]));
  if (unexplained.length) parts.push(list(unexplained));
  if (failures.length) parts.push(list(failures));
  return [titled("Which formula is wrong", ...parts)];
}

const heading = (words) => Object.assign(element("th", {}, words), { scope: "col" });

function tableOf(explanation) {
  const head = element("thead", {}, element("tr", {}, ...["where", "what is wrong", "there", "right"].map(heading)));
  const rows = explanation.map(({ where, line: at, what, wrong, formula }) =>
    element("tr", {}, ...[at ? `${where}, line ${at}` : where, what, wrong && wrong !== what ? wrong : "—", formula].map((words, k) => named(words, head, k))),
  );
  return element("table", { className: "mistakes" }, head, element("tbody", {}, ...rows));
}

// On a narrow screen the cells stand under one another, each with its column's name.
function named(words, head, k) {
  const cell = element("td", {}, words);
  cell.classList.toggle("none", words === "—");
  cell.dataset.column = head.querySelectorAll("th")[k].textContent;
  return cell;
}

function called({ signature, probes, conventions, sentence, function: name }) {
  if (!signature) return [];
  const on = probes.length ? ` on networks ${probes.join(", ")}` : "";
  return [
    titled("How it was called", element("p", {}, `${name} was called as `, element("code", {}, signature), `${on}.`)),
    titled("Which J it is", ...(conventions.length ? [list(conventions.map(({ where, what }) => `${where}: ${what}`)), line("Conventions are no mistakes.", "quiet")] : [line("The J of the notes.")])),
    ...(sentence ? [titled("Is D the derivative of J?", line(sentence))] : []),
  ];
}

function rest({ ok, failures, notes, open }) {
  const remarks = [...(ok ? failures : []), ...notes];
  return [
    ...(remarks.length ? [titled("Besides", list(remarks))] : []),
    ...(open?.length ? [element("details", {}, element("summary", {}, "What this machine does not contain"), list(open))] : []),
  ];
}
