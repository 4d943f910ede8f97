"""scikit-learn's ``coefs_`` and ``intercepts_`` as views of θ that can be assigned.

``coefs_[0][:] = W`` writes through the view, ``coefs_[0] = W`` and ``coefs_ = [...]`` copy into it:
θ stays one vector, whatever is assigned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, ArrayLike, array_namespace
from ..errors import InvalidInput
from ..network import Network


class Views(list[Array]):
    """A list of views of one vector; assigning to an item copies into the view."""

    def __setitem__(self, index: SupportsIndex | slice, value: ArrayLike) -> None:
        if isinstance(index, slice):
            _copy_all(list(self)[index], value)
        else:
            _copy_into(self[index], value)

    def __reduce__(self) -> tuple[type[list[Array]], tuple[list[Array]]]:
        return list, (list(self),)  # a pickled list of views is a list of arrays


def coefs(theta: Array, net: Network) -> Views:
    """Return the views of the weights, shapes (s_l, s_{l+1})."""
    return Views(Theta.T[1:, :] for Theta in net.roll_unchecked(theta))


def intercepts(theta: Array, net: Network) -> Views:
    """Return the views of the biases, shapes (s_{l+1},)."""
    return Views(Theta.T[0, :] for Theta in net.roll_unchecked(theta))


def assign(views: Views, values: Iterable[ArrayLike]) -> None:
    """Copy every array into its view."""
    _copy_all(views, values)


def joined(weights: Iterable[ArrayLike], biases: Iterable[ArrayLike]) -> NDArray[np.floating]:
    """Build θ from arrays of weights and biases by layer; in float32 where all of them are."""
    parts = [np.ravel(part) for W, b in zip(weights, biases) for part in (b, W)]
    single = all(part.dtype == np.float32 for part in parts)
    return np.concatenate(parts).astype(np.float32 if single else np.float64)


def check_layers(weights: list[ArrayLike], biases: list[ArrayLike], net: Network) -> None:
    """Refuse weights and biases of other shapes than the network's, by their name."""
    for name, arrays in (("coefs_", weights), ("intercepts_", biases)):
        if len(arrays) != net.L - 1:
            raise InvalidInput(f"{name} has {len(arrays)} arrays, but {net} has {net.L - 1}.")
    for l, (units, columns) in enumerate(net.shapes):
        _check_shape(f"coefs_[{l}]", weights[l], (columns - 1, units), net)
        _check_shape(f"intercepts_[{l}]", biases[l], (units,), net)


def _check_shape(name: str, array: ArrayLike, shape: tuple[int, ...], net: Network) -> None:
    if np.shape(array) != shape:
        raise InvalidInput(f"{name} has the shape {np.shape(array)}, but {net} needs {shape}.")


def _copy_all(views: list[ArrayLike], values: Iterable[ArrayLike]) -> None:
    values = list(values)
    if len(values) != len(views):
        raise InvalidInput(f"{len(values)} arrays are given for {len(views)} layers of weights.")
    for view, value in zip(views, values):
        _copy_into(view, value)


def _copy_into(view: Array, value: ArrayLike) -> None:
    xp = array_namespace(view)
    value = xp.asarray(value, dtype=view.dtype)
    if value.shape != view.shape:
        raise InvalidInput(
            f"An array of shape {tuple(value.shape)} is given where the network's layer has "
            f"shape {tuple(view.shape)}."
        )
    view[...] = value
