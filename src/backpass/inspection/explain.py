"""Where a number comes from: the formula, the formula with its numbers, and each number again.

Any number of a trace can be asked. The answer is a sum of terms that recomputes it, and names the
numbers that it was made of, which can be asked in turn, down to the inputs, targets and weights.
Indices are those of the trace's arrays: ``delta[2][0, 3]`` is example 0, unit 3 of layer 2. Where
the rows come from a table, an example has its number there: ``Trace.first`` is the first one's.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..activations import Formula
from ..errors import InvalidInput
from ..losses import OUTPUT_FORMULAS
from .trace import Trace

SHOWN_TERMS = 12
TEXT = {"Theta": "Θ", "delta": "δ", "Delta": "Δ", "lam": "λ", "slope": "g′(z)"}
LATEX = {
    "Theta": r"\Theta",
    "delta": r"\delta",
    "Delta": r"\Delta",
    "lam": r"\lambda",
    "slope": "g'(z)",
    "cost": r"\mathrm{cost}",
    "penalty": r"\tfrac12\sum\Theta^2",
}
BY_EXAMPLE = {"X", "Y", "w", "a", "z", "delta", "cost"}  # arrays with a row for each example
OF_TARGETS = {"J", "Y", "cost", "delta", "Delta", "D"}  # what a trace without targets lacks
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Number:
    """One number of a trace, by the name of its array, its layer and its place.

    Attributes
    ----------
    symbol : str
        ``z``, ``a``, ``delta``, ``Delta``, ``D``, ``J``, ``Theta``, ``X``, ``Y``, ``w``, ``W``,
        ``lam``, ``cost``, ``slope`` (g′ at z) or ``penalty`` (½ ΣΘ²).
    layer : int or None
        The notes' number of the layer, where the symbol has one.
    index : tuple of int
        Place in the array, from 0; an example by its number in the table.
    value : float
        The number.
    """

    symbol: str
    layer: int | None
    index: tuple[int, ...]
    value: float

    @property
    def text(self) -> str:
        """The name in plain text, such as ``δ⁽²⁾[0, 3]``."""
        head = "½ΣΘ²" if self.symbol == "penalty" else TEXT.get(self.symbol, self.symbol)
        if self.layer is not None:
            head += f"⁽{self.layer}⁾".translate(_SUPERSCRIPT)
        return head + (f"[{', '.join(map(str, self.index))}]" if self.index else "")

    @property
    def latex(self) -> str:
        """The name in LaTeX, such as ``\\delta^{(2)}_{0,3}``."""
        head = LATEX.get(self.symbol, self.symbol)
        if self.layer is not None:
            head += f"^{{({self.layer})}}"
        return head + (f"_{{{','.join(map(str, self.index))}}}" if self.index else "")


@dataclass(frozen=True)
class Term:
    """One summand: how it is written with its numbers, and its value."""

    text: str
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Where one number comes from.

    Attributes
    ----------
    number : Number
        What was asked.
    formula : Formula
        The formula in symbols: ``.text`` and ``.latex``.
    terms : tuple of Term
        Summands that recompute the number.
    parts : tuple of Number
        What the formula needed; each can be asked again, with ``ask``.
    """

    number: Number
    formula: Formula
    terms: tuple[Term, ...]
    parts: tuple[Number, ...]
    answer: Callable[[Number], Explanation]

    @property
    def value(self) -> float:
        """The number, as the trace has it."""
        return self.number.value

    @property
    def recomputed(self) -> float:
        """The sum of the terms."""
        return math.fsum(term.value for term in self.terms)

    @property
    def is_leaf(self) -> bool:
        """Whether the number was given and not computed: an input, a target, a weight, λ."""
        return not self.parts

    def ask(self, part: Number | int) -> Explanation:
        """Explain one of the parts, by itself or by its place among them.

        Parameters
        ----------
        part : Number or int
            One of ``parts``, or its index.

        Returns
        -------
        Explanation
            Where that number comes from.

        Examples
        --------
        >>> import backpass as bp
        >>> t = bp.trace(bp.Network((1, 1), hidden=()), [0.0, 1.0], [[2.0]], [[1.0]])
        >>> bp.explain(t, "a", layer=2, unit=0).ask(0).number.text
        'z⁽²⁾[0, 0]'
        """
        return self.answer(self.parts[part] if isinstance(part, int) else part)

    def walk(self, depth: int = 1) -> Iterator[tuple[int, Explanation]]:
        """Yield this explanation and those of its parts, down to a depth.

        Parameters
        ----------
        depth : int
            How many levels below this one.

        Yields
        ------
        tuple of (int, Explanation)
            The level, from 0, and the explanation.
        """
        yield 0, self
        if depth > 0:
            for part in self.parts:
                yield from ((level + 1, e) for level, e in self.ask(part).walk(depth - 1))

    def numbers(self, most: int = SHOWN_TERMS) -> str:
        """Write the formula with its numbers put in; long sums are cut in the middle.

        Parameters
        ----------
        most : int
            Terms to write at most.

        Returns
        -------
        str
            For example ``0.5·2 + (−1)·0.25``.
        """
        texts = [term.text for term in self.terms]
        if len(texts) <= most:
            return " + ".join(texts)
        left = len(texts) - most
        head, tail = texts[: most - most // 3], texts[-(most // 3) :]
        return " + ".join([*head, f"… ({left} more terms) …", *tail])

    def __str__(self) -> str:
        if self.is_leaf:
            return f"{self.number.text} = {self.value:.10g}   ({self.formula.text})"
        margin = " " * (len(self.number.text) + 1)
        return f"{self.number.text} " + f"\n{margin}".join(_equalities(self))

    def __repr__(self) -> str:
        return str(self)

    @property
    def latex(self) -> str:
        """The formula, with its numbers below it, as LaTeX's ``aligned``."""
        rows = [rf"{self.number.latex} &= {self.formula.latex}"]
        if not self.is_leaf:
            rows.append(f"&= {_numbers_in_latex(self.numbers())}")
        rows.append(rf"&= {self.value:.10g}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def __rich__(self) -> Any:
        from rich.panel import Panel
        from rich.text import Text

        parts = "   ".join(f"{p.text} = {p.value:.6g}" for p in self.parts[:SHOWN_TERMS])
        more = f"   … and {len(self.parts) - SHOWN_TERMS} more"
        footer = parts + (more if len(self.parts) > SHOWN_TERMS else "")
        body = Text(str(self))
        if footer:
            body.append("\n\nmade of: " + footer, style="dim")
        return Panel(body, title=self.number.text, expand=False)

    def _repr_html_(self) -> str:
        return _as_html(self, depth=2)


def explain(
    trace: Trace,
    symbol: str,
    *,
    layer: int | None = None,
    unit: int | None = None,
    column: int | None = None,
    example: int | None = None,
) -> Explanation:
    """Explain where a number of a trace comes from.

    Parameters
    ----------
    trace : Trace
        What ``backpass.trace`` returned.
    symbol : {"z", "a", "delta", "Delta", "D", "J", "Theta", "cost"}
        Which kind of number.
    layer : int
        The notes' number of the layer; J and cost have none.
    unit : int
        Unit of the layer, from 0, as in ``trace.delta[layer][example, unit]``; for Δ, D and Θ the
        row of the matrix.
    column : int
        Column of Δ, D or Θ; 0 is the bias.
    example : int, optional
        Row, counted from ``trace.first``, where the number belongs to one example; the first where
        not given.

    Returns
    -------
    Explanation
        Prints as the formula, the formula with its numbers, and the value; ``.ask`` goes on.

    Raises
    ------
    InvalidInput
        If there is no such number, negative and fractional ones included; the message says what
        there is.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 1), hidden=(), loss="squared_error")
    >>> t = bp.trace(net, [0.5, 1.0, -1.0], [[3.0, 1.0]], [[2.0]])
    >>> bp.explain(t, "z", layer=2, unit=0)
    z⁽²⁾[0, 0] = Σⱼ Θ⁽¹⁾[0, j] a⁽¹⁾[0, j], with a bias unit of 1
               = 0.5·1 + 1·3 + (-1)·1
               = 2.5
    """
    example = trace.first if example is None else example
    indices = {
        "z": (example, unit), "a": (example, unit), "delta": (example, unit),
        "Delta": (unit, column), "D": (unit, column), "Theta": (unit, column),
        "J": (), "cost": (example,),
    }  # fmt: skip
    if symbol not in indices:
        raise InvalidInput(f"There is no {symbol!r} to explain; there are {', '.join(indices)}.")
    index = indices[symbol]
    if None in index:
        needed = "unit= and column=" if symbol in ("Delta", "D", "Theta") else "unit="
        raise InvalidInput(f"Which {symbol}? It needs layer= and {needed}.")
    return _Answers(trace).of(symbol, layer if index != () and symbol != "cost" else None, index)


def _equalities(explanation: Explanation) -> list[str]:
    """The formula, the formula with its numbers, and the value."""
    formula, numbers = explanation.formula.text, explanation.numbers()
    return [f"= {formula}", f"= {numbers}", f"= {explanation.value:.10g}"]


class _Answers:
    """The formulas of one trace: a method for each symbol."""

    def __init__(self, trace: Trace) -> None:
        self.t = trace
        self.Thetas = trace.Thetas
        self.W = trace.W
        self._arrays: dict[tuple[str, int | None], np.ndarray] = {}  # each is computed once

    def of(self, symbol: str, layer: int | None, index: Any) -> Explanation:
        """Explain the number of that name and place."""
        return self.explain(self.number(symbol, layer, *index))

    def explain(self, number: Number) -> Explanation:
        """Explain a number, or say that it was given."""
        method = getattr(self, f"_{number.symbol}", self._given)
        formula, terms, parts = method(number)
        return Explanation(number, formula, tuple(terms), tuple(parts), self.explain)

    def number(self, symbol: str, layer: int | None, *index: int) -> Number:
        """Look a number up, or say what there is."""
        array = self._array(symbol, layer)
        start = [self.t.first if symbol in BY_EXAMPLE and axis == 0 else 0 for axis in range(2)]
        fits = len(index) == array.ndim and all(
            _is_whole(k) and first <= k < first + n
            for k, n, first in zip(index, array.shape, start)
        )
        if not fits:
            name = f"{symbol}{'' if layer is None else layer}"
            asked = ", ".join(map(str, index))
            counted = f"examples are counted from {start[0]}" if start[0] else "counted from 0"
            raise InvalidInput(
                f"There is no {name}[{asked}]: its shape is {array.shape}, {counted}."
            )
        place = tuple(int(k) - first for k, first in zip(index, start))
        return Number(symbol, layer, tuple(map(int, index)), float(array[place]))

    def _array(self, symbol: str, layer: int | None) -> np.ndarray:
        if (symbol, layer) not in self._arrays:
            self._arrays[symbol, layer] = np.asarray(self._looked_up(symbol, layer))
        return self._arrays[symbol, layer]

    def _looked_up(self, symbol: str, layer: int | None) -> Any:
        t = self.t
        if t.Y is None and symbol in OF_TARGETS:
            raise InvalidInput(f"There is no {symbol}: the trace was made without targets.")
        if symbol == "cost":
            return t.net.loss.value(t.z[t.net.L], t.Y)
        plain = {"J": t.J, "X": t.X, "Y": t.Y, "w": t.w, "W": self.W, "lam": t.lam}
        if symbol in plain:
            return plain[symbol]
        by_layer = {"Theta": self.Thetas, "a": t.a, "z": t.z, "delta": t.delta}
        by_layer |= {"Delta": t.Delta, "D": t.D}
        if not _is_whole(layer) or layer not in by_layer[symbol]:
            layers = sorted(by_layer[symbol])
            raise InvalidInput(
                f"There is no {symbol} of layer {layer}: it has layers {layers[0]} to {layers[-1]}."
            )
        return by_layer[symbol][layer]

    def _row(self, example: int) -> slice:
        """Where an example's row lies in the arrays."""
        place = example - self.t.first
        return slice(place, place + 1)

    def _targets(self, rows: slice) -> Any:
        assert self.t.Y is not None  # its numbers have been looked up
        return self.t.Y[rows]

    def _examples(self) -> range:
        """The numbers of the examples."""
        return range(self.t.first, self.t.first + self.t.X.shape[0])

    # Each returns the formula, the terms that recompute the number, and its parts.

    def _given(self, number: Number) -> Any:
        what = {"X": "an input", "Y": "a target", "Theta": "a parameter", "w": "a sample weight"}
        what |= {"lam": "the weight decay", "W": "the sum of the sample weights"}
        text = what[number.symbol]
        if number.symbol == "X" and self.t.names is not None:
            text += f", {self.t.names[number.index[1]]}"
        return Formula(text, rf"\text{{{text}}}"), [Term(_n(number.value), number.value)], []

    def _z(self, number: Number) -> Any:
        l, (i, k) = _layer(number) - 1, number.index
        bias = self.number("Theta", l, k, 0)
        terms, parts = [Term(f"{_n(bias.value)}·1", bias.value)], [bias]
        for j in range(self.t.a[l].shape[1]):
            weight, a = self.number("Theta", l, k, j + 1), self.number("a", l, i, j)
            terms.append(_product(weight, a))
            parts += [weight, a]
        sup = f"⁽{l}⁾".translate(_SUPERSCRIPT)
        text = f"Σⱼ Θ{sup}[{k}, j] a{sup}[{i}, j], with a bias unit of 1"
        latex = rf"\sum_j \Theta^{{({l})}}_{{{k},j}}\, a^{{({l})}}_{{{i},j}},\quad a_0 = 1"
        return Formula(text, latex), terms, parts

    def _a(self, number: Number) -> Any:
        l, (i, k) = _layer(number), number.index
        net = self.t.net
        if l == 1:
            return self._input(i, k)
        if l == net.L:
            return self._output(i, k)
        z = self.number("z", l, i, k)
        g = net.activation(l)
        value = float(g.g(np.asarray(z.value)))
        formula = g.formula or Formula(f"{g.name}(@)", rf"\text{{{_in_latex(g.name)}}}(@)")
        return formula.at(z), [Term(f"{g.name}({z.value:.6g})", value)], [z]

    def _input(self, i: int, k: int) -> Any:
        """a^(1), with the name of its column where there is one."""
        x = self.number("X", None, i, k)
        formula = Formula(x.text, x.latex)
        if self.t.names is not None:
            name = self.t.names[k]
            formula = Formula(f"{x.text}, {name}", rf"{x.latex}\quad\text{{{_in_latex(name)}}}")
        return formula, [Term(_n(x.value), x.value)], [x]

    def _output(self, i: int, k: int) -> Any:
        """a^(L) by the loss's output activation."""
        net = self.t.net
        row = self.t.z[net.L][self._row(i)]
        value = float(net.loss.h(row)[0, k])
        whole = net.loss.output == "softmax"
        units = range(row.shape[1]) if whole else [k]
        zs = [self.number("z", net.L, i, j) for j in units]
        inside = ", ".join(f"{z.value:.6g}" for z in zs)
        text = f"{net.loss.output}({inside})" + (f"[{k}]" if whole else "")
        formula = OUTPUT_FORMULAS.get(net.loss.output, OUTPUT_FORMULAS["identity"])
        own = self.number("z", net.L, i, k)
        return formula.at(own), [Term(text, value)], zs

    def _delta(self, number: Number) -> Any:
        l, (i, k) = _layer(number), number.index
        if l == self.t.net.L:
            return self._last_delta(i, k)
        slope = self._slope_number(l, i, k)
        terms, parts = [], [slope]
        for r in range(self.t.delta[l + 1].shape[1]):
            weight = self.number("Theta", l, r, k + 1)
            above = self.number("delta", l + 1, i, r)
            terms.append(_product(weight, above, slope))
            parts += [weight, above]
        this, up = (f"⁽{n}⁾".translate(_SUPERSCRIPT) for n in (l, l + 1))
        text = f"Σᵣ Θ{this}[r, {k + 1}] δ{up}[{i}, r] · g′(z{this}[{i}, {k}])"
        latex = (
            rf"\sum_r \Theta^{{({l})}}_{{r,{k + 1}}}\, \delta^{{({l + 1})}}_{{{i},r}}"
            rf"\; g'(z^{{({l})}}_{{{i},{k}}})"
        )
        return Formula(text, latex), terms, parts

    def _last_delta(self, i: int, k: int) -> Any:
        net = self.t.net
        a, y = self.number("a", net.L, i, k), self.number("Y", None, i, k)
        if net.loss.canonical:
            terms = [Term(_n(a.value), a.value), Term(_n(-y.value), -y.value)]
            return Formula(f"{a.text} − {y.text}", f"{a.latex} - {y.latex}"), terms, [a, y]
        row = self._row(i)
        value = float(net.loss.delta(self.t.z[net.L][row], self._targets(row))[0, k])
        text = f"∂{net.loss.name}/∂z at a = {a.value:.6g}, y = {y.value:.6g}"
        formula = Formula(f"∂cost/∂z of {net.loss.name}", r"\partial\,\mathrm{cost}/\partial z")
        return formula, [Term(text, value)], [a, y]

    def _slope_number(self, l: int, i: int, k: int) -> Number:
        z = self.number("z", l, i, k)
        slope = self.t.net.activation(l).g_prime(np.asarray(z.value))
        return Number("slope", l, (i, k), float(slope))

    def _slope(self, number: Number) -> Any:
        l, (i, k) = _layer(number), number.index
        z, g = self.number("z", l, i, k), self.t.net.activation(l)
        formula = g.slope or Formula(f"{g.name}′(@)", rf"\text{{{_in_latex(g.name)}}}'(@)")
        return formula.at(z), [Term(f"{g.name}′({z.value:.6g})", number.value)], [z]

    def _Delta(self, number: Number) -> Any:
        l, (i, j) = _layer(number), number.index
        terms, parts = [], []
        for e in self._examples():
            w, d = self.number("w", None, e), self.number("delta", l + 1, e, i)
            factors = [] if w.value == 1 else [w]
            factors += [d] if j == 0 else [d, self.number("a", l, e, j - 1)]
            terms.append(_product(*factors))
            parts += factors
        a = "1" if j == 0 else f"a{f'⁽{l}⁾'.translate(_SUPERSCRIPT)}[e, {j - 1}]"
        text = f"Σₑ wₑ δ{f'⁽{l + 1}⁾'.translate(_SUPERSCRIPT)}[e, {i}] · {a}"
        right = "" if j == 0 else rf"\, a^{{({l})}}_{{e,{j - 1}}}"
        latex = rf"\sum_e w_e\, \delta^{{({l + 1})}}_{{e,{i}}}{right}"
        return Formula(text, latex), terms, parts

    def _D(self, number: Number) -> Any:
        l, (i, j) = _layer(number), number.index
        Delta = self.number("Delta", l, i, j)
        W, lam = self.number("W", None), self.number("lam", None)
        terms, parts = [Term(f"{_n(Delta.value)}/{W.value:.6g}", Delta.value / W.value)], [Delta, W]
        formula = Formula(f"{Delta.text}/W", rf"\tfrac1W {Delta.latex}")
        if j > 0:
            Theta = self.number("Theta", l, i, j)
            decay = lam.value * Theta.value / W.value
            terms.append(Term(f"{lam.value:.6g}·{_n(Theta.value)}/{W.value:.6g}", decay))
            parts += [lam, Theta]
            latex = rf"{formula.latex} + \tfrac{{\lambda}}{{W}} {Theta.latex}"
            formula = Formula(f"{formula.text} + (λ/W) {Theta.text}", latex)
        return formula, terms, parts

    def _J(self, number: Number) -> Any:
        W, lam = self.number("W", None), self.number("lam", None)
        terms, parts = [], []
        for e in self._examples():
            cost, w = self.number("cost", None, e), self.number("w", None, e)
            weight = "" if w.value == 1 else f"{_n(w.value)}·"
            text = f"{weight}{_n(cost.value)}/{W.value:.6g}"
            terms.append(Term(text, w.value * cost.value / W.value))
            parts += [cost] if w.value == 1 else [w, cost]
        penalty = self._penalty_number()
        decay = lam.value * penalty.value / W.value
        terms.append(Term(f"{lam.value:.6g}·{_n(penalty.value)}/{W.value:.6g}", decay))
        latex = (
            r"\frac1W \sum_e w_e\,\mathrm{cost}(e) + "
            r"\frac{\lambda}{W} \cdot \tfrac12 \sum \Theta^2"
        )
        formula = Formula("(1/W) Σₑ wₑ cost(e) + (λ/W) · ½ΣΘ²", latex)
        return formula, terms, [*parts, W, lam, penalty]

    def _penalty_number(self) -> Number:
        squares = sum(float((Theta[:, 1:] ** 2).sum()) for Theta in self.Thetas.values())
        return Number("penalty", None, (), squares / 2)

    def _penalty(self, number: Number) -> Any:
        weights = [
            self.number("Theta", l, i, j)
            for l, Theta in self.Thetas.items()
            for i in range(Theta.shape[0])
            for j in range(1, Theta.shape[1])
        ]
        terms = [Term(f"{_n(w.value)}²/2", w.value**2 / 2) for w in weights]
        formula = Formula("½ ΣΘ², biases left out", r"\tfrac12 \sum \Theta^2")
        return formula, terms, weights

    def _cost(self, number: Number) -> Any:
        (e,) = number.index
        net = self.t.net
        row = self._row(e)
        value = float(net.loss.value(self.t.z[net.L][row], self._targets(row))[0])
        zs = [self.number("z", net.L, e, k) for k in range(net.sizes[-1])]
        ys = [self.number("Y", None, e, k) for k in range(net.sizes[-1])]
        z_text, y_text = (", ".join(f"{v.value:.6g}" for v in part) for part in (zs, ys))
        term = Term(f"{net.loss.name}(z = [{z_text}], y = [{y_text}])", value)
        default = Formula(f"{net.loss.name}(z, y)", rf"\text{{{_in_latex(net.loss.name)}}}(z, y)")
        return net.loss.formula or default, [term], [*zs, *ys]


def _is_whole(k: Any) -> bool:
    """Whether it counts something: an integer, and no truth value."""
    return isinstance(k, int | np.integer) and not isinstance(k, bool)


def _numbers_in_latex(numbers: str) -> str:
    """A line of numbers in LaTeX: products, and what is said in words or named upright."""
    if "∂" in numbers:
        return rf"\text{{{_in_latex(numbers)}}}".replace("∂", r"$\partial$")
    named = re.sub(
        r"([a-z_]+)(′?)(?=\()",
        lambda m: rf"\mathrm{{{_in_latex(m[1])}}}{m[2] and chr(39)}",
        numbers,
    )
    told = re.sub(r"\(\d+ more terms\)", lambda m: rf"\text{{{m[0]}}}", named)
    return told.replace("·", r" \cdot ").replace("…", r"\dots ")


def _in_latex(name: str) -> str:
    """A column's name within LaTeX's text."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "#$%&_{}" else c) for c in name)


def _layer(number: Number) -> int:
    assert number.layer is not None
    return number.layer


def _product(*factors: Number) -> Term:
    text = "·".join(_n(f.value) for f in factors)
    return Term(text, math.prod(f.value for f in factors))


def _n(value: float) -> str:
    """A number as a factor: short, in brackets where it is negative."""
    return f"({value:.6g})" if value < 0 else f"{value:.6g}"


# A grid, because superscripts have no fixed width that spaces could line up with.
_GRID = (
    "display:grid;grid-template-columns:max-content 1fr;column-gap:.6em;margin:.4em 0;"
    "font-family:ui-monospace,monospace;overflow-wrap:anywhere"
)


def _as_html(explanation: Explanation, depth: int) -> str:
    """The explanation, with its parts' own explanations folded inside."""
    text = _in_grid(explanation)
    if depth == 0 or explanation.is_leaf:
        return text
    folded = "".join(
        f"<details><summary>{html.escape(part.text)} = {part.value:.6g}</summary>"
        f"{_as_html(explanation.ask(part), depth - 1)}</details>"
        for part in explanation.parts[: 4 * SHOWN_TERMS]
    )
    return f"<div>{text}<div style='margin-left:1.5em'>{folded}</div></div>"


def _in_grid(explanation: Explanation) -> str:
    """The name on the left, its formula, numbers and value below each other on the right."""
    number, formula = explanation.number, explanation.formula
    lines = _equalities(explanation)
    if explanation.is_leaf:
        lines = [f"= {number.value:.10g} ({formula.text})"]
    right = "<br>".join(map(html.escape, lines))
    return f"<div style='{_GRID}'><span>{html.escape(number.text)}</span><span>{right}</span></div>"
