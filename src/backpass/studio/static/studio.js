// The page: its panels and tabs, and who is asked, the server where there is one or the page itself.

import { panels } from "./panels.js";
import { connect } from "./server.js";

const $ = (id) => document.getElementById(id);
const pageState = JSON.parse($("page-state").textContent);

function loadPlotly() {
  if (window.Plotly || !pageState.plotly) return Promise.resolve(window.Plotly ?? null);
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
  return child;
}

function addPanel(id, { title, markup, style }) {
  append(document.head, "style", {}, style);
  append($("tabs"), "button", { role: "tab", id: `tab-${id}`, "aria-controls": id }, title);
  append($("main"), "section", { role: "tabpanel", id, "aria-labelledby": `tab-${id}` }, markup);
}

const { sizes, loss, hidden } = pageState.net;
$("about").textContent = `${pageState.title}: ${sizes.join("-")}, ${[...new Set(hidden)].join(", ") || "no hidden layer"}, ${loss}`;
const inOrder = Object.entries(panels).sort(([, p], [, q]) => p.place - q.place);
for (const [id, panel] of inOrder) addPanel(id, panel);

// What a panel may ask for; what it returns may have open() and setTheta(theta, going).
const page = {
  pageState,
  server: pageState.live ? connect() : null,
  loadPlotly,
  setTheta(theta, going) {
    pageState.theta = theta;
    for (const id in started) started[id].setTheta?.(theta, going);
  },
};
const started = Object.fromEntries(inOrder.map(([id, panel]) => [id, panel.start(page) ?? {}]));

const tabs = [...document.querySelectorAll("[role=tab]")];
function choose(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}
function open(tab) {
  choose(tab);
  started[tab.getAttribute("aria-controls")].open?.();
}
tabs.forEach((tab, k) => {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = tabs[(k + move + tabs.length) % tabs.length];
    next.focus();
    open(next);
  });
});
choose(tabs[0]);
document.documentElement.dataset.ready = "true";
