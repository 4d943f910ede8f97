"""Training by a full-batch solver, whose iterations count as epochs."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import OptimizeResult

from .. import engine
from ..arrays import State, array_namespace
from ..blas import blas_threads
from ..errors import InvalidInput
from ..solvers.minimize import minimize_function
from ..solvers.stop import Stop
from .early_stopping import EarlyStopping
from .mini_batch import NOT_FINITE_AT_ONCE
from .monitor import Finished, Monitor
from .state import TrainingState
from .stop import StopReason

# Where a full-batch solver is done. Where scikit-learn stops, at a gradient of tol, J of separable
# data can still fall to a third: ours would stop there too early, as its steps are longer.
GRADIENT_PART = 0.01
SMALLEST_FALL = 2.2e-9  # of J: SciPy's own for L-BFGS-B


@dataclass(frozen=True)
class FullBatchOptions:
    """Which solver trains, and when it is over."""

    solver: str
    max_iter: int
    early_stopping: EarlyStopping
    max_fun: int | None = None

    together = False

    def less(self, epochs: int, evaluations: int) -> FullBatchOptions:
        """What is left of the iterations, and of the evaluations of J, that may be made."""
        max_fun = None if self.max_fun is None else self.max_fun - evaluations
        return replace(self, max_iter=self.max_iter - epochs, max_fun=max_fun)

    def train(
        self, problem: engine.Problem, states: Iterable[TrainingState], monitor: Monitor
    ) -> list[Finished]:
        """Train from each of the states, one after another."""
        return [run_full_batch(problem, state, self, monitor) for state in states]


def run_full_batch(
    problem: engine.Problem, state: TrainingState, options: FullBatchOptions, monitor: Monitor
) -> Finished:
    """Train by a full-batch solver until there is a reason to stop."""
    early_stopping = options.early_stopping
    latest = state
    exhausted: list[StopReason] = []

    def after_iteration(point: OptimizeResult) -> bool:
        nonlocal latest
        monitor.rows += problem.rows.m
        now = latest.updated(theta=point.x, solver=point.state, epoch=latest.epoch + 1)
        # whole at once, whenever Ctrl-C comes
        latest = early_stopping.count(monitor.record(now, float(point.fun)))
        if early_stopping.by_score and early_stopping.exhausted(latest):
            exhausted.append(early_stopping.reason)
        return monitor.asks_to_stop(latest) or bool(exhausted)

    try:
        with np.errstate(all="ignore"):
            result = minimize_function(
                problem.cost_and_gradient,
                state.theta,
                solver=options.solver,
                max_iter=options.max_iter,
                max_fun=options.max_fun,
                tol=GRADIENT_PART * early_stopping.tol,
                ftol=SMALLEST_FALL,
                callback=after_iteration,
                state=_solver_state(problem, state),
                curvature=engine.ProblemCurvature(problem),
                keep=lambda _: monitor.on_state([(latest, None)]),
            )
    except KeyboardInterrupt:  # before the first point was evaluated
        return latest, StopReason.INTERRUPTED
    except InvalidInput as error:
        if not problem.in_memory:  # whose rows are checked as they are read
            raise
        raise InvalidInput(NOT_FINITE_AT_ONCE) from error
    if result.reason is Stop.INTERRUPTED:  # perhaps between a step and its place on the curves
        return latest, StopReason.INTERRUPTED
    final = latest.updated(theta=result.x, solver=result.state)
    return final, (exhausted or [StopReason[result.reason.name]])[0]


def _solver_state(problem: engine.Problem, state: TrainingState) -> State | None:
    """A copy of the solver's state, if the objective at its point is still the same."""
    solver = state.solver
    if solver is None:
        return None
    with blas_threads(1):  # as the solver had it
        J, D = problem.cost_and_gradient(state.theta)
    same = float(J) == solver["J"] and bool(array_namespace(D).all(D == solver["D"]))
    return copy.deepcopy(solver) if same else None
