"""L-BFGS: the last few steps s = θ − θ_old and y = D − D_old stand for the Hessian.

The inverse Hessian's approximation H maps D to the direction −H D. Nocedal's two loops over the
pairs are here two matrix products each way (Byrd, Nocedal and Schnabel, 1994): with the pairs as
rows of S and Y, R the upper triangle of S Yᵀ and E its diagonal,

    p = R⁻¹ S D,   q = D − Yᵀ p,   r = γ H₀ q,   H D = r + Sᵀ R⁻ᵀ (E p − Y r).

H₀ is the identity, or what a preconditioner knows better; γ = sᵀy / yᵀH₀y of the last pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import get_lapack_funcs

from ..arrays import Array, State, array_namespace, device, is_numpy_array
from .line_search import Function, LineSearchResult, accept_point, initial_step, strong_wolfe
from .preconditioner import PlainScaling, Preconditioner

(triangular_solve,) = get_lapack_funcs(("trtrs",), dtype=np.float64)

LEAST_CURVATURE = 2.0**-52  # a pair with sᵀy below this part of yᵀy is rounding
STRETCH = 16_384  # entries of θ whose part of S, about a megabyte, stays in a cache


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS with a strong-Wolfe search and a refreshed H₀.

    H₀ is refreshed `every` so many iterations, the first time after as many with the plain scaling:
    far from a minimum, the curvature that H₀ has seen misleads, and a short fit needs no H₀. A
    failed search drops H₀ and all pairs until the next refresh, so a preconditioner cannot fail
    where the plain scaling succeeds.

    The state's S and Y have one row more than the memory: a step writes its pair where no live pair
    stands, so the state it was given stays usable until the step after.

    Parameters
    ----------
    memory : int
        Pairs (s, y) that are remembered.
    preconditioner : Preconditioner
        H₀ up to a factor; the identity where not given.
    every : int
        Iterations between two refreshes of the preconditioner.
    c1, c2 : float
        Of the Wolfe conditions: how much J must fall, and how flat it must become.

    References
    ----------
    J. Nocedal, "Updating quasi-Newton matrices with limited storage", 1980. R. H. Byrd, J. Nocedal
    and R. B. Schnabel, "Representations of quasi-Newton matrices and their use in limited memory
    methods", 1994.

    Examples
    --------
    >>> import numpy as np
    >>> def bowl(theta):
    ...     return float(theta @ theta) / 2, theta
    >>> solver = LBFGS(memory=3)
    >>> state = solver.step(bowl, solver.init(bowl, np.array([3.0, 4.0])))
    >>> state["nit"], state["J"] < 12.5
    (1, True)
    """

    memory: int = 10
    preconditioner: Preconditioner = field(default_factory=PlainScaling)
    every: int = 10
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
            "S": xp.zeros((rows, *theta.shape), dtype=theta.dtype, device=device(theta)),
            "Y": xp.zeros((rows, *theta.shape), dtype=theta.dtype, device=device(theta)),
            "pairs": [],  # rows of S and Y in use, oldest first
            "SD": None,  # S D of the pairs; None where it is still to be computed
            "R": np.zeros((0, 0)),  # s_iᵀ y_j for i ≤ j in the pairs' order, in float64
            "H0": [],
            "refresh_at": self.every,
        }

    def step(self, fun: Function, state: State) -> State:
        """Search along −H D and remember the pair."""
        state = self._refreshed(state)
        d, t = self._direction(state)
        found = strong_wolfe(
            fun, state["theta"], state["J"], state["D"], d, t=t, c1=self.c1, c2=self.c2
        )
        accepted = accept_point(state, found)
        if found.point.t > 0:
            return {**accepted, "SD": None, **self._with_pair(state, found)}
        return {**accepted, **self._restarted(state, found)}

    def _refreshed(self, state: State) -> State:
        """Refresh the preconditioner every so many iterations."""
        if state["nit"] < state["refresh_at"]:
            return state
        H0 = self.preconditioner.refresh(state["theta"])
        return {**state, "H0": H0, "refresh_at": state["nit"] + self.every}

    def _direction(self, state: State) -> tuple[Array, float]:
        """−H D and the first step to try: 1, or a short one where nothing is known yet."""
        D = state["D"]
        if state["pairs"]:
            d = -self._two_loops(state, D)
            if float(d @ D) < 0:
                return d, 1.0
        return -D, initial_step(D)

    def _two_loops(self, state: State, D: Array) -> Array:
        """H D, in two small triangular solves and four products with S or Y.

        R is (k, k) for k pairs, always in float64; S and Y are (memory + 1, n), in θ's precision.
        They are multiplied whole, rows without a pair at a coefficient of 0: picking out the k rows
        would copy k n numbers for each product.
        """
        R, pairs = state["R"], state["pairs"]
        S, Y = _begun(state["S"], pairs), _begun(state["Y"], pairs)
        SD = state.get("SD")  # which the first release's states do not have
        if SD is None:
            SD = to_numpy(S @ D)[pairs]
        # trtrs, straight from LAPACK: for ten pairs 0.4 µs, where scipy.linalg's checks take 14.
        p, _ = triangular_solve(R, SD)
        r = self._scaled(state, D - _combination(p, pairs, Y))
        c, _ = triangular_solve(R, R.diagonal() * p - to_numpy(Y @ r)[pairs], trans=1)
        return r + _combination(c, pairs, S)

    def _scaled(self, state: State, q: Array) -> Array:
        """γ H₀ q."""
        y, apply = state["Y"][state["pairs"][-1], :], self.preconditioner.apply
        gamma = float(state["R"][-1, -1]) / float(y @ apply(state["H0"], y))
        return gamma * apply(state["H0"], q)

    def _with_pair(self, state: State, found: LineSearchResult) -> State:
        """The pair (s, y) added if its curvature is positive; the oldest is dropped for it."""
        s, y = found.point.theta - state["theta"], found.point.D - state["D"]
        if not float(s @ y) > LEAST_CURVATURE * float(y @ y):
            return {}
        k = min(len(state["pairs"]), self.memory - 1)  # pairs that stay
        kept = state["pairs"][len(state["pairs"]) - k :]
        row = next(i for i in range(self.memory + 1) if i not in state["pairs"])
        # Written in place, where no live pair stands: a copy of S and Y would be 2 (memory + 1) n
        # numbers in every iteration.
        state["S"][row, :], state["Y"][row, :] = s, y
        pairs = [*kept, row]
        R = np.zeros((k + 1, k + 1), order="F")  # as LAPACK reads it, without a copy
        R[:k, :k] = state["R"][state["R"].shape[0] - k :, state["R"].shape[0] - k :]
        Sy, SD = _products(_begun(state["S"], pairs), y, found.point.D)
        R[:, k] = Sy[pairs]
        return {"R": R, "pairs": pairs, "SD": SD[pairs]}

    def _restarted(self, state: State, found: LineSearchResult) -> State:
        """After a failed search: restart from steepest descent, or give up if this was that."""
        return {
            "pairs": [],
            "R": np.zeros((0, 0)),
            "SD": None,
            "H0": [],
            "refresh_at": state["nit"] + self.every,
            "stuck": not state["pairs"],
            "overflowed": found.overflowed,
        }


def _begun(rows: Array, pairs: list[int]) -> Array:
    """The first rows, up to the last that has a pair; all of a short θ, to which that is nothing.

    A long θ's S and Y do not fit into a cache, and reading them is most of an iteration's cost.
    """
    return rows if rows.shape[1] <= STRETCH else rows[: max(pairs) + 1, :]


def _products(rows: Array, first: Array, second: Array) -> tuple[np.ndarray, np.ndarray]:
    """The rows times both vectors, shapes (k,): stretch by stretch, so that they are read once."""
    sums, n = [0.0, 0.0], first.shape[0]
    for start in range(0, n, STRETCH):
        here = slice(start, min(start + STRETCH, n))
        part = rows[:, here]
        sums = [sums[0] + part @ first[here], sums[1] + part @ second[here]]
    return to_numpy(sums[0]), to_numpy(sums[1])


def _combination(coefficients: np.ndarray, pairs: list[int], rows: Array) -> Array:
    """Σ coefficient · row over the pairs in use, shape (n,); rows without a pair count 0."""
    full = np.zeros(rows.shape[0])
    full[pairs] = coefficients
    if is_numpy_array(rows):
        return full.astype(rows.dtype) @ rows
    xp = array_namespace(rows)
    return xp.asarray(full, dtype=rows.dtype, device=device(rows)) @ rows


def to_numpy(array: Array) -> np.ndarray:
    """A few numbers, as they are in NumPy."""
    if is_numpy_array(array):
        return array
    return np.asarray(array.tolist() if hasattr(array, "tolist") else [float(x) for x in array])
