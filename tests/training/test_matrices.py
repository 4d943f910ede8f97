"""What a training tells the rules that treat matrices apart."""

from __future__ import annotations

import numpy as np
import pytest

import backpass as bp
from backpass.engine import prepare
from backpass.solvers.adamw import AdamW, Matrix
from backpass.solvers.first_order import Adam
from backpass.solvers.muon import Muon
from backpass.training.matrices import WIDE, matrices_of, with_matrices


def offsets(matrices):
    return [matrix.offset for matrix in matrices]


def test_every_weight_decays_by_adamw_and_no_bias():
    net = bp.Network((4, 3, 2))
    rule = with_matrices(AdamW(weight_decay=0.5), net)
    theta = np.ones(net.n_parameters)
    new = rule.step(rule.init(theta), theta, np.zeros_like(theta), 1.0)[1]
    for Theta in net.roll(new):
        assert (Theta[:, 0] == 1).all()
        assert (Theta[:, 1:] == 0.5).all()


def test_muon_takes_every_matrix_but_the_last_and_but_a_very_wide_first_one():
    for sizes, hidden in [((4, 3, 2, 5), [0, 1]), ((WIDE + 1, 3, 2, 5), [1]), ((4, 5), [])]:
        net = bp.Network(sizes)
        rule, every = with_matrices(Muon(), net), matrices_of(net)
        assert rule.matrices == tuple(every[l] for l in hidden)
        assert sorted(rule.matrices + rule.others) == list(every)


def test_what_is_told_already_and_what_does_not_ask_stays():
    net = bp.Network((4, 3, 2))
    told = Muon(matrices=(Matrix(11, 3, 1),))
    for rule in (told, Adam(), AdamW(matrices=())):
        assert with_matrices(rule, net) is rule


@pytest.mark.parametrize("solver", ["adamw", "muon"])
def test_a_job_trains_by_name_and_by_object_to_the_same_bits(solver):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    Y = np.tanh(X[:, :2] @ rng.standard_normal((2, 2)))
    net = bp.Network((4, 8, 8, 2), "tanh", "squared_error")
    rules = [solver, {"adamw": AdamW(), "muon": Muon()}[solver]]
    rules.append(with_matrices(rules[1], net))
    jobs = [
        bp.Job(net, X, Y, solver=rule, batch_size=20, max_epochs=30, schedule="cosine", warm_up=0.1)
        for rule in rules
    ]
    first, *others = bp.train_jobs(jobs)
    for other in others:
        np.testing.assert_array_equal(first.theta, other.theta)
    start = prepare(net, X, Y).cost_and_gradient(bp.init_theta(net, 0, "glorot"))[0]
    assert first.J_curve[-1] < 0.7 * start
