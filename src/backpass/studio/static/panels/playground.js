// The playground: points in a plane, a network that is built here, and what it answers while it learns.

import { roll } from "../backprop.js";
import { drawCurves } from "../charts.js";
import { $, attributed, element, replaceContent, svg } from "../dom.js";
import { asFile, download } from "../drawing_file.js";
import { above, below, short } from "../numerals.js";
import { fillChoices, listenToForm, settingsOfForm, showSettings } from "../playground/form.js";
import { colourOf, largest, paintClasses, paintShare, paintSigned, plane } from "../playground/heat.js";
import { newMap } from "../playground/map.js";
import { passAll, scores } from "../playground/passes.js";
import { drawPicture, showWeights, UNIT } from "../playground/picture.js";
import { newRun, trainAnEpoch, trainOn } from "../playground/run.js";
import { asFragment, fromFragment, isFragment, MOST_LAYERS, problemOf } from "../playground/settings.js";
import { makeWorld } from "../playground/world.js";
import { addPoint, newCurve, pointsOf } from "../thinned.js";

const BUDGET = 12; // milliseconds of training between two pictures: 30 a second are left time for
const FIRST = "spirals";
const AT_ONCE = ["alpha", "lam", "batch"]; // what counts from the next batch on; all else starts anew
const LARGE = 1e6; // a J that has left the plane's picture
const says = (text) => ($("play-says").textContent = text);

class Playground {
  constructor(page) {
    Object.assign(this, { page, good: JSON.parse($("toys").textContent), plane: plane(), chosen: null, going: false, opened: false, wide: 0 });
    fillChoices();
    this.map = newMap($("play-map"));
    this.changed = (name) => this.change(name);
    this.listen();
    this.begin(location.hash.slice(1));
  }

  listen() {
    const on = (id, act) => $(id).addEventListener("click", act);
    listenToForm(this.changed);
    on("play-train", () => (this.going ? this.pause() : this.train()));
    on("play-epoch", () => this.oneEpoch());
    on("play-anew", () => this.use(this.settings, "Started anew"));
    on("play-good", () => this.useGood());
    on("play-share", () => this.share());
    on("play-save", () => this.save());
    addEventListener("hashchange", () => this.readAddress());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.fit()).observe($("play-net"));
  }

  get settings() {
    return this.world.pageState.toy;
  }

  // The address decides, then the page that was made for a toy, then what is usual.
  begin(fragment) {
    const { toy } = this.page.pageState;
    const found = isFragment(fragment) ? fromFragment(fragment, (name) => this.good[name].settings) : { settings: toy };
    if (found.problem) {
      this.make(toy ?? this.good[FIRST].settings);
      says(`The address was not understood: ${found.problem} Here are the usual settings instead.`);
    } else this.make(found.settings ?? this.good[FIRST].settings);
    const own = toy && asFragment(toy) === asFragment(this.settings);
    if (!own) return;
    this.shared = this.page.pageState;
    this.world.pageState = { ...this.shared }; // whose rows stay the training's, whatever the other tabs take up
  }

  readAddress() {
    const fragment = location.hash.slice(1);
    if (!isFragment(fragment) || fragment === asFragment(this.settings)) return;
    this.begin(fragment);
    if (this.isSeen()) this.open();
  }

  make(settings) {
    this.world = makeWorld(settings, this.page.pageState);
    Object.assign(this, { run: newRun(this.world.pageState), chosen: null, wide: 0, shared: null });
    this.curves = { J: newCurve(), loss: newCurve() };
    showSettings(settings, this.changed);
    showLegend(this.world.pageState.classes);
    if (!this.isSeen()) return;
    this.writeAddress();
    this.fit();
  }

  isSeen() {
    return this.opened && !$("playground").hidden;
  }

  use(settings, why) {
    this.stopHere();
    this.make(settings);
    const { net } = this.world.pageState;
    says(`${why}: ${settings.toy}, ${net.sizes.join("-")}.`);
  }

  useGood() {
    const { settings, epochs, score } = this.good[this.settings.toy];
    const reached = this.world.pageState.classes ? `${Math.round(100 * score)} % of the held-out points are right` : `R² of the held-out points is ${score}`;
    this.use({ ...settings, seed: this.settings.seed }, "Good settings");
    says(`${$("play-says").textContent} After ${epochs} epochs at least ${reached}, as measured with 40 seeds.`);
  }

  // What a control says counts if it can be; else one sentence says why not.
  change(name) {
    const toy = $("play-toy").value;
    const settings = name === "toy" ? { ...this.good[toy].settings, seed: this.settings.seed } : settingsOfForm();
    const problem = problemOf(settings);
    attributed($("play-form"), { "data-problem": problem });
    if (problem) return says(`${problem} The network stays as it was.`);
    if (!AT_ONCE.includes(name)) return this.use(settings, "Started anew");
    Object.assign(this.run, { alpha: settings.alpha, lam: settings.lam, batch: settings.batch });
    this.world.pageState = { ...this.world.pageState, toy: settings, lam: settings.lam };
    this.writeAddress();
    this.draw();
    return says("That counts from the next batch on.");
  }

  // A frame without an address of its own keeps none.
  writeAddress() {
    try {
      history.replaceState(null, "", `#${asFragment(this.settings)}`);
    } catch {
      // a notebook's frame
    }
  }

  train() {
    this.going = true;
    $("play-train").textContent = "pause";
    says("Training.");
    requestAnimationFrame(() => this.frame());
  }

  stopHere() {
    this.going = false;
    $("play-train").textContent = "train";
  }

  pause() {
    this.stopHere();
    says("Paused.");
  }

  oneEpoch() {
    this.stopHere();
    this.leaveShared();
    trainAnEpoch(this.run, this.world.pageState);
    this.draw();
    says(`Epoch ${this.run.epoch} is over.`);
  }

  // Some batches, then a picture; a hidden tab waits.
  frame() {
    if (!this.going) return;
    if ($("playground").hidden) return this.pause();
    this.leaveShared();
    const [{ pageState }, pace, { epoch }, began] = [this.world, $("play-pace").value, this.run, performance.now()];
    do trainOn(this.run, pageState);
    while (pace !== "batch" && (pace === "fast" || this.run.epoch === epoch) && performance.now() - began < BUDGET);
    this.draw();
    if (!(this.now.J < LARGE)) {
      this.stopHere();
      return says("J has grown beyond all measure: α is too large. Start anew with a smaller one.");
    }
    return requestAnimationFrame(() => this.frame());
  }

  // From here on the other tabs have another θ than this one.
  leaveShared() {
    this.shared = null;
  }

  share() {
    this.stopHere();
    this.shared = { ...this.world.pageState, theta: this.run.theta };
    this.page.renew(this.shared);
    $("tab-steps").click();
  }

  fit() {
    const box = $("play-net");
    if (!this.isSeen() || box.clientWidth === this.wide) return;
    this.wide = box.clientWidth;
    const { sizes } = this.world.pageState.net;
    this.picture = drawPicture(box, sizes, { caption: (l, k) => this.caption(l, k), choose: (l, k) => this.choose(l, k) });
    replaceContent(box, this.picture.stage);
    this.draw();
  }

  caption(layer, unit) {
    const { net, classes } = this.world.pageState;
    if (layer === 1) return ["x₁", "x₂"][unit - 1];
    if (layer < net.sizes.length) return "";
    return classes ? String(net.sizes[layer - 1] === 1 ? 1 : classes[unit - 1]) : "y";
  }

  choose(layer, unit) {
    const same = this.chosen && this.chosen.layer === layer && this.chosen.unit === unit;
    this.chosen = same || layer === this.world.pageState.net.sizes.length ? null : { layer, unit };
    this.draw();
  }

  draw() {
    if (!this.picture || !this.isSeen()) return;
    const { net } = this.world.pageState;
    const Theta = roll(net, this.run.theta);
    const { a } = passAll(net, Theta, this.plane);
    this.now = scores(this.world, this.run.theta, this.run.lam);
    this.drawUnits(a);
    this.drawMap(a);
    showWeights(this.picture, Theta);
    this.showNumbers();
  }

  drawUnits(a) {
    const { chosen, picture } = this;
    const L = picture.units.length;
    picture.units.forEach((column, k) =>
      column.forEach((button, i) => {
        const pressed = Boolean(chosen) && chosen.layer === k + 1 && chosen.unit === i + 1;
        button.setAttribute("aria-pressed", String(pressed));
        if (k + 1 < L) paintSigned(button.firstChild, a[k + 1][i]);
        else this.paintOutput(button.firstChild, a[L], i);
      }),
    );
  }

  paintOutput(canvas, outputs, i) {
    const { classes, Y } = this.world.pageState;
    if (!classes) return paintSigned(canvas, outputs[i], largest(Y.flat()));
    if (outputs.length > 1) return paintShare(canvas, outputs[i], i);
    return paintClasses(canvas, [outputs[0].map((v) => 1 - v), outputs[0]]);
  }

  drawMap(a) {
    const { chosen, world } = this;
    const { X, Y, classes, net } = world.pageState;
    const values = chosen ? a[chosen.layer][chosen.unit - 1] : null;
    const most = largest(Y.flat());
    this.map({ outputs: a[net.sizes.length], values, classes, most }, { X, y: world.y }, world.held);
    const name = chosen ? `a${above(chosen.layer)}${below(chosen.unit)}, one unit` : "the network's answer";
    const line = chosen || !classes ? "the line: where it is 0" : "the line: where it changes";
    $("play-shown").textContent = `${name}; ${line}`;
  }

  showNumbers() {
    const { now, run, curves, world } = this;
    const score = world.pageState.classes ? "accuracy" : "R²";
    if (run.at === 0) {
      addPoint(curves.J, run.epoch, now.J);
      addPoint(curves.loss, run.epoch, now.loss);
      const costs = [{ name: "J", points: pointsOf(curves.J) }, { name: "loss, held out", points: pointsOf(curves.loss) }];
      drawCurves($("play-chart"), costs, { yName: "cost", logarithmic: true });
    }
    const facts = { epoch: run.epoch, J: now.J, loss: now.loss, trained: now.trained, score: now.score };
    for (const [name, value] of Object.entries(facts)) {
      $(`play-${name}-now`).textContent = short(+value.toPrecision(4));
      $(`play-${name}-now`).dataset.value = String(value);
    }
    $("play-map").setAttribute("aria-label", `The plane: ${score} ${short(now.score)} of the held-out points after epoch ${run.epoch}`);
    for (const id of ["play-trained-name", "play-score-name"]) $(id).textContent = score;
  }

  save() {
    const { picture } = this;
    const text = { fill: getComputedStyle(document.body).color, "font-size": 11, "font-family": "sans-serif" };
    const images = picture.layers.flatMap((column, k) =>
      column.flatMap(({ x, y }, i) => {
        const href = picture.units[k][i].firstChild.toDataURL();
        const frame = { x, y, width: UNIT, height: UNIT };
        const caption = svg("text", { ...text, x: x + 4, y: y + 13 }, this.caption(k + 1, i + 1));
        return [svg("image", { ...frame, href, preserveAspectRatio: "none" }), svg("rect", { ...frame, fill: "none", stroke: "#808080" }), caption];
      }),
    );
    download("playground.svg", asFile(picture.picture, images));
    says("The drawing is in your downloads.");
  }

  open() {
    this.opened = true;
    this.writeAddress();
    this.fit();
    this.draw();
  }

  // Training in another tab, of the network that is shown here, too.
  setTheta() {
    if (!this.shared || this.page.pageState !== this.shared) return;
    this.run.theta = this.shared.theta;
    this.draw();
  }
}

const MARKS = ["●", "■", "▲"]; // as the points of a class are

function showLegend(classes) {
  const mark = (k) => Object.assign(element("span", { ariaHidden: "true" }, MARKS[k]), { style: `color: ${colourOf(k)}` });
  const ofClasses = () => ["held out: hollow; ", ...classes.flatMap((k) => [mark(k), ` class ${k} `])];
  $("play-legend").replaceChildren(...(classes ? ofClasses() : ["points: y, blue > 0, vermilion < 0; held out: with a thick rim"]));
}

const field = (name, label, attributes) => `<label>${label} <input id="play-${name}" type="number" ${attributes}></label>`;
const choice = (name, label) => `<label>${label} <select id="play-${name}"></select></label>`;
const fact = (name, label) => `<div class="fact"><span class="quiet" id="play-${name}-name">${label}</span><span id="play-${name}-now"></span></div>`;

export const panel = {
  title: "Playground",
  place: 2.5,
  markup: `
  <div class="controls" role="group" aria-label="Playground">
    ${choice("toy", "data set")}
    <button id="play-train" class="next">train</button>
    <button id="play-epoch">one epoch</button>
    <button id="play-anew">start anew</button>
    <button id="play-good">good settings</button>
    <label>pace <select id="play-pace"><option value="epoch">an epoch a picture</option><option value="batch">a batch a picture</option><option value="fast">as fast as it can</option></select></label>
  </div>
  <p id="play-says" class="says" role="status">Press “train”, or build another network below.</p>
  <div class="play">
    <div class="plane">
      <div class="drawing"><canvas id="play-map" role="img" aria-label="The plane"></canvas></div>
      <p id="play-shown" class="quiet"></p>
      <p id="play-legend" class="quiet"></p>
    </div>
    <div class="built">
      <div class="facts">${fact("epoch", "epoch")}${fact("J", "J")}${fact("loss", "loss, held out")}
        <div class="fact"><span class="quiet"><span id="play-trained-name">accuracy</span>, training</span><span id="play-trained-now"></span></div>
        <div class="fact"><span class="quiet"><span id="play-score-name">accuracy</span>, held out</span><span id="play-score-now"></span></div></div>
      <div id="play-net" class="drawing" role="group" aria-label="The network: a heat map of a in each unit; arrow keys go from unit to unit, Enter shows one large"></div>
      <p class="legend"><span><span class="sign positive"></span> Θ &gt; 0</span> <span><span class="sign negative"></span> Θ &lt; 0</span> <span>in units: a, blue &gt; 0, vermilion &lt; 0; bias units are not drawn</span></p>
    </div>
  </div>
  <div id="play-form" class="play-form">
    <section aria-labelledby="play-points-title"><h2 id="play-points-title">Points</h2>
      ${field("points", "number", 'min="20" max="500"')}${field("noise", "noise", 'min="0" max="0.5" step="any"')}${field("seed", "seed", 'min="0"')}</section>
    <section aria-labelledby="play-network-title"><h2 id="play-network-title">Network</h2>
      ${field("layers", "hidden layers", `min="0" max="${MOST_LAYERS}"`)}<div id="play-units"></div>
      ${choice("activation", "activation g")}${choice("loss", "loss")}</section>
    <section aria-labelledby="play-training-title"><h2 id="play-training-title">Training</h2>
      ${choice("solver", "solver")}${field("alpha", "learning rate α", 'min="0" step="any"')}${field("lam", "weight decay λ", 'min="0" step="any"')}${field("batch", "batch size", 'min="1" max="500"')}
      <p class="quiet">This page computes gradient descent, momentum and Adam, by mini-batches; L-BFGS, Newton, Muon and the others are Python's: <code>backpass train --solver</code>.</p></section>
    <figure><figcaption>cost by epoch</figcaption><svg id="play-chart" role="img" aria-label="J by epoch"></svg></figure>
  </div>
  <div class="controls">
    <button id="play-share">use this network in all tabs</button>
    <button id="play-save">save the drawing (SVG)</button>
  </div>
  <p class="quiet">The address of this page holds all settings: a link makes the same points, network and training again.</p>
`,
  style: `
.play { display: grid; grid-template-columns: minmax(0, 24rem) minmax(0, 1fr); gap: 1rem; align-items: start; }
.play .plane, .play .built { display: grid; gap: .5rem; min-width: 0; grid-template-columns: minmax(0, 1fr); }
.play p { margin: 0; }
.plane .drawing { max-width: 26rem; }
.play-form code { white-space: nowrap; }
.play .sign { vertical-align: middle; }
#play-map { width: 100%; display: block; border-radius: 4px; }
#playground .fact { min-width: 5.5rem; }
.toy-stage { position: relative; margin: auto; }
.toy-stage svg { position: absolute; inset: 0; }
.toy-unit { position: absolute; width: 44px; height: 44px; min-width: 0; padding: 0; border: 1px solid var(--quiet); border-radius: 4px; overflow: hidden; }
.toy-unit canvas { width: 100%; height: 100%; display: block; }
.toy-unit span { position: absolute; left: 2px; top: 1px; font-size: 11px; line-height: 1.2; padding: 0 3px; border-radius: 3px; background: var(--panel); }
.toy-unit[aria-pressed="true"] { outline: 3px solid var(--accent); }
.plane p { font-size: .85rem; }
.play-form { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 1rem; margin: 1rem 0; }
.play-form section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; }
.play-form label, #play-units label { display: flex; justify-content: space-between; padding: .15rem 0; }
.play-form p { font-size: .85rem; margin: .5rem 0 0; }
@media (max-width: 48rem) { .play { grid-template-columns: minmax(0, 1fr); } }
`,
  start: (page) => new Playground(page),
};
