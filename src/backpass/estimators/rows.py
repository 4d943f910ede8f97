"""The rows of a fit, validated, encoded and weighted: in memory, or in blocks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from ..arrays import Array, ArrayLike, array_namespace, as_csr, as_numpy, in_precision, like
from ..errors import InvalidInput, warn
from ..storage.fingerprints import fingerprint
from ..streaming.blocks import Blocks
from ..streaming.dask import blocks_of, description_of, in_dtype
from ..streaming.dask_blocks import is_dask
from ..streaming.problem import Encode
from .parameters import SharedParameters
from .sklearn_compat import float_dtypes
from .targets.strategies import Targets

SPARSE = ("csr", "csc")
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

COLUMN_VECTOR = (
    "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
    "(n_samples, ), for example using ravel()."
)  # scikit-learn's own message


class EncodedRows(NamedTuple):
    """Rows as the network wants them."""

    X: ArrayLike  # (m, s_1), an array or CSR
    Y: Array  # (m, s_L)
    w: Array | None  # (m,) or None

    def some(self, index: np.ndarray) -> EncodedRows:
        """Return some of the rows."""
        return EncodedRows(*(None if part is None else _take(part, index) for part in self))

    @property
    def head(self) -> EncodedRows:
        """The first few rows."""
        return EncodedRows(self.X[:4, ...], self.Y[:4, ...], None)

    @property
    def numbers(self) -> Array:
        """What has their precision."""
        return self.X

    def like(self, reference: Array) -> EncodedRows:
        """Return them in the precision of other numbers: weights keep that which they have."""
        X = in_precision(reference, self.X)
        return EncodedRows(
            X, *(None if part is None else like(reference, part) for part in self[1:])
        )

    def fingerprint(self) -> str:
        """Hash everything that is in them."""
        return fingerprint(*self)


class EncodedBlocks(NamedTuple):
    """Rows in blocks, and what turns their targets into Y."""

    blocks: Blocks
    encode: Encode

    @property
    def numbers(self) -> Array:
        """What has their precision."""
        return np.empty(0, self.blocks.dtype)

    def like(self, reference: Array) -> EncodedBlocks:
        """Return them in the precision of other numbers, in which each block is read."""
        return EncodedBlocks(in_dtype(self.blocks, reference.dtype), self.encode)

    @property
    def head(self) -> EncodedRows:
        """The first few rows."""
        block = next(iter(self.blocks.read(0)))
        return EncodedRows(block.X[:4], self.encode(block.y[:4]), None)

    def fingerprint(self) -> str:
        """Hash everything that is in them, where they are."""
        return description_of(self.blocks, self.encode)


def rows_to_learn(
    estimator: SharedParameters,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike,
    targets: Targets,
    goes_on: bool,
) -> tuple[EncodedRows | EncodedBlocks, Targets]:
    """Look at the rows of a fit, wherever they are: what they are to the network, and y means."""
    blocks = blocks_of(X, y, sample_weight)
    if blocks is None:
        learn = targets.expect_same if goes_on else targets.learn
        return encoded_rows(estimator, X, y, sample_weight, targets, learn, reset=not goes_on)
    targets = targets.in_blocks(blocks, goes_on)
    estimator.n_features_in_ = len(blocks.names)
    estimator.__dict__.pop("feature_names_in_", None)
    if blocks.named:
        estimator.feature_names_in_ = np.array(blocks.names, dtype=object)
    return EncodedBlocks(blocks, targets.encode), targets


def encoded_rows(
    estimator: SharedParameters,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike,
    targets: Targets,
    learn: Callable[[ArrayLike], Targets],
    reset: bool,
) -> tuple[EncodedRows, Targets]:
    """Validate, encode and weight some rows; the strategy learns from y, or expects it."""
    X, y = _validated(estimator, X, targets.read(y), targets.numeric, reset)
    y = y if hasattr(y, "tocsr") else as_numpy(y)
    if y.ndim == 2 and y.shape[1] == 1:
        warn(COLUMN_VECTOR, DataConversionWarning)
        y = column_or_1d(y)
    X = as_csr(X) if hasattr(X, "tocsr") else X
    targets = learn(y)
    w = targets.weights(sample_weight, X, y)
    return EncodedRows(X, like(X, targets.encode(y)), w), targets


def _validated(
    estimator: SharedParameters, X: ArrayLike, y: ArrayLike, numeric: bool, reset: bool
) -> tuple[ArrayLike, ArrayLike]:
    """X and y as arrays: at once where nothing can be wrong, by scikit-learn else."""
    plain = plain_rows(estimator, X, reset)
    if plain is None or not _plainly_beside(y, plain):
        X, y = validate_data(
            estimator,
            X,
            y,
            accept_sparse=SPARSE,
            multi_output=True,
            y_numeric=numeric,
            dtype=float_dtypes(X),
            reset=reset,
        )
        return X, y
    if reset:
        estimator.n_features_in_ = plain.shape[1]
        estimator.__dict__.pop("feature_names_in_", None)
    keeps = plain.dtype in FLOATS and type(X) is not list  # whose dtype scikit-learn does not ask
    return (plain if keeps else plain.astype(np.float64)), y


def plain_rows(estimator: SharedParameters, X: ArrayLike, reset: bool = False) -> Array | None:
    """X as an array, if it plainly is a finite matrix with the columns that are known; None else.

    Of such scikit-learn's validation finds nothing to say, in more time than a small network needs
    to answer: what it would say of anything else, it says.
    """
    names = None if reset else estimator.__dict__.get("feature_names_in_")
    array = _unnamed(X) if names is None else _with_names(X, names.tolist())
    if array is None or array.ndim != 2 or not array.size or array.dtype.kind not in "fiub":
        return None
    known = reset or array.shape[1] == estimator.n_features_in_
    return array if known and _is_finite(array) else None


def _unnamed(X: ArrayLike) -> np.ndarray | None:
    """An array, or what a list holds; None where X may have names."""
    if type(X) is not list:
        return X if type(X) is np.ndarray else None
    try:
        return np.asarray(X)
    except ValueError:  # rows of unlike lengths
        return None


def _with_names(X: ArrayLike, names: list[str]) -> np.ndarray | None:
    """What a data frame with these names holds; None where a column is not NumPy's."""
    pandas = sys.modules.get("pandas")
    if pandas is None or type(X) is not pandas.DataFrame or X.columns.tolist() != names:
        return None
    return X.to_numpy() if all(isinstance(dtype, np.dtype) for dtype in X.dtypes) else None


def _plainly_beside(y: ArrayLike, X: np.ndarray) -> bool:
    """Whether y plainly has a label, a number, or several of them, for every row."""
    return (
        type(y) is np.ndarray
        and y.ndim in (1, 2)
        and y.size > 0
        and len(y) == len(X)
        and (y.dtype.kind in "biuU" or (y.dtype.kind == "f" and _is_finite(y)))
    )


def _is_finite(array: np.ndarray) -> bool:
    """Whether the numbers are finite; a sum that is not leaves the question to others."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()))


def check_validation_set(X_val: ArrayLike, y_val: ArrayLike, sample_weight_val: ArrayLike) -> None:
    """Raise where a validation set has targets or weights and no rows, or rows and no targets."""
    given = {"y_val": y_val, "sample_weight_val": sample_weight_val}
    if X_val is None:
        for name, value in given.items():
            if value is not None:
                raise InvalidInput(f"{name} is given without X_val, the rows that it belongs to.")
    elif y_val is None:
        raise InvalidInput("X_val is given without y_val, the targets of its rows.")
    elif isinstance(X_val, Blocks) or is_dask(X_val):
        raise InvalidInput("X_val holds rows in memory: an array, a data frame or a sparse matrix.")
    elif sample_weight_val is not None and not np.any(as_numpy(sample_weight_val)):
        raise InvalidInput("sample_weight_val is zero for every validation row.")


def held_out(
    rows: EncodedRows, fraction: float, seed: int, classes: np.ndarray | None
) -> tuple[EncodedRows, EncodedRows]:
    """Set a validation set aside, with the classes in the same parts."""
    train, validation = train_test_split(
        np.arange(rows.X.shape[0]), test_size=fraction, random_state=seed, stratify=classes
    )
    if len(validation) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of "
            "your dataset."
        )
    parts = rows.some(np.asarray(train)), rows.some(np.asarray(validation))
    for name, part in zip(("rows that are left", "validation rows set aside"), parts):
        if part.w is not None and not as_numpy(part.w).any():
            raise InvalidInput(
                f"The {name} by early_stopping all weigh 0: pass X_val and y_val, or another "
                "validation_fraction or random_state."
            )
    return parts


def _take(part: ArrayLike, index: np.ndarray) -> Array:
    """Some rows of an array or a CSR matrix."""
    if isinstance(part, np.ndarray) or hasattr(part, "tocsr"):
        return part[index]
    xp = array_namespace(part)
    return xp.take(part, xp.asarray(index, device=part.device), axis=0)
