"""The network: its sizes, its functions, and θ ↔ Θ. One name for one thing:

=========  =========================================  ================  ==========================
notes      meaning                                    shape             scikit-learn's name
=========  =========================================  ================  ==========================
L, s_l     layers, units in layer l                                     n_layers_, layer sizes
X, Y       inputs, targets (one-hot for classes)      (m, s_1),         X, y
                                                      (m, s_L)
Θ^(l)      weights from layer l to l+1, bias in       (s_{l+1},         coefs_[l-1] = Θ[:, 1:].T,
           column 0                                   s_l + 1)          intercepts_[l-1] = Θ[:, 0]
θ          all Θ unrolled, order='F', by layer        (n,)
a^(l)      activations                                (m, s_l)
z^(l)      pre-activations                            (m, s_l)
δ^(l)      ∂cost/∂z^(l), one row per example          (m, s_l)
Δ^(l)      accumulator Σ δ^(l+1) (a^(l))ᵀ             as Θ^(l)
D^(l)      ∂J/∂Θ^(l)                                  as Θ^(l)
λ          weight decay                               a number          alpha
=========  =========================================  ================  ==========================

Θ^(l) is unrolled column by column, so its memory is the C-ordered matrix Θᵀ of shape
(s_l + 1, s_{l+1}): row 0 is ``intercepts_``, the other rows are ``coefs_``. The notes' vector,
scikit-learn's attributes and the matrices of a matrix product are views of the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from .activations import Activation, find_activation
from .arrays import Array, ArrayLike, array_namespace, as_vector
from .errors import InvalidInput, InvalidNetwork
from .losses import Loss, find_loss


class Slice(NamedTuple):
    """One Θ^(l) within θ: ``theta[where]`` is Θᵀ in C order, of this shape, biases in row 0."""

    where: slice
    shape: tuple[int, int]


@dataclass(frozen=True, init=False)
class Network:
    """A network's shape and functions, without its parameters. Immutable.

    Parameters
    ----------
    sizes : sequence of int
        Units by layer, inputs and outputs included: (s_1, …, s_L), at least two.
    hidden : str, Activation, or a sequence of one per hidden layer
        Activation of the hidden layers.
    loss : str or Loss
        The loss; it brings the output activation along.

    Raises
    ------
    InvalidNetwork
        If the sizes, an activation or the loss make no network.

    Examples
    --------
    >>> net = Network((400, 25, 10), hidden="logistic", loss="binary_log_loss")
    >>> net.n_parameters
    10285
    >>> net.shapes
    ((25, 401), (10, 26))
    """

    sizes: tuple[int, ...]
    hidden: tuple[Activation, ...]
    loss: Loss = field()

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Activation | Sequence[str | Activation] = "logistic",
        loss: str | Loss = "binary_log_loss",
    ) -> None:
        object.__setattr__(self, "sizes", _checked_sizes(sizes))
        object.__setattr__(self, "hidden", _per_layer(hidden, len(self.sizes) - 2))
        object.__setattr__(self, "loss", find_loss(loss))

    @property
    def L(self) -> int:
        """Number of layers, inputs and outputs included."""
        return len(self.sizes)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape of each Θ^(l), from l = 1: (s_{l+1}, s_l + 1)."""
        return tuple((s_next, s + 1) for s, s_next in pairwise(self.sizes))

    @cached_property
    def slices(self) -> tuple[Slice, ...]:
        """Where each Θ^(l) lies in θ, from l = 1, and the shape of Θᵀ there: (s_l + 1, s_{l+1}).

        Examples
        --------
        >>> Network((2, 3, 1)).slices[1]
        Slice(where=slice(9, 13, None), shape=(4, 1))
        """
        ends = [0, *accumulate(rows * columns for rows, columns in self.shapes)]
        shapes = [(columns, rows) for rows, columns in self.shapes]
        return tuple(Slice(slice(*ends), shape) for ends, shape in zip(pairwise(ends), shapes))

    def place(self, k: int) -> tuple[int, int, int]:
        """Return the layer l, the row and the column of the k-th entry of θ in its Θ^(l).

        Parameters
        ----------
        k : int
            Which entry, from 0.

        Returns
        -------
        tuple of int
            l from 1; row and column from 0, column 0 being the bias.

        Raises
        ------
        IndexError
            If θ has fewer entries.

        Examples
        --------
        >>> Network((2, 3, 1)).place(4)
        (1, 1, 1)
        """
        for l, (where, (_, rows)) in enumerate(self.slices, start=1):
            if where.start <= k < where.stop:
                column, row = divmod(k - where.start, rows)
                return l, row, column
        raise IndexError(f"theta has {self.n_parameters} entries only.")

    @property
    def n_parameters(self) -> int:
        """Length of θ."""
        return self.slices[-1].where.stop

    @cached_property
    def linear(self) -> Network:
        """The same network without its output activation: its answer is z^(L)."""
        return Network(self.sizes, self.hidden, "squared_error")

    def __reduce__(self) -> tuple[type[Network], tuple[object, ...]]:
        return Network, (self.sizes, self.hidden, self.loss)

    @property
    def smooth(self) -> bool:
        """Whether J has derivatives everywhere, so that numerical ones can be trusted."""
        return self.loss.smooth and all(g.smooth for g in self.hidden)

    def activation(self, layer: int) -> Activation:
        """Return g of a hidden layer.

        Parameters
        ----------
        layer : int
            The notes' number, from 2, the first hidden layer, to L − 1.

        Returns
        -------
        Activation
            g and g′ of that layer.

        Examples
        --------
        >>> Network((2, 3, 1), hidden="tanh").activation(2).name
        'tanh'
        """
        return self.hidden[layer - 2]

    def roll(self, theta: ArrayLike) -> list[Array]:
        """Turn θ into [Θ^(1), …, Θ^(L−1)], as views of the same memory.

        Parameters
        ----------
        theta : array of shape (n,)
            All parameters, unrolled column by column (``order='F'``), layer by layer.

        Returns
        -------
        list of arrays
            Θ^(l) of shape (s_{l+1}, s_l + 1), bias in column 0.

        Raises
        ------
        InvalidInput
            If θ has the wrong length; the message says the length it needs and why.

        Examples
        --------
        >>> import numpy as np
        >>> Thetas = Network((2, 1), hidden=()).roll(np.array([10.0, 1.0, 2.0]))
        >>> Thetas[0]
        array([[10.,  1.,  2.]])
        """
        theta = as_vector(theta, "theta", self.n_parameters, self.why_so_long())
        return self.roll_unchecked(theta)

    def roll_unchecked(self, theta: Array) -> list[Array]:
        """Do as ``roll`` does, for a θ that is known to fit.

        Parameters
        ----------
        theta : array of shape (n,)
            Floating point, of any Array API library.

        Returns
        -------
        list of arrays
            Θ^(l) of shape (s_{l+1}, s_l + 1), views where the library makes such.

        Examples
        --------
        >>> import numpy as np
        >>> Network((1, 2)).roll_unchecked(np.arange(4.0))[0]
        array([[0., 2.],
               [1., 3.]])
        """
        xp = array_namespace(theta)
        return [xp.reshape(theta[where], shape).T for where, shape in self.slices]

    def unroll(self, Thetas: Sequence[Array]) -> Array:
        """Turn [Θ^(1), …, Θ^(L−1)] into θ; the inverse of ``roll``.

        Parameters
        ----------
        Thetas : sequence of arrays
            Θ^(l) of shape (s_{l+1}, s_l + 1).

        Returns
        -------
        array of shape (n,)
            The rolled vector itself where the Θ are its views, a new one otherwise.

        Raises
        ------
        InvalidInput
            If a Θ has the wrong shape, or there are too many or too few.

        Examples
        --------
        >>> import numpy as np
        >>> net = Network((2, 2, 1))
        >>> net.unroll(net.roll(np.arange(9.0)))
        array([0., 1., 2., 3., 4., 5., 6., 7., 8.])
        """
        shapes = tuple(tuple(Theta.shape) for Theta in Thetas)
        if shapes != self.shapes:
            raise InvalidInput(f"The Thetas have shapes {shapes}, but {self} needs {self.shapes}.")
        base = getattr(Thetas[0], "base", None)
        if base is not None and self._are_views_of(base, Thetas):
            return base
        xp = array_namespace(*Thetas)
        return xp.concat([xp.reshape(Theta.T, (-1,)) for Theta in Thetas])

    def _are_views_of(self, base: Array, Thetas: Sequence[Array]) -> bool:
        """Whether the Θ are exactly what ``roll`` makes of base."""
        import numpy as np

        if not isinstance(base, np.ndarray) or base.shape != (self.n_parameters,):
            return False
        ours = [_place(Theta) for Theta in self.roll_unchecked(base)]
        return ours == [_place(Theta) for Theta in Thetas]

    def why_so_long(self) -> str:
        """Say in words where the length of θ comes from.

        Returns
        -------
        str
            A clause for a sentence on a θ that does not fit.

        Examples
        --------
        >>> Network((2, 3, 1)).why_so_long()
        '2-3-1 has 3·(2 + 1) + 1·(3 + 1) parameters, one bias for each unit'
        """
        terms = " + ".join(f"{rows}·({columns - 1} + 1)" for rows, columns in self.shapes)
        return f"{'-'.join(map(str, self.sizes))} has {terms} parameters, one bias for each unit"

    def __str__(self) -> str:
        hidden = ", ".join(dict.fromkeys(g.name for g in self.hidden)) or "no hidden layer"
        return f"{'-'.join(map(str, self.sizes))} ({hidden}; {self.loss.name})"


def _place(array: Array) -> tuple[object, ...]:
    """Where an array lies in memory, and how."""
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes as plain integers, or say which one makes no layer."""
    try:
        checked = tuple(s.__index__() for s in sizes)
    except (AttributeError, TypeError):
        raise InvalidNetwork(f"sizes must be a sequence of integers, not {sizes!r}.") from None
    if len(checked) < 2:
        raise InvalidNetwork(f"A network has at least an input and an output layer, not {checked}.")
    if min(checked) < 1:
        raise InvalidNetwork(f"Every layer has at least one unit, but sizes is {checked}.")
    return checked


def _per_layer(
    hidden: str | Activation | Sequence[str | Activation], n_hidden: int
) -> tuple[Activation, ...]:
    """One activation per hidden layer, from one for all or one for each."""
    if isinstance(hidden, str | Activation):
        return (find_activation(hidden),) * n_hidden
    if len(hidden) != n_hidden:
        raise InvalidNetwork(
            f"hidden names {len(hidden)} activations, but the network has {n_hidden} hidden layers."
        )
    return tuple(find_activation(which) for which in hidden)
