// Training without a server: the page's own algorithm, in slices of time, so that the page stays awake.

import { costAndGradient, roll, unroll } from "../backprop.js";
import { element } from "../dom.js";
import { adam } from "../descent.js";
import { summaryOf } from "./summary.js";

const [BATCH, SLICE, FRAME] = [32, 40, 80]; // rows; milliseconds
const MOST_MARKS = 20;
const breath = () => new Promise((resolve) => setTimeout(resolve));
const ENDED = "All epochs are done.";
const STOPPED = "Stopped; the network keeps what it has learnt.";

export function shuffled(count, random = Math.random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// J and D of a batch, with the training's λ/W; then Adam's step, the same rule as the library's.
export function trainBatch(run, { net, X, Y, W }, rows) {
  const lam = (run.lam * rows.length) / W;
  const [batchX, batchY] = [X, Y].map((all) => rows.map((i) => all[i]));
  const { J, D } = costAndGradient(net, roll(net, run.theta), batchX, batchY, lam);
  run.theta = run.rule(run.theta, unroll(net, D), run.alpha);
  return J;
}

async function trainEpoch(run, pageState, tell) {
  const order = shuffled(pageState.X.length);
  let [total, began] = [0, performance.now()];
  for (let k = 0; k < order.length; k += BATCH) {
    const rows = order.slice(k, k + BATCH);
    total += (trainBatch(run, pageState, rows) * rows.length) / order.length;
    if (performance.now() - began < SLICE) continue;
    tell({ share: Math.min(1, (k + BATCH) / order.length) });
    await breath();
    began = performance.now();
  }
  run.epoch += 1;
  return total;
}

async function train(run, pageState, tell) {
  run.busy = true;
  let framed = -Infinity;
  while (run.going && run.epoch < run.epochs) {
    const J = await trainEpoch(run, pageState, tell);
    const due = performance.now() - framed > FRAME;
    if (due) framed = performance.now();
    const score = due ? summaryOf(pageState, run) : {};
    tell({ ...progress(run), J, ...score });
    run.way.push(run.theta);
    if (due) await breath();
  }
  finish(run, pageState, tell);
}

const progress = ({ epoch, epochs }) => ({ epoch, epochs, share: 1 });

// Whatever ended it, the page is told the network as it is.
function finish(run, pageState, tell) {
  run.busy = false;
  const over = run.epoch >= run.epochs || run.ended;
  const says = run.ended ? STOPPED : over ? ENDED : "Paused.";
  run.going = false;
  tell({ ...progress(run), ...summaryOf(pageState, run), says, going: false, ...(over ? { done: true } : {}) });
}

// Where α or λ became another one: the charts show it.
function mark(run, tell) {
  const { epoch, alpha, lam, marks } = run;
  const before = marks[marks.length - 1];
  if (before && before.alpha === alpha && before.lam === lam) return;
  if (before?.epoch === epoch) marks.pop();
  marks.push({ epoch, alpha, lam });
  tell({ marks: marks.slice(1).slice(-MOST_MARKS) });
}

export function localTrainer(pageState, tell, way) {
  const run = { going: false, busy: false, ended: false, epoch: 0, epochs: 0, theta: pageState.theta, rule: adam(), way, marks: [] };
  const begin = () => {
    Object.assign(run, { going: true, ended: false });
    if (!run.busy) train(run, pageState, tell);
  };
  return {
    start(settings) {
      Object.assign(run, settings, { epochs: run.epoch + settings.epochs });
      mark(run, tell);
      if (run.epoch === 0) run.way.push(run.theta);
      tell({ says: "", going: true, done: false });
      begin();
    },
    pause: () => (run.going = false),
    resume() {
      tell({ says: "", going: true });
      begin();
    },
    stop() {
      Object.assign(run, { going: false, ended: true });
      if (!run.busy) finish(run, pageState, tell);
    },
    set(settings) {
      Object.assign(run, settings);
      mark(run, tell);
    },
    save() {
      const model = JSON.stringify({ net: pageState.net, theta: run.theta, classes: pageState.classes });
      const href = "data:application/json," + encodeURIComponent(model);
      element("a", { download: "network.json", href }).click();
      tell({ says: "The network is in your downloads." });
    },
  };
}
