"""Members, and how much each counts: what a tabular estimator has learnt of a table's rows.

Rows are parted once or several times, each time in those that members learn from and those that
choose; the members of a parting are a pack, and an ensemble is the mean of its packs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.encoding.table_rows import TableRows
from ..training.monitor import Progress
from .choice import average, choose_members
from .members.codes import MemberCodes
from .members.member import DTYPE, Examples, Member, train_members
from .members.profiles import MemberSettings
from .members.target_means import TargetMeans, fit_target_means
from .metrics import Metric
from .outputs import Outputs

Cost = Callable[[np.ndarray, np.ndarray | None], Metric]  # the rows' true answers, their weights


@dataclass(frozen=True, eq=False)
class Parts:
    """A parting of the rows, and the members that it is for.

    Parameters
    ----------
    train, held_out : Examples
        Rows to learn from, and rows that choose each member's epoch and how much it counts; both
        without target means.
    settings : sequence of MemberSettings
        One for each member.
    """

    train: Examples
    held_out: Examples
    settings: Sequence[MemberSettings]


@dataclass(frozen=True, eq=False)
class Pack:
    """An average of the members of one parting.

    Parameters
    ----------
    means : TargetMeans
        Numbers that are added to the rows before any member reads them.
    members : list of Member
        All that were trained.
    weights : ndarray of shape (members,)
        How much each counts; they add up to 1.
    costs : ndarray of shape (members,)
        The metric of each on the rows that chose.
    cost : float
        The metric of the average on those: better than on any others.
    held_out : int
        How many rows chose.
    """

    means: TargetMeans
    members: list[Member]
    weights: np.ndarray
    costs: np.ndarray
    cost: float
    held_out: int

    def answers(
        self, rows: TableRows, outputs: Outputs, n_threads: int | None = None
    ) -> np.ndarray:
        """Answer rows, which have no target means yet, shape (m, outputs)."""
        counted = np.flatnonzero(self.weights).tolist()
        members = [self.members[j] for j in counted]
        rows = rows.with_numbers(self.means(rows.codes))
        return average(_answers(members, outputs, rows, n_threads), self.weights[counted])


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The mean of packs.

    Parameters
    ----------
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    packs : tuple of Pack
        One for each parting.
    """

    outputs: Outputs
    packs: tuple[Pack, ...]

    @property
    def members(self) -> list[Member]:
        """Those of all packs, one pack after the other."""
        return [member for pack in self.packs for member in pack.members]

    @property
    def weights(self) -> np.ndarray:
        """How much each member counts; they add up to 1."""
        return np.concatenate([pack.weights for pack in self.packs]) / len(self.packs)

    @property
    def costs(self) -> np.ndarray:
        """The metric of each member on the rows that chose."""
        return np.concatenate([pack.costs for pack in self.packs])

    @property
    def cost(self) -> float:
        """The metric on the rows that chose, mean of the packs: better than on any others."""
        return float(np.mean([pack.cost for pack in self.packs]))

    @property
    def held_out(self) -> int:
        """How many rows chose, in all packs."""
        return sum(pack.held_out for pack in self.packs)

    def answers(self, rows: TableRows, n_threads: int | None = None) -> np.ndarray:
        """Answer rows.

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
        each = [pack.answers(rows, self.outputs, n_threads) for pack in self.packs]
        return self.outputs.bounded(np.mean(each, axis=0), self.held_out)


def fit_ensemble(
    parts: Sequence[Parts],
    outputs: Outputs,
    cost: Cost,
    *,
    n_threads: int | None = None,
    callback: Callable[[Progress], object] | None = None,
) -> Ensemble:
    """Train members on each parting, and choose among them.

    Parameters
    ----------
    parts : sequence of Parts
        Partings of the rows with their members' settings.
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    cost : callable
        (true answers, weights) of held-out rows -> the metric by which they choose.
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
        If no member's answers are finite.

    Examples
    --------
    >>> from backpass.tabular.members.profiles import draw_settings
    >>> from backpass.tabular.metrics import squared_error
    >>> from backpass.tabular.outputs import NumberOutputs
    >>> x = np.random.default_rng(0).uniform(-2, 2, (300, 1))
    >>> rows = TableRows(x, np.empty((300, 0), np.int32), ())
    >>> outputs = NumberOutputs.of(np.abs(x[:240]))
    >>> Y = outputs.targets(np.abs(x))
    >>> train = Examples(rows.take(slice(240)), Y[:240])
    >>> held_out = Examples(rows.take(slice(240, 300)), Y[240:])
    >>> settings = [draw_settings(j, m=240, seed=0) for j in range(2)]
    >>> ensemble = fit_ensemble([Parts(train, held_out, settings)], outputs, squared_error)
    >>> new = TableRows(np.array([[-1.0], [1.5]]), np.empty((2, 0), np.int32), ())
    >>> outputs.numbers(ensemble.answers(new)).round(1).ravel()
    array([1. , 1.5])
    """
    packs = [_fit_pack(each, outputs, cost, n_threads, callback) for each in parts]
    return Ensemble(outputs, tuple(packs))


def _fit_pack(
    parts: Parts,
    outputs: Outputs,
    cost: Cost,
    n_threads: int | None,
    callback: Callable[[Progress], object] | None,
) -> Pack:
    """The members of one parting."""
    train, held_out = parts.train, parts.held_out
    metric = cost(outputs.answers(held_out.Y), held_out.sample_weight)
    codes, levels = train.rows.codes, train.rows.levels
    means, of_training_rows = fit_target_means(codes, levels, train.Y)
    train = replace(train, rows=train.rows.with_numbers(of_training_rows))
    more = means(held_out.rows.codes)
    held_out = replace(held_out, rows=held_out.rows.with_numbers(more))
    members = train_members(
        train, held_out, outputs, metric, parts.settings, n_threads=n_threads, callback=callback
    )
    answers = _answers(members, outputs, held_out.rows, n_threads)
    weights = choose_members(answers, metric)
    costs = np.array([metric(each) for each in answers])
    return Pack(means, members, weights, costs, metric(average(answers, weights)), len(held_out.Y))


def _answers(
    members: list[Member], outputs: Outputs, rows: TableRows, n_threads: int | None
) -> list[np.ndarray]:
    """Each member's answers; rows are encoded once for those that share their codes."""
    encoded = {codes: codes.encode(rows, DTYPE) for codes in _distinct(members)}
    return [outputs.answers(each.outputs(encoded[each.codes], n_threads)) for each in members]


def _distinct(members: list[Member]) -> list[MemberCodes]:
    return list(dict.fromkeys(member.codes for member in members))
