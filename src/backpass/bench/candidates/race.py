"""Races down to a given J: everybody's function is watched from outside, and stopped there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from ...arrays import Array

Function = Callable[[Array], tuple[Array, Array]]  # θ -> (J, D)
MOST_ITERATIONS = 5000


class Reached(Exception):
    """J is low enough."""


class Watched:
    """A function of θ that counts its calls, and ends the race by ``Reached``."""

    def __init__(self, fun: Function, target: float) -> None:
        self._fun, self._target = fun, target
        self.evaluations = 0

    def __call__(self, theta: Array) -> tuple[Array, Array]:
        """Evaluate; remember θ where it is the last."""
        self.evaluations += 1
        J, D = self._fun(theta)
        if J <= self._target:
            self.theta = theta
            raise Reached
        return J, D


def race(fun: Function, target: float, minimise: Callable[[Watched], object]) -> Watched:
    """Let a solver run on the watched function until it reaches the target."""
    watched = Watched(fun, target)
    try:
        minimise(watched)
    except Reached:
        return watched
    raise RuntimeError(f"stops before J is {target:.6g}, after {watched.evaluations} evaluations")


def scipy_lbfgs(
    fun: Function, theta: np.ndarray, iterations: int = MOST_ITERATIONS
) -> OptimizeResult:
    """SciPy's L-BFGS-B with ten pairs, which stops for nothing but the number of iterations."""
    options = {"maxiter": iterations, "maxfun": 10**6, "ftol": 0.0, "gtol": 0.0, "maxcor": 10}
    return minimize(fun, theta, jac=True, method="L-BFGS-B", options=options)
