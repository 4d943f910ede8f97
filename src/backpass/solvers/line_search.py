"""How far to go along a direction d: a step t that satisfies the strong Wolfe conditions.

With φ(t) = J(θ + t d), the two conditions are

    φ(t) ≤ φ(0) + c₁ t φ′(0)   (J falls enough)   and   |φ′(t)| ≤ c₂ |φ′(0)|   (it is flat),

and the search is Nocedal and Wright's algorithms 3.5 and 3.6: lengthen t until a step is bracketed,
then zoom in by cubic interpolation. Close to a minimum J's own rounding hides its fall; there the
gradient decides (Hager and Zhang's approximate Wolfe condition).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from .. import old_names
from ..arrays import Array, State, array_namespace
from .curvature import Function

__getattr__ = old_names("solvers.line_search")

MAX_EVALUATIONS = 20


class Point(NamedTuple):
    """A point on the line: t, θ + t d, and J, D and φ′ there."""

    t: float
    theta: Array
    J: float
    D: Array
    slope: float


class LineSearchResult(NamedTuple):
    """The best point found, how many evaluations it took, and whether J overflowed on the way."""

    point: Point
    nfev: int
    overflowed: bool


@dataclass
class LineObjective:
    """φ and the two conditions."""

    fun: Function
    start: Point
    d: Array
    c1: float
    c2: float
    nfev: int = 0
    overflowed: bool = False

    def at(self, t: float) -> Point:
        """Evaluate φ(t) and φ′(t); where J is not finite, it counts as infinite."""
        theta = self.start.theta + t * self.d
        J, D = self.fun(theta)
        J, slope = float(J), float(D @ self.d)
        self.nfev += 1
        if not (math.isfinite(J) and math.isfinite(slope)):
            self.overflowed, J = True, math.inf
        return Point(t, theta, J, D, slope)

    def falls(self, point: Point) -> bool:
        """The first Wolfe condition."""
        return self.start.J - point.J >= -self.c1 * point.t * self.start.slope

    def accepts(self, point: Point) -> bool:
        """Both Wolfe conditions, or the approximate ones where J's rounding hides its fall."""
        slope = self.start.slope
        if self.falls(point):
            return abs(point.slope) <= -self.c2 * slope
        noise = 4 * machine_epsilon(point.theta) * abs(self.start.J)
        # φ(t) − φ(0) has lost all its digits here, φ′ has not: Hager and Zhang put (2 c₁ − 1) φ′(0)
        # ≥ φ′(t) for the first condition, which is the same for a quadratic φ.
        level = abs(point.J - self.start.J) <= noise
        return level and self.c2 * slope <= point.slope <= (2 * self.c1 - 1) * slope


def strong_wolfe(
    fun: Function,
    theta: Array,
    J: float,
    D: Array,
    d: Array,
    *,
    t: float,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> LineSearchResult:
    """Search along the descent direction d for a step that satisfies the strong Wolfe conditions.

    Parameters
    ----------
    fun : callable
        θ -> (J, D).
    theta : array of shape (n,)
        Where the line begins.
    J, D : float, array of shape (n,)
        J and its gradient there.
    d : array of shape (n,)
        Where it leads; Dᵀd < 0.
    t : float
        The step to try first.
    c1, c2 : float
        Of the conditions: how much J must fall, and how flat it must become.

    Returns
    -------
    LineSearchResult
        The point, whose t is 0 if all steps failed, evaluations, and whether J overflowed.

    References
    ----------
    J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, 2006, algorithms 3.5 and
    3.6. W. W. Hager and H. Zhang, "A new conjugate gradient method with guaranteed descent and an
    efficient line search", 2005.

    Examples
    --------
    >>> import numpy as np
    >>> def bowl(theta):
    ...     return float(theta @ theta) / 2, theta
    >>> theta = np.array([2.0])
    >>> found = strong_wolfe(bowl, theta, 2.0, theta, -theta, t=1.0)
    >>> found.point.t, found.nfev
    (1.0, 1)
    """
    start = Point(0.0, theta, J, D, float(D @ d))
    line = LineObjective(fun, start, d, c1, c2)
    point = _bracket(line, t)
    return LineSearchResult(point, line.nfev, line.overflowed)


def accept_point(state: State, found: LineSearchResult) -> State:
    """Make a search's point the state's, and count its evaluations."""
    point = found.point
    return {
        **state,
        "theta": point.theta,
        "J": point.J,
        "D": point.D,
        "nit": state["nit"] + 1,
        "nfev": state["nfev"] + found.nfev,
    }


def _bracket(line: LineObjective, t: float) -> Point:
    """Try longer and longer steps, until one is accepted or an interval holds one."""
    low = line.start
    while line.nfev < MAX_EVALUATIONS:
        point = line.at(t)
        if line.accepts(point):
            return point
        if not line.falls(point) or point.J >= low.J:
            return _zoom(line, low, point)
        if point.slope >= 0:
            return _zoom(line, point, low)
        t = _clamped(_cubic_minimum(low, point), 2 * t, 10 * t)
        low = point
    return low


def _zoom(line: LineObjective, low: Point, high: Point) -> Point:
    """Shrink an interval: low falls enough and is its lowest end, φ goes down from it to high."""
    previous = math.inf  # width before the last step: interpolation that hardly shrinks it is slow
    while line.nfev < MAX_EVALUATIONS:
        width = high.t - low.t
        if abs(width) <= 4 * machine_epsilon(low.theta) * max(low.t, high.t):
            break
        point = line.at(_trial_step(low, high, slow=abs(width) > 0.66 * previous))
        previous = abs(width)
        if line.accepts(point):
            return point
        if not line.falls(point) or point.J >= low.J:
            high = point
            continue
        if point.slope * width >= 0:  # φ rises towards high: the minimum lies on low's side
            high = low
        low = point
    return low


def _trial_step(low: Point, high: Point, slow: bool) -> float:
    """The cubic's minimum, kept off the ends; the middle where the last step shrank too little."""
    width = high.t - low.t
    if slow and math.isfinite(high.J):
        return low.t + width / 2
    edges = sorted((low.t + 0.02 * width, high.t - 0.02 * width))
    return _clamped(_cubic_minimum(low, high), *edges)


def _cubic_minimum(p: Point, q: Point) -> float:
    """Where the cubic through both values and both slopes is least; near p if q is infinite."""
    if not math.isfinite(q.J):
        return p.t + 0.1 * (q.t - p.t)
    a = p.slope + q.slope - 3 * (p.J - q.J) / (p.t - q.t)
    square = a * a - p.slope * q.slope
    if square < 0:
        return (p.t + q.t) / 2
    # Nocedal and Wright's (3.59), with φ(p), φ(q) and both slopes.
    b = math.copysign(math.sqrt(square), q.t - p.t)
    scale = q.slope - p.slope + 2 * b
    return q.t - (q.t - p.t) * (q.slope + b - a) / scale if scale else (p.t + q.t) / 2


def _clamped(t: float, least: float, most: float) -> float:
    """Keep t within limits; a t that is not a number becomes their middle."""
    return min(max(float(t), least), most) if math.isfinite(t) else (least + most) / 2


def machine_epsilon(array: Array) -> float:
    """The array's machine epsilon."""
    return float(array_namespace(array).finfo(array.dtype).eps)


def largest_entry(array: Array) -> float:
    """The largest entry in size."""
    return float(array_namespace(array).max(abs(array)))


def initial_step(D: Array) -> float:
    """The first step to try along −D where no curvature is known: of length one at most."""
    size = float(array_namespace(D).sum(abs(D)))
    return min(1.0, 1 / size) if size else 1.0  # |t D| ≤ t Σ|D| ≤ 1
