"""What came back from somebody's code, or why nothing did."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .probes import Probe

Returned = Any  # by somebody's function: nothing is known of it
Function = Callable[..., Returned]
Targets = ArrayLike  # Y, or labels: (m, K), (m,) or (m, 1), as the function wants them


@dataclass(frozen=True)
class Failure:
    """Something that went wrong before any formula could be looked at.

    Parameters
    ----------
    what : str
        What went wrong.
    why : str
        A reason, or what to do about it.
    fatal : bool
        Whether the function is wrong for that alone.
    where : str
        The place of a mistake, where it is one that is seen without comparing numbers.
    formula : str
        What belongs there.

    Examples
    --------
    >>> print(Failure("The function returns None.", "Is its `return` missing?"))
    The function returns None. Is its `return` missing?
    """

    what: str
    why: str = ""
    fatal: bool = True
    where: str = ""
    formula: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.why}".strip()


@dataclass(frozen=True)
class CallResult:
    """What a function returned: J, the gradient in θ's order, or both."""

    J: float | None
    D: np.ndarray | None
    single: bool = False  # whether it was computed in float32
    failures: tuple[Failure, ...] = ()  # what did not fit, beside the numbers that did


class Failed(Exception):
    """Carries a Failure out of a call, and the line of somebody's code that raised it, if any."""

    def __init__(self, failure: Failure, line: int | None = None) -> None:
        super().__init__(str(failure))
        self.failure, self.line = failure, line


def one_line(error: BaseException) -> str:
    """An exception as `Name: message`, on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def decoded(message: str, probe: Probe) -> str:
    """Say what the numbers of a shape mean: probes have a different number for each thing."""
    meanings: dict[int, str] = {probe.m: "m, the examples"}
    for l, s in enumerate(probe.net.sizes, start=1):
        meanings.setdefault(s, f"s_{l}, the units of layer {l}")
    for l, s in enumerate(probe.net.sizes[:-1], start=1):
        meanings.setdefault(s + 1, f"s_{l} + 1, layer {l} with its bias unit")
    numbers = dict.fromkeys(int(n) for n in re.findall(r"\d+", message))
    known = [f"{n} is {meanings[n]}" for n in numbers if n in meanings]
    if len(known) < 2:
        return ""
    return f"In this probe ({'-'.join(map(str, probe.net.sizes))}, m = {probe.m}) " + (
        "; ".join(known) + "."
    )
