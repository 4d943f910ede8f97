"""Arrays at the very end of memory: whoever reads or writes past one is ended by the system.

``main`` puts every array that the core is passed between two pages that cannot be touched, and goes
through networks whose layers end in every way that a vector can. It is run in a process of its own,
and prints a digest of all that the core answered.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from scipy import sparse

import backpass as bp
from backpass import engine
from backpass.engine import Dropout, core, native
from backpass.engine.encoding import CODE, LEVEL, NUMBER, EncodedRows
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon
from backpass.training.matrices import with_matrices

PAGE = mmap.PAGESIZE
ROOM = 64 * PAGE
RULES = [
    GradientDescent(),
    Momentum(),
    Nesterov(),
    Adam(weight_decay=0.1),
    AdamW(weight_decay=0.1),
    Muon(),
]


class Fenced:
    """Memory between two pages without any rights, lent to one array after another."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, ROOM + 2 * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        for page in (start, start + PAGE + ROOM):
            if ctypes.CDLL(None, use_errno=True).mprotect(
                ctypes.c_void_p(page), ctypes.c_size_t(PAGE), 0
            ):
                raise OSError(ctypes.get_errno(), "mprotect")

    def array(self, shape, dtype) -> np.ndarray:
        """An array whose last number is the memory's last."""
        n = int(np.prod(shape)) * np.dtype(dtype).itemsize
        assert n <= ROOM
        return np.frombuffer(self.memory, dtype, int(np.prod(shape)), PAGE + ROOM - n).reshape(
            shape
        )


class Fences:
    """As many of them as are in use at once."""

    def __init__(self) -> None:
        self.made: list[Fenced] = []
        self.used = 0

    def empty(self, shape, dtype=np.float64) -> np.ndarray:
        """In place of ``numpy.empty``."""
        if self.used == len(self.made):
            self.made.append(Fenced())
        self.used += 1
        return self.made[self.used - 1].array(shape, dtype)

    def copy(self, array) -> np.ndarray:
        """The same numbers at the end of memory."""
        fenced = self.empty(array.shape, array.dtype)
        fenced[...] = array
        return fenced

    def csr(self, X, width) -> sparse.csr_array:
        """A CSR matrix whose three arrays lie so, with indices of the given width."""
        held = sparse.csr_array(X)
        held.data, held.indices, held.indptr = (
            self.copy(array.astype(kind))
            for array, kind in ((held.data, X.dtype), (held.indices, width), (held.indptr, width))
        )
        return held


def table(fences, m, inputs, dtype) -> EncodedRows:
    """A table's rows of so many inputs: a number, a code and a category, as far as they go."""
    rng = np.random.default_rng(inputs)
    bins = max(1, (inputs - 1) // 2)
    layout = [(NUMBER, 0, 1, 0, -1)]
    if inputs > 1:
        layout.append((CODE, 1, bins, 1, 0))
    if inputs > 1 + bins:
        layout.append((LEVEL, 1 + bins, inputs - 1 - bins, -1, 1))
    numbers = fences.copy(rng.random((m, 2)).astype(dtype))
    places = np.column_stack(
        [rng.integers(bins, size=m), rng.integers(-1, max(1, inputs - 1 - bins), size=m)]
    )
    return EncodedRows(numbers, fences.copy(places.astype(np.int32)), layout)


def call_everything(fences, net, dtype, m, how):
    """Every method of a problem, one after the other, and each answer once it is there."""
    rng = np.random.default_rng(0)
    X, Y = rng.random((m, net.sizes[0])), rng.random((m, net.sizes[-1]))
    Y /= Y.sum(axis=1, keepdims=True)
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    X, Y, w, theta = (fences.copy(array.astype(dtype)) for array in (X, Y, rng.random(m), theta))
    rows = engine.Rows(X, Y, w, float(w.sum()), weighted=True)
    if how == "csr":
        X[rng.random(X.shape) < 0.3] = 0
        rows = replace(rows, X=fences.csr(X, np.int32 if m % 2 else np.int64))
    if how == "table":
        rows = replace(rows, X=table(fences, m, net.sizes[0], dtype))
    problem = native.NativeProblem(net, rows, 0.5, 2)
    used = fences.used
    order = fences.copy(rng.permutation(m))
    dropout = Dropout((0.3,) * len(net.hidden), 7) if net.hidden else None
    answers = [problem.cost_and_gradient(theta) for _ in range(3)]  # as they come, kept, read again
    answers += [problem.logits_and_cost(theta)]
    answers += [problem.costs_and_gradients([theta, theta])]
    for masks in (None, dropout):
        answers.append(problem.batch_cost_and_gradient(theta, order[: m // 2 + 1], masks))
    kept = [by_layer[l] for by_layer in problem.intermediates(theta) for l in sorted(by_layer)]
    answers += [[array for array in kept if isinstance(array, np.ndarray)]]
    yield from (part for answer in answers for part in answer)
    for each in RULES:
        rule = with_matrices(each, net)
        fences.used = used + 1
        arrays = [[fences.copy(theta)] for name in rule.init(theta) if name != "t"]
        for array in arrays:
            array[0][...] = 1e-3
        rates = fences.copy(np.full(m, 1e-3))
        batch = max(1, m // 3)
        compiled, masks = problem._core, problem._masks(dropout)
        thetas = [fences.copy(theta)]
        J = compiled.run_epochs(
            thetas,
            arrays,
            core.rule(rule, net.sizes),
            [order],
            batch,
            [rates],
            [3],
            0.5,
            1.0,
            *masks,
        )
        yield from (J, *thetas, *(array[0] for array in arrays))
    for few in {1, min(m, 3), m}:
        fences.used = used
        a = native.forward(net, theta, fences.copy(X[:few]), 2)
        yield from (a, native.logits(net, theta, X[m - few :], 2))
        if how == "csr":
            yield native.forward(net, theta, fences.csr(X[:few], np.int32), 2)
        if how == "table":
            yield native.forward(net, theta, table(fences, few, net.sizes[0], dtype), 2)
        yield bp.forward(net, theta, X[m - few :])


def main(kernels: str) -> None:
    """All widths of the last layer from 1 to 35, and some that end in whole vectors."""
    os.environ["BACKPASS_ISA"] = kernels
    fences, digest = Fences(), hashlib.sha256()

    def take(answer):
        assert np.isfinite(answer).all()
        digest.update(np.ascontiguousarray(answer).tobytes())

    native.np = SimpleNamespace(**{**vars(np), "empty": fences.empty})
    for dtype in (np.float32, np.float64):
        for n in range(1, 70):
            x = fences.copy(np.linspace(0.1, 3, n).astype(dtype))
            for function in ("exp", "log", "tanh"):
                y = fences.empty(n, dtype)
                native.elementwise(function, x, y)
                take(y)
                fences.used = 1
            fences.used = 0
        for width in [*range(1, 36), 63, 64, 65, 128, 129]:
            sizes = [
                (3, width),
                (1, width),
                (17, 4, width),
                (2, width, 1),
                (9, width, 5, 3),
                (width, 1),
            ]
            for number, each in enumerate(sizes):
                loss = (
                    ("log_loss", "squared_error", "poisson")[number % 3]
                    if each[-1] > 1
                    else "poisson"
                )
                net = bp.Network(each, ("tanh", "gelu")[number % 2], loss)
                for m in (1, 4, 21) if number else (1, 2, 5, 40):
                    for how in ("dense", "csr", "table"):
                        for answer in call_everything(fences, net, dtype, m, how):
                            take(answer)
                        fences.used = 0
    print(digest.hexdigest())
