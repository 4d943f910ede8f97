"""The notes' own code for 400-25-10, with its slips mended and nothing else changed."""

from __future__ import annotations

import numpy as np

from ..data import Data
from ..workloads import Workload
from .race import race, scipy_lbfgs


class NotesCode:
    """``backprop(nn_params, …)`` of the notes, on the whole data set at once."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Keep the arguments of the notes' function."""
        inputs, hidden, labels = workload.sizes
        self._arguments = inputs, hidden, labels, data.X, data.Y, workload.lam
        self._theta, self._target = data.theta, workload.target
        self._once = getattr(self, f"_{workload.kind}")

    def run(self, times: int) -> None:
        """Call it once, or let SciPy call it until the race is over."""
        for _ in range(times):
            self._result = self._once()

    def result(self) -> np.ndarray:
        """J and the gradient, or θ at the end."""
        return self._result

    def _gradient(self) -> np.ndarray:
        J, grad = backprop(self._theta, *self._arguments)
        return np.concatenate([[J], grad])

    def _race(self) -> np.ndarray:
        watched = race(
            lambda theta: backprop(theta, *self._arguments),
            self._target,
            lambda fun: scipy_lbfgs(fun, self._theta),
        )
        self.evaluations = watched.evaluations
        return watched.theta


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + e^(−z)), the brackets set."""
    return 1 / (1 + np.exp(-z))


def pr_sigmoid(z: np.ndarray) -> np.ndarray:
    """g′, as a function of z."""
    sig_z = sigmoid(z)
    return np.multiply(sig_z, (1 - sig_z))


def forwardprop(
    X: np.ndarray, theta1: np.ndarray, theta2: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The notes' forward propagation."""
    bias = np.ones((X.shape[0], 1), X.dtype)
    a1 = np.hstack((bias, X))
    z2 = a1.dot(theta1.T)
    a2 = np.hstack((bias, sigmoid(z2)))
    z3 = a2.dot(theta2.T)
    return a1, z2, a2, z3, sigmoid(z3)


def cost(
    z3: np.ndarray, theta1: np.ndarray, theta2: np.ndarray, y: np.ndarray, lam: float
) -> float:
    """J, from z and not from log(h), regularised once."""
    m = len(y)
    J = (np.maximum(z3, 0) - z3 * y + np.log1p(np.exp(-np.abs(z3)))).sum() / m
    squares = np.power(theta1[:, 1:], 2).sum() + np.power(theta2[:, 1:], 2).sum()
    return J + squares * lam / (2 * m)


def backprop(
    nn_params: np.ndarray,
    input_layer_size: int,
    hidden_layer_size: int,
    num_labels: int,
    X: np.ndarray,
    y: np.ndarray,
    lam: float,
) -> tuple[float, np.ndarray]:
    """The notes' function: one unrolling order, its own λ in both places, no debug prints."""
    m = X.shape[0]
    split = hidden_layer_size * (input_layer_size + 1)
    theta1 = np.reshape(nn_params[:split], (hidden_layer_size, input_layer_size + 1), order="F")
    theta2 = np.reshape(nn_params[split:], (num_labels, hidden_layer_size + 1), order="F")
    a1, z2, a2, z3, h = forwardprop(X, theta1, theta2)
    J = cost(z3, theta1, theta2, y, lam)
    d3 = h - y
    z2 = np.hstack((np.ones((m, 1), X.dtype), z2))
    d2 = np.multiply((theta2.T @ d3.T).T, pr_sigmoid(z2))
    delta1 = (d2[:, 1:]).T @ a1 / m
    delta2 = d3.T @ a2 / m
    delta1[:, 1:] += theta1[:, 1:] * lam / m
    delta2[:, 1:] += theta2[:, 1:] * lam / m
    return J, np.hstack((delta1.ravel(order="F"), delta2.ravel(order="F")))
