"""BLAS's threads: bounded where asked, and no bit of a full-batch fit depends on them."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.datasets import load_digits
from threadpoolctl import ThreadpoolController, threadpool_limits

import backpass as bp
from backpass import engine
from backpass.blas import blas_threads
from backpass.engine import core, native, thread_limit
from backpass.errors import InvalidInput
from backpass.solvers import describe_point, minimize_function

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def counts():
    """Threads of every BLAS that is loaded, in the order of their files."""
    blas = ThreadpoolController().select(user_api="blas").lib_controllers
    return [library.get_num_threads() for library in sorted(blas, key=lambda each: each.filepath)]


@pytest.fixture(autouse=True)
def two_threads():
    """Two threads to begin with, whatever the machine has: BLAS takes more than there are cores."""
    with threadpool_limits(2, "blas"):
        if set(counts()) != {2}:
            pytest.skip("this BLAS has one thread only")
        yield


def test_a_limit_is_held_and_put_back():
    with blas_threads(1):
        assert set(counts()) == {1}
        with blas_threads(7):  # never raised
            assert set(counts()) == {1}
        assert set(counts()) == {1}
    assert set(counts()) == {2}
    with blas_threads(9):
        assert set(counts()) == {2}
    with blas_threads(None):
        assert set(counts()) == {2}


def test_a_limit_is_put_back_after_an_error():
    with pytest.raises(InvalidInput), blas_threads(1):
        raise InvalidInput("no")
    assert set(counts()) == {2}


def test_limits_of_several_python_threads_hold_until_the_last_is_gone():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with blas_threads(1):
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=other)
    with blas_threads(2):
        thread.start()
        inside.wait(20)
        assert set(counts()) == {1}
    assert set(counts()) == {1}
    leave.set()
    thread.join()
    assert set(counts()) == {2}


X_DIGITS, Y_DIGITS = load_digits(return_X_y=True)
X_DIGITS = X_DIGITS / 16


SINE = bp.Activation("sine", np.sin, np.cos)  # of one's own: the engine is NumPy's
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@DTYPES
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
@pytest.mark.parametrize("activation", ["tanh", SINE], ids=["core", "own"])
@pytest.mark.parametrize("hidden", [(7,), (130,)])
def test_a_full_batch_fit_has_the_same_bits_on_any_threads_of_blas(
    dtype, solver, activation, hidden
):
    if solver == "newton" and hidden == (130,):
        hidden = (40, 5)
    X, Y = X_DIGITS[:400].astype(dtype), np.eye(10, dtype=dtype)[Y_DIGITS[:400]]
    net = bp.Network((64, *hidden, 10), activation, "log_loss")
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    fits = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads, "blas"):
            problem = engine.prepare(net, X, Y, lam=0.1)
            iterations = 4 if solver == "newton" else 13
            found = bp.minimize(net, theta, X, Y, 0.1, solver, iterations, tol=0)
            told = describe_point(problem.cost_and_gradient, found.x, products=5)
            fits.append((found.x, found.fun, repr(told)))
    for fit in fits[1:]:
        np.testing.assert_array_equal(fit[0], fits[0][0])
        assert fit[1:] == fits[0][1:]


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
def test_a_solver_is_alone_with_one_thread(solver):
    seen = []

    def bowl(theta):
        seen.append(set(counts()))
        return float(theta @ theta) / 2, theta

    class Bowl:
        slices, decay, every = ((slice(0, 3), (3, 1)),), 0.0, 1

        def dense(self, theta):
            return np.eye(3)

        def second_moments(self, theta):
            return [np.eye(3)], [np.eye(1)]

    minimize_function(bowl, np.array([3.0, 4.0, 5.0]), solver=solver, curvature=Bowl())
    describe_point(bowl, np.zeros(3))
    assert seen == [{1}] * len(seen)
    assert len(seen) > 6
    assert set(counts()) == {2}


@pytest.mark.parametrize("n_threads", [1, None])
@pytest.mark.parametrize("engine_name", ["blocked", "reference"])
def test_n_threads_bounds_the_engines_of_numpy(n_threads, engine_name, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", engine_name)
    seen: list[set[int]] = []

    def g(z):
        seen.append(set(counts()))
        return np.sin(z)

    net = bp.Network((64, 5, 10), bp.Activation("seen", g, np.cos), "log_loss")
    X, Y = X_DIGITS[:50], np.eye(10)[Y_DIGITS[:50]]
    theta = bp.init_theta(net, 0)
    problem = engine.prepare(net, X, Y, n_threads=n_threads)
    problem.cost_and_gradient(theta)
    problem.logits_and_cost(theta)
    problem.batch_cost_and_gradient(theta, np.arange(20))
    bp.cost_and_gradient(net, theta, X, Y, n_threads=n_threads)
    bp.forward(net, theta, X, n_threads=n_threads)
    assert len(seen) >= 5
    assert seen == [{n_threads or 2}] * len(seen)
    assert set(counts()) == {2}


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "newton"])
def test_n_threads_bounds_an_estimator_of_ones_own_functions(solver):
    seen: list[set[int]] = []

    def g(z):
        seen.append(set(counts()))
        return np.sin(z)

    model = bp.MLPClassifier(
        (4,), bp.Activation("seen", g, np.cos), solver=solver, max_iter=2, n_threads=1
    )
    X, y = X_DIGITS[:60], Y_DIGITS[:60]
    model.fit(X, y, X_val=X, y_val=y)
    seen.clear()
    model.score(X, y)
    model.predict_proba(X)
    assert seen == [{1}, {1}]


@pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
@pytest.mark.parametrize("asked", [1000, 255, 2, None])
def test_nothing_asks_the_core_for_more_threads_than_processors(asked, monkeypatch):
    usable = thread_limit._usable()
    asked_for: list[int] = []
    real = core.compiled

    class Watched:
        """The core, with the threads written down that it is asked for."""

        def __getattr__(self, name):
            return getattr(real, name)

        def forward(self, *arguments):
            asked_for.append(arguments[-1])
            return real.forward(*arguments)

        def Problem64(self, *arguments):
            asked_for.append(arguments[3])
            return real.Problem64(*arguments)

    monkeypatch.setattr(core, "compiled", Watched())
    net = bp.Network((64, 5, 10), "tanh", "log_loss")
    X, Y, theta = X_DIGITS[:90], np.eye(10)[Y_DIGITS[:90]], bp.init_theta(net, 0)
    with threadpool_limits(500, "backpass"):
        bp.forward(net, theta, X, n_threads=asked)
        bp.cost_and_gradient(net, theta, X, Y, n_threads=asked)
        bp.minimize(net, theta, X, Y, max_iter=1, n_threads=asked)
        model = bp.MLPClassifier((5,), solver="gd", max_iter=1, n_threads=asked)
        model.fit(X, Y_DIGITS[:90], X_val=X, y_val=Y_DIGITS[:90])
        model.predict(X)
        model.predict_proba(X)
        model.transform(X)
    assert len(asked_for) >= 7
    assert set(asked_for) == {min(asked or usable, usable)}


@pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
def test_the_core_itself_takes_any_count_and_makes_no_more_than_255():
    net = bp.Network((3, 2), (), "squared_error")
    rows = engine.check_rows(net, np.ones((9, 3)), np.ones((9, 2)))
    theta = bp.init_theta(net)
    J, D = native.NativeProblem(net, rows, 0.0, 1).cost_and_gradient(theta)
    for n_threads in (3, 5, 100_000):
        ours = native.NativeProblem(net, rows, 0.0, n_threads).cost_and_gradient(theta)
        assert ours[0] == J
        np.testing.assert_array_equal(ours[1], D)
