"""backpass itself, by the engine that is installed and by the NumPy engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ... import engine
from ...arrays import Array
from ...engine import blocked
from ...estimators.classifier import MLPClassifier
from ...io.sklearn import from_sklearn
from ...solvers.first_order import Adam, GradientDescent, Momentum
from ...solvers.minimize import minimize_function
from ...training.jobs import Job, train_jobs
from ..data import Data, members
from ..workloads import Workload
from .estimator import VALIDATED, fit_settings, fitted
from .race import MOST_ITERATIONS, race
from .scikit_learn import ScikitLearn

OPTIMIZERS: dict[str, engine.Optimizer] = {
    "gd": GradientDescent(),
    "momentum": Momentum(),
    "adam": Adam(),
}


class Engine:
    """The functions of ``backpass.engine``, as training and ``bp.forward`` use them."""

    _once: Callable[[], Array | tuple[Array, Array]]

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Bind the problem, as a fit does once."""
        self._workload, self._data, self._threads = workload, data, threads
        self._net, self._theta = workload.network, data.theta
        getattr(self, f"_prepare_{workload.kind}")()

    def run(self, times: int) -> None:
        """Call the function."""
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

    def _prepare_race(self) -> None:
        self._problem = self._bind()
        self._once = self._race

    _prepare_lbfgs = _prepare_race

    def _prepare_fit(self) -> None:
        self._once = self._fit

    def _prepare_jobs(self) -> None:
        """A list of jobs of one epoch, which draw the orders of their rows themselves."""
        self._jobs = [
            Job(
                each.network,
                its.X,
                its.Y,
                theta=its.theta,
                seed=k,
                solver=OPTIMIZERS[each.optimizer],
                learning_rate=each.learning_rate,
                batch_size=each.batch_size,
                max_epochs=1,
                shuffle=bool((np.diff(its.order) != 1).any()),  # in turn where it is checked
            )
            for k, (each, its) in enumerate(members(self._workload, self._data))
        ]
        self._once = self._train_jobs

    def _train_jobs(self) -> np.ndarray:
        results = train_jobs(self._jobs, n_threads=self._threads)
        return np.concatenate([result.theta for result in results])

    def _race(self) -> np.ndarray:
        curvature = engine.ProblemCurvature(self._problem)
        watched = race(
            self._problem.cost_and_gradient,
            self._workload.target,
            lambda fun: minimize_function(
                fun, self._theta, max_iter=MOST_ITERATIONS, tol=0, ftol=0, curvature=curvature
            ),
        )
        self.evaluations = watched.evaluations
        return watched.theta

    def _fit(self) -> np.ndarray:
        model = MLPClassifier(**fit_settings(self._workload), n_threads=self._threads)
        return fitted(model, self._data).predict(self._data.X)

    def _epoch(self) -> np.ndarray:
        [(self._theta, self._state, _)] = self._problem.advance(
            [self._theta],
            [self._state],
            self._optimizer,
            [self._data.order],
            self._workload.batch_size,
            [self._rates],
        )
        return self._theta

    def _bind(self) -> engine.InMemoryProblem:
        data, lam = self._data, self._workload.lam
        return engine.prepare(self._net, data.X, data.Y, lam=lam, n_threads=self._threads)

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return engine.forward(self._net, self._theta, X, n_threads=self._threads)


class NumPyEngine(Engine):
    """The engine that runs where the native core is missing."""

    def _bind(self) -> engine.InMemoryProblem:
        rows = engine.check_rows(self._net, self._data.X, self._data.Y)
        return blocked.BlockedProblem(self._net, rows, self._workload.lam)

    def _forward(self, X: np.ndarray) -> np.ndarray:
        return blocked.forward(self._net, self._theta, X)


class Estimator(Engine):
    """``predict_proba`` of our MLPClassifier, validation included."""

    def _prepare_predict(self) -> None:
        theirs = ScikitLearn()
        theirs.prepare(self._workload, self._data, self._threads)
        model = from_sklearn(theirs.model)
        self._once = lambda: model.predict_proba(self._data.X)


class BareEpochs(Engine):
    """What a fit's epochs cost the engine alone: as many rows, nothing around them."""

    def _prepare_fit(self) -> None:
        data, workload = self._data, self._workload
        rows = workload.rows - round(VALIDATED * workload.rows)
        self._data = Data(data.X[:rows], data.Y[:rows], data.labels, data.order, data.theta)
        self._everything = data.X
        self._prepare_epoch()
        self._rates = self._rates[: -(-rows // workload.batch_size)]
        self._once = self._epochs

    def _epochs(self) -> np.ndarray:
        rng = np.random.default_rng(0)
        self._theta = self._data.theta
        self._state = self._optimizer.init(self._theta)
        for _ in range(self._workload.epochs):
            [(self._theta, self._state, _)] = self._problem.advance(
                [self._theta],
                [self._state],
                self._optimizer,
                [rng.permutation(len(self._data.X))],
                self._workload.batch_size,
                [self._rates],
            )
        return self._forward(self._everything).argmax(axis=1)
