// A row of X whose cells are others, as the library makes it: numbers scaled, their tails as
// logarithms; an input for each choice.

const LINEAR = 3;

// z = (v − centre) / scale, and beyond ±3 sign(z) (3 + ln(|z| − 2))
export function scaledNumber(v, { centre, scale }) {
  const z = (v - centre) / scale;
  return Math.abs(z) <= LINEAR ? z : Math.sign(z) * (LINEAR + Math.log1p(Math.abs(z) - LINEAR));
}

// changed: Map from a control to its cell, null where it is missing.
export function changedRow(x, changed) {
  const made = [...x];
  for (const [control, cell] of changed) {
    if (control.kind === "number") writeNumber(made, control, cell);
    else for (const [text, , input] of control.options) made[input] = +(text === cell);
  }
  return made;
}

function writeNumber(x, control, cell) {
  x[control.input] = cell === null ? 0 : scaledNumber(cell, control);
  if (control.gap !== null) x[control.gap] = +(cell === null);
}
