// An ensemble: its members side by side, the columns that count, and one row's answer taken apart.

import { $, attributed, element, folded, replaceContent } from "../dom.js";
import { short } from "../numerals.js";
import { importanceBar, memberCard } from "../members/pictures.js";
import { apartOf } from "../members/apart.js";

const [MOST_MEMBERS, MOST_COLUMNS] = [24, 12];
const percent = (share) => `${+(100 * share).toPrecision(2)} %`;

class Members {
  constructor({ pageState, server }) {
    Object.assign(this, { pageState, ensemble: pageState.ensemble, served: Boolean(server) });
    this.name();
    this.showMembers();
    this.showImportances();
    $("apart-row").addEventListener("change", () => this.show());
    $("apart-output").addEventListener("change", () => this.show());
    this.show();
  }

  close() {}

  name() {
    const { members, counted, chosen_by, held_out, outputs, answers } = this.ensemble;
    $("members-says").textContent = `${members.length} members, of which ${counted.length} count: their shares add up to 1. They were chosen by ${chosen_by.replaceAll("_", " ")} on ${held_out} rows.`;
    $("apart-output").replaceChildren(...outputs.map((name, k) => element("option", { value: k }, name)));
    $("apart-output").parentElement.hidden = outputs.length === 1;
    Object.assign($("apart-row"), { max: answers.length - 1 });
    $("members-command").hidden = this.served;
  }

  showMembers() {
    const { members } = this.ensemble;
    const inOrder = [...members].sort((p, q) => q.share - p.share);
    const most = Math.max(...inOrder.flatMap(({ curve }) => curve.map(([, cost]) => cost)));
    const least = Math.min(...inOrder.flatMap(({ curve }) => curve.map(([, cost]) => cost)));
    const cards = inOrder.map((member) => memberCard(member, [least, most], this.addressOf(member), percent(member.share)));
    $("members-cards").replaceChildren(folded(cards, MOST_MEMBERS, "members", "cards"));
  }

  // A member is a page of its own: beside this one, or beneath the page of all.
  addressOf({ number, share }) {
    if (!this.served || !share) return null;
    return /\/member\/\d+\/$/.test(location.pathname) ? `../${number}/` : `member/${number}/`;
  }

  showImportances() {
    const { importances, importance_of, importance_rows } = this.ensemble;
    $("importances-figure").hidden = !importances.length;
    const most = Math.max(...importances.map(({ mean, spread }) => mean + spread), 1e-300);
    $("importances-title").textContent = `Columns that count: by how much the ${importance_of} rises on ${importance_rows} rows where a column's cells change places (5 times; the line is the spread)`;
    $("importances").replaceChildren(folded(importances.map((each) => importanceBar(each, most)), MOST_COLUMNS, "columns", "bars-list"));
  }

  show() {
    const { answers } = this.ensemble;
    const row = Math.min(Math.max(0, Math.trunc(+$("apart-row").value || 0)), answers.length - 1);
    $("apart-row").value = row;
    const { lines, sum, answer, output } = apartOf(this.ensemble, row, +$("apart-output").value || 0);
    this.table(lines, sum, answer);
    const { captions } = this.pageState;
    $("apart-name").textContent = `Row ${captions.rows[row]}: ${output} = ${short(answer)}`;
    $("apart-answer").dataset.value = String(answer);
    const facts = Object.entries(captions.columns).map(([name, cells]) => fact(name, cells[row]));
    $("apart-facts").replaceChildren(folded(facts, MOST_COLUMNS, "columns", "facts"));
    $("apart-answer").textContent = this.words(sum, answer);
  }

  table(lines, sum, answer) {
    const numbers = (values) => values.map((v) => element("td", {}, v));
    const row = ({ number, share, alone, part }) => element("tr", {}, attributed(element("th", {}, `member ${number}`), { scope: "row" }), ...numbers([percent(share), short(alone), short(part)]));
    const total = element("tr", { className: "total" }, attributed(element("th", {}, "sum"), { scope: "row" }), ...numbers([percent(1), "", short(sum)]));
    replaceContent($("apart").tBodies[0], ...lines.map(row), total);
    $("apart").dataset.sum = String(sum);
    $("apart").dataset.answer = String(answer);
  }

  words(sum, answer) {
    const { keep, even, held_out } = this.ensemble;
    if (!even) return `The sum is the answer: ${answer}`;
    return `${held_out} rows cannot vouch for more: p := ${short(keep)} · p + ${short(even)} makes ${short(sum)} the answer ${answer}`;
  }
}

const fact = (name, value) => element("div", { className: "fact" }, element("span", { className: "quiet" }, name), element("span", {}, value || "—"));

// The page was given another network, of points in a plane.
function ofNoEnsemble() {
  $("members").replaceChildren(element("p", { className: "says" }, "The network on the page is of no ensemble now; load the page again for its members."));
  return { close() {} };
}

export const panel = {
  title: "Members",
  place: 1.5,
  shown: ({ ensemble }) => Boolean(ensemble),
  markup: `
  <p id="members-says" class="says"></p>
  <p id="members-command" class="says">To step through one of them, start <code>backpass studio MODEL DATA --member NUMBER</code></p>
  <section class="row" aria-labelledby="apart-name">
    <h2 id="apart-name" aria-live="polite">One row's answer</h2>
    <div class="controls"><label>row of the page <input id="apart-row" type="number" min="0" value="0"></label>
      <label>answer <select id="apart-output"></select></label></div>
    <div id="apart-facts"></div>
    <div class="scroll apart" tabindex="0" role="group" aria-label="The answer taken apart">
      <table id="apart"><caption>each member's answer, times its share</caption><thead><tr><th scope="col">member</th><th scope="col">share</th><th scope="col">answers</th><th scope="col">share × answer</th></tr></thead><tbody></tbody></table>
    </div>
    <p id="apart-answer" class="formula"></p>
  </section>
  <figure id="importances-figure"><figcaption id="importances-title"></figcaption><div id="importances"></div></figure>
  <h2>The members, by their share: cost on rows that chose, by epoch; the dot is the epoch that was kept</h2>
  <div id="members-cards"></div>
`,
  style: `
#members { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
#members > :is(p, h2) { margin: 0; overflow-wrap: anywhere; }
#apart-facts { margin-top: .5rem; }
.apart { max-height: 26rem; }
#apart { min-width: min(100%, 26rem); }
#apart th[scope="row"] { text-align: left; color: var(--ink); }
#apart th[scope="col"]:first-child { text-align: left; }
#apart .total > * { border-top: 2px solid var(--line); font-weight: 700; color: var(--ink); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .75rem; }
.cards figure.aside { opacity: 1; border-style: dashed; }
.cards figcaption { color: var(--ink); overflow-wrap: anywhere; }
.cards figcaption strong { font-size: 1rem; }
.cards svg { height: auto; }
.cards a { display: inline-flex; align-items: center; min-height: 44px; color: var(--accent); }
.bars-list { display: grid; grid-template-columns: minmax(0, 1fr); gap: .25rem; }
.importance { display: grid; grid-template-columns: minmax(0, 9rem) minmax(0, 1fr) 6rem; gap: .5rem; align-items: center; font-size: .9rem; font-variant-numeric: tabular-nums; }
.importance span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.importance span:last-child { text-align: right; }
.importance svg { width: 100%; height: 1rem; display: block; }
.spread { stroke: var(--ink); stroke-width: 1.5; }
@media (max-width: 48rem) { .importance { grid-template-columns: minmax(0, 1fr) 5rem; } .importance svg { grid-column: 1 / -1; grid-row: 2; } }
`,
  start: (page) => (page.pageState.ensemble ? new Members(page) : ofNoEnsemble()),
};
