"""The machine's limit: multiplications and additions a second, measured and not looked up.

Measured as NumPy's largest matrix product, which comes within a few per cent of what the
processor's FMA units can do; a share of peak against it is a little flattering, never harsh.
"""

from __future__ import annotations

import numpy as np

from .workloads import Data, Workload

PEAK = "peak"  # the name of its process
HOW = "by NumPy's product of two large matrices"


class MatrixProduct:
    """A candidate that multiplies two large matrices."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Draw the matrices, as many rows and columns as the workload has rows."""
        side = workload.rows
        self._A, self._B, self._C = (
            np.random.default_rng(0).random((3, side, side)).astype(data.X.dtype)
        )

    def run(self, times: int) -> None:
        """Multiply."""
        for _ in range(times):
            np.matmul(self._A, self._B, out=self._C)

    def result(self) -> np.ndarray:
        """The product."""
        return self._C


def flops_per_second(side: int, seconds: list[float]) -> float:
    """The best of some runs, as a rate."""
    return 2 * side**3 / min(seconds)
