// Training live: by the server's native engine over a WebSocket, or here by the page's own algorithm.

import { captionsOf } from "../captions.js";
import { drawBars, drawCurves, drawPairs } from "../charts.js";
import { $, attributed, setDisabled } from "../dom.js";
import { short } from "../numerals.js";
import { addPoint, newCurve, pastCurve, pointsOf } from "../thinned.js";
import { localTrainer } from "../training/local.js";
import { showConfusion, showHiddenUnits, showMistakes } from "../training/mistakes.js";
import { newTurns } from "../training/turns.js";
import { newWay } from "../training/way.js";

const NOTE = 3000; // milliseconds for which a note stands beside the progress
const LOOKS_ON = "Another page steers this training; this one looks on.";

class Training {
  constructor({ pageState, server, setTheta, ways, step }) {
    Object.assign(this, { pageState, server, setTheta, step, captions: captionsOf(pageState), way: newWay(pageState.theta.length) });
    this.curves = { J: newCurve(), validation: newCurve(), score: newCurve() };
    this.run = { alive: false, going: false, steers: true };
    this.frame = { news: {}, fresh: {}, waits: false, note: "", noted: -Infinity };
    this.turns = newTurns(this.parts());
    ways.push(this.way);
    const tell = (news) => this.tell(news);
    this.trainer = server ? server.trainer(tell) : localTrainer(pageState, tell, this.way);
    this.name();
    this.listen();
  }

  name() {
    const { image, classes, lam } = this.pageState;
    $("hidden-figure").hidden = !image;
    $("confusion-figure").hidden = !classes;
    $("pairs-figure").hidden = Boolean(classes);
    $("score-title").textContent = classes ? "accuracy" : "R²";
    $("mistakes-title").textContent = classes ? "the worst mistakes, how sure in brackets" : "the worst rows";
    $("train-lam").value = lam;
  }

  listen() {
    const on = (id, act) => $(id).addEventListener("click", act);
    on("train-start", () => this.start(Math.max(1, Math.trunc(+$("train-epochs").value) || 1)));
    on("train-one", () => this.start(1));
    on("train-pause", () => this.pause());
    on("train-stop", () => this.trainer.stop());
    on("train-save", () => this.trainer.save());
    for (const id of ["train-alpha", "train-lam"]) $(id).addEventListener("change", () => this.trainer.set(settings()));
  }

  // A frame draws the latest news only: what came in between is in the curves, and is not drawn.
  tell(news) {
    if (this.closed) return;
    const { frame } = this;
    addToCurves(this.curves, news);
    if (this.server && news.theta) this.way.push(news.theta);
    Object.assign(frame.news, news);
    Object.assign(frame.fresh, news);
    this.follow(news);
    this.wait();
  }

  wait() {
    const { frame } = this;
    if (frame.waits) return;
    frame.waits = true;
    requestAnimationFrame(() => {
      const { fresh } = frame;
      Object.assign(frame, { waits: false, fresh: {} });
      if (this.closed) return;
      this.show(fresh);
      if (this.turns.frame(this.run.going)) this.wait();
    });
  }

  // Whether a run is alive, going on, and this page's to steer.
  follow({ going, done, steers, past, alpha, lam }) {
    const { run, frame } = this;
    if (going !== undefined) run.going = going;
    if (done !== undefined) run.alive = !done;
    if (steers !== undefined) run.steers = steers;
    if (past && run.alive && alpha) $("train-alpha").value = alpha;
    if (past && run.alive && lam !== undefined) $("train-lam").value = lam;
    if (going) frame.news.says = "";
    if (frame.news.says) Object.assign(frame, { note: frame.news.says, noted: performance.now() });
  }

  show(fresh) {
    this.buttons();
    $("train-says").textContent = this.said();
    const { epoch, epochs, share } = this.frame.news;
    if (epochs) $("train-progress").value = (epoch + (share < 1 ? share : 0)) / epochs;
    if (fresh.marks) showMarks(fresh.marks);
    if (fresh.theta) this.setTheta(fresh.theta, { lam: fresh.lam, W: fresh.W }, this.run.going);
    if (fresh.J !== undefined || fresh.past || fresh.marks) for (const name of ["costs", "score"]) this.turns.add(name);
    for (const name of ["deltas", "confusion", "pairs", "worst", "theta"]) if (fresh[name]) this.turns.add(name, fresh);
  }

  // What is drawn of the news, part by part.
  parts() {
    const { pageState, captions, step } = this;
    return {
      costs: () => this.drawCosts(),
      score: () => this.drawScore(),
      deltas: ({ deltas }) => drawBars($("chart-delta"), deltas.map((_, k) => `layer ${k + 2}`), deltas, "root mean square of δ"),
      confusion: ({ confusion, rows_scored }) => showConfusion(pageState, confusion, rows_scored, step),
      pairs: ({ pairs }) => this.drawThePairs(pairs),
      worst: ({ worst }) => showMistakes(pageState, captions, worst, step),
      theta: ({ theta }) => showHiddenUnits(pageState, theta),
    };
  }

  said() {
    const { run, frame } = this;
    const note = run.going && performance.now() - frame.noted < NOTE ? frame.note : "";
    const parts = new Set([run.steers ? "" : LOOKS_ON, saidOf(frame.news, run), note]);
    return [...parts].filter(Boolean).join(" ");
  }

  drawThePairs(pairs) {
    const { captions } = this;
    const names = [...new Set(pairs.map(([, , k]) => k))].map((k) => captions.output(k) || `output ${k + 1}`);
    const units = names.length === 1 && captions.output(0) ? ` ${names[0]}` : "";
    drawPairs($("chart-pairs"), pairs.map(([truth, answer, k]) => [captions.own(k, truth), captions.own(k, answer), k]), names, units);
  }

  drawCosts() {
    const [J, validation] = ["J", "validation"].map((name) => pointsOf(this.curves[name]));
    const costs = [{ name: "J of training rows", points: J }, { name: "loss of validation rows", points: validation }];
    drawCurves($("chart-J"), costs, { yName: "cost", logarithmic: true, marks: this.marks() });
    nameLast("chart-J", "J", J);
  }

  drawScore() {
    const [points, name] = [pointsOf(this.curves.score), $("score-title").textContent];
    drawCurves($("chart-score"), [{ name, points }], { yName: name, marks: this.marks() });
    nameLast("chart-score", name, points);
  }

  marks() {
    return numbered(this.frame.news.marks ?? []);
  }

  buttons() {
    const { steers, alive, going } = this.run;
    const may = { start: steers && !alive, one: steers && !alive, pause: steers && alive, stop: steers && alive };
    const heir = $(may.stop ? "train-stop" : "train-start");
    for (const name in may) if (may[name]) $(`train-${name}`).disabled = false;
    for (const name in may) setDisabled($(`train-${name}`), !may[name], heir);
    $("train-pause").textContent = alive && !going ? "resume" : "pause";
  }

  start(epochs) {
    Object.assign(this.run, { alive: true, going: true });
    this.frame.news.says = "";
    this.buttons();
    this.trainer.start({ ...settings(), epochs });
  }

  pause() {
    this.run.going = !this.run.going;
    if (this.run.going) this.trainer.resume();
    else this.trainer.pause();
    this.buttons();
  }

  // The page has another network: what is still told is of the old one.
  close() {
    this.closed = true;
    this.trainer.stop();
  }
}

const settings = () => ({ alpha: +$("train-alpha").value || 1e-3, lam: Math.max(0, +$("train-lam").value || 0) });

function addToCurves(curves, { past, curves: news, epoch, J, score }) {
  for (const name in past ?? {}) curves[name] = pastCurve(past[name]);
  const series = news ?? { ...(J === undefined ? {} : { J: [J] }), ...(score === undefined || J === undefined ? {} : { score: [score] }) };
  for (const name in series)
    series[name].forEach((value, k) => addPoint(curves[name], epoch - series[name].length + 1 + k, value));
}

function saidOf(news, run) {
  const progress = news.epoch === undefined ? partly(news) : progressWords(news);
  if (run.going) return progress;
  return news.says || (news.epoch === undefined ? "Press “start”." : progress);
}

const partly = ({ share }) => `The first epoch is running${share === undefined ? " …" : `: ${Math.round(100 * share)} %`}`;

function progressWords({ epoch, epochs, J, score, rows_per_second, seconds_left }) {
  const left = seconds_left === undefined ? "" : `, ${Math.ceil(seconds_left)} s left`;
  const rate = rows_per_second ? `, ${Math.round(rows_per_second)} rows/s` : "";
  return `epoch ${epoch} of ${epochs}: J = ${short(J)}, score ${short(score)}${rate}${left}`;
}

const numbered = (marks) => marks.map((mark, k) => ({ ...mark, number: k + 1 }));

// Where settings were changed, in words: the charts have the numbers.
function showMarks(marks) {
  const words = numbered(marks).map(({ number, epoch, alpha, lam }) => `${number}: after epoch ${epoch}, α = ${short(alpha)}, λ = ${short(lam)}`);
  $("train-marks").textContent = words.length ? `Changed while training: ${words.join("; ")}.` : "";
  $("train-marks").hidden = !words.length;
}

// What a chart shows, for those who do not see it.
function nameLast(id, name, points) {
  const last = points[points.length - 1];
  if (last) attributed($(id), { "aria-label": `${name} by epoch: ${short(last[1])} after epoch ${last[0]}` });
}

export const panel = {
  title: "Training",
  place: 2,
  markup: `
  <div class="controls" role="group" aria-label="Training">
    <button id="train-start">start</button>
    <button id="train-one">one epoch</button>
    <button id="train-pause" disabled>pause</button>
    <button id="train-stop" disabled>stop</button>
    <button id="train-save">save</button>
    <label>α <input id="train-alpha" type="number" min="0" step="any" value="0.001"></label>
    <label>λ <input id="train-lam" type="number" min="0" step="any" value="1"></label>
    <label>epochs <input id="train-epochs" type="number" min="1" value="100"></label>
  </div>
  <progress id="train-progress" value="0" max="1" aria-label="Training progress"></progress>
  <p id="train-says" class="says" role="status">Press “start”.</p>
  <p id="train-marks" class="says" hidden></p>
  <div class="charts">
    <figure><figcaption>cost by epoch</figcaption><svg id="chart-J" role="img" aria-label="J by epoch"></svg></figure>
    <figure><figcaption id="score-title">accuracy</figcaption><svg id="chart-score" role="img" aria-label="Score by epoch"></svg></figure>
    <figure><figcaption>size of δ by layer, root mean square over the page's rows</figcaption><svg id="chart-delta" role="img" aria-label="Size of δ by layer"></svg></figure>
    <figure id="confusion-figure"><figcaption id="confusion-title">confusion</figcaption><div id="confusion" tabindex="0" role="group" aria-label="Confusion of classes"></div></figure>
    <figure id="pairs-figure"><figcaption>answered, against true; on the line they are equal</figcaption><svg id="chart-pairs" role="img" aria-label="Answered against true numbers"></svg></figure>
    <figure id="hidden-figure"><figcaption id="hidden-title">hidden units, by their weights</figcaption><div id="hidden-units" class="thumbs" tabindex="0" role="group" aria-label="Hidden units"></div></figure>
    <figure id="mistakes-figure"><figcaption id="mistakes-title">the worst mistakes</figcaption><div id="mistakes" class="thumbs" tabindex="0" role="group" aria-labelledby="mistakes-title"></div></figure>
  </div>
`,
  style: `
progress { width: 100%; accent-color: var(--accent); margin-top: .6rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: 1rem; grid-auto-flow: dense; align-items: start; }
.charts > figure { margin: 0; min-width: 0; contain: layout style; }
@media (min-width: 48rem) { :is(#confusion-figure, #hidden-figure) { grid-row: span 2; } }
@media (min-width: 40rem) { #mistakes-figure { grid-column: span 2; } }
#confusion { overflow: auto; max-height: 24rem; }
#confusion :is(td, th) { min-width: 1.45rem; padding: .15rem .25rem; font-size: .8rem; }
@media (max-width: 48rem) { #confusion-figure { grid-column: 1 / -1; } #confusion { max-height: none; } }
#mistakes figure { max-width: 100%; overflow-wrap: anywhere; }
#mistakes figure { flex: 1 1 8rem; }
.mistake { display: grid; justify-items: center; gap: .2rem; width: 100%; border: none; background: none; font-size: .8rem; padding: .15rem; }
.mistake:hover, #confusion button:hover { text-decoration: underline; }
#confusion button { border: none; background: none; padding: .15rem .25rem; font-size: .8rem; width: 100%; }
#confusion td { padding: 0; text-align: center; }
#confusion th[scope="col"]:not(:first-child) { text-align: center; }
`,
  start(page) {
    const training = new Training(page);
    return { close: () => training.close() };
  },
};
