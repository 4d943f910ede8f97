"""What a tabular estimator is given as X, as raw columns, and what these are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from ..arrays import ArrayLike
from ..data.knowing.kinds import Wishes
from ..data.knowing.know import Known, know
from ..data.raw import Numbers, RawColumn, RawTable
from ..data.reading import raw_of
from ..data.reading.python_cells import column_of_array
from ..errors import InvalidInput
from ..estimators.raw_tables import is_table


def known_table(
    raw: RawTable,
    plain: Mapping[str, str],
    kinds: Mapping[str, str],
    categorical: ArrayLike = None,
) -> Known:
    """Find out what the columns of X are.

    Parameters
    ----------
    raw : RawTable
        From ``raw_table``.
    plain : mapping from str to str
        Columns whose cells need not be looked at: numbers of an array are numbers.
    kinds : mapping from str to str
        What somebody says of columns.
    categorical : array-like or None
        Columns that are categories: places, a mask, or names.

    Raises
    ------
    InvalidInput
        If a wish names no column, or a column leaves two readings.

    Examples
    --------
    >>> raw = RawTable({"x0": Numbers(np.array([1.0, 2.0, 1.0]))}, 3)
    >>> known_table(raw, {"x0": "number"}, {}, [0]).reading.kinds
    {'x0': 'category'}
    """
    wished = dict.fromkeys(_named(categorical, list(raw.columns)), "category")
    return know(raw, Wishes(kinds={**plain, **wished, **kinds}))


def _named(categorical: ArrayLike, names: list[str]) -> list[str]:
    """Columns that are given by place, by a mask or by name, as names."""
    if categorical is None:
        return []
    given = np.asarray(categorical)
    if given.dtype.kind == "b":
        if given.shape != (len(names),):
            raise InvalidInput(
                f"categorical_features has the shape {given.shape}, but X has {len(names)} columns."
            )
        return [name for name, chosen in zip(names, given.tolist()) if chosen]
    if given.dtype.kind in "iu":
        outside = [place for place in given.tolist() if not 0 <= place < len(names)]
        if outside:
            raise InvalidInput(
                f"categorical_features holds {outside[0]}, but X has the columns 0 to "
                f"{len(names) - 1}."
            )
        return [names[place] for place in given.tolist()]
    return [str(name) for name in given.tolist()]


def raw_table(estimator: Any, X: ArrayLike, *, reset: bool) -> tuple[RawTable, dict[str, str]]:
    """Return X as raw columns, and what they are where their cells need not be looked at.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_`` and ``feature_names_in_``, or has those that X should have.
    X : data frame, mapping, records, array-like or sparse matrix
        Of an array the columns are called x0, x1 and so on.
    reset : bool
        Whether it is the X of a fit.

    Raises
    ------
    ValueError
        If X is no table of at least one row and column, holds an infinite number, or has other
        columns than that of the fit.
    """
    if isinstance(X, RawTable):
        return X, {}
    if not is_table(X):
        return _of_array(estimator, X, reset)
    if hasattr(X, "shape") and (reset or not _has_names_of_fit(estimator, X)):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    raw = raw_of(X)
    if not raw.rows or not raw.columns:
        what = "feature" if raw.rows else "sample"
        raise ValueError(f"Found array with 0 {what}(s) while a minimum of 1 is required.")
    if reset and not hasattr(X, "shape"):
        estimator.n_features_in_ = len(raw.columns)
        estimator.feature_names_in_ = np.array(list(raw.columns), dtype=object)
    return raw, {}


def _has_names_of_fit(estimator: Any, X: Any) -> bool:
    """Whether a frame of pandas has exactly the fit's columns: scikit-learn takes 70 µs to see."""
    named = vars(estimator).get("feature_names_in_")
    names: list[Any] = getattr(getattr(X, "columns", None), "tolist", list)()
    return named is not None and names == named.tolist()


def _of_array(estimator: Any, X: ArrayLike, reset: bool) -> tuple[RawTable, dict[str, str]]:
    """The columns of an array, as those of the fit are called."""
    X = validate_data(
        estimator, X, accept_sparse="csr", dtype=None, ensure_all_finite="allow-nan", reset=reset
    )
    array = X.toarray() if hasattr(X, "tocsr") else X
    named = vars(estimator).get("feature_names_in_")
    names = [f"x{k}" for k in range(array.shape[1])] if named is None else list(named)
    columns: dict[str, RawColumn] = {n: column_of_array(array[:, k]) for k, n in enumerate(names)}
    plain = all(isinstance(each, Numbers) for each in columns.values())
    kinds = dict.fromkeys(columns, "number") if plain else {}
    return RawTable(columns, len(array)), kinds
