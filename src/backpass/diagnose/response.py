"""What came back for J, or for the gradient, on every probe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .probes import Probe


@dataclass(frozen=True, eq=False)
class Response:
    """What came back for J or for D on every probe, as two parts: without and with λ.

    NaN in ``values`` is unknown, a number that the function doesn't return: it agrees with all.
    """

    which: str
    probes: tuple[Probe, ...]
    values: tuple[np.ndarray, ...]
    tolerance: float
    witnesses: tuple[tuple[Probe, np.ndarray], ...] = ()  # degenerate probes, for evidence alone

    def under(self, of: Callable[[Probe], Probe]) -> Response:
        """The same answers to the same problems, with another J meant."""
        witnesses = tuple((of(probe), values) for probe, values in self.witnesses)
        return replace(self, probes=tuple(map(of, self.probes)), witnesses=witnesses)

    def agrees(self, values: np.ndarray, i: int, where: np.ndarray | slice = slice(None)) -> bool:
        """Whether values are what came back on probe i."""
        response = self.values[i]
        if values.shape != response.shape:
            return False
        return bool(self.close(values[where], response[where], i).all())

    def agrees_from(self, start: int, values: np.ndarray) -> bool:
        """Whether the numbers that begin at a position of the first probe are these."""
        seen = self.values[0][start : start + values.size]
        return bool(self.close(values, seen, 0).all())

    def close(self, values: np.ndarray, seen: np.ndarray, i: int) -> np.ndarray:
        """Which values are what came back on probe i; NaN among them agrees with nothing."""
        near = abs(values - seen) <= self.tolerance * self.scale(i)
        return near | (np.isnan(seen) & np.isfinite(values))

    def scale(self, i: int) -> float:
        """The size of the numbers that are compared on probe i."""
        return self._scales[i]

    @cached_property
    def _scales(self) -> list[float]:
        known = [values[np.isfinite(values)] for values in self.values]
        return [max(float(abs(values).max(initial=0.0)), 1e-3) for values in known]
