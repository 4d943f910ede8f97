// The page: its panels and tabs, and who is asked, the server where there is one or the page itself.

import { $ } from "./dom.js";
import { panels } from "./panels.js";
import { isFragment } from "./playground/settings.js";
import { connect } from "./server.js";
import { startTabs } from "./tabs.js";
import { placeOf } from "./training/stepping.js";

// The page in one file holds plotly as text: running it takes a second or two, for the mountains alone.
function runPlotly(text) {
  const script = document.createElement("script");
  script.textContent = text;
  document.head.append(script);
  return window.Plotly ?? null;
}

function loadPlotly(pageState) {
  if (window.Plotly || !pageState.plotly) return Promise.resolve(window.Plotly ?? null);
  const inside = $("plotly");
  if (inside) return Promise.resolve(runPlotly(inside.textContent));
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "static/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => resolve(null);
    document.head.append(script);
  });
}

function append(parent, tag, attributes, content) {
  const child = parent.appendChild(document.createElement(tag));
  for (const name in attributes) child.setAttribute(name, attributes[name]);
  child.innerHTML = content;
}

function addPanel([id, { title, markup, style }]) {
  append(document.head, "style", {}, style);
  append($("tabs"), "button", { role: "tab", id: `tab-${id}`, "aria-controls": id }, title);
  append($("main"), "section", { role: "tabpanel", id, "aria-labelledby": `tab-${id}` }, markup);
}

function about({ title, net }) {
  const { sizes, loss, hidden } = net;
  return `${title}: ${sizes.join("-")}, ${[...new Set(hidden)].join(", ") || "no hidden layer"}, ${loss}`;
}

function showLost({ captions }) {
  $("lost").hidden = false;
  $("lost-command").textContent = captions.command || "backpass studio";
}

// What a panel may ask for; what it returns may have open(), setTheta(going), and close(), after
// which it is quiet: then it is begun anew when the page is given another network.
function pageOf(pageState, started) {
  const page = {
    pageState,
    server: pageState.live ? connect(() => showLost(pageState)) : null,
    ways: [], // of trainings: each has points(), some of its θ
    loadPlotly: () => loadPlotly(pageState),
    // Step through a row that is named by a chart.
    async step(wish) {
      const place = await placeOf(page, wish);
      if (place === null) return;
      $("tab-steps").click();
      started.steps.goTo(place);
    },
    // θ as it is by now, and the λ and W of the training that made it; while one is going, or after
    setTheta(theta, { lam, W }, going) {
      const now = page.pageState;
      Object.assign(now, { theta, lam: lam ?? now.lam, W: W ?? now.W });
      for (const panel of Object.values(started)) panel.setTheta?.(going);
    },
    // Another network, which is the page's own from here on: a server does not know it.
    renew(other) {
      Object.assign(page, { pageState: other, server: null, ways: [] });
      $("about").textContent = about(other);
      for (const id in started) if (started[id].close) beginAnew(page, started, id);
    },
  };
  return page;
}

function beginAnew(page, started, id) {
  started[id].close();
  $(id).innerHTML = panels[id].markup;
  started[id] = panels[id].start(page) ?? {};
}

function startPage() {
  const pageState = JSON.parse($("page-state").textContent);
  $("about").textContent = about(pageState);
  const shown = Object.entries(panels).filter(([, panel]) => panel.shown?.(pageState) ?? true);
  const inOrder = shown.sort(([, p], [, q]) => p.place - q.place);
  inOrder.forEach(addPanel);
  const started = {};
  const page = pageOf(pageState, started);
  for (const [id, panel] of inOrder) started[id] = panel.start(page) ?? {};
  startTabs((id) => started[id].open?.(), pageState.toy || isFragment(location.hash) ? "playground" : "");
  document.documentElement.dataset.ready = "true";
}

startPage();
