"""Members, and how much each counts: what a tabular estimator has learnt of a table's rows.

Rows are parted once or several times, each time in those that members learn from and those that
choose; the members of a parting are a pack, and an ensemble is the mean of its packs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..data.encoding.table_rows import TableRows
from ..errors import warn
from ..training.checkpoints import RetainedFolder
from ..training.interrupts import HeldInterrupts
from ..training.jobs import threads_for_jobs
from ..training.stop import StopReason
from .choice import average, choose_members
from .cluster import Cluster
from .members.codes import MemberCodes
from .members.joint_members import JointMembers
from .members.member import (
    DTYPE,
    Examples,
    Lesson,
    Member,
    MembersRun,
    ToLearn,
    train_members,
)
from .members.pace import paces
from .members.profiles import MemberSettings
from .members.target_means import TargetMeans
from .metrics import Metric
from .outputs import Outputs
from .partings.spread import LeftOut, smaller_errors
from .time_limit import Deadline, ends_after, epochs_that_fit
from .watch import MembersProgress, Watch

if TYPE_CHECKING:
    from distributed import Client

BLOCK = 1_024  # rows whose answers are averaged together: those of all members stay in the caches
SIDE_BY_SIDE = 3_000_000  # cells of partings that are trained together; each takes some 45 bytes

Cost = Callable[[np.ndarray, np.ndarray | None], Metric]  # the rows' true answers, their weights

# How rows are encoded for all members at once, made where an ensemble first answers.
_JOINT: WeakKeyDictionary[Ensemble, JointMembers] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Parts:
    """A parting of the rows, and the members that it is for.

    Parameters
    ----------
    train, held_out : ToLearn, Examples
        Rows to learn from, and rows that choose each member's epoch and how much it counts; both
        without target means.
    settings : sequence of MemberSettings, or callable
        One for each member; or what makes them of the costs in the first pack, by profile, of which
        there are none for the first.
    aside : Examples, optional
        Rows that neither train nor choose, whose errors tell how far answers are off.
    numbers : ndarray of int, optional
        Which rows choose and then which are aside, among all that are parted.
    elastic : bool
        Whether members may have more or fewer epochs than in their settings, and be fewer, where
        the time is limited.
    """

    train: ToLearn
    held_out: Examples
    settings: Sequence[MemberSettings] | Callable[[Mapping[str, float]], Sequence[MemberSettings]]
    aside: Examples | None = None
    numbers: np.ndarray | None = None
    elastic: bool = False


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
    errors : ndarray of shape (rows, outputs), optional
        Truth less answer of rows that neither trained nor chose.
    """

    means: TargetMeans
    members: list[Member]
    weights: np.ndarray
    costs: np.ndarray
    cost: float
    held_out: int
    errors: np.ndarray | None = None

    def answers(
        self, rows: TableRows, outputs: Outputs, n_threads: int | None = None
    ) -> np.ndarray:
        """Answer rows, which have no target means yet, shape (m, outputs)."""
        rows = rows.with_means(self.means(rows.codes))
        answers = _answers(self.counted, outputs, rows, n_threads)
        return average(answers, self.weights[self.weights > 0])

    @property
    def counted(self) -> list[Member]:
        """The members that have a share."""
        return [member for member, w in zip(self.members, self.weights.tolist()) if w]

    def answers_of(
        self, j: int, rows: TableRows, outputs: Outputs, n_threads: int | None = None
    ) -> np.ndarray:
        """One member's answers to rows, which have no target means yet, shape (m, outputs)."""
        rows = rows.with_means(self.means(rows.codes))
        return _answers([self.members[j]], outputs, rows, n_threads)[0]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The mean of packs, each of which weighs as much as it has members.

    Parameters
    ----------
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    packs : tuple of Pack
        One for each parting.
    interrupted : bool
        Whether Control-C ended its training.
    """

    outputs: Outputs
    packs: tuple[Pack, ...]
    interrupted: bool = False

    @property
    def members(self) -> list[Member]:
        """Those of all packs, one pack after the other."""
        return [member for pack in self.packs for member in pack.members]

    @property
    def weights(self) -> np.ndarray:
        """How much each member counts; they add up to 1."""
        each = zip(self.shares, self.packs)
        return np.concatenate([share * pack.weights for share, pack in each])

    @cached_property
    def shares(self) -> np.ndarray:
        """How much each pack weighs: one with few members, where time ended it, little."""
        sizes = np.array([len(pack.members) for pack in self.packs])
        return sizes / sizes.sum()

    @property
    def costs(self) -> np.ndarray:
        """The metric of each member on the rows that chose."""
        return np.concatenate([pack.costs for pack in self.packs])

    @property
    def cost(self) -> float:
        """The metric on the rows that chose, mean of the packs: better than on any others."""
        return float(self.shares @ [pack.cost for pack in self.packs])

    @property
    def held_out(self) -> int:
        """How many rows chose in a pack, on the mean: more packs vouch for no surer answers.

        On inner splits with 4 packs, 100 · ln of the log loss was lower than with the sum of all by
        0.8 where one class in 43 rows is rare, and 0.1 higher to 0.1 lower on five other tables.
        """
        return round(float(self.shares @ [pack.held_out for pack in self.packs]))

    @property
    def errors(self) -> np.ndarray | None:
        """Errors of rows that neither trained nor chose, shape (rows, outputs).

        Each is that of its own parting's pack, made smaller by as much as packs scatter.
        """
        each = [pack.errors for pack in self.packs if pack.errors is not None]
        return np.concatenate(each) if each else None

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
        if rows.terms is not None:
            each = [pack.answers(rows, self.outputs, n_threads) for pack in self.packs]
            return self.outputs.bounded(average(each, self.shares), self.held_out)
        H = self._joint(rows).outputs(rows, n_threads)
        blocks = [H[:, begin : begin + BLOCK] for begin in range(0, max(len(rows), 1), BLOCK)]
        made = [self._averaged(block) for block in blocks]
        return np.concatenate(made) if len(made) > 1 else made[0]

    def _joint(self, rows: TableRows) -> JointMembers:
        """All members, which encode rows without text at once."""
        joint = _JOINT.get(self)
        if joint is None or joint.numbers != rows.numbers.shape[1]:
            counted = [(pack.means, pack.counted) for pack in self.packs]
            joint = _JOINT[self] = JointMembers(counted, rows.numbers.shape[1])
        return joint

    def _averaged(self, H: np.ndarray) -> np.ndarray:
        """Some rows' answers, shape (m, outputs), of the members' a^(L), (members, m, units)."""
        answers = self.outputs.answers(H.reshape(-1, H.shape[2])).reshape(*H.shape[:2], -1)
        ends = np.cumsum([len(pack.counted) for pack in self.packs])
        weights = [pack.weights[pack.weights > 0] for pack in self.packs]
        parts = zip(np.split(answers, ends[:-1]), weights)
        each = [average(list(part), w) for part, w in parts]
        return self.outputs.bounded(average(each, self.shares), self.held_out)

    def answers_of(self, k: int, rows: TableRows, n_threads: int | None = None) -> np.ndarray:
        """Return what one member, counted over all packs, answers alone, shape (m, outputs)."""
        for pack in self.packs:
            if k < len(pack.members):
                return pack.answers_of(k, rows, self.outputs, n_threads)
            k -= len(pack.members)
        raise IndexError(k)


def fit_ensemble(
    parts: Iterable[Parts],
    outputs: Outputs,
    cost: Cost,
    *,
    n_members: int | None = None,
    deadline: Deadline | None = None,
    n_threads: int | None = None,
    callback: Callable[[MembersProgress], object] | None = None,
    checkpoint: str | os.PathLike[str] | RetainedFolder | None = None,
    every: int = 1,
    client: Client | None = None,
) -> Ensemble:
    """Train members on each parting, and choose among them.

    Parameters
    ----------
    parts : iterable of Parts
        Partings of the rows with their members' settings; they are asked for one by one, so that
        there may be more of them than time.
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    cost : callable
        (true answers, weights) of held-out rows -> the metric by which they choose.
    n_members : int, optional
        Members of all partings, where that is known, for the callback.
    deadline : Deadline, optional
        When it is to be over. Members are then begun in their order while one more is likely to be
        over in time, and those count that are whole, up to the first that is not; none but whole
        ones of later partings. Where no member is, those count that have made an epoch. The same
        call with so many members and no deadline gives the same bits.
    n_threads : int, optional
        At most.
    callback : callable, optional
        Called with a ``MembersProgress`` after every epoch of each member; a true answer stops
        all, and what is there counts.
    checkpoint : path or RetainedFolder, optional
        A folder in which every member keeps its state. The same call goes on from it to the same
        bits, until one is over; of a ``RetainedFolder`` until that is released.
    every : int
        A member's file is written after every so many epochs.
    client : distributed.Client, optional
        Of a Dask cluster, whose workers train the members, to the bits that they have here on the
        same kind of machine. The callback is told of a member, and its file is written, when it is
        over.

    Returns
    -------
    Ensemble
        The same on any number of threads.

    Raises
    ------
    InvalidInput
        If no member's answers are finite, or the checkpoint is of other members.
    ClusterLost
        If the cluster's workers died.
    KeyboardInterrupt
        If it comes before any member has made an epoch. Later, what is there counts, with a
        warning.

    Warns
    -----
    ConvergenceWarning
        If members diverged.

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
    watch = Watch(deadline or Deadline(), n_members, callback)
    folder = checkpoint
    if folder is not None and not isinstance(folder, RetainedFolder):
        folder = RetainedFolder(folder, every)
    cluster = None if client is None else Cluster(client, watch.deadline)
    fit = _Fit(outputs, cost, n_threads, watch, folder, cluster)
    packs, interrupted = fit.packs(parts)
    ensemble = fit.with_errors_of_all(Ensemble(outputs, tuple(packs), interrupted))
    _say(ensemble.members, interrupted)
    if folder is not None and folder is not checkpoint and not (interrupted or watch.stopped):
        folder.release()
    return ensemble


@dataclass(frozen=True, eq=False)
class _Fit:
    """What the packs of an ensemble have in common."""

    outputs: Outputs
    cost: Cost
    n_threads: int | None
    watch: Watch
    folder: RetainedFolder | None
    cluster: Cluster | None
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])

    def packs(self, parts: Iterable[Parts]) -> tuple[list[Pack], bool]:
        """Fit packs while one more fits; and whether Control-C was why they are no more."""
        packs: list[Pack] = []
        reason: StopReason | None = None
        try:
            with HeldInterrupts() as interrupts:
                for group in takewhile(lambda _: self.watch.pack_fits(), self._groups(parts)):
                    ready = [self._ready(each, _asked(each, packs)) for each in group]
                    made, reason = self._trained(ready, len(packs), interrupts)
                    packs += made
                    interrupts.release()
                    if reason is not None or _fewer(made, ready):
                        break  # a pack that has fewer members than usual is the last
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        interrupted = reason is StopReason.INTERRUPTED
        if not packs and interrupted:
            raise KeyboardInterrupt
        return packs, interrupted

    def _groups(self, parts: Iterable[Parts]) -> Iterator[list[Parts]]:
        """Partings whose members are trained side by side, so that no thread waits for a pack.

        The first one's costs decide what the others' members are; and where time decides how many
        there are, one comes after the other.
        """
        each = iter(parts)
        yield from ([one] for one in (each if self.watch.deadline.limited else islice(each, 1)))
        group: list[Parts] = []
        for one in each:
            if group and _cells([*group, one]) > SIDE_BY_SIDE:
                yield group
                group = []
            group.append(one)
        if group:
            yield group

    def _ready(self, parts: Parts, settings: Sequence[MemberSettings]) -> _Ready:
        """A parting with all that its members are trained on."""
        parts = _as_learnt(parts, self.outputs)
        metric = self.cost(self.outputs.answers(parts.held_out.Y), parts.held_out.sample_weight)
        means, train, held_out = _with_means(parts)
        return _Ready(Lesson(train, held_out, metric, settings), means, parts)

    def _trained(
        self, group: list[_Ready], before: int, interrupts: HeldInterrupts
    ) -> tuple[list[Pack], StopReason | None]:
        """The packs that have members which count, and why those are no more.

        Control-C waits while they are chosen from.
        """
        by_time = self.watch.deadline.limited
        elastic = by_time and group[0].parts.elastic and self.folder is None
        if elastic:
            runs = [self._run_in_time(group[0].lesson, later=before > 0)]
        else:
            runs = self._runs([each.lesson for each in group], before)
        interrupts.hold()
        counted = [_that_count(run, by_time, later=before > 0) for run in runs]
        packs = [self._chosen(*each) for each in zip(group, counted) if each[1]]
        return packs, runs[0].stop_reason

    def _runs(self, lessons: list[Lesson], before: int) -> list[MembersRun]:
        """What a training of all members leaves."""
        return train_members(
            lessons,
            self.outputs,
            n_threads=self.n_threads,
            callback=self.watch.report if self.watch.needed else None,
            folder=None if self.folder is None else self.folder.part(f"pack-{before:03d}"),
            queue=partial(self.watch.queue, members=sum(len(each.settings) for each in lessons)),
            elsewhere=self.cluster,
        )

    def _run_in_time(self, lesson: Lesson, later: bool) -> MembersRun:
        """Train as many members, and for as many epochs, as the time will hold.

        Where they were over sooner than a trial let expect, the others of the pack follow.
        """
        self.watch.planned, waiting, run = True, list(lesson.settings), MembersRun([], 0, None)
        threads = threads_for_jobs(self.n_threads) if self.cluster is None else self.cluster.threads
        found = paces(lesson.train, waiting, self.outputs, self.n_threads)
        while waiting:
            left, usual = self.watch.deadline.left_to_train(), [each.max_epochs for each in waiting]
            epochs = epochs_that_fit(found, usual, left, threads, later or bool(run.members))
            some = [replace(each, max_epochs=n) for each, n in zip(waiting, epochs)]
            if not some:
                break
            started = self.watch.deadline.elapsed()
            [more] = self._runs([replace(lesson, settings=some)], before=0)
            run = run.followed_by(more)
            if more.stop_reason is not None or more.whole < len(some):
                break
            made = [member.result.epochs for member in more.members]
            expected = ends_after(found[: len(made)], made, threads)
            slower = (self.watch.deadline.elapsed() - started) / expected
            found = [pace.times(slower) for pace in found[len(some) :]]
            waiting = waiting[len(some) :]
        return run

    def _errors(self, pack: Pack, parts: Parts, aside: Examples) -> np.ndarray:
        """Errors of rows aside; all answers to rows that it has not learned from are noted."""
        answers = np.concatenate(
            [
                pack.answers(each.rows, self.outputs, self.n_threads)
                for each in (parts.held_out, aside)
            ]
        )
        if parts.numbers is not None:
            self.left_out.append(LeftOut(parts.numbers, answers))
        return self.outputs.answers(aside.Y) - answers[len(parts.held_out.Y) :]

    def with_errors_of_all(self, ensemble: Ensemble) -> Ensemble:
        """The errors as those of the mean of the packs."""
        errors = ensemble.errors
        if errors is None:
            return ensemble
        smaller = smaller_errors(errors, self.left_out, ensemble.shares)
        packs = (
            pack if pack.errors is None else replace(pack, errors=smaller * pack.errors)
            for pack in ensemble.packs
        )
        return replace(ensemble, packs=tuple(packs))

    def _chosen(self, ready: _Ready, members: list[Member]) -> Pack:
        """The choice among members, of which none counts that diverged, if others are there."""
        held_out, metric = ready.lesson.held_out, ready.lesson.metric
        answers = _answers(members, self.outputs, held_out.rows, self.n_threads)
        sound = [j for j, each in enumerate(members) if not each.diverged]
        sound = sound or list(range(len(members)))
        weights = np.zeros(len(members))
        weights[sound] = choose_members([answers[j] for j in sound], metric)
        costs = np.array([metric(each) for each in answers])
        cost = metric(average(answers, weights))
        pack = Pack(ready.means, members, weights, costs, cost, len(held_out.Y))
        if ready.parts.aside is None:
            return pack
        return replace(pack, errors=self._errors(pack, ready.parts, ready.parts.aside))


@dataclass(frozen=True, eq=False)
class _Ready:
    """A parting whose members can be trained."""

    lesson: Lesson
    means: TargetMeans
    parts: Parts  # as they were before the means


def _fewer(made: list[Pack], ready: list[_Ready]) -> bool:
    """Whether packs have fewer members than were asked for."""
    asked = sum(len(each.lesson.settings) for each in ready)
    return sum(len(pack.members) for pack in made) < asked


def _cells(parts: list[Parts]) -> int:
    """Cells of all rows of the partings that are in memory."""
    both = [each.rows for part in parts for each in (part.train.at_hand, part.held_out)]
    return sum(len(rows) * (rows.numbers.shape[1] + rows.codes.shape[1]) for rows in both)


def _as_learnt(parts: Parts, outputs: Outputs) -> Parts:
    """Examples whose targets are what members learn."""
    each = {
        name: examples.learnt(outputs)
        for name in ("train", "held_out", "aside")
        if (examples := getattr(parts, name)) is not None
    }
    return replace(parts, **each)


def _asked(parts: Parts, packs: list[Pack]) -> Sequence[MemberSettings]:
    """What the members of the next pack are asked for."""
    if not callable(parts.settings):
        return parts.settings
    costs: dict[str, float] = {}
    if packs:
        names = [member.settings.profile for member in packs[0].members]
        costs = dict(zip(names, packs[0].costs.tolist()))
    return parts.settings(costs)


def _with_means(parts: Parts) -> tuple[TargetMeans, ToLearn, Examples]:
    """The training rows' target means, and both parts with them."""
    means, train = parts.train.with_means()
    rows = parts.held_out.rows
    return means, train, replace(parts.held_out, rows=rows.with_means(means(rows.codes)))


def _that_count(run: MembersRun, by_time: bool, later: bool) -> list[Member]:
    """The members that are whole; of the first parting, where none is, all that began.

    Where time ended them, up to the first that is not: so many can be asked for again.
    """
    in_a_row, each_whole = run.members[: run.whole], [m for m in run.members if m.whole]
    whole = in_a_row if by_time else each_whole
    return whole if whole or later else run.members


def _say(members: list[Member], interrupted: bool) -> None:
    """Warn of what happened to members."""
    diverged = sum(each.diverged for each in members)
    if diverged:
        kept = "so they do not count" if diverged < len(members) else "so their best epochs count"
        warn(f"{diverged} of {len(members)} members diverged, {kept}.", ConvergenceWarning)
    if interrupted:
        warn(f"Interrupted by user: the ensemble has {len(members)} of its members.")


def _answers(
    members: list[Member], outputs: Outputs, rows: TableRows, n_threads: int | None
) -> list[np.ndarray]:
    """Each member's answers; rows are encoded once for those that share their codes."""
    encoded = {codes: codes.encode(rows, DTYPE) for codes in _distinct(members)}
    return [outputs.answers(each.outputs(encoded[each.codes], n_threads)) for each in members]


def _distinct(members: list[Member]) -> list[MemberCodes]:
    return list(dict.fromkeys(member.codes for member in members))
