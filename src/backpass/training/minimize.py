"""Training without an estimator: J of a network and some rows is minimised from θ on."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import OptimizeResult

from .. import engine
from ..arrays import ArrayLike, as_vector
from ..network import Network
from ..solvers.minimize import minimize_function


def minimize(
    net: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    lam: float = 0.0,
    solver: str = "lbfgs",
    max_iter: int = 50,
    *,
    sample_weight: ArrayLike = None,
    tol: float = 1e-5,
    callback: Callable[[OptimizeResult], object] | None = None,
    n_threads: int | None = None,
) -> OptimizeResult:
    """Train a network without an estimator: minimise J from θ on.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    theta : array of shape (n,)
        Where to start, for example ``init_theta(net)``.
    X : array-like or sparse matrix of shape (m, s_1)
        Inputs.
    Y : array-like of shape (m, s_L)
        Targets, one-hot for classes.
    lam : float
        λ, the weight decay.
    solver : {"lbfgs", "cg", "newton"}
        Full-batch solver.
    max_iter : int
        Iterations at most.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0.
    tol : float
        Stop where no entry of the gradient is larger.
    callback : callable, optional
        Called after every iteration with SciPy's OptimizeResult; a true answer stops.
    n_threads : int, optional
        Threads to use at most, of the core or of BLAS; never more than there are processors.

    Returns
    -------
    scipy.optimize.OptimizeResult
        x (the trained θ), fun (J), jac (D), nit, nfev, message.

    Raises
    ------
    InvalidInput
        If an argument does not fit; the message names it.

    References
    ----------
    J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, 2006.

    Examples
    --------
    >>> from backpass import Network, init_theta
    >>> net = Network((2, 3, 1), loss="squared_error")
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> result = minimize(net, init_theta(net, seed=1, epsilon=1.0), X, Y, max_iter=200)
    >>> bool(result.fun < 1e-6)
    True
    """
    problem = engine.prepare(net, X, Y, lam=lam, sample_weight=sample_weight, n_threads=n_threads)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long())
    return minimize_function(
        problem.cost_and_gradient,
        theta,
        solver=solver,
        max_iter=max_iter,
        tol=tol,
        callback=callback,
        curvature=engine.ProblemCurvature(problem),
    )
