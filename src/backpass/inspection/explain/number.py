"""One number of a trace by its name, and one summand: how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

    Examples
    --------
    >>> number = Number("delta", 2, (0, 3), 0.25)
    >>> number.text, number.latex
    ('δ⁽²⁾[0, 3]', '\\\\delta^{(2)}_{0,3}')
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
            head += superscript(self.layer)
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
    """One summand.

    Attributes
    ----------
    text : str
        How it is written with its numbers.
    value : float
        What it comes to.

    Examples
    --------
    >>> Term("2·(-0.5)", -1.0).value
    -1.0
    """

    text: str
    value: float


def superscript(layer: int) -> str:
    """A layer as it stands above a name: ⁽²⁾."""
    return f"⁽{layer}⁾".translate(_SUPERSCRIPT)


def as_factor(value: float) -> str:
    """A number as a factor: short, in brackets where it is negative."""
    return f"({value:.6g})" if value < 0 else f"{value:.6g}"


def product(*factors: Number) -> Term:
    """A summand that is a product of numbers."""
    return Term("·".join(as_factor(f.value) for f in factors), math.prod(f.value for f in factors))
