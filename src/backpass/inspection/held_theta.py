"""θ as people hold it: one vector, a list of Θ, named arrays, W and b apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InvalidInput
from .gradient_patterns import Order, Part

Held = Any  # numbers, an array, or lists, tuples and dictionaries of them
Path = tuple[str | int, ...]
Leaf = tuple[Path, Held]


@dataclass(frozen=True, eq=False)
class HeldTheta:
    """θ in somebody's containers, and as one vector: its arrays one after the other.

    Examples
    --------
    >>> theta = HeldTheta.of({"W1": [[1.0, 2.0]], "b1": [3.0]})
    >>> theta.vector.tolist(), [part.name for part in theta.parts]
    ([1.0, 2.0, 3.0], ['W1', 'b1'])
    """

    held: Held
    paths: tuple[Path, ...]
    arrays: tuple[np.ndarray, ...]
    order: Order = "C"

    @classmethod
    def of(cls, held: Held, order: Order = "C") -> HeldTheta:
        """Look into somebody's containers."""
        leaves = [(path, _numbers(leaf, path)) for path, leaf in leaves_of(held)]
        paths, arrays = tuple(path for path, _ in leaves), tuple(array for _, array in leaves)
        return cls(held, paths, arrays, order)

    @property
    def is_one_array(self) -> bool:
        """Whether there are no containers."""
        return self.paths == ((),)

    @cached_property
    def vector(self) -> np.ndarray:
        """Every number, (n,)."""
        return np.concatenate([array.ravel(order=self.order) for array in self.arrays])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The arrays, by the names that they have or are known by."""
        starts = np.cumsum([0, *(array.size for array in self.arrays)])
        named = zip(names_of(self.paths, self.arrays), self.arrays, starts)
        return tuple(Part(name, array, int(start), self.order) for name, array, start in named)

    def rolled(self, vector: np.ndarray) -> Held:
        """Numbers in θ's containers, each array a copy."""
        ends = np.cumsum([array.size for array in self.arrays])[:-1]
        pieces = zip(np.split(vector, ends), self.arrays)
        arrays = (piece.reshape(a.shape, order=self.order).copy() for piece, a in pieces)
        return _refilled(self.held, arrays)


def leaves_of(held: Held, path: Path = ()) -> Iterator[Leaf]:
    """Every array, with the keys and places that lead to it."""
    if isinstance(held, Mapping):
        for key, each in held.items():
            yield from leaves_of(each, (*path, str(key)))
    elif _holds_arrays(held):
        for i, each in enumerate(held):
            yield from leaves_of(each, (*path, i))
    else:
        yield path, held


def _holds_arrays(held: Held) -> bool:
    """Whether a list is one of arrays, and not itself an array of numbers."""
    if not isinstance(held, list | tuple):
        return False
    for each in held:
        plain = isinstance(each, list | tuple)
        if _holds_arrays(each) or isinstance(each, Mapping) or (not plain and np.ndim(each)):
            return True
    return len({np.shape(each) for each in held}) > 1


def _numbers(leaf: Held, path: Path) -> np.ndarray:
    try:
        return np.asarray(leaf, dtype=np.float64)
    except (TypeError, ValueError) as error:
        where = "".join(f"[{key!r}]" for key in path)
        raise InvalidInput(f"theta{where} is no array of numbers.") from error


def _refilled(held: Held, arrays: Iterator[np.ndarray]) -> Held:
    """The same containers with other arrays, which are taken in order."""
    if isinstance(held, Mapping):
        return {key: _refilled(each, arrays) for key, each in held.items()}
    if _holds_arrays(held):
        filled = [_refilled(each, arrays) for each in held]
        return tuple(filled) if isinstance(held, tuple) else filled
    return next(arrays)


# --- names ---------------------------------------------------------------------------------------


def names_of(paths: Sequence[Path], arrays: Sequence[np.ndarray]) -> list[str]:
    """What keys say; where there are none, W1, b1, … or Theta1, …"""
    if list(paths) == [()]:
        return ["theta"]
    if all(isinstance(path[0], str) for path in paths):
        return [str(path[0]) + "".join(f"[{key!r}]" for key in path[1:]) for path in paths]
    if all(isinstance(path[-1], str) for path in paths):
        return [f"{path[-1]}{int(path[0]) + 1}" for path in paths]
    return _numbered(arrays)


def _numbered(arrays: Sequence[np.ndarray]) -> list[str]:
    """Theta1, … where each takes the units of the one before it and a bias unit; else W1, b1, …"""
    if _are_Thetas(arrays):
        return [f"Theta{l}" for l in range(1, len(arrays) + 1)]
    half = len(arrays) // 2
    W, b = ([f"{kind}{l}" for l in range(1, half + 1)] for kind in "Wb")
    if _are_biases(arrays[1::2], arrays[::2]):
        return [name for pair in zip(W, b) for name in pair]
    if _are_biases(arrays[half:], arrays[:half]):
        return [*W, *b]
    stem = "Theta" if all(array.ndim == 2 for array in arrays) else "theta"
    return [f"{stem}{l}" for l in range(1, len(arrays) + 1)]


def _are_Thetas(arrays: Sequence[np.ndarray]) -> bool:
    shapes = [array.shape for array in arrays if array.ndim == 2]
    if len(shapes) < len(arrays):
        return False
    return all(after[1] == before[0] + 1 for before, after in itertools.pairwise(shapes))


def _are_biases(biases: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> bool:
    return len(biases) == len(weights) and all(map(_is_bias_of, biases, weights))


def _is_bias_of(bias: np.ndarray, weights: np.ndarray) -> bool:
    vector = bias.ndim <= 1 or (bias.ndim == 2 and 1 in bias.shape)
    return weights.ndim == 2 and vector and bias.size in weights.shape
