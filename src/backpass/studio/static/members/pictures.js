// Small pictures of an ensemble: a member's curve, and a bar for a column that counts.

import { attributed, element, svg } from "../dom.js";
import { short } from "../numerals.js";

const [WIDTH, HEIGHT, LEFT, TOP, FOOT] = [240, 110, 44, 10, 22];
const text = (x, y, words, anchor) => svg("text", { class: "tick", x, y, "text-anchor": anchor }, words);

// All members have one scale of cost, so that they can be compared.
export function memberCard(member, span, address, share) {
  const { number, network, profile, epochs } = member;
  const words = [`${profile}, ${network}`, `${epochs} epoch${epochs === 1 ? "" : "s"}, cost ${short(member.cost)}`].map((line) => element("div", { className: "quiet" }, line));
  const caption = element("figcaption", {}, element("strong", {}, `member ${number}: ${member.share ? share : "no share"}`), ...words);
  const step = address ? [element("a", { href: address }, `step into member ${number}`)] : [];
  const figure = element("figure", {}, caption, curveOf(member, span), ...step);
  figure.classList.toggle("aside", !member.share);
  return figure;
}

function curveOf({ number, curve, cost }, [least, most]) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Member ${number}: cost by epoch, ${short(cost)} at the end` });
  if (!curve.length) return picture;
  const last = Math.max(2, curve[curve.length - 1][0]);
  const foot = HEIGHT - FOOT;
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (WIDTH - LEFT - 8);
  const y = (v) => foot - ((v - least) / (most - least || 1)) * (foot - TOP);
  const best = curve.reduce((p, q) => (q[1] < p[1] ? q : p));
  picture.append(
    svg("path", { class: "axis", fill: "none", d: `M${LEFT},${TOP}V${foot}H${WIDTH - 4}` }),
    svg("path", { class: "curve first", d: curve.map(([epoch, v], k) => `${k ? "L" : "M"}${x(epoch).toFixed(1)},${y(v).toFixed(1)}`).join("") }),
    svg("circle", { class: "dot", r: 3.5, cx: x(best[0]), cy: y(best[1]) }),
    text(LEFT - 4, TOP + 6, short(+most.toPrecision(3)), "end"),
    text(LEFT - 4, foot, short(+least.toPrecision(3)), "end"),
    text(LEFT, HEIGHT - 8, "1", "start"),
    text(WIDTH - 6, HEIGHT - 8, String(curve[curve.length - 1][0]), "end"),
    text((LEFT + WIDTH) / 2, HEIGHT - 8, "epoch", "middle"),
  );
  return picture;
}

export function importanceBar({ column, mean, spread }, most) {
  const width = (v) => (100 * Math.max(0, v)) / most;
  const picture = attributed(svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none" }), { "aria-hidden": "true" });
  picture.append(svg("rect", { class: "bar", x: 0, y: 1, width: width(mean), height: 8 }), svg("line", { class: "spread", x1: width(mean - spread), x2: width(mean + spread), y1: 5, y2: 5 }));
  const name = element("span", { title: column }, column);
  return element("div", { className: "importance" }, name, picture, element("span", {}, short(+mean.toPrecision(3))));
}
