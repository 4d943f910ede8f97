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
    """θ := θ − α D, the notes' rule.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".

    Examples
    --------
    >>> import numpy as np
    >>> rule, theta = GradientDescent(), np.array([1.0, 2.0])
    >>> rule.step(rule.init(theta), theta, np.array([1.0, -1.0]), learning_rate=0.5)
    ({'t': 1}, array([0.5, 2.5]))
    """

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
    """v := μ v − α D; θ := θ + v.

    Parameters
    ----------
    momentum : float
        μ, the part of its velocity that a step keeps.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    Examples
    --------
    >>> import numpy as np
    >>> rule, theta, D = Momentum(0.5), np.array([1.0]), np.array([1.0])
    >>> state, theta = rule.step(rule.init(theta), theta, D, learning_rate=0.5)
    >>> rule.step(state, theta, D, learning_rate=0.5)[1]  # half of the last step on top
    array([-0.25])
    """

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
    """v := μ v − α D; θ := θ + μ v − α D: the velocity's next step is taken at once.

    Parameters
    ----------
    momentum : float
        μ, the part of its velocity that a step keeps.

    References
    ----------
    Y. Nesterov, "A method for solving the convex programming problem with convergence rate
    O(1/k²)", 1983; in the form of I. Sutskever et al., "On the importance of initialization and
    momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> rule, theta = Nesterov(0.5), np.array([1.0])
    >>> rule.step(rule.init(theta), theta, np.array([1.0]), learning_rate=0.5)[1]
    array([0.25])
    """

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
    """Adam: steps scaled by the gradient's own size; with ``weight_decay``, AdamW.

    Parameters
    ----------
    beta_1, beta_2 : float
        What the means of D and of D² keep in a step.
    epsilon : float
        Added to the root of the mean square.
    weight_decay : float
        Decay of the parameters themselves, times the learning rate: no part of D.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015. I. Loshchilov
    and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> rule, theta = Adam(), np.array([1.0, 1.0])
    >>> state, theta = rule.step(rule.init(theta), theta, np.array([100.0, 0.01]), 0.1)
    >>> theta.round(4)  # the first step is as long for every slope
    array([0.9, 0.9])
    """

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
        decayed = self._decayed(theta, 1 - learning_rate * self.weight_decay)
        return {"t": t, "m": m, "v": v}, decayed - alpha * m / root

    def _decayed(self, theta: Array, kept: float) -> Array:
        """What is left of θ before the step."""
        return theta * kept


# Those that look at each number alone, with their own settings, by name.
RULES: dict[str, Rule] = {
    rule.name: rule for rule in (GradientDescent(), Momentum(), Nesterov(), Adam())
}
