"""The machine's limit: multiplications and additions a second, measured and not looked up.

By multiply-adds alone where the native core is built. Elsewhere by NumPy's product of two large
matrices, which stays some per cent below the limit: shares of peak are then a little flattering.
"""

from __future__ import annotations

import time

import numpy as np

from ..engine import native
from .data import Data
from .workloads import Workload

PEAK = "peak"  # the name of its process


def how() -> str:
    """Say by what the limit is measured here."""
    core = bool(native.instruction_sets())
    return "by multiply-adds alone" if core else "by NumPy's product of two large matrices"


def instruction_set(isa: str) -> str:
    """Name the kernels that a candidate's process uses of ours; empty where there are none."""
    known = native.instruction_sets()
    return "v3" if isa == "avx2" and "v3" in known else known[0] if known else ""


class Limit:
    """A candidate that does nothing but arithmetic; its result is its best rate."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Choose by what to measure; the workload's rows are the matrices' sides."""
        self._dtype, self._threads, self._side = data.X.dtype, threads, workload.rows
        self._rates: list[float] = []
        self._once = self._multiply_adds if native.instruction_sets() else self._product

    def run(self, times: int) -> None:
        """Measure."""
        self._rates += [self._once() for _ in range(times)]

    def result(self) -> np.ndarray:
        """Operations a second, at best."""
        return np.array(max(self._rates))

    def _multiply_adds(self) -> float:
        return native.multiply_add_rate(self._dtype, self._threads)

    def _product(self) -> float:
        A, B = np.random.default_rng(0).random((2, self._side, self._side)).astype(self._dtype)
        C = np.empty_like(A)
        start = time.perf_counter()
        np.matmul(A, B, out=C)
        return 2 * self._side**3 / (time.perf_counter() - start)
