"""SciPy's L-BFGS-B on backpass's J and D: what a fast gradient alone makes of a race."""

from __future__ import annotations

import numpy as np

from ... import engine
from ..data import Data
from ..workloads import Workload
from .race import race, scipy_lbfgs


class ScipyOnOurs:
    """The solver everybody has, with the fastest gradient there is here."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Bind the problem."""
        net, lam = workload.network, workload.lam
        self._problem = engine.prepare(net, data.X, data.Y, lam=lam, n_threads=threads)
        self._theta, self._target = data.theta, workload.target

    def run(self, times: int) -> None:
        """Race."""
        for _ in range(times):
            self._watched = race(
                self._problem.cost_and_gradient,
                self._target,
                lambda fun: scipy_lbfgs(fun, self._theta),
            )
        self.evaluations = self._watched.evaluations

    def result(self) -> np.ndarray:
        """θ at the end."""
        return self._watched.theta
