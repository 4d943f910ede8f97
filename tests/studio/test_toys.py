"""Points in a plane, networks for them, and the settings that learn each set well."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import backpass as bp
from backpass import engine
from backpass.errors import InvalidInput
from backpass.solvers.first_order import RULES
from backpass.studio.session import Hyperparameters, Session
from backpass.studio.summary import validation
from backpass.studio.toys import (
    GOOD,
    TOYS,
    ToySettings,
    page_state_of_toy,
    session_data_of_toy,
    start_of,
    toy_points,
)
from backpass.studio.toys.numbers import draw
from backpass.training.early_stopping import EarlyStopping
from backpass.training.mini_batch import MiniBatchOptions, run_epochs
from backpass.training.monitor import Monitor
from backpass.training.schedules import Schedule
from backpass.training.state import start

ENDLESS = EarlyStopping(tol=0.0, n_iter_no_change=math.inf)


def test_the_random_numbers_are_even():
    numbers = draw(7, 4000)
    assert stats.kstest(numbers, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.05
    assert not np.array_equal(draw(8, 4000), numbers)


@pytest.mark.parametrize("toy", TOYS)
def test_the_same_seed_makes_the_same_points_and_the_noise_is_as_asked(toy):
    clean, noisy = (toy_points(toy, 500, noise, 3) for noise in (0.0, 0.1))
    again = toy_points(toy, 500, 0.1, 3)
    np.testing.assert_array_equal(again.X, noisy.X)
    np.testing.assert_array_equal(again.y, noisy.y)
    assert abs(clean.X).max() <= 1.1
    of_numbers = TOYS[toy].height is not None
    added = noisy.y - clean.y if of_numbers else (noisy.X - clean.X).ravel()
    assert added.std() == pytest.approx(0.1, rel=0.1)
    assert stats.kstest(added / 0.1, "norm").pvalue > 0.01
    assert noisy.n_train == 350
    assert not of_numbers or not np.any(noisy.X - clean.X)


def test_classes_take_turns_and_lie_where_their_names_say():
    points = {toy: toy_points(toy, 400, 0.0, 1) for toy in TOYS}
    for toy in set(TOYS) - {"surface"}:
        counts = np.bincount(points[toy].y, minlength=TOYS[toy].classes)
        assert np.ptp(counts) <= 1
    X, y = points["xor"].X, points["xor"].y
    np.testing.assert_array_equal(y, (X[:, 0] * X[:, 1] > 0).astype(int))
    radius = np.linalg.norm(points["rings"].X, axis=1)
    np.testing.assert_allclose(radius, np.where(points["rings"].y, 0.9, 0.35), rtol=1e-12)
    X, y = points["surface"].X, points["surface"].y
    np.testing.assert_allclose(y, np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1]), atol=1e-12)


def test_the_start_is_drawn_by_glorot_s_rule():
    net = bp.Network((2, 8, 8, 3))
    Thetas = net.roll(start_of(net, 5))
    for Theta in Thetas:
        rows, columns = Theta.shape
        bound = math.sqrt(6 / (rows + columns - 1))
        assert not Theta[:, 0].any()
        assert 0.7 * bound < abs(Theta[:, 1:]).max() <= bound


def learnt(settings: ToySettings, epochs: int) -> float:
    """The score on held-out points after so many epochs of the library's own training."""
    state, data = page_state_of_toy(settings), session_data_of_toy(settings)
    problem = engine.prepare(state.net, data.X, data.Y, lam=settings.lam)
    schedule = Schedule("constant", settings.alpha)
    options = MiniBatchOptions(RULES[settings.solver], schedule, settings.batch, epochs, ENDLESS)
    finished, _ = run_epochs(problem, start(state.theta, settings.seed), options, Monitor())
    return validation(state.net, finished.theta, data)[0]


@pytest.mark.parametrize("toy", TOYS)
def test_good_settings_learn_a_set_as_well_as_they_say(toy):
    good = GOOD[toy]
    for seed in range(3):
        assert learnt(replace(good.settings, seed=seed), good.epochs) >= good.score


def test_the_network_has_an_output_for_each_class_but_for_two_that_share_one():
    sizes = {toy: good.settings.net.sizes[-1] for toy, good in GOOD.items()}
    assert sizes == {"xor": 1, "moons": 1, "rings": 1, "spirals": 1, "blobs": 3, "surface": 1}
    two = replace(GOOD["xor"].settings, loss="log_loss")
    state = page_state_of_toy(two)
    assert state.net.sizes == (2, 8, 2)
    np.testing.assert_array_equal(state.Y.sum(axis=1), 1)


def test_a_network_too_large_to_draw_is_refused():
    for hidden in ((9,), (1,) * 6):
        with pytest.raises(InvalidInput, match="up to 5 hidden layers of 1 to 8 units"):
            ToySettings("xor", hidden=hidden)


def test_a_session_trains_a_toy_and_says_that_it_is_not_kept():
    settings = GOOD["rings"].settings
    state, data = page_state_of_toy(settings), session_data_of_toy(settings)
    assert len(data.X) + len(data.X_validation) == settings.points
    session = Session(state, data)
    session.start(Hyperparameters(alpha=0.03, epochs=60))
    session._thread.join(20)
    assert validation(state.net, session.theta, data)[0] > 0.9
    session.mailbox.take()
    session.save()
    assert "address" in session.mailbox.take()["says"]
