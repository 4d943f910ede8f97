"""AdamW: Adam whose decay leaves the biases alone, and so has to know where θ's matrices lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..arrays import Array, State, array_namespace
from ..errors import InvalidInput
from .first_order import Adam


@dataclass(frozen=True, order=True)
class Matrix:
    """Where one layer's weights lie in θ: Θᵀ without its bias, shape (inputs, units), row by row.

    Parameters
    ----------
    offset : int
        Its first number's place in θ.
    inputs, units : int
        Rows and columns of Θᵀ there.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = Matrix(offset=3, inputs=2, units=3)
    >>> matrix.of(np.arange(10))
    array([[3, 4, 5],
           [6, 7, 8]])
    """

    offset: int
    inputs: int
    units: int

    @property
    def where(self) -> slice:
        """Its stretch of θ."""
        return slice(self.offset, self.offset + self.inputs * self.units)

    @property
    def step_length(self) -> float:
        """√max(1, units / inputs): so far goes a step of the whole matrix, beside its rate."""
        return math.sqrt(max(1.0, self.units / self.inputs))

    def of(self, theta: Array) -> Array:
        """The matrix of a vector in θ's order, shape (inputs, units)."""
        return array_namespace(theta).reshape(theta[self.where], (self.inputs, self.units))


def replaced(vector: Array, parts: Mapping[Matrix, Array]) -> Array:
    """Return a vector in θ's order with other numbers where some matrices lie."""
    xp, pieces, end = array_namespace(vector), [], 0
    for matrix in sorted(parts):
        pieces += [vector[end : matrix.where.start], xp.reshape(parts[matrix], (-1,))]
        end = matrix.where.stop
    return xp.concat([*pieces, vector[end:]])


def check_matrices(matrices: Iterable[Matrix] | None, theta: Array) -> None:
    """Raise where a rule was not told the matrices, or where they are not apart, or not in θ."""
    if matrices is None:
        raise InvalidInput(
            "The rule has to know where θ's matrices lie: give matrices=, or let a training find "
            "them in its network."
        )
    end = 0
    for matrix in sorted(matrices):
        if matrix.offset < end or min(matrix.inputs, matrix.units) < 1:
            raise InvalidInput(f"{matrix} has no numbers, or shares some with the one before.")
        end = matrix.where.stop
    if end > theta.shape[-1]:
        raise InvalidInput(f"The matrices end at {end}, but theta has {theta.shape[-1]} entries.")


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, and matrices that shrink by α times ``weight_decay`` apart from the gradient.

    Parameters
    ----------
    beta_1, beta_2 : float
        What the means of D and of D² keep in a step.
    epsilon : float
        Added to the root of the mean square.
    weight_decay : float
        Decay of the matrices, times the learning rate; biases do not decay.
    matrices : tuple of Matrix, optional
        Which stretches of θ decay. A training, which knows the network, fills in all its weights.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> rule = AdamW(weight_decay=0.5, matrices=(Matrix(offset=1, inputs=1, units=1),))
    >>> theta, D = np.array([1.0, 1.0]), np.zeros(2)
    >>> rule.step(rule.init(theta), theta, D, learning_rate=0.1)[1]  # a bias, and a weight
    array([1.  , 0.95])
    """

    weight_decay: float = 0.01
    matrices: tuple[Matrix, ...] | None = None
    name = "adamw"
    core = "adamw"

    @property
    def all_matrices(self) -> tuple[Matrix, ...]:
        """Those that were told, for the step to decay."""
        return self.matrices or ()

    def init(self, theta: Array) -> State:
        """Make the state of step 0: both moments zero."""
        check_matrices(None if self.matrices is None else self.all_matrices, theta)
        return super().init(theta)

    def _decayed(self, theta: Array, kept: float) -> Array:
        return replaced(theta, {each: kept * each.of(theta) for each in self.all_matrices})
