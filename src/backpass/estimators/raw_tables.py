"""Raw tables before an estimator: a data frame goes in, answers in the target's own units come out.

An estimator that ``backpass train`` made has the ``preprocessing_`` behind which it was trained. To
it a data frame, or a mapping from names to columns, is the raw table; an array is the X that its
preprocessing made of one, and is answered as the network answers: in scaled numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ..arrays import Array, ArrayLike
from ..data.preprocessing import Preprocessing
from ..data.table_preprocessing import TablePreprocessing
from ..data.target import AnyTarget
from ..errors import InvalidInput

AnyPreprocessing: TypeAlias = TablePreprocessing | Preprocessing


def preprocessing_of(estimator: object) -> AnyPreprocessing | None:
    """Return what the estimator knows of a table, if it does."""
    return vars(estimator).get("preprocessing_")


def is_table(X: object) -> bool:
    """Whether X has named columns: a data frame of any library, a mapping, or records."""
    if isinstance(X, list):
        return bool(X) and isinstance(X[0], Mapping)
    if hasattr(X, "tocsr"):  # one form of SciPy's is a mapping
        return False
    return hasattr(X, "columns") or hasattr(X, "column_names") or isinstance(X, Mapping)


def _reader(estimator: object, X: object) -> AnyPreprocessing | None:
    """What makes X of a raw table; None where X is no such."""
    return preprocessing_of(estimator) if is_table(X) else None


def _target(estimator: object, X: object) -> AnyTarget | None:
    """The target of the estimator's table, where X is a raw one."""
    preprocessing = _reader(estimator, X)
    return None if preprocessing is None else preprocessing.target


def rows_of(estimator: object, X: ArrayLike) -> ArrayLike:
    """Turn a raw table into X; everything else is X already."""
    preprocessing = _reader(estimator, X)
    return X if preprocessing is None else preprocessing.transform(X)


def learnt_rows(estimator: object, X: ArrayLike, y: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    """Turn a raw table and its target into X and y."""
    target = _target(estimator, X)
    y = y if target is None else target.encode(y, getattr(estimator, "classes_", None))
    return rows_of(estimator, X), y


def in_units(estimator: object, X: ArrayLike, a: Array) -> Array:
    """Return the network's numbers in the units of the target, where X is a raw table."""
    target = _target(estimator, X)
    return a if target is None else target.decode(a)


def truth_of(estimator: object, X: ArrayLike, y: ArrayLike) -> ArrayLike:
    """Return labels beside a raw table as those of the classes that they are."""
    target = _target(estimator, X)
    return y if target is None else target.encode(y, getattr(estimator, "classes_", None))


def refuse_to_learn(estimator: object, X: object) -> None:
    """Raise where ``fit`` is to learn a raw table anew, of which it can make no X."""
    if _reader(estimator, X) is not None:
        raise InvalidInput(
            "fit does not learn how a table becomes X: go on with partial_fit, train anew with "
            "backpass train, or fit a clone of this model to numbers."
        )
