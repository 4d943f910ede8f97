"""Where one number comes from: a value that prints itself, and whose parts can be asked in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...activations import Formula
from .number import Number, Term
from .render import as_aligned, as_grid, as_panel, numbers_in_latex, with_folded

if TYPE_CHECKING:
    from rich.panel import Panel

SHOWN_TERMS = 12


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

    Examples
    --------
    >>> import backpass as bp
    >>> t = bp.trace(bp.Network((1, 1), hidden=()), [0.5, 1.0], [[2.0]], [[1.0]])
    >>> found = bp.explain(t, "z", layer=2, unit=0)
    >>> found.value, [term.value for term in found.terms], [part.text for part in found.parts]
    (2.5, [0.5, 2.0], ['Θ⁽¹⁾[0, 0]', 'Θ⁽¹⁾[0, 1]', 'a⁽¹⁾[0, 0]'])
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

        Raises
        ------
        IndexError
            If there is no part of that index.

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

        Examples
        --------
        >>> import backpass as bp
        >>> t = bp.trace(bp.Network((1, 1), hidden=()), [0.0, 1.0], [[2.0]], [[1.0]])
        >>> walk = bp.explain(t, "a", layer=2, unit=0).walk(depth=2)
        >>> [(level, found.number.symbol) for level, found in walk]
        [(0, 'a'), (1, 'z'), (2, 'Theta'), (2, 'Theta'), (2, 'a')]
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
            Products and sums, negative numbers in brackets.

        Examples
        --------
        >>> import backpass as bp
        >>> t = bp.trace(bp.Network((1, 1), hidden=()), [0.5, -1.0], [[2.0]], [[1.0]])
        >>> bp.explain(t, "z", layer=2, unit=0).numbers()
        '0.5·1 + (-1)·2'
        """
        texts = [term.text for term in self.terms]
        if len(texts) <= most:
            return " + ".join(texts)
        left = len(texts) - most
        head, tail = texts[: most - most // 3], texts[-(most // 3) :]
        return " + ".join([*head, f"… ({left} more terms) …", *tail])

    def lines(self) -> list[str]:
        """Write what stands to the right of the number's name.

        Returns
        -------
        list of str
            The formula, the formula with its numbers, and the value; for what was given, the value
            and what it is.

        Examples
        --------
        >>> import backpass as bp
        >>> t = bp.trace(bp.Network((1, 1), hidden=()), [0.0, 1.0], [[2.0]], [[1.0]])
        >>> bp.explain(t, "Theta", layer=1, unit=0, column=1).lines()
        ['= 1 (a parameter)']
        """
        if self.is_leaf:
            return [f"= {self.value:.10g} ({self.formula.text})"]
        return [f"= {self.formula.text}", f"= {self.numbers()}", f"= {self.value:.10g}"]

    @property
    def latex(self) -> str:
        """The formula, with its numbers below it, as LaTeX's ``aligned``."""
        rows = [rf"{self.number.latex} &= {self.formula.latex}"]
        if not self.is_leaf:
            rows.append(f"&= {numbers_in_latex(self.numbers())}")
        return as_aligned([*rows, rf"&= {self.value:.10g}"])

    def __str__(self) -> str:
        if self.is_leaf:
            return f"{self.number.text} = {self.value:.10g}   ({self.formula.text})"
        margin = " " * (len(self.number.text) + 1)
        return f"{self.number.text} " + f"\n{margin}".join(self.lines())

    def __repr__(self) -> str:
        return str(self)

    def __rich__(self) -> Panel:
        parts = "   ".join(f"{p.text} = {p.value:.6g}" for p in self.parts[:SHOWN_TERMS])
        more = f"   … and {len(self.parts) - SHOWN_TERMS} more"
        footer = parts + (more if len(self.parts) > SHOWN_TERMS else "")
        return as_panel(self.number.text, str(self), footer)

    def _repr_html_(self) -> str:
        return self._as_html(depth=2)

    def _as_html(self, depth: int) -> str:
        """The explanation, with its parts' own explanations folded inside."""
        grid = as_grid(self.number.text, self.lines())
        if depth == 0 or self.is_leaf:
            return grid
        parts = [
            (f"{part.text} = {part.value:.6g}", self.ask(part)._as_html(depth - 1))
            for part in self.parts[: 4 * SHOWN_TERMS]
        ]
        return with_folded(grid, parts)
