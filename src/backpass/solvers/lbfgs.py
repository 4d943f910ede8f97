"""L-BFGS: the last few steps s = θ − θ_old and y = D − D_old stand for the Hessian.

The inverse Hessian's approximation H maps D to the direction −H D. Nocedal's two loops over the
pairs are here two matrix products each way (Byrd, Nocedal and Schnabel, 1994): with the pairs as
rows of S and Y, R the upper triangle of S Yᵀ and E its diagonal,

    p = R⁻¹ S D,   q = D − Yᵀ p,   r = H₀ q,   H D = r + Sᵀ R⁻ᵀ (E p − Y r).

H₀ is γ I, γ = sᵀy / yᵀy of the last pair, unless a preconditioner knows better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, array_namespace, is_numpy_array
from .line_search import Found, Function, rounding, strong_wolfe

State = dict[str, Any]


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS with a strong-Wolfe search.

    The state's S and Y have one row more than the memory: a step writes its pair where no live pair
    stands, so the state it was given stays usable until the step after.
    """

    memory: int = 10
    c1: float = 1e-4
    c2: float = 0.9
    name = "lbfgs"

    def init(self, fun: Function, theta: Array) -> State:
        """Evaluate the first point; no pairs yet."""
        J, D = fun(theta)
        xp = array_namespace(theta)
        rows = self.memory + 1
        return {
            "theta": theta,
            "J": float(J),
            "D": D,
            "nit": 0,
            "nfev": 1,
            "S": xp.stack([xp.zeros_like(theta)] * rows),  # (memory + 1, n)
            "Y": xp.stack([xp.zeros_like(theta)] * rows),
            "SY": np.zeros((rows, rows)),
            "pairs": [],  # rows of S and Y in use, oldest first
            "gamma": 0.0,
        }

    def step(self, fun: Function, state: State) -> State:
        """Search along −H D and remember the pair; after a search in vain, forget all pairs."""
        d, t = self._direction(state)
        found = strong_wolfe(
            fun, state["theta"], state["J"], state["D"], d, t=t, c1=self.c1, c2=self.c2
        )
        made = moved(state, found)
        if found.point.t > 0:
            return {**made, **self._remember(state, found)}
        stuck = not state["pairs"]
        return {**made, "pairs": [], "gamma": 0.0, "stuck": stuck, "overflowed": found.overflowed}

    def _direction(self, state: State) -> tuple[Array, float]:
        """−H D and the first step to try: 1, or a cautious one where nothing is known yet."""
        D = state["D"]
        if state["pairs"]:
            d = -two_loops(state, D)
            if float(d @ D) < 0:
                return d, 1.0
        size = float(array_namespace(D).sum(abs(D)))
        return -D, min(1.0, 1 / size) if size else 1.0

    def _remember(self, state: State, found: Found) -> State:
        """Add the pair (s, y) if its curvature is positive; the oldest pair makes room."""
        s, y = found.point.theta - state["theta"], found.point.D - state["D"]
        sy, yy = float(s @ y), float(y @ y)
        if not sy > rounding(y) * yy:
            return {}
        pairs = state["pairs"][-self.memory + 1 :] if self.memory > 1 else []
        used = set(state["pairs"])
        row = next(i for i in range(self.memory + 1) if i not in used)
        state["S"][row, :], state["Y"][row, :] = s, y
        SY = state["SY"].copy()
        SY[:, row] = to_numpy(state["S"] @ y)
        return {"SY": SY, "pairs": [*pairs, row], "gamma": sy / yy}


def moved(state: State, found: Found) -> State:
    """Take over the point that a search found."""
    point = found.point
    return {
        **state,
        "theta": point.theta,
        "J": point.J,
        "D": point.D,
        "nit": state["nit"] + 1,
        "nfev": state["nfev"] + found.nfev,
    }


def two_loops(state: State, D: Array) -> Array:
    """H D, from the pairs and H₀ = γ I."""
    S, Y, pairs = state["S"], state["Y"], state["pairs"]
    R = np.triu(state["SY"][np.ix_(pairs, pairs)])
    p = np.linalg.solve(R, to_numpy(S @ D)[pairs])
    r = state["gamma"] * (D - _spread(p, pairs, Y))
    c = np.linalg.solve(R.T, R.diagonal() * p - to_numpy(Y @ r)[pairs])
    return r + _spread(c, pairs, S)


def _spread(coefficients: np.ndarray, pairs: list[int], rows: Array) -> Array:
    """Σ coefficient · row over the pairs in use; dead rows count nothing."""
    full = np.zeros(rows.shape[0])
    full[pairs] = coefficients
    xp = array_namespace(rows)
    return xp.asarray(full, dtype=rows.dtype, device=rows.device) @ rows


def to_numpy(array: Array) -> np.ndarray:
    """A few numbers, as float64 in NumPy."""
    return array if is_numpy_array(array) else np.asarray(array.tolist())
