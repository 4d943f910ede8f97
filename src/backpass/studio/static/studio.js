// The page: its tabs, and who is asked, the server where there is one or the page itself.

import { startDrawing } from "./draw.js";
import { startMountains } from "./mountains.js";
import { startQuiz } from "./quiz.js";
import { startSteps } from "./steps.js";
import { startTraining } from "./training.js";
import { connect } from "./server.js";

const $ = (id) => document.getElementById(id);
const scene = JSON.parse($("scene").textContent);
const server = scene.live ? connect() : null;

function loadPlotly() {
  if (window.Plotly || !scene.plotly) return Promise.resolve(window.Plotly ?? null);
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "static/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => resolve(null);
    document.head.append(script);
  });
}

const { sizes, loss, hidden } = scene.net;
$("about").textContent = `${scene.title}: ${sizes.join("-")}, ${[...new Set(hidden)].join(", ") || "no hidden layer"}, ${loss}`;
const steps = startSteps(scene, server);
const drawing = startDrawing(scene);
const mountains = startMountains(scene, loadPlotly);
startTraining(scene, server, (theta, going) => {
  scene.theta = theta;
  drawing.refresh();
  if (!going) steps.setTheta(theta);
});
startQuiz($("questions"));

const tabs = [...document.querySelectorAll("[role=tab]")];
function open(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (tab.id === "tab-mountains") mountains.open();
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
document.documentElement.dataset.ready = "true";
