"""A submission's mark: points part by part, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .rubric import Rubric

HINTS = ("where", "what", "formula")


@dataclass(frozen=True)
class Part:
    """One line of a mark."""

    name: str
    points: float
    out_of: float


@dataclass(frozen=True)
class Mark:
    """What one submission gets, and why.

    Parameters
    ----------
    student, identifier : str
        Whose it is.
    late : bool
        Whether it came late.
    file : str
        The file that was judged.
    parts : tuple of Part
        Points for each part of the rubric; deductions are parts with negative points.
    out_of : float
        All points that there are.
    headline : str
        The result in one line.
    ok : bool
        Whether the function is right.
    hints : dict
        Grade of hint -> what it says.
    mistakes, conventions : tuple of str
        By name.
    notes : tuple of str
        For the student: how the submission was read.
    remarks : tuple of str
        For the teacher alone: what looks odd.
    growth : str
        How its time grows with the examples.

    Examples
    --------
    >>> Mark("Ada", parts=(Part("J", 3.0, 3.0),), out_of=10.0).points
    3.0
    """

    student: str
    identifier: str = ""
    late: bool = False
    file: str = ""
    parts: tuple[Part, ...] = ()
    out_of: float = 0.0
    headline: str = ""
    ok: bool = False
    hints: Mapping[str, str] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    growth: str = ""

    @property
    def points(self) -> float:
        """The sum of all parts, not below zero."""
        return max(round(sum((part.points for part in self.parts), 0.0), 4), 0.0)

    def values(self) -> dict[str, Any]:
        """Return the mark as plain values.

        Returns
        -------
        dict
            Its fields, and the sum of the points.

        Examples
        --------
        >>> Mark("Ada").values()["points"]
        0.0
        """
        return {**asdict(self), "points": self.points}


def parts_of(rubric: Rubric, right: Mapping[str, bool], time: float | None) -> tuple[Part, ...]:
    """Points for what is right.

    Parameters
    ----------
    rubric : Rubric
        What each part is worth.
    right : mapping
        "J", "J λ", "Θ1 weights", "Θ1 bias", "Θ1 λ", … -> whether all its numbers are right; what
        did not come back is not there.
    time : float or None
        The share of the points for growth of time, 0 to 1; None where it was not measured.

    Examples
    --------
    >>> [part.points for part in parts_of(Rubric(), {"J": True, "J λ": True}, None)]
    [3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    layers = [int(name[1:].partition(" ")[0]) for name in right if name.startswith("Θ")]
    n_layers = max(layers, default=len(rubric.weights)) or 1
    of_J = right.get("J λ", False)
    of_D = all(right.get(f"Θ{l} λ", False) for l in range(1, n_layers + 1))
    found = [
        _part("J without λ", rubric.J, right.get("J", False)),
        _part("J: λ term", rubric.lam / 2, of_J),
        _part("gradient: λ terms", rubric.lam / 2, of_D),
    ]
    for kind, points in (("weights", rubric.weights), ("bias", rubric.bias)):
        for l, worth in enumerate(_spread(points, n_layers), start=1):
            found.append(
                _part(f"gradient: Θ^({l}), {kind}", worth, right.get(f"Θ{l} {kind}", False))
            )
    if rubric.time:
        found.append(Part("growth of time", rubric.time * (time or 0.0), rubric.time))
    return tuple(part for part in found if part.out_of)


def _part(name: str, worth: float, right: bool) -> Part:
    return Part(name, worth if right else 0.0, worth)


def _spread(points: tuple[float, ...], n_layers: int) -> tuple[float, ...]:
    """Points layer by layer; for another number of layers all of them, in equal shares."""
    if len(points) == n_layers:
        return points
    return (sum(points) / n_layers,) * n_layers


def deductions(rubric: Rubric, conventions: bool, late: bool) -> tuple[Part, ...]:
    """What is taken off."""
    found = [("another convention", rubric.deduction, conventions), ("late", rubric.late, late)]
    return tuple(Part(name, -off, 0.0) for name, off, applies in found if applies and off)
