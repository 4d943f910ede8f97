"""Many unlike networks at once: a list of jobs, one a thread, and what came of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .. import engine
from ..arrays import Array, ArrayLike, State, as_vector, like, numbers_of
from ..engine.encoding import CODE, EncodedRows, RowEncoder
from ..engine.native import default_threads
from ..engine.thread_limit import bounded
from ..errors import InvalidInput, JobFailed, listed, warn
from ..initialise import init_theta
from ..network import Network
from ..solvers.muon import Muon
from ..solvers.registry import ALL_RULES, FULL_BATCH
from ..storage.fingerprints import fingerprint
from .checkpoints import RetainedCheckpoint, RetainedFolder, run_identity, said_once
from .early_stopping import EarlyStopping, best_theta
from .full_batch import FullBatchOptions
from .job_pool import Callback, JobPool, LargestFirst, Queue, Reporter, Work
from .matrices import with_matrices
from .mini_batch import MiniBatchOptions
from .monitor import Monitor, Progress, Training, Validate, validation
from .restarts import FROM_OUTSIDE, Restarts
from .schedules import SCHEDULES, Schedule
from .state import Curve, History, TrainingState, start
from .stop import StopReason

Options: TypeAlias = MiniBatchOptions | FullBatchOptions
Score = Callable[[Array, Array], float]


@runtime_checkable
class Source(Protocol):
    """Rows with targets and weights that a job reads anew in every epoch, wherever they are."""

    @property
    def dtype(self) -> np.dtype:
        """Of all arithmetic on them."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        ...

    @property
    def layout(self) -> list[tuple[int, int, int, int, int]] | None:
        """As of encoded rows; None of others."""
        ...

    def problem(self, net: Network, stopped: Callable[[], bool]) -> engine.Problem:
        """Bind a network to them; an epoch breaks off, as by Control-C, where it is stopped."""
        ...

    def fingerprint(self) -> str:
        """Hash everything that is in them."""
        ...


STOPPED = FROM_OUTSIDE | {StopReason.JOB_FAILED}  # which go on when they are resumed
BLOWN_UP = (StopReason.DIVERGED, StopReason.NOT_FINITE)


@dataclass(frozen=True, eq=False)
class Job:
    """One network and everything that its training depends on, for ``train_jobs``.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    X : array-like, CSR matrix or encoded rows of shape (m, s_1), a table, or a source
        Inputs. Floats are used where they are, so that jobs can share them; their dtype is that of
        the arithmetic. With an encoder, a table's numbers and categories' codes. A source is read
        in every epoch, and brings targets and weights along; λ is 0 then.
    Y : array-like of shape (m, s_L), or None
        Targets, one-hot for classes; None of a source.
    lam : float
        λ, the weight decay that is a part of J.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0.
    encoder : RowEncoder, optional
        How the columns of X, and of the validation rows, become the s_1 inputs. It is applied when
        the job begins, so that jobs can share a table and each read it in its own way.
    theta : array of shape (n,), optional
        Where to start; ``init_theta(net, seed, "glorot")`` where not given.
    seed : int
        What the start, the order of the rows and the dropout masks are drawn from.
    validation : tuple (X, Y) or (X, Y, sample_weight), optional
        Rows to validate on. With them the training stops by the validation score, and its θ is that
        of the best epoch; without them it stops by J, and its θ is the last.
    score : callable (Y, H) -> float, optional
        The validation score, the higher the better, of the validation targets and the network's
        answers a^(L), both of shape (m, s_L). Minus the mean loss where not given.
    solver : str or an update rule
        One of "gd", "momentum", "nesterov", "adam", "adamw", "muon" on mini-batches; "lbfgs", "cg"
        or "newton" on all rows; or an object such as ``Muon(ratio=15)`` or of your own, with
        ``init`` and ``step`` as those have them, which several threads may call at a time.
    learning_rate : float
        α, of a rule on mini-batches; muon's hidden matrices have ``ratio`` times α.
    schedule : {"constant", "invscaling", "adaptive", "cosine", "one_cycle"}
        How α changes; cosine and one_cycle end with the last epoch.
    warm_up : float
        Part of cosine's steps in which α first rises linearly from 0, at least 0 and below 1.
    batch_size : int
        Rows of a mini-batch; all rows where there are fewer.
    max_epochs : int
        Epochs (iterations of a full-batch solver) at most, those before a resume included.
    tol, n_iter_no_change : float
        The training stops when J, or the validation score, has not improved by more than ``tol``
        for ``n_iter_no_change`` epochs in a row; never where that is ``np.inf``.
    dropout : float, or list or tuple of float
        The probability to drop a hidden unit, for all hidden layers or by layer.
    shuffle : bool
        Whether each epoch takes the rows in an order of its own.

    Examples
    --------
    >>> from backpass import Job, Network
    >>> net = Network((2, 3, 1), loss="squared_error")
    >>> job = Job(net, X=[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], Y=[[0.0], [1.0], [1.0]], lam=0.1)
    >>> job.solver, job.max_epochs
    ('adam', 200)
    """

    net: Network
    X: ArrayLike | EncodedRows | Source
    Y: ArrayLike
    lam: float = 0.0
    sample_weight: ArrayLike = field(default=None, kw_only=True)
    encoder: RowEncoder | None = field(default=None, kw_only=True)
    theta: ArrayLike = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    validation: tuple[ArrayLike, ...] | None = field(default=None, kw_only=True)
    score: Score | None = field(default=None, kw_only=True)
    solver: str | engine.Optimizer = field(default="adam", kw_only=True)
    learning_rate: float = field(default=1e-3, kw_only=True)
    schedule: str = field(default="constant", kw_only=True)
    warm_up: float = field(default=0.0, kw_only=True)
    batch_size: int = field(default=200, kw_only=True)
    max_epochs: int = field(default=200, kw_only=True)
    tol: float = field(default=1e-4, kw_only=True)
    n_iter_no_change: float = field(default=10, kw_only=True)
    dropout: float | list[float] | tuple[float, ...] = field(default=0.0, kw_only=True)
    shuffle: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, eq=False)
class JobResult:
    """What came of a job, and where it goes on if it is not over.

    Parameters
    ----------
    theta : array of shape (n,) or None
        θ of the best epoch by the validation score, or of the last one where there is none; None
        where the job has not begun.
    reason : StopReason or None
        Why it stopped; None where it has not begun.
    epochs : int
        Epochs, or iterations, that were made.
    J_curve : list of float
        J after every epoch; NaN at the end where the training diverged.
    validation_scores, validation_losses : lists of float
        Score and mean loss on the validation rows after every epoch; empty where there are none.
    state : TrainingState or None
        Where the training goes on, with the optimiser's arrays; None where it is over or has not
        begun.

    Examples
    --------
    >>> JobResult().finished
    False
    """

    theta: Array = None
    reason: StopReason | None = None
    epochs: int = 0
    J_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    state: TrainingState | None = None

    @property
    def finished(self) -> bool:
        """Whether it is over, so that ``resume`` leaves it as it is."""
        return self.reason is not None and self.reason not in STOPPED

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the best validation score, counted from 1; None without one."""
        scores = np.array(self.validation_scores)
        return None if np.isnan(scores).all() else int(np.nanargmax(scores)) + 1


def train_jobs(
    jobs: Iterable[Job],
    *,
    n_threads: int | None = None,
    callback: Callback | None = None,
    resume: Sequence[JobResult] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 1,
) -> list[JobResult]:
    """Train many unlike networks at once, each on a thread of its own.

    The largest job (multiply-adds of an epoch × epochs) is begun first, and whichever thread is
    done with one takes the next. A job's numbers are those that it has alone, to the bit, whatever
    stands beside it and on any number of threads. Its optimiser's arrays are in memory only while
    it runs; X, Y and weights that are floats of X's dtype are nowhere copied.

    Parameters
    ----------
    jobs : iterable of Job
        What to train.
    n_threads : int, optional
        Jobs that run at the same time at most; never more than there are processors.
    callback : callable, optional
        Called with a ``Progress`` after every epoch of every job, whose ``job`` is the job's place
        in the list. It is called in the thread that called ``train_jobs``, one call at a time, and
        the job waits for it; a true answer stops all jobs, this one at once, the others at their
        next epoch.
    resume : sequence of JobResult, optional
        What an interrupted call returned for these jobs: those that are over are returned as they
        are, the others go on, to the bits of an uninterrupted call.
    checkpoint : path, optional
        A folder in which every job keeps its state while it goes on, each in a file of its own that
        is whole or not there. The same call goes on from it, until all jobs are over: then the next
        one begins anew.
    every : int
        A job's file is written after every so many epochs.

    Returns
    -------
    list of JobResult
        In the order of the jobs.

    Raises
    ------
    InvalidInput
        If a job does not fit together, or ``resume`` or the checkpoint belongs to other jobs; the
        message names the job. Nothing has been trained then.
    JobFailed
        If a job raised an exception, its cause. The others have stopped at their next epoch, and
        ``results`` of the exception is what all jobs have so far, for ``resume``.
    KeyboardInterrupt
        If it comes before any job has made a whole epoch. Later, Control-C stops every job after
        its epoch, with a warning, and the results are returned.

    Warns
    -----
    ConvergenceWarning
        If a job diverged; its θ is the last finite one, or the best.

    Examples
    --------
    >>> import numpy as np
    >>> import backpass as bp
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> Y = np.sin(3 * X[:, :1]) * X[:, 1:]
    >>> nets = [bp.Network((2, *hidden, 1), "tanh", "squared_error") for hidden in [(8,), (16, 8)]]
    >>> jobs = [
    ...     bp.Job(net, X[:200], Y[:200], validation=(X[200:], Y[200:]), max_epochs=30)
    ...     for net in nets
    ... ]
    >>> results = bp.train_jobs(jobs)
    >>> [len(result.theta) for result in results]
    [33, 193]
    >>> results[1].epochs, results[1].reason.name
    (30, 'MAX_ITER')
    """
    if resume is not None and checkpoint is not None:
        raise InvalidInput("resume and checkpoint both say where the jobs are: give one of them.")
    folder = None if checkpoint is None else RetainedFolder(checkpoint, every)
    run = run_jobs(jobs, n_threads=n_threads, callback=callback, resume=resume, folder=folder)
    _raise_failures(run)
    _say(run)
    if folder is not None and run.over:  # done with when nothing can go wrong any more
        folder.release()
    return run.results


@dataclass(frozen=True, eq=False)
class JobRun:
    """What came of a list of jobs, before anything of it is raised or said.

    Parameters
    ----------
    pool : JobPool
        What was done, what failed, and why not all was done.
    results : list of JobResult
        In the order of the jobs.
    """

    pool: JobPool
    results: list[JobResult]

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return all(each.finished for each in self.results)


def run_jobs(
    jobs: Iterable[Job],
    *,
    n_threads: int | None = None,
    callback: Callback | None = None,
    resume: Sequence[JobResult] | None = None,
    folder: RetainedFolder | None = None,
    queue: Callable[[Mapping[int, Work]], Queue] = LargestFirst,
    elsewhere: Elsewhere | None = None,
) -> JobRun:
    """Train jobs as ``train_jobs`` does, for whoever knows more of them than their list.

    Parameters
    ----------
    jobs, n_threads, callback, resume
        As ``train_jobs`` has them.
    folder : RetainedFolder, optional
        Where every job keeps its state, until the caller releases it.
    queue : callable
        The work that is left, by the jobs' numbers -> in which order it is begun.
    elsewhere : Elsewhere, optional
        Other machines, on whose threads the jobs are trained instead. The callback is told of a
        job, and its file is written, when it is over.

    Returns
    -------
    JobRun
    """
    trainings = _trainings(list(jobs), resume, _files(folder))
    unfinished = {each.number: each for each in trainings if not each.over}
    if elsewhere is None:
        works, threads = unfinished, threads_for_jobs(n_threads)
    else:
        works = {n: _TrainedElsewhere(each, elsewhere) for n, each in unfinished.items()}  # type: ignore[misc]
        threads = elsewhere.threads
    pool = JobPool(works, callback, queue(works))
    pool.run(threads)
    return JobRun(pool, [each.result(pool.stop_reason) for each in trainings])


class Elsewhere(Protocol):
    """Other machines, which train jobs."""

    @property
    def threads(self) -> int:
        """How many jobs they train at a time."""
        ...

    def train(self, job: Job, earlier: JobResult, reporter: Reporter) -> JobResult | None:
        """Train a job that was left where ``earlier`` says; None where it was stopped."""
        ...


@dataclass(eq=False)
class _JobTraining:
    """One job, and where it is: the work of a pool."""

    number: int
    job: Job
    options: Options
    rows: int
    checkpoint: RetainedCheckpoint | None = None
    training: Training | None = None  # None: not begun

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.training is not None and _is_over(self.training[1])

    @property
    def size(self) -> float:
        """Multiply-adds of an epoch, times the epochs that are left."""
        job = self.job
        sizes = (_inputs_read(job, self.rows), *job.net.sizes[1:])
        products = [a * b for a, b in pairwise(sizes)]
        both_ways = 2 * sum(products) + sum(products[1:])  # z and Δ by layer, δ by hidden layer
        epoch = self.rows * both_ways + self._steps * self._whole_steps
        return epoch * (job.max_epochs - self._epoch)

    @property
    def _steps(self) -> int:
        """Batches of an epoch."""
        return -(-self.rows // min(self.job.batch_size, self.rows))

    @property
    def _whole_steps(self) -> float:
        """Multiply-adds of one step of all matrices that are orthogonalised."""
        if not isinstance(self.options, MiniBatchOptions):
            return 0.0
        rule = with_matrices(self.options.optimizer, self.job.net)
        return rule.multiply_adds if isinstance(rule, Muon) else 0.0

    @property
    def _epoch(self) -> int:
        return 0 if self.training is None else self.training[0].epoch

    def run(self, report: Reporter) -> None:
        """Train until there is a reason to stop."""
        job = self.job
        problem = _problem(job, lambda: report.stopped)
        state = _start(job, problem.rows) if self.training is None else self.training[0]
        self.training = state, None
        monitor = Monitor(_validate(job), (report,), self._keep)
        left = self.options.less(state.epoch, 0)
        try:
            [(state, reason)] = left.train(problem, [state], monitor)
        except BaseException:
            if self.checkpoint is not None and self._epoch:
                self.checkpoint.interrupt(self._epoch, self.packed())
            raise
        self._end(state, reason)
        if reason is StopReason.INTERRUPTED:  # by what the user's own functions raised
            raise KeyboardInterrupt

    def _keep(self, trainings: list[Training]) -> None:
        """Keep where it is after an epoch, here and in the file; the next, too, may fail."""
        [(state, reason)] = trainings
        self.training = state.detached(), reason
        if self.checkpoint is not None:
            self.checkpoint.keep(self._epoch, self.packed())

    def _end(self, state: TrainingState, reason: StopReason) -> None:
        """Keep the end; where it does not go on, without what an optimiser would go on with."""
        self.training = (_compact(state) if _is_over(reason) else state), reason
        if self.checkpoint is None:
            return
        if self.over:
            self.checkpoint.finish(self.packed())
        else:
            self.checkpoint.interrupt(self._epoch, self.packed())

    def packed(self) -> State:
        """What the file holds: what a fit's does of one start."""
        assert self.training is not None
        state, reason = self.training
        name = reason.name if reason is not None and _is_over(reason) else None
        return Restarts([(0, 1)], [state], [name]).pack()

    def take_up(self, rows: object, earlier: JobResult | None) -> None:
        """Go on from where an earlier call left it, or its file."""
        if earlier is not None:
            self.training = _where_it_was(self.job.net, earlier)
            return
        kept = Restarts.kept(self.checkpoint, [_start(self.job, rows)])
        if kept is not None:
            name = kept.reasons[0]
            self.training = kept.states[0], None if name is None else StopReason[name]

    def result(self, stop_reason: StopReason | None) -> JobResult:
        """What has come of it, where the list was stopped for a reason or not."""
        if self.training is None:
            return JobResult()
        state, reason = self.training
        over, curves = self.over, state.history
        return JobResult(
            theta=best_theta(state),
            reason=reason if over else stop_reason,
            epochs=state.epoch,
            J_curve=curves.J[:],
            validation_scores=curves.score[:],
            validation_losses=curves.validation_loss[:],
            state=None if over else state,
        )


@dataclass(frozen=True, eq=False)
class _TrainedElsewhere:
    """A job that other machines train: the work of a thread that waits for them."""

    here: _JobTraining
    elsewhere: Elsewhere

    @property
    def size(self) -> float:
        """As much as here."""
        return self.here.size

    def run(self, report: Reporter) -> None:
        """Have it trained, and keep its end."""
        here = self.here
        result = self.elsewhere.train(here.job, here.result(None), report)
        if result is None:
            return
        here.training = _where_it_was(here.job.net, result)
        if here.checkpoint is not None:
            here.checkpoint.finish(here.packed())
        score = max(result.validation_scores, default=None)
        report(Progress(epoch=result.epochs, J=result.J_curve[-1], validation_score=score))


Files = Callable[[int, Job, engine.Rows | None, engine.Rows | None], RetainedCheckpoint | None]


def _is_over(reason: StopReason | None) -> bool:
    return reason is not None and reason not in STOPPED


def _trainings(
    jobs: list[Job], resume: Sequence[JobResult] | None, files: Files
) -> list[_JobTraining]:
    """Check every job before the first is trained, and find where each is."""
    if resume is not None and len(resume) != len(jobs):
        raise InvalidInput(f"resume holds {len(resume)} results, but there are {len(jobs)} jobs.")
    earlier = [None] * len(jobs) if resume is None else resume
    return [_checked(number, *each, files) for number, each in enumerate(zip(jobs, earlier))]


def _checked(number: int, job: Job, earlier: JobResult | None, files: Files) -> _JobTraining:
    """A job that fits together, where it is now; else say which it is and what is wrong."""
    try:
        net = _before_encoding(job)
        rows, m = _checked_rows(net, job)
        validation = None if job.validation is None else engine.check_rows(net, *job.validation)
        training = _JobTraining(number, job, _options(job, m), m)
        training.checkpoint = files(number, job, rows, validation)
        training.take_up(rows, earlier)
    except InvalidInput as error:
        raise InvalidInput(f"jobs[{number}]: {error}") from error
    return training


def _checked_rows(net: Network, job: Job) -> tuple[engine.Rows | None, int]:
    """The rows as they are checked, if they are in memory, and how many there are."""
    if not isinstance(job.X, Source):
        rows = engine.check_rows(net, job.X, job.Y, job.sample_weight)
        return rows, rows.m
    m, inputs = job.X.shape
    if inputs != net.sizes[0]:
        raise InvalidInput(f"The source has {inputs} inputs, but the network has {net.sizes[0]}.")
    if job.lam or job.Y is not None or job.sample_weight is not None:
        raise InvalidInput("A source brings targets and weights along, and its J has no λ.")
    return None, m


def _problem(job: Job, stopped: Callable[[], bool]) -> engine.Problem:
    """The objective on the job's rows."""
    if isinstance(job.X, Source):
        return job.X.problem(job.net, stopped)
    return engine.prepare(
        job.net,
        _encoded(job, job.X),
        job.Y,
        lam=job.lam,
        sample_weight=job.sample_weight,
        n_threads=1,
    )


def _before_encoding(job: Job) -> Network:
    """The network with an input for each column of X as it is given."""
    net, encoder = job.net, job.encoder
    if encoder is None:
        return net
    if encoder.inputs != net.sizes[0]:
        raise InvalidInput(f"The encoder makes {encoder.inputs} inputs, but {net} has others.")
    return Network((np.shape(job.X)[1], *net.sizes[1:]), net.hidden, net.loss)


def _encoded(job: Job, X: ArrayLike) -> ArrayLike:
    return X if job.encoder is None else job.encoder.encode(X)


def _inputs_read(job: Job, m: int) -> float:
    """How many of Θ^(1)'s rows a row of X reads: of a code two, whatever its bins."""
    if job.encoder is not None:
        kinds = [encoding.kind for _, encoding in job.encoder.columns]
    elif layout := _layout(job):
        kinds = [kind for kind, *_ in layout]
    else:
        X: ArrayLike = job.X
        return X.nnz / m if hasattr(X, "tocsr") else job.net.sizes[0]
    return sum(2 if kind == CODE else 1 for kind in kinds)


def _layout(job: Job) -> list[tuple[int, int, int, int, int]] | None:
    """Of encoded rows."""
    return job.X.layout if isinstance(job.X, EncodedRows | Source) else None


def _options(job: Job, m: int) -> Options:
    """The solver, and when it is over."""
    for name in ("batch_size", "max_epochs"):
        if getattr(job, name) < 1:
            raise InvalidInput(f"{name} is at least 1, not {getattr(job, name)}.")
    by_score = job.validation is not None
    early_stopping = EarlyStopping(job.tol, job.n_iter_no_change, by_score)
    dropout = engine.Dropout.of(job.dropout, job.net.L - 2, job.seed)
    if isinstance(job.solver, str) and job.solver in FULL_BATCH:
        if dropout is not None:
            raise InvalidInput(f"dropout needs mini-batches, but {job.solver} sees all rows.")
        return FullBatchOptions(job.solver, job.max_epochs, early_stopping)
    return MiniBatchOptions(
        optimizer=_rule(job.solver),
        schedule=_schedule(job),
        batch_size=min(job.batch_size, m),
        max_epochs=job.max_epochs,
        early_stopping=early_stopping,
        shuffle=job.shuffle,
        dropout=dropout,
    )


def _rule(solver: str | engine.Optimizer) -> engine.Optimizer:
    """The update rule of that name, or the rule itself."""
    if not isinstance(solver, str):
        return solver
    if solver not in ALL_RULES:
        known = listed([*ALL_RULES, *FULL_BATCH])
        raise InvalidInput(f"There is no solver {solver!r}; the library has {known}.")
    return ALL_RULES[solver]


def _schedule(job: Job) -> Schedule:
    """How the learning rate changes."""
    if job.schedule not in SCHEDULES:
        known = listed(SCHEDULES)
        raise InvalidInput(f"There is no schedule {job.schedule!r}; the library has {known}.")
    if not 0 <= job.warm_up < 1:
        raise InvalidInput(f"warm_up is at least 0 and below 1, not {job.warm_up}.")
    if job.warm_up and job.schedule != "cosine":
        raise InvalidInput(f"warm_up is for cosine; the schedule is {job.schedule}.")
    return Schedule(job.schedule, job.learning_rate, epochs=job.max_epochs, warm_up=job.warm_up)


def _start(job: Job, rows: object) -> TrainingState:
    """The state before the first epoch, in X's precision."""
    held = numbers_of(rows.X) if isinstance(rows, engine.Rows) else np.empty(0, job.X.dtype)
    net, numbers = job.net, held
    if job.theta is not None:
        theta = as_vector(job.theta, "theta", net.n_parameters, net.why_so_long(), numbers)
    else:
        theta = like(numbers, init_theta(net, job.seed, "glorot"))
    return start(theta, job.seed)


def _validate(job: Job) -> Validate | None:
    """What gives score and loss of a θ on the job's validation rows, where there are any."""
    if job.validation is None:
        return None
    X, Y, *weight = job.validation
    weights = weight[0] if weight else None
    problem = engine.prepare(job.net, _encoded(job, X), Y, sample_weight=weights, n_threads=1)
    score, h = job.score, job.net.loss.h
    if score is None:
        return validation(problem)
    return validation(problem, lambda z: float(score(problem.rows.Y, h(z))))


def _compact(state: TrainingState) -> TrainingState:
    """The end of a training: its θ, out of the memory that it shared with the moments."""
    theta = best_theta(state)
    theta = theta.copy() if isinstance(theta, np.ndarray) else theta
    return state.updated(theta=theta, best_theta=None, solver=None)


def _where_it_was(net: Network, earlier: JobResult) -> Training | None:
    """What a result says of its training."""
    if earlier.theta is None:
        return None
    if len(earlier.theta) != net.n_parameters:
        raise InvalidInput(
            f"{net} has {net.n_parameters} parameters, but resume's θ has {len(earlier.theta)}."
        )
    if earlier.state is not None:
        return earlier.state, None
    curves = (earlier.J_curve, earlier.validation_scores, earlier.validation_losses)
    history = History(*map(Curve, curves))
    return start(earlier.theta).updated(epoch=earlier.epochs, history=history), earlier.reason


def _files(folder: RetainedFolder | None) -> Files:
    """What makes the file of a job, in the folder of the checkpoints."""
    if folder is None:
        return lambda number, job, rows, validation: None
    hashes: dict[tuple[int, ...], str] = {}  # jobs share their rows

    def hashed(given: Iterable[object], rows: engine.Rows | None, source: Source | None) -> str:
        key = tuple(map(id, given))  # the jobs hold them; what was made of them may be gone
        if key not in hashes:
            hashes[key] = _hash_of(rows) if source is None else source.fingerprint()
        return hashes[key]

    def file(
        number: int, job: Job, rows: engine.Rows | None, validation: engine.Rows | None
    ) -> RetainedCheckpoint:
        source = job.X if isinstance(job.X, Source) else None
        known = {
            "data": hashed((job.X, job.Y, job.sample_weight), rows, source),
            "validation data": hashed(job.validation or (), validation, None),
        }
        if job.theta is not None:
            known["first weights"] = fingerprint(np.asarray(job.theta))
        identity = run_identity(_asked_for(job), **known)
        return folder.checkpoint(f"job-{number:04d}.checkpoint", identity)

    return file


def _hash_of(rows: engine.Rows | None) -> str:
    """Hash rows in memory."""
    if rows is None:
        return fingerprint(None)
    X, parts = rows.X, (rows.Y, rows.w if rows.weighted else None)
    return fingerprint(*((X.numbers, X.places) if isinstance(X, EncodedRows) else (X,)), *parts)


def _asked_for(job: Job) -> dict[str, object]:
    """What the job was asked for, but for its arrays, each said in one way."""
    arrays = ("net", "X", "Y", "sample_weight", "theta", "validation")
    asked = {each.name: getattr(job, each.name) for each in fields(job)}
    net, layout = job.net, _layout(job)
    return {name: value for name, value in asked.items() if name not in arrays} | {
        "sizes": net.sizes,
        "activation": said_once(net.hidden),
        "loss": net.loss,
        "dropout": said_once(job.dropout),
        "layout": layout,
    }


def threads_for_jobs(n_threads: int | None) -> int:
    """How many jobs run at the same time."""
    if n_threads is not None and n_threads < 1:
        raise InvalidInput(f"n_threads is at least 1, not {n_threads}.")
    return bounded(n_threads or default_threads())


def _raise_failures(run: JobRun) -> None:
    """Raise what went wrong in the jobs, or Control-C where there is nothing to return."""
    pool, results = run.pool, run.results
    failures = sorted(pool.failures.items())
    if failures:
        said = [f"jobs[{n}] failed ({type(error).__name__}: {error})" for n, error in failures]
        sentence = f"{listed(said)}; the results so far are this exception's, for resume=."
        raise JobFailed(sentence, results) from failures[0][1]
    if pool.stop_reason is StopReason.INTERRUPTED and not any(each.epochs for each in results):
        raise KeyboardInterrupt


def _say(run: JobRun) -> None:
    """Warn of what the jobs met, by their places in the list."""
    pool, results = run.pool, run.results
    for number, collected in sorted(pool.warnings.items()):
        for message, category in collected:
            warn(f"jobs[{number}]: {message}", category)
    for number in pool.works:
        reason = results[number].reason
        if reason in BLOWN_UP:
            warn(f"jobs[{number}]: {reason.value}", ConvergenceWarning)
    if pool.stop_reason is StopReason.INTERRUPTED:
        left = sum(not each.finished for each in results)
        warn(f"Interrupted by user: {left} of {len(results)} jobs are not over; resume= goes on.")
