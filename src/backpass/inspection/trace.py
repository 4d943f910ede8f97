"""One pass, with every number kept: a, z, δ, Δ, D, under the notes' layer numbers.

>>> import backpass as bp
>>> net = bp.Network((2, 3, 1))
>>> t = trace(net, bp.init_theta(net), [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], lam=1.0)
>>> t.a[2].shape, t.delta[3].shape, t.D[1].shape
((2, 3), (2, 1), (3, 3))
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import backprop, engine
from ..arrays import (
    Array,
    ArrayLike,
    array_namespace,
    as_inputs,
    as_targets,
    as_vector,
    as_weights,
    numbers_of,
)
from ..network import Network

if TYPE_CHECKING:
    from rich.table import Table

ByLayer = dict[int, Array]

MEANING = {
    "Theta": "weights, bias first",
    "z": "pre-activations",
    "a": "activations",
    "Y": "targets",
    "delta": "∂cost/∂z by example",
    "Delta": "Σ δ aᵀ",
    "D": "∂J/∂Θ",
}
SYMBOL = {"Theta": "Θ", "delta": "δ", "Delta": "Δ"}


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """Every intermediate of one forward and backward pass, keyed by the notes' layer numbers.

    A trace without targets has a and z alone: Y is None, J is NaN, and δ, Δ and D are empty.

    Attributes
    ----------
    net : Network
        The network that was traced.
    theta : array of shape (n,)
        Its parameters, unrolled.
    X, Y, w : arrays of shapes (m, s_1), (m, s_L), (m,)
        Inputs, targets and sample weights; sparse inputs stay CSR.
    lam : float
        λ.
    a : dict of arrays
        a[1..L], each (m, s_l), without the bias unit a_0 = 1; a[1] is X.
    z : dict of arrays
        z[2..L], each (m, s_l).
    delta : dict of arrays
        δ[2..L] = ∂cost(i)/∂z, each (m, s_l): per example, before weights and mean.
    Delta : dict of arrays
        Δ[1..L−1] = Σ w δ^(l+1) (a^(l))ᵀ, each as Θ^(l).
    D : dict of arrays
        D[1..L−1] = ∂J/∂Θ^(l), each as Θ^(l).
    J : float
        The objective.
    first : int
        The first row's number in the table that the rows come from.
    names : tuple of str or None
        What the columns of X are called.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> t = bp.trace(net, [0.0, 2.0], [[3.0]], [[5.0]])
    >>> [(name, layer, array.tolist()) for name, layer, array in t][-3:]
    [('delta', 2, [[1.0]]), ('Delta', 1, [[1.0, 3.0]]), ('D', 1, [[1.0, 3.0]])]
    """

    net: Network
    theta: Array
    X: ArrayLike
    Y: Array | None
    w: Array
    lam: float
    a: ByLayer
    z: ByLayer
    delta: ByLayer
    Delta: ByLayer
    D: ByLayer
    J: float
    first: int = 0
    names: tuple[str, ...] | None = None

    @property
    def Thetas(self) -> dict[int, Array]:
        """Θ[1..L−1], each (s_{l+1}, s_l + 1): views of ``theta``."""
        return dict(enumerate(self.net.roll_unchecked(self.theta), start=1))

    @property
    def W(self) -> float:
        """What all rows weigh together, Σ w."""
        return float(array_namespace(self.w).sum(self.w))

    @property
    def gradient(self) -> Array:
        """D, unrolled as θ is: shape (n,)."""
        return self.net.unroll([self.D[l] for l in sorted(self.D)])

    def shapes(self) -> str:
        """List each array's shape, as the notes' debug mode does, under its right name.

        Returns
        -------
        str
            One line per array: ``a2 shape: (5000, 25)``. (The notes print h and y as "z2".)

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((2, 1), hidden=())
        >>> print(trace(net, [0.0, 0.0, 0.0], [[1.0, 2.0]], [[1.0]]).shapes())
        Theta1 shape: (1, 3)
        a1 shape:     (1, 2)
        z2 shape:     (1, 1)
        a2 shape:     (1, 1)
        Y shape:      (1, 1)
        delta2 shape: (1, 1)
        Delta1 shape: (1, 3)
        D1 shape:     (1, 3)
        """
        names = [(f"{name}{layer or ''} shape:", tuple(v.shape)) for name, layer, v in self]
        width = max(len(name) for name, _ in names)
        return "\n".join(f"{name:<{width}} {shape}" for name, shape in names)

    def __iter__(self) -> Iterator[tuple[str, int | None, Array]]:
        """Yield (name, layer, array) in the order in which the pass computes them."""
        L = self.net.L
        for l, Theta in self.Thetas.items():
            yield "Theta", l, Theta
        yield "a", 1, self.a[1]
        for l in range(2, L + 1):
            yield "z", l, self.z[l]
            yield "a", l, self.a[l]
        if self.Y is None:
            return
        yield "Y", None, self.Y
        for l in range(L, 1, -1):
            yield "delta", l, self.delta[l]
        for l in range(1, L):
            yield "Delta", l, self.Delta[l]
        for l in range(1, L):
            yield "D", l, self.D[l]

    def row(self, example: int) -> Trace:
        """Trace one example alone: its own a, z, δ, and the Δ and D that it would give.

        Parameters
        ----------
        example : int
            Row of X, from 0; negative counts from the end.

        Returns
        -------
        Trace
            Of that row, which keeps its number, with λ/W as here: its λ is the part of a row.

        Raises
        ------
        IndexError
            If there is no such row.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((1, 1), hidden=())
        >>> trace(net, [0.0, 1.0], [[1.0], [2.0]], [[1.0], [0.0]]).row(1).X
        array([[2.]])
        """
        m = self.X.shape[0]
        if not -m <= example < m:
            raise IndexError(f"There is no row {example}: the trace has {m} rows, from 0.")
        place = example % m
        here = slice(place, place + 1)
        Y = None if self.Y is None else self.Y[here]
        alone = trace(self.net, self.theta, self.X[here], Y, self.lam / self.W)
        return replace(alone, first=self.first + place, names=self.names)

    def __repr__(self) -> str:
        J = "" if self.Y is None else f", J={self.J:.6g}"
        return f"Trace({self.net}, m={self.X.shape[0]}, λ={self.lam:g}{J})"

    def __rich__(self) -> Table:
        return _rich_table(self)

    def _repr_html_(self) -> str:
        return _html_table(self)


def trace(
    net: Network,
    theta: Array,
    X: ArrayLike,
    Y: Array | None = None,
    lam: float = 0.0,
    sample_weight: Array | None = None,
) -> Trace:
    """Run one pass of backpropagation and keep every number.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    theta : array of shape (n,)
        All parameters, unrolled.
    X : array-like or sparse matrix of shape (m, s_1)
        Inputs; the dtype decides the arithmetic. Of a sparse matrix a^(1) is CSR.
    Y : array-like of shape (m, s_L), optional
        Targets, one-hot for classes; without them the pass ends with a^(L).
    lam : float
        λ, the weight decay. Of some rows of a trained model: λ times their part of the training's
        weight, so that λ/W is the training's.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0; ones where not given.

    Returns
    -------
    Trace
        a, z, δ, Δ, D and J by the notes' layer numbers; prints as a table.

    Raises
    ------
    InvalidInput
        If a shape, a dtype or a weight does not fit.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".
    D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323, 1986.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> t = trace(net, [0.0, 2.0], [[3.0]], [[5.0]])
    >>> t.z[2], t.delta[2], t.D[1], t.J
    (array([[6.]]), array([[1.]]), array([[1., 3.]]), 0.5)
    """
    X = as_inputs(X, net.sizes[0])
    like = numbers_of(X)
    Y = None if Y is None else as_targets(Y, X.shape[0], net.sizes[-1], like)
    w = as_weights(sample_weight, X.shape[0], like)
    xp = array_namespace(w)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long(), like)
    Thetas = net.roll_unchecked(theta)
    if Y is None:
        any_Y = xp.zeros((X.shape[0], net.sizes[-1]), dtype=X.dtype)
        a, z, _, _ = engine.intermediates(net, theta, X, any_Y, w)
        return Trace(net, theta, X, Y, w, float(lam), a, z, {}, {}, {}, math.nan)
    a, z, delta, Delta = engine.intermediates(net, theta, X, Y, w)
    W = xp.sum(w)
    D = backprop.regularised_mean(Delta, Thetas, lam, W)
    J = float((backprop.cost(net, z, Y, w) + lam * backprop.penalty(Thetas)) / W)
    return Trace(net, theta, X, Y, w, float(lam), a, z, delta, Delta, D, J)


def _summary(array: ArrayLike) -> tuple[str, str, str, str]:
    """Smallest, mean and largest entry, and the norm, as short text."""
    if hasattr(array, "tocsr"):
        array = array.copy()  # the caller's is not changed
        array.sum_duplicates()
        numbers = (array.min(), array.mean(), array.max(), (array.data**2).sum() ** 0.5)
    else:
        xp = array_namespace(array)
        norm = xp.sqrt(xp.sum(array * array))
        numbers = (xp.min(array), xp.mean(array), xp.max(array), norm)
    return tuple(f"{float(number):.3g}" for number in numbers)  # type: ignore[return-value]


def _rows_of_table(t: Trace) -> Iterator[tuple[str, ...]]:
    for name, layer, array in t:
        shape = "×".join(map(str, array.shape))
        symbol = SYMBOL.get(name, name) + (f"^({layer})" if layer else "")
        yield symbol, shape, *_summary(array), MEANING[name]


HEADINGS = ("", "shape", "min", "mean", "max", "norm", "what it is")


def _about(t: Trace) -> list[str]:
    """The network, m, λ and J."""
    J = [] if t.Y is None else [f"J = {t.J:.6g}"]
    return [str(t.net), f"m = {t.X.shape[0]}", f"λ = {t.lam:g}", *J]


def _rich_table(t: Trace) -> Table:
    from rich.table import Table

    table = Table(title="   ".join(_about(t)))
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("", "what it is") else "right")
    for row in _rows_of_table(t):
        table.add_row(*row)
    return table


def _html_table(t: Trace) -> str:
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in HEADINGS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in _rows_of_table(t)
    )
    caption = html.escape(", ".join(_about(t)))
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
