// What rows, inputs, outputs and targets are called, in the table's own names and units.

import { short } from "./numerals.js";

export function captionsOf(pageState) {
  const { captions, classes, net } = pageState;
  const oneOfTwo = classes?.length === 2 && net.sizes[net.sizes.length - 1] === 1;
  const output = (k) => (oneOfTwo ? String(classes[1]) : String(classes?.[k] ?? captions.outputs[k] ?? ""));
  const own = (k, v) => {
    const [centre, scale] = captions.scales[k] ?? [0, 1];
    return centre + scale * v;
  };
  return {
    rows: captions.rows,
    units: captions.units,
    row: (i) => captions.rows[i] ?? i,
    input: (j) => captions.inputs[j] ?? "",
    columns: captions.columns,
    output,
    own,
    hasOwn: captions.scales.length > 0,
    oneOfTwo,
    // A target in words: the class, or the numbers in their own units.
    target: (i) => inWords({ classes, oneOfTwo, own, output }, pageState.Y[i]),
    answer: (outputs) => inWords({ classes, oneOfTwo, own, output }, outputs),
  };
}

function inWords({ classes, oneOfTwo, own, output }, values) {
  if (!classes) return values.map((v, k) => [output(k), short(own(k, v))].filter(Boolean).join(" ")).join(", ");
  if (oneOfTwo) return String(classes[+(values[0] > 0.5)]);
  return output(values.indexOf(Math.max(...values)));
}
