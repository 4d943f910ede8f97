"""First-order update rules, simplest first: pure steps over an explicit state.

A rule knows neither networks nor data: it is given θ, the gradient D and the learning rate, and
returns the next state and θ. The state is a dict of plain arrays in θ's order, which is what a
checkpoint, a pickle and a resumed run hold. All of them leave their arguments unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ..arrays import Array, State, array_namespace


class Rule(Protocol):
    """An update rule, one step of mini-batch training."""

    @property
    def name(self) -> str:
        """How the rule is called."""
        ...

    def init(self, theta: Array) -> State:
        """Make the state of step 0."""
        ...

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Make the next state and θ."""
        ...


@dataclass(frozen=True)
class GradientDescent:
    """θ := θ − α D, the notes' rule."""

    name = "gd"
    core = "gd"  # how the engines know the step

    def init(self, theta: Array) -> State:
        """Make the state of step 0: only the count of steps."""
        return {"t": 0}

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Walk down the gradient."""
        return {"t": state["t"] + 1}, theta - learning_rate * gradient


@dataclass(frozen=True)
class Momentum:
    """v := μ v − α D; θ := θ + v (Polyak, 1964)."""

    momentum: float = 0.9
    name = "momentum"
    core = "momentum"

    def init(self, theta: Array) -> State:
        """Make the state of step 0: no velocity."""
        return {"t": 0, "v": array_namespace(theta).zeros_like(theta)}

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Let the velocity remember, and follow it."""
        v = self.momentum * state["v"] - learning_rate * gradient
        return {"t": state["t"] + 1, "v": v}, theta + v


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v := μ v − α D; θ := θ + μ v − α D (Nesterov, 1983, in Sutskever's form of 2013)."""

    name = "nesterov"
    core = "nesterov"

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Let the velocity remember, and take its next step at once."""
        v = self.momentum * state["v"] - learning_rate * gradient
        return {"t": state["t"] + 1, "v": v}, theta + self.momentum * v - learning_rate * gradient


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015); with ``weight_decay`` decoupled, AdamW (Loshchilov, 2019)."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    name = "adam"
    core = "adam"

    def init(self, theta: Array) -> State:
        """Make the state of step 0: both moments zero."""
        xp = array_namespace(theta)
        return {"t": 0, "m": xp.zeros_like(theta), "v": xp.zeros_like(theta)}

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Scale each step by the gradient's own size, biases of the moments corrected."""
        t = state["t"] + 1
        m = self.beta_1 * state["m"] + (1 - self.beta_1) * gradient
        v = self.beta_2 * state["v"] + (1 - self.beta_2) * gradient * gradient
        alpha = learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        root = array_namespace(theta).sqrt(v) + self.epsilon
        decayed = theta * (1 - learning_rate * self.weight_decay)
        return {"t": t, "m": m, "v": v}, decayed - alpha * m / root


# With their own settings, by name.
RULES: dict[str, Rule] = {
    rule.name: rule for rule in (GradientDescent(), Momentum(), Nesterov(), Adam())
}
