// The notes' exercise, and questions about the network on the page: with hints, and a score.

import { $, element } from "../dom.js";
import { questionsOf } from "../quiz/questions.js";

const HINTED = 0.5; // of a point, for a right answer after a hint or at a later try

function startQuiz(page) {
  const form = $("questions");
  const quiz = { points: [], seed: 1 };
  const ask = () => {
    const questions = questionsOf(page.pageState, quiz.seed);
    quiz.points = questions.map(() => null);
    form.replaceChildren(...questions.map((question, number) => card(question, number, quiz)));
    showScore(quiz);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  $("quiz-again").addEventListener("click", () => {
    quiz.seed += 1;
    ask();
    form.querySelector("input").focus();
  });
  ask();
  return { close() {} }; // another network of the page has other questions
}

function showScore({ points }) {
  const answered = points.filter((each) => each !== null);
  const total = answered.reduce((sum, each) => sum + each, 0);
  const words = answered.length === points.length ? "All answered. " : "";
  $("score").textContent = `${words}Score: ${total} of ${points.length} points, ${answered.length} answered`;
}

function card({ ask, choices, right, hint, why }, number, quiz) {
  const verdict = element("p", { ariaLive: "polite" });
  const set = element("fieldset", {}, element("legend", {}, `${number + 1}. ${ask}`));
  let full = true; // until a hint, or a wrong answer
  choices.forEach((choice, k) => {
    const input = element("input", { type: "radio", name: `question-${number}`, value: String(k) });
    input.addEventListener("change", () => {
      verdict.className = k === right ? "right" : "wrong";
      verdict.textContent = k === right ? `Right. ${why}` : "Not that one; try again.";
      if (k === right) quiz.points[number] ??= full ? 1 : HINTED;
      else full = false;
      showScore(quiz);
    });
    set.append(element("label", {}, input, " " + choice));
  });
  const button = element("button", { type: "button", className: "hint" }, "hint");
  button.addEventListener("click", () => {
    full = false;
    button.replaceWith(element("p", { className: "quiet", tabIndex: -1 }, hint));
    set.querySelector("p.quiet").focus();
  });
  set.append(button, verdict);
  return set;
}

export const panel = {
  title: "Quiz",
  place: 5,
  markup: `
  <p>Most of these are about the network on this page, with its numbers. A right answer is a point; after a hint, or at
  a later try, half a point.</p>
  <p class="row"><output id="score" aria-live="polite"></output>
  <button type="button" id="quiz-again">other numbers</button></p>
  <form id="questions"></form>
`,
  style: `
fieldset { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); margin: 0 0 1rem; }
legend { float: left; width: 100%; padding: .2rem 0; font-weight: 600; }
legend + * { clear: both; }
fieldset label { display: flex; padding: .2rem 0; flex-wrap: nowrap; }
fieldset { min-width: 0; overflow-wrap: anywhere; }
#score { font-weight: 600; margin-right: 1rem; }
.right { color: var(--good); }
.wrong { color: var(--bad); }
`,
  start: startQuiz,
};
