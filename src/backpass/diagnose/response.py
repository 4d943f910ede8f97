"""What came back for J, or for the gradient, on every probe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .probes import Probe


@dataclass(frozen=True, eq=False)
class Response:
    """What came back for J or for D on every probe, as two parts: without and with λ."""

    which: str
    probes: tuple[Probe, ...]
    values: tuple[np.ndarray, ...]
    tolerance: float
    witnesses: tuple[tuple[Probe, np.ndarray], ...] = ()  # degenerate probes, for evidence alone

    def agrees(self, values: np.ndarray, i: int, where: np.ndarray | slice = slice(None)) -> bool:
        """Whether values are what came back on probe i."""
        response = self.values[i]
        if values.shape != response.shape:
            return False
        close = abs(values[where] - response[where]) <= self.tolerance * self.scale(i)
        return bool(close.all())  # NaN agrees with nothing

    def agrees_from(self, start: int, values: np.ndarray) -> bool:
        """Whether the numbers that begin at a position of the first probe are these."""
        seen = self.values[0][start : start + values.size]
        return bool((abs(values - seen) <= self.tolerance * self.scale(0)).all())

    def scale(self, i: int) -> float:
        """The size of the numbers that are compared on probe i."""
        return self._scales[i]

    @cached_property
    def _scales(self) -> list[float]:
        return [max(float(abs(values).max()), 1e-3) for values in self.values]
