"""Numerical gradients against analytic ones, with a verdict that says what the numbers bear out.

How to differentiate is ``differences.py``'s; here an analytic gradient is held against the outcome,
entry by entry: up to a relative tolerance, beyond what rounding explains. On a kink J has no
derivative, and every slope between those of the two sides is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from .. import activations, backprop, losses
from ..arrays import Array
from ..differences import Function, Slopes, central, complex_step, complex_step_fits, differences
from ..engine import Rows, check_rows, cost_and_gradient
from ..errors import InvalidInput
from ..network import Network

METHODS = ("auto", "complex", "central")
TOLERANCES = {"complex": 1e-12, "central": 1e-8}
SMALLEST_PART = 1e-6  # of a kink's jump, that an example may be
LOOKED_INTO = 8  # of the entries where the complex step differs, by differences
NUDGES = 8  # of θ by its last digit, which show the rounding of a gradient
MARGIN = 10.0  # times the rounding that a nudge has shown
MOST_LOST = 1e6  # times the last digit of D's terms: what a nudge shows beyond it is a kink
BLOCK_ROWS = 1024
NO_COMPLEX = "The function takes no complex theta, which the complex step needs."

Gradient = Callable[[np.ndarray], tuple[Array, Array]]  # θ -> (J, D)
Seed = int | np.random.Generator


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """What a gradient check found.

    Attributes
    ----------
    analytic, numeric : ndarray of shape (k,)
        The two gradients, at ``indices``.
    indices : ndarray of shape (k,)
        Which entries of θ were checked.
    method : str
        ``"complex"`` or ``"central"``.
    tolerance : float
        Relative difference up to which the check passes.
    names : tuple of str or None
        A name for each entry of θ that was checked, such as ``Theta2[3, 0]``.
    error : ndarray of shape (k,) or None
        What rounding, and the step, may have done to each entry; nothing where not given.
    low, high : ndarray of shape (k,) or None
        The slopes of J on the two sides of a kink; the numeric gradient elsewhere.
    set_aside : ndarray of shape (k,), bool, or None
        Entries at which θ lies on a kink of J, where every slope between the two sides' is right.

    Examples
    --------
    >>> import numpy as np
    >>> ours, theirs = np.array([1.0, 2.0]), np.array([1.0, 4.0])
    >>> check = GradientCheck(ours, theirs, np.arange(2), "central", tolerance=1e-8)
    >>> check.ok, check.relative_differences.round(3).tolist()
    (False, [0.0, 0.333])
    """

    analytic: np.ndarray
    numeric: np.ndarray
    indices: np.ndarray
    method: str
    tolerance: float
    names: tuple[str, ...] | None = None
    error: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    set_aside: np.ndarray | None = None

    @property
    def relative_differences(self) -> np.ndarray:
        """``|analytic − numeric| / (|analytic| + |numeric|)`` by entry, beyond what rounding does.

        On a kink the nearest slope between those of its two sides stands for the numeric one.
        """
        low = self.numeric if self.low is None else self.low
        high = self.numeric if self.high is None else self.high
        nearest = np.clip(self.analytic, low, high)
        with np.errstate(all="ignore"):
            beyond = np.abs(self.analytic - nearest)
            beyond = beyond if self.error is None else np.maximum(beyond - self.error, 0.0)
            relative = beyond / (np.abs(self.analytic) + np.abs(nearest))
        relative[beyond == 0] = 0.0
        return np.where(np.isnan(relative), 1.0, relative)

    @property
    def relative_difference(self) -> float:
        """The largest of the entries' relative differences; 0 where there is no entry."""
        return float(self.relative_differences.max(initial=0.0))

    @property
    def ok(self) -> bool:
        """Whether the gradients agree to the tolerance, in every entry."""
        return self.relative_difference <= self.tolerance

    @property
    def kinks(self) -> int:
        """How many of the entries were set aside because θ lies on a kink of J."""
        return 0 if self.set_aside is None else int(self.set_aside.sum())

    def worst(self, count: int = 5) -> list[tuple[str, float, float]]:
        """List the entries that differ most, worst first.

        Parameters
        ----------
        count : int
            How many of them.

        Returns
        -------
        list of tuple
            (name, analytic, numeric) of each.

        Examples
        --------
        >>> import backpass as bp
        >>> bp.check_gradient(lambda x: ((x**2).sum(), x), [1.0, 2.0]).worst(1)
        [('theta[1]', 2.0, 4.0)]
        """
        by_size = -np.abs(self.analytic - self.numeric)
        order = np.lexsort((by_size, -self.relative_differences))[:count]
        return [
            (self._name(k), float(self.analytic[k]), float(self.numeric[k])) for k in order.tolist()
        ]

    def __str__(self) -> str:
        wrong = self.relative_differences > self.tolerance
        lines = [self._sentence(), *self._about_kinks(), *self._about_rounding()]
        if wrong.any():
            shown = self.worst(min(5, int(wrong.sum())))
            lines += [f"  {n}: analytic {a: .10g}, numeric {b: .10g}" for n, a, b in shown]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _sentence(self) -> str:
        wrong = int((self.relative_differences > self.tolerance).sum())
        entries = "entry" if len(self.indices) == 1 else "entries"
        verdict = f"DIFFERS in {wrong} of" if wrong else "agrees with the numeric one in all"
        return (
            f"The analytic gradient {verdict} {len(self.indices)} {entries}"
            f"{' from the numeric one' if wrong else ''} ({self._method_in_words()}): largest "
            f"relative difference {self.relative_difference:.3g}, tolerance {self.tolerance:.1g}."
        )

    def _about_kinks(self) -> list[str]:
        if not self.kinks:
            return []
        place = "1 of the entries" if self.kinks == 1 else f"{self.kinks} of the entries"
        return [
            f"At {place} theta lies on a kink of J: set aside, for every slope between those of "
            "its two sides is right there."
        ]

    def _about_rounding(self) -> list[str]:
        """Say it where rounding hides more than the tolerance."""
        if self.error is None or not len(self.indices):
            return []
        size = np.abs(self.analytic) + np.abs(self.numeric)
        blurred = self.error > np.maximum(self.tolerance, 1e-7) * size
        blurred &= (size > 0) & (self.relative_differences <= self.tolerance)
        if not blurred.any():
            return []
        seen = float(self.error[blurred].max())
        return [
            f"Rounding lets {int(blurred.sum())} of them be told less sharply, up to {seen:.1g} "
            "in size."
        ]

    def _name(self, k: int) -> str:
        return self.names[k] if self.names else f"theta[{self.indices[k]}]"

    def _method_in_words(self) -> str:
        return "complex step" if self.method == "complex" else "central differences"


def numerical_gradient(
    function: Function,
    theta: ArrayLike,
    method: str = "auto",
    indices: ArrayLike | None = None,
    step: float | None = None,
) -> tuple[np.ndarray, str]:
    """Differentiate a function numerically, entry by entry.

    Parameters
    ----------
    function : callable
        θ -> J, or θ -> (J, anything): only J is used.
    theta : array-like of shape (n,)
        Where to differentiate.
    method : {"auto", "complex", "central"}
        ``auto`` tries the complex step and holds it against differences before it trusts it.
    indices : array-like of int, optional
        Which entries; all of them where not given.
    step : float, optional
        The step h; 1e-40 of θ's size for the complex step where not given. For differences the
        numbers choose among many steps, none of which may lead across a kink.

    Returns
    -------
    gradient : ndarray of shape (k,)
        ∂J/∂θ at the indices.
    method : str
        Which method was used in the end.

    Raises
    ------
    InvalidInput
        If the method is unknown, or the complex step is asked for and cannot be had.

    References
    ----------
    J. N. Lyness and C. B. Moler, "Numerical differentiation of analytic functions", SIAM Journal on
    Numerical Analysis 4, 1967; W. Squire and G. Trapp, "Using complex variables to estimate
    derivatives of real functions", SIAM Review 40, 1998: the complex step.

    Examples
    --------
    >>> gradient, method = numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0])
    >>> gradient, method
    (array([ 3., 12.]), 'complex')
    """
    _check_method(method)
    theta = np.asarray(theta, dtype=np.float64)
    where = np.arange(theta.size) if indices is None else np.asarray(indices)
    if method == "central" and step is not None:
        return central(function, theta, where, step), method
    derivatives = None if method == "central" else complex_step(function, theta, where, step)
    if method == "complex" and derivatives is None:
        raise InvalidInput(NO_COMPLEX)
    if derivatives is None or (
        method == "auto" and not complex_step_fits(function, theta, where, derivatives)
    ):
        return differences(function, theta, where).value, "central"
    return derivatives, "complex"


def check_gradient(
    function: Gradient,
    theta: ArrayLike,
    method: str = "auto",
    max_entries: int | None = None,
    seed: Seed = 0,
    tolerance: float | None = None,
) -> GradientCheck:
    """Hold a function's own gradient against a numerical one.

    Parameters
    ----------
    function : callable
        θ -> (J, gradient).
    theta : array-like of shape (n,)
        Where to check.
    method : {"auto", "complex", "central"}
        How to differentiate; see ``numerical_gradient``.
    max_entries : int, optional
        Check only so many entries, drawn at random; all where not given.
    seed : int or numpy.random.Generator
        For that draw.
    tolerance : float, optional
        Largest relative difference of an entry that passes, beyond what rounding explains; 1e-12
        for the complex step and 1e-8 for differences where not given.

    Returns
    -------
    GradientCheck
        ``.ok``, ``.relative_difference``, ``.kinks``, ``.worst()``; prints as a sentence.

    Raises
    ------
    InvalidInput
        If the gradient has another length than theta, J is not finite there, or the complex step
        is asked for and cannot be had.

    References
    ----------
    J. N. Lyness and C. B. Moler, "Numerical differentiation of analytic functions", SIAM Journal on
    Numerical Analysis 4, 1967; W. Squire and G. Trapp, "Using complex variables to estimate
    derivatives of real functions", SIAM Review 40, 1998: the complex step.

    Examples
    --------
    >>> check = check_gradient(lambda x: ((x**2).sum(), 2 * x), [1.0, 2.0])
    >>> check.ok
    True
    >>> print(check_gradient(lambda x: ((x**2).sum(), x), [1.0, 2.0]))
    The analytic gradient DIFFERS in 2 of 2 entries from the numeric one (complex step): largest
    relative difference 0.333, tolerance 1e-12.
      theta[1]: analytic  2, numeric  4
      theta[0]: analytic  1, numeric  2
    """
    _check_method(method)
    theta = np.asarray(theta, dtype=np.float64)
    D = _checked_gradient(function, theta)
    where = _drawn(theta.size, max_entries, seed)
    rounding = _rounding_of_gradient(function, theta, D)[where]
    analytic = D[where].astype(np.float64)
    claim = _Claim(lambda x: function(x)[0], theta, where, analytic, rounding, tolerance)
    return _judged(claim, method)


def check_network(
    net: Network,
    theta: ArrayLike,
    X: Array,
    Y: Array,
    lam: float = 0.0,
    sample_weight: ArrayLike | None = None,
    max_entries: int | None = 200,
    seed: Seed = 0,
) -> GradientCheck:
    """Check backpropagation's D on your own network and data, with entries named as in the notes.

    Parameters
    ----------
    net, theta, X, Y, lam, sample_weight
        As for ``cost_and_gradient``.
    max_entries : int, optional
        Check only so many entries, drawn at random; all where None.
    seed : int or numpy.random.Generator
        For that draw.

    Returns
    -------
    GradientCheck
        By the complex step, which crosses no kink; by differences where an activation or a loss
        of your own takes no complex numbers.

    Raises
    ------
    InvalidInput
        If a shape or dtype does not fit, or J is not finite at theta.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".
    J. N. Lyness and C. B. Moler, "Numerical differentiation of analytic functions", SIAM Journal on
    Numerical Analysis 4, 1967; W. Squire and G. Trapp, "Using complex variables to estimate
    derivatives of real functions", SIAM Review 40, 1998: the complex step.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 3, 1), hidden="tanh")
    >>> check_network(net, bp.init_theta(net), [[0.0, 1.0]], [[1.0]], lam=1.0).ok
    True
    """
    X = X.astype(np.float64) if hasattr(X, "astype") else np.asarray(X, dtype=np.float64)
    theta = np.asarray(theta, dtype=np.float64)

    def function(x: np.ndarray) -> tuple[Array, Array]:
        return cost_and_gradient(net, x, X, Y, lam, sample_weight)

    D = _checked_gradient(function, theta)
    where = _drawn(theta.size, max_entries, seed)
    with np.errstate(all="ignore"):
        bound = _rounding_of_backprop(net, theta, check_rows(net, X, Y, sample_weight), lam)
    rounding = bound + np.minimum(_rounding_of_gradient(function, theta, D), MOST_LOST * bound)
    claim = _Claim(lambda x: function(x)[0], theta, where, D[where], rounding[where], None)
    check = _judged_as_analytic(claim) if _is_ours(net) else _judged(claim, "auto")
    return replace(check, names=tuple(entry_name(net, int(k)) for k in where))


def entry_name(net: Network, k: int) -> str:
    """Name the k-th entry of θ by its Θ, row and column.

    Examples
    --------
    >>> entry_name(Network((2, 3, 1)), 4)
    'Theta1[1, 1]'
    """
    l, row, column = net.place(k)
    return f"Theta{l}[{row}, {column}]"


def _drawn(size: int, count: int | None, seed: Seed) -> np.ndarray:
    if count is None or count >= size:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, count, replace=False))


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise InvalidInput(f"There is no method {method!r}; the choices are {', '.join(METHODS)}.")


def _checked_gradient(function: Gradient, theta: np.ndarray) -> np.ndarray:
    """The analytic gradient, as long as θ, in its own precision."""
    D = np.asarray(function(theta)[1]).reshape(-1)
    if D.size != theta.size:
        raise InvalidInput(f"The gradient has {D.size} entries, but theta has {theta.size}.")
    return D if D.dtype.kind == "f" else D.astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Claim:
    """An analytic gradient that is to be held against J, at some entries of θ."""

    function: Function
    theta: np.ndarray
    where: np.ndarray
    analytic: np.ndarray
    rounding: np.ndarray
    tolerance: float | None

    def against(self, numeric: Slopes, method: str) -> GradientCheck:
        """Make the verdict."""
        if np.isnan(numeric.value).any():
            raise InvalidInput("J has no numeric derivative at theta: it is not finite beside it.")
        tolerance = TOLERANCES[method] if self.tolerance is None else self.tolerance
        return GradientCheck(
            self.analytic,
            numeric.value,
            self.where,
            method,
            tolerance,
            error=self.rounding + numeric.error,
            low=numeric.low,
            high=numeric.high,
            set_aside=numeric.high > numeric.low,
        )

    def doubtful(self, exact: Slopes) -> np.ndarray:
        """Places of the entries where the complex step differs, worst first."""
        check = self.against(exact, "complex")
        order = np.argsort(-check.relative_differences, kind="stable")
        return order[: int((check.relative_differences > check.tolerance).sum())]

    def looked_into(self, places: np.ndarray) -> Slopes:
        """What differences see at some of the entries."""
        return differences(self.function, self.theta, self.where[places])


def _judged(claim: _Claim, method: str) -> GradientCheck:
    """Judge by the method that was asked for, or by the one that can be trusted."""
    derivatives = None
    if method != "central":
        derivatives = complex_step(claim.function, claim.theta, claim.where)
    if method == "complex" and derivatives is None:
        raise InvalidInput(NO_COMPLEX)
    exact = None if derivatives is None else _exact(derivatives)
    if exact is not None and method == "auto":
        exact = _trusted(claim, exact)
    if exact is not None:
        return claim.against(exact, "complex")
    return claim.against(differences(claim.function, claim.theta, claim.where), "central")


def _judged_as_analytic(claim: _Claim) -> GradientCheck:
    """Judge by the complex step alone, for functions that are known to be analytic by pieces."""
    derivatives = complex_step(claim.function, claim.theta, claim.where)
    exact = _exact(np.zeros(len(claim.where)) if derivatives is None else derivatives)
    doubtful = claim.doubtful(exact)
    seen = claim.looked_into(doubtful[:LOOKED_INTO])
    if seen.kink.any():
        seen = claim.looked_into(doubtful)
    places = doubtful[: len(seen.value)]
    return claim.against(_with_kinks(claim, exact, places, seen), "complex")


def _is_ours(net: Network) -> bool:
    """Whether all functions are the library's, whose complex step is known to be right."""
    return losses.is_own(net.loss) and all(map(activations.is_own, net.hidden))


def _exact(derivatives: np.ndarray) -> Slopes:
    """What the complex step found: without an error of its own, on the smooth piece at θ."""
    none = np.zeros(len(derivatives))
    return Slopes(derivatives, none, derivatives, derivatives, none.astype(bool))


def _trusted(claim: _Claim, exact: Slopes) -> Slopes | None:
    """The complex step's slopes, kinks set aside; None where J is not analytic.

    Where the gradients agree, a few directions will do. Where they differ, differences say at the
    entry itself which of the two is right, or that a kink lies there.
    """
    doubtful = claim.doubtful(exact)
    if not len(doubtful):
        fits = complex_step_fits(claim.function, claim.theta, claim.where, exact.value)
        return exact if fits else None
    seen = claim.looked_into(doubtful[:LOOKED_INTO])
    suspicious = seen.kink | _contradicted(exact, doubtful[:LOOKED_INTO], seen)
    if suspicious.any() and len(doubtful) > LOOKED_INTO:
        seen = claim.looked_into(doubtful)
    doubtful = doubtful[: len(seen.value)]
    if _contradicted(exact, doubtful, seen).any():
        return None
    return _with_kinks(claim, exact, doubtful, seen)


def _contradicted(exact: Slopes, places: np.ndarray, seen: Slopes) -> np.ndarray:
    """Where differences leave no room for the complex step's slope."""
    value = exact.value[places]
    room = 1e-6 * np.abs(value) + seen.error
    return (value < seen.low - room) | (value > seen.high + room)


def _with_kinks(claim: _Claim, exact: Slopes, places: np.ndarray, seen: Slopes) -> Slopes:
    """Both sides' slopes at those of the places where a kink explains the difference.

    It does where an example, or several, count for the other side: that is a part of the slopes'
    jump. What differs by less than any such part is wrong.
    """
    low, high, error = exact.low.copy(), exact.high.copy(), exact.error.copy()
    apart = np.abs(claim.analytic - exact.value)[places]
    on = apart > SMALLEST_PART * (seen.high - seen.low)
    on &= seen.high > seen.low
    here = places[on]
    low[here] = np.minimum(seen.low[on], exact.value[here])
    high[here] = np.maximum(seen.high[on], exact.value[here])
    error[here] = seen.error[on]
    return Slopes(exact.value, error, low, high, high > low)


def _rounding_of_gradient(function: Gradient, theta: np.ndarray, D: np.ndarray) -> np.ndarray:
    """What rounding does to a gradient: seen where θ is nudged by its last digit."""
    eps, generator = float(np.finfo(D.dtype).eps), np.random.default_rng(0)
    seen = np.zeros(D.size)
    for _ in range(NUDGES):
        nudged = theta * (1 + eps * generator.choice([-1.0, 1.0], theta.size))
        again = np.asarray(function(nudged)[1]).reshape(-1)
        seen = np.maximum(seen, np.abs(again.astype(np.float64) - D))
    return MARGIN * np.nan_to_num(seen, nan=0.0, posinf=0.0) + eps * np.abs(D)


def _rounding_of_backprop(net: Network, theta: np.ndarray, rows: Rows, lam: float) -> np.ndarray:
    """A bound on D's rounding: the backward pass once more, with the size of every term.

    a − y loses a's last digits where the network is sure of itself, and no nudge of θ shows it.
    """
    Thetas = net.roll_unchecked(theta)
    total = np.zeros(theta.size)
    for X, Y, w in rows.blocks(BLOCK_ROWS):
        a, z = backprop.forward_pass(net, Thetas, X)
        size = {net.L: abs(a[net.L]) + abs(Y) + 4 * abs(net.loss.delta(z[net.L], Y))}
        for l in range(net.L - 1, 1, -1):
            back = size[l + 1] @ abs(Thetas[l - 1][:, 1:])
            slope = abs(net.activation(l).g_prime(z[l]))
            size[l] = back * (slope + (slope > 0))  # g′ of a that is nearly 1 is 1 − a, rounded
        Delta = backprop.accumulate({l: abs(a[l]) for l in a}, size, w)
        total += net.unroll([Delta[l] for l in sorted(Delta)])
    decay = lam * np.abs(theta)
    return np.nan_to_num(np.finfo(np.float64).eps * (total + decay) / rows.W, nan=0.0, posinf=0.0)
