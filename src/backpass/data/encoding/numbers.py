"""Numbers for a network: gaps at the median, the middle half at unit size, tails as logarithms.

    z = (x − centre) / scale,        a = z where |z| ≤ 3, else sign(z) · (3 + ln(|z| − 2)),

with the median as centre and, as scale, the range of the middle half divided by that of the normal
distribution, 1.349. a and its slope are continuous in z and ascend everywhere, so that no two
numbers become one; a column without heavy tails enters linearly.

Measured on 15 tables (five splits of each one's training rows, at most 3,000 rows to learn from and
1,000 to judge, the default network): against mean and deviation the loss (log loss, or root of the
mean square) is 1.5 % lower, lower on 10 of 15 tables, from 11.5 % lower to 3.0 % higher. Mean and
deviation with logarithms: 0.4 % lower; these scales brought to mean 0 and deviation 1 after the
logarithm: 0.3 % lower. On 13 of them with two splits: this one 2.8 % lower, without the logarithm
2.4 %, with the middle nine tenths instead of the half 2.2 %, and with z / sqrt(1 + (z/5)²) as much
as this one, but then no column enters linearly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..raw import Numbers, RawColumn

LINEAR = 3.0  # z up to which a number enters linearly: 997 of 1,000 of a normal distribution
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NORMAL_HALF, NORMAL_NINE_TENTHS = 1.349, 3.290  # widths of a standard normal distribution's middle
MOST_TAIL = 100.0  # widths that the middle nine tenths may have, measured by the scale
MOST_CELLS = 100_000  # a quantile of these is that of a share at most 0.5 % off, all but surely
ALL = slice(None)
LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class NumberCells:
    """The cells of a column of numbers."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (self.column,)

    @property
    def name(self) -> str:
        """What its input is called."""
        return self.column

    def values(self, table: Mapping[str, RawColumn], rows: slice = ALL) -> np.ndarray:
        """The numbers of some rows, NaN for a gap."""
        cells = table[self.column]
        assert isinstance(cells, Numbers)
        return cells.values[rows]


@dataclass(frozen=True)
class Scale:
    """Where one column of numbers has its middle, how wide it is, and between what it lies."""

    centre: float
    scale: float
    low: float
    high: float


def fit_scale(values: np.ndarray) -> Scale | None:
    """Find a column's middle and width.

    Parameters
    ----------
    values : ndarray of shape (m,)
        Training cells, finite; NaN for a gap.

    Returns
    -------
    Scale or None
        None where the cells do not vary.

    Examples
    --------
    >>> fit_scale(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    Scale(centre=2.5, scale=1.11..., low=1.0, high=4.0)
    >>> fit_scale(np.array([7.0, np.nan, 7.0]))
    """
    there = np.asarray(values, dtype=np.float64)
    gaps = np.isnan(there)
    there = there[~gaps] if gaps.any() else there
    if not len(there) or (low := there.min()) == (high := there.max()):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # between −1e308 and 1e308
        least, lower, median, upper, most = np.quantile(_some(there), QUANTILES)
        width = max(
            (upper - lower) / NORMAL_HALF,
            # Where more than half of the cells are almost one number, the others must not all
            # lie on the flat end of the logarithm.
            (most - least) / NORMAL_NINE_TENTHS / MOST_TAIL,
        )
        centre = float(np.nan_to_num(median, nan=0.0))
        width = float(np.nan_to_num(width)) or _width_of_others(there, centre)
    return Scale(centre, width, float(low), float(high))


def _some(cells: np.ndarray) -> np.ndarray:
    """Cells to find quantiles of: all, or enough, drawn so that no period of theirs matters."""
    if len(cells) <= MOST_CELLS:
        return cells
    return cells[np.random.default_rng(0).integers(0, len(cells), MOST_CELLS)]


def _width_of_others(there: np.ndarray, centre: float) -> float:
    """How far those cells lie off that are not the one number that nearly all are."""
    off = np.abs(there - centre)
    return float(np.nan_to_num(np.quantile(off[off > 0], 0.5, method="lower")))


@dataclass(frozen=True, eq=False)
class Scaling:
    """Several numbers' scales side by side.

    Parameters
    ----------
    table : ndarray of shape (n, 4), float64
        A row each: centre, scale, and the least and the greatest number of the training rows.

    Examples
    --------
    >>> scaling = Scaling.of([Scale(2.0, 0.5, 1.0, 3.0)])
    >>> F = np.array([[2.5, np.nan, 1e300]])
    >>> scaling.apply(F, np.isnan(F))
    >>> F.round(1)
    array([[  1. ,   0. , 694.5]])
    """

    table: np.ndarray

    @classmethod
    def of(cls, scales: list[Scale]) -> Scaling:
        """Put scales side by side."""
        rows = [(s.centre, s.scale, s.low, s.high) for s in scales]
        return cls(np.array(rows, dtype=np.float64).reshape(-1, 4))

    def __post_init__(self) -> None:
        """Refuse what ``fit_scale`` would not have found."""
        if self.table.ndim != 2 or self.table.shape[1] != 4 or self.table.dtype != np.float64:
            raise ValueError(f"no scales have the shape {self.table.shape}")
        if not (np.isfinite(self.table).all() and (self.table[:, 1] > 0).all()):
            raise ValueError("a scale is not positive, or a number is not finite")

    def __len__(self) -> int:
        return len(self.table)

    def apply(self, F: np.ndarray, missing: np.ndarray) -> None:
        """Scale numbers of shape (n, m) in place; those that are missing become 0."""
        with np.errstate(over="ignore"):
            F -= self.table[:, :1]
            F /= self.table[:, 1:2]
        if missing.any():
            F[missing] = 0.0
        tail = np.abs(F) > LINEAR
        if tail.any():
            z = F[tail]
            beyond = np.minimum(np.abs(z), LARGEST) - LINEAR
            F[tail] = np.copysign(LINEAR + np.log1p(beyond), z)

    def taken(self, features: list[int]) -> Scaling:
        """The scales of some of the numbers."""
        return Scaling(self.table[features])

    @cached_property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and greatest number not far outside: the training rows' range away from it."""
        low, high = self.table[:, 2], self.table[:, 3]
        with np.errstate(over="ignore"):
            return low - (high - low), high + (high - low)

    def far(self, F: np.ndarray) -> dict[int, np.ndarray]:
        """Which cells of unscaled numbers, shape (n, m), are far outside, by row where one is."""
        if not F.shape[1]:
            return {}
        low, high = self.limits
        outside = (np.fmin.reduce(F, axis=1) < low) | (np.fmax.reduce(F, axis=1) > high)
        places = np.flatnonzero(outside).tolist()
        return {p: (F[p] < low[p]) | (F[p] > high[p]) for p in places}


def written(number: float) -> str:
    """A number as a message writes it."""
    return f"{number:.10g}"
