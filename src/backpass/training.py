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

from . import engine
from .arrays import Array, array_namespace, as_vector
from .backprop import penalty
from .errors import InvalidInput
from .network import Network
from .schedules import Schedule
from .solvers import Stop, minimize_function

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


@dataclass
class Watch:
    """Who looks at a training from outside, after every epoch.

    ``validate`` maps θ to (score, loss); a callback that returns something true stops the loop;
    ``keep`` is given every state from which the training goes on.
    """

    validate: Callable[[Array], tuple[float, float]] | None = None
    callbacks: tuple[Callable[[Progress], Any], ...] = ()
    keep: Callable[[State], Any] = lambda state: None
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
            worse = score < best + self.tol
            if score > best:
                state = {**state, "best_score": score, "best_theta": state["theta"]}
        else:
            J, best = state["J_curve"][-1], state["best_J"]
            worse = J > best - self.tol
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


def run_epochs(problem: Any, state: State, plan: Plan, watch: Watch) -> tuple[State, StopReason]:
    """Train by mini-batches until there is a reason to stop."""
    if state["solver"] is None:
        state = {**state, "solver": plan.optimizer.init(state["theta"])}
    rate = plan.schedule.learning_rate
    if state["learning_rate_init"] != rate:  # at first, or changed since: adaptive begins anew
        state = {**state, "learning_rate": rate, "learning_rate_init": rate}
    generator = np.random.Generator(np.random.PCG64())
    generator.bit_generator.state = state["generator"]
    try:
        for _ in range(plan.max_epochs):
            after = _epoch(problem, state, plan, watch, generator)
            if _diverged(problem, state, after):
                return _last_finite(problem, state, watch), StopReason.DIVERGED
            state, reason = _settled(plan.patience.count(after), plan)
            if watch.asks_to_stop(state):
                return state, StopReason.CALLBACK
            if reason is not None:
                return state, reason
            watch.keep(state)
    except KeyboardInterrupt:
        return state, StopReason.INTERRUPTED
    return state, StopReason.MAX_ITER


def _epoch(
    problem: Any, state: State, plan: Plan, watch: Watch, generator: np.random.Generator
) -> State:
    """One pass over the data: one call of the engine."""
    m = problem.rows.m
    order = _draw_order(problem, generator, plan.shuffle)
    n_steps = -(-m // plan.batch_size)
    rates = plan.schedule.rates(
        state["learning_rate"], state["rows_seen"], state["solver"]["t"], n_steps
    )
    with np.errstate(all="ignore"):  # what is not finite is dealt with below
        theta, solver, J = problem.run_epoch(
            state["theta"],
            state["solver"],
            plan.optimizer,
            order,
            plan.batch_size,
            rates,
            plan.dropout,
        )
        after = {
            **state,
            "theta": theta,
            "solver": solver,
            "epoch": state["epoch"] + 1,
            "rows_seen": state["rows_seen"] + m,
            "generator": generator.bit_generator.state,
        }
        watch.rows += m
        return watch.record(after, float(J))


def _draw_order(problem: Any, generator: np.random.Generator, shuffle: bool) -> Any:
    """The order of an epoch's rows; data in blocks has an order of its own."""
    if hasattr(problem, "draw_order"):
        return problem.draw_order(generator, shuffle)
    return generator.permutation(problem.rows.m) if shuffle else np.arange(problem.rows.m)


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


def _settled(state: State, plan: Plan) -> tuple[State, StopReason | None]:
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
) -> tuple[State, StopReason]:
    """Train by a full-batch solver until there is a reason to stop."""
    latest = state
    exhausted: list[StopReason] = []

    def after_iteration(point: OptimizeResult) -> bool:
        nonlocal latest
        latest = {**latest, "theta": point.x, "epoch": latest["epoch"] + 1}
        watch.rows += problem.rows.m
        latest = patience.count(watch.record(latest, float(point.fun)))
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
                keep=lambda its: watch.keep({**latest, "solver": its}),
            )
    except KeyboardInterrupt:  # before the first point was evaluated
        return latest, StopReason.INTERRUPTED
    except InvalidInput as error:
        if hasattr(problem, "blocks"):  # whose rows are checked as they are read
            raise
        raise InvalidInput(NOT_FINITE_AT_ONCE) from error
    final = {**latest, "theta": result.x, "solver": result.state}
    return final, (exhausted or [StopReason[result.reason.name]])[0]


def _solver_state(problem: Any, state: State) -> State | None:
    """A copy of the solver's state, if the objective at its point is still the same."""
    solver = state["solver"]
    if solver is None:
        return None
    J, D = problem.cost_and_gradient(state["theta"])
    same = float(J) == solver["J"] and bool(array_namespace(D).all(D == solver["D"]))
    return copy.deepcopy(solver) if same else None


def best_theta(state: State) -> Array:
    """θ of the best epoch under early stopping, else of the last."""
    return state["theta"] if state["best_theta"] is None else state["best_theta"]


def last_J(problem: Any, state: State) -> tuple[float, float]:
    """The last J on the curve, and the part of it that is weight decay."""
    Thetas = problem.net.roll_unchecked(state["theta"])
    decay = problem.lam * float(penalty(Thetas)) / problem.rows.W
    if state["J_curve"]:
        return state["J_curve"][-1], decay
    return float(problem.cost_and_gradient(state["theta"])[0]), decay


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
        Threads to use at most.

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
