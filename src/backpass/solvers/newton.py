"""Levenberg and Marquardt's damped Gauss-Newton steps, which MATLAB calls trainlm.

    (B + μ I) p = −D,   θ := θ + p   if J falls,

with B the Gauss-Newton matrix of any loss (for squared errors JᵀJ/W, D = Jᵀr/W). How well the model
Dᵀp + ½ pᵀB p predicts the fall of J moves μ (Nielsen, 1999). With few parameters B is formed and
the system solved exactly; else conjugate gradients solve it, preconditioned as L-BFGS is, from
products with B by the R-operator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..arrays import Array, State, array_namespace, device
from .curvature import Curvature
from .line_search import Function, machine_epsilon
from .linear_solve import LinearSolveResult, solve_damped
from .preconditioner import KroneckerFactors

MAX_TRIALS = 20


@dataclass(frozen=True)
class GaussNewton:
    """Levenberg-Marquardt; the state holds the damping μ and its growth ν.

    Parameters
    ----------
    curvature : Curvature
        The problem's Gauss-Newton matrix B.
    dense_below : int
        Up to so many parameters B is formed.
    first_damping : float
        μ at first, as a part of the curvature along D.
    max_products : int
        Products with B for one step, at most.

    References
    ----------
    D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", 1963.
    H. B. Nielsen, "Damping parameter in Marquardt's method", 1999. R. S. Dembo, S. C. Eisenstat and
    T. Steihaug, "Inexact Newton methods", 1982.

    Examples
    --------
    >>> import backpass as bp
    >>> from backpass.engine import ProblemCurvature, prepare
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> problem = prepare(net, [[0.0], [1.0]], [[1.0], [3.0]])
    >>> solver = GaussNewton(ProblemCurvature(problem))
    >>> state = solver.init(problem.cost_and_gradient, bp.init_theta(net))
    >>> for _ in range(5):
    ...     state = solver.step(problem.cost_and_gradient, state)
    >>> state["theta"].round(3)  # y = 1 + 2 x
    array([1., 2.])
    """

    curvature: Curvature
    dense_below: int = 500
    first_damping: float = 1e-2
    max_products: int = 60
    name = "newton"

    def init(self, fun: Function, theta: Array) -> State:
        """Evaluate the first point; μ is chosen at the first step."""
        J, D = fun(theta)
        return {
            "theta": theta,
            "J": float(J),
            "D": D,
            "nit": 0,
            "nfev": 1,
            "nhev": 0,
            "mu": -1.0,
            "nu": 2.0,
        }

    def step(self, fun: Function, state: State) -> State:
        """Raise the damping until a step lowers J."""
        model = self._model(state)
        state = {**state, "nit": state["nit"] + 1, "overflowed": False}
        if state["mu"] < 0:
            state["mu"] = self.first_damping * model.curvature_along(state["D"])
        for _ in range(MAX_TRIALS):
            solved = model.solve(state["mu"])
            state["nhev"] += solved.products
            trial = _trial(fun, state, solved)
            if trial is not None:
                return trial
        return {**state, "stuck": True}

    def _model(self, state: State) -> Dense | Products:
        theta, D = state["theta"], state["D"]
        if theta.shape[0] <= self.dense_below:
            return Dense(self.curvature.dense(theta), D)
        return Products(self.curvature, theta, D, self.max_products)


class Dense:
    """B itself, and exact solutions."""

    def __init__(self, B: Array, D: Array) -> None:
        self._B, self._D = B, D

    def curvature_along(self, v: Array) -> float:
        """vᵀB v / vᵀv."""
        return _rayleigh(v, self._B @ v)

    def solve(self, mu: float) -> LinearSolveResult:
        """p = −(B + μ I)⁻¹ D."""
        xp, D = array_namespace(self._D), self._D
        identity = xp.eye(D.shape[0], dtype=D.dtype, device=device(D))
        p = xp.linalg.solve(self._B + mu * identity, -D[:, None])[:, 0]
        return LinearSolveResult(p, self._B @ p, 0)


class Products:
    """Products with B, and solutions as exact as the gradient deserves."""

    def __init__(self, curvature: Curvature, theta: Array, D: Array, most: int) -> None:
        self._times: Callable[[Array], Array] = curvature.product(theta)
        self._D, self._most = D, most
        self._H0 = KroneckerFactors.of(curvature)
        self._inverses = self._H0.refresh(theta)

    def curvature_along(self, v: Array) -> float:
        """vᵀB v / vᵀv."""
        return _rayleigh(v, self._times(v))

    def solve(self, mu: float) -> LinearSolveResult:
        """p ≈ −(B + μ I)⁻¹ D (Dembo, Eisenstat and Steihaug's inexact Newton step, 1982)."""
        # The forcing term √|D|: loose far away, where the model is wrong in any case, and tight
        # near the minimum, so that the steps converge superlinearly.
        tol = min(0.1, math.sqrt(math.sqrt(float(self._D @ self._D))))
        return solve_damped(
            self._times, -self._D, mu, lambda r: self._H0.apply(self._inverses, r), tol, self._most
        )


def _trial(fun: Function, state: State, solved: LinearSolveResult) -> State | None:
    """The next state if the step lowers J as predicted; else None, and the state's μ is raised."""
    D, p = state["D"], solved.p
    predicted = -float(D @ p) - float(p @ solved.Bp) / 2
    theta = state["theta"] + p
    J, D_new = fun(theta)
    J = float(J)
    state["nfev"] += 1
    gain = (state["J"] - J) / predicted if predicted > 0 else -math.inf
    finite = math.isfinite(J) and math.isfinite(float(D_new @ D_new))
    state["overflowed"] = not finite
    if finite and (gain > 1e-3 or _flat_but_better(state, J, D_new)):
        # Nielsen's smooth rule: μ/3 where the model was right, up to 2 μ where it was not.
        mu = state["mu"] * max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3)
        return {**state, "theta": theta, "J": J, "D": D_new, "mu": mu, "nu": 2.0}
    state["mu"], state["nu"] = state["mu"] * state["nu"], state["nu"] * 2
    return None


def _flat_but_better(state: State, J: float, D: Array) -> bool:
    """Where J's rounding hides its fall, a smaller gradient decides."""
    noise = 4 * machine_epsilon(D) * abs(state["J"])
    return abs(J - state["J"]) <= noise and float(D @ D) < float(state["D"] @ state["D"])


def _rayleigh(v: Array, Bv: Array) -> float:
    square = float(v @ v)
    return max(float(v @ Bv) / square, 1e-12) if square else 1.0
