// A training in the playground: batch after batch, in an order that the seed decides.

import { randomNumbers } from "../mountains/vectors.js";
import { shuffled, trainBatch } from "../training/local.js";
import { solvers } from "./settings.js";

const ORDERS = 2000003; // beyond the seeds of the points and of the first weights

export function newRun({ theta, toy }) {
  const { alpha, lam, batch, solver, seed } = toy;
  return { theta, alpha, lam, batch, rule: solvers[solver](), random: randomNumbers(seed + ORDERS), order: [], at: 0, epoch: 0 };
}

// One batch; at the end of the rows an epoch is over.
export function trainOn(run, pageState) {
  if (run.at === 0) run.order = shuffled(pageState.X.length, run.random);
  trainBatch(run, pageState, run.order.slice(run.at, run.at + run.batch));
  run.at += run.batch;
  if (run.at < run.order.length) return;
  Object.assign(run, { at: 0, epoch: run.epoch + 1 });
}

// A whole epoch, or what is left of it.
export function trainAnEpoch(run, pageState) {
  const { epoch } = run;
  while (run.epoch === epoch) trainOn(run, pageState);
}
