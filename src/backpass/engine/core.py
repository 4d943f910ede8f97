"""The compiled core: whether it is there, what it computes, and how a network is put to it.

It works on plain arrays and checks nothing that a user can get wrong (``native.py`` does).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, cast

import numpy as np

from .. import activations, losses
from ..arrays import ArrayLike
from ..network import Network
from . import thread_limit
from .encoding import CODE, EncodedRows
from .own_functions import of_activation, of_loss
from .problem import CoreRule, HasMatrices, Optimizer, rule_name

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from . import _native as compiled

SINGLE = 4  # bytes
BY_MATRIX = ("adamw", "muon")  # rules that have to know where θ's matrices lie
NUMBER_TYPES = (np.dtype(np.float32), np.dtype(np.float64))

# The names that the core reports: a function that it does not name is another engine's.
_ACTIVATIONS: frozenset[str | None] = frozenset()
_LOSSES: frozenset[str | None] = frozenset()
_RULES: frozenset[str | None] = frozenset()

try:
    from . import _native as compiled
except ImportError as error:
    message = Path(__file__).with_name("native_missing.txt")  # the failed build's error
    why_missing: str | None = message.read_text().strip() if message.exists() else str(error)
else:
    why_missing = None
    _ACTIVATIONS = frozenset(compiled.activations())
    _LOSSES = frozenset(compiled.losses())
    _RULES = frozenset(compiled.rules())
    compiled.set_num_threads(thread_limit.processors())
    thread_limit.register()


def instruction_sets() -> list[str]:
    """Names of the kernels that this processor can run, best first; empty where none is built."""
    return compiled.instruction_sets() if why_missing is None else []


def instruction_set() -> str:
    """The kernels in use: ``BACKPASS_ISA``, or the best that this processor can run."""
    return os.environ.get("BACKPASS_ISA") or instruction_sets()[0]


def default_threads() -> int:
    """How many threads are used where no number is asked for: what threadpoolctl may set."""
    return compiled.get_num_threads() if why_missing is None else thread_limit.processors()


def computes(net: Network) -> bool:
    """Whether the core knows the network's loss and activations."""
    return losses.core_name(net.loss) in _LOSSES and all(
        activations.core_name(g) in _ACTIVATIONS for g in net.hidden
    )


def steps_by(optimizer: Optimizer, sizes: tuple[int, ...] = ()) -> TypeGuard[CoreRule]:
    """Whether the core knows the update rule, and of one that knows θ's matrices, the network's."""
    name = rule_name(optimizer)
    by_matrix = cast(HasMatrices, optimizer)
    return name in _RULES and (name not in BY_MATRIX or step_lengths(by_matrix, sizes) is not None)


def takes(array: object) -> bool:
    """Whether the core can read the array: NumPy's, or CSR, in single or double precision."""
    values = getattr(array, "data", None) if hasattr(array, "tocsr") else array
    return type(values) is np.ndarray and values.dtype.newbyteorder("=") in NUMBER_TYPES


def network(net: Network) -> compiled.Network:
    """The core's own description of the network; it calls a user's functions."""
    hidden = [str(activations.core_name(g)) for g in net.hidden]
    loss, parameter = str(losses.core_name(net.loss)), net.loss.parameter or 0.0
    own = [of_activation(g) for g in net.hidden], of_loss(net.loss)
    return compiled.Network(list(net.sizes), hidden, loss, parameter, instruction_set(), *own)


@lru_cache
def step_lengths(optimizer: HasMatrices, sizes: tuple[int, ...]) -> tuple[float, ...] | None:
    """How far a step of each layer's matrix goes, beside its rate; 0 where each number goes alone.

    None where the rule's matrices are not those of a network of such sizes.
    """
    whole = () if rule_name(optimizer) == "adamw" else optimizer.matrices or ()
    known = {(each.offset, each.inputs, each.units): each for each in optimizer.all_matrices}
    layers = list(weight_stretches(sizes))
    if sorted(known) != layers:
        return None
    return tuple(known[at].step_length if known[at] in whole else 0.0 for at in layers)


def weight_stretches(sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Where each layer's weights begin in θ, its inputs and units."""
    start = 0
    for inputs, units in pairwise(sizes):
        yield start + units, inputs, units
        start += (inputs + 1) * units


@lru_cache  # each epoch of a small network would spend a quarter of its time on these two
def rule(optimizer: CoreRule, sizes: tuple[int, ...] = ()) -> compiled.Rule:
    """The core's own description of an update rule of the library's, for a network's layers."""
    settings = ("momentum", "beta_1", "beta_2", "epsilon", "weight_decay")
    mu, beta_1, beta_2, epsilon, decay = (float(getattr(optimizer, s, 0.0)) for s in settings)
    name = str(rule_name(optimizer))
    lengths = (step_lengths(optimizer, sizes) or ()) if name in BY_MATRIX else ()
    ratio, polynomials = getattr(optimizer, "ratio", 1.0), getattr(optimizer, "polynomials", ())
    return compiled.Rule(
        *(name, mu, beta_1, beta_2, epsilon, decay),
        lengths=lengths,
        ratio=ratio,
        polynomials=polynomials,
    )


@lru_cache
def state_arrays(optimizer: CoreRule) -> tuple[str, ...]:
    """Names of the arrays in a rule's state, in the order of the core; of no number, made at once.

    A rule that knows where matrices lie in θ is asked without them, as they are not in no number.
    """
    if rule_name(optimizer) in BY_MATRIX:
        none = {name: () for name in ("matrices", "others") if hasattr(optimizer, name)}
        optimizer = replace(optimizer, **none)  # type: ignore[type-var]
    return tuple(name for name in optimizer.init(np.empty(0)) if name != "t")


def csr(X: ArrayLike) -> compiled.Csr32 | compiled.Csr64:
    """Hand over SciPy's arrays; where a row's columns are not in order or not unique, a copy's."""
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    kind = compiled.Csr32 if X.dtype.itemsize == SINGLE else compiled.Csr64
    width = np.promote_types(X.indices.dtype, X.indptr.dtype)
    columns, starts = (np.ascontiguousarray(each, width) for each in (X.indices, X.indptr))
    return kind(contiguous(X.data), columns, starts)


def table(X: EncodedRows) -> compiled.Table32 | compiled.Table64:
    """Hand over a table's cells, and say where the running sums of its codes' rows shall stand."""
    X.check()
    kind = compiled.Table32 if X.dtype.itemsize == SINGLE else compiled.Table64
    layout, sums = [], 0
    for column in X.layout:
        layout.append([*column, sums if column[0] == CODE else -1])
        sums += column[2] if column[0] == CODE else 0
    return kind(contiguous(X.numbers), contiguous(X.places), layout)


def contiguous(array: np.ndarray) -> np.ndarray:
    """Contiguous and in the machine's byte order; the array itself where it is so already."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def multiply_add_rate(dtype: DTypeLike, n_threads: int = 1, rounds: int = 1_000_000) -> float:
    """Measure the processor's limit: floating-point operations a second, multiply-adds only."""
    single = np.dtype(dtype) == np.float32
    run = compiled.multiply_adds_32 if single else compiled.multiply_adds_64
    start = time.perf_counter()
    operations = run(instruction_set(), rounds, n_threads)
    return operations / (time.perf_counter() - start)


def elementwise(function: str, x: np.ndarray, y: np.ndarray) -> None:
    """Write exp, log or tanh of x to y: the kernels' own functions, for the tests."""
    compiled.elementwise(function, instruction_set(), x, y)


__all__ = [
    "NUMBER_TYPES",
    "compiled",
    "computes",
    "contiguous",
    "csr",
    "default_threads",
    "elementwise",
    "instruction_set",
    "instruction_sets",
    "multiply_add_rate",
    "network",
    "rule",
    "steps_by",
    "table",
    "takes",
    "why_missing",
]
