// The playground's controls: what they say as settings, and settings as what they show.

import { $, element } from "../dom.js";
import { choicesOf, MOST_LAYERS, MOST_UNITS, settingsOf } from "./settings.js";

const SELECTS = ["toy", "activation", "loss", "solver"];
const FIELDS = ["points", "noise", "seed", "alpha", "lam", "batch"];
const NEW_UNITS = 4; // of a layer that is added

const unitFields = () => [...document.querySelectorAll("#play-units input")];

function unitField(units, k, changed) {
  const input = element("input", { type: "number", min: 1, max: MOST_UNITS, value: units, id: `play-units-${k + 2}` });
  input.dataset.key = input.id;
  input.addEventListener("change", changed);
  return element("label", {}, `units of layer ${k + 2}`, input);
}

export function fillChoices() {
  for (const name of SELECTS)
    $(`play-${name}`).append(...choicesOf(name).map((choice) => element("option", {}, choice)));
}

// changed(name) is called when a control has another value.
export function listenToForm(changed) {
  for (const name of [...SELECTS, ...FIELDS]) $(`play-${name}`).addEventListener("change", () => changed(name));
  $("play-layers").addEventListener("change", () => {
    showUnits(resized(unitFields().map((field) => field.value), +$("play-layers").value), () => changed("hidden"));
    changed("hidden");
  });
}

function resized(hidden, count) {
  const kept = Math.max(0, Math.min(MOST_LAYERS, Math.trunc(count) || 0));
  return Array.from({ length: kept }, (_, k) => hidden[k] ?? NEW_UNITS);
}

function showUnits(hidden, changed) {
  $("play-layers").value = hidden.length;
  $("play-units").replaceChildren(...hidden.map((units, k) => unitField(units, k, changed)));
}

export function showSettings(settings, changed) {
  for (const name of [...SELECTS, ...FIELDS]) $(`play-${name}`).value = settings[name];
  const shown = unitFields().map((field) => +field.value);
  if (String(shown) !== String(settings.hidden) || +$("play-layers").value !== shown.length) showUnits(settings.hidden, () => changed("hidden"));
}

// What the controls say; an empty field says nothing that fits.
export function settingsOfForm() {
  const texts = Object.fromEntries([...SELECTS, ...FIELDS].map((name) => [name, $(`play-${name}`).value]));
  return settingsOf({ ...texts, hidden: unitFields().map((field) => field.value || "0").join(",") }, {});
}
