"""PyTorch, eager and compiled: autograd, fused optimisers, labels as class numbers."""

# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...arrays import ArrayLike
from ..data import Data
from ..workloads import Workload
from .race import MOST_ITERATIONS, Watched, race

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "logistic": torch.sigmoid,
    "relu": torch.relu,
    "tanh": torch.tanh,
}
SMALL = 1 << 25  # bytes of X up to which an epoch is shuffled at once, not batch by batch


class Steps(Protocol):
    """What is asked of an optimiser."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        ...

    def step(self) -> object:
        """Step on the parameters."""
        ...


class Eager:
    """Tensors and ``torch.autograd``, without a Module around them."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Make leaf tensors of the layers, and the fused optimiser."""
        torch.set_num_threads(threads)
        self._workload = workload
        self._X = self._inputs(data.X)
        self._Y = torch.from_numpy(data.labels if workload.loss == "log_loss" else data.Y)
        self._order = torch.from_numpy(data.order)
        self._layers = self._make_layers(workload, data.theta)
        self._parameters = [tensor for layer in self._layers for tensor in layer]
        self._start = [tensor.detach().clone() for tensor in self._parameters]
        self._optimizer = self._make_optimizer()
        self._loss = self._make_loss()
        self._once = getattr(self, f"_{workload.kind}")

    def run(self, times: int) -> None:
        """Do it so many times."""
        for _ in range(times):
            self._once()

    def result(self) -> np.ndarray:
        """J and D, θ, or h(X)."""
        if self._workload.kind in ("epoch", "race", "lbfgs"):
            return packed(self._parameters)
        if self._workload.kind == "predict":
            return self._answer.numpy()
        return np.concatenate([[self._J.item()], packed(self._gradients)])

    def _inputs(self, X: ArrayLike) -> Any:
        return torch.from_numpy(X)

    def _make_layers(self, workload: Workload, theta: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """(W, b) by layer, W of shape (s_{l+1}, s_l), as ``nn.Linear`` has them."""
        return [(_leaf(Theta[:, 1:]), _leaf(Theta[:, 0])) for Theta in workload.network.roll(theta)]

    def _make_loss(self) -> Callable[[Any, Tensor], Tensor]:
        return self._objective

    def _make_optimizer(self) -> Steps:
        return optimizer_of(self._workload, self._parameters)

    def _logits(self, x: Any) -> Tensor:
        g, z = ACTIVATIONS[self._workload.hidden], self._first(x)
        for W, b in self._layers[1:]:
            z = F.linear(g(z), W, b)
        return z

    def _first(self, x: Any) -> Tensor:
        """z^(2)."""
        return F.linear(x, *self._layers[0])

    def _objective(self, x: Any, y: Tensor) -> Tensor:
        z, lam = self._logits(x), self._workload.lam
        J = LOSSES[self._workload.loss](z, y)
        if lam:
            squares = sum((W * W).sum() for W, _ in self._layers)
            J = J + lam / (2 * len(x)) * squares
        return J

    def _gradient(self) -> None:
        J = self._loss(self._X, self._Y)
        self._gradients = torch.autograd.grad(J, self._parameters)
        self._J = J.detach()

    def _epoch(self) -> None:
        for x, y in self._batches():
            self._optimizer.zero_grad(set_to_none=True)
            self._loss(x, y).backward()
            self._optimizer.step()

    def _batches(self) -> Iterator[tuple[Any, Tensor]]:
        size = self._workload.batch_size
        if self._X.nbytes <= SMALL:
            X, Y = self._X[self._order], self._Y[self._order]
            yield from zip(X.split(size), Y.split(size))
            return
        for rows in self._order.split(size):
            yield self._X.index_select(0, rows), self._Y.index_select(0, rows)

    def _race(self) -> None:
        """torch.optim.LBFGS with its strong-Wolfe search, ten pairs, from the first θ."""
        with torch.no_grad():
            for parameter, start in zip(self._parameters, self._start):
                parameter.copy_(start)
        optimizer = torch.optim.LBFGS(
            self._parameters,
            max_iter=MOST_ITERATIONS,
            max_eval=10**6,
            tolerance_grad=0,
            tolerance_change=0,
            history_size=10,
            line_search_fn="strong_wolfe",
        )
        watched = race(self._evaluate, self._workload.target, lambda fun: _step(optimizer, fun))
        self.evaluations = watched.evaluations

    _lbfgs = _race

    def _evaluate(self, optimizer: torch.optim.Optimizer) -> tuple[Tensor, None]:
        """J, with its gradient in the parameters."""
        optimizer.zero_grad(set_to_none=True)
        J = self._loss(self._X, self._Y)
        J.backward()
        return J.detach(), None

    def _predict(self) -> None:
        with torch.inference_mode():
            self._answer = torch.softmax(self._logits(self._X), dim=1)


class Compiled(Eager):
    """The same with the objective, and its gradient, through ``torch.compile``."""

    def _inputs(self, X: ArrayLike) -> Any:
        return torch.from_numpy(X)

    def _make_layers(self, workload: Workload, theta: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """(W, b) by layer, W of shape (s_{l+1}, s_l), as ``nn.Linear`` has them."""
        return [(_leaf(Theta[:, 1:]), _leaf(Theta[:, 0])) for Theta in workload.network.roll(theta)]

    def _make_loss(self) -> Callable[[Any, Tensor], Tensor]:
        torch.compiler.reset()
        return torch.compile(self._objective, dynamic=False)


def optimizer_of(workload: Workload, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """The workload's rule, fused."""
    rate = workload.learning_rate
    if workload.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    momentum = 0.9 if workload.optimizer == "momentum" else 0.0
    return torch.optim.SGD(parameters, lr=rate, momentum=momentum, fused=True)


def _step(optimizer: torch.optim.Optimizer, fun: Watched) -> object:
    return optimizer.step(lambda: fun(optimizer)[0])


def _half_squares(z: Tensor, y: Tensor) -> Tensor:
    return ((z - y) ** 2).sum() / (2 * len(y))


def _binary(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(y)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "log_loss": F.cross_entropy,
    "binary_log_loss": _binary,
    "squared_error": _half_squares,
}


def _leaf(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.copy(order="C")).requires_grad_()


def packed(tensors: Sequence[Tensor]) -> np.ndarray:
    """θ's order, from W, b, W, b, …"""
    arrays = [tensor.detach().numpy() for tensor in tensors]
    pairs = zip(arrays[::2], arrays[1::2])
    return np.concatenate([np.vstack([b, W.T]).reshape(-1) for W, b in pairs])
