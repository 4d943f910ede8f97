"""Control-C waits for the end of an epoch, and is answered then."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from small_trainings import begin, plan

import backpass as bp
from backpass.estimators.targets.strategies import ClassTargets
from backpass.solvers.first_order import Adam
from backpass.training.interrupts import HeldInterrupts
from backpass.training.mini_batch import run_epochs
from backpass.training.monitor import Monitor
from backpass.training.stop import StopReason

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
DRAW = np.random.default_rng(0)
X, K = DRAW.normal(size=(90, 4)), DRAW.integers(0, 3, 90)


def control_c():
    signal.raise_signal(signal.SIGINT)


def test_one_is_answered_at_the_release():
    with HeldInterrupts() as interrupts:
        interrupts.hold()
        control_c()
        with pytest.raises(KeyboardInterrupt):
            interrupts.release()
        interrupts.hold()
        interrupts.release()  # once is enough


def test_a_second_does_not_wait():
    with HeldInterrupts() as interrupts:
        interrupts.hold()
        control_c()
        with pytest.raises(KeyboardInterrupt):
            control_c()


def test_it_does_not_wait_where_nothing_is_held():
    with HeldInterrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            control_c()
        interrupts.hold()
        interrupts.release()
        with pytest.raises(KeyboardInterrupt):
            control_c()


def test_who_took_it_before_takes_it_again():
    taken = []
    before = signal.signal(signal.SIGINT, lambda *_: taken.append("before"))
    try:
        with HeldInterrupts() as interrupts:
            interrupts.hold()
            control_c()
            assert taken == []
            interrupts.release()
        assert taken == ["before"]
        control_c()
        with HeldInterrupts():
            signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever did it wants that
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert taken == ["before", "before"]


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_what_is_not_python_s_is_left_alone(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        with HeldInterrupts():
            assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_it_alone():
    seen, before = [], signal.getsignal(signal.SIGINT)

    def other():
        with HeldInterrupts() as interrupts:
            interrupts.hold()
            seen.append(signal.getsignal(signal.SIGINT))
            interrupts.release()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [before]


def validated(number, action):
    """A validation that acts at one of its calls."""
    calls = []

    def validate(theta):
        calls.append(1)
        if len(calls) == number:
            action()
        return 0.0, 0.0

    return validate


def test_an_epoch_that_is_interrupted_is_whole(problem):
    options = plan(9, optimizer=Adam())
    state, reason = run_epochs(problem, begin(), options, Monitor(validated(4, control_c)))
    four, _ = run_epochs(problem, begin(), plan(4, optimizer=Adam()), Monitor())
    assert reason is StopReason.INTERRUPTED
    assert len(state.history.score) == state.epoch == 4
    np.testing.assert_array_equal(state.theta, four.theta)
    np.testing.assert_array_equal(state.solver["v"], four.solver["v"])


def test_an_epoch_that_does_not_end_leaves_theta_and_a_solver_that_begins_anew(problem):
    def twice():
        control_c()
        control_c()

    options = plan(9, optimizer=Adam())
    state, reason = run_epochs(problem, begin(), options, Monitor(validated(4, twice)))
    three, _ = run_epochs(problem, begin(), plan(3, optimizer=Adam()), Monitor())
    assert (reason, state.epoch, state.solver) == (StopReason.INTERRUPTED, 3, {})
    assert three.whole
    assert not state.whole
    np.testing.assert_array_equal(state.theta, three.theta)
    on, _ = run_epochs(problem, state, plan(1, optimizer=Adam()), Monitor())
    assert on.epoch == 4
    assert on.solver["t"] * 3 == three.solver["t"]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_checkpoint_keeps_what_goes_on_to_the_same_bits(tmp_path):
    """An epoch that does not end is not written over the last that did."""

    def model(**settings):
        return bp.MLPClassifier(
            (5,), solver="adam", max_iter=6, random_state=0, n_iter_no_change=9, **settings
        )

    def cut_short(calls):
        calls.append(1)
        if len(calls) == 5:
            control_c()
            control_c()
        return 0.5

    calls, here = [], {"checkpoint": tmp_path / "run.backpass", "every": 3}
    rows = {"X_val": X[:9], "y_val": K[:9]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClassTargets, "scorer", lambda *_: lambda z: cut_short(calls))
        with pytest.warns(UserWarning, match="interrupted"):
            left = model(**here).fit(X, K, **rows)
    assert left.n_iter_ == 4
    epochs = []
    resumed = model(**here, callbacks=lambda progress: epochs.append(progress.epoch))
    whole = model().fit(X, K, **rows)
    np.testing.assert_array_equal(resumed.fit(X, K, **rows).theta_, whole.theta_)
    assert epochs == [4, 5, 6]
