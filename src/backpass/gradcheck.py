"""Numerical gradients against analytic ones: the complex step, or differences where it fails.

The complex step, Im f(x + ih) / h, subtracts nothing, so h can be tiny and the derivative is right
to the last digits (Squire and Trapp, "Using complex variables to estimate derivatives of real
functions", SIAM Review, 1998). It needs a function that is analytic in its argument; where a
function takes no complex numbers, or looks at |x|, central differences are used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from .engine import cost_and_gradient
from .errors import InvalidInput
from .network import Network

COMPLEX_STEP = 1e-40
DIFFERENCE_STEP = 1e-4
METHODS = ("auto", "complex", "central")


@dataclass(frozen=True, eq=False)
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
    """

    analytic: np.ndarray
    numeric: np.ndarray
    indices: np.ndarray
    method: str
    tolerance: float
    names: tuple[str, ...] | None = None

    @property
    def relative_difference(self) -> float:
        """‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖); 0 where both are 0."""
        scale = np.linalg.norm(self.analytic) + np.linalg.norm(self.numeric)
        difference = np.linalg.norm(self.analytic - self.numeric)
        return float(difference / scale) if scale > 0 else float(difference)

    @property
    def ok(self) -> bool:
        """Whether the gradients agree to the tolerance."""
        return self.relative_difference <= self.tolerance

    def worst(self, count: int = 5) -> list[tuple[str, float, float]]:
        """List the entries that differ most: (name, analytic, numeric), worst first."""
        order = np.argsort(-np.abs(self.analytic - self.numeric), kind="stable")[:count]
        return [
            (self._name(k), float(self.analytic[k]), float(self.numeric[k])) for k in order.tolist()
        ]

    def __str__(self) -> str:
        verdict = "agrees with" if self.ok else "DIFFERS from"
        lines = [
            f"The analytic gradient {verdict} the numeric one ({self._method_in_words()}): "
            f"relative difference {self.relative_difference:.3g} over {len(self.indices)} "
            f"entries, tolerance {self.tolerance:.1g}."
        ]
        if not self.ok:
            lines += [f"  {n}: analytic {a: .10g}, numeric {b: .10g}" for n, a, b in self.worst()]
        return "\n".join(lines)

    def _name(self, k: int) -> str:
        return self.names[k] if self.names else f"theta[{self.indices[k]}]"

    def _method_in_words(self) -> str:
        return "complex step" if self.method == "complex" else "central differences"


def numerical_gradient(
    function: Callable[[np.ndarray], Any],
    theta: Any,
    method: str = "auto",
    indices: Any = None,
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
        The step h; 1e-40 for the complex step, 1e-4 for differences where not given.

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

    Examples
    --------
    >>> gradient, method = numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0])
    >>> gradient, method
    (array([ 3., 12.]), 'complex')
    """
    if method not in METHODS:
        raise InvalidInput(f"There is no method {method!r}; the choices are {', '.join(METHODS)}.")
    theta = np.asarray(theta, dtype=np.float64)
    where = np.arange(theta.size) if indices is None else np.asarray(indices)
    if method == "auto":
        method = "complex" if _complex_step_works(function, theta, where) else "central"
    if method == "central":
        return _central(function, theta, where, step or DIFFERENCE_STEP), method
    derivatives = _complex(function, theta, where, step or COMPLEX_STEP)
    if derivatives is None:
        raise InvalidInput("The function takes no complex theta, which the complex step needs.")
    return derivatives, method


def check_gradient(
    function: Callable[[np.ndarray], tuple[Any, Any]],
    theta: Any,
    method: str = "auto",
    max_entries: int | None = None,
    seed: Any = 0,
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
        Largest relative difference that passes; 1e-12 for the complex step and 1e-7 for
        differences where not given.

    Returns
    -------
    GradientCheck
        ``.ok``, ``.relative_difference``, ``.worst()``; prints as a sentence.

    Raises
    ------
    InvalidInput
        If the gradient has another length than theta.

    Examples
    --------
    >>> check = check_gradient(lambda x: ((x**2).sum(), 2 * x), [1.0, 2.0])
    >>> check.ok
    True
    >>> print(check_gradient(lambda x: ((x**2).sum(), x), [1.0, 2.0]))
    The analytic gradient DIFFERS from the numeric one (complex step): relative difference 0.333
    over 2 entries, tolerance 1e-12.
      theta[1]: analytic  2, numeric  4
      theta[0]: analytic  1, numeric  2
    """
    theta = np.asarray(theta, dtype=np.float64)
    gradient = np.asarray(function(theta)[1], dtype=np.float64).reshape(-1)
    if gradient.size != theta.size:
        raise InvalidInput(f"The gradient has {gradient.size} entries, but theta has {theta.size}.")
    where = _drawn(theta.size, max_entries, seed)
    numeric, used = numerical_gradient(lambda x: function(x)[0], theta, method, where)
    if tolerance is None:
        tolerance = 1e-12 if used == "complex" else 1e-7
    return GradientCheck(gradient[where], numeric, where, used, tolerance)


def check_network(
    net: Network,
    theta: Any,
    X: Any,
    Y: Any,
    lam: float = 0.0,
    sample_weight: Any = None,
    max_entries: int | None = 200,
    seed: Any = 0,
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
        By the complex step for smooth losses and activations; otherwise by differences, and by
        the complex step again where those differ, because they may have met a kink.

    Raises
    ------
    InvalidInput
        If a shape or dtype does not fit.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 3, 1), hidden="tanh")
    >>> check_network(net, bp.init_theta(net), [[0.0, 1.0]], [[1.0]], lam=1.0).ok
    True
    """
    X = X.astype(np.float64) if hasattr(X, "astype") else np.asarray(X, dtype=np.float64)

    def function(x: np.ndarray) -> tuple[Any, Any]:
        return cost_and_gradient(net, x, X, Y, lam, sample_weight)

    theta = np.asarray(theta, dtype=np.float64)
    check = check_gradient(function, theta, "auto" if net.smooth else "central", max_entries, seed)
    if not check.ok and not net.smooth:
        # Differences may step across a kink, which is no mistake; the complex step stays beside it.
        with suppress(InvalidInput):
            check = check_gradient(function, theta, "complex", max_entries, seed)
    names = tuple(entry_name(net, int(k)) for k in check.indices)
    return GradientCheck(
        check.analytic, check.numeric, check.indices, check.method, check.tolerance, names
    )


def entry_name(net: Network, k: int) -> str:
    """Name the k-th entry of θ by its Θ, row and column.

    Examples
    --------
    >>> entry_name(Network((2, 3, 1)), 4)
    'Theta1[1, 1]'
    """
    for l, (rows, columns) in enumerate(net.shapes, start=1):
        if k < rows * columns:
            column, row = divmod(k, rows)
            return f"Theta{l}[{row}, {column}]"
        k -= rows * columns
    raise IndexError(f"theta has {net.n_parameters} entries only.")


def _drawn(size: int, count: int | None, seed: Any) -> np.ndarray:
    if count is None or count >= size:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, count, replace=False))


def _value(result: Any) -> Any:
    """J of a function that returns J, or (J, gradient)."""
    return result[0] if isinstance(result, tuple) else result


def _central(
    function: Callable[[np.ndarray], Any], theta: np.ndarray, indices: np.ndarray, h: float
) -> np.ndarray:
    """(J(θ + h e) − J(θ − h e)) / 2h for each entry."""
    derivatives = np.empty(len(indices))
    for position, k in enumerate(indices):
        plus, minus = theta.copy(), theta.copy()
        plus[k] += h
        minus[k] -= h
        derivatives[position] = (_value(function(plus)) - _value(function(minus))) / (2 * h)
    return derivatives


def _complex(
    function: Callable[[np.ndarray], Any], theta: np.ndarray, indices: np.ndarray, h: float
) -> np.ndarray | None:
    """Im J(θ + ih e) / h for each entry; None where the function takes no complex numbers."""
    derivatives = np.empty(len(indices))
    for position, k in enumerate(indices):
        shifted = theta.astype(np.complex128)
        shifted[k] += 1j * h
        try:
            J = _value(function(shifted))
        except Exception:  # whatever a stranger's function raises, it takes no complex theta
            return None
        if not np.iscomplexobj(J):
            return None
        derivatives[position] = np.imag(J) / h
    return derivatives


def _complex_step_works(
    function: Callable[[np.ndarray], Any], theta: np.ndarray, indices: np.ndarray
) -> bool:
    """Whether the complex step agrees with differences on a few entries: then J is analytic."""
    few = indices[np.unique(np.linspace(0, len(indices) - 1, 5).astype(int))]
    derivatives = _complex(function, theta, few, COMPLEX_STEP)
    if derivatives is None:
        return False
    differences = _central(function, theta, few, DIFFERENCE_STEP)
    return bool(np.allclose(derivatives, differences, rtol=1e-4, atol=1e-6))
