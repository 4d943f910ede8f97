"""scikit-learn's MLP: its own gradient, its own epoch, its own ``predict_proba``."""

from __future__ import annotations

import warnings
from typing import Any

import joblib
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ..data import Data
from ..workloads import Workload
from . import Candidate
from .estimator import Model, fit_settings, fitted
from .in_turn import InTurn

Layers = list[np.ndarray]

# By rule; by kind of workload where there is none.
SOLVERS = {
    "gd": ("sgd", 0.0),
    "momentum": ("sgd", 0.9),
    "adam": ("adam", 0.9),
    "lbfgs": ("lbfgs", 0.9),
    "gradient": ("adam", 0.9),
    "predict": ("adam", 0.9),
}


class ScikitLearn:
    """MLPClassifier or MLPRegressor, started from our θ."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Make the estimator, and replace the weights that it drew."""
        self._workload, self._data = workload, data
        self._net = workload.network
        self._y = data.labels if workload.loss == "log_loss" else data.Y
        if workload.loss == "squared_error":
            self._y = data.Y[:, 0]
        self.model = self._estimator() if workload.kind == "fit" else self._started()
        self._once = getattr(self, f"_{workload.kind}")

    def run(self, times: int) -> None:
        """J and D by call; epochs all in one fit, so that validation is paid for once."""
        self._once(times)

    def result(self) -> np.ndarray:
        """J and D, θ, or the probabilities."""
        if self._workload.kind in ("epoch", "lbfgs"):
            return packed(self.model.coefs_, self.model.intercepts_)
        if self._workload.kind in ("predict", "fit"):
            return np.asarray(self._result)
        J, coefs, intercepts = self._J_and_D
        return np.concatenate([[J], packed(coefs, intercepts)])

    def _started(self) -> Model:
        """Fit on one row of zeros for each class, which sizes the model; begin with our θ."""
        model, K = self._estimator(), self._net.sizes[-1]
        rows = max(K, 2)
        targets = {
            "log_loss": np.arange(rows),
            "binary_log_loss": np.eye(rows, K, dtype=int),
            "squared_error": np.zeros(rows),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            X = np.zeros((rows, self._net.sizes[0]), self._data.X.dtype)
            model.fit(X, targets[self._workload.loss])
        self._place(model)
        return model

    def _place(self, model: Model) -> None:
        """Put our weights in."""
        Thetas = self._net.roll(self._data.theta)
        model.coefs_ = [Theta[:, 1:].T.copy() for Theta in Thetas]
        model.intercepts_ = [Theta[:, 0].copy() for Theta in Thetas]

    def _estimator(self) -> Model:
        w = self._workload
        solver, momentum = SOLVERS[w.optimizer or w.kind]
        shuffled = bool((self._data.order[1:] < self._data.order[:-1]).any())
        kind: Model = MLPRegressor if w.loss == "squared_error" else MLPClassifier
        return kind(
            hidden_layer_sizes=w.sizes[1:-1],
            activation=w.hidden,
            solver=solver,
            alpha=w.lam,
            batch_size=w.batch_size or "auto",
            learning_rate_init=w.learning_rate or 1e-3,
            momentum=momentum,
            nesterovs_momentum=False,
            shuffle=shuffled,
            max_iter=w.iterations or 1,
            tol=0,
            n_iter_no_change=10**9,
            warm_start=True,
            random_state=0,
        )

    def _backprop(self) -> tuple[float, Layers, Layers]:
        """What ``fit`` calls for each batch; it makes its own arrays, so the lists are empty."""
        X, Y, empty = self._data.X, self._data.Y, [None] * (self._net.L - 1)
        lists = [X, *empty], empty.copy(), empty.copy(), empty.copy()
        return self.model._backprop(X, Y, None, *lists)

    def _gradient(self, times: int) -> None:
        for _ in range(times):
            self._J_and_D = self._backprop()

    def _epoch(self, times: int) -> None:
        self.model.set_params(max_iter=times)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model.fit(self._data.X, self._y)

    def _lbfgs(self, times: int) -> None:
        """From our θ each time, for its number of iterations: where it comes is the target."""
        for _ in range(times):
            self._place(self.model)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.model.fit(self._data.X, self._y)

    def _fit(self, times: int) -> None:
        for _ in range(times):
            model = MLPClassifier(**fit_settings(self._workload))
            self._result = fitted(model, self._data).predict(self._data.X)

    def _predict(self, times: int) -> None:
        for _ in range(times):
            self._result = self.model.predict_proba(self._data.X)


class ScikitLearnInTurn(InTurn):
    """One fit after another, each with all of BLAS's threads."""

    def __init__(self) -> None:
        super().__init__(ScikitLearn)


class OneACore(ScikitLearnInTurn):
    """A fit a core, by joblib, as scikit-learn's own searches have it."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Prepare each."""
        super().prepare(workload, data, threads)
        self._threads = threads

    def run(self, times: int) -> None:
        """Send each to a process, and take it back."""
        fits = (joblib.delayed(_after)(job, times) for job in self.jobs)
        done: list[Any] = list(joblib.Parallel(self._threads)(fits))  # of no type that joblib says
        self.jobs = done


def _after(job: Candidate, times: int) -> Candidate:
    job.run(times)
    return job


def packed(coefs: Layers, intercepts: Layers) -> np.ndarray:
    """θ's order, from scikit-learn's two lists."""
    pairs = zip(coefs, intercepts)
    return np.concatenate([np.vstack([b, W]).reshape(-1) for W, b in pairs])
