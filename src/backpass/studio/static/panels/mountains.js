// The cost as mountains in fog, and the helicopter: drop walkers, and watch them find their valleys.

import { costAndGradient, forward, roll, unroll } from "../backprop.js";
import { element } from "../drawing.js";
import { short } from "../formulas.js";

const $ = (id) => document.getElementById(id);
const [GRID, REACH, ROWS, STEPS, SIGHT] = [25, 1.5, 60, 150, 0.45];
const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#7f7f7f"];

// A small generator with a seed, so that the same drop finds the same way down.
function randomNumbers(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const dot = (p, q) => p.reduce((t, v, k) => t + v * q[k], 0);
const combine = (p, s, q) => p.map((v, k) => v + s * q[k]);

// Two random directions, each unit's weights as long as the network's own (Li et al., 2018).
function directions(net, theta, random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = () => {
    const Theta = roll(net, theta);
    for (const l in Theta)
      Theta[l] = Theta[l].map((row) => {
        const d = row.map(normal);
        const size = Math.sqrt(dot(row, row) / dot(d, d));
        return d.map((v) => v * size);
      });
    return unroll(net, Theta);
  };
  const east = draw();
  const north = draw();
  const length = dot(east, east);
  return [east, combine(north, -dot(north, east) / length, east)];
}

const SOLVERS = {
  gd: () => (theta, d) => combine(theta, -1.0, d),
  momentum: () => {
    let v = null;
    return (theta, d) => {
      v = v ? v.map((p, k) => 0.9 * p - 0.3 * d[k]) : d.map((g) => -0.3 * g);
      return combine(theta, 1, v);
    };
  },
  adam: () => {
    const s = { t: 0, m: null, v: null };
    return (theta, d) => {
      s.m ??= d.map(() => 0);
      s.v ??= d.map(() => 0);
      s.t += 1;
      const alpha = (0.03 * Math.sqrt(1 - 0.999 ** s.t)) / (1 - 0.9 ** s.t);
      return theta.map((p, k) => {
        s.m[k] = 0.9 * s.m[k] + 0.1 * d[k];
        s.v[k] = 0.999 * s.v[k] + 0.001 * d[k] * d[k];
        return p - (alpha * s.m[k]) / (Math.sqrt(s.v[k]) + 1e-8);
      });
    };
  },
};

function startMountains(pageState, loadPlotly) {
  const { net } = pageState;
  const X = pageState.X.slice(0, ROWS);
  const Y = pageState.Y.slice(0, ROWS);
  const walkers = [];
  const map = { Plotly: null, u: [], v: [], heights: [], east: null, north: null, center: null };
  let dropSeed = 1;

  const lam = (pageState.lam * X.length) / pageState.W; // so that λ/m is the training's

  const J = (theta) => costAndGradient(net, roll(net, theta), X, Y, lam).J;
  const pause = () => new Promise((resolve) => setTimeout(resolve));
  const at = (u, v) => combine(combine(map.center, u, map.east), v, map.north);

  async function survey() {
    map.center = [...pageState.theta];
    [map.east, map.north] = directions(net, map.center, randomNumbers(7));
    map.u = Array.from({ length: GRID }, (_, k) => -REACH + (2 * REACH * k) / (GRID - 1));
    map.v = map.u;
    map.heights = map.v.map(() => map.u.map(() => null));
    for (const [row, v] of map.v.entries()) {
      map.heights[row] = map.u.map((u) => J(at(u, v)));
      $("walk-says").textContent = `Surveying: ${Math.round((100 * (row + 1)) / GRID)} %`;
      await pause();
    }
    $("walk-says").textContent = `J of ${X.length} examples over two random directions; 0, 0 is the network's θ.`;
    show();
  }

  // A walker's place on the map, and how far it is from the map's plane, in the units of θ.
  function place(theta) {
    const from = combine(theta, -1, map.center);
    const u = dot(from, map.east) / dot(map.east, map.east);
    const v = dot(from, map.north) / dot(map.north, map.north);
    const off = combine(combine(from, -u, map.east), -v, map.north);
    return { u, v, off: Math.sqrt(dot(off, off)) };
  }

  async function walk(theta, name) {
    const solver = $("walk-solver").value;
    const step = SOLVERS[solver]();
    const walker = { name, solver, path: [], steps: 0, start: J(theta), now: NaN, theta, valley: "walking" };
    walkers.push(walker);
    for (let k = 0; k <= STEPS; k++) {
      const { J: height, D } = costAndGradient(net, roll(net, walker.theta), X, Y, lam);
      Object.assign(walker, { now: height, steps: k });
      walker.path.push({ ...place(walker.theta), J: height });
      if (k < STEPS) walker.theta = step(walker.theta, unroll(net, D));
      if (k % 10 === 0) {
        show();
        await pause();
      }
    }
    findValleys();
    show();
  }

  // Two walkers are in one valley where their networks say the same of every example.
  function findValleys() {
    const valleys = [];
    for (const walker of walkers) {
      const says = X.map((x) => forward(net, roll(net, walker.theta), x).a[net.sizes.length]);
      const same = valleys.find((other) => says.every((a, i) => a.every((v, k) => Math.abs(v - other.says[i][k]) < 0.05)));
      if (!same) valleys.push({ says, name: String.fromCharCode(65 + valleys.length) });
      walker.valley = (same ?? valleys[valleys.length - 1]).name;
    }
  }

  const seen = (u, v) => {
    if (!$("fog").checked) return true;
    const eyes = walkers.length ? walkers.map((w) => w.path[w.path.length - 1]) : [{ u: 0, v: 0 }];
    return eyes.some((p) => p && Math.hypot(p.u - u, p.v - v) < SIGHT);
  };

  function show() {
    table();
    if (!map.Plotly || !map.heights.length) return;
    const z = map.heights.map((row, r) => row.map((h, c) => (seen(map.u[c], map.v[r]) ? h : null)));
    const ink = getComputedStyle(document.body).color;
    const traces = [{ type: "surface", x: map.u, y: map.v, z, showscale: false, opacity: 0.9, colorscale: "Viridis" }];
    walkers.forEach((w, k) =>
      traces.push({
        type: "scatter3d", mode: "lines+markers", name: w.name,
        x: w.path.map((p) => p.u), y: w.path.map((p) => p.v), z: w.path.map((p) => p.J),
        line: { width: 5, color: COLOURS[k % COLOURS.length] }, marker: { size: 2, color: COLOURS[k % COLOURS.length] },
      }),
    );
    const heights = [...map.heights.flat(), ...walkers.flatMap((w) => w.path.map((p) => p.J))].filter(Number.isFinite);
    const axis = (title, range) => ({ title: { text: title }, color: ink, range });
    const wide = [-REACH, REACH];
    map.Plotly.react(
      $("surface"),
      traces,
      {
        margin: { l: 0, r: 0, t: 0, b: 10 }, paper_bgcolor: "rgba(0,0,0,0)", font: { color: ink }, showlegend: false,
        uirevision: "kept", scene: {
          aspectmode: "manual", aspectratio: { x: 1, y: 1, z: 0.7 }, // in fog as without
          camera: { eye: { x: 1.35, y: 1.35, z: 0.9 }, center: { x: 0, y: 0, z: -0.12 } },
          xaxis: axis("east", wide), yaxis: axis("north", wide),
          zaxis: axis("J", [Math.min(...heights), Math.max(...heights)]),
        },
      },
      { displayModeBar: false, responsive: true },
    );
  }

  function table() {
    const rows = walkers.map((w) => {
      const last = w.path[w.path.length - 1];
      const cells = [w.name, w.solver, short(w.start), short(w.now), w.steps, last ? short(last.off) : "", w.valley];
      const row = element("tr", {}, ...cells.map((c) => element("td", {}, String(c))));
      row.dataset.value = String(w.now);
      return row;
    });
    $("walkers").tBodies[0].replaceChildren(...rows);
  }

  const anywhere = () => {
    const random = randomNumbers((dropSeed += 1));
    return map.center.map(() => (2 * random() - 1) * 0.5);
  };
  $("drop-here").addEventListener("click", () => {
    const [u, v] = [+$("drop-u").value, +$("drop-v").value];
    walk(at(u, v), `${walkers.length + 1}: at ${u}, ${v}`);
  });
  $("drop-random").addEventListener("click", () => walk(anywhere(), `${walkers.length + 1}: at random`));
  $("drop-equal").addEventListener("click", () => walk(map.center.map(() => 0.1), `${walkers.length + 1}: equal weights`));
  $("drop-clear").addEventListener("click", () => {
    walkers.length = 0;
    show();
  });
  $("fog").addEventListener("change", show);

  let opened = false;
  return {
    async open() {
      if (opened) return;
      opened = true;
      await survey();
      map.Plotly = await loadPlotly();
      if (!map.Plotly) $("walk-says").textContent += " (The 3-D picture needs plotly: pip install 'backpass[studio]'.)";
      show();
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
    <button id="drop-clear">bring all home</button>
    <label><input id="fog" type="checkbox" checked> fog</label>
  </div>
  <p id="walk-says" class="says" aria-live="polite">J over two random directions around the network's θ. A helicopter can drop walkers on it.</p>
  <div id="surface" class="surface" role="img" aria-label="J as a mountain landscape"></div>
  <div class="scroll"><table id="walkers"><caption>Walkers</caption><thead><tr><th>walker</th><th>solver</th><th>J at the drop</th><th>J now</th><th>steps</th><th>off the drawn plane</th><th>valley</th></tr></thead><tbody></tbody></table></div>
`,
  style: `
.surface { height: 32rem; }
@media (max-width: 48rem) { .surface { height: 22rem; } }
`,
  start: ({ pageState, loadPlotly }) => startMountains(pageState, loadPlotly),
};
