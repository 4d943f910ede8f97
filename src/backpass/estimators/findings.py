"""What a full-batch fit has found, computed when it is asked for.

To tell a minimum from a saddle takes more passes over the rows than a short fit does. So the fit
only remembers which rows they were: small ones are held, large ones for as long as the caller holds
X anyway, and what travels to another process or into a file has none.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence

import numpy as np

from .. import engine
from ..arrays import Array, ArrayLike
from ..blas import blas_threads
from ..network import Network
from ..solvers.stationary import Description, describe_point

HELD_BYTES = 32 << 20  # of X, Y and w together: below, they are kept as long as the estimator
PRODUCTS = 8  # with the Hessian: two evaluations of the gradient each

NO_ROWS = (
    "The training data, from which critical_point_ is computed, is gone: it does not travel in a "
    "pickle or a file, and of large data only what you hold yourself is looked at. Ask for it "
    "right after fit; the answer is kept."
)
CHANGED = (
    "The weights or the training data have been changed since the fit: J is not what it was, so "
    "there is nothing found to tell of."
)


class Findings:
    """The rows and the objective of one full-batch fit, as far as they are still there.

    Parameters
    ----------
    net : Network
        The network.
    rows : sequence
        X, Y and w (or None), as ``engine.prepare`` takes them.
    lam, tol : float
        λ, and the largest entry of a gradient that counts as small.
    J : float
        The objective at the θ that was found: by it a later change is seen.
    """

    def __init__(
        self, net: Network, rows: Sequence[Array], *, lam: float, tol: float, J: float
    ) -> None:
        self._net, self._lam, self._tol, self._J = net, lam, tol, J
        X, *rest = rows
        small = sum(map(_bytes, rows)) <= HELD_BYTES
        self._X = (lambda: X) if small else weakref.ref(X, lambda _: rest.clear())
        self._rest: list[Array] = rest  # Y and w

    def describe(self, theta: Array, n_threads: int | None) -> Description:
        """Look at θ; AttributeError, with the reason, where that cannot be done any more."""
        X = self._X() if self._rest else None
        if X is None:
            raise AttributeError(NO_ROWS)
        Y, w = self._rest
        problem = engine.prepare(
            self._net, X, Y, lam=self._lam, sample_weight=w, n_threads=n_threads
        )
        fun = problem.cost_and_gradient
        with np.errstate(all="ignore"), blas_threads(1):  # inputs whose products are not finite
            J, D = fun(theta)
            if not np.isclose(float(J), self._J, rtol=1e-5, atol=1e-12, equal_nan=True):
                raise AttributeError(CHANGED)
            return describe_point(fun, theta, D, products=PRODUCTS, tol=self._tol)

    def __deepcopy__(self, memo: object) -> Findings:
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_X": None, "_rest": []}


def _bytes(part: ArrayLike) -> int:
    """The memory of an array, dense or CSR."""
    if part is None:
        return 0
    if hasattr(part, "indptr"):
        return sum(map(_bytes, (part.data, part.indices, part.indptr)))
    return math.prod(part.shape) * int(part.dtype.itemsize)  # PyTorch's size is a method
