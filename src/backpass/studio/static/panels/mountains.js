// The cost as mountains in fog, and the helicopter: drop walkers, and watch them find their valleys.

import { cost, forward, roll } from "../backprop.js";
import { $, element } from "../dom.js";
import { short } from "../formulas.js";
import { lineAround, lineOver, placeOf, pointOf, principalPlane, randomPlane } from "../mountains/plane.js";
import { COLOURS, drawSurface, pathOf } from "../mountains/surface.js";
import { applyMoves, findMoves } from "../mountains/symmetry.js";
import { groupValleys } from "../mountains/valleys.js";
import { mean } from "../mountains/vectors.js";
import { equalPlace, newWalker, randomPlace, walkDown } from "../mountains/walkers.js";

const [GRID, REACH, ROWS, SLICE] = [25, 1.5, 60, 40]; // lines; of the directions; examples; milliseconds
const RIDGE = 0.01; // the highest that does not separate, as a share of the walkers' mean descent
const POINTS_OF_A_WAY = 24; // that the plane is laid through
const DROPS = ["drop-here", "drop-random", "drop-equal", "look-along"];

// Lets the page breathe whenever a slice of time is over.
function newBreath() {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < SLICE) return;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  };
}

const some = (points, count) => {
  const step = Math.max(1, (points.length - 1) / (count - 1));
  return points.length <= count ? points : Array.from({ length: count }, (_, k) => points[Math.round(k * step)]);
};

function startMountains({ pageState, loadPlotly, ways }) {
  const { net } = pageState;
  const [X, Y] = [pageState.X.slice(0, ROWS), pageState.Y.slice(0, ROWS)];
  const walkers = [];
  const map = { Plotly: null, plane: null, u: [], v: [], heights: [], kind: "", trained: [] };
  const run = { survey: 0, stale: true, seed: 1, dropped: 0, lam: NaN };
  const says = (text) => ($("walk-says").textContent = text);
  const problem = () => ({ net, X, Y, lam: run.lam });

  function J(theta) {
    const Theta = roll(net, theta);
    const zs = X.map((x) => forward(net, Theta, x).z[net.sizes.length]);
    return cost(net, Theta, zs, Y, run.lam);
  }

  function enable(enabled) {
    for (const id of DROPS) $(id).disabled = !enabled;
    $("look-along").disabled = !enabled || !walkers.length;
  }

  // The plane of the training's way where there is one, and otherwise two random directions.
  function trainedPlane() {
    const center = [...pageState.theta];
    const points = [...ways.flatMap((way) => some(way.points(), POINTS_OF_A_WAY)), center];
    const plane = points.length > 2 ? principalPlane(center, points) : null;
    if (!plane) return { plane: randomPlane(net, center, 7), over: null, trained: [] };
    return { plane, over: points, trained: points };
  }

  // The plane of the walkers' ways, their units in the order of the lowest one's.
  function walkersPlane() {
    const lowest = walkers.reduce((best, w) => (w.now < best.now ? w : best));
    for (const walker of walkers) {
      const moves = findMoves(net, walker.theta, lowest.theta);
      walker.way = walker.way.map(({ theta, J: height }) => ({ theta: applyMoves(net, theta, moves), J: height }));
      walker.theta = applyMoves(net, walker.theta, moves);
    }
    const points = walkers.flatMap((w) => some(w.way.map(({ theta }) => theta), POINTS_OF_A_WAY));
    const center = walkers.length === 1 ? walkers[0].theta : mean(points);
    const plane = points.length > 2 ? principalPlane(center, points) : null;
    return plane && { plane: { ...plane, kind: "the main directions of the walkers' ways" }, over: points, trained: [] };
  }

  function lay({ plane, over, trained }) {
    const places = (over ?? []).map((theta) => placeOf(plane, theta));
    const [us, vs] = [places.map(({ u }) => u), places.map(({ v }) => v)];
    const u = over ? lineOver(us, vs, GRID) : lineAround(REACH, GRID);
    const v = over ? lineOver(vs, us, GRID) : u;
    Object.assign(map, { plane, u, v, heights: [], kind: plane.kind, trained: trained.map((theta) => ({ theta, J: J(theta) })) });
  }

  async function survey(laid) {
    const number = (run.survey += 1);
    enable(false);
    says("Surveying: 0 %");
    const lam = (pageState.lam * X.length) / pageState.W; // so that λ/m is the training's
    if (lam !== run.lam) walkers.length = 0; // they walked on other mountains
    run.lam = lam;
    lay(laid ?? trainedPlane());
    const breath = newBreath();
    const heights = map.v.map(() => map.u.map(() => null));
    for (const [row, v] of map.v.entries()) {
      for (const [column, u] of map.u.entries()) {
        heights[row][column] = J(pointOf(map.plane, u, v));
        await breath();
        if (number !== run.survey) return;
      }
      says(`Surveying: ${Math.round((100 * (row + 1)) / GRID)} %`);
    }
    map.heights = heights;
    enable(true);
    await draw();
  }

  async function draw() {
    says("Drawing the 3-D picture …");
    map.Plotly ??= await loadPlotly();
    show();
    const shown = map.plane.shown === undefined ? "" : `, which show ${Math.round(100 * map.plane.shown)} % of it`;
    const missing = map.Plotly ? "" : " (The 3-D picture needs plotly: pip install 'backpass[studio]'.)";
    says(`J of ${X.length} examples over ${map.kind}${shown}; 0, 0 is the ${map.kind.includes("walkers") ? "middle of the ways" : "network's θ"}.${missing}`);
  }

  async function walk(theta, name) {
    const walker = newWalker(`drop ${(run.dropped += 1)}${name}`, $("walk-solver").value, theta);
    walkers.push(walker);
    const breath = newBreath();
    let shown = -Infinity;
    await walkDown(walker, problem(), async () => {
      if (performance.now() - shown > 6 * SLICE) {
        show();
        shown = performance.now();
      }
      await breath();
      return walkers.includes(walker);
    });
    await nameValleys(breath);
    enable(map.heights.length > 0);
    show();
  }

  async function nameValleys(breath) {
    const all = [...walkers];
    if (!all.length) return;
    const descent = all.reduce((t, w) => t + w.start - w.now, 0) / all.length;
    const labels = await groupValleys(net, J, all.map((w) => w.theta), RIDGE * descent, breath);
    all.forEach((walker, k) => (walker.valley = String.fromCharCode(65 + (labels[k] % 26))));
  }

  function show() {
    table();
    if (!map.Plotly || !map.heights.length) return;
    const trained = map.trained.length ? [{ name: "the training", way: map.trained }] : [];
    const shown = [...walkers, ...trained].map((w) => ({ name: w.name, path: pathOf(map.plane, w) }));
    drawSurface(map.Plotly, $("surface"), map, shown, $("fog").checked);
  }

  function table() {
    const rows = walkers.map((w, k) => {
      const off = w.way.length ? short(placeOf(map.plane, w.way[w.way.length - 1].theta).off) : "";
      const cells = [w.name, w.solver, short(w.start), short(w.now), w.steps, off, w.valley];
      const row = element("tr", {}, ...cells.map((c) => element("td", {}, String(c))));
      row.firstChild.style.borderLeft = `6px solid ${COLOURS[k % COLOURS.length]}`;
      row.dataset.value = String(w.now);
      return row;
    });
    $("walkers").tBodies[0].replaceChildren(...rows);
  }

  $("drop-here").addEventListener("click", () => {
    const [u, v] = [+$("drop-u").value || 0, +$("drop-v").value || 0];
    walk(pointOf(map.plane, u, v), ` at ${u}, ${v}`);
  });
  $("drop-random").addEventListener("click", () => walk(randomPlace(net, (run.seed += 1)), " at random"));
  $("drop-equal").addEventListener("click", () => walk(equalPlace(net), ", equal weights"));
  $("drop-clear").addEventListener("click", () => {
    walkers.length = 0;
    run.seed = 1;
    if (map.plane) show();
  });
  $("look-along").addEventListener("click", () => {
    const laid = walkers.length ? walkersPlane() : null;
    if (laid) survey(laid);
    else says("The ways lie on one line so far: drop another walker first.");
  });
  $("fog").addEventListener("change", show);
  enable(false);

  function open() {
    if (!run.stale) return;
    run.stale = false;
    survey();
  }

  return {
    open,
    setTheta(going) {
      if (going) return;
      run.stale = true;
      if (!$("mountains").hidden) open();
    },
  };
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
  start: startMountains,
};
