"""A user's own activation or loss is believed only after its derivative has been checked.

g′ is compared with central differences of g, δ against those of the loss's value, on a grid. At a
kink the slopes to the left and to the right differ, and the point is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..activations import Activation, is_own
from ..errors import InvalidInput, WrongDerivative
from ..losses import LOSSES, Loss

STEP = 1e-5
TOLERANCE = 1e-4  # of the slope, or of 1 where the slope is smaller
GRID = np.linspace(-3.21, 3.13, 24)  # does not hit the usual kinks

Function = Callable[[np.ndarray], np.ndarray]


def verify_activation(activation: Activation) -> None:
    """Raise WrongDerivative, with the numbers, where g′ is not the slope of g."""
    if is_own(activation):
        return
    name = f"the activation {activation.name!r}"
    z = GRID.reshape(-1, 3)
    for what, values in (("g", activation.g(z)), ("g_prime", activation.g_prime(z))):
        _check_shape(f"{what} of {name}", values, z.shape)
    _compare(activation.g, activation.g_prime(z), z, f"g_prime of {name}", "z")


def verify_loss(loss: Loss, Y: np.ndarray) -> None:
    """Raise WrongDerivative, with the numbers, where δ is not the loss's slope at Y."""
    if LOSSES.get(loss.name) == loss or loss.parameter is not None:
        return
    name = f"the loss {loss.name!r}"
    Y = np.asarray(Y, dtype=np.float64)
    rows, units = Y.shape
    z = np.resize(GRID, (8 * rows, units))
    Y = np.tile(Y, (8, 1))
    _check_shape(f"h of {name}", loss.h(z), z.shape)
    _check_shape(f"value of {name}", loss.value(z, Y), (len(z),))
    delta = loss.delta(z, Y)
    _check_shape(f"delta of {name}", delta, z.shape)
    for unit in range(units):

        def value(column: np.ndarray, unit: int = unit) -> np.ndarray:
            moved = z.copy()
            moved[:, unit] = column
            return loss.value(moved, Y)

        _compare(value, delta[:, unit], z[:, unit], f"delta of {name}", f"z[:, {unit}]")


def _compare(function: Function, claimed: np.ndarray, z: np.ndarray, name: str, where: str) -> None:
    """Compare claimed slopes with differences."""
    left = (function(z) - function(z - STEP)) / STEP
    right = (function(z + STEP) - function(z)) / STEP
    slope, scale = (left + right) / 2, np.maximum(1.0, abs(left) + abs(right))
    wrong = (abs(claimed - slope) > TOLERANCE * scale) & (abs(left - right) < 0.01 * scale)
    wrong |= ~np.isfinite(claimed)
    if wrong.any():
        k = np.unravel_index(np.argmax(wrong), wrong.shape)
        raise WrongDerivative(
            f"The {name} is {claimed[k]:.6g} at {where} = {z[k]:.6g}, but the slope there is "
            f"{slope[k]:.6g}; it is wrong at {wrong.sum()} of {wrong.size} points."
        )


def _check_shape(name: str, values: object, shape: tuple[int, ...]) -> None:
    if getattr(values, "shape", None) != shape:
        got = getattr(values, "shape", type(values).__name__)
        raise InvalidInput(f"The {name} returns shape {got} where it should return {shape}.")
