"""The positions of each switch: small functions, by name, the right one first in each table.

m is the number of examples, a carries no bias column, Θ has its bias in column 0, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..activations import ACTIVATIONS, Activation, sigmoid, sigmoid_gradient
from ..losses import Loss, softmax
from ..network import Network

Array = np.ndarray


class Infeasible(Exception):
    """This recipe cannot be carried out with the probe's shapes."""


# --- θ ---------------------------------------------------------------------------------------


def start_of(which: Any, start: int, net: Network, l: int) -> int:
    """Where the slice of Θ^(l) starts, when it is cut at the wrong place."""
    if which is None:
        return start
    if which == "zero":
        return 0
    if which == "no bias":  # s_{l+1}·s_l where s_{l+1}·(s_l + 1) is right
        return sum(rows * (columns - 1) for rows, columns in net.shapes[: l - 1])
    if which == "from the end":
        rows, columns = net.shapes[l - 1]
        return net.n_parameters - rows * columns
    return start + which


def _last_column_zero(values: Array) -> Array:
    return np.hstack([values[:, :-1], 0 * values[:, -1:]])


def _first_column_zero(values: Array) -> Array:
    return np.hstack([0 * values[:, :1], values[:, 1:]])


UNITS: dict[str, Callable[[Array], Array]] = {
    "all": lambda a: a,
    "last out": _last_column_zero,
    "first out": _first_column_zero,
    "second out": lambda D: np.hstack([D[:, :1], 0 * D[:, 1:2], D[:, 2:]]),
}

INPUTS: dict[str, Callable[[Array], Array]] = {
    "right": lambda X: X,
    "sigmoid": sigmoid,
}


def _shift(Y: Array, by: int, wrap: bool) -> Array:
    shifted = np.roll(Y, by, axis=1)
    if not wrap:
        shifted[:, slice(0, by) if by > 0 else slice(by, None)] = 0
    return shifted


LABELS: dict[str, Callable[[Array], Array]] = {
    "right": lambda Y: Y,
    "shifted up": lambda Y: _shift(Y, 1, True),
    "shifted down": lambda Y: _shift(Y, -1, True),
    "shifted up, lost": lambda Y: _shift(Y, 1, False),
    "shifted down, lost": lambda Y: _shift(Y, -1, False),
    "mirrored": lambda Y: Y[:, ::-1],
    "complement": lambda Y: 1 - Y,
    "last class out": _last_column_zero,
    "first class out": _first_column_zero,
}


# --- forward -----------------------------------------------------------------------------------


AFFINE: dict[str, Callable[[Array, Array], Array]] = {
    "first": lambda Theta, a: Theta[:, 0] + a @ Theta[:, 1:].T,
    "zero": lambda Theta, a: a @ Theta[:, 1:].T,
    "last": lambda Theta, a: Theta[:, -1] + a @ Theta[:, :-1].T,
    "twice": lambda Theta, a: 2 * Theta[:, 0] + a @ Theta[:, 1:].T,
    "subtracted": lambda Theta, a: a @ Theta[:, 1:].T - Theta[:, 0],
    "last, zero": lambda Theta, a: a @ Theta[:, :-1].T,
}


def _plain_sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _plain_sigmoid_gradient(z: Array) -> Array:
    e = np.exp(-abs(z))
    return e / ((1 + e) * (1 + e))


_PLAIN: dict[Any, Callable[[Array], Array]] = {
    sigmoid: _plain_sigmoid,
    sigmoid_gradient: _plain_sigmoid_gradient,
}


def plain(g: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The same function, for NumPy alone: asking for an array's library takes longer than it."""
    return _PLAIN.get(g, g)


def _ones_minus(z: Array) -> Array:
    return np.ones_like(z)


def _row_softmax_slope(z: Array) -> Array:
    a = softmax(z)
    return a * (1 - a)


G: dict[str, Activation] = {
    **ACTIVATIONS,
    "brackets": Activation("brackets", lambda z: 1 + np.exp(-z), lambda z: -np.exp(-z)),
    "flipped": Activation("flipped", lambda z: sigmoid(-z), lambda z: -sigmoid_gradient(z)),
    "minus": Activation(
        "minus", lambda z: 1 / (1 - np.exp(-z)), lambda z: -np.exp(-z) / (1 - np.exp(-z)) ** 2
    ),
    "softmax": Activation("softmax", softmax, _row_softmax_slope),
    "softmax by columns": Activation(
        "softmax by columns", lambda z: softmax(z.T).T, lambda z: _row_softmax_slope(z.T).T
    ),
    "softmax over everything": Activation(
        "softmax over everything", lambda z: np.exp(z) / np.exp(z).sum(), _ones_minus
    ),
    "exp": Activation("exp", np.exp, np.exp),
    "negative exp": Activation("negative exp", lambda z: np.exp(-z), lambda z: -np.exp(-z)),
    "half tanh": Activation("half tanh", lambda z: np.tanh(z / 2), lambda z: 1 - np.tanh(z / 2)),
    "step": Activation("step", lambda z: (z > 0) * 1.0, lambda z: 0 * z),
}


# --- cost ----------------------------------------------------------------------------------------


def _from_h(loss: Loss, h: Array, Y: Array, eps: float = 0.0) -> Array | None:
    """The cost of each example from h(x), for losses that people write that way."""
    if loss.name == "binary_log_loss":
        return (-Y * np.log(h + eps) - (1 - Y) * np.log(1 - h + eps)).sum(axis=1)
    if loss.name == "log_loss":
        return -(Y * np.log(h + eps)).sum(axis=1)
    return None


def cost_from_h(loss: Loss, h: Array, z: Array, Y: Array, eps: float) -> Array:
    """The right cost of each example, at an h that may be wrong; (m,)."""
    if loss.output == "identity":
        return loss.value(h, Y)
    by_h = _from_h(loss, h, Y, eps)
    if by_h is not None:
        return by_h
    if loss.name == "poisson":
        return loss.value(np.log(h), Y)
    return loss.value(z, Y)


def _all_pairs(Y: Array, values: Array) -> Array:
    """Yᵀ log h summed: every class of y meets every class of h."""
    return Y.sum(axis=1) * values.sum(axis=1)


def _all_rows(Y: Array, values: Array) -> Array:
    """Y (log h)ᵀ summed: every example meets every other."""
    return Y @ values.sum(axis=0)


def _product_with(product: Any) -> Callable[[Array, Array, Loss], Array]:
    def cost(h: Array, Y: Array, loss: Loss) -> Array:
        total = -product(Y, np.log(h))
        if loss.name == "binary_log_loss":
            total = total - product(1 - Y, np.log(1 - h))
        return total

    return cost


def _squares(h: Array, Y: Array, loss: Loss) -> Array:
    return ((h - Y) ** 2).sum(axis=1)


def _without_constant(h: Array, Y: Array, loss: Loss) -> Array:
    return (h - Y * np.log(h)).sum(axis=1)


COST: dict[str, Callable[[Array, Array, Loss], Array]] = {
    "second out": lambda h, Y, loss: -(Y * np.log(h)).sum(axis=1),
    "first out": lambda h, Y, loss: -((1 - Y) * np.log(1 - h)).sum(axis=1),
    "second sign": lambda h, Y, loss: (-Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum(axis=1),
    "first sign": lambda h, Y, loss: (Y * np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "crossed": lambda h, Y, loss: (-Y * np.log(1 - h) - (1 - Y) * np.log(h)).sum(axis=1),
    "second without 1 − y": lambda h, Y, loss: (-Y * np.log(h) - np.log(1 - h)).sum(axis=1),
    "first without y": lambda h, Y, loss: (-np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "y twice": lambda h, Y, loss: (-Y * np.log(h) - Y * np.log(1 - h)).sum(axis=1),
    "h twice": lambda h, Y, loss: (-Y * np.log(h) - (1 - Y) * np.log(h)).sum(axis=1),
    "both terms": lambda h, Y, loss: (-Y * np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "no log": lambda h, Y, loss: (-Y * h - (1 - Y) * (1 - h)).sum(axis=1),
    "log2": lambda h, Y, loss: _or_infeasible(_from_h(loss, h, Y)) / np.log(2),
    "log10": lambda h, Y, loss: _or_infeasible(_from_h(loss, h, Y)) / np.log(10),
    "squares": _squares,
    "half squares": lambda h, Y, loss: _squares(h, Y, loss) / 2,
    "mean squares": lambda h, Y, loss: _squares(h, Y, loss) / Y.shape[1],
    "absolute": lambda h, Y, loss: abs(h - Y).sum(axis=1),
    "product of classes": _product_with(_all_pairs),
    "product of examples": _product_with(_all_rows),
    "no constant": _without_constant,
    "last class out": lambda h, Y, loss: _or_infeasible(_from_h(loss, h[:, :-1], Y[:, :-1])),
    "first class out": lambda h, Y, loss: _or_infeasible(_from_h(loss, h[:, 1:], Y[:, 1:])),
}


def _or_infeasible(value: Array | None) -> Array:
    if value is None:
        raise Infeasible
    return value


EXAMPLES: dict[str, Callable[[int], Array]] = {
    "all": np.ones,
    "last only": lambda m: np.eye(m)[m - 1],
    "first only": lambda m: np.eye(m)[0],
    "last out": lambda m: 1 - np.eye(m)[m - 1],
    "first out": lambda m: 1 - np.eye(m)[0],
    "running": lambda m: np.arange(m, 0, -1.0),
    "last twice": lambda m: 1 + np.eye(m)[m - 1],
}


@lru_cache(maxsize=1024)
def scale(which: str, m: int, sizes: tuple[int, ...]) -> float:
    """A factor by its name; K is the number of outputs."""
    K = sizes[-1]
    return {
        "1/m": 1 / m,
        "1/2m": 1 / (2 * m),
        "1": 1.0,
        "m": float(m),
        "m/2": m / 2,
        "2": 2.0,
        "1/2": 0.5,
        "2/m": 2 / m,
        "1/m²": 1 / m**2,
        "1/2m²": 1 / (2 * m * m),
        "1/(m−1)": 1 / (m - 1),
        "1/2(m−1)": 1 / (2 * (m - 1)),
        "1/mK": 1 / (m * K),
        "1/K": 1 / K,
        "K/2m": K / (2 * m),
        "K/m": K / m,
        "−1/m": -1 / m,
        "1/s": 1 / sizes[0],
        "1/2s": 1 / (2 * sizes[0]),
    }[which]


TIMES: dict[str, Callable[[int], float]] = {
    "once": lambda m: 1.0,
    "added to itself": lambda m: 2.0,
    "added to itself over −m": lambda m: 1 - 1 / m,
    "added to itself over m": lambda m: 1 + 1 / m,
    "only itself over −m": lambda m: -1 / m,
}

# --- weight decay ----------------------------------------------------------------------------


def without_bias(Theta: Array, which: str) -> Array:
    """The part of Θ that is penalised, when this is what is left out of it."""
    return {
        "first column": Theta[:, 1:],
        "nothing": Theta,
        "last column": Theta[:, :-1],
        "first row": Theta[1:, :],
        "first row and column": Theta[1:, 1:],
        "first two columns": Theta[:, 2:],
        "first and last column": Theta[:, 1:-1],
        "only the bias": Theta[:, :1],
    }[which]


def with_bias_zero(Theta: Array, which: str) -> Array:
    """Θ with zeros where ``without_bias`` leaves out."""
    return np.where(_penalised(Theta.shape, which), Theta, 0.0)


@lru_cache(maxsize=256)
def _penalised(shape: tuple[int, int], which: str) -> Array:
    where = np.zeros(shape, dtype=bool)
    without_bias(where, which)[...] = True  # a view
    return where


PENALTY: dict[str, Callable[[Array], float]] = {
    "squares": lambda P: float((P * P).sum()),
    "absolute": lambda P: float(abs(P).sum()),
    "not squared": lambda P: float(P.sum()),
    "square of the sum": lambda P: float(P.sum() ** 2),
    "cubes": lambda P: float((P**3).sum()),
    "mean": lambda P: float((P * P).mean()),
    "row sums squared": lambda P: float((P.sum(axis=1) ** 2).sum()),
}

PENALTY_SLOPE: dict[str, Callable[[Array], Array]] = {
    "squares": lambda P: P,
    "absolute": np.sign,
    "not squared": lambda P: (P != 0) * 1.0,
    "square of the sum": lambda P: (P != 0) * P.sum(),
    "cubes": lambda P: P * P,
    "mean": lambda P: P / P[:, 1:].size,
    "row sums squared": lambda P: (P != 0) * P.sum(axis=1, keepdims=True),
}

# --- back ----------------------------------------------------------------------------------------


def _with_slope(slope: Callable[[Array], Array]) -> Callable[[Loss, Array, Array, Array], Array]:
    """(a − y) times something of a."""
    return lambda loss, a, z, Y: (a - Y) * slope(a)


DELTA: dict[str, Callable[[Loss, Array, Array, Array], Array]] = {
    "right": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y),
    "sign": lambda loss, a, z, Y: -_delta_of_a(loss, a, z, Y),
    "a(1−a)": _with_slope(lambda a: a * (1 - a)),
    "−a(1−a)": _with_slope(lambda a: -a * (1 - a)),
    "slope of z": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * sigmoid_gradient(z),
    "z(1−z)": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * z * (1 - z),
    "slope of a": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * sigmoid_gradient(a),
    "1−a²": _with_slope(lambda a: 1 - a * a),
    "twice": lambda loss, a, z, Y: 2 * _delta_of_a(loss, a, z, Y),
    "half": lambda loss, a, z, Y: 0.5 * _delta_of_a(loss, a, z, Y),
    "over K": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) / Y.shape[1],
    "twice a(1−a)": _with_slope(lambda a: 2 * a * (1 - a)),
    "over a(1−a)": _with_slope(lambda a: 1 / (a * (1 - a))),
    "−y/a": lambda loss, a, z, Y: -Y / a,
    "z − y": lambda loss, a, z, Y: z - Y,
    "a": lambda loss, a, z, Y: a,
    "−y": lambda loss, a, z, Y: -Y,
    "a + y": lambda loss, a, z, Y: a + Y,
    "a y": lambda loss, a, z, Y: a * Y,
    "y(a − 1)": lambda loss, a, z, Y: Y * (a - 1),
    "a − y squared": lambda loss, a, z, Y: (a - Y) ** 2,
    "half squared": lambda loss, a, z, Y: (a - Y) ** 2 / 2,
    "absolute": lambda loss, a, z, Y: abs(a - Y),
    "sign of": lambda loss, a, z, Y: np.sign(a - Y),
    "a − y": lambda loss, a, z, Y: a - Y,
    "last out": lambda loss, a, z, Y: _last_column_zero(_delta_of_a(loss, a, z, Y)),
    "first out": lambda loss, a, z, Y: _first_column_zero(_delta_of_a(loss, a, z, Y)),
    "summed": lambda loss, a, z, Y: 0 * a + _delta_of_a(loss, a, z, Y).sum(axis=1, keepdims=True),
}


def _delta_of_a(loss: Loss, a: Array, z: Array, Y: Array) -> Array:
    """δ^(L) at an a^(L) that may be wrong."""
    if loss.name in ("log_loss", "binary_log_loss", "poisson"):
        return a - Y
    return loss.delta(a if loss.output == "identity" else z, Y)


# (δ^(l+1), Θ^(l), g′ of layer l, s_l) -> δ^(l)
Back = Callable[[Array, Array, Array, int], Array]


def _ones_column(values: Array) -> Array:
    return np.ones((values.shape[0], 1))


def _kept(bias_slope: Callable[[Array], Array], keep: slice) -> Back:
    """δ^(l) with the bias unit's own δ in front, of which ``keep`` is used."""

    def back(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
        return ((_fits(delta, Theta) @ Theta) * np.hstack([bias_slope(slope), slope]))[:, keep]

    return back


def _fits(delta: Array, Theta: Array) -> Array:
    if delta.shape[1] != Theta.shape[0]:
        raise Infeasible
    return delta


def _right(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    if Theta.shape[1] != s + 1:
        raise Infeasible
    return (_fits(delta, Theta) @ Theta[:, 1:]) * slope


def _shifted(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    return (_fits(delta, Theta) @ Theta[:, :-1]) * slope


def _back_transposed(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    if Theta.shape[0] != s or delta.shape[1] != s:
        raise Infeasible
    return (delta @ Theta[:, 1:].T) * slope


def _top(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    k = min(delta.shape[1], Theta.shape[0])
    return (delta[:, :k] @ Theta[:k, 1:]) * slope


def _unmixed(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    """δ^(l) = δ^(l+1) ⊙ g′, Θ left out; only for layers of one size."""
    if delta.shape[1] != s:
        raise Infeasible
    return delta * slope


def _elementwise(axis: int) -> Back:
    """Θ ⊙ δ in place of Θᵀδ: δ_j meets Θ_ij; only where δ has a number for every unit."""

    def back(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
        if delta.shape[1] < s or Theta.shape[0] < s or Theta.shape[1] != s + 1:
            raise Infeasible
        weights = Theta[:, 1:]
        factor = weights.sum(axis=0) if axis == 0 else np.diag(weights)
        return factor * delta[:, :s] * slope

    return back


def _copied(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    """δ^(l) = δ^(l+1), as far as it has numbers."""
    if delta.shape[1] < s:
        raise Infeasible
    return delta[:, :s]


G1, G0 = 0.19661193324148185, 0.25  # sigmoid′(1) and sigmoid′(0): g′ of a bias unit put into z

BACK: dict[str, Back] = {
    "right": _right,
    "shifted": _shifted,
    "kept": _kept(lambda g: _ones_column(g) * G1, slice(None)),
    "kept, 0": _kept(lambda g: _ones_column(g) * 0, slice(None)),
    "kept, 1": _kept(_ones_column, slice(None)),
    "kept, g′(0)": _kept(lambda g: _ones_column(g) * G0, slice(None)),
    "kept, cut": _kept(lambda g: _ones_column(g) * G1, slice(0, -1)),
    "kept, cut, 0": _kept(lambda g: _ones_column(g) * 0, slice(0, -1)),
    "kept, cut, 1": _kept(_ones_column, slice(0, -1)),
    "kept, cut, g′(0)": _kept(lambda g: _ones_column(g) * G0, slice(0, -1)),
    "slope first": lambda d, T, g, s: (_fits(d, T) @ (T[:, 1:])) * g.sum(axis=1, keepdims=True),
    "transposed": _back_transposed,
    "no Θ": lambda d, T, g, s: d.sum(axis=1, keepdims=True) * g,
    "unmixed": _unmixed,
    "diagonal": _elementwise(1),
    "column sums": _elementwise(0),
    "copied": _copied,
    "nothing": lambda d, T, g, s: 0 * g,
    "no δ": lambda d, T, g, s: T[:, 1:].sum(axis=0) * g,
    "only g′": lambda d, T, g, s: g,
    "top": _top,
    "without its g′": _right,
    "no brackets": _right,
    "bias added": lambda d, T, g, s: (_fits(d, T) @ T[:, 1:] + _fits(d, T) @ T[:, :1]) * g,
    "negative": lambda d, T, g, s: -_right(d, T, g, s),
    "last out": lambda d, T, g, s: _last_column_zero(_right(d, T, g, s)),
    "last δ out": lambda d, T, g, s: _right(_last_column_zero(d), T, g, s),
    "squared Θ": lambda d, T, g, s: (_fits(d, T) @ (T[:, 1:] ** 2)) * g,
    "added": lambda d, T, g, s: _fits(d, T) @ T[:, 1:] + g,
}


def _in_a(g: Activation, v: Array) -> Array:
    """g′ as the formula in a that people know: a(1 − a), 1 − a², …; here of any v."""
    formula = {
        "logistic": lambda v: v * (1 - v),
        "tanh": lambda v: 1 - v * v,
        "relu": lambda v: (v > 0) * 1.0,
        "leaky_relu": lambda v: np.where(v > 0, 1.0, 0.01),
        "identity": np.ones_like,
        "softplus": lambda v: 1 - np.exp(-v),
    }.get(g.name)
    if formula is None:
        raise Infeasible
    return formula(v)


# (g, a, z) -> what stands where g′(z) belongs
G_PRIME: dict[str, Callable[[Activation, Array, Array], Array]] = {
    "right": lambda g, a, z: g.g_prime(z),
    "missing": lambda g, a, z: np.ones_like(z),
    "of a": lambda g, a, z: g.g_prime(a),
    "formula of a": lambda g, a, z: _in_a(g, a),
    "formula of g′": lambda g, a, z: _in_a(g, g.g_prime(z)),
    "z(1−z)": lambda g, a, z: z * (1 - z),
    "a(1−a)": lambda g, a, z: a * (1 - a),
    "1−a²": lambda g, a, z: 1 - a * a,
    "1−z²": lambda g, a, z: 1 - z * z,
    "a": lambda g, a, z: a,
    "g(z)": lambda g, a, z: g.g(z),
    "z": lambda g, a, z: z,
    "1−a": lambda g, a, z: 1 - a,
    "1+a": lambda g, a, z: 1 + a,
    "a(1+a)": lambda g, a, z: a * (1 + a),
    "a²": lambda g, a, z: a * a,
    "(1−a)²": lambda g, a, z: (1 - a) ** 2,
    "a(a−1)": lambda g, a, z: -g.g_prime(z),
    "a−a(1−a)": lambda g, a, z: a - a * (1 - a),
    "twice": lambda g, a, z: g.g_prime(z) ** 2,
    "logistic": lambda g, a, z: sigmoid_gradient(z),
    "tanh": lambda g, a, z: ACTIVATIONS["tanh"].g_prime(z),
    "relu": lambda g, a, z: (z > 0) * 1.0,
    "brackets": lambda g, a, z: (1 + np.exp(-z)) * -np.exp(-z),
}

# --- Δ -------------------------------------------------------------------------------------------


def activations_of(which: str, a: dict[int, Array], z: dict[int, Array], l: int) -> Array:
    """What stands where a^(l) belongs in Δ^(l)."""
    if which == "z":
        return z.get(l, a[l])
    if which in ("above", "below"):
        other = a.get(l + 1 if which == "above" else l - 1)
        if other is None or other.shape[1] < a[l].shape[1]:
            raise Infeasible
        return other[:, : a[l].shape[1]]
    return OF_A[which](a[l])


OF_A: dict[str, Callable[[Array], Array]] = {
    "a": lambda a: a,
    "ones": np.ones_like,
    "a²": lambda a: a**2,
    "g(a)": sigmoid,
}


def _with_column(first: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda a: np.hstack([first(a), a])


# a^(l) -> the matrix, bias column included, that δ^(l+1) meets in Δ^(l)
WITH_BIAS: dict[str, Callable[[Array], Array]] = {
    "first": _with_column(_ones_column),
    "zero": _with_column(lambda a: 0 * _ones_column(a)),
    "last": lambda a: np.hstack([a, _ones_column(a)]),
    "last, zero": lambda a: np.hstack([a, 0 * _ones_column(a)]),
    "m": _with_column(lambda a: _ones_column(a) / a.shape[0]),
    "copied": _with_column(lambda a: a[:, :1]),
    "twice": _with_column(lambda a: 2 * _ones_column(a)),
    "subtracted": _with_column(lambda a: -_ones_column(a)),
}


def _truncated(delta: Array, a: Array, by_row: bool) -> Array:
    """Σ δ_i a_i (by row) or Σ δ_j a_j (by column) in every place of Δ: a `*` or an index slip."""
    rows, columns = delta.shape[1], a.shape[1]
    k = rows if by_row else columns
    if min(rows, columns) < k:
        raise Infeasible
    products = (delta[:, :k] * a[:, :k]).sum(axis=0)
    return np.tile(products[:, None], (1, columns)) if by_row else np.tile(products, (rows, 1))


def _diagonal(delta: Array, a: Array) -> Array:
    k = min(delta.shape[1], a.shape[1])
    Delta = np.zeros((delta.shape[1], a.shape[1]))
    np.fill_diagonal(Delta, (delta[:, :k] * a[:, :k]).sum(axis=0))
    return Delta


def _outer_transposed(delta: Array, a: Array) -> Array:
    Delta = delta.T @ a
    if Delta.shape[0] != Delta.shape[1] - 1:
        raise Infeasible
    return np.hstack([Delta[:, :1], Delta[:, 1:].T])


ACCUMULATE: dict[str, Callable[[Array, Array], Array]] = {
    "outer": lambda d, a: d.T @ a,
    "rows": lambda d, a: _truncated(d, a, True),
    "columns": lambda d, a: _truncated(d, a, False),
    "diagonal": _diagonal,
    "transposed": _outer_transposed,
    "sums": lambda d, a: np.outer(d.sum(axis=0), a.sum(axis=0)),
    "means": lambda d, a: np.outer(d.sum(axis=0), a.mean(axis=0)),
    "squared δ": lambda d, a: (d * d).T @ a,
    "absolute δ": lambda d, a: abs(d).T @ a,
    "minus": lambda d, a: -d.T @ a,
}

START: dict[str, Callable[[Array], Any]] = {
    "zeros": lambda Theta: 0,
    "ones": np.ones_like,
    "Theta": lambda Theta: Theta,
    "eye": lambda Theta: np.eye(*Theta.shape),
}
