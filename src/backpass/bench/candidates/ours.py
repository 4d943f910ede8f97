"""backpass itself, by the engine that is installed and by the NumPy engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import engine
from ...engine import blocked
from ...solvers.first_order import Adam, GradientDescent, Momentum
from ..workloads import Data, Workload

OPTIMIZERS = {"gd": GradientDescent(), "momentum": Momentum(), "adam": Adam()}


class Engine:
    """The doors of ``backpass.engine``, as training and ``bp.forward`` use them."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Bind the problem, as a fit does once."""
        self._workload, self._data, self._threads = workload, data, threads
        self._net, self._theta = workload.network, data.theta
        getattr(self, f"_prepare_{workload.kind}")()

    def run(self, times: int) -> None:
        """Call the door."""
        for _ in range(times):
            self._result = self._once()

    def result(self) -> np.ndarray:
        """What the last call returned, as one array."""
        result = self._result
        return np.concatenate([[result[0]], result[1]]) if isinstance(result, tuple) else result

    def _prepare_gradient(self) -> None:
        problem = self._bind()
        self._once = lambda: problem.cost_and_gradient(self._theta)

    def _prepare_epoch(self) -> None:
        self._problem, self._optimizer = self._bind(), OPTIMIZERS[self._workload.optimizer]
        self._state = self._optimizer.init(self._theta)
        self._rates = np.full(self._workload.steps, self._workload.learning_rate)
        self._once = self._epoch

    def _prepare_predict(self) -> None:
        self._once = lambda: self._forward(self._data.X)

    def _epoch(self) -> np.ndarray:
        self._theta, self._state, _ = self._problem.run_epoch(
            self._theta,
            self._state,
            self._optimizer,
            self._data.order,
            self._workload.batch_size,
            self._rates,
        )
        return self._theta

    def _bind(self) -> Any:
        data, lam = self._data, self._workload.lam
        return engine.prepare(self._net, data.X, data.Y, lam=lam, n_threads=self._threads)

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return engine.forward(self._net, self._theta, X, n_threads=self._threads)


class NumPyEngine(Engine):
    """The engine that runs where the native core is missing."""

    def _bind(self) -> Any:
        rows = engine.check_rows(self._net, self._data.X, self._data.Y)
        return blocked.BlockedProblem(self._net, rows, self._workload.lam)

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return blocked.forward(self._net, self._theta, X)
