"""A function of θ in somebody's containers as one of a vector, its gradient in any container."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InvalidInput
from .held_theta import Held, HeldTheta, Leaf, leaves_of

Returned = Held  # by somebody's function: J and a gradient, in one order or the other


@dataclass(frozen=True, eq=False)
class OfVector:
    """vector -> (J, D), D as one vector in θ's order and in its own precision."""

    call: Callable[[Held], Returned]
    theta: HeldTheta

    def __call__(self, vector: np.ndarray) -> tuple[Held, np.ndarray]:
        J, rest = _parted(self.call(self.theta.rolled(vector)))
        return J, _gradient(rest, self.theta)

    def J(self, vector: np.ndarray) -> Held:
        """J alone, which may be complex."""
        return _parted(self.call(self.theta.rolled(vector)))[0]

    def is_flat(self) -> bool:
        """Whether the gradient of several arrays comes back as one vector."""
        _, rest = _parted(self.call(self.theta.rolled(self.theta.vector)))
        return not self.theta.is_one_array and len(list(leaves_of(rest))) == 1


def of_vector(function: Callable[..., Returned], theta: HeldTheta) -> OfVector:
    """Hand θ over as it is, or each of its members as an argument of its own.

    Raises
    ------
    InvalidInput
        If the function takes other arguments than θ has members.
    """
    wanted, held = _needed(function), theta.held
    if theta.is_one_array or len(wanted) < 2:
        return OfVector(function, theta)
    if isinstance(held, Mapping) and set(wanted) == set(held):
        held = tuple(held[name] for name in wanted)
    if isinstance(held, list | tuple) and len(held) == len(wanted):
        named = HeldTheta.of(dict(zip(wanted, held)), theta.order)
        return OfVector(lambda rolled: function(*rolled.values()), named)
    raise InvalidInput(
        f"The function takes {', '.join(wanted)}, and theta does not hold as many: give theta as a "
        "tuple or a dictionary of these, or a function of theta alone."
    )


def _needed(function: Callable[..., Returned]) -> list[str]:
    """The names of the arguments that a function must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in plain and p.default is p.empty]


def _parted(returned: Returned) -> tuple[Held, Held]:
    """J, which stands first or last, and the rest."""
    if not isinstance(returned, tuple | list | Mapping) or len(returned) < 2:
        raise InvalidInput("The function must return J and its gradient.")
    keys = list(returned) if isinstance(returned, Mapping) else list(range(len(returned)))
    at = next((key for key in (keys[0], keys[-1]) if _is_number(returned[key])), None)
    if at is None:
        raise InvalidInput(
            "The function returns no J: neither its first nor its last value is one."
        )
    rest = {key: returned[key] for key in keys if key != at}
    whole = rest if isinstance(returned, Mapping) and len(rest) > 1 else list(rest.values())
    return np.reshape(np.asarray(returned[at]), ())[()], whole


def _is_number(value: Held) -> bool:
    return not isinstance(value, Mapping) and [np.size(leaf) for _, leaf in leaves_of(value)] == [1]


def _gradient(rest: Held, theta: HeldTheta) -> np.ndarray:
    """The gradient's numbers in θ's order; whatever follows a gradient that is whole is no part."""
    whole = list(leaves_of(rest))
    first = list(leaves_of(rest[0])) if isinstance(rest, list) else whole
    size = theta.vector.size
    found = next((each for each in (whole, first) if _size(each) == size), None)
    if found is None and (theta.is_one_array or len(whole) == 1):
        raise InvalidInput(f"The gradient has {_size(first)} entries, but theta has {size}.")
    if found is None or not (theta.is_one_array or len(found) in (1, len(theta.arrays))):
        shapes = ", ".join(str(np.shape(leaf)) for _, leaf in whole)
        wanted = ", ".join(f"{part.name} {part.theta.shape}" for part in theta.parts)
        raise InvalidInput(f"The gradient has the shapes {shapes}, but theta has {wanted}.")
    return _joined(found, theta)


def _size(leaves: Sequence[Leaf]) -> int:
    return sum(np.size(leaf) for _, leaf in leaves)


def _joined(leaves: Sequence[Leaf], theta: HeldTheta) -> np.ndarray:
    several = len(leaves) == len(theta.arrays) > 1
    ordered = _by_name(leaves, theta) if several else [leaf for _, leaf in leaves]
    for each, part in zip(ordered, theta.parts) if several else ():
        if np.size(each) != part.theta.size:
            shape, wanted = np.shape(each), part.theta.shape
            raise InvalidInput(
                f"The gradient of {part.name} has the shape {shape}, but {part.name} has {wanted}."
            )
    D = np.concatenate([np.asarray(each).ravel(order=theta.order) for each in ordered])
    return D if D.dtype.kind == "f" else D.astype(np.float64)


_PREFIX = re.compile(r"(grads?|d|nabla|gradient)_?(?=.)", re.IGNORECASE)


def _by_name(leaves: Sequence[Leaf], theta: HeldTheta) -> list[Held]:
    """In θ's order, where every gradient has the name of an array; else in their own order."""
    keyed = [(str(path[-1]) if path else "", leaf) for path, leaf in leaves]
    names = [part.name for part in theta.parts]
    for stripped in (
        dict(keyed),
        {_PREFIX.sub("", key, count=1): leaf for key, leaf in keyed},
    ):
        if set(stripped) == set(names):
            return [stripped[name] for name in names]
    return [leaf for _, leaf in keyed]
