"""How arrays lie: examples as rows or columns, weights by input or by output, biases, targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..answers import Failed, Failure
from ..probes import Probe

Array = np.ndarray
Block = tuple[str, int]  # ("W", l), ("b", l) or ("Theta", l)


@dataclass(frozen=True)
class Layout:
    """One way in which everything lies.

    Parameters
    ----------
    rows : bool
        Whether an example is a row of X.
    weights : str
        A name of ``WEIGHTS``.
    bias : str
        A name of ``BIASES``.
    y : str
        A name of ``TARGETS``.
    ones : bool
        Whether X is given with its column of ones.
    single : str
        "" for all examples at once; else how one of them is given: "column", "vector" or "row".
    to_one : bool
        Whether the last matrix is a vector and the last bias a number, as for one output.
    """

    rows: bool = True
    weights: str = "Theta"
    bias: str = "in Theta"
    y: str = "one-hot"
    ones: bool = False
    single: str = ""
    to_one: bool = False


# Θ^(l) as the notes have it, (s_(l+1), 1 + s_l), to the matrix that a function wants, and back.
WEIGHTS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "Theta": (lambda Theta: Theta, lambda M: M),
    "Theta, transposed": (lambda Theta: Theta.T, lambda M: M.T),
    "Theta, bias last": (lambda Theta: np.roll(Theta, -1, axis=1), lambda M: np.roll(M, 1, axis=1)),
    "Theta, transposed, bias last": (
        lambda Theta: np.roll(Theta, -1, axis=1).T,
        lambda M: np.roll(M.T, 1, axis=1),
    ),
    "in × out": (lambda Theta: Theta[:, 1:].T, lambda M: M.T),
    "out × in": (lambda Theta: Theta[:, 1:], lambda M: M),
}

BIASES: dict[str, Callable[[Array], Array]] = {
    "vector": lambda b: b,
    "row": lambda b: b[None, :],
    "column": lambda b: b[:, None],
}

# y, (m, K) as the probe has it, to what a function wants where examples are rows.
TARGETS: dict[str, Callable[[Probe], Array]] = {
    "one-hot": lambda p: p.Y.copy(),
    "labels 1 … K": lambda p: p.labels.copy(),
    "labels 1 … K as a column": lambda p: p.labels.copy()[:, None],
    "labels 0 … K − 1": lambda p: p.labels - (p.Y.shape[1] > 1),
    "labels 0 … K − 1 as a column": lambda p: (p.labels - (p.Y.shape[1] > 1))[:, None],
    "±1": lambda p: 2 * p.Y - 1,
}


def blocks_of(layout: Layout, probe: Probe) -> dict[Block, Array]:
    """Every matrix and every bias in the order Θ^(1), … or W1, b1, W2, …; not to be changed."""
    blocks = _blocks(probe, layout.weights, layout.bias)
    if not layout.to_one:
        return blocks
    if probe.net.sizes[-1] > 1:
        raise Failed(Failure("There is more than one output."))
    last = probe.net.L - 1
    of_one = {("W", last): blocks["W", last].ravel(), ("b", last): blocks["b", last].reshape(())}
    return blocks | of_one


@lru_cache(maxsize=512)
def _blocks(probe: Probe, weights: str, bias: str) -> dict[Block, Array]:
    found: dict[Block, Array] = {}
    forth = WEIGHTS[weights][0]
    for l, Theta in enumerate(probe.net.roll(probe.theta), start=1):
        if bias == "in Theta":
            found["Theta", l] = np.array(forth(Theta))
            continue
        found["W", l] = np.array(forth(Theta))
        if bias != "none":
            found["b", l] = np.array(BIASES[bias](Theta[:, 0]))
    return found


def inputs_of(layout: Layout, probe: Probe) -> Array:
    """X as the function wants it."""
    X = np.column_stack([np.ones(probe.m), probe.X]) if layout.ones else probe.X.copy()
    return X if layout.rows else np.ascontiguousarray(X.T)


def targets_of(layout: Layout, probe: Probe) -> Array:
    """The targets as the function wants them."""
    y = TARGETS[layout.y](probe)
    return y if layout.rows or y.ndim == 1 else np.ascontiguousarray(y.T)


def example(layout: Layout, whole: Array, i: int) -> Array:
    """One example of X or of y, by rows, as the function wants it."""
    row = whole[i : i + 1]
    if row.ndim == 1 or layout.single == "row":
        return row[0] if row.ndim == 1 else row
    return row[0] if layout.single == "vector" else row.T


def with_biases() -> Iterator[Layout]:
    """Layouts of functions that have weights and biases apart, the likeliest first."""
    for rows, weights, biases in (
        (True, "in × out", ("vector", "row")),
        (False, "out × in", ("column", "vector")),
        (True, "out × in", ("vector", "row", "column")),
        (False, "in × out", ("column",)),
        (True, "in × out", ("column",)),
    ):
        for bias in biases:
            yield Layout(rows, weights, bias)
    yield Layout(True, "in × out", "vector", to_one=True)
    yield Layout(False, "out × in", "column", to_one=True)


def without_biases() -> Iterator[Layout]:
    """Layouts of functions that have one matrix a layer."""
    for weights in ("Theta", "Theta, transposed", "Theta, transposed, bias last"):
        yield Layout(True, weights)
        yield Layout(True, weights, ones=True)
    for weights in ("in × out", "out × in"):
        yield Layout(True, weights, "none")
    yield Layout(False, "Theta")
    yield Layout(False, "out × in", "none")
    yield Layout(False, "Theta", ones=True)
    yield Layout(True, "Theta, bias last")


def one_by_one(layouts: Iterator[Layout]) -> Iterator[Layout]:
    """The same layouts for functions of one example."""
    for layout in layouts:
        singles = ("vector", "row") if layout.rows else ("column", "vector")
        for single in singles:
            yield replace(layout, single=single)


def with_targets(layouts: Iterator[Layout], names: tuple[str, ...]) -> Iterator[Layout]:
    """Each layout with each kind of targets."""
    for layout in layouts:
        for name in names:
            yield replace(layout, y=name)
