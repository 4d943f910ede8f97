"""Members, and how much each counts: what a tabular estimator has learnt of a table's rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..training.monitor import Progress
from .choice import average, choose_members
from .members.codes import MemberCodes
from .members.member import DTYPE, Examples, Member, train_members
from .members.profiles import MemberSettings
from .members.target_means import TargetMeans, fit_target_means
from .metrics import Metric
from .outputs import Outputs
from .table_rows import TableRows


@dataclass(frozen=True, eq=False)
class Ensemble:
    """An average of members.

    Parameters
    ----------
    means : TargetMeans
        Numbers that are added to the rows before any member reads them.
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    members : list of Member
        All that were trained.
    weights : ndarray of shape (members,)
        How much each counts; they add up to 1.
    held_out : int
        How many rows chose.
    cost : float
        The metric of the average on those: better than on any others.
    """

    means: TargetMeans
    outputs: Outputs
    members: list[Member]
    weights: np.ndarray
    held_out: int
    cost: float

    def answers(self, rows: TableRows, n_threads: int | None = None) -> np.ndarray:
        """Answer rows, which have no target means yet.

        Parameters
        ----------
        rows : TableRows of m rows
            With the columns of the training rows.
        n_threads : int, optional
            At most.

        Returns
        -------
        ndarray of shape (m, outputs), float64
            Probabilities, or deviations of numbers from the mean.
        """
        rows = rows.with_numbers(self.means(rows.codes))
        counted = np.flatnonzero(self.weights).tolist()
        members = [self.members[j] for j in counted]
        answers = _answers(members, self.outputs, rows, n_threads)
        return self.outputs.bounded(average(answers, self.weights[counted]), self.held_out)


def fit_ensemble(
    train: Examples,
    held_out: Examples,
    outputs: Outputs,
    metric: Metric,
    settings: Sequence[MemberSettings],
    *,
    n_threads: int | None = None,
    callback: Callable[[Progress], object] | None = None,
) -> Ensemble:
    """Train members and choose among them.

    Parameters
    ----------
    train, held_out : Examples
        Rows to learn from, and rows that choose each member's epoch and how much it counts; both
        without target means.
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    metric : callable
        The cost of answers to the held-out rows.
    settings : sequence of MemberSettings
        One for each member.
    n_threads : int, optional
        At most.
    callback : callable, optional
        Called after every epoch of each member; a true answer stops all.

    Returns
    -------
    Ensemble
        The same on any number of threads.

    Raises
    ------
    InvalidInput
        If no column of the training rows varies, or no member's answers are finite.

    Examples
    --------
    >>> from backpass.tabular.metrics import squared_error
    >>> from backpass.tabular.outputs import NumberOutputs
    >>> from backpass.tabular.members.profiles import draw_settings
    >>> x = np.random.default_rng(0).uniform(-2, 2, (300, 1))
    >>> rows = TableRows(x, np.empty((300, 0), np.int32), ())
    >>> outputs = NumberOutputs.of(np.abs(x[:240]))
    >>> Y = outputs.targets(np.abs(x))
    >>> train = Examples(rows.take(slice(240)), Y[:240])
    >>> held_out = Examples(rows.take(slice(240, 300)), Y[240:])
    >>> settings = [draw_settings(j, m=240, seed=0) for j in range(2)]
    >>> ensemble = fit_ensemble(train, held_out, outputs, squared_error(Y[240:]), settings)
    >>> new = TableRows(np.array([[-1.0], [1.5]]), np.empty((2, 0), np.int32), ())
    >>> outputs.numbers(ensemble.answers(new)).round(1).ravel()
    array([1. , 1.5])
    """
    codes, levels = train.rows.codes, train.rows.levels
    means, of_training_rows = fit_target_means(codes, levels, train.Y)
    train = replace(train, rows=train.rows.with_numbers(of_training_rows))
    more = means(held_out.rows.codes)
    held_out = replace(held_out, rows=held_out.rows.with_numbers(more))
    members = train_members(
        train, held_out, outputs, metric, settings, n_threads=n_threads, callback=callback
    )
    answers = _answers(members, outputs, held_out.rows, n_threads)
    weights = choose_members(answers, metric)
    cost = metric(average(answers, weights))
    return Ensemble(means, outputs, members, weights, len(held_out.Y), cost)


def _answers(
    members: list[Member], outputs: Outputs, rows: TableRows, n_threads: int | None
) -> list[np.ndarray]:
    """Each member's answers; rows are encoded once for those that share their codes."""
    encoded = {codes: codes.encode(rows, DTYPE) for codes in _distinct(members)}
    return [outputs.answers(each.outputs(encoded[each.codes], n_threads)) for each in members]


def _distinct(members: list[Member]) -> list[MemberCodes]:
    return list(dict.fromkeys(member.codes for member in members))
