"""The loop of mini-batches: epoch after epoch, of one network or of several side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .. import engine
from ..arrays import Array, all_finite
from ..errors import InvalidInput
from .early_stopping import EarlyStopping
from .interrupts import HeldInterrupts
from .matrices import with_matrices
from .monitor import Finished, Monitor, Training
from .schedules import Schedule
from .state import TrainingState
from .stop import StopReason

EXPLODED = 1e6


NOT_FINITE_AT_ONCE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)  # scikit-learn's own message


@dataclass(frozen=True)
class MiniBatchOptions:
    """How a training by mini-batches steps, and when it stops."""

    optimizer: engine.Optimizer
    schedule: Schedule
    batch_size: int
    max_epochs: int
    early_stopping: EarlyStopping
    shuffle: bool = True
    dropout: engine.Dropout | None = None
    explosion: float = EXPLODED  # a J so many times above what it was counts as diverged

    together = True  # several networks make each epoch side by side

    def less(self, epochs: int, evaluations: int) -> MiniBatchOptions:
        """What is left of the epochs that may be made."""
        return replace(self, max_epochs=self.max_epochs - epochs)

    def train(
        self, problem: engine.Problem, states: Iterable[TrainingState], monitor: Monitor
    ) -> list[Finished]:
        """Train from each of the states."""
        return run_together(problem, states, self, monitor)


class _Draws:
    """A generator that draws from each training's own bits, one training after another."""

    def __init__(self) -> None:
        self._generator = np.random.Generator(np.random.PCG64(0))
        self._bits: Mapping[str, object] | None = None  # where it stands

    def orders(
        self, problem: engine.Problem, states: list[TrainingState], shuffle: bool
    ) -> list[tuple[engine.Order, Mapping[str, object]]]:
        """The order of each one's rows, and its bits after it; equal bits draw once."""
        drawn: list[tuple[engine.Order, Mapping[str, object]]] = []
        for before, state in zip([None, *states], states):
            if before is not None and before.generator == state.generator:
                drawn.append(drawn[-1])
            else:
                drawn.append(self._order(problem, state.generator, shuffle))
        return drawn

    def _order(
        self, problem: engine.Problem, bits: Mapping[str, object], shuffle: bool
    ) -> tuple[engine.Order, Mapping[str, object]]:
        if bits is not self._bits:
            self._generator.bit_generator.state = bits
        order = problem.draw_order(self._generator, shuffle)
        self._bits = self._generator.bit_generator.state
        return order, self._bits


def run_epochs(
    problem: engine.Problem, state: TrainingState, options: MiniBatchOptions, monitor: Monitor
) -> Finished:
    """Train by mini-batches until there is a reason to stop."""
    return run_together(problem, [state], options, monitor)[0]


def run_together(
    problem: engine.Problem,
    states: Iterable[TrainingState],
    options: MiniBatchOptions,
    monitor: Monitor,
) -> list[Finished]:
    """Train several networks, epoch by epoch, each until there is a reason to stop.

    None of them depends on the others. Callbacks are given the best of those that made the epoch;
    one that asks to stop stops all.
    """
    options = replace(options, optimizer=with_matrices(options.optimizer, problem.net))
    trainings: list[Training] = [(_initialised(state, options), None) for state in states]
    draws = _Draws()
    try:
        with HeldInterrupts() as interrupts:
            for _ in range(options.max_epochs):
                interrupts.hold()
                epoch_results = _epoch(problem, trainings, options, monitor, draws)
                after = iter(epoch_results)
                trainings = [each if each[1] else next(after) for each in trainings]
                interrupts.release()
                if _asks_to_stop(epoch_results, options, monitor):
                    return _finalise(trainings, StopReason.CALLBACK)
                if all(reason for _, reason in trainings):
                    break
                monitor.on_state(trainings)
    except KeyboardInterrupt:
        return _finalise(trainings, StopReason.INTERRUPTED)
    return _finalise(trainings, StopReason.MAX_ITER)


def _initialised(state: TrainingState, options: MiniBatchOptions) -> TrainingState:
    """A state with all that its first epoch needs, and whose solver's arrays are its own."""
    if state.solver:
        state = state.detached()
    else:
        state = state.updated(solver=options.optimizer.init(state.theta))
    rate = options.schedule.learning_rate
    if state.learning_rate_init != rate:  # at first, or changed since: adaptive restarts
        state = state.updated(learning_rate=rate, learning_rate_init=rate)
    return state


def _finalise(trainings: list[Training], reason: StopReason) -> list[Finished]:
    """End those that would have gone on."""
    return [(state, own or reason) for state, own in trainings]


def _asks_to_stop(results: list[Training], options: MiniBatchOptions, monitor: Monitor) -> bool:
    """Report the best to the callbacks, unless all have diverged."""
    finite = [state for state, reason in results if reason is not StopReason.DIVERGED]
    rank = options.early_stopping.rank
    return bool(finite) and monitor.asks_to_stop(min(finite, key=rank))


def _epoch(
    problem: engine.Problem,
    trainings: list[Training],
    options: MiniBatchOptions,
    monitor: Monitor,
    draws: _Draws,
) -> list[Training]:
    """One epoch more of each that is not over, and whether that was the last."""
    states = [state for state, reason in trainings if reason is None]
    with np.errstate(all="ignore"):  # what is not finite is dealt with below
        passes = _pass_over_rows(problem, states, options, draws)
        monitor.rows += problem.rows.m * len(states)
        recorded = [monitor.record(after, J) for after, J in passes]
    return [_check_epoch(problem, *each, options, monitor) for each in zip(states, recorded)]


def _pass_over_rows(
    problem: engine.Problem,
    states: list[TrainingState],
    options: MiniBatchOptions,
    draws: _Draws,
) -> list[tuple[TrainingState, float]]:
    """One pass of each over the data, and its mean J: one call of the engine."""
    m = problem.rows.m
    orders, bits_after = zip(*draws.orders(problem, states, options.shuffle))
    solvers = [s.solver or options.optimizer.init(s.theta) for s in states]
    n_steps = -(-m // options.batch_size)
    rates = [
        options.schedule.rates(s.learning_rate, s.rows_seen, solver["t"], n_steps)
        for s, solver in zip(states, solvers)
    ]
    epochs = problem.advance(
        [s.theta for s in states],
        solvers,
        options.optimizer,
        orders,
        options.batch_size,
        rates,
        options.dropout,
    )
    return [
        (_advanced(state, epoch, bits, m), float(epoch.J))
        for state, epoch, bits in zip(states, epochs, bits_after)
    ]


def _advanced(
    state: TrainingState, epoch: engine.Epoch, bits: Mapping[str, object], m: int
) -> TrainingState:
    """The state after an epoch, its curves left out."""
    return state.updated(
        theta=epoch.theta,
        solver=epoch.state,
        epoch=state.epoch + 1,
        rows_seen=state.rows_seen + m,
        generator=bits,
    )


def _check_epoch(
    problem: engine.Problem,
    before: TrainingState,
    after: TrainingState,
    options: MiniBatchOptions,
    monitor: Monitor,
) -> Training:
    """Where an epoch leads, and why it was the last if it was."""
    if _diverged(problem, before, after, options.explosion):
        return _last_finite(problem, before, monitor), StopReason.DIVERGED
    return _check_stop(options.early_stopping.count(after), options)


def _diverged(
    problem: engine.Problem, before: TrainingState, after: TrainingState, explosion: float
) -> bool:
    """Whether an epoch ended with what is not finite, or with a J far above what it was."""
    J = after.history.J[-1]
    if not (math.isfinite(J) and all_finite(after.theta)):
        return True
    if J <= explosion:
        return False
    earlier = before.best_J
    if not np.isfinite(earlier):
        earlier = float(problem.cost_and_gradient(before.theta)[0])
    return J > explosion * max(1.0, abs(earlier))


def _last_finite(problem: engine.Problem, before: TrainingState, monitor: Monitor) -> TrainingState:
    """Go back to the epoch before, with a NaN at the end of every curve that is kept."""
    if before.epoch == 0:
        _refuse_if_not_finite(*problem.cost_and_gradient(before.theta))
    validation = None if monitor.validate is None else (np.nan, np.nan)
    return before.updated(history=before.history.longer(np.nan, validation))


def _refuse_if_not_finite(J: float, D: Array) -> None:
    if not (math.isfinite(J) and all_finite(D)):
        raise InvalidInput(NOT_FINITE_AT_ONCE)


def _check_stop(state: TrainingState, options: MiniBatchOptions) -> Training:
    """Stop after too many epochs without improvement, unless the rate can still be lowered."""
    if not options.early_stopping.exhausted(state):
        return state, None
    rate = options.schedule.shrunk(state.learning_rate)
    if rate is not None:
        return state.updated(learning_rate=rate, no_improvement=0), None
    return state, options.early_stopping.reason
