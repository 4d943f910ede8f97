"""The engine's entry points: the mathematics' signatures, by whichever engine fits.

``prepare`` binds a network to data once; what it returns computes J and D, runs epochs, and keeps
whatever packed copies make that fast.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import backprop
from ..arrays import Array, ArrayLike, array_namespace, as_vector, numbers_of
from ..blas import blas_threads
from ..network import Network
from . import native, reference, refilled
from .blocked import problem as blocked
from .curvature import ProblemCurvature
from .dropout import Dropout
from .encoding import EncodedRows
from .problem import (
    Epoch,
    Optimizer,
    Order,
    Problem,
    Rows,
    SequentialProblem,
    check_rows,
    inputs_of,
)
from .refilled import RefilledProblem
from .select import choose, engine_name
from .thread_limit import bounded

__all__ = [
    "Dropout",
    "Epoch",
    "InMemoryProblem",
    "Optimizer",
    "Order",
    "Problem",
    "ProblemCurvature",
    "RefilledProblem",
    "Rows",
    "SequentialProblem",
    "check_rows",
    "cost_and_gradient",
    "engine_name",
    "forward",
    "forward_each",
    "intermediates",
    "prepare",
    "prepare_next",
    "second_moments",
]

InMemoryProblem = native.NativeProblem | blocked.BlockedProblem | reference.ReferenceProblem


def prepare(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lam: float = 0.0,
    sample_weight: ArrayLike = None,
    total_weight: float | None = None,
    n_threads: int | None = None,
) -> InMemoryProblem:
    """Bind a network to its data: check it once, and choose the engine."""
    return _bind(net, check_rows(net, X, Y, sample_weight, total_weight), lam, n_threads)


def prepare_next(
    idle: RefilledProblem | None,
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lam: float = 0.0,
    sample_weight: ArrayLike = None,
    total_weight: float | None = None,
    n_threads: int | None = None,
) -> InMemoryProblem:
    """Do as ``prepare`` does; few rows take the place of those of a problem that is idle."""
    rows = check_rows(net, X, Y, sample_weight, total_weight)
    if not refilled.suits(net, rows) or choose(net, rows.X, rows.Y) != "native":
        return _bind(net, rows, lam, n_threads)
    threads = bounded(n_threads or native.default_threads())
    if idle is not None and idle.refill(net, rows, float(lam), threads):
        return idle
    return RefilledProblem(net, rows, float(lam), threads)


def _bind(net: Network, rows: Rows, lam: float, n_threads: int | None) -> InMemoryProblem:
    """Choose the engine."""
    engine = choose(net, rows.X, rows.Y)
    if engine == "native":
        threads = bounded(n_threads or native.default_threads())
        return native.NativeProblem(net, rows, float(lam), threads)
    kind = blocked.BlockedProblem if engine == "blocked" else reference.ReferenceProblem
    return kind(net, rows, float(lam), n_threads)


def cost_and_gradient(
    net: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    lam: float = 0.0,
    sample_weight: ArrayLike = None,
    *,
    n_threads: int | None = None,
) -> tuple[Array, Array]:
    """Compute J(θ) and its gradient.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    theta : array of shape (n,)
        All parameters, unrolled column by column, layer by layer.
    X : array-like or sparse matrix of shape (m, s_1)
        Inputs. Its dtype decides the arithmetic: float32 stays float32, integers become float64.
    Y : array-like of shape (m, s_L)
        Targets, one-hot for classes; booleans, integers and data frames are accepted.
    lam : float
        λ, the weight decay; bias columns are left out.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0; ones where not given.
    n_threads : int, optional
        Threads to use at most, of the core or of BLAS; never more than there are processors.

    Returns
    -------
    J : float
        (1/W) Σ w cost(i) + (λ/2W) Σ Θ².
    D : array of shape (n,)
        ∂J/∂θ, in θ's order and X's dtype.

    Raises
    ------
    InvalidInput
        If a shape, a dtype or a weight does not fit; the message names the argument.

    References
    ----------
    The course notes, sections "V Backpropagation algorithm" (J) and "Gradient computation:
    Backpropagation algorithm" (D).

    Examples
    --------
    >>> import numpy as np
    >>> from backpass import Network
    >>> net = Network((1, 1), hidden=(), loss="squared_error")
    >>> cost_and_gradient(net, [0.0, 2.0], [[1.0], [2.0]], [[1.0], [1.0]])
    (2.5, array([2. , 3.5]))
    """
    problem = prepare(net, X, Y, lam=lam, sample_weight=sample_weight, n_threads=n_threads)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long(), problem.rows.Y)
    J, D = problem.cost_and_gradient(theta)
    xp = array_namespace(theta)
    is_complex = xp.isdtype(theta.dtype, "complex floating") or bool(getattr(J, "imag", 0))
    return (J if is_complex else float(J.real)), D


def forward(net: Network, theta: ArrayLike, X: ArrayLike, *, n_threads: int | None = None) -> Array:
    """Compute the network's answer a^(L) = h(x) for each row, output activation included.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss (which brings the output activation).
    theta : array of shape (n,)
        All parameters.
    X : array-like or sparse matrix of shape (m, s_1)
        Inputs; of a sparse matrix no number that is not stored is read or made.
    n_threads : int, optional
        Threads to use at most, of the core or of BLAS; never more than there are processors.

    Returns
    -------
    array of shape (m, s_L)
        a^(L), in X's dtype.

    Raises
    ------
    InvalidInput
        If a shape or dtype does not fit.

    References
    ----------
    The course notes, section "V Backpropagation algorithm": forward propagation.

    Examples
    --------
    >>> from backpass import Network
    >>> forward(Network((2, 1), hidden=()), [0.0, 1.0, -1.0], [[3.0, 3.0]])
    array([[0.5]])
    """
    quick = native.quick_forward(net, theta, X)
    if quick is not None:
        return quick
    X = inputs_of(net, X)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long(), numbers_of(X))
    engine = choose(net, X, theta)
    if engine == "native":
        return native.forward(net, theta, X, bounded(n_threads or native.default_threads()))
    with blas_threads(n_threads):
        return (blocked if engine == "blocked" else reference).forward(net, theta, X)


def forward_each(
    networks: Sequence[tuple[Network, Array]], X: EncodedRows, *, n_threads: int | None = None
) -> list[Array]:
    """Compute ``forward`` of several networks for the same rows, which are made ready once.

    Parameters
    ----------
    networks : sequence of (Network, array of shape (n,))
        Each with θ, in X's dtype.
    X : EncodedRows of shape (m, s_1)
        Inputs.
    n_threads : int, optional
        At most.

    Returns
    -------
    list of arrays of shape (m, s_L)
        a^(L) of each.
    """
    if engine_name() != "native" or not all(native.computes(net) for net, _ in networks):
        return [forward(net, theta, X, n_threads=n_threads) for net, theta in networks]
    return native.forward_each(networks, X, bounded(n_threads or native.default_threads()))


def intermediates(
    net: Network, theta: Array, X: Array, Y: Array, w: Array
) -> tuple[backprop.ByLayer, backprop.ByLayer, backprop.ByLayer, backprop.ByLayer]:
    """Compute every a, z, δ and Δ of one pass, by layer, from arguments that are checked."""
    if choose(net, X, Y, theta) == "native":
        rows = Rows(X, Y, w, 1.0, weighted=True)
        return native.NativeProblem(net, rows, 0.0).intermediates(theta)
    Thetas = net.roll_unchecked(theta)
    a, z = backprop.forward_pass(net, Thetas, X)
    delta = backprop.backward_pass(net, Thetas, z, Y)
    return a, z, delta, backprop.accumulate(a, delta, w)


def second_moments(
    net: Network, theta: ArrayLike, X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike = None
) -> tuple[list[Array], list[Array]]:
    """Compute the Kronecker factors of the Gauss-Newton matrix, A and G by layer."""
    rows = check_rows(net, X, Y, sample_weight)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long(), rows.Y)

    def one_pass(X: Array, Y: Array, w: Array) -> tuple[backprop.ByLayer, backprop.ByLayer]:
        a, _, delta, _ = intermediates(net, theta, X, Y, w)
        return a, delta

    return reference.kronecker_factors(rows, one_pass)
