"""Factors by their names: 1/m, λ/2m, K/m; what stands there, what is right, and what is between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

_TOKEN = re.compile(r"\(m−1\)|\d+|m²|m|K|s")
_POWERS = {"m": (1, 0, 0, 0), "m²": (2, 0, 0, 0), "K": (0, 1, 0, 0), "s": (0, 0, 1, 0),
           "(m−1)": (0, 0, 0, 1)}  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """A number times powers of m, of K (the outputs), of s (the inputs) and of m − 1."""

    number: Fraction = Fraction(1)
    powers: tuple[int, int, int, int] = (0, 0, 0, 0)

    def __mul__(self, other: Factor) -> Factor:
        powers = tuple(a + b for a, b in zip(self.powers, other.powers))
        return Factor(self.number * other.number, (powers[0], powers[1], powers[2], powers[3]))

    def __pow__(self, n: int) -> Factor:
        a, b, c, d = (n * power for power in self.powers)
        return Factor(self.number**n, (a, b, c, d))

    @property
    def of_m(self) -> int:
        """The power of m: −1 where it divides by m."""
        return self.powers[0]

    @property
    def of_outputs(self) -> int:
        """The power of K: −1 where it divides by the number of outputs."""
        return self.powers[1]

    def value(self, m: int, sizes: tuple[int, ...]) -> float:
        """The number, for m examples and layers of these sizes."""
        top, bottom = float(abs(self.number.numerator)), float(self.number.denominator)
        for base, power in zip((m, sizes[-1], sizes[0], m - 1), self.powers):
            top, bottom = top * base ** max(power, 0), bottom * base ** max(-power, 0)
        return (-top if self.number < 0 else top) / bottom

    def times(self, what: str = "") -> str:
        """How the factor is written, with what it multiplies on top: 1/2m, λ/2m, 2λ/m."""
        above, below = self._letters(1), self._letters(-1)
        number, divisor = abs(self.number.numerator), self.number.denominator
        top = ("" if number == 1 and above + what else str(number)) + above + what
        bottom = ("" if divisor == 1 else str(divisor)) + below
        sign = "−" if self.number < 0 else ""
        return f"{sign}{top}/{bottom}" if bottom else f"{sign}{top}"

    def _letters(self, sign: int) -> str:
        marks = zip(("m", "K", "s", "(m−1)"), (sign * power for power in self.powers))
        return "".join(_raised(letter, power) for letter, power in marks if power > 0)


def _raised(letter: str, power: int) -> str:
    return letter + ("" if power == 1 else "²" if power == 2 else f"^{power}")


@lru_cache(maxsize=1024)
def factor(name: str) -> Factor:
    """A factor by its name, such as ``1/2m``, ``K/2m`` or ``1/(m−1)``."""
    sign = -1 if name.startswith("−") else 1
    top, _, bottom = name.removeprefix("−").partition("/")
    return Factor(Fraction(sign)) * _product(top) * _product(bottom) ** -1


def _product(tokens: str) -> Factor:
    product = Factor()
    for token in _TOKEN.findall(tokens):
        known = _POWERS.get(token)
        product *= Factor(Fraction(int(token))) if known is None else Factor(powers=known)
    return product


@lru_cache(maxsize=4096)
def scale(which: str, m: int, sizes: tuple[int, ...]) -> float:
    """A factor by its name, as a number."""
    return factor(which).value(m, sizes)
