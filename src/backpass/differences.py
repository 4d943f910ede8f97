"""The numeric derivative, for all who need one: by the complex step, or by differences.

The complex step, Im f(x + ih) / h, subtracts nothing, so h can be tiny: the derivative is right to
the last digits, and no kink is crossed (Squire and Trapp, "Using complex variables to estimate
derivatives of real functions", SIAM Review, 1998). It needs a function that is analytic on every
smooth piece.

Differences need nothing, but no single step suits them: a large one crosses kinks, a small one
leaves rounding only. Here a ladder of steps is taken to the left, to the right and to both sides,
each extrapolated to h = 0 (Richardson; Ridders, "Accurate computation of F'(x)", 1982), and an
estimate is trusted only as far as all smaller steps confirm it, within their own rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .errors import InvalidInput

Function = Callable[[np.ndarray], Any]  # θ -> J, or (J, anything)

COMPLEX_STEP = 2.0**-133  # of θ's size; a power of two, by which one divides exactly
RATIO = 8.0  # of a step to the next smaller one
SMALLEST = 1e-12  # step, of the entry's size: below it rounding is all that is left
MOST_ORDERS = 4  # terms of the Taylor series that an extrapolation removes
SAFETY = 8.0  # standard deviations of J's rounding that an error covers
NOISE_STEPS = 1e-10, 1e-6  # of the entry's size; J in single precision moves by the second alone
PROBES = 5  # entries by which J's rounding is estimated
DIRECTIONS = 2  # drawn, along which the complex step is compared with differences


class Slope(NamedTuple):
    """A derivative with what it may be wrong by, and the slopes of its two sides on a kink."""

    value: float
    error: float
    low: float
    high: float
    kink: bool  # on it, or so near that one side alone tells the slope


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives by some entries of θ; each array has one number for each entry.

    Attributes
    ----------
    value : ndarray of shape (k,)
        ∂J/∂θ.
    error : ndarray of shape (k,)
        How far each may be from the truth.
    low, high : ndarray of shape (k,)
        The slopes on the two sides where θ lies on a kink; both the value elsewhere.
    kink : ndarray of shape (k,), bool
        Where a kink lies at θ, or so near that one side alone tells the slope.
    """

    value: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kink: np.ndarray


def complex_step(
    function: Function, theta: np.ndarray, indices: np.ndarray, step: float | None = None
) -> np.ndarray | None:
    """Im J(θ + ih e) / h for each entry e; None where the function takes no complex numbers."""
    # A power of two of θ's size: h² is below all rounding, and to divide by h is exact. The
    # exponent stays where h itself does not underflow.
    size = np.clip(np.round(np.log2(_size(theta))), -200, 200)
    h = step or float(COMPLEX_STEP * 2.0**size)
    found = [_complex_slope(function, theta, int(k), h) for k in indices]
    if None in found and not any(found):
        return None
    return np.array([slope or 0.0 for slope in found])  # a J without an imaginary part may be real


def central(function: Function, theta: np.ndarray, indices: np.ndarray, step: float) -> np.ndarray:
    """(J(θ + h e) − J(θ − h e)) / 2h for each entry e, by a step of the caller's choice."""
    derivatives = np.empty(len(indices))
    for position, k in enumerate(indices):
        line = _Line(function, theta, int(k))
        plus, minus = line(step), line(-step)  # the steps as θ's rounding has made them
        derivatives[position] = (plus[1] - minus[1]) / (plus[0] - minus[0])
    return derivatives


def differences(function: Function, theta: np.ndarray, indices: np.ndarray) -> Slopes:
    """Differentiate by steps that the numbers choose.

    Raises
    ------
    InvalidInput
        If J is not finite at θ.
    """
    J = _finite(function, theta)
    noise = rounding_of(function, theta, J, indices)
    found = [_slope(_Line(function, theta, int(k)), J, noise) for k in indices]
    value, error, low, high, kink = np.array(found, dtype=np.float64).reshape(-1, 5).T
    return Slopes(value, error, low, high, kink.astype(bool))


def rounding_of(function: Function, theta: np.ndarray, J: float, indices: np.ndarray) -> float:
    """The standard deviation of J's rounding, from differences of high order on small steps.

    What is smooth has no sixth difference on steps so small; what is left is rounding (Hamming;
    Moré and Wild, "Estimating computational noise", 2011). A kink would be, too: so the median of
    several entries counts, and the flat ones are left out.
    """
    few = np.unique(indices[:: -(-len(indices) // PROBES) or 1])
    least = float(np.finfo(np.float64).eps) * abs(J) / 2
    for step in NOISE_STEPS:
        tried = [_scatter(_Line(function, theta, int(k)), J, step) for k in few]
        moved = [scatter for scatter in tried if scatter is not None]
        if moved:
            return max(float(np.median(moved)), least)
    return least


def complex_step_fits(
    function: Function, theta: np.ndarray, indices: np.ndarray, derivatives: np.ndarray
) -> bool:
    """Whether derivatives by the complex step are those of differences, along drawn directions.

    A direction has a part in every entry, so one entry in which J is not analytic is seen.
    """
    generator = np.random.default_rng(0)
    J = _finite(function, theta)
    noise = rounding_of(function, theta, J, indices)
    for _ in range(DIRECTIONS):
        direction = np.zeros(theta.size)
        direction[indices] = generator.uniform(0.5, 1, len(indices)) * _size(theta)
        direction[indices] *= generator.choice([-1.0, 1.0], len(indices))
        slope = _slope(_Direction(function, theta, direction), J, noise)
        parts = derivatives * direction[indices]
        room = 1e-6 * float(np.abs(parts).sum()) + slope.error
        if not slope.low - room <= float(parts.sum()) <= slope.high + room:
            return False
    return True


class _Line:
    """J along one entry of θ: t -> (the step that was made, J); NaN where J cannot be had."""

    def __init__(self, function: Function, theta: np.ndarray, k: int) -> None:
        self.function, self.theta, self.k = function, theta, k
        # An entry near 0 has the others' size: by its own, its steps would be all rounding.
        self.size = float(np.clip(max(abs(theta[k]), _size(theta)), 1e-100, 1e100))

    def __call__(self, t: float) -> tuple[float, float]:
        moved = self.theta.copy()
        moved[self.k] += t
        return float(moved[self.k] - self.theta[self.k]), _tried(self.function, moved)


class _Direction:
    """J along a direction in which each entry has a step of θ's size."""

    def __init__(self, function: Function, theta: np.ndarray, direction: np.ndarray) -> None:
        self.function, self.theta, self.direction = function, theta, direction
        self.size = 1.0

    def __call__(self, t: float) -> tuple[float, float]:
        return t, _tried(self.function, self.theta + t * self.direction)


def _size(theta: np.ndarray) -> float:
    """The size of θ's entries; 1 where all are zero."""
    largest = float(np.abs(theta).max(initial=0.0))
    # The root mean square, scaled first: squares of large entries would overflow.
    return largest * float(np.sqrt(np.mean((theta / largest) ** 2))) if largest else 1.0


def value_of(result: Any) -> Any:
    """J of a function that returns J, or (J, gradient)."""
    return result[0] if isinstance(result, tuple) else result


def _finite(function: Function, theta: np.ndarray) -> float:
    J = float(np.real(value_of(function(theta))))
    if not np.isfinite(J):
        raise InvalidInput(f"J is {J} at theta, so it has no derivative there.")
    return J


def _tried(function: Function, theta: np.ndarray) -> float:
    """J, or NaN where a step has left what the function is made for."""
    try:
        with np.errstate(all="ignore"):
            J = float(np.real(value_of(function(theta))))
    except (ArithmeticError, ValueError):
        return np.nan
    return J if np.isfinite(J) else np.nan


def _complex_slope(function: Function, theta: np.ndarray, k: int, h: float) -> float | None:
    """Im J / h; None where there is no complex J."""
    shifted = theta.astype(np.complex128)
    shifted[k] += 1j * h
    try:
        J = value_of(function(shifted))
    except Exception:  # whatever a user's function raises, it takes no complex theta
        return None
    return float(np.imag(J)) / h if np.iscomplexobj(J) else None


def _scatter(line: _Line, J: float, step: float) -> float | None:
    """J's rounding along a line; None where J does not move, or cannot be had."""
    values = np.array([line(i * step * line.size)[1] for i in range(-8, 9)]) - J
    if not (np.isfinite(values).all() and values.any()):
        return None
    sixths = np.diff(values, 6)  # of unit noise their variance is (12 choose 6)
    return float(np.sqrt(np.mean(sixths**2) / 924))


def _slope(line: _Line | _Direction, J: float, noise: float) -> Slope:
    """The derivative at 0, from the left, from the right and from both sides."""
    steps, right, left, both = _ladder(line, J)
    if len(steps) < 2:
        return Slope(np.nan, np.inf, np.nan, np.nan, False)
    rounding = SAFETY * noise / steps  # of a central slope; a one-sided one has twice as much
    middle, middle_error = _extrapolated(both, rounding, first=2, by=2)
    sides = [_extrapolated(side, 2 * rounding, first=1, by=1) for side in (left, right)]
    (a, a_error), (b, b_error) = sides
    # A kink: the two sides differ by more than both may be wrong.
    if abs(a - b) > 2 * (a_error + b_error):
        return Slope(middle, max(a_error, b_error), min(a, b), max(a, b), True)
    value, error = min([(middle, middle_error), *sides], key=lambda found: found[1])
    return Slope(value, error, value, value, 100 * error < middle_error)


def _ladder(
    line: _Line | _Direction, J: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, largest first, and the slopes to the right, to the left and to both sides."""
    largest, smallest = max(1.0, line.size) / RATIO, SMALLEST * min(1.0, line.size)
    rows = []
    for j in range(int(np.log(largest / smallest) / np.log(RATIO)) + 1):
        h = float(2.0 ** np.round(np.log2(largest / RATIO**j)))  # exact in binary, as θ ± h then is
        (up, above), (down, below) = line(h), line(-h)
        if up > 0 > down and np.isfinite(above) and np.isfinite(below):
            rows.append((h, (above - J) / up, (J - below) / -down, (above - below) / (up - down)))
    steps, right, left, both = np.array(rows).T if rows else np.empty((4, 0))
    return steps, right, left, both


def _extrapolated(
    slopes: np.ndarray, rounding: np.ndarray, first: int, by: int
) -> tuple[float, float]:
    """The slope at h = 0, and what it may be wrong by.

    A slope's error has the terms h^first, h^(first + by), …
    """
    # Neville's table, row by row: row[m] has the first m terms of the error removed. Each step's
    # best entry is that which changed least from its neighbours (Ridders).
    estimates, errors = [float(slopes[0])], [np.inf]
    above = [float(slopes[0])]
    for j in range(1, len(slopes)):
        row = [float(slopes[j])]
        best, error = row[0], abs(row[0] - above[0])
        for m in range(min(j, MOST_ORDERS)):
            row.append(row[m] + (row[m] - above[m]) / (RATIO ** (first + by * m) - 1))
            change = max(abs(row[-1] - row[-2]), abs(row[-1] - above[m]))
            if change < error:
                best, error = row[-1], change
        estimates.append(best)
        errors.append(max(error, float(rounding[j])))
        above = row
    found, room = np.array(estimates), np.array(errors)
    # A larger step may agree with its neighbours by chance, or see past a kink: it must also agree
    # with all smaller ones, up to their rounding.
    for j in range(len(found) - 1):
        room[j] = max(room[j], float((np.abs(found[j + 1 :] - found[j]) - rounding[j + 1 :]).max()))
    room[-1] = max(room[-1], abs(found[-1] - found[-2]))  # which no smaller step confirms
    best = int(room.argmin())
    return float(found[best]), float(room[best])
