"""A user's own activations and losses as the core calls them: checked, and in its number type."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import activations, losses
from ..activations import Activation
from ..arrays import Array
from ..errors import InvalidInput
from ..losses import Loss

Function = Callable[..., Array]


def of_activation(g: Activation) -> tuple[Function, ...]:
    """Return g and g′ of a user's; nothing for one that the core knows."""
    if activations.core_name(g) is not None:
        return ()
    return _by_number(g.g, f"{g.name}'s g"), _by_number(g.g_prime, f"{g.name}'s g_prime")


def of_loss(loss: Loss) -> tuple[Function, ...]:
    """Return h, the value and δ of a user's; nothing for one that the core knows."""
    if losses.core_name(loss) is not None:
        return ()
    h, delta = (
        _by_number(loss.h, f"{loss.name}'s h"),
        _by_number(loss.delta, f"{loss.name}'s delta"),
    )
    return h, _by_row(loss.value, f"{loss.name}'s value"), delta


def _by_number(function: Function, name: str) -> Function:
    """One number for each of z's: shape (m, units)."""

    def call(z: np.ndarray, *others: np.ndarray) -> np.ndarray:
        return _answer(function(z, *others), z.shape, z.dtype, name)

    return call


def _by_row(function: Function, name: str) -> Function:
    """One number for each of z's rows: shape (m,)."""

    def call(z: np.ndarray, *others: np.ndarray) -> np.ndarray:
        return _answer(function(z, *others), z.shape[:1], z.dtype, name)

    return call


def _answer(answer: Array, shape: tuple[int, ...], dtype: np.dtype, name: str) -> np.ndarray:
    array = np.asarray(answer)
    if array.shape not in (shape, ()):
        raise InvalidInput(
            f"{name} is called with rows of z and returns the shape {array.shape}; it has to be "
            f"{shape}."
        )
    return np.ascontiguousarray(np.broadcast_to(array, shape), dtype)
