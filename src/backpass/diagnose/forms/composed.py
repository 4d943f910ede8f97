"""A layer, an activation or a loss of PyTorch's autograd, alone: a network is made of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard

from .roles import roles_of


class Tensor(Protocol):
    """A tensor of PyTorch, as far as a network needs it."""

    def __matmul__(self, other: Tensor) -> Tensor: ...
    def __add__(self, other: Tensor) -> Tensor: ...
    def __sub__(self, other: Tensor) -> Tensor: ...
    def __pow__(self, other: int) -> Tensor: ...
    def __truediv__(self, other: int) -> Tensor: ...
    def sum(self) -> Tensor: ...
    def tanh(self) -> Tensor: ...
    def sigmoid(self) -> Tensor: ...
    def backward(self) -> None: ...


class Part(Protocol):
    """A ``torch.autograd.Function``."""

    __name__: str

    def forward(self, *given: Tensor) -> Tensor: ...
    def apply(self, *given: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Composed:
    """A function of X, y and weights around a part, and in words what it is."""

    function: Callable[..., Tensor]
    what: str
    formula: str


def composed(entry: object) -> Composed | None:
    """A network around what was given to be judged; None where that is no part of one.

    Parameters
    ----------
    entry : object
        A ``torch.autograd.Function`` whose ``forward`` takes (X, W, b) or (X, W), z alone, or
        outputs and targets.

    Returns
    -------
    Composed or None
    """
    if not _is_autograd(entry):
        return None
    names = list(inspect.signature(entry.forward).parameters)[1:]
    roles = ["W" if "params" in roles_of(name) else (*roles_of(name), "")[0] for name in names]
    if sorted(roles) in (["W", "X", "b"], ["W", "X"]):
        return _two_layers(entry, roles)
    if len(roles) == 2 and roles[1] == "y":
        return _network(entry, ("W1", "b1", "W2", "b2"), _loss, "this loss", "J of tanh(X W1 + b1)")
    if len(roles) == 1:
        what, formula = "this activation between two layers", "z = a W + b, squared error"
        return _network(entry, ("W1", "b1", "W2", "b2"), _activation, what, formula)
    return None


def _is_autograd(entry: object) -> TypeGuard[Part]:
    torch = sys.modules.get("torch")
    return (
        torch is not None and inspect.isclass(entry) and issubclass(entry, torch.autograd.Function)
    )


Cost = Callable[[Callable[..., Tensor], Tensor, Tensor, Sequence[Tensor]], Tensor]


def _network(entry: Part, weights: Sequence[str], cost: Cost, what: str, formula: str) -> Composed:
    def network(X: Tensor, y: Tensor, *given: Tensor) -> Tensor:
        torch = sys.modules["torch"]
        with torch.enable_grad():
            J = cost(entry.apply, X, y, given)
            J.backward()
        return J

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in ("X", "y", *weights)]
    vars(network).update(__signature__=inspect.Signature(parameters))
    network.__name__ = entry.__name__
    return Composed(network, what, formula)


def _two_layers(entry: Part, roles: Sequence[str]) -> Composed:
    """The layer twice; its arguments in its own order."""
    kinds = [role for role in ("W", "b") if role in roles]

    def cost(apply: Callable[..., Tensor], X: Tensor, y: Tensor, given: Sequence[Tensor]) -> Tensor:
        half = len(kinds)
        first, second = (dict(zip(kinds, given[i:])) for i in (0, half))
        a = apply(*[{"X": X, **first}[role] for role in roles]).sigmoid()
        return _squares(apply(*[{"X": a, **second}[role] for role in roles]) - y)

    names = [f"{kind}{l}" for l in (1, 2) for kind in kinds]
    what, formula = "this layer twice, with the sigmoid between", "squared error"
    return _network(entry, names, cost, what, formula)


def _activation(
    apply: Callable[..., Tensor], X: Tensor, y: Tensor, given: Sequence[Tensor]
) -> Tensor:
    W1, b1, W2, b2 = given
    return _squares(apply(X @ W1 + b1) @ W2 + b2 - y)


def _loss(apply: Callable[..., Tensor], X: Tensor, y: Tensor, given: Sequence[Tensor]) -> Tensor:
    W1, b1, W2, b2 = given
    return apply((X @ W1 + b1).tanh() @ W2 + b2, y)


def _squares(difference: Tensor) -> Tensor:
    return (difference**2).sum() / 2
