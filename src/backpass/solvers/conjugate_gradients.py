"""Conjugate gradients after Polak and Ribière, the course's choice.

    d := −D + β d,   β = max(0, Dᵀ(D − D_old) / D_oldᵀD_old)

(β < 0 is a restart, "PR+": Gilbert and Nocedal, 1992), with a strong-Wolfe search along d.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, State, array_namespace
from .line_search import Function, accept_point, initial_step, strong_wolfe


@dataclass(frozen=True)
class ConjugateGradients:
    """Polak-Ribière directions; the state holds the last one, its slope and the last step.

    Parameters
    ----------
    c1, c2 : float
        Of the Wolfe conditions: how much J must fall, and how flat it must become.

    References
    ----------
    E. Polak and G. Ribière, "Note sur la convergence de méthodes de directions conjuguées", 1969.
    J. C. Gilbert and J. Nocedal, "Global convergence properties of conjugate gradient methods for
    optimization", 1992.

    Examples
    --------
    >>> import numpy as np
    >>> def bowl(theta):
    ...     return float(theta @ theta) / 2, theta
    >>> solver = ConjugateGradients()
    >>> state = solver.step(bowl, solver.init(bowl, np.array([3.0, 4.0])))
    >>> state["nit"], state["J"] < 12.5
    (1, True)
    """

    c1: float = 1e-4
    c2: float = 0.2  # a more exact search than L-BFGS needs keeps the directions conjugate
    name = "cg"

    def init(self, fun: Function, theta: Array) -> State:
        """Evaluate the first point; the first direction is −D."""
        J, D = fun(theta)
        return {"theta": theta, "J": float(J), "D": D, "nit": 0, "nfev": 1, "d": -D, "last": 0.0}

    def step(self, fun: Function, state: State) -> State:
        """Search along d, then make the next d."""
        D, d = state["D"], state["d"]
        slope = float(D @ d)
        # The first trial has the last step's fall t φ′(0) (Nocedal and Wright, 2006, section 3.5):
        # the directions have no natural length, as L-BFGS's have.
        t = state["last"] / slope if state["last"] else initial_step(D)
        found = strong_wolfe(fun, state["theta"], state["J"], D, d, t=t, c1=self.c1, c2=self.c2)
        point, accepted = found.point, accept_point(state, found)
        if point.t == 0:
            return _restarted(state, accepted, found.overflowed)
        return {**accepted, "d": self._direction(D, point.D, d), "last": point.t * slope}

    def _direction(self, D_old: Array, D: Array, d: Array) -> Array:
        beta = max(0.0, float(D @ (D - D_old)) / float(D_old @ D_old))
        conjugate = beta * d - D
        return conjugate if float(D @ conjugate) < 0 else -D


def _restarted(state: State, accepted: State, overflowed: bool) -> State:
    """After a failed search: steepest descent next, or give up if this was that."""
    steepest = -state["D"]
    tried = bool(array_namespace(steepest).all(state["d"] == steepest))
    return {**accepted, "d": steepest, "last": 0.0, "stuck": tried, "overflowed": overflowed}
