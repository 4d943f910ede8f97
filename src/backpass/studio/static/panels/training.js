// Training live: by the server's native engine over a WebSocket, or here by the page's own algorithm.

import { costAndGradient, forward, roll, unroll, backward } from "../backprop.js";
import { drawBars, drawCurves, element, thumbnail } from "../drawing.js";
import { short } from "../formulas.js";

const $ = (id) => document.getElementById(id);
const BATCH = 32;

// A trainer has start, pause, resume, stop, set, save, and calls tell(progress) as it goes.
function localTrainer(pageState, tell) {
  const { net } = pageState;
  const run = { going: false, epoch: 0, epochs: 0, Theta: roll(net, pageState.theta), alpha: 0, lam: 0, m: null };

  function batchGradient(rows) {
    const [X, Y] = [rows.map((i) => pageState.X[i]), rows.map((i) => pageState.Y[i])];
    const share = rows.length / pageState.X.length; // so that λ weighs the same as for all rows
    return costAndGradient(net, run.Theta, X, Y, run.lam * share);
  }

  // Adam, the same rule as the library's, on θ unrolled.
  function adamStep(D) {
    const theta = unroll(net, run.Theta);
    const d = unroll(net, D);
    run.m ??= { t: 0, m: d.map(() => 0), v: d.map(() => 0) };
    const s = run.m;
    s.t += 1;
    const alpha = (run.alpha * Math.sqrt(1 - 0.999 ** s.t)) / (1 - 0.9 ** s.t);
    d.forEach((g, k) => {
      s.m[k] = 0.9 * s.m[k] + 0.1 * g;
      s.v[k] = 0.999 * s.v[k] + 0.001 * g * g;
      theta[k] -= (alpha * s.m[k]) / (Math.sqrt(s.v[k]) + 1e-8);
    });
    run.Theta = roll(net, theta);
  }

  function oneEpoch() {
    const order = pageState.X.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    let total = 0;
    for (let k = 0; k < order.length; k += BATCH) {
      const rows = order.slice(k, k + BATCH);
      const { J, D } = batchGradient(rows);
      total += (J * rows.length) / order.length;
      adamStep(D);
    }
    run.epoch += 1;
    return total;
  }

  function turn() {
    if (!run.going) return;
    const J = oneEpoch();
    if (run.epoch >= run.epochs) run.going = false;
    tell({
      done: !run.going,
      epoch: run.epoch, epochs: run.epochs, J, theta: unroll(net, run.Theta), going: run.going,
      says: run.going ? "" : "All epochs are done.", ...summary(pageState, run.Theta),
    });
    if (run.going) setTimeout(turn);
  }

  return {
    start(settings) {
      Object.assign(run, settings, { going: true, epochs: run.epoch + settings.epochs });
      turn();
    },
    pause() {
      run.going = false;
      tell({ says: "Paused.", going: false });
    },
    resume() {
      run.going = true;
      tell({ going: true });
      turn();
    },
    stop() {
      run.going = false;
      tell({ says: "Stopped; the network keeps what it has learnt.", going: false, done: true });
    },
    set: (settings) => Object.assign(run, settings),
    save() {
      const model = JSON.stringify({ net, theta: unroll(net, run.Theta), classes: pageState.classes });
      const link = element("a", { download: "network.json", href: "data:application/json," + encodeURIComponent(model) });
      link.click();
      tell({ says: "The network is in your downloads." });
    },
  };
}

// What the page shows beside J: score, δ by layer, confusion, and the worst mistakes.
function summary(pageState, Theta) {
  const { net } = pageState;
  const L = net.sizes.length;
  const norms = Array(L - 1).fill(0);
  const outputs = pageState.X.map((x, i) => {
    const { a, z } = forward(net, Theta, x);
    const delta = backward(net, Theta, z, pageState.Y[i]);
    for (let l = 2; l <= L; l++) norms[l - 2] += delta[l].reduce((t, v) => t + v * v, 0);
    return a[L];
  });
  const deltas = norms.map((v) => Math.sqrt(v / pageState.X.length));
  if (!pageState.classes) return { deltas, score: r2(outputs, pageState.Y), confusion: null, worst: [] };
  const K = pageState.classes.length;
  const confusion = Array.from({ length: K }, () => Array(K).fill(0));
  const truths = pageState.Y.map(said);
  const wrong = [];
  outputs.forEach((a, i) => {
    const answer = said(a);
    confusion[truths[i]][answer] += 1;
    if (answer !== truths[i]) wrong.push({ row: i, answer, truth: truths[i], sure: sureness(a) });
  });
  wrong.sort((p, q) => q.sure - p.sure);
  return { deltas, score: 1 - wrong.length / outputs.length, confusion, worst: wrong.slice(0, 12) };
}

const said = (a) => (a.length === 1 ? +(a[0] > 0.5) : a.indexOf(Math.max(...a)));
const sureness = (a) => (a.length === 1 ? Math.abs(a[0] - 0.5) : Math.max(...a));
// The mean over the outputs, as the library has it.
function r2(outputs, Y) {
  const each = Y[0].map((_, k) => {
    const mean = Y.reduce((t, y) => t + y[k], 0) / Y.length;
    const rest = outputs.reduce((t, a, i) => t + (a[k] - Y[i][k]) ** 2, 0);
    const all = Y.reduce((t, y) => t + (y[k] - mean) ** 2, 0);
    return all ? 1 - rest / all : +(rest === 0);
  });
  return each.reduce((t, v) => t + v, 0) / each.length;
}

function startTraining(pageState, server, onTheta) {
  const seen = { J: [], validation: [], score: [], validationScore: [] };
  let latest = null;
  let drawing = false;

  // A frame draws the latest news only: what came in between is in the curves, and is not drawn.
  function tell(news) {
    const curves = news.curves ?? (news.J === undefined ? {} : { J: [news.J], score: [news.score] });
    for (const name in curves) seen[name].push(...curves[name]);
    latest = { ...latest, says: "", done: false, ...news };
    if (!drawing) {
      drawing = true;
      requestAnimationFrame(() => {
        drawing = false;
        show(latest);
      });
    }
  }

  const trainer = server ? server.trainer(tell) : localTrainer(pageState, tell);
  const started = { once: false, going: false };

  function show(news) {
    if (news.going !== undefined) started.going = news.going;
    if (news.done) started.once = false; // nothing to resume
    buttons();
    $("train-says").textContent = news.says || progressWords(news);
    if (news.epoch === undefined) return;
    $("train-progress").value = news.epoch / news.epochs;
    drawCurves($("chart-J"), [seen.J, seen.validation], { logarithmic: true });
    drawCurves($("chart-score"), [seen.score, seen.validationScore]);
    if (news.deltas) drawBars($("chart-delta"), news.deltas.map((_, k) => `layer ${k + 2}`), news.deltas);
    if (news.confusion) showConfusion(news.confusion);
    if (news.worst) showMistakes(news.worst);
    if (!news.theta) return;
    showHiddenUnits(news.theta);
    onTheta(news.theta, started.going);
  }

  function progressWords(news) {
    const left = news.seconds_left === undefined ? "" : `, ${Math.ceil(news.seconds_left)} s left`;
    const rate = news.rows_per_second ? `, ${Math.round(news.rows_per_second)} rows/s` : "";
    return `epoch ${news.epoch} of ${news.epochs}: J = ${short(news.J)}, score ${short(news.score)}${rate}${left}`;
  }

  function buttons() {
    $("train-start").disabled = started.going;
    $("train-pause").disabled = !started.once;
    $("train-pause").textContent = started.once && !started.going ? "resume" : "pause";
    $("train-stop").disabled = !started.once;
  }

  function showConfusion(confusion) {
    const most = Math.max(...confusion.flat(), 1);
    const head = element("tr", {}, element("th", {}, ""), ...pageState.classes.map((c) => element("th", {}, String(c))));
    const rows = confusion.map((row, i) => {
      const cells = row.map((count) => {
        const td = element("td", {}, String(count));
        td.style.background = `color-mix(in srgb, var(--accent) ${(60 * count) / most}%, transparent)`;
        return td;
      });
      return element("tr", {}, element("th", {}, String(pageState.classes[i])), ...cells);
    });
    $("confusion").replaceChildren(element("table", {}, ...[head, ...rows]));
  }

  function showHiddenUnits(theta) {
    if (!pageState.image) return;
    const Theta1 = roll(pageState.net, theta)[1];
    const pictures = Theta1.slice(0, 32).map((row, i) =>
      thumbnail(asImage(pageState, row.slice(1)), pageState.image, `weights of hidden unit ${i + 1}`),
    );
    $("hidden-units").replaceChildren(...pictures);
  }

  function showMistakes(worst) {
    const pictures = worst.map(({ row, answer, truth }) => {
      const words = `${pageState.classes[truth]} taken for ${pageState.classes[answer]}`;
      const label = `row ${row}: ${words}`;
      const body = pageState.image ? [thumbnail(asImage(pageState, pageState.X[row]), pageState.image, label)] : [];
      return element("figure", { title: label }, ...body, element("div", {}, pageState.image ? words : label));
    });
    $("mistakes").replaceChildren(...(pictures.length ? pictures : [element("p", {}, "none")]));
  }

  $("hidden-figure").hidden = !pageState.image;
  $("confusion-figure").hidden = !pageState.classes;
  $("score-title").textContent = pageState.classes ? "accuracy" : "R²";
  const settings = () => ({ alpha: +$("train-alpha").value, lam: +$("train-lam").value });
  $("train-lam").value = pageState.lam;
  $("train-start").addEventListener("click", () => {
    Object.assign(started, { once: true, going: true });
    buttons();
    trainer.start({ ...settings(), epochs: +$("train-epochs").value });
  });
  $("train-pause").addEventListener("click", () => {
    started.going = !started.going;
    if (started.going) trainer.resume();
    else trainer.pause();
    buttons();
  });
  $("train-stop").addEventListener("click", () => {
    started.going = false;
    trainer.stop();
    buttons();
  });
  $("train-save").addEventListener("click", () => trainer.save());
  for (const id of ["train-alpha", "train-lam"]) $(id).addEventListener("change", () => trainer.set(settings()));
}

// Numbers of an image in rows; the notes' digits are unrolled column by column.
function asImage(pageState, numbers) {
  if (pageState.image_order !== "F") return numbers;
  const [rows, columns] = pageState.image;
  return numbers.map((_, k) => numbers[(k % columns) * rows + Math.floor(k / columns)]);
}

export const panel = {
  title: "Training",
  place: 2,
  markup: `
  <div class="controls" role="group" aria-label="Training">
    <button id="train-start">start</button>
    <button id="train-pause" disabled>pause</button>
    <button id="train-stop" disabled>stop</button>
    <button id="train-save">save</button>
    <label>α <input id="train-alpha" type="number" min="0" step="any" value="0.001"></label>
    <label>λ <input id="train-lam" type="number" min="0" step="any" value="1"></label>
    <label>epochs <input id="train-epochs" type="number" min="1" value="100"></label>
  </div>
  <progress id="train-progress" value="0" max="1" aria-label="Training progress"></progress>
  <p id="train-says" class="says" aria-live="polite">Press “start”.</p>
  <div class="charts">
    <figure><figcaption>J, and validation loss</figcaption><svg id="chart-J" role="img" aria-label="J by epoch"></svg></figure>
    <figure><figcaption id="score-title">accuracy</figcaption><svg id="chart-score" role="img" aria-label="Score by epoch"></svg></figure>
    <figure><figcaption>size of δ by layer</figcaption><svg id="chart-delta" role="img" aria-label="Size of δ by layer"></svg></figure>
    <figure id="confusion-figure"><figcaption>confusion (rows: true, columns: said)</figcaption><div id="confusion"></div></figure>
    <figure id="hidden-figure"><figcaption>hidden units, by their weights</figcaption><div id="hidden-units" class="thumbs"></div></figure>
    <figure><figcaption>the worst mistakes</figcaption><div id="mistakes" class="thumbs"></div></figure>
  </div>
`,
  style: `
progress { width: 100%; accent-color: var(--accent); margin-top: .6rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; align-items: start; }
#confusion { overflow: auto; }
#confusion :is(td, th) { min-width: 1.45rem; padding: .15rem .25rem; font-size: .8rem; }
`,
  start: ({ pageState, server, setTheta }) => startTraining(pageState, server, setTheta),
};
