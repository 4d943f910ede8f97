"""What is answered on the mean where all rows have the same cell in a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...data.raw import Moments, Numbers, RawColumn, Texts
from .importances import Columns

Answers = Callable[[Columns], np.ndarray]  # to rows of these columns, shape (m,)

POINTS, LEVELS = 20, 12
PERCENTILES = (0.05, 0.95)  # of scikit-learn: what few rows have tells little of the others


@dataclass(frozen=True, eq=False)
class Dependence:
    """Mean answers by the cell of a column.

    Parameters
    ----------
    column : str
        Of the table.
    cells : ndarray of shape (points,)
        Numbers or moments, ascending; or texts, the most frequent first.
    answers : ndarray of shape (points,)
        The mean of what is answered to all rows with that cell.
    """

    column: str
    cells: np.ndarray
    answers: np.ndarray


def partial_dependence(answers: Answers, columns: Columns, name: str) -> Dependence:
    """Ask for the mean answer by the cell of one column, the others as they are [1]_.

    Parameters
    ----------
    answers : callable
        Takes columns and returns an answer to each row, shape (m,).
    columns : mapping from str to Numbers, Texts or Moments of m cells
        The rows.
    name : str
        The column: of numbers and moments at most 20 cells from the 5th percentile to the 95th are
        asked for, as far apart in rows; of texts the 12 that are most frequent.

    Returns
    -------
    Dependence

    References
    ----------
    .. [1] J. H. Friedman, "Greedy function approximation: a gradient boosting machine", The Annals
       of Statistics 29, 2001.

    Examples
    --------
    >>> columns = {"x": Numbers(np.array([1.0, 2.0, 4.0])), "b": Numbers(np.array([0.0, 3.0, 3.0]))}
    >>> found = partial_dependence(
    ...     lambda columns: columns["x"].values + columns["b"].values, columns, "x"
    ... )
    >>> found.cells, found.answers
    (array([1., 2., 4.]), array([3., 4., 6.]))
    """
    cells = columns[name]
    shown, constant = _grid(cells)
    means = [float(np.mean(answers({**columns, name: each}))) for each in constant]
    return Dependence(name, shown, np.array(means))


def _grid(cells: RawColumn) -> tuple[np.ndarray, list[RawColumn]]:
    """Cells to ask for, and the column where every row has each of them."""
    m = len(cells)
    if isinstance(cells, Texts):
        codes = _most_frequent(cells)
        shown = np.array([cells.vocabulary[code] for code in codes], dtype=object)
        return shown, [replace(cells, codes=np.full_like(cells.codes, code)) for code in codes]
    assert isinstance(cells, Numbers | Moments)
    values = _spread(cells.values[~cells.gaps])
    return values, [type(cells)(np.full(m, value, values.dtype)) for value in values]


def _most_frequent(cells: Texts) -> list[int]:
    order = np.argsort(-cells.counts, kind="stable")[:LEVELS]
    return [int(code) for code in order if cells.counts[code]]


def _spread(values: np.ndarray) -> np.ndarray:
    """Distinct values where they are few; else some that as many rows lie between."""
    distinct = np.unique(values)
    if len(distinct) <= POINTS:
        return distinct
    places = np.linspace(*PERCENTILES, POINTS) * (len(values) - 1)
    return np.unique(np.sort(values)[places.round().astype(int)])
