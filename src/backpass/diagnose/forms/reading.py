"""What comes back: which number is J, and which array is the gradient of what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..answers import Failed, Failure
from ..probes import Probe
from .layouts import WEIGHTS, Array, Block, Layout, blocks_of
from .template import Template, among, blocks_in

Path = tuple[str, ...]
Leaf = tuple[Path, Array]

_COST = re.compile(r"(.*_)?(j|loss|cost|error|err|objective|total_loss|value|e|l|c)", re.IGNORECASE)


@dataclass(frozen=True)
class Expected:
    """The blocks whose gradient is wanted, with their shapes, and how one vector holds them."""

    probe: Probe
    layout: Layout
    flat: Template | None = None

    @property
    def blocks(self) -> dict[Block, Array]:
        """The blocks as the function was given them."""
        return blocks_of(self.layout, self.probe)


@dataclass(frozen=True)
class Placed:
    """The gradient in θ's order, NaN where it is unknown, and what did not fit."""

    D: Array
    found: int
    failures: tuple[Failure, ...] = ()
    paths: tuple[tuple[Block | None, Path], ...] = ()  # where each was; None is all of it

    @property
    def names(self) -> tuple[tuple[Block, str], ...]:
        """What each was called."""
        return tuple((b, path[-1] if path else "") for b, path in self.paths if b is not None)


# --- leaves --------------------------------------------------------------------------------------


def leaves(value: Any, path: Path = (), names: Sequence[str] = ()) -> Iterator[Leaf]:
    """Every number and array in a plain value, with the keys that lead to it."""
    if value is None or isinstance(value, str):
        return
    if isinstance(value, complex) or _is_complex(value):
        raise Failed(Failure("What comes back is no array of real numbers:", "it is complex."))
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, str(key)))
        return
    if isinstance(value, list):
        array = _regular(value)
        if array is None:
            for i, each in enumerate(value):
                name = names[i] if i < len(names) == len(value) and names[i] else str(i)
                yield from leaves(each, (*path, name))
            return
        value = array
    yield path, np.asarray(value)


def _is_complex(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "c"


def _regular(value: list[Any]) -> Array | None:
    """Nested lists of numbers as an array; None where they hold arrays or are ragged."""
    if not value or not _of_numbers(value):
        return None
    try:
        return np.array(value, dtype=float)
    except ValueError:
        return None


def _of_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_of_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- J -------------------------------------------------------------------------------------------


def split(found: Sequence[Leaf]) -> tuple[Leaf | None, list[Leaf]]:
    """J, where there is one, and the rest."""
    numbers = [leaf for leaf in found if leaf[1].size == 1 and len(leaf[0]) <= 1]
    named = [leaf for leaf in numbers if leaf[0] and _COST.fullmatch(leaf[0][-1])]
    plain = [leaf for leaf in numbers if not leaf[0] or leaf[0][-1].isdigit() or len(numbers) == 1]
    chosen = [leaf for leaf in [*named, *plain] if not _of_a_block(leaf)]
    if not chosen:
        return None, list(found)
    return chosen[0], [leaf for leaf in found if leaf is not chosen[0]]


def _of_a_block(leaf: Leaf) -> bool:
    return bool(leaf[0]) and kind_of(leaf[0]) is not None


# --- the gradient --------------------------------------------------------------------------------

_KINDS = (
    (
        "b",
        r"(.*[_.])?(d|g|grad_?|nabla_?|delta_?|new_?|Δ|∂)*_?(b|bias(es)?)(_?\d+)?(_?(grad|new))?",
    ),
    (
        "W",
        r"(.*[_.])?(d|g|grad_?|nabla_?|delta_?|new_?|Δ|∂)*_?(w|weights?|theta|Θ|t|d)(_?\d+)?"
        r"(_?(grad|new))?",
    ),
)


def kind_of(path: Path) -> str | None:
    """Whether keys speak of a bias or of a matrix."""
    for key in reversed([key for key in path if not key.isdigit()]):
        for kind, pattern in _KINDS:
            if re.fullmatch(pattern, key, re.IGNORECASE):
                return kind
    return None


def number_of(path: Path) -> tuple[int, ...]:
    """What orders the leaves of one kind."""
    return tuple(int(n) for key in path for n in re.findall(r"\d+", key))


def place(found: Sequence[Leaf], expected: Expected) -> Placed:
    """The gradient of what is expected, out of what came back."""
    if expected.flat is not None:
        vectors = [leaf for leaf in found if _is_vector(leaf[1])]
        if len(vectors) == 1 and len(found) == 1:
            path, vector = vectors[0]
            placed = _unrolled(vector.ravel(), expected, expected.flat)
            return replace(placed, paths=((None, path),))
    blocks = expected.blocks
    for match in (_by_name, _by_order_and_shape, _by_shape, _by_order):
        matched = match(found, blocks)
        if matched is not None:
            return _with_missing(assembled(matched, expected), matched, blocks)
    raise Failed(_unplaced(found, expected))


def _with_missing(placed: Placed, matched: Matched, blocks: Mapping[Block, Array]) -> Placed:
    """With what is said of those whose gradients did not come back beside the others'."""
    missing = [f"{kind}{l}" for kind, l in blocks if (kind, l) not in matched]
    if not missing:
        return placed
    what = f"No gradient of {' and '.join(missing)} came back."
    failure = Failure(what)
    if all(name[0] == "b" for name in missing):
        failure = Failure(what, where="gradient, bias", formula="db^(l) = Σ δ^(l+1) / m")
    return replace(placed, failures=(*placed.failures, failure))


def _is_vector(array: Array) -> bool:
    return array.size > 1 and max(array.shape) == array.size


Matched = Mapping[Block, Leaf]


def _by_name(found: Sequence[Leaf], blocks: Mapping[Block, Array]) -> Matched | None:
    """Keys such as dW1, b2 or weights, 0; None where they do not tell all of it."""
    matched: dict[Block, Leaf] = {}
    kinds = {"b": "b", "W": "W" if ("W", 1) in blocks else "Theta"}
    for kind, own in kinds.items():
        wanted = [block for block in blocks if block[0] == own]
        of_kind = [leaf for leaf in found if kind_of(leaf[0]) == kind and _is_real(leaf[1])]
        told = sorted(of_kind, key=lambda leaf: number_of(leaf[0]))
        numbers = {number_of(path) for path, _ in told}
        if len(told) != len(wanted) or len(numbers) not in (1, len(told)):
            return None
        matched.update(zip(wanted, told))
        if len(numbers) < len(told) and not _in_order(matched, blocks):
            return None
    return matched or None


def _in_order(matched: Matched, blocks: Mapping[Block, Array]) -> bool:
    """Whether names without numbers stand in the layers' order, as the matrices' shapes tell."""
    shapes = [
        (matched[b][1].shape, a.shape) for b, a in blocks.items() if b[0] != "b" and b in matched
    ]
    return all(found == wanted for found, wanted in shapes)


def _is_real(array: Array) -> bool:
    return array.dtype.kind in "fiu"


def _by_order_and_shape(found: Sequence[Leaf], blocks: Mapping[Block, Array]) -> Matched | None:
    """In the blocks' order, where every shape is as it should be."""
    in_order = _by_order(found, blocks)
    if in_order is None or not all(_fits(leaf[1], blocks[b]) for b, leaf in in_order.items()):
        return None
    return in_order


def _by_shape(found: Sequence[Leaf], blocks: Mapping[Block, Array]) -> Matched | None:
    """Where every block's shape, or number of biases, is its own."""
    matched: dict[Block, Leaf] = {}
    for block, array in blocks.items():
        fits = [leaf for leaf in found if _fits(leaf[1], array)]
        if len(fits) == 1:
            matched[block] = fits[0]
    used = [id(leaf) for leaf in matched.values()]
    if len(set(used)) != len(used) or 2 * len(matched) < len(blocks):
        return None
    return matched


def _fits(array: Array, block: Array) -> bool:
    if 1 in block.shape or block.ndim == 1:
        return array.size == block.size and _is_vector(array)
    return array.shape == block.shape


def _by_order(found: Sequence[Leaf], blocks: Mapping[Block, Array]) -> Matched | None:
    if len(found) != len(blocks):
        return None
    return dict(zip(blocks, found))


def assembled(matched: Matched, expected: Expected) -> Placed:
    """Each array where its block is in θ."""
    net = expected.probe.net
    D = np.full(net.n_parameters, np.nan)
    Thetas = net.roll_unchecked(D)
    failures, count = [], 0
    blocks = expected.blocks
    for block, (path, array) in matched.items():
        fitted, failure = _fitted(array, blocks[block], block, path)
        failures += [failure] if failure is not None else []
        if fitted is not None:
            _write(Thetas, block, fitted, expected.layout)
            count += failure is None
    paths = tuple((block, path) for block, (path, _) in matched.items())
    return Placed(D, count, tuple(failures), paths)


def _write(Thetas: Sequence[Array], block: Block, array: Array, layout: Layout) -> None:
    kind, l = block
    if kind == "b":
        Thetas[l - 1][:, 0] = array.ravel()
    elif kind == "W":
        Thetas[l - 1][:, 1:] = WEIGHTS[layout.weights][1](array)
    else:
        Thetas[l - 1][...] = WEIGHTS[layout.weights][1](array)


def _fitted(
    array: Array, block: Array, which: Block, path: Path
) -> tuple[Array | None, Failure | None]:
    """The array in the block's shape, where it can be; and what is wrong about its shape."""
    array = np.asarray(array, dtype=float)
    name = (
        path[-1]
        if path and not path[-1].isdigit()
        else "The gradient of " + "".join(map(str, which))
    )
    said = f"{name} has the shape {array.shape}, but what it is the gradient of has {block.shape}:"
    if not np.isfinite(array).all():
        number = float(array[~np.isfinite(array)][0])
        return None, Failure(f"{name} has the number {number}.", _ORDINARY)
    if which[0] == "b":
        if array.size == block.size:
            return array.reshape(block.shape), None
        if array.size == 1:
            reason = "the sum runs over the units as well."
            return np.full(block.shape, float(array.reshape(()))), _misshapen(said, reason, name)
        reason = "the sum over the examples is missing, or runs over the wrong axis."
        return None, _misshapen(said, reason, name)
    if array.shape == block.shape:
        return array, None
    if array.size == block.size and array.ndim == 1:
        return array.reshape(block.shape), None
    if array.T.shape == block.shape:
        return array.T, _misshapen(said, "it is transposed.", name)
    return None, _misshapen(said, "the product has other factors, or in another order.", name)


def _misshapen(what: str, why: str, name: str) -> Failure:
    return Failure(what, why, where=name, formula="the shape of what is derived by")


_ORDINARY = "All the numbers that went in are ordinary ones."


def _unrolled(vector: Array, expected: Expected, flat: Template) -> Placed:
    """A gradient of one vector, in the order of the weights'; as it is where it is too long."""
    blocks = expected.blocks
    if vector.size != sum(array.size for array in blocks.values()):
        if not expected.layout.rows:
            raise Failed(_unplaced([((), vector)], expected))
        return Placed(vector.astype(float), 0)
    matched, start = {}, 0
    for block in (among(each, blocks) for each in blocks_in(flat)):
        array = blocks[block]
        piece = vector[start : start + array.size]
        matched[block] = ((), piece.reshape(array.shape, order=flat.order))
        start += array.size
    return assembled(matched, expected)


def _unplaced(found: Sequence[Leaf], expected: Expected) -> Failure:
    if len(found) == 1 and expected.flat is not None:
        words = f"The gradient has the shape {found[0][1].shape};"
        return Failure(words, "it must be one long vector.")
    came = ", ".join(str(array.shape) for _, array in found) or "nothing"
    blocks = expected.blocks.items()
    wanted = ", ".join(f"{kind}{l} {array.shape}" for (kind, l), array in blocks)
    return Failure(f"The gradient came back as {came};", f"there are {wanted}.")


# --- what was said ---------------------------------------------------------------------------


@dataclass
class Picked:
    """What stands where it was said to stand: J, gradients of blocks, and other gradients."""

    J: Leaf | None = None
    matched: dict[Block, Leaf] = field(default_factory=dict)
    loose: list[Leaf] = field(default_factory=list)


def pick(template: Template, value: Any, names: Sequence[str] = ()) -> Picked:
    """Read an answer as it was said, with the names of what is returned."""
    picked = Picked()
    _pick(template, value, (), names, picked)
    return picked


def _pick(template: Template, value: Any, path: Path, names: Sequence[str], picked: Picked) -> None:
    if template.parts:
        for i, part in enumerate(template.parts):
            key = template.keys[i] if template.keys else i
            name = names[i] if i < len(names) and names[i] and not template.keys else str(key)
            _pick(part, _at(value, key, template), (*path, name), (), picked)
        return
    if template.kind == "other":
        return
    prefix = (*path, template.name) if template.name else path
    found = list(leaves(value, prefix, names if template.kind == "D" else ()))
    if template.kind == "D":
        picked.loose += found
    elif len(found) != 1:
        raise Failed(Failure(f"The form has {template.name} where no array comes back."))
    elif template.kind == "J":
        picked.J = found[0]
    elif template.block is not None:
        picked.matched[template.block] = found[0]


def _at(value: Any, key: int | str, template: Template) -> Any:
    """A part of what came back; what was said must be there."""
    if isinstance(key, int) and isinstance(value, list) and len(value) == len(template.parts):
        return value[key]
    if isinstance(key, int) or not isinstance(value, dict):
        wanted = f"a dictionary with {key!r}" if template.keys else f"{len(template.parts)} values"
        came = f"{len(value)} values" if isinstance(value, list) else _kind_of(value)
        raise Failed(Failure(f"The form says that {wanted} come back, but it is {came}."))
    if key not in value:
        there = ", ".join(map(repr, value)) or "none"
        raise Failed(
            Failure(f"The form says the key {key!r}, but the keys that come back are {there}.")
        )
    return value[key]


def _kind_of(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    return {"dict": "a dictionary", "NoneType": "None"}.get(type(value).__name__, "one value")
