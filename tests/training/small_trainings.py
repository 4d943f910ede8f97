"""A small problem's trainings, which the tests of this folder share."""

from __future__ import annotations

import pickle

import numpy as np

import backpass as bp
from backpass import engine
from backpass.solvers.first_order import Adam
from backpass.training.early_stopping import EarlyStopping
from backpass.training.full_batch import FullBatchOptions, run_full_batch
from backpass.training.mini_batch import MiniBatchOptions
from backpass.training.monitor import Monitor
from backpass.training.schedules import Schedule
from backpass.training.state import start, unpack

NET = bp.Network((4, 5, 3), hidden="tanh", loss="log_loss")

FOR_EVER = EarlyStopping(tol=0.0, n_iter_no_change=np.inf)


def plan(epochs=4, rate=0.05, optimizer=None, early_stopping=FOR_EVER, schedule="constant", **more):
    total = more.pop("total", epochs)
    return MiniBatchOptions(
        optimizer=optimizer or Adam(),
        schedule=Schedule(schedule, rate, epochs=total),
        batch_size=16,
        max_epochs=epochs,
        early_stopping=early_stopping,
        **more,
    )


def begin(seed=3):
    return start(bp.init_theta(NET, seed, "glorot"), seed)


def changed(state, values):
    """A state with other values, by their names in files."""
    return unpack(values, state)


def full_batch(problem, state, monitor, **options):
    return run_full_batch(problem, state, FullBatchOptions(**options), monitor)


def same(state, other):
    """Whether two states are equal to the bit."""
    return pickle.dumps(state) == pickle.dumps(other)


def run_lbfgs(problem, state):
    return full_batch(
        problem, state, Monitor(), solver="lbfgs", max_iter=5, early_stopping=EarlyStopping()
    )


class Interrupted(engine.SequentialProblem):
    """A problem that is interrupted at the n-th call."""

    def __init__(self, problem, calls):
        self.problem, self.calls = problem, calls
        self.rows, self.net, self.lam = problem.rows, problem.net, problem.lam

    def count(self):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt

    def run_epoch(self, *arguments):
        self.count()
        return self.problem.run_epoch(*arguments)

    def cost_and_gradient(self, theta):
        self.count()
        return self.problem.cost_and_gradient(theta)


class Told(engine.SequentialProblem):
    """A problem whose J and D are told."""

    def __init__(self, problem, J, D, after=np.nan):
        self.rows, self.net, self.lam = problem.rows, problem.net, problem.lam
        self.J, self.D, self.after = J, D, after

    def cost_and_gradient(self, theta):
        return self.J, np.broadcast_to(self.D, theta.shape)

    def run_epoch(self, theta, state, *rest):
        return engine.Epoch(theta + 1, state, self.after)
