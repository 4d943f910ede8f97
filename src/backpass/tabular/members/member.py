"""A member: one network on a table's rows in its own codes, and the training of several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeAlias, cast

import numpy as np

from ... import engine
from ...data.encoding.table_rows import TableRows
from ...errors import warn
from ...network import Network
from ...solvers.muon import Muon
from ...training.checkpoints import RetainedFolder
from ...training.job_pool import JobPool, LargestFirst, Queue, Work
from ...training.jobs import (
    BLOWN_UP,
    Elsewhere,
    Job,
    JobResult,
    Score,
    Source,
    run_jobs,
    threads_for_jobs,
)
from ...training.monitor import Progress
from ...training.stop import StopReason
from ..metrics import Metric
from ..outputs import Outputs
from .codes import MemberCodes, MemberRows, fit_codes
from .later_rows import LaterRows
from .profiles import WARM_UP, MemberSettings
from .target_means import TargetMeans, fit_target_means

DTYPE = np.float32  # of all arithmetic
FIT_ROWS = 100_000  # on which codes are fitted: of more rows the quantiles are hardly others
ENCODED_AT_ONCE = 3_000_000  # cells, 36 MB of encoded rows

# Inputs, targets and weights, as a job takes them; a source brings the others along.
Learnt: TypeAlias = tuple[MemberRows | Source, np.ndarray | None, np.ndarray | None]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows with their targets.

    Parameters
    ----------
    rows : TableRows of m rows
        With target means among its numbers, where there are any.
    Y : ndarray of shape (m, units)
        As the network learns them.
    sample_weight : ndarray of shape (m,), optional
        w ≥ 0.
    """

    rows: TableRows
    Y: np.ndarray
    sample_weight: np.ndarray | None = None

    @property
    def m(self) -> int:
        """How many."""
        return len(self.rows)

    @property
    def at_hand(self) -> Examples:
        """Those that are in memory: all."""
        return self

    @property
    def reading(self) -> float:
        """Seconds that a pass over them takes: nothing has to be read."""
        return 0.0

    def learnt(self, outputs: Outputs) -> Examples:
        """The same rows with targets as members learn them."""
        return replace(self, Y=outputs.learnt(self.Y))

    def with_means(self) -> tuple[TargetMeans, Examples]:
        """Target means of other rows, and these rows with those of the other folds."""
        rows = self.rows
        means, of_these = fit_target_means(rows.codes, rows.levels, self.Y)
        return means, replace(self, rows=rows.with_means(of_these))

    def given_to(self, codes: MemberCodes) -> Learnt:
        """What a member's training reads, in its codes; of many rows only when it begins."""
        rows, Y, weight = self.rows, self.Y, self.sample_weight
        if rows.numbers.size + rows.codes.size > ENCODED_AT_ONCE:
            return LaterRows(rows, Y, weight, codes, np.dtype(DTYPE)), None, None
        return self.encoded(codes)

    def encoded(self, codes: MemberCodes) -> tuple[MemberRows, np.ndarray, np.ndarray | None]:
        """Inputs, targets and weights in a member's codes."""
        return codes.encode(self.rows, DTYPE), self.Y.astype(DTYPE), self.sample_weight

    def some(self, rows: np.ndarray) -> Examples:
        """Some of them."""
        weight = self.sample_weight
        return Examples(
            self.rows.take(rows), self.Y[rows], None if weight is None else weight[rows]
        )


class ToLearn(Protocol):
    """Rows to learn from, wherever they are."""

    @property
    def m(self) -> int:
        """How many."""
        ...

    @property
    def at_hand(self) -> Examples:
        """Those that are in memory: all, or a sample."""
        ...

    @property
    def reading(self) -> float:
        """Seconds that a pass over those takes which are not in memory; else 0."""
        ...

    def learnt(self, outputs: Outputs) -> ToLearn:
        """The same rows with targets as members learn them."""
        ...

    def with_means(self) -> tuple[TargetMeans, ToLearn]:
        """Target means of other rows, and these rows with those of the other folds."""
        ...

    def given_to(self, codes: MemberCodes) -> Learnt:
        """What a member's training reads, in its codes."""
        ...


@dataclass(frozen=True, eq=False)
class Member:
    """A network of the notes, with the codes in front of it and how it was trained.

    Parameters
    ----------
    settings : MemberSettings
        What it was asked for.
    codes : MemberCodes
        From a table's rows to its first layer; members with as many bins share them.
    net : Network
        Its sizes, activations and loss.
    theta : ndarray of shape (n,), float32, or None
        θ of the best epoch; None of one without a share that comes from a model file.
    result : JobResult
        How it was trained: epochs, why it stopped, its curves. Its scores are minus the metric.
    """

    settings: MemberSettings
    codes: MemberCodes
    net: Network
    theta: np.ndarray | None
    result: JobResult

    @property
    def whole(self) -> bool:
        """Whether it was trained until it was over, not until something stopped it."""
        return _whole(self.settings, self.result)

    @property
    def diverged(self) -> bool:
        """Whether its numbers grew beyond all bounds."""
        return self.result.reason in BLOWN_UP

    def outputs(self, X: MemberRows, n_threads: int | None = None) -> np.ndarray:
        """Return a^(L) of rows that ``codes`` has encoded, shape (m, units)."""
        return engine.forward(self.net, self.theta, X, n_threads=n_threads)


@dataclass(frozen=True, eq=False)
class MembersRun:
    """Members as a training left them.

    Parameters
    ----------
    members : list of Member
        In the order of their settings, those left out that were stopped before their first epoch.
    whole : int
        How many of the first ones are whole, up to the first that is not.
    stop_reason : StopReason or None
        Why not all are over: the callback, or Control-C.
    """

    members: list[Member]
    whole: int
    stop_reason: StopReason | None

    def followed_by(self, other: MembersRun) -> MembersRun:
        """Return all members, where those of the other run come after whole ones."""
        members = [*self.members, *other.members]
        return MembersRun(members, self.whole + other.whole, other.stop_reason)


@dataclass(frozen=True, eq=False)
class MetricScore:
    """Minus what a network's answers to the held-out rows cost.

    Parameters
    ----------
    metric : callable
        Answers -> their cost.
    outputs : ClassOutputs or NumberOutputs
        What makes answers of a^(L).
    """

    metric: Metric
    outputs: Outputs

    @property
    def name(self) -> str:
        """The metric's, by which a checkpoint tells two of them apart."""
        named = getattr(self.metric, "__qualname__", type(self.metric).__qualname__)
        return str(named).partition(".")[0]

    def __call__(self, Y: np.ndarray, H: np.ndarray) -> float:
        """Score a^(L) of the held-out rows, whose true answers the metric knows."""
        return -self.metric(self.outputs.answers(H))


@dataclass(frozen=True, eq=False)
class Lesson:
    """Members that are trained on the same rows.

    Parameters
    ----------
    train : ToLearn
        Rows to learn from; the codes are fitted on them, or on a sample.
    held_out : Examples
        Rows on which the best epoch is chosen.
    metric : callable
        The cost of answers to the held-out rows.
    settings : sequence of MemberSettings
        One for each member.
    """

    train: ToLearn
    held_out: Examples
    metric: Metric
    settings: Sequence[MemberSettings]


def train_members(
    lessons: Sequence[Lesson],
    outputs: Outputs,
    *,
    n_threads: int | None = None,
    callback: Callable[[Progress], object] | None = None,
    folder: RetainedFolder | None = None,
    queue: Callable[[Mapping[int, Work]], Queue] = LargestFirst,
    elsewhere: Elsewhere | None = None,
) -> list[MembersRun]:
    """Train members side by side, each on a thread of its own.

    Each steps by Muon on its hidden matrices and by AdamW on the rest, through a linear warm-up and
    half a cosine, until the metric on held-out rows has not improved for ``patience`` epochs. λ in
    J is 0; the decay is the optimiser's. A member's bits are those that it has alone, whatever the
    number of threads.

    Parameters
    ----------
    lessons : sequence of Lesson
        Members and their rows.
    outputs : ClassOutputs or NumberOutputs
        What the last layer is.
    n_threads : int, optional
        Members that are trained at the same time at most.
    callback : callable, optional
        Called after every epoch of each; a true answer stops all, as Control-C does.
    folder : RetainedFolder, optional
        Where every member keeps its state; the same call goes on from there to the same bits, and
        trains none again that is over, until the folder is released.
    queue : callable
        The members that are not over, by their places among all -> in which order they are begun.
    elsewhere : Elsewhere, optional
        Other machines, which train them instead.

    Returns
    -------
    list of MembersRun
        One for each lesson.

    Raises
    ------
    InvalidInput
        If the folder holds other members.
    Exception
        Whatever the metric raises, once no thread is left.
    """
    forms = [_forms(each, n_threads) for each in lessons]
    jobs = [
        _job(settings, outputs, forms_[settings.bins], MetricScore(each.metric, outputs))
        for each, forms_ in zip(lessons, forms)
        for settings in each.settings
    ]
    run = run_jobs(
        jobs,
        n_threads=n_threads,
        callback=callback,
        folder=folder,
        queue=queue,
        elsewhere=elsewhere,
    )
    _say(run.pool)
    trained = iter(zip(jobs, run.results))
    return [
        _run_of(each, forms_, list(islice(trained, len(each.settings))), run.pool.stop_reason)
        for each, forms_ in zip(lessons, forms)
    ]


def _run_of(
    lesson: Lesson,
    forms: dict[int, _Form],
    trained: list[tuple[Job, JobResult]],
    stop_reason: StopReason | None,
) -> MembersRun:
    """What came of a lesson."""
    members = [
        Member(settings, forms[settings.bins].codes, job.net, result.theta, result)
        for settings, (job, result) in zip(lesson.settings, trained)
        if result.epochs or result.finished
    ]
    whole = [_whole(settings, each) for settings, (_, each) in zip(lesson.settings, trained)]
    return MembersRun(members, [*whole, False].index(False), stop_reason)


def _whole(settings: MemberSettings, result: JobResult) -> bool:
    """Whether there is nothing left to do, also where it was stopped after its last epoch."""
    return result.finished or result.epochs == settings.max_epochs


def _say(pool: JobPool) -> None:
    """Raise the first of what went wrong, and say each thing once, whichever members met it."""
    for _, error in sorted(pool.failures.items())[:1]:
        raise error
    met = [said for _, collected in sorted(pool.warnings.items()) for said in collected]
    for message, category in dict.fromkeys(met):
        warn(message, category)


@dataclass(frozen=True, eq=False)
class _Form:
    """The rows as members with so many bins share them: inputs, targets, weights."""

    codes: MemberCodes
    learnt: Learnt
    judged: tuple[MemberRows, np.ndarray, np.ndarray | None]

    @classmethod
    def of(cls, train: ToLearn, held_out: Examples, bins: int) -> _Form:
        rows = train.at_hand.rows
        if len(rows) > FIT_ROWS:
            rows = rows.take(np.linspace(0, len(rows) - 1, FIT_ROWS).astype(int))
        codes = fit_codes(rows, bins)
        return cls(codes, train.given_to(codes), held_out.encoded(codes))


def _forms(lesson: Lesson, n_threads: int | None) -> dict[int, _Form]:
    """Each form that members need, made side by side."""
    needed = sorted({each.bins for each in lesson.settings})
    with ThreadPoolExecutor(threads_for_jobs(n_threads)) as threads:
        made = {b: threads.submit(_Form.of, lesson.train, lesson.held_out, b) for b in needed}
    return {bins: form.result() for bins, form in made.items()}


def _job(settings: MemberSettings, outputs: Outputs, form: _Form, score: Score) -> Job:
    """A member's training."""
    X, Y, weight = form.learnt
    _, inputs = cast(tuple[int, int], X.shape)
    rule = Muon(
        weight_decay=settings.weight_decay, ratio=settings.matrix_rate / settings.learning_rate
    )
    return Job(
        Network((inputs, *settings.hidden, outputs.units), settings.activation, outputs.loss),
        X,
        Y,
        sample_weight=weight,
        seed=settings.seed,
        validation=form.judged,
        score=score,
        solver=rule,
        learning_rate=settings.learning_rate,
        schedule="cosine",
        warm_up=WARM_UP,
        batch_size=settings.batch_size,
        max_epochs=settings.max_epochs,
        tol=0.0,
        n_iter_no_change=settings.patience,
        dropout=settings.dropout,
    )
