"""Numerical gradients against analytic ones, with a verdict that says what the numbers bear out.

How to differentiate is ``differences.py``'s; here an analytic gradient is compared with the
outcome, entry by entry: up to a relative tolerance, beyond what rounding explains. On a kink J has
no derivative, and every slope between those of the two sides is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from .. import activations, losses
from ..arrays import Array
from ..differences import Function, central, complex_step, complex_step_fits, differences
from ..engine import check_rows, cost_and_gradient
from ..errors import InvalidInput
from ..network import Network
from .gradient_check import GradientCheck
from .gradient_claim import NO_COMPLEX, Claim, check_analytic_claim, check_claim
from .gradient_patterns import Part
from .held_gradient import OfVector, of_vector
from .held_theta import Held, HeldTheta
from .rounding import Gradient, rounding_of_backprop, rounding_of_gradient

METHODS = ("auto", "complex", "central")
MOST_LOST = 1e6  # times the last digit of D's terms: what a nudge shows beyond it is a kink
Seed = int | np.random.Generator


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
    function: Callable[..., Held],
    theta: Held,
    method: str = "auto",
    max_entries: int | None = None,
    seed: Seed = 0,
    tolerance: float | None = None,
) -> GradientCheck:
    """Compare a function's own gradient with a numerical one.

    Parameters
    ----------
    function : callable
        θ -> (J, gradient), or (gradient, J); one that takes W1, b1, … apart is called with θ's
        members. J may be ``[J]``, and the gradient one vector, a list or a dictionary, also in
        single precision.
    theta : array-like of shape (n,), or a list, tuple or dictionary of arrays
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
        ``.ok``, ``.relative_difference``, ``.kinks``, ``.worst()``, ``.patterns``; prints as a
        sentence.

    Raises
    ------
    InvalidInput
        If the gradient has another length than theta, or other shapes, J is not finite there, or
        the complex step is asked for and cannot be had.

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
    relative difference 0.333, tolerance 1e-12. theta is half of what it should be throughout.
      theta[1]: analytic  2, numeric  4
      theta[0]: analytic  1, numeric  2

    Arrays are called by their names:

    >>> def one_layer(W1, b1):
    ...     a = np.tanh(W1 @ [1.0, 2.0] + b1)
    ...     return a.sum(), np.outer(1 - a**2, [1.0, 2.0]), 2 * (1 - a**2)
    >>> wrong = check_gradient(one_layer, (np.eye(2), np.zeros(2)))
    >>> wrong.patterns, wrong.worst(1)[0][0]
    (('b1 is twice what it should be throughout.',), 'b1[1]')
    """
    _check_method(method)
    held = of_vector(function, HeldTheta.of(theta))
    check = _check_held(held, method, max_entries, seed, tolerance)
    if check.ok or not held.is_flat():
        return check
    # One vector for several arrays may have them column by column.
    by_columns = of_vector(function, HeldTheta.of(theta, "F"))
    other = _check_held(by_columns, method, max_entries, seed, tolerance)
    return min((check, other), key=lambda each: int(each.differing.sum()))


def _check_held(
    function: OfVector, method: str, max_entries: int | None, seed: Seed, tolerance: float | None
) -> GradientCheck:
    theta, parts = function.theta.vector, function.theta.parts
    D = function(theta)[1]
    where = _drawn(theta.size, max_entries, seed)
    rounding = rounding_of_gradient(function, theta, D)[where]
    analytic = D[where].astype(np.float64)
    claim = Claim(function.J, theta, where, analytic, rounding, tolerance)
    check = check_claim(claim, method)
    names = tuple(_entry_of(parts, int(k)) for k in where)
    return replace(check, names=names, parts=parts if len(where) == theta.size else ())


def _entry_of(parts: Sequence[Part], k: int) -> str:
    return next(part.entry(k) for part in reversed(parts) if part.start <= k)


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
        bound = rounding_of_backprop(net, theta, check_rows(net, X, Y, sample_weight), lam)
    rounding = bound + np.minimum(rounding_of_gradient(function, theta, D), MOST_LOST * bound)
    claim = Claim(lambda x: function(x)[0], theta, where, D[where], rounding[where], None)
    check = check_analytic_claim(claim) if _is_ours(net) else check_claim(claim, "auto")
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


def _is_ours(net: Network) -> bool:
    """Whether all functions are the library's, whose complex step is known to be right."""
    return losses.is_own(net.loss) and all(map(activations.is_own, net.hidden))
