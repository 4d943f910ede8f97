"""Training: the loops around an objective, from one plain state to the next.

A training's state is one dict of arrays, numbers and lists, and everything that the future depends
on is in it: θ, the solver's own state, the curves, the counts of early stopping, and the random
generator's bits. A loop takes a state and returns a state, so training on is training, a resumed
run repeats the uninterrupted one bit by bit, and an interrupted one leaves the last whole epoch.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from .. import engine
from ..arrays import Array, array_namespace, as_vector
from ..backprop import penalty
from ..blas import blas_threads
from ..errors import InvalidInput
from ..network import Network
from ..solvers.minimize import minimize_function
from ..solvers.stop import Stop
from .schedules import Schedule

State = dict[str, Any]

EXPLODED = 1e6  # J that has grown this many times above what it was counts as diverged

# Where a full-batch solver is done. Where scikit-learn stops, at a gradient of tol, J of separable
# data can still fall to a third: ours would stop there too early, as its steps are longer.
GRADIENT_PART = 0.01
SMALLEST_FALL = 2.2e-9  # of J: SciPy's own for L-BFGS-B

NOT_FINITE_AT_ONCE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)  # scikit-learn's own words


class StopReason(Enum):
    """Why a training stopped, as a full sentence."""

    GRADIENT = Stop.GRADIENT.value
    CHANGE = Stop.CHANGE.value
    PRECISION = Stop.PRECISION.value
    NO_IMPROVEMENT = (
        "J did not fall by more than tol for n_iter_no_change consecutive epochs: it has settled."
    )
    NO_BETTER_SCORE = (
        "The validation score did not rise by more than tol for n_iter_no_change consecutive "
        "epochs: the weights of the best epoch are restored."
    )
    MAX_ITER = Stop.MAX_ITER.value
    MAX_FUN = Stop.MAX_FUN.value
    ONE_PASS = "One pass over the data was asked for, and made."
    CALLBACK = Stop.CALLBACK.value
    INTERRUPTED = Stop.INTERRUPTED.value
    NOT_FINITE = Stop.NOT_FINITE.value
    DIVERGED = (
        "J exploded, so the training diverged and the last finite weights are restored: "
        "a smaller learning rate or scaled inputs should help."
    )

    @property
    def converged(self) -> bool:
        """Whether there was nothing left to do."""
        return self in _CONVERGED


_CONVERGED = (
    StopReason.GRADIENT,
    StopReason.CHANGE,
    StopReason.PRECISION,
    StopReason.NO_IMPROVEMENT,
    StopReason.NO_BETTER_SCORE,
)


@dataclass(frozen=True)
class Progress:
    """What a callback is told after every epoch or iteration.

    Of several starts that are trained together, it is told of the best so far that still trains.

    Parameters
    ----------
    epoch : int
        Epochs (iterations of a full-batch solver) so far, those before a resume included.
    J : float
        The objective: its mean on the way for mini-batches, its value for full batches.
    validation_score, validation_loss : float or None
        Accuracy or R², and the mean loss, on the validation set if there is one.
    seconds : float
        Time since the loop began.
    rows_per_second : float
        Rows of data that went through the network, by that time.
    theta : array of shape (n,)
        All parameters now; not a copy.

    Examples
    --------
    >>> Progress(epoch=1, J=0.5).J
    0.5
    """

    epoch: int
    J: float
    validation_score: float | None = None
    validation_loss: float | None = None
    seconds: float = 0.0
    rows_per_second: float = 0.0
    theta: Any = None


# Where a training is, and why it is over, if it is.
Training = tuple[State, StopReason | None]
Ended = tuple[State, StopReason]


@dataclass
class Watch:
    """Who looks at a training from outside, after every epoch.

    ``validate`` maps θ to (score, loss); a callback that returns something true stops the loop;
    ``keep`` is given all trainings of the loop, whenever one of them goes on.
    """

    validate: Callable[[Array], tuple[float, float]] | None = None
    callbacks: tuple[Callable[[Progress], Any], ...] = ()
    keep: Callable[[list[Training]], Any] = lambda trainings: None
    started: float = field(default_factory=time.perf_counter)
    rows: int = 0  # rows that went through since `started`

    def record(self, state: State, J: float) -> State:
        """Add J, and the validation's score and loss where there is one, to the curves."""
        state = {**state, "J_curve": [*state["J_curve"], J]}
        if self.validate is not None:
            score, loss = self.validate(state["theta"])
            state["score_curve"] = [*state["score_curve"], score]
            state["validation_curve"] = [*state["validation_curve"], loss]
        return state

    def asks_to_stop(self, state: State) -> bool:
        """Tell every callback; whether one of them wants to stop."""
        if not self.callbacks:
            return False
        progress = self._progress(state)
        answers = [callback(progress) for callback in self.callbacks]
        return any(answers)

    def _progress(self, state: State) -> Progress:
        seconds = time.perf_counter() - self.started
        score, loss = (
            (state["score_curve"][-1], state["validation_curve"][-1])
            if self.validate is not None
            else (None, None)
        )
        return Progress(
            epoch=state["epoch"],
            J=state["J_curve"][-1],
            validation_score=score,
            validation_loss=loss,
            seconds=seconds,
            rows_per_second=self.rows / seconds,
            theta=state["theta"],
        )


@dataclass(frozen=True)
class Patience:
    """How long a training goes on without improvement: of J, or of the validation score."""

    tol: float = 1e-4
    n_iter_no_change: float = 10
    by_score: bool = False

    @property
    def reason(self) -> StopReason:
        """What is said when it is at its end."""
        return StopReason.NO_BETTER_SCORE if self.by_score else StopReason.NO_IMPROVEMENT

    def count(self, state: State) -> State:
        """Count the epochs without improvement, as scikit-learn does, and keep the best."""
        if self.by_score:
            score, best = state["score_curve"][-1], state["best_score"]
            worse = not score >= best + self.tol  # NaN, too, is no improvement
            if score > best:
                state = {**state, "best_score": score, "best_theta": state["theta"]}
        else:
            J, best = state["J_curve"][-1], state["best_J"]
            worse = not J <= best - self.tol
            state = {**state, "best_J": min(J, best)}
        return {**state, "no_improvement": state["no_improvement"] + 1 if worse else 0}

    def rank(self, state: State) -> float:
        """What the best of several trainings has least of."""
        return -state["best_score"] if self.by_score else state["best_J"]

    def exhausted(self, state: State) -> bool:
        """Whether it is at its end."""
        return state["no_improvement"] > self.n_iter_no_change


@dataclass(frozen=True)
class Plan:
    """How a mini-batch training goes on, and when it is over."""

    optimizer: engine.Optimizer
    schedule: Schedule
    batch_size: int
    max_epochs: int
    patience: Patience
    shuffle: bool = True
    dropout: engine.Dropout | None = None


def start(theta: Array, seed: int = 0) -> State:
    """Make the state before the first epoch; the seed is that of the rows' order."""
    return {
        "theta": theta,
        "epoch": 0,
        "rows_seen": 0,
        "solver": None,
        "learning_rate": None,
        "learning_rate_init": None,
        "J_curve": [],
        "score_curve": [],
        "validation_curve": [],
        "best_J": np.inf,
        "best_score": -np.inf,
        "best_theta": None,
        "no_improvement": 0,
        "generator": np.random.PCG64(seed).state,
    }


def run_epochs(problem: Any, state: State, plan: Plan, watch: Watch) -> Ended:
    """Train by mini-batches until there is a reason to stop."""
    return run_together(problem, [state], plan, watch)[0]


def run_together(problem: Any, states: list[State], plan: Plan, watch: Watch) -> list[Ended]:
    """Train several networks, epoch by epoch, each until there is a reason to stop.

    None of them depends on the others. Callbacks are told of the best of those that made the epoch;
    one that asks to stop stops all.
    """
    trainings: list[Training] = [(_begun(state, plan), None) for state in states]
    generator = np.random.Generator(np.random.PCG64(0))  # lent to each state's own bits
    try:
        for _ in range(plan.max_epochs):
            going = [state for state, reason in trainings if reason is None]
            made = _epoch(problem, going, plan, watch, generator)
            after = iter(made)
            trainings = [each if each[1] else next(after) for each in trainings]
            if _asks_to_stop(made, plan, watch):
                return _over(trainings, StopReason.CALLBACK)
            if all(reason for _, reason in trainings):
                break
            watch.keep(trainings)
    except KeyboardInterrupt:
        return _over(trainings, StopReason.INTERRUPTED)
    return _over(trainings, StopReason.MAX_ITER)


def _begun(state: State, plan: Plan) -> State:
    """A state with all that its first epoch needs."""
    if state["solver"] is None:
        state = {**state, "solver": plan.optimizer.init(state["theta"])}
    rate = plan.schedule.learning_rate
    if state["learning_rate_init"] != rate:  # at first, or changed since: adaptive begins anew
        state = {**state, "learning_rate": rate, "learning_rate_init": rate}
    return state


def _over(trainings: list[Training], reason: StopReason) -> list[Ended]:
    """End those that would have gone on."""
    return [(state, own or reason) for state, own in trainings]


def _asks_to_stop(made: list[Training], plan: Plan, watch: Watch) -> bool:
    """Tell the callbacks of the best, unless all have diverged."""
    finite = [state for state, reason in made if reason is not StopReason.DIVERGED]
    return bool(finite) and watch.asks_to_stop(min(finite, key=plan.patience.rank))


def _epoch(
    problem: Any, states: list[State], plan: Plan, watch: Watch, generator: np.random.Generator
) -> list[Training]:
    """One epoch more of each, and whether that was the last."""
    with np.errstate(all="ignore"):  # what is not finite is dealt with below
        passes = _pass_over_rows(problem, states, plan, generator)
        watch.rows += problem.rows.m * len(states)
        recorded = [watch.record(after, J) for after, J in passes]
    return [_judged(problem, *each, plan, watch) for each in zip(states, recorded)]


def _pass_over_rows(
    problem: Any, states: list[State], plan: Plan, generator: np.random.Generator
) -> list[tuple[State, float]]:
    """One pass of each over the data, and its mean J: one call of the engine."""
    m = problem.rows.m
    orders, bits_after = zip(*_draw_orders(problem, states, plan.shuffle, generator))
    n_steps = -(-m // plan.batch_size)
    rates = [
        plan.schedule.rates(s["learning_rate"], s["rows_seen"], s["solver"]["t"], n_steps)
        for s in states
    ]
    thetas, solvers = [s["theta"] for s in states], [s["solver"] for s in states]
    epochs = problem.run_epochs(
        thetas, solvers, plan.optimizer, orders, plan.batch_size, rates, plan.dropout
    )
    return [
        (_moved_on(state, theta, solver, bits, m), float(J))
        for state, (theta, solver, J), bits in zip(states, epochs, bits_after)
    ]


def _moved_on(state: State, theta: Array, solver: State, bits: State, m: int) -> State:
    """The state after an epoch, its curves left out."""
    return {
        **state,
        "theta": theta,
        "solver": solver,
        "epoch": state["epoch"] + 1,
        "rows_seen": state["rows_seen"] + m,
        "generator": bits,
    }


def _draw_orders(
    problem: Any, states: list[State], shuffle: bool, generator: np.random.Generator
) -> list[tuple[Any, State]]:
    """The order of each one's rows, and its generator's bits after it; equal bits draw once."""
    drawn: list[tuple[Any, State]] = []
    for before, state in zip([None, *states], states):
        if before is not None and before["generator"] == state["generator"]:
            drawn.append(drawn[-1])
        else:
            generator.bit_generator.state = state["generator"]
            order = _draw_order(problem, generator, shuffle)
            drawn.append((order, generator.bit_generator.state))
    return drawn


def _draw_order(problem: Any, generator: np.random.Generator, shuffle: bool) -> Any:
    """The order of an epoch's rows; data in blocks has an order of its own."""
    if hasattr(problem, "draw_order"):
        return problem.draw_order(generator, shuffle)
    return generator.permutation(problem.rows.m) if shuffle else np.arange(problem.rows.m)


def _judged(problem: Any, before: State, after: State, plan: Plan, watch: Watch) -> Training:
    """Where an epoch leads, and why it was the last if it was."""
    if _diverged(problem, before, after):
        return _last_finite(problem, before, watch), StopReason.DIVERGED
    return _settled(plan.patience.count(after), plan)


def _diverged(problem: Any, before: State, after: State) -> bool:
    """Whether an epoch ended with what is not finite, or with a J far above what it was."""
    J, theta = after["J_curve"][-1], after["theta"]
    xp = array_namespace(theta)
    if not (np.isfinite(J) and bool(xp.all(xp.isfinite(theta)))):
        return True
    if J <= EXPLODED:
        return False
    earlier = before["best_J"]
    if not np.isfinite(earlier):
        earlier = float(problem.cost_and_gradient(before["theta"])[0])
    return J > EXPLODED * max(1.0, abs(earlier))


def _last_finite(problem: Any, before: State, watch: Watch) -> State:
    """Go back to the epoch before, with a NaN at the end of every curve that is kept."""
    if before["epoch"] == 0:
        _refuse_if_not_finite(*problem.cost_and_gradient(before["theta"]))
    curves = ["J_curve"]
    if watch.validate is not None:
        curves += ["score_curve", "validation_curve"]
    return {**before, **{curve: [*before[curve], np.nan] for curve in curves}}


def _refuse_if_not_finite(J: Any, D: Array) -> None:
    xp = array_namespace(D)
    if not (np.isfinite(float(J)) and bool(xp.all(xp.isfinite(D)))):
        raise InvalidInput(NOT_FINITE_AT_ONCE)


def _settled(state: State, plan: Plan) -> Training:
    """Stop after too many epochs without improvement, unless the rate can still be lowered."""
    if not plan.patience.exhausted(state):
        return state, None
    rate = plan.schedule.shrunk(state["learning_rate"])
    if rate is not None:
        return {**state, "learning_rate": rate, "no_improvement": 0}, None
    return state, plan.patience.reason


def run_full_batch(
    problem: Any,
    state: State,
    watch: Watch,
    *,
    solver: str,
    max_iter: int,
    max_fun: int | None = None,
    patience: Patience,
) -> Ended:
    """Train by a full-batch solver until there is a reason to stop."""
    latest = state
    exhausted: list[StopReason] = []

    def after_iteration(point: OptimizeResult) -> bool:
        nonlocal latest
        moved = {"theta": point.x, "solver": point.state, "epoch": latest["epoch"] + 1}
        watch.rows += problem.rows.m
        # whole at once, whenever Ctrl-C comes
        latest = patience.count(watch.record({**latest, **moved}, float(point.fun)))
        if patience.by_score and patience.exhausted(latest):
            exhausted.append(patience.reason)
        return watch.asks_to_stop(latest) or bool(exhausted)

    try:
        with np.errstate(all="ignore"):
            result = minimize_function(
                problem.cost_and_gradient,
                state["theta"],
                solver=solver,
                max_iter=max_iter,
                max_fun=max_fun,
                tol=GRADIENT_PART * patience.tol,
                ftol=SMALLEST_FALL,
                callback=after_iteration,
                state=_solver_state(problem, state),
                curvature=engine.ProblemCurvature(problem),
                keep=lambda _: watch.keep([(latest, None)]),
            )
    except KeyboardInterrupt:  # before the first point was evaluated
        return latest, StopReason.INTERRUPTED
    except InvalidInput as error:
        if hasattr(problem, "blocks"):  # whose rows are checked as they are read
            raise
        raise InvalidInput(NOT_FINITE_AT_ONCE) from error
    if result.reason is Stop.INTERRUPTED:  # perhaps between a step and its place on the curves
        return latest, StopReason.INTERRUPTED
    final = {**latest, "theta": result.x, "solver": result.state}
    return final, (exhausted or [StopReason[result.reason.name]])[0]


def _solver_state(problem: Any, state: State) -> State | None:
    """A copy of the solver's state, if the objective at its point is still the same."""
    solver = state["solver"]
    if solver is None:
        return None
    with blas_threads(1):  # as the solver had it
        J, D = problem.cost_and_gradient(state["theta"])
    same = float(J) == solver["J"] and bool(array_namespace(D).all(D == solver["D"]))
    return copy.deepcopy(solver) if same else None


def best_theta(state: State) -> Array:
    """θ of the best epoch under early stopping, else of the last."""
    return state["theta"] if state["best_theta"] is None else state["best_theta"]


def last_J(problem: Any, state: State) -> float:
    """The last J on the curve, or J where none has been made."""
    if state["J_curve"]:
        return state["J_curve"][-1]
    return float(problem.cost_and_gradient(state["theta"])[0])


def decay_in_J(problem: Any, state: State) -> float:
    """The part of J that is weight decay."""
    Thetas = problem.net.roll_unchecked(state["theta"])
    return problem.lam * float(penalty(Thetas)) / problem.rows.W


def minimize(
    net: Network,
    theta: Any,
    X: Any,
    Y: Any,
    lam: float = 0.0,
    solver: str = "lbfgs",
    max_iter: int = 50,
    *,
    sample_weight: Any = None,
    tol: float = 1e-5,
    callback: Callable[[OptimizeResult], Any] | None = None,
    n_threads: int | None = None,
) -> OptimizeResult:
    """Train a network without an estimator: minimise J from θ on.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    theta : array of shape (n,)
        Where to start, for example ``init_theta(net)``.
    X : array-like or CSR matrix of shape (m, s_1)
        Inputs.
    Y : array-like of shape (m, s_L)
        Targets, one-hot for classes.
    lam : float
        λ, the weight decay.
    solver : {"lbfgs", "cg", "newton"}
        Full-batch solver.
    max_iter : int
        Iterations at most.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0.
    tol : float
        Stop where no entry of the gradient is larger.
    callback : callable, optional
        Called after every iteration with SciPy's OptimizeResult; a true answer stops.
    n_threads : int, optional
        Threads to use at most, of the core or of BLAS; never more than there are processors.

    Returns
    -------
    scipy.optimize.OptimizeResult
        x (the trained θ), fun (J), jac (D), nit, nfev, message.

    Raises
    ------
    InvalidInput
        If an argument does not fit; the message names it.

    Examples
    --------
    >>> from backpass import Network, init_theta
    >>> net = Network((2, 3, 1), loss="squared_error")
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> result = minimize(net, init_theta(net, seed=1, epsilon=1.0), X, Y, max_iter=200)
    >>> bool(result.fun < 1e-6)
    True
    """
    problem = engine.prepare(net, X, Y, lam=lam, sample_weight=sample_weight, n_threads=n_threads)
    theta = as_vector(theta, "theta", net.n_parameters, net.why_so_long())
    return minimize_function(
        problem.cost_and_gradient,
        theta,
        solver=solver,
        max_iter=max_iter,
        tol=tol,
        callback=callback,
        curvature=engine.ProblemCurvature(problem),
    )
