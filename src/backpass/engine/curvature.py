"""A problem's curvature: second moments, and the Gauss-Newton matrix times a vector.

The Gauss-Newton matrix of J is

    B(θ) = (1/W) Σ_i w_i J_iᵀ H_i J_i + (λ/W) I,     J_i = ∂z_i^(L)/∂θ,     H_i = ∂δ_i^(L)/∂z_i^(L),

the second term without the bias columns. It is never negative for a loss that is convex in z, and
it is the Hessian where the network is linear. B v takes one pass forward, by the R-operator
(Pearlmutter, 1994), and one back (Schraudolph, 2002); J_i is never formed.

The R-operator gives the derivative of a pass in the direction v. On z it is a sum rule:

    R{a^(1)} = 0,   R{z^(l+1)} = V [1, a^(l)] + Θ [0, R{a^(l)}],   R{a^(l)} = g′(z^(l)) ⊙ R{z^(l)}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from .. import backprop
from ..arrays import Array, ArrayLike, array_namespace, device
from ..errors import InvalidInput
from ..losses import Loss
from ..network import Network, Slice
from .moments import moment, moment_with_bias
from .problem import Examples, Objective, Rows

BLOCK_ROWS = 1024
FEWEST_ROWS = 256  # of the second moments' sample
# A wide A^(1) is left as so many rows of CSR, where they cost little, or as a quarter of the dense
# ones within these limits: two products with H₀ then cost half of an evaluation, or less. More rows
# save no iterations.
WIDE_ROWS, WIDE_DENSE_ROWS = 128, (32, 64)
# It is wide with so many columns to a row of the sample: its inverse and the products with it then
# cost as much as those with the rows, with twice as many columns twice as much, with four times as
# many 20 times.
WIDE = 3.5
OFTEN, SELDOM = 10, 30
SMALL = 500_000  # rows times parameters: below, an estimate costs more than ten evaluations


class ProblemCurvature:
    """The curvature of one problem's J, for the solvers that ask for it.

    Parameters
    ----------
    problem : engine problem
        What ``engine.prepare`` returns.

    Examples
    --------
    >>> import numpy as np
    >>> from backpass import Network, engine
    >>> net = Network((1, 1), hidden=(), loss="squared_error")
    >>> problem = engine.prepare(net, np.array([[1.0], [3.0]]), np.zeros((2, 1)))
    >>> curvature = ProblemCurvature(problem)
    >>> product = curvature.product(np.zeros(2))
    >>> product(np.array([0.0, 1.0]))  # the mean of x [1, x]
    array([2., 5.])
    """

    def __init__(self, problem: Objective) -> None:
        self._net, self._rows, self._lam = problem.net, problem.rows, problem.lam

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Where each Θᵀ lies in θ, and its shape."""
        return self._net.slices

    @property
    def decay(self) -> float:
        """What weight decay adds to the curvature of a weight, λ/W."""
        return self._lam / self._rows.W

    @property
    def every(self) -> int:
        """Iterations between estimates of the second moments: fewer where evaluations cost much.

        Without a hidden layer A^(1) and its inverse may cost more than a hundred evaluations,
        and L-BFGS may need a dozen of them in all. The first estimate then comes after as many
        iterations as it costs: it takes half of the time at most, however few are needed.
        """
        usual = OFTEN if self._rows.m * self._net.n_parameters > SMALL else SELDOM
        return usual if self._net.hidden else max(usual, self._cost_of_estimate)

    @property
    def _cost_of_estimate(self) -> int:
        """Multiply-adds of A^(1) and its inverse over those of one evaluation of J and D."""
        n, m = self._net.sizes[0] + 1, self._rows.m
        formed = self._sample_size * n**2 + n**3
        work = self._n_input_rows**2 * n if self._wide else formed
        return work // (2 * m * self._net.n_parameters)

    def second_moments(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """Estimate A = Σ w [1, a][1, a]ᵀ and G = Σ w δ δᵀ, over Σ w, by layer.

        They come from a few drawn rows, always the same ones: so A^(1) is computed once.
        """
        net, (X, Y, w) = self._net, self._sample
        Thetas = net.roll_unchecked(theta)
        a, z = backprop.forward_pass(net, Thetas, X)
        delta = backprop.backward_pass(net, Thetas, z, Y)
        # Each A is (s_l + 1, s_l + 1), each G (s_{l+1}, s_{l+1}).
        W = _total(w)
        As = [self._input_moment, *(moment_with_bias(a[l], w) / W for l in range(2, net.L))]
        return As, [moment(delta[l], w) / W for l in range(2, net.L + 1)]

    def input_rows(self) -> InputRows | None:
        """Z with A^(1) = ZᵀZ, where the inputs are too many for A^(1); else None."""
        return self._input_rows if self._wide else None

    def product(self, theta: Array) -> Callable[[Array], Array]:
        """Return v -> B(θ) v."""
        net, rows = self._net, self._rows
        Thetas = net.roll_unchecked(theta)
        # The pass at θ is the same for every v, so it is made once and kept: z and a of all rows,
        # and what H_i needs of them. A product then costs a pass forward and one back.
        blocks = [
            (a, z, w, second_derivative(net.loss, z[net.L], Y))
            for a, z, Y, w in _passes(net, Thetas, rows)
        ]

        def times(v: Array) -> Array:
            directions, Delta = net.roll_unchecked(v), dict.fromkeys(range(1, net.L), 0.0)
            for a, z, w, times_H in blocks:
                # r = H_i J_i v, (m, s_L): what stands in δ^(L)'s place on the way back.
                r = times_H(forward_derivative(net, Thetas, directions, a, z))
                delta = _backpropagated(net, Thetas, z, r)
                added = backprop.accumulate(a, delta, w)
                Delta = {l: Delta[l] + added[l] for l in Delta}
            # λ v in Θ's place: the derivative of the decay's gradient λ Θ along v.
            D = backprop.regularised_mean(Delta, directions, self._lam, rows.W)
            return net.unroll([D[l] for l in sorted(D)])

        return times

    def dense(self, theta: Array) -> Array:
        """Compute B(θ) itself, shape (n, n): for networks of few parameters."""
        net, rows = self._net, self._rows
        Thetas = net.roll_unchecked(theta)
        B = 0.0
        # Small blocks: the Jacobians of one are s_L · block · n numbers.
        for a, z, Y, w in _passes(net, Thetas, rows, size=128):
            Js = jacobian(net, Thetas, a, z)  # (s_L, block, n)
            H = hessian_in_z(net.loss, z[net.L], Y)  # (s_L, block, s_L)
            for k, J in enumerate(Js):
                xp = array_namespace(J)
                # Σ_i w_i (J_i)_kᵀ (H_i J_i)_k, summed over k: (n, block) times (block, n).
                HJ = sum(H[k][:, j : j + 1] * Js[j] for j in range(len(Js)))
                B = B + xp.matmul((w[:, None] * J).T, HJ)
        return B / rows.W + self._decay_matrix(theta)

    @cached_property
    def _sample(self) -> tuple[Array, Array, Array]:
        """Enough drawn rows to tell the moments of the widest layer."""
        rows = self._rows
        if self._sample_size < rows.m:
            drawn = np.random.default_rng(0).choice(rows.m, self._sample_size, replace=False)
            return rows.take(drawn)
        return (rows.X, rows.Y, rows.w) if isinstance(rows, Rows) else rows.take(np.arange(rows.m))

    @property
    def _sample_size(self) -> int:
        # Twice as many rows as the widest factor has columns, so that A and G have full rank where
        # the data has.
        formed = self._net.sizes[self._wide :]
        fewest = self._n_input_rows if self._wide else FEWEST_ROWS
        return min(self._rows.m, max(fewest, 2 * max(formed) + 2))

    @property
    def _wide(self) -> bool:
        return self._net.sizes[0] >= WIDE * min(WIDE_ROWS, self._rows.m)

    @property
    def _n_input_rows(self) -> int:
        m = self._rows.m
        if isinstance(self._rows, Rows) and hasattr(self._rows.X, "tocsr"):
            return min(m, WIDE_ROWS)
        least, most = WIDE_DENSE_ROWS
        return min(m, max(least, min(m // 4, most)))

    @cached_property
    def _input_rows(self) -> InputRows:
        X, _, w = self._sample
        if X.shape[0] == self._n_input_rows:
            return InputRows(X, w)
        drawn = np.random.default_rng(1).choice(X.shape[0], self._n_input_rows, replace=False)
        return InputRows(X[drawn, :], w[drawn])

    @cached_property
    def _input_moment(self) -> Array:
        """A^(1), or ZZᵀ in its place."""
        if self._wide:
            return self._input_rows.gram()
        X, _, w = self._sample
        return moment_with_bias(X, w) / _total(w)

    def _decay_matrix(self, theta: Array) -> Array:
        xp = array_namespace(theta)
        ones = [xp.ones_like(Theta) for Theta in self._net.roll_unchecked(theta)]
        # regularised_mean of Δ = 0 and Θ = 1 is λ/W at weights and 0 at biases: B's diagonal term.
        zero = {l: one * 0 for l, one in enumerate(ones, start=1)}
        decay = backprop.regularised_mean(zero, ones, self._lam, self._rows.W)
        diagonal = self._net.unroll([decay[l] for l in sorted(decay)])
        return diagonal[:, None] * xp.eye(theta.shape[0], dtype=theta.dtype, device=device(theta))


class InputRows:
    """Z = √(w / Σ w) [1, X] of a few rows, X dense or CSR: A^(1) = ZᵀZ in products only.

    Parameters
    ----------
    X : array or CSR matrix of shape (r, s_1)
        Inputs.
    w : array of shape (r,)
        Weights.
    """

    def __init__(self, X: ArrayLike, w: Array) -> None:
        xp = array_namespace(w)
        self._X = X
        self._scale = xp.sqrt(w / (float(xp.sum(w)) or 1.0))[:, None]

    def times(self, V: Array) -> Array:
        """Z V, shape (r, k) for V of shape (s_1 + 1, k)."""
        return self._scale * (V[:1, :] + self._X @ V[1:, :])

    def subtract_transposed(self, V: Array, U: Array) -> Array:
        """V − Zᵀ U, shape (s_1 + 1, k) for U of shape (r, k), in V's place.

        Another array of V's size, where k is small, would cost as much as the product.
        """
        scaled = self._scale * U
        V[0, :] -= array_namespace(U).sum(scaled, axis=0)
        V[1:, :] -= self._X.T @ scaled
        return V

    def gram(self) -> Array:
        """ZZᵀ, shape (r, r)."""
        products = self._X @ self._X.T  # CSR too, of CSR
        if hasattr(products, "toarray"):
            products = products.toarray()
        return self._scale * (1 + products) * self._scale.T


def forward_derivative(
    net: Network,
    Thetas: list[Array],
    directions: list[Array],
    a: backprop.ByLayer,
    z: backprop.ByLayer,
) -> Array:
    """R{z^(L)}: the derivative of the logits in the direction of V^(1), V^(2), …; (m, s_L)."""
    Ra, Rz = None, z[2]  # R{a^(1)} = 0: the first layer has the first term only
    for l, (Theta, V) in enumerate(zip(Thetas, directions), start=1):
        Rz = V[:, 0] + a[l] @ V[:, 1:].T  # (m, s_{l+1})
        if Ra is not None:
            Rz = Rz + Ra @ Theta[:, 1:].T
        if l + 1 < net.L:
            Ra = net.activation(l + 1).g_prime(z[l + 1]) * Rz
    return Rz


def jacobian(
    net: Network, Thetas: list[Array], a: backprop.ByLayer, z: backprop.ByLayer
) -> list[Array]:
    """∂z_k^(L)/∂θ of every example, one (m, n) for each output unit k, by a pass back from each."""
    xp = array_namespace(z[net.L])
    # The rows are dense here whatever X is: their Jacobians are s_2 times as large.
    x = a[1].toarray() if hasattr(a[1], "tocsr") else a[1]
    with_bias = {l: _with_bias(x if l == 1 else a[l]) for l in range(1, net.L)}
    Js = []
    for k in range(net.sizes[-1]):
        r = xp.zeros_like(z[net.L])
        r[:, k] = 1
        delta = _backpropagated(net, Thetas, z, r)
        # ∂z_k/∂Θ_ji^(l) = δ_j [1, a]_i. The axes are (m, s_l + 1, s_{l+1}), so that a row unrolls
        # column by column of Θ, as θ does.
        products = [with_bias[l][:, :, None] * delta[l + 1][:, None, :] for l in with_bias]
        Js.append(xp.concat([xp.reshape(p, (p.shape[0], -1)) for p in products], axis=1))
    return Js


def hessian_in_z(loss: Loss, z: Array, Y: Array) -> list[Array]:
    """H_i of every example by columns: [k][i, :] = ∂δ_i/∂z_k, each (m, s_L)."""
    times = second_derivative(loss, z, Y)
    columns = []
    for k in range(z.shape[1]):
        r = array_namespace(z).zeros_like(z)
        r[:, k] = 1
        columns.append(times(r))
    return columns


def second_derivative(loss: Loss, z: Array, Y: Array) -> Callable[[Array], Array]:
    """Return r -> H r by rows: δ's derivative in the direction r, (m, s_L) -> (m, s_L).

    By the complex step, exact to rounding; by central differences for a loss that cannot take it.
    """
    by_difference = _by_difference(loss, z, Y)
    by_complex_step = _by_complex_step(loss, z, Y)
    xp = array_namespace(z)
    # A user's δ may round, compare or cast a complex z, and give a wrong answer without an error:
    # on four rows both ways must agree to differences' precision before the exact one is used.
    few = slice(0, min(4, z.shape[0]))
    r = 1 / (1 + abs(z[few, :]))
    try:
        exact, rough = by_complex_step(r, few), by_difference(r, few)
    except (TypeError, ValueError, AttributeError, RuntimeError):
        return by_difference
    agree = bool(xp.all(abs(exact - rough) <= 0.05 * (abs(rough) + xp.max(abs(rough)))))
    return by_complex_step if agree else by_difference


def _by_complex_step(loss: Loss, z: Array, Y: Array) -> Callable[..., Array]:
    """Im δ(z + i h r) / h: nothing is subtracted, so h can be tiny."""
    xp = array_namespace(z)
    wide = xp.complex128 if z.dtype == xp.float64 else xp.complex64
    # The error is of the order h²: below the rounding of 1 in either precision, and far from
    # underflow.
    h = 1e-30 if z.dtype == xp.float64 else 1e-12

    def times(r: Array, rows: slice = slice(None)) -> Array:
        step = xp.astype(z[rows, :], wide) + xp.astype(r * h, wide) * 1j
        value = loss.delta(step, Y[rows, :])
        return xp.imag(value) / h if xp.isdtype(value.dtype, "complex floating") else r * 0

    return times


def _by_difference(loss: Loss, z: Array, Y: Array) -> Callable[..., Array]:
    """(δ(z + h r) − δ(z − h r)) / 2h."""
    xp = array_namespace(z)
    # ε^(1/3): the truncation h² and the rounding ε/h are equally large there.
    eps = float(xp.finfo(z.dtype).eps) ** (1 / 3)

    def times(r: Array, rows: slice = slice(None)) -> Array:
        scale = float(xp.max(abs(r)))
        h = eps * max(1.0, float(xp.max(abs(z[rows, :])))) / scale if scale else 1.0
        up, down = (
            loss.delta(z[rows, :] + h * r, Y[rows, :]),
            loss.delta(z[rows, :] - h * r, Y[rows, :]),
        )
        return (up - down) / (2 * h)

    return times


def _passes(
    net: Network, Thetas: list[Array], rows: Examples, size: int = BLOCK_ROWS
) -> Iterator[tuple[backprop.ByLayer, backprop.ByLayer, Array, Array]]:
    """Yield a, z, Y, w by blocks of rows."""
    if not isinstance(rows, Rows):
        raise InvalidInput("The Gauss-Newton matrix is made of rows in memory, not of blocks.")
    for X, Y, w in rows.blocks(size):
        a, z = backprop.forward_pass(net, Thetas, X)
        yield a, z, Y, w


def _backpropagated(
    net: Network, Thetas: list[Array], z: backprop.ByLayer, r: Array
) -> backprop.ByLayer:
    """J_iᵀ r before the products with a: any r in δ^(L)'s place, back through the layers."""
    delta = {net.L: r}  # (m, s_L); the rest is backward_pass's step
    for l in range(net.L - 1, 1, -1):
        delta[l] = (delta[l + 1] @ Thetas[l - 1][:, 1:]) * net.activation(l).g_prime(z[l])
    return delta


def _with_bias(a: Array) -> Array:
    xp = array_namespace(a)
    return xp.concat([xp.ones_like(a[:, :1]), a], axis=1)  # (m, s_l + 1)


def _total(w: Array) -> float:
    """Σ w, and 1 where that is 0."""
    return float(array_namespace(w).sum(w)) or 1.0
