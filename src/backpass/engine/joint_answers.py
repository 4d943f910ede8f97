"""Answers of several networks to the same raw rows of a table, in one call of the core.

The core encodes the rows once for all of the networks, whose weights it packs once and keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InvalidInput
from ..network import Network
from . import core
from .native import MOST_THREADS
from .select import engine_name
from .thread_limit import bounded

SHAPE, BINS, OF_LEVEL, GAP, NOTHING, INDICATOR = range(6)  # as the core numbers them
ANY = 1 << 31  # more than there are levels


@dataclass(frozen=True, eq=False)
class RawCells:
    """How raw rows, numbers with gaps and levels of categories, become cells of first layers.

    Parameters
    ----------
    limits : (float, float, float, float)
        The largest and the smallest number that counts as itself; the least share of a normal
        shape; how far t runs on beyond the outer bins.
    searched : list of (int, ndarray)
        Columns of numbers, and ascending breakpoints. What is found of a number is how many are no
        greater, and of a gap one more than there are.
    shapes : list of (int, ndarray of int32, ndarray of shape (n, 3), float, float)
        Numbers in normal shape: which of the searched columns; by what is found, which of the
        stretches; of each stretch a number, its share and the slope; what a gap is; the least.
    bins : list of (int, ndarray of int32, ndarray of shape (n, 2), float, float, float)
        Codes: which of the searched columns; by what is found, which bin; of each bin the lower
        edge and the width; what a gap is; the least and the greatest number.
    of_levels : list of (int, ndarray of float32)
        Numbers that a category's level has, the last one of an unknown level.
    gaps : list of int
        Columns of numbers whose gaps have a flag.
    indicators : list of (int, ndarray of int32)
        A category's levels' indicators, the last one of an unknown level; −1 for none.
    forms : list of list of (int, int, int, int)
        First layers: of each column its kind, which of those it is, its first input and its inputs.
    """

    limits: tuple[float, float, float, float]
    searched: list[tuple[int, np.ndarray]]
    shapes: list[tuple[int, np.ndarray, np.ndarray, float, float]]
    bins: list[tuple[int, np.ndarray, np.ndarray, float, float, float]]
    of_levels: list[tuple[int, np.ndarray]]
    gaps: list[int]
    indicators: list[tuple[int, np.ndarray]]
    forms: list[list[tuple[int, int, int, int]]]


class JointAnswers:
    """Networks whose first layers read raw rows, in single precision.

    Parameters
    ----------
    cells : RawCells
        How rows become the first layers' cells.
    networks : sequence of (Network, ndarray of shape (n,), int)
        Each with its θ, and which of the forms its first layer is; all have as many outputs. θ is
        copied.
    """

    def __init__(
        self, cells: RawCells, networks: Sequence[tuple[Network, np.ndarray, int]]
    ) -> None:
        self.shape = len(networks), networks[0][0].sizes[-1]
        self._isa = core.instruction_set()
        self._columns = max([column for column, _ in cells.searched] + cells.gaps, default=-1) + 1
        self._levels = _levels(cells)
        self._core = core.compiled.JointAnswers(_described(cells), self._isa)
        for net, theta, form in networks:
            theta = np.ascontiguousarray(theta, np.float32)
            self._core.add(core.network(net), theta, form)

    @property
    def is_current(self) -> bool:
        """Whether the engine and its kernels are still those that are asked for."""
        return engine_name() == "native" and core.instruction_set() == self._isa

    def __call__(
        self, numbers: np.ndarray, codes: np.ndarray, n_threads: int | None = None
    ) -> np.ndarray:
        """Compute every network's a^(L).

        Parameters
        ----------
        numbers : ndarray of shape (m, ·), float64
            NaN for a gap.
        codes : ndarray of shape (m, ·), int32
            Levels of the categories, negative for an unknown one.
        n_threads : int, optional
            At most.

        Returns
        -------
        ndarray of shape (networks, m, s_L), float32

        Raises
        ------
        InvalidInput
            If the rows have fewer columns than are read, or a level that there is not.
        """
        networks, units = self.shape
        out = np.empty((networks, len(numbers), units), np.float32)
        numbers = np.ascontiguousarray(numbers, np.float64)
        codes = np.ascontiguousarray(codes, np.int32)
        self._check(numbers, codes)
        threads = min(bounded(n_threads or core.default_threads()), MOST_THREADS)
        self._core.run(numbers, codes, out, threads)
        return out

    def _check(self, numbers: np.ndarray, codes: np.ndarray) -> None:
        """Raise for what the core would look up beyond an array's end."""
        m, read = len(numbers), len(self._levels)
        if numbers.shape[1] < self._columns or len(codes) != m or codes.shape[1] < read:
            raise InvalidInput("The rows have fewer columns than the networks read.")
        if m and read and (codes[:, :read].max(axis=0) >= self._levels).any():
            raise InvalidInput("The rows have a level that the networks do not know.")


def _levels(cells: RawCells) -> np.ndarray:
    """How many levels each category has that is read, or one before it; any of what is not."""
    sizes = {k: len(values) for k, values in (*cells.of_levels, *cells.indicators)}
    return np.array([sizes.get(k, ANY) for k in range(max(sizes, default=-1) + 1)], np.int64)


def can_answer_jointly(networks: Sequence[Network]) -> bool:
    """Whether the core is there, and knows all of the networks' functions."""
    return engine_name() == "native" and all(map(core.computes, networks))


def _described(cells: RawCells) -> core.compiled.RawCells:
    """As the core takes it."""
    made = core.compiled.RawCells(*cells.limits)
    for column, breakpoints in cells.searched:
        made.add_searched(column, breakpoints, len(breakpoints) + 1)
    for shape in cells.shapes:
        made.add_shape(*shape)
    for bins in cells.bins:
        made.add_bins(*bins)
    for numbers in cells.of_levels:
        made.add_of_level(*numbers)
    for column in cells.gaps:
        made.add_gap(column)
    for places in cells.indicators:
        made.add_indicator(*places)
    for form in cells.forms:
        made.add_form(form)
    return made


__all__ = ["JointAnswers", "RawCells", "can_answer_jointly"]
