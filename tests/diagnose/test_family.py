"""The right algorithm by every convention, against J written out here and its differences."""

import numpy as np
import pytest

import backpass as bp
from backpass.diagnose.convention import Convention
from backpass.diagnose.family import Family
from backpass.diagnose.probes import make_probe
from by_convention import SQUARES_BEHIND_SIGMOID, sigmoid

SIZES = (4, 5, 3)


MEANS = {"1/m": lambda m, K: 1 / m, "1": lambda m, K: 1.0, "1/mK": lambda m, K: 1 / (m * K)}
LAMS = {"1/2m": lambda m: 1 / (2 * m), "1/2": lambda m: 0.5, "1": lambda m: 1.0, "0": lambda m: 0}


def cost(net, theta, X, Y, lam, convention):
    """J by a convention, from nothing but its words."""
    Thetas, a, penalty = net.roll(theta), X, 0.0
    for l, Theta in enumerate(Thetas, start=1):
        z = a @ Theta[:, 1:].T + convention.bias * Theta[:, 0]
        a = np.tanh(z)
        if convention.decayed is None or l in convention.decayed:
            penalty += (Theta[:, not convention.bias_decayed :] ** 2).sum()
    per_example = {
        "squared_error behind logistic": lambda: ((sigmoid(z) - Y) ** 2).sum(axis=1) / 2,
        "binary_log_loss": lambda: -(Y * np.log(sigmoid(z)) + (1 - Y) * np.log(sigmoid(-z))).sum(1),
    }[net.loss.name]()
    data = convention.times * MEANS[convention.mean](len(X), Y.shape[1]) * per_example.sum()
    return data + lam * LAMS[convention.lam_J](len(X)) * penalty


def central_differences(f, theta, h=1e-5):
    steps = h * np.eye(theta.size)
    return np.array([(f(theta + step) - f(theta - step)) / (2 * h) for step in steps])


CONVENTIONS = [
    Convention(),
    Convention(mean="1", lam_J="1/2"),
    Convention(mean="1/mK", times=2.0, lam_J="1"),
    Convention(lam_J="1/2", decayed=(2,)),
    Convention(bias_decayed=True),
    Convention(mean="1", lam_J="0", bias=False),
]


def probe_of(convention, loss="binary_log_loss"):
    probe = make_probe(bp.Network(SIZES, "tanh", loss), 0)
    theta = probe.theta
    if not convention.bias:
        theta = theta.copy()
        for Theta in probe.net.roll_unchecked(theta):
            Theta[:, 0] = 0
    return type(probe)(probe.net, theta, probe.X, probe.Y, probe.lams, convention)


@pytest.mark.parametrize("loss", ["binary_log_loss", SQUARES_BEHIND_SIGMOID])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_right_recipe_is_the_derivative_of_j_by_every_convention(convention, loss):
    probe = probe_of(convention, loss)
    J, D = Family(probe).J({}), Family(probe).D({})
    for lam in (0.0, 1.3):

        def of(theta, lam=lam):
            return cost(probe.net, theta, probe.X, probe.Y, lam, convention)

        np.testing.assert_allclose(J[0] + lam * J[1], of(probe.theta), rtol=1e-12)
        data, decay = np.split(D, 2)
        expected = central_differences(of, probe.theta)
        np.testing.assert_allclose(data + lam * decay, expected, atol=2e-8 * abs(expected).max())
