// A toy set and its network, as all tabs of the page want them: what Python's studio.toys makes, too.

import { randomPlace } from "../mountains/walkers.js";
import { toyPoints, toys } from "./points.js";

const START = 1000003; // beyond the points' own seed, so that the first weights are other numbers
const ONE_FOR_TWO = ["binary_log_loss", "squared_error"]; // losses for which two classes share an output
const OUTPUTS = { log_loss: "softmax", binary_log_loss: "logistic", poisson: "exp" };
const CANONICAL = ["log_loss", "binary_log_loss", "squared_error", "poisson"];
const PARAMETERS = { huber: 1, quantile: 0.5 };

function netOf({ toy, hidden, activation, loss }) {
  const classes = Math.max(toys[toy].classes, 1);
  const outputs = classes === 2 && ONE_FOR_TWO.includes(loss) ? 1 : classes;
  return {
    sizes: [2, ...hidden, outputs],
    hidden: hidden.map(() => activation),
    loss,
    parameter: PARAMETERS[loss] ?? null,
    output: OUTPUTS[loss] ?? "identity",
    canonical: CANONICAL.includes(loss),
  };
}

// Numbers as they are; a class by its own output, and of two classes by one.
function targetsOf(y, net, classes) {
  const outputs = net.sizes[net.sizes.length - 1];
  if (!classes || outputs === 1) return y.map((v) => [v]);
  return y.map((k) => Array.from({ length: outputs }, (_, j) => +(j === k)));
}

const ends = (X) => [Math.min, Math.max].map((end) => [0, 1].map((j) => X.reduce((m, x) => end(m, x[j]), X[0][j])));

// A state for the page that has it, and beside it the points that are held out; no server knows it.
export function makeWorld(settings, { plotly, captions: { command } }) {
  const { X, y, nTrain } = toyPoints(settings);
  const net = netOf(settings);
  const { classes } = toys[settings.toy];
  const Y = targetsOf(y, net, classes);
  const [trained, kept] = [X.slice(0, nTrain), X.slice(nTrain)];
  const captions = { rows: trained.map((_, i) => i), inputs: ["x₁", "x₂"], columns: {}, outputs: classes ? [] : ["y"], scales: [], units: "", command };
  return {
    held: { X: kept, Y: Y.slice(nTrain), y: y.slice(nTrain) },
    y: y.slice(0, nTrain),
    pageState: {
      net, theta: randomPlace(net, settings.seed + START), lam: settings.lam, W: nTrain,
      X: trained, Y: Y.slice(0, nTrain), classes: classes ? Array.from({ length: classes }, (_, k) => k) : null,
      image: null, image_order: "C", range: ends(trained), title: settings.toy, captions, toy: settings, live: false, plotly, served: {}, ensemble: null, controls: [],
    },
  };
}
