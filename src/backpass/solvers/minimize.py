"""The loop around the full-batch solvers: limits, reasons, and SciPy's OptimizeResult."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import OptimizeResult

from ..arrays import Array, State, all_finite
from ..blas import blas_threads
from ..errors import InvalidInput
from .curvature import Curvature, Function
from .line_search import largest_entry
from .registry import SOLVERS, Solver, find_solver
from .stop import Stop

__all__ = ["SOLVERS", "Solver", "State", "find_solver", "minimize_function"]


def minimize_function(
    fun: Function,
    theta: Array,
    *,
    solver: str | Solver = "lbfgs",
    max_iter: int = 200,
    max_fun: int | None = None,
    tol: float = 1e-5,
    ftol: float = 1e-12,
    callback: Callable[[OptimizeResult], object] | None = None,
    state: State | None = None,
    curvature: Curvature | None = None,
    keep: Callable[[State], object] | None = None,
) -> OptimizeResult:
    """Minimise J(θ), given a function that computes J and D.

    Parameters
    ----------
    fun : callable
        θ -> (J, D), a number and an array of shape (n,), a new one at every call.
    theta : array of shape (n,)
        Where to start: floating point, of any Array API library.
    solver : {"cg", "lbfgs", "newton"} or a solver object
        Which solver: a name, or one with settings of your own.
    max_iter : int
        How many iterations to make at most, in this call.
    max_fun : int, optional
        How many evaluations of J and D to make at most, in this call; an iteration that has begun
        is finished.
    tol : float
        Stop where no entry of D is larger than this.
    ftol : float
        Stop where an iteration lowers J by less than this part of max(|J|, 1).
    callback : callable, optional
        Called after every iteration with an OptimizeResult (x, fun, jac, nit, nfev, state); a true
        answer, or StopIteration, stops.
    state : dict, optional
        ``result.state`` of an earlier run: goes on there, bit by bit as if it had not stopped, and
        theta is not looked at. A state is used up by the run that it is given to: copy it to keep
        it.
    curvature : Curvature, optional
        What the problem knows of its curvature (``engine.ProblemCurvature``): ``newton`` needs it,
        and ``lbfgs`` takes its Kronecker-factored initial Hessian from it.
    keep : callable, optional
        Called with the state after every iteration from which the run goes on: what a checkpoint
        holds.

    Returns
    -------
    scipy.optimize.OptimizeResult
        x, fun, jac, nit, nfev (both counted over resumed runs too), status, success, message,
        reason (a ``Stop``) and state.

    Raises
    ------
    InvalidInput
        If J or D is not finite at the first point, there is no solver of that name, or the solver
        needs a curvature that is not given.

    Notes
    -----
    NumPy's and SciPy's BLAS is held to one thread meanwhile, so that the result has the same bits
    whatever number of threads is set; the native core, which has the same bits on any, is not.

    References
    ----------
    J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> def bowl(theta):
    ...     return float(theta @ theta) / 2, theta
    >>> result = minimize_function(bowl, np.array([3.0, 4.0]), solver="cg")
    >>> result.success, bool(abs(result.x).max() < 1e-9)
    (True, True)
    """
    chosen = find_solver(solver, curvature)
    with blas_threads(1):  # else the last bits would go with BLAS's number of threads
        if state is None:
            state = chosen.init(fun, theta)
            _check_first_point(state)
        limits = _StoppingRule(state, max_iter, max_fun, tol, ftol)
        with np.errstate(over="ignore", invalid="ignore"):  # J tells of a step too long: it is left
            state, reason = _iterate(chosen, fun, state, limits, callback, keep)
    return _result(state, reason)


class _StoppingRule:
    """When to stop."""

    def __init__(
        self, state: State, max_iter: int, max_fun: int | None, tol: float, ftol: float
    ) -> None:
        self.last_iteration = state["nit"] + max_iter
        self.last_evaluation = math.inf if max_fun is None else state["nfev"] + max_fun
        self.tol, self.ftol = tol, ftol

    def before(self, state: State) -> Stop | None:
        """What is known of a point without its history."""
        if largest_entry(state["D"]) <= self.tol:
            return Stop.GRADIENT
        if state["nit"] >= self.last_iteration:
            return Stop.MAX_ITER
        return Stop.MAX_FUN if state["nfev"] >= self.last_evaluation else None

    def after(self, old_J: float, state: State) -> Stop | None:
        """What an iteration says about going on: whether it failed, or lowered J too little."""
        if state.get("stuck"):
            return Stop.NOT_FINITE if state["overflowed"] else Stop.PRECISION
        fall = old_J - state["J"]
        return Stop.CHANGE if 0 < fall <= self.ftol * max(abs(old_J), 1.0) else None


def _iterate(
    solver: Solver,
    fun: Function,
    state: State,
    limits: _StoppingRule,
    callback: Callable[[OptimizeResult], object] | None,
    keep: Callable[[State], object] | None,
) -> tuple[State, Stop]:
    """Step until there is a reason to stop."""
    try:
        while (reason := limits.before(state)) is None:
            old_J = state["J"]
            state = solver.step(fun, state)
            if _wants_to_stop(callback, state):
                return state, Stop.CALLBACK
            if (reason := limits.after(old_J, state)) is not None:
                return state, reason
            if keep is not None:
                keep(state)
    except KeyboardInterrupt:
        reason = Stop.INTERRUPTED
    return state, reason


def _wants_to_stop(callback: Callable[[OptimizeResult], object] | None, state: State) -> bool:
    if callback is None:
        return False
    try:
        return bool(callback(_point(state)))
    except StopIteration:
        return True


def _check_first_point(state: State) -> None:
    if not (math.isfinite(state["J"]) and all_finite(state["D"])):
        raise InvalidInput(
            f"J is {state['J']} at the first point and its gradient has entries that are not "
            "finite, so there is no way down from it: look for values in theta or the data that "
            "are not finite, or scale them."
            if math.isfinite(state["J"])
            else f"J is {state['J']} at the first point, so there is no way down from it: look for "
            "values in theta or the data that are not finite, or scale them."
        )


def _point(state: State) -> OptimizeResult:
    """An iteration, in SciPy's words."""
    return OptimizeResult(
        x=state["theta"],
        fun=state["J"],
        jac=state["D"],
        nit=state["nit"],
        nfev=state["nfev"],
        njev=state["nfev"],
        nhev=state.get("nhev", 0),
        state=state,
    )


def _result(state: State, reason: Stop) -> OptimizeResult:
    result = _point(state)
    result.update(reason=reason, message=reason.value, status=reason.status, success=reason.success)
    return result
