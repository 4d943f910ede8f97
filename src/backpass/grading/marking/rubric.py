"""How many points a part is worth: a TOML file that a teacher writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...activations import find_activation
from ...errors import InvalidInput
from ...losses import find_loss

TEMPLATE = """\
# Points for `backpass grade`, part by part. A part is right if every number of it is, on every
# problem that the function was put; what a function does not return gives no points.

[points]
J = 3              # the cost without λ
lambda = 2         # the λ terms: half for that of the cost, half for those of the gradient
weights = [2, 2]   # the gradient of each layer's weights, Θ^(1) first, without λ
bias = [0.5, 0.5]  # the gradient of each layer's bias
time = 0           # growth of time with the examples; 0: it is reported, and gives no points

[convention]
# form = "J, D = f(theta, sizes, X, Y, lam)"   # how it is called, where its names do not tell
# hidden = "logistic"         # the activation that the exercise asks for; else any is right
# loss = "binary_log_loss"    # the loss that it asks for; else any is right
strict = false                # true: only the notes' own J is right
deduction = 0                 # points off where a right function differs from the notes otherwise

[late]
deduction = 0      # points off where the platform says that it came late
"""

OF_POINTS = ("J", "lambda", "weights", "bias", "time")


@dataclass(frozen=True)
class Rubric:
    """Points for each part.

    Parameters
    ----------
    J, lam : float
        Points for the cost without λ, and for the λ terms of the cost and of the gradient.
    weights, bias : tuple of float
        Points for each layer's gradient without λ.
    time : float
        Points for growth of time with the examples; 0 where it is reported only.
    form : str or None
        How the function is called; None where that is told from its names.
    hidden, loss : str or None
        The activation and the loss that are asked for; None where any is right.
    strict : bool
        Whether only the notes' own J is right.
    deduction : float
        Points off where a right function has conventions other than the notes'.
    late : float
        Points off where a submission came late.
    source : str
        Where it was read from.

    Examples
    --------
    >>> Rubric().out_of
    10.0
    """

    J: float = 3.0
    lam: float = 2.0
    weights: tuple[float, ...] = (2.0, 2.0)
    bias: tuple[float, ...] = (0.5, 0.5)
    time: float = 0.0
    form: str | None = None
    hidden: str | None = None
    loss: str | None = None
    strict: bool = False
    deduction: float = 0.0
    late: float = 0.0
    source: str = field(default="", compare=False)

    @property
    def out_of(self) -> float:
        """All points that there are."""
        return self.J + self.lam + sum(self.weights) + sum(self.bias) + self.time

    def values(self) -> dict[str, Any]:
        """Return the rubric as plain values.

        Returns
        -------
        dict
            Its fields.

        Examples
        --------
        >>> Rubric().values()["J"]
        3.0
        """
        return {each.name: getattr(self, each.name) for each in fields(self)}


def read_rubric(path: str | Path) -> Rubric:
    """Read a rubric from its file.

    Parameters
    ----------
    path : str or Path
        A TOML file, as ``backpass grade --rubric-template`` writes it.

    Returns
    -------
    Rubric

    Raises
    ------
    InvalidInput
        If the file is not there or is no rubric; the message names the entry.

    Examples
    --------
    >>> read_rubric("missing.toml")
    Traceback (most recent call last):
    ...
    backpass.errors.InvalidInput: There is no rubric 'missing.toml'.
    """
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError:
        raise InvalidInput(f"There is no rubric {str(path)!r}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no UTF-8 text.") from None
    return parse_rubric(text, str(path))


def parse_rubric(text: str, name: str = "the rubric") -> Rubric:
    """Make a rubric of TOML text.

    Examples
    --------
    >>> parse_rubric("[points]\\nJ = 1\\nweights = [4, 5]").out_of
    10.0
    """
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name} is no TOML: {error}.") from None
    _only(name, tables, ("points", "convention", "late"))
    for table, value in tables.items():
        if not isinstance(value, dict):
            raise InvalidInput(f"{name} needs a table [{table}], not a value.")
    points, convention = tables.get("points", {}), tables.get("convention", {})
    late = tables.get("late", {})
    _only(f"{name} [points]", points, OF_POINTS)
    _only(f"{name} [convention]", convention, ("form", "hidden", "loss", "strict", "deduction"))
    _only(f"{name} [late]", late, ("deduction",))
    return _checked(name, points, convention, late)


def _checked(
    name: str, points: dict[str, Any], convention: dict[str, Any], late: dict[str, Any]
) -> Rubric:
    if not points:
        raise InvalidInput(f"{name} has no [points].")
    rubric = Rubric(
        J=_number(name, points, "J"),
        lam=_number(name, points, "lambda"),
        weights=_numbers(name, points, "weights"),
        bias=_numbers(name, points, "bias"),
        time=_number(name, points, "time"),
        form=convention.get("form"),
        hidden=convention.get("hidden"),
        loss=convention.get("loss"),
        strict=_flag(name, convention, "strict"),
        deduction=_number(name, convention, "deduction"),
        late=_number(name, late, "deduction"),
        source=name,
    )
    if rubric.hidden is not None:
        find_activation(rubric.hidden)
    if rubric.loss is not None:
        find_loss(rubric.loss)
    if rubric.out_of <= 0:
        raise InvalidInput(f"{name} gives no points for anything.")
    return rubric


def _only(name: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            raise InvalidInput(f"{name} has an entry {key!r}; it can have {', '.join(known)}.")


def _number(name: str, table: Mapping[str, Any], key: str) -> float:
    value = table.get(key, 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
        raise InvalidInput(f"{name}: {key} = {value!r} is no number of points.")
    return float(value)


def _flag(name: str, table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise InvalidInput(f"{name}: {key} = {value!r} is neither true nor false.")
    return value


def _numbers(name: str, table: Mapping[str, Any], key: str) -> tuple[float, ...]:
    value = table.get(key, [])
    listed = value if isinstance(value, list) else [value]
    return tuple(_number(name, {key: each}, key) for each in listed)
