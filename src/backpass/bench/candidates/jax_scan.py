"""JAX: everything in one ``jit``, an epoch's batches in ``lax.scan``."""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ..data import Data
from ..workloads import Workload

Layers = list[tuple[Array, Array]]  # W of shape (s_l, s_{l+1}), b of shape (s_{l+1},)
State = tuple[Array, Layers, Layers]  # of Adam: t, and the means of D and of its squares
Carry = tuple[Layers, State]

ACTIVATIONS = {"logistic": jax.nn.sigmoid, "relu": jax.nn.relu, "tanh": jnp.tanh}


class JaxScan:
    """Compiled once by shape; a run waits until the numbers are there."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Put the data on the device, and choose the compiled function."""
        jax.config.update("jax_enable_x64", data.X.dtype == np.float64)
        self._workload = workload
        self._X, self._Y = jnp.asarray(data.X), jnp.asarray(data.Y)
        self._order = jnp.asarray(data.order)
        self._theta = _layers(workload, data.theta)
        zeros = jax.tree.map(jnp.zeros_like, self._theta)
        self._state = (jnp.asarray(0.0, data.X.dtype), zeros, jax.tree.map(jnp.zeros_like, zeros))
        self._once = getattr(self, f"_{workload.kind}")

    def run(self, times: int) -> None:
        """Do it so many times, each to its end."""
        for _ in range(times):
            self._once()

    def result(self) -> np.ndarray:
        """J and D, θ, or h(X)."""
        if self._workload.kind == "epoch":
            return _packed(self._theta)
        if self._workload.kind == "predict":
            return np.asarray(self._answer)
        return np.concatenate([[float(self._J)], _packed(self._D)])

    def _gradient(self) -> None:
        self._J, self._D = jax.block_until_ready(
            _cost_and_gradient(self._workload, self._theta, self._X, self._Y)
        )

    def _epoch(self) -> None:
        self._theta, self._state = jax.block_until_ready(
            _run_epoch(self._workload, self._theta, self._state, self._X, self._Y, self._order)
        )

    def _predict(self) -> None:
        self._answer = _probabilities(self._workload, self._theta, self._X).block_until_ready()


def _logits(workload: Workload, theta: Layers, x: Array) -> Array:
    g = ACTIVATIONS[workload.hidden]
    for W, b in theta[:-1]:
        x = g(x @ W + b)
    W, b = theta[-1]
    return x @ W + b


def _objective(workload: Workload, theta: Layers, x: Array, y: Array) -> Array:
    J = LOSSES[workload.loss](_logits(workload, theta, x), y) / len(x)
    if workload.lam:
        J += workload.lam / (2 * len(x)) * sum((W * W).sum() for W, _ in theta)
    return J


def _log_loss(z: Array, y: Array) -> Array:
    return -(y * jax.nn.log_softmax(z)).sum()


def _binary_log_loss(z: Array, y: Array) -> Array:
    return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).sum()


def _squared_error(z: Array, y: Array) -> Array:
    return ((z - y) ** 2).sum() / 2


LOSSES = {
    "log_loss": _log_loss,
    "binary_log_loss": _binary_log_loss,
    "squared_error": _squared_error,
}


@partial(jax.jit, static_argnums=0)
def _cost_and_gradient(
    workload: Workload, theta: Layers, X: Array, Y: Array
) -> tuple[Array, Layers]:
    return jax.value_and_grad(partial(_objective, workload))(theta, X, Y)


@partial(jax.jit, static_argnums=0)
def _probabilities(workload: Workload, theta: Layers, X: Array) -> Array:
    return jax.nn.softmax(_logits(workload, theta, X))


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _run_epoch(
    workload: Workload, theta: Layers, state: State, X: Array, Y: Array, order: Array
) -> Carry:
    """Whole batches by scan, and what is left of the rows as one more step."""

    def step(carry: Carry, rows: Array) -> tuple[Carry, None]:
        theta, state = carry
        D = jax.grad(partial(_objective, workload))(theta, X[rows], Y[rows])
        return STEPS[workload.optimizer](workload.learning_rate, theta, state, D), None

    whole = len(order) // workload.batch_size * workload.batch_size
    carry, _ = lax.scan(step, (theta, state), order[:whole].reshape(-1, workload.batch_size))
    return step(carry, order[whole:])[0] if whole < len(order) else carry


def _gradient_step(rate: float, theta: Layers, state: State, D: Layers) -> Carry:
    return jax.tree.map(lambda w, d: w - rate * d, theta, D), state


def _momentum_step(rate: float, theta: Layers, state: State, D: Layers) -> Carry:
    t, v, unused = state
    v = jax.tree.map(lambda v, d: 0.9 * v - rate * d, v, D)
    return jax.tree.map(jnp.add, theta, v), (t, v, unused)


def _adam_step(rate: float, theta: Layers, state: State, D: Layers) -> Carry:
    t, m, v = state
    t = t + 1
    m = jax.tree.map(lambda m, d: 0.9 * m + 0.1 * d, m, D)
    v = jax.tree.map(lambda v, d: 0.999 * v + 0.001 * d * d, v, D)
    alpha = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    move = jax.tree.map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + 1e-8), theta, m, v)
    return move, (t, m, v)


STEPS = {"gd": _gradient_step, "momentum": _momentum_step, "adam": _adam_step}


def _layers(workload: Workload, theta: np.ndarray) -> Layers:
    """(W, b) by layer, W of shape (s_l, s_{l+1})."""
    Thetas = workload.network.roll(theta)
    return [
        (jnp.asarray(Theta[:, 1:].T.copy()), jnp.asarray(Theta[:, 0].copy())) for Theta in Thetas
    ]


def _packed(theta: Layers) -> np.ndarray:
    """θ's order, from (W, b) by layer."""
    return np.concatenate([np.vstack([b, W]).reshape(-1) for W, b in theta])
