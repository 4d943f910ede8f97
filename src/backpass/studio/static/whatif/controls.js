// The controls of a table's columns: a slider and a field for a number, a choice for a category.

import { attributed, element } from "../dom.js";

const STEPS = 200; // of a slider

// told(control, cell) hears of every change; show(cell) sets what the control shows.
export function controlOf(control, told) {
  return control.kind === "number" ? numberOf(control, told) : choiceOf(control, told);
}

function numberOf(control, told) {
  const { name, low, high, whole } = control;
  const step = whole ? 1 : (high - low) / STEPS;
  const slider = attributed(element("input", { type: "range", min: low, max: high, step }), { "aria-label": `${name}, slider` });
  const field = attributed(element("input", { type: "number", min: low, max: high, step: "any" }), { "aria-label": name });
  const missing = element("span", { className: "quiet" });
  const take = (value, other) => {
    if (value === "" || !Number.isFinite(+value)) return;
    const cell = Math.min(high, Math.max(low, +value));
    other.value = cell;
    missing.textContent = "";
    told(control, cell);
  };
  slider.addEventListener("input", () => take(slider.value, field));
  field.addEventListener("input", () => take(field.value, slider));
  field.addEventListener("change", () => (field.value = slider.value === "" ? field.value : Math.min(high, Math.max(low, +field.value || low))));
  const show = (cell) => {
    slider.value = cell ?? (low + high) / 2;
    field.value = cell ?? "";
    missing.textContent = cell === null ? "missing" : "";
  };
  return { show, box: element("div", { className: "control" }, element("span", {}, name, " ", missing), slider, field) };
}

function choiceOf(control, told) {
  const { name, options } = control;
  const select = attributed(element("select"), { "aria-label": name });
  select.append(...options.map(([, label], k) => element("option", { value: k }, label)));
  select.addEventListener("change", () => select.value !== "" && told(control, options[+select.value][0]));
  const show = (cell) => {
    const k = options.findIndex(([text]) => text === cell);
    const rare = options.findIndex(([, label]) => label === "(rare)");
    select.value = k >= 0 ? k : rare >= 0 ? rare : "";
  };
  return { show, box: element("div", { className: "control choice" }, element("span", {}, name), select) };
}
