// What a network in the playground is made with: checked, and as the page's address holds it.

import { activations, losses } from "../backprop.js";
import { adam, gradientDescent, momentum } from "../descent.js";
import { toys } from "./points.js";

export const solvers = { gd: gradientDescent, momentum, adam };
export const MOST_LAYERS = 5; // hidden ones
export const MOST_UNITS = 8;
const OF_CLASSES = ["log_loss", "binary_log_loss", "squared_error"];
const OF_NUMBERS = ["squared_error", "absolute_error", "huber", "quantile"];

// What a choice is called, and its words.
const CHOICES = {
  toy: ["data set", toys],
  activation: ["activation", activations],
  loss: ["loss", losses],
  solver: ["solver of the page", solvers],
};
// What a number is called, the least and the largest, and whether it is whole.
const NUMBERS = {
  points: ["The number of points", 20, 500, true],
  noise: ["The noise", 0, 0.5, false],
  seed: ["The seed", 0, 4294967295, true],
  alpha: ["α", 1e-9, 1000, false],
  lam: ["λ", 0, 1000, false],
  batch: ["The batch size", 1, 500, true],
};
const NAMES = ["toy", "points", "noise", "seed", "hidden", "activation", "loss", "solver", "alpha", "lam", "batch"];

export const choicesOf = (name) => Object.keys(CHOICES[name][1]);
const listed = (words) => `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

export const asFragment = (settings) => NAMES.map((name) => `${name}=${settings[name]}`).join("&");

// Whether an address speaks of the playground at all.
export const isFragment = (fragment) => fragment.includes("=");

// The settings of texts by name; what is not given is as in `rest`.
export function settingsOf(texts, rest) {
  const given = { ...rest };
  for (const [name, text] of Object.entries(texts)) {
    if (name in NUMBERS) given[name] = text.trim() === "" ? NaN : Number(text);
    else given[name] = name === "hidden" ? text.split(",").filter((units) => units.trim() !== "").map(Number) : text;
  }
  return given;
}

// The settings of an address, or the sentence on why it is none; good(toy) are those to begin with.
export function fromFragment(fragment, good) {
  const texts = Object.fromEntries(new URLSearchParams(fragment));
  const unknown = Object.keys(texts).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return { problem: `It knows no “${unknown}”.` };
  if (!Object.hasOwn(toys, texts.toy ?? "")) return { problem: choiceProblem("toy", texts.toy ?? "") };
  const settings = settingsOf(texts, good(texts.toy));
  return { settings, problem: problemOf(settings) };
}

function choiceProblem(name, value) {
  const [called, known] = CHOICES[name];
  return Object.hasOwn(known, value) ? "" : `There is no ${called} “${value}”; there are ${listed(Object.keys(known))}.`;
}

function numberProblem(name, value) {
  const [called, least, largest, whole] = NUMBERS[name];
  if (value >= least && value <= largest && (!whole || Number.isInteger(value))) return "";
  return `${called} is a ${whole ? "whole " : ""}number from ${least} to ${largest}.`;
}

function hiddenProblem(hidden) {
  const fit = hidden.length <= MOST_LAYERS && hidden.every((units) => Number.isInteger(units) && units >= 1 && units <= MOST_UNITS);
  return fit ? "" : `The playground draws up to ${MOST_LAYERS} hidden layers of 1 to ${MOST_UNITS} units each.`;
}

function lossProblem({ toy, loss }) {
  const ofClasses = toys[toy].classes > 0;
  const fitting = ofClasses ? OF_CLASSES : OF_NUMBERS;
  if (fitting.includes(loss)) return "";
  if (ofClasses) return `The points of ${toy} have classes, and ${loss} is a loss of numbers: take ${listed(fitting)}.`;
  if (loss === "poisson") return `The heights of ${toy} fall below 0, and poisson is a loss of counts: take ${listed(fitting)}.`;
  return `The points of ${toy} have numbers, and ${loss} is a loss of classes: take ${listed(fitting)}.`;
}

// One sentence on what cannot be, or nothing.
export function problemOf(settings) {
  const choices = Object.keys(CHOICES).map((name) => choiceProblem(name, settings[name]));
  const numbers = Object.keys(NUMBERS).map((name) => numberProblem(name, settings[name]));
  const first = [...choices, ...numbers, hiddenProblem(settings.hidden)].find(Boolean);
  return first ?? lossProblem(settings);
}
