"""How each number of a pass follows from others: its formula, its summands, and its parts.

A rule of backpropagation stands here once, for one entry of its array: those of the course notes,
section "Gradient computation: Backpropagation algorithm".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...activations import Formula
from ...losses import OUTPUT_FORMULAS
from .lookup import TraceNumbers
from .number import Number, Term, as_factor, product, superscript
from .render import text_in_latex

MOST_SQUARES = 100_000  # weights whose squares are written one by one


class Derivation(NamedTuple):
    """A formula, the terms that add up to a number, and the numbers that they are made of."""

    formula: Formula
    terms: Sequence[Term]
    parts: Sequence[Number]


Rule = Callable[[TraceNumbers, Number], Derivation]


def derive(numbers: TraceNumbers, number: Number) -> Derivation:
    """Derive a number by its symbol's rule, or say that it was given."""
    return _RULES.get(number.symbol, _given)(numbers, number)


def _given(numbers: TraceNumbers, number: Number) -> Derivation:
    text, names = _GIVEN[number.symbol], numbers.trace.names
    if number.symbol == "X" and names is not None:
        text += f", {names[number.index[1]]}"
    term = Term(as_factor(number.value), number.value)
    return Derivation(Formula(text, rf"\text{{{text}}}"), [term], [])


def _z(numbers: TraceNumbers, number: Number) -> Derivation:
    """z^(l+1) = Θ^(l) [1, a^(l)]."""
    l, (i, k) = _layer(number) - 1, number.index
    bias = numbers.number("Theta", l, k, 0)
    terms, parts = [Term(f"{as_factor(bias.value)}·1", bias.value)], [bias]
    units = numbers.units(l, i)
    for j in units:
        weight, a = numbers.number("Theta", l, k, j + 1), numbers.number("a", l, i, j)
        terms.append(product(weight, a))
        parts += [weight, a]
    sup = superscript(l)
    text = f"Σⱼ Θ{sup}[{k}, j] a{sup}[{i}, j], with a bias unit of 1"
    latex = rf"\sum_j \Theta^{{({l})}}_{{{k},j}}\, a^{{({l})}}_{{{i},j}},\quad a_0 = 1"
    formula = _without(Formula(text, latex), numbers.net.sizes[l - 1] - len(units))
    return Derivation(formula, terms, parts)


def _a(numbers: TraceNumbers, number: Number) -> Derivation:
    """a^(l) = g(z^(l)); a^(1) is X, and a^(L) the loss's output activation of z^(L)."""
    l, (i, k) = _layer(number), number.index
    if l == 1:
        return _input(numbers, i, k)
    if l == numbers.net.L:
        return _output(numbers, i, k)
    z, g = numbers.number("z", l, i, k), numbers.net.activation(l)
    value = float(g.g(np.asarray(z.value)))
    formula = g.formula or Formula(f"{g.name}(@)", rf"\text{{{text_in_latex(g.name)}}}(@)")
    return Derivation(formula.at(z), [Term(f"{g.name}({z.value:.6g})", value)], [z])


def _input(numbers: TraceNumbers, i: int, k: int) -> Derivation:
    """a^(1), with the name of its column where there is one."""
    x, names = numbers.number("X", None, i, k), numbers.trace.names
    formula = Formula(x.text, x.latex)
    if names is not None:
        column = rf"{x.latex}\quad\text{{{text_in_latex(names[k])}}}"
        formula = Formula(f"{x.text}, {names[k]}", column)
    return Derivation(formula, [Term(as_factor(x.value), x.value)], [x])


def _output(numbers: TraceNumbers, i: int, k: int) -> Derivation:
    """a^(L): softmax needs all units of the row, the others their own."""
    net = numbers.net
    z_row, _ = numbers.outputs_of(i)
    value = float(net.loss.h(z_row)[0, k])
    whole = net.loss.output == "softmax"
    zs = [numbers.number("z", net.L, i, j) for j in (range(net.sizes[-1]) if whole else [k])]
    inside = ", ".join(f"{z.value:.6g}" for z in zs)
    text = f"{net.loss.output}({inside})" + (f"[{k}]" if whole else "")
    formula = OUTPUT_FORMULAS.get(net.loss.output, OUTPUT_FORMULAS["identity"])
    own = numbers.number("z", net.L, i, k)
    return Derivation(formula.at(own), [Term(text, value)], zs)


def _delta(numbers: TraceNumbers, number: Number) -> Derivation:
    """δ^(l) = Θ^(l)ᵀ δ^(l+1) ⊙ g′(z^(l)), the bias column dropped."""
    l, (i, k) = _layer(number), number.index
    if l == numbers.net.L:
        return _last_delta(numbers, i, k)
    slope = numbers.slope(l, i, k)
    terms, parts = list[Term](), [slope]
    for r in range(numbers.net.sizes[l]):
        weight = numbers.number("Theta", l, r, k + 1)
        above = numbers.number("delta", l + 1, i, r)
        terms.append(product(weight, above, slope))
        parts += [weight, above]
    this, up = superscript(l), superscript(l + 1)
    text = f"Σᵣ Θ{this}[r, {k + 1}] δ{up}[{i}, r] · g′(z{this}[{i}, {k}])"
    latex = (
        rf"\sum_r \Theta^{{({l})}}_{{r,{k + 1}}}\, \delta^{{({l + 1})}}_{{{i},r}}"
        rf"\; g'(z^{{({l})}}_{{{i},{k}}})"
    )
    return Derivation(Formula(text, latex), terms, parts)


def _last_delta(numbers: TraceNumbers, i: int, k: int) -> Derivation:
    """δ^(L), which is a − y where the output activation is the loss's canonical one."""
    net = numbers.net
    a, y = numbers.number("a", net.L, i, k), numbers.number("Y", None, i, k)
    if net.loss.canonical:
        terms = [Term(as_factor(a.value), a.value), Term(as_factor(-y.value), -y.value)]
        formula = Formula(f"{a.text} − {y.text}", f"{a.latex} - {y.latex}")
        return Derivation(formula, terms, [a, y])
    value = float(net.loss.delta(*numbers.outputs_of(i))[0, k])
    text = f"∂{net.loss.name}/∂z at a = {a.value:.6g}, y = {y.value:.6g}"
    formula = Formula(f"∂cost/∂z of {net.loss.name}", r"\partial\,\mathrm{cost}/\partial z")
    return Derivation(formula, [Term(text, value)], [a, y])


def _slope(numbers: TraceNumbers, number: Number) -> Derivation:
    l, (i, k) = _layer(number), number.index
    z, g = numbers.number("z", l, i, k), numbers.net.activation(l)
    formula = g.slope or Formula(f"{g.name}′(@)", rf"\text{{{text_in_latex(g.name)}}}'(@)")
    return Derivation(formula.at(z), [Term(f"{g.name}′({z.value:.6g})", number.value)], [z])


def _Delta(numbers: TraceNumbers, number: Number) -> Derivation:
    """Δ^(l) = Σ w δ^(l+1) [1, a^(l)]ᵀ over the examples."""
    l, (i, j) = _layer(number), number.index
    terms, parts = list[Term](), list[Number]()
    examples = numbers.examples() if j == 0 else numbers.examples_of(l, j - 1)
    for e in examples:
        w, d = numbers.number("w", None, e), numbers.number("delta", l + 1, e, i)
        factors = [] if w.value == 1 else [w]
        factors += [d] if j == 0 else [d, numbers.number("a", l, e, j - 1)]
        terms.append(product(*factors))
        parts += factors
    a = "1" if j == 0 else f"a{superscript(l)}[e, {j - 1}]"
    text = f"Σₑ wₑ δ{superscript(l + 1)}[e, {i}] · {a}"
    right = "" if j == 0 else rf"\, a^{{({l})}}_{{e,{j - 1}}}"
    latex = rf"\sum_e w_e\, \delta^{{({l + 1})}}_{{e,{i}}}{right}"
    left_out = len(numbers.examples()) - len(examples)
    formula = _without(Formula(text, latex), left_out)
    return Derivation(formula, terms, parts)


def _D(numbers: TraceNumbers, number: Number) -> Derivation:
    """D^(l) = (1/W) Δ^(l) + (λ/W) Θ^(l), the second without the bias column."""
    l, (i, j) = _layer(number), number.index
    Delta = numbers.number("Delta", l, i, j)
    W, lam = numbers.number("W", None), numbers.number("lam", None)
    data = Term(f"{as_factor(Delta.value)}/{W.value:.6g}", Delta.value / W.value)
    formula = Formula(f"{Delta.text}/W", rf"\tfrac1W {Delta.latex}")
    if j == 0:
        return Derivation(formula, [data], [Delta, W])
    Theta = numbers.number("Theta", l, i, j)
    text = f"{lam.value:.6g}·{as_factor(Theta.value)}/{W.value:.6g}"
    decay = Term(text, lam.value * Theta.value / W.value)
    latex = rf"{formula.latex} + \tfrac{{\lambda}}{{W}} {Theta.latex}"
    formula = Formula(f"{formula.text} + (λ/W) {Theta.text}", latex)
    return Derivation(formula, [data, decay], [Delta, W, lam, Theta])


def _J(numbers: TraceNumbers, number: Number) -> Derivation:
    """J = (1/W) Σ w cost(e) + (λ/W) ½ΣΘ²."""
    W, lam = numbers.number("W", None), numbers.number("lam", None)
    terms, parts = list[Term](), list[Number]()
    for e in numbers.examples():
        cost, w = numbers.number("cost", None, e), numbers.number("w", None, e)
        weight = "" if w.value == 1 else f"{as_factor(w.value)}·"
        text = f"{weight}{as_factor(cost.value)}/{W.value:.6g}"
        terms.append(Term(text, w.value * cost.value / W.value))
        parts += [cost] if w.value == 1 else [w, cost]
    penalty = numbers.penalty()
    decay = lam.value * penalty.value / W.value
    terms.append(Term(f"{lam.value:.6g}·{as_factor(penalty.value)}/{W.value:.6g}", decay))
    latex = (
        r"\frac1W \sum_e w_e\,\mathrm{cost}(e) + "
        r"\frac{\lambda}{W} \cdot \tfrac12 \sum \Theta^2"
    )
    formula = Formula("(1/W) Σₑ wₑ cost(e) + (λ/W) · ½ΣΘ²", latex)
    return Derivation(formula, terms, [*parts, W, lam, penalty])


def _penalty(numbers: TraceNumbers, number: Number) -> Derivation:
    formula = Formula("½ ΣΘ², biases left out", r"\tfrac12 \sum \Theta^2")
    if numbers.net.n_parameters > MOST_SQUARES:
        return _penalty_by_unit(numbers, formula)
    weights = [
        numbers.number("Theta", l, i, j)
        for l, Theta in numbers.Thetas.items()
        for i in range(Theta.shape[0])
        for j in range(1, Theta.shape[1])
    ]
    terms = [Term(f"{as_factor(w.value)}²/2", w.value**2 / 2) for w in weights]
    return Derivation(formula, terms, weights)


def _penalty_by_unit(numbers: TraceNumbers, formula: Formula) -> Derivation:
    """A term for each unit, where one for each weight would take hundreds of times θ's memory."""
    terms = [
        Term(f"½Σⱼ Θ{superscript(l)}[{i}, j]²", float(row @ row) / 2)
        for l, Theta in numbers.Thetas.items()
        for i, row in enumerate(Theta[:, 1:])
    ]
    return Derivation(formula, terms, [])


def _cost(numbers: TraceNumbers, number: Number) -> Derivation:
    """cost(e) by the loss, which is computed from z^(L)."""
    (e,), net = number.index, numbers.net
    value = float(net.loss.value(*numbers.outputs_of(e))[0])
    zs = [numbers.number("z", net.L, e, k) for k in range(net.sizes[-1])]
    ys = [numbers.number("Y", None, e, k) for k in range(net.sizes[-1])]
    z_text, y_text = (", ".join(f"{v.value:.6g}" for v in part) for part in (zs, ys))
    name = net.loss.name
    term = Term(f"{name}(z = [{z_text}], y = [{y_text}])", value)
    formula = net.loss.formula or Formula(f"{name}(z, y)", rf"\text{{{text_in_latex(name)}}}(z, y)")
    return Derivation(formula, [term], [*zs, *ys])


def _without(formula: Formula, zeros: int) -> Formula:
    """A sum over what sparse inputs name, which says how many terms it does not write."""
    if not zeros:
        return formula
    said = f"; terms of inputs that are 0, left out: {zeros}"
    return Formula(formula.text + said, rf"{formula.latex}\text{{{said}}}")


def _layer(number: Number) -> int:
    assert number.layer is not None
    return number.layer


_GIVEN = {
    "X": "an input",
    "Y": "a target",
    "Theta": "a parameter",
    "w": "a sample weight",
    "lam": "the weight decay",
    "W": "the sum of the sample weights",
}
_RULES: dict[str, Rule] = {
    "z": _z,
    "a": _a,
    "delta": _delta,
    "slope": _slope,
    "Delta": _Delta,
    "D": _D,
    "J": _J,
    "penalty": _penalty,
    "cost": _cost,
}
