"""The core's functions are known by name, on both sides; a place in a list means nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import backpass as bp
from backpass import activations, engine, losses
from backpass.activations import ACTIVATIONS, Activation
from backpass.backprop import forward_pass
from backpass.engine import core, native
from backpass.engine.blocked import problem as blocked
from backpass.engine.blocked.functions import hidden_in_place, output_in_place
from backpass.engine.problem import check_rows, rule_name
from backpass.engine.reference import ReferenceProblem
from backpass.losses import LOSSES, Loss, huber, quantile
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon

needs_core = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
RULES = [GradientDescent, Momentum, Nesterov, Adam, AdamW, Muon]


def problem_of(net, m=30):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(m, net.sizes[0])), rng.random((m, net.sizes[-1]))
    return X, Y / Y.sum(axis=1, keepdims=True), bp.init_theta(net, 1, "glorot")


def is_right(net):
    """Which engine serves a network, after its J and D have been held against the reference's."""
    X, Y, theta = problem_of(net)
    problem = engine.prepare(net, X, Y, lam=0.3)
    J, D = problem.cost_and_gradient(theta)
    J_true, D_true = ReferenceProblem(net, check_rows(net, X, Y), 0.3).cost_and_gradient(theta)
    np.testing.assert_allclose(J, J_true, rtol=1e-12)
    np.testing.assert_allclose(D, D_true, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(bp.forward(net, theta, X), net.loss.h(_logits(net, theta, X)))
    return problem.name


def _logits(net, theta, X):
    return forward_pass(net, net.roll(theta), X)[1][net.L]


@needs_core
def test_the_core_has_every_function_of_the_library_and_no_other():
    compiled = core.compiled
    assert sorted(compiled.activations()) == sorted(g.core for g in ACTIVATIONS.values())
    assert sorted(compiled.losses()) == sorted(loss.core for loss in LOSSES.values())
    assert sorted(compiled.rules()) == sorted(rule.core for rule in RULES)


@needs_core
@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("loss", [*LOSSES.values(), huber(0.3), huber(5.0), quantile(0.8)])
def test_every_function_of_the_library_is_the_cores(hidden, loss):
    assert is_right(bp.Network((3, 4, 5, 2), hidden, loss)) == "native"


# A registry that is turned round and extended before the engines see it.
TURNED = """
import numpy as np
from backpass import activations, losses
from backpass.activations import Activation
wave = Activation("wave", np.sin, np.cos)
turned = dict(reversed(activations.ACTIVATIONS.items()))
activations.ACTIVATIONS.clear()
activations.ACTIVATIONS.update({"wave": wave, **turned})
mine = losses.Loss("mine", lambda z: z, lambda z, y: ((z - y) ** 4).sum(axis=1) / 4,
                   lambda z, y: (z - y) ** 3)
turned = dict(reversed(losses.LOSSES.items()))
losses.LOSSES.clear()
losses.LOSSES.update({"mine": mine, **turned})

import backpass as bp
from test_engine_names import is_right
from backpass.engine import core
nets = [bp.Network((3, 4, 5, 2), ["tanh", g], loss)
        for g in activations.ACTIVATIONS for loss in losses.LOSSES]
names = [is_right(net) for net in nets]
print(names.count("native"), sum(map(core.computes, nets)))
"""


@needs_core
def test_the_order_of_the_registries_means_nothing_and_new_entries_are_called():
    told = subprocess.run(
        [sys.executable, "-c", TURNED],
        capture_output=True,
        text=True,
        check=True,
        cwd=__file__.rpartition("/")[0],
    )
    known, unknown = len(ACTIVATIONS) * len(LOSSES), len(ACTIVATIONS) + len(LOSSES) + 1
    assert told.stdout.split() == [str(known + unknown), str(known)]


def impostors():
    """Functions of a user's own under the library's names, in every way that one comes to be."""
    relu, tanh = ACTIVATIONS["relu"], ACTIVATIONS["tanh"]
    yield "logistic", Activation("tanh", np.sin, np.cos)
    yield "logistic", Activation("relu", tanh.g, tanh.g_prime, core="relu")
    yield "tanh", replace(relu, g=np.sin, g_prime=np.cos)
    yield "tanh", replace(tanh, smooth=False)


@pytest.mark.parametrize(("first", "own"), list(impostors()))
def test_a_users_own_function_is_never_taken_for_the_one_of_its_name(first, own, monkeypatch):
    net = bp.Network((3, 4, 5, 2), [first, own], "squared_error")
    assert activations.core_name(own) is None
    assert is_right(net) == engine.engine_name()
    assert not core.computes(net)
    monkeypatch.setitem(
        ACTIVATIONS, own.name, replace(own, core=None)
    )  # and neither is a new entry
    assert is_right(net) == engine.engine_name()
    assert not core.computes(net)
    monkeypatch.setenv("BACKPASS_ENGINE", "reference")
    assert is_right(net) == "reference"


@pytest.mark.parametrize("loss", [*LOSSES.values(), huber(0.3), quantile(0.9)])
def test_a_users_own_loss_is_never_taken_for_the_one_of_its_name(loss):
    own = replace(
        loss, value=lambda z, y: (z - y)[:, 0] ** 2 + z[:, 1], delta=lambda z, y: _own_delta(z, y)
    )
    assert losses.core_name(own) is None
    net = bp.Network((3, 4, 2), "tanh", own)
    assert is_right(net) == engine.engine_name()
    assert not core.computes(net)


def _own_delta(z, y):
    delta = np.zeros_like(z)
    delta[:, 0], delta[:, 1] = 2 * (z - y)[:, 0], 1
    return delta


def test_a_threshold_of_another_is_no_threshold():
    """Huber's functions close over their threshold, so the number beside them must be theirs."""
    assert losses.core_name(huber(2.0)) == "huber"
    assert losses.core_name(replace(huber(2.0), parameter=3.0)) is None
    assert losses.core_name(replace(LOSSES["squared_error"], parameter=3.0)) is None
    net = bp.Network((3, 4, 2), "tanh", replace(huber(0.2), parameter=3.0))
    assert is_right(net) == engine.engine_name()
    assert not core.computes(net)


@needs_core
def test_what_the_core_does_not_know_is_an_error_there():
    compiled, isa = core.compiled, core.instruction_set()
    with pytest.raises(ValueError, match=r"no activation named 'wave'; it knows identity, log"):
        compiled.Network([2, 3, 1], ["wave"], "squared_error", 0.0, isa)
    with pytest.raises(ValueError, match="no loss named 'hinge'; it knows log_loss, binary"):
        compiled.Network([2, 3, 1], ["tanh"], "hinge", 0.0, isa)
    with pytest.raises(ValueError, match="cannot run the kernels named v9"):
        compiled.Network([2, 3, 1], ["tanh"], "squared_error", 0.0, "v9")
    with pytest.raises(ValueError, match="two layers more than it has activations"):
        compiled.Network([2, 3, 1], [], "squared_error", 0.0, isa)
    with pytest.raises(ValueError, match="no update rule named 'sum'; it knows gd, momentum"):
        compiled.Rule("sum", 0, 0, 0, 0, 0)
    for place in (0, 1, None):
        with pytest.raises(TypeError):
            compiled.Network([2, 3, 1], [place], "squared_error", 0.0, isa)
        with pytest.raises(TypeError):
            compiled.Rule(place, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="no elementwise function named 'sin'; it knows exp, log"):
        native.elementwise("sin", np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="y is shorter than x"):
        native.elementwise("exp", np.ones(3), np.ones(2))


class Heavy(Adam):
    """The library's rule with a step of its own, under the library's name."""

    def step(self, state, theta, gradient, learning_rate):
        """Walk twice as far."""
        return super().step(state, theta, gradient, 2 * learning_rate)


def test_a_rule_of_ones_own_makes_its_own_steps_in_every_engine(monkeypatch):
    net, rule = bp.Network((3, 4, 2), "tanh", "log_loss"), Heavy()
    assert rule_name(rule) is None
    names = ["gd", "momentum", "nesterov", "adam", "adamw", "muon"]
    assert [rule_name(kind()) for kind in RULES] == names
    X, Y, theta = problem_of(net)
    order, rates = np.arange(30), np.full(3, 0.01)
    twice = np.full(3, 0.02)
    for name in ("native", "blocked", "reference"):
        monkeypatch.setenv("BACKPASS_ENGINE", name)
        problem = engine.prepare(net, X, Y)
        ours = problem.run_epoch(theta, rule.init(theta), rule, order, 10, rates)
        truth = problem.run_epoch(theta, rule.init(theta), Adam(), order, 10, twice)
        np.testing.assert_allclose(ours.theta, truth.theta, rtol=1e-9, err_msg=name)
        together = problem.run_epochs([theta], [rule.init(theta)], rule, [order], 10, [rates])
        np.testing.assert_allclose(together[0].theta, truth.theta, rtol=1e-9, err_msg=name)


def test_the_blocked_engine_asks_for_names_as_the_core_does():
    assert hidden_in_place(ACTIVATIONS["tanh"]) is hidden_in_place(replace(ACTIVATIONS["tanh"]))
    own = Activation("tanh", np.sin, np.cos)
    a = np.empty((2, 3))
    hidden_in_place(own).g(np.ones((2, 3)), a)
    np.testing.assert_array_equal(a, np.sin(np.ones((2, 3))))
    assert output_in_place(LOSSES["log_loss"]) is output_in_place(replace(LOSSES["log_loss"]))


def test_what_old_pickles_lack_changes_nothing():
    """Activations and losses of the first release carry neither what is odd nor the core's name."""
    tanh, loss = ACTIVATIONS["tanh"], LOSSES["poisson"]
    old = Activation(tanh.name, tanh.g, tanh.g_prime, tanh.smooth)
    older = Loss(loss.name, loss.h, loss.value, loss.delta, loss.output, loss.smooth, None)
    assert old == tanh
    assert older == loss
    assert activations.core_name(old) == "tanh"
    assert losses.core_name(older) == "poisson"
    assert is_right(bp.Network((3, 4, 2), old, older)) == blocked_or_native()


def blocked_or_native():
    return "native" if native.instruction_sets() else blocked.BlockedProblem.name
