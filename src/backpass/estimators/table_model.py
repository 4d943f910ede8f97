"""A model of a table: a data frame goes in, answers in the target's own units come out.

An estimator that ``backpass train`` made has the ``preprocessing_`` behind which it was trained. To
it a data frame, or a mapping from names to columns, is the raw table; an array is the X that its
preprocessing made of one, and is answered as the network answers: in scaled numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data.preprocessing import Preprocessing
from ..errors import InvalidInput


def preprocessing_of(estimator: Any) -> Preprocessing | None:
    """Return what the estimator knows of a table, if it does."""
    return vars(estimator).get("preprocessing_")


def is_table(X: Any) -> bool:
    """Whether X has named columns: a data frame of any library, or a mapping."""
    return hasattr(X, "columns") or hasattr(X, "column_names") or isinstance(X, Mapping)


def reads(estimator: Any, X: Any) -> bool:
    """Whether X is a raw table to the estimator."""
    return preprocessing_of(estimator) is not None and is_table(X)


def rows_of(estimator: Any, X: Any) -> Any:
    """Turn a raw table into X; everything else is X already."""
    return estimator.preprocessing_.transform(X) if reads(estimator, X) else X


def learnt_rows(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Turn a raw table and its target into X and y."""
    if not reads(estimator, X):
        return X, y
    target = estimator.preprocessing_.target
    y = y if target is None else target.encode(y, getattr(estimator, "classes_", None))
    return rows_of(estimator, X), y


def in_units(estimator: Any, X: Any, a: Any) -> Any:
    """Return the network's numbers in the units of the target, where X is a raw table."""
    target = estimator.preprocessing_.target if reads(estimator, X) else None
    return a if target is None else target.decode(a)


def truth_of(estimator: Any, X: Any, y: Any) -> Any:
    """Return labels beside a raw table as those of the classes that they are."""
    target = estimator.preprocessing_.target if reads(estimator, X) else None
    return y if target is None else target.encode(y, estimator.classes_)


def refuse_to_learn(estimator: Any, X: Any) -> None:
    """Raise where ``fit`` is to learn a raw table anew, of which it can make no X."""
    if reads(estimator, X):
        raise InvalidInput(
            "fit does not learn how a table becomes X: go on with partial_fit, train anew with "
            "backpass train, or fit a clone of this model to numbers."
        )
