"""Muon: momentum whose matrices step by a fixed length in every direction that they have seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..arrays import Array, State, array_namespace
from ..errors import InvalidInput
from .adamw import AdamW, Matrix, replaced

Polynomial = tuple[float, float, float]  # a, b, c of a s + b s³ + c s⁵

# The middle three of five that J. You found for the NanoGPT speed runs, each made for the singular
# values that the ones before it leave.
THREE: tuple[Polynomial, ...] = (
    (3.9505, -6.3029, 2.6377),
    (3.7418, -5.5913, 2.3037),
    (2.8769, -3.1427, 1.2046),
)
QUINTIC: tuple[Polynomial, ...] = ((3.4445, -4.7750, 2.0315),) * 5  # Jordan's, the same five times


def orthogonalise(X: Array, polynomials: Iterable[Polynomial] = THREE) -> Array:
    """Pull all singular values of a matrix towards one, and leave its singular vectors alone.

    Each polynomial maps X to (a I + b XXᵀ + c (XXᵀ)²) X, and so every singular value s to
    a s + b s³ + c s⁵. They begin at s / ‖X‖, of the Frobenius norm, hence at most at 1. After
    ``THREE``, those that were at least 0.03 ‖X‖ are in [0.917, 1.147]; a smaller one has grown to
    between 30 and 43 times its share of ‖X‖, and none is above 1.147. After ``QUINTIC``, those of
    at least 0.005 ‖X‖ are in [0.68, 1.16], and none is above 1.21.

    Parameters
    ----------
    X : array of shape (k, n)
        Any matrix; zeros stay zeros.
    polynomials : iterable of (a, b, c)
        One after another.

    Returns
    -------
    array of shape (k, n)
        Near U Vᵀ of X = U S Vᵀ, its orthogonal polar factor.

    References
    ----------
    K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024
    (``QUINTIC``). F. L. Cesista, J. You and K. Jordan, "Squeezing 1-2% efficiency gains out of Muon
    by optimizing the Newton-Schulz coefficients", 2025 (where ``THREE`` come from). Å. Björck and
    C. Bowie, "An iterative algorithm for computing the best estimate of an orthogonal matrix",
    1971.

    Examples
    --------
    >>> import numpy as np
    >>> orthogonalise(np.diag([3.0, 4.0])).round(2) + 0.0
    array([[1.14, 0.  ],
           [0.  , 1.02]])
    """
    xp = array_namespace(X)
    is_tall = X.shape[0] > X.shape[1]
    norm = float(xp.linalg.vector_norm(X))
    X = (X.T if is_tall else X) / (norm if norm > 0 else 1.0)
    for a, b, c in polynomials:
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X.T if is_tall else X


@dataclass(frozen=True)
class Muon(AdamW):
    """Momentum, orthogonalised by matrices; everything else steps as by AdamW.

    Of a matrix with the gradient D it keeps m := μ m + (1 − μ) D, looks one step ahead as Nesterov
    does, and goes by the same length along every singular direction:

        N = μ m + (1 − μ) D,   Θ := (1 − α′ decay) Θ − α′ √max(1, units / inputs) f(N),

    f being ``orthogonalise`` and α′ = ``ratio`` · α. Since f's singular values are near one, those
    of Θ / √max(1, units / inputs) end below about 1.15 / decay, whatever the gradients.

    Parameters
    ----------
    beta_1, beta_2, epsilon : float
        AdamW's, for what is not orthogonalised.
    weight_decay : float
        Decay of all matrices, times the rate of each: biases do not decay.
    matrices : tuple of Matrix, optional
        Those that are orthogonalised. A training, which knows the network, fills in every layer's
        but the last one's, and but a first one's of more than ``WIDE`` inputs, which costs too
        much.
    momentum : float
        μ.
    ratio : float
        α′ over α: how much faster matrices learn. Both rates follow one schedule.
    polynomials : tuple of (a, b, c)
        f's.
    others : tuple of Matrix, optional
        Those that decay, but step as by AdamW. Filled in with ``matrices``.

    References
    ----------
    K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. J. Bernstein
    and L. Newhouse, "Old optimizer, new norm: an anthology", 2024 (why the step has that length).

    Examples
    --------
    >>> import numpy as np
    >>> rule = Muon(weight_decay=0.0, ratio=1.0, matrices=(Matrix(0, inputs=2, units=2),))
    >>> theta, D = np.zeros(5), np.array([3.0, 0.0, 0.0, 4.0, 1.0])
    >>> rule.step(rule.init(theta), theta, D, learning_rate=0.1)[1].round(3)
    array([-0.114,  0.   ,  0.   , -0.102, -0.1  ])
    """

    weight_decay: float = 0.1
    momentum: float = 0.95
    ratio: float = 20.0
    polynomials: tuple[Polynomial, ...] = THREE
    others: tuple[Matrix, ...] = ()
    name = "muon"
    core = "muon"

    def __post_init__(self) -> None:
        """Refuse to orthogonalise by nothing."""
        if not self.polynomials:
            raise InvalidInput("Muon needs polynomials to orthogonalise by, at least one.")

    @property
    def all_matrices(self) -> tuple[Matrix, ...]:
        """Those that are orthogonalised, and the others."""
        return (self.matrices or ()) + self.others

    @property
    def multiply_adds(self) -> float:
        """Of a step of all matrices: two products with the long side, the rest on the short one."""
        sides = [sorted((each.inputs, each.units)) for each in self.matrices or ()]
        on_short_side = 2 * len(self.polynomials) - 1.5  # symmetric products, by half
        return sum(1.5 * m * m * n + on_short_side * m**3 for m, n in sides)

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Step by AdamW, and put the matrices' own steps in their places."""
        new, moved = super().step(state, theta, gradient, learning_rate)
        m, v, Theta = {}, {}, {}
        for each in self.matrices or ():
            D = each.of(gradient)
            m[each] = self.momentum * each.of(state["m"]) + (1 - self.momentum) * D
            v[each] = each.of(state["v"])
            ahead = self.momentum * m[each] + (1 - self.momentum) * D
            Theta[each] = self._moved(each, each.of(theta), ahead, self.ratio * learning_rate)
        state = {"t": new["t"], "m": replaced(new["m"], m), "v": replaced(new["v"], v)}
        return state, replaced(moved, Theta)

    def _moved(self, matrix: Matrix, Theta: Array, ahead: Array, rate: float) -> Array:
        """Θᵀ after its step along N."""
        length = rate * matrix.step_length
        decayed = (1 - rate * self.weight_decay) * Theta
        return decayed - length * orthogonalise(ahead, self.polynomials)

    def _decayed(self, theta: Array, kept: float) -> Array:
        return replaced(theta, {each: kept * each.of(theta) for each in self.others})
