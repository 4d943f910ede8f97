// The notes' exercise and a few more, answered in the page.

import { element } from "../dom.js";

const QUESTIONS = [
  {
    ask: "Two examples (x₁, y₁) and (x₂, y₂); FP is forward propagation, BP is back propagation. Which sequence computes the gradient?",
    choices: [
      "FP with x₁, FP with x₂, then BP with y₁, BP with y₂",
      "FP with x₁, BP with y₂, then FP with x₂, BP with y₁",
      "BP with y₁, FP with x₁, then BP with y₂, FP with x₂",
      "FP with x₁, BP with y₁, then FP with x₂, BP with y₂",
    ],
    right: 3,
    why: "δ of an example needs that example's own a and z, so its backward pass follows its own forward pass.",
  },
  {
    ask: "A 400-25-10 network: what is the shape of Θ⁽¹⁾?",
    choices: ["400 × 25", "25 × 400", "25 × 401", "401 × 10"],
    right: 2,
    why: "One row for each of the 25 units that it leads to, one column for each of the 400 inputs and one for the bias.",
  },
  {
    ask: "How long is θ, all parameters of 400-25-10 unrolled?",
    choices: ["10,000", "10,250", "10,260", "10,285"],
    right: 3,
    why: "25 · 401 + 10 · 26 = 10,285.",
  },
  {
    ask: "δ⁽²⁾ = (Θ⁽²⁾)ᵀ δ⁽³⁾ ⊙ g′(z⁽²⁾): why do the shapes not fit as written?",
    choices: [
      "δ⁽³⁾ has a bias unit",
      "Θ⁽²⁾ has a bias column, and z⁽²⁾ has no bias unit",
      "g′ changes the shape",
      "They fit",
    ],
    right: 1,
    why: "Θᵀδ has s₂ + 1 entries and z has s₂: drop Θ's bias column (or δ₀).",
  },
  {
    ask: "All weights start with the same value. What happens to the hidden units of a layer?",
    choices: [
      "They learn faster",
      "They stay equal to one another for ever",
      "They become zero",
      "They diverge after the first step",
    ],
    right: 1,
    why: "Equal units get equal a and equal δ, so equal updates: nothing ever tells them apart. Hence the random start.",
  },
  {
    ask: "Which term of D has no λ in it?",
    choices: ["The output layer's", "The first row of each Θ", "The bias column of each Θ", "None"],
    right: 2,
    why: "Biases (column 0) are left out of the weight decay.",
  },
  {
    ask: "What does backpropagation itself do?",
    choices: ["It minimises J", "It computes the derivatives of J", "It chooses α", "It draws the first Θ"],
    right: 1,
    why: "It differentiates. The optimiser (gradient descent, or a better one) minimises.",
  },
];

function startQuiz(form) {
  QUESTIONS.forEach((question, number) => form.append(card(question, number)));
  form.addEventListener("submit", (event) => event.preventDefault());
}

function card({ ask, choices, right, why }, number) {
  const verdict = element("p", { ariaLive: "polite" });
  const set = element("fieldset", {}, element("legend", {}, `${number + 1}. ${ask}`));
  choices.forEach((choice, k) => {
    const input = element("input", { type: "radio", name: `question-${number}`, value: String(k) });
    input.addEventListener("change", () => {
      verdict.className = k === right ? "right" : "wrong";
      verdict.textContent = k === right ? `Right. ${why}` : "Not that one; try again.";
    });
    set.append(element("label", {}, input, " " + choice));
  });
  set.append(verdict);
  return set;
}

export const panel = {
  title: "Quiz",
  place: 5,
  markup: `
  <form id="questions"></form>
`,
  style: `
fieldset { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); margin: 0 0 1rem; }
legend { float: left; width: 100%; padding: .2rem 0; font-weight: 600; }
legend + * { clear: both; }
fieldset label { display: flex; padding: .2rem 0; flex-wrap: nowrap; }
fieldset { min-width: 0; overflow-wrap: anywhere; }
.right { color: var(--good); }
.wrong { color: var(--bad); }
`,
  start: () => startQuiz(document.getElementById("questions")),
};
