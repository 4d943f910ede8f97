"""Initial parameters: drawn, so that the units of a layer are not all alike.

With equal weights every unit of a layer computes the same a and receives the same δ, so they stay
equal for ever: the symmetry that a random start breaks. The notes' code draws
``randn * 2ε − ε``, a normal around −ε; what the text means is uniform in [−ε, ε].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .errors import InvalidInput
from .network import Network

Seed = int | np.random.Generator | np.random.RandomState | None
Uniform = Callable[[float, float, tuple[int, int]], NDArray[np.float64]]

METHODS = ("uniform", "glorot", "he")


def init_theta(
    net: Network,
    seed: Seed = 0,
    method: str = "uniform",
    epsilon: float = 0.12,
    dtype: DTypeLike = np.float64,
) -> np.ndarray:
    """Draw initial parameters θ.

    Parameters
    ----------
    net : Network
        The network that θ is for.
    seed : int, numpy.random.Generator, numpy.random.RandomState or None
        Where the numbers come from; the same seed draws the same θ.
    method : {"uniform", "glorot", "he"}
        ``uniform`` is the notes' U(−ε, ε), biases included. ``glorot`` and ``he`` choose ε by
        layer, √(6 / (s_l + s_{l+1})) and √(6 / s_l), and start with biases of zero.
    epsilon : float
        The notes' ε, for ``uniform``.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    ndarray of shape (n,)
        θ, unrolled column by column, layer by layer.

    Raises
    ------
    InvalidInput
        If the method is not one of the three.

    References
    ----------
    The course notes, section "Continuity from IV Cost_function": ``uniform`` and its ε. X. Glorot
    and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010. K. He et al., "Delving deep into rectifiers", ICCV 2015.

    Examples
    --------
    >>> theta = init_theta(Network((400, 25, 10)), seed=0)
    >>> theta.shape, bool(abs(theta).max() <= 0.12)
    ((10285,), True)
    """
    if method not in METHODS:
        raise InvalidInput(f"There is no method {method!r}; the library has {', '.join(METHODS)}.")
    uniform = _generator(seed).uniform
    blocks = [
        _block(uniform, rows, columns, method, epsilon).reshape(-1) for rows, columns in net.shapes
    ]
    return np.concatenate(blocks).astype(dtype)


def _block(
    uniform: Uniform, rows: int, columns: int, method: str, epsilon: float
) -> NDArray[np.float64]:
    """Draw one Θᵀ, shape (s_l + 1, s_{l+1})."""
    if method == "uniform":
        return uniform(-epsilon, epsilon, (columns, rows))
    fan_in = columns - 1
    bound = math.sqrt(6 / (fan_in + rows if method == "glorot" else fan_in))
    weights = uniform(-bound, bound, (fan_in, rows))
    return np.vstack([np.zeros((1, rows)), weights])


def _generator(seed: Seed) -> np.random.Generator | np.random.RandomState:
    """Accept what NumPy and scikit-learn accept as a seed."""
    if isinstance(seed, np.random.Generator | np.random.RandomState):
        return seed
    return np.random.default_rng(seed)
