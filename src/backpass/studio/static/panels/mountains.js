// The cost as mountains in fog, and the helicopter: drop walkers, and watch them find their valleys.

import { $, element, setDisabled } from "../dom.js";
import { short } from "../formulas.js";
import { heightAt, newMap, planeOfTraining, planeOfWalkers, survey } from "../mountains/map.js";
import { placeOf, pointOf } from "../mountains/plane.js";
import { COLOURS, drawSurface, pathOf } from "../mountains/surface.js";
import { groupValleys } from "../mountains/valleys.js";
import { equalPlace, newWalker, randomPlace, walkDown } from "../mountains/walkers.js";

const SLICE = 40; // milliseconds of work between two breaths
const LONGEST_REST = 800; // milliseconds between two pictures, however slowly they are painted
const RIDGE = 0.01; // the highest that does not separate, as a share of the walkers' mean descent
const DROPS = ["drop-here", "drop-random", "drop-equal"];
const says = (text) => ($("walk-says").textContent = text);

// Lets the page breathe whenever a slice of time is over.
function newBreath() {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < SLICE) return;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  };
}

class Mountains {
  constructor({ pageState, loadPlotly, ways }) {
    Object.assign(this, { pageState, loadPlotly, ways, Plotly: null, map: newMap(pageState), walkers: [] });
    Object.assign(this, { surveys: 0, namings: 0, paints: { waits: false, until: 0 }, stale: true, seed: 1, dropped: 0 });
    this.listen();
    this.enable(false);
  }

  listen() {
    const { net } = this.pageState;
    const on = (id, event, act) => $(id).addEventListener(event, act);
    on("drop-here", "click", () => this.dropHere());
    on("drop-random", "click", () => this.walk(randomPlace(net, (this.seed += 1)), " at random"));
    on("drop-equal", "click", () => this.walk(equalPlace(net), ", equal weights"));
    on("drop-clear", "click", () => this.clear());
    on("look-along", "click", () => this.lookAlong());
    on("fog", "change", () => this.Plotly && this.map.heights.length && this.paint());
  }

  enable(enabled) {
    for (const id of DROPS) setDisabled($(id), !enabled, $("drop-clear"));
    setDisabled($("look-along"), !enabled || !this.walkers.length, $("drop-clear"));
  }

  open() {
    if (!this.stale) return;
    this.stale = false;
    this.survey(null);
  }

  // The page has another network: the survey ends, and all walkers are called home.
  close() {
    this.surveys += 1;
    this.namings += 1;
    this.walkers.length = 0;
    this.closed = true;
    this.Plotly?.purge($("surface"));
  }

  setTheta(going) {
    if (going) return;
    this.stale = true;
    if (!$("mountains").hidden) this.open();
  }

  // Of the training's plane, or of one that is given; walkers on other mountains are called home.
  async survey(laid) {
    const number = (this.surveys += 1);
    this.enable(false);
    says("Surveying: 0 %");
    const { lam, W } = this.pageState;
    const own = (lam * this.map.X.length) / W; // so that λ/m is the training's
    if (own !== this.map.lam) this.walkers.length = 0;
    this.map.lam = own;
    const breath = newBreath();
    const done = await survey(this.map, laid ?? planeOfTraining(this.pageState, this.ways), async (share) => {
      says(`Surveying: ${Math.round(100 * share)} %`);
      await breath();
      return number === this.surveys;
    });
    if (!done) return;
    this.enable(true);
    await this.draw();
  }

  async draw() {
    says("Drawing the 3-D picture …");
    this.Plotly ??= await this.loadPlotly();
    await new Promise((resolve) => setTimeout(resolve, SLICE)); // so that the words are seen
    if (this.closed) return;
    this.table();
    if (this.Plotly) this.paint();
    const { plane, kind, X } = this.map;
    const shown = plane.shown === undefined ? "" : `, which show ${Math.round(100 * plane.shown)} % of it`;
    const missing = this.Plotly ? "" : " (The 3-D picture needs plotly: pip install 'backpass[studio]'.)";
    const middle = kind.includes("walkers") ? "the middle of the ways" : "the network's θ";
    says(`J of ${X.length} examples over ${kind}${shown}; 0, 0 is ${middle}.${missing}`);
  }

  dropHere() {
    const [u, v] = [+$("drop-u").value || 0, +$("drop-v").value || 0];
    this.walk(pointOf(this.map.plane, u, v), ` at ${u}, ${v}`);
  }

  lookAlong() {
    const laid = this.walkers.length ? planeOfWalkers(this.map.net, this.walkers) : null;
    if (laid) this.survey(laid);
    else says("The ways lie on one line so far: drop another walker first.");
  }

  clear() {
    this.walkers.length = 0;
    Object.assign(this, { seed: 1, dropped: 0 });
    $("look-along").disabled = true;
    if (this.map.plane) this.show();
  }

  async walk(theta, name) {
    const walker = newWalker(`drop ${(this.dropped += 1)}${name}`, $("walk-solver").value, theta);
    this.walkers.push(walker);
    const breath = newBreath();
    let shown = -Infinity;
    await walkDown(walker, this.map, async () => {
      if (performance.now() - shown > 6 * SLICE) {
        this.show();
        shown = performance.now();
      }
      await breath();
      return this.walkers.includes(walker);
    });
    walker.done = true;
    await this.nameValleys(breath);
    if (this.closed) return;
    this.enable(this.map.heights.length > 0);
    this.show();
  }

  async nameValleys(breath) {
    const all = this.walkers.filter((walker) => walker.done);
    if (!all.length) return;
    const descent = all.reduce((t, w) => t + w.start - w.now, 0) / all.length;
    const J = (theta) => heightAt(this.map, theta);
    const number = (this.namings += 1); // where another walker arrives meanwhile, all is named anew
    const goesOn = async () => {
      await breath();
      return number === this.namings;
    };
    const labels = await groupValleys(this.map.net, J, all.map((w) => w.theta), RIDGE * descent, goesOn);
    if (number !== this.namings) return;
    all.forEach((walker, k) => (walker.valley = String.fromCharCode(65 + (labels[k] % 26))));
  }

  show() {
    this.table();
    this.paintSoon();
  }

  // A machine that paints slowly paints less often, and the page stays awake.
  paintSoon() {
    if (this.paints.waits || !this.Plotly || !this.map.heights.length) return;
    this.paints.waits = true;
    setTimeout(() => {
      this.paints.waits = false;
      const began = performance.now();
      this.paint();
      requestAnimationFrame(() => setTimeout(() => this.rest(performance.now() - began)));
    }, Math.max(0, this.paints.until - performance.now()));
  }

  rest(painted) {
    this.paints.until = performance.now() + Math.min(2 * painted, LONGEST_REST);
  }

  paint() {
    if (this.closed) return;
    const { trained, plane } = this.map;
    const ways = [...this.walkers, ...(trained.length ? [{ name: "the training", way: trained }] : [])];
    const shown = ways.map((w) => ({ name: w.name, path: pathOf(plane, w) }));
    drawSurface(this.Plotly, $("surface"), this.map, shown, $("fog").checked);
  }

  table() {
    const rows = this.walkers.map((w, k) => {
      const off = w.way.length ? short(placeOf(this.map.plane, w.way[w.way.length - 1].theta).off) : "";
      const cells = [w.name, w.solver, short(w.start), short(w.now), w.steps, off, w.valley];
      const row = element("tr", {}, ...cells.map((c) => element("td", {}, String(c))));
      row.firstChild.style.borderLeft = `6px solid ${COLOURS[k % COLOURS.length]}`;
      row.dataset.value = String(w.now);
      return row;
    });
    $("walkers").tBodies[0].replaceChildren(...rows);
  }
}

export const panel = {
  title: "Mountains",
  place: 3,
  markup: `
  <div class="controls" role="group" aria-label="The mountains">
    <label>solver <select id="walk-solver"><option>gd</option><option>momentum</option><option>adam</option></select></label>
    <label>east <input id="drop-u" type="number" step="any" value="0.8"></label>
    <label>north <input id="drop-v" type="number" step="any" value="0.8"></label>
    <button id="drop-here">drop at this place</button>
    <button id="drop-random">drop at random</button>
    <button id="drop-equal">drop with equal weights</button>
    <button id="look-along">survey along the ways</button>
    <button id="drop-clear">bring all home</button>
    <label><input id="fog" type="checkbox" checked> fog</label>
  </div>
  <p id="walk-says" class="says" role="status">J over a plane through the network's θ. A helicopter can drop walkers on it.</p>
  <div id="surface" class="surface" role="img" aria-label="J as a mountain landscape"></div>
  <div class="scroll" tabindex="0" role="group" aria-label="Walkers"><table id="walkers"><caption>Walkers; valleys are named from the lowest one on, and two ends are in one valley where no ridge is between them</caption><thead><tr><th scope="col">walker</th><th scope="col">solver</th><th scope="col">J at the drop</th><th scope="col">J now</th><th scope="col">steps</th><th scope="col">off the drawn plane</th><th scope="col">valley</th></tr></thead><tbody></tbody></table></div>
`,
  style: `
.surface { height: 32rem; overflow: hidden; }
#walkers td:first-child { text-align: left; }
@media (max-width: 48rem) { .surface { height: 22rem; } }
`,
  start: (page) => new Mountains(page),
};
