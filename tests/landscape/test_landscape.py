"""The mountains: heights are J, copies share a valley, the same drop goes down the same way."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backpass as bp
from backpass import engine, errors
from backpass.landscape import (
    LandscapeDisplay,
    align,
    equivalent_copy,
    group_valleys,
    units_apart,
)

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1], [1], [0]])
TURNING = ("tanh", "identity", "logistic")
G = st.sampled_from(["tanh", "identity", "logistic", "relu", "gelu", "silu", "softplus"])


def oracle_J(net, theta, X, Y, lam):
    """J by straight loops over the notes' formula, sharing no code with the library."""
    Thetas, start, z = [], 0, None
    for s, s_next in zip(net.sizes[:-1], net.sizes[1:]):
        size = s_next * (s + 1)
        Thetas.append(theta[start : start + size].reshape((s_next, s + 1), order="F"))
        start += size
    total = 0.0
    for x, y in zip(X, Y):
        a = x
        for Theta in Thetas:
            z = Theta @ np.concatenate([[1.0], a])
            a = np.tanh(z)
        # −log h = log(1 + e^(−z)) and −log(1 − h) = log(1 + e^z), without losing digits
        total += float(np.sum(y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)))
    decay = sum(float((Theta[:, 1:] ** 2).sum()) for Theta in Thetas)
    return total / len(X) + lam * decay / (2 * len(X))


@pytest.fixture(scope="module")
def net():
    return bp.Network((2, 3, 1), hidden="tanh")


@pytest.fixture(scope="module")
def found(net):
    return bp.drops(net, *XOR, lam=0.02, n=5, seed=4, solver="lbfgs", max_iter=60)


@pytest.fixture(scope="module")
def mountains(found):
    return found.landscape(steps=9)


# Heights


@pytest.mark.parametrize("directions", ["random", "given"])
def test_heights_around_a_point_equal_J(net, directions):
    theta = bp.init_theta(net, 2, epsilon=1.0)
    axes = np.eye(13)[[0, 9]] * 2 if directions == "given" else directions
    land = bp.landscape(net, *XOR, 0.3, center=theta, directions=axes, span=1.5, steps=7, seed=5)
    for i, beta in enumerate(land.beta):
        for j, alpha in enumerate(land.alpha):
            d1, d2 = land.plane.directions
            J = oracle_J(net, theta + alpha * d1 + beta * d2, *XOR, 0.3)
            assert land.J[i, j] == pytest.approx(J, rel=1e-12)
    assert land.alpha[0] == -1.5
    assert land.alpha[-1] == 1.5


def test_heights_under_the_drops_equal_J(net, found, mountains):
    for i in (0, 4, 8):
        for j in (1, 8):
            theta = mountains.plane.point(mountains.alpha[j], mountains.beta[i])
            assert mountains.J[i, j] == pytest.approx(oracle_J(net, theta, *XOR, 0.02), rel=1e-12)
    for walker, path in zip(mountains.walkers, found.paths):
        ours = [oracle_J(net, theta, *XOR, 0.02) for theta in path.thetas]
        np.testing.assert_allclose(walker.J, ours, rtol=1e-12)
        np.testing.assert_allclose(path.J, ours, rtol=1e-12)


def test_weighted_rows_weigh_in_the_heights(net):
    w = np.array([1.0, 2.0, 0.0, 3.0])
    theta = bp.init_theta(net, 2)
    land = bp.landscape(net, *XOR, 0.3, center=theta, steps=3, sample_weight=w)
    rows = np.repeat(np.arange(4), w.astype(int))
    copies = bp.landscape(net, XOR[0][rows], XOR[1][rows], 0.3, center=theta, steps=3)
    np.testing.assert_allclose(land.J, copies.J, rtol=1e-12)
    heavy = bp.drops(net, *XOR, 0.3, n=1, max_iter=3, sample_weight=w).landscape(steps=3)
    assert heavy.walkers[1].J[0] == pytest.approx(
        bp.cost_and_gradient(net, heavy_start(net), *XOR, 0.3, w)[0], rel=1e-12
    )


def heavy_start(net):
    return bp.drops(net, *XOR, n=1, max_iter=0).paths[1].thetas[0]


# The plane


def test_random_directions_are_filter_normalised(net):
    theta = bp.init_theta(net, 2, epsilon=1.0)
    land = bp.landscape(net, *XOR, center=theta, directions="random", steps=2)
    for d in land.plane.directions:
        for D, Theta in zip(net.roll(d), net.roll(theta)):
            np.testing.assert_allclose(np.linalg.norm(D, axis=1), np.linalg.norm(Theta, axis=1))
    other = bp.landscape(net, *XOR, center=theta, directions="random", steps=2, seed=1)
    assert not np.array_equal(other.plane.directions, land.plane.directions)


def test_principal_plane_is_that_of_scikit_learn(found, mountains):
    from sklearn.decomposition import PCA

    pca = PCA(2).fit(np.vstack([path.thetas for path in found.paths]))
    likeness = np.abs(mountains.plane.directions @ pca.components_.T)
    np.testing.assert_allclose(likeness, np.eye(2), atol=1e-9)
    assert mountains.shown == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 9))
def test_distance_is_what_no_foot_in_the_plane_can_beat(seed, n):
    from backpass.landscape import Plane

    rng = np.random.default_rng(seed)
    plane = Plane(rng.normal(size=n), rng.normal(size=(2, n)))
    theta = rng.normal(size=n)
    foot = np.linalg.lstsq(plane.directions.T, theta - plane.center, rcond=None)[0]
    np.testing.assert_allclose(plane.coordinates(theta[None])[0], foot, rtol=1e-7, atol=1e-9)
    distance = np.linalg.norm(theta - plane.point(*foot))
    np.testing.assert_allclose(plane.distances(theta[None])[0], distance, rtol=1e-7, atol=1e-9)


def test_a_walker_shows_how_far_it_is_from_the_plane(found, mountains):
    for walker, path in zip(mountains.walkers, found.paths):
        for k in (0, len(path.J) - 1):
            foot = mountains.plane.point(walker.alpha[k], walker.beta[k])
            away = np.linalg.norm(path.thetas[k] - foot)
            assert walker.distance[k] == pytest.approx(away, abs=1e-12)
            reach = np.linalg.norm(path.thetas[k] - mountains.plane.center)
            assert walker.hidden[k] == pytest.approx(away / reach, rel=1e-9)


def test_a_path_in_the_plane_hides_nothing(net):
    theta = bp.init_theta(net, 0)
    path = theta + np.array([[0, 0], [1, 0], [1, 1]]) @ np.eye(13)[[3, 7]]
    land = bp.landscape(net, *XOR, path=path, steps=5)
    assert np.array_equal(land.plane.center, path[-1])
    assert land.shown == pytest.approx(1)
    assert land.walkers[0].distance.max() < 1e-12
    covered = [(land.alpha, land.walkers[0].alpha), (land.beta, land.walkers[0].beta)]
    assert all(grid[0] < way.min() and way.max() < grid[-1] for grid, way in covered)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "a center or a path"),
        ({"center": np.zeros(12)}, "13"),
        ({"center": np.zeros(13), "directions": "pca"}, "no path is given"),
        ({"center": np.zeros(13), "directions": "up"}, "'up'"),
        ({"center": np.zeros(13), "directions": np.ones((2, 13))}, "one line"),
        ({"center": np.zeros(13), "directions": np.ones((3, 13))}, "two directions of 13"),
        ({"center": np.ones(13), "steps": 1}, "two lines"),
        ({"path": np.zeros((4, 12))}, "13"),
        ({"path": np.zeros((2, 13))}, "three points"),
        ({"path": np.outer(np.arange(5.0), np.ones(13))}, "one line"),
    ],
)
def test_what_makes_no_landscape_is_refused_in_words(net, arguments, words):
    with pytest.raises(errors.InvalidInput, match=words):
        bp.landscape(net, *XOR, **arguments)


# Copies and valleys


@settings(max_examples=60, deadline=None)
@given(
    hidden=st.lists(st.tuples(st.integers(1, 7), G), max_size=3),
    outputs=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_copies_have_the_same_J_and_are_brought_home(hidden, outputs, seed):
    rng = np.random.default_rng(seed)
    sizes = (3, *(s for s, _ in hidden), outputs)
    net = bp.Network(sizes, hidden=[g for _, g in hidden], loss="squared_error")
    theta = rng.normal(size=net.n_parameters)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, outputs))
    copy = equivalent_copy(net, theta, seed)
    J, _ = bp.cost_and_gradient(net, theta, X, Y, 0.7)
    assert bp.cost_and_gradient(net, copy, X, Y, 0.7)[0] == pytest.approx(J, rel=1e-11)
    np.testing.assert_allclose(align(net, copy, to=theta), theta, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("g", TURNING)
def test_copies_are_turned_too(g):
    net = bp.Network((2, 6, 1), hidden=g)
    theta = bp.init_theta(net, 0)
    weights, moved = (np.abs(net.roll(t)[0][:, 1:]) for t in (theta, equivalent_copy(net, theta)))
    assert sorted(map(tuple, weights)) == sorted(map(tuple, moved))
    signs = {np.sign(row[0]) for row in net.roll(equivalent_copy(net, np.abs(theta)))[0][:, 1:]}
    assert signs == {-1.0, 1.0}


def test_units_of_relu_are_never_turned():
    net = bp.Network((2, 6, 1), hidden="relu")
    theta = np.abs(bp.init_theta(net, 0))
    assert equivalent_copy(net, theta).min() >= 0


def test_alignment_of_one_layer_is_the_best_of_all_moves():
    from itertools import permutations, product

    rng = np.random.default_rng(8)
    net = bp.Network((2, 3, 2), hidden="tanh")
    theta, to = rng.normal(size=(2, net.n_parameters))
    best = np.inf
    for order, signs in product(permutations(range(3)), product([-1, 1], repeat=3)):
        one, two = (Theta.copy() for Theta in net.roll(theta))
        one, two[:, 1:] = np.array(signs)[:, None] * one[list(order)], two[:, 1:][:, order] * signs
        best = min(best, np.linalg.norm(net.unroll([one, two]) - to))
    assert np.linalg.norm(align(net, theta, to) - to) == pytest.approx(best, rel=1e-12)


def centred(net, theta):
    """The matrices with each logistic a written as a − ½: what it was turns up in the biases."""
    Thetas = [Theta.copy() for Theta in net.roll(theta)]
    for outgoing in Thetas[1:]:
        outgoing[:, 0] += outgoing[:, 1:].sum(axis=1) / 2
    return Thetas


def nearest_by_trying(net, theta, to):
    """The least distance of all copies of a network with two hidden layers of logistic units."""
    from itertools import permutations, product

    (one, two, three), goal = centred(net, theta), np.hstack([T.ravel() for T in centred(net, to)])
    (first, second), best = net.sizes[1:3], np.inf
    for p, s in product(permutations(range(first)), product([-1, 1], repeat=first)):
        inner = np.array(s)[:, None] * one[list(p)]
        middle = np.hstack([two[:, :1], two[:, 1:][:, p] * s])
        for q, t in product(permutations(range(second)), product([-1, 1], repeat=second)):
            turned = np.array(t)[:, None] * middle[list(q)]
            last = np.hstack([three[:, :1], three[:, 1:][:, q] * t])
            here = np.hstack([inner.ravel(), turned.ravel(), last.ravel()])
            best = min(best, np.linalg.norm(here - goal))
    return best


@pytest.mark.parametrize("noise", [0.01, 0.6])
def test_alignment_of_disturbed_copies_with_two_layers_is_the_best_of_all_moves(noise):
    net = bp.Network((2, 2, 3, 1), hidden="logistic", loss="squared_error")
    for seed in range(25):
        rng = np.random.default_rng(seed)
        to = rng.normal(size=net.n_parameters)
        theta = equivalent_copy(net, to, seed) + noise * rng.normal(size=net.n_parameters)
        there = np.hstack([T.ravel() for T in centred(net, align(net, theta, to))])
        away = np.linalg.norm(there - np.hstack([T.ravel() for T in centred(net, to)]))
        assert away <= nearest_by_trying(net, theta, to) * (1 + 1e-9)


@pytest.mark.parametrize("g", ["tanh", "logistic", "relu"])
def test_copies_of_a_minimum_lie_in_one_valley(g):
    net = bp.Network((2, 4, 3, 1), hidden=g)
    end = bp.drops(net, *XOR, lam=0.01, n=1, seed=2, max_iter=80).paths[1].thetas[-1]
    problem = engine.prepare(net, *XOR, lam=0.01)
    ends = [end, *(equivalent_copy(net, end, seed) for seed in range(5))]
    (valley,) = group_valleys(problem, ends, tallest=1e-9)
    assert sorted(valley.members) == list(range(6))
    assert max(valley.ridges) < 1e-9


def test_a_slope_parts_no_valleys(net, found):
    problem = engine.prepare(net, *XOR, lam=0.02)
    low = found.valleys[0].theta
    (valley,) = group_valleys(problem, [low * 0.9, low], tallest=1e-12)
    assert valley.members == (1, 0)


def test_what_parts_two_valleys_is_a_ridge():
    net = bp.Network((2, 2, 1), hidden="tanh")
    found = bp.drops(net, *XOR, 0.01, n=6, seed=3, max_iter=300)
    descent = np.mean([path.J[0] - path.J[-1] for path in found.paths])
    assert 2 <= len(found.valleys) < 6
    for k, valley in enumerate(found.valleys):
        for lower in found.valleys[:k]:
            start = align(net, valley.theta, to=lower.theta)
            way = [start + t * (lower.theta - start) for t in np.linspace(0, 1, 200)]
            heights = [oracle_J(net, theta, *XOR, 0.01) for theta in way]
            assert max(heights) > valley.J + 0.01 * descent


def test_valleys_hold_every_drop_once_and_the_lowest_comes_first(found):
    members = [k for valley in found.valleys for k in valley.members]
    assert sorted(members) == list(range(6))
    heights = [valley.J for valley in found.valleys]
    assert heights == sorted(heights)
    assert heights[0] == min(path.J[-1] for path in found.paths)
    for number, valley in enumerate(found.valleys):
        assert all(found.labels[k] == number for k in valley.members)


def test_sorted_units_keep_every_height_and_come_nearer(net, found):
    moved = found.sorted_units()
    goal = found.valleys[0].theta
    for before, after in zip(found.paths, moved.paths):
        ours = [oracle_J(net, theta, *XOR, 0.02) for theta in after.thetas]
        np.testing.assert_allclose(ours, before.J, rtol=1e-11)
        gaps = [np.linalg.norm(path.thetas[-1] - goal) for path in (before, after)]
        assert gaps[1] <= gaps[0] + 1e-12


# Drops


@pytest.mark.parametrize("solver", ["gd", "momentum", "nesterov", "adam", "lbfgs", "cg", "newton"])
def test_the_same_seed_gives_the_same_way_down(net, solver):
    once, again = (
        bp.drops(net, *XOR, 0.1, n=2, seed=7, solver=solver, max_iter=12) for _ in range(2)
    )
    more = bp.drops(net, *XOR, 0.1, n=4, seed=7, solver=solver, max_iter=12)
    other = bp.drops(net, *XOR, 0.1, n=2, seed=8, solver=solver, max_iter=12)
    for k in range(3):
        np.testing.assert_array_equal(once.paths[k].thetas, again.paths[k].thetas)
        np.testing.assert_array_equal(once.paths[k].thetas, more.paths[k].thetas)
    assert not np.array_equal(once.paths[1].thetas[0], other.paths[1].thetas[0])


@pytest.mark.parametrize("solver", ["gd", "adam"])
def test_walkers_together_go_as_each_would_alone(net, solver):
    from backpass.solvers.first_order import Adam, GradientDescent

    rule = {"gd": GradientDescent(), "adam": Adam()}[solver]
    together = bp.drops(net, *XOR, 0.1, n=3, seed=1, solver=solver, max_iter=20, learning_rate=0.3)
    for path in together.paths[1:]:
        theta, state = path.thetas[0], rule.init(path.thetas[0])
        for k in range(20):
            J, D = bp.cost_and_gradient(net, theta, *XOR, 0.1)
            assert path.J[k] == J
            state, theta = rule.step(state, theta, D, 0.3)
            np.testing.assert_array_equal(path.thetas[k + 1], theta)


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
def test_a_drop_of_a_solver_equals_the_fit_from_there(net, solver):
    found = bp.drops(net, *XOR, 0.1, n=2, seed=1, solver=solver, max_iter=25)
    for path in found.paths[1:]:
        fit = bp.minimize(net, path.thetas[0], *XOR, 0.1, solver=solver, max_iter=25)
        np.testing.assert_array_equal(path.thetas[-1], fit.x)
        assert path.J[-1] == fit.fun
        assert path.reason == fit.message
    equal = found.paths[0]
    fit = bp.minimize(net, equal.thetas[0], *XOR, 0.1, solver=solver, max_iter=3)
    np.testing.assert_allclose(equal.thetas[3], fit.x, rtol=1e-9)


@pytest.mark.parametrize("solver", ["gd", "adam", "lbfgs", "newton"])
@pytest.mark.parametrize("sizes", [(2, 4, 1), (2, 5, 3, 2)])
def test_equal_weights_stay_equal_and_drops_do_not(solver, sizes):
    net = bp.Network(sizes, hidden="logistic")
    X, Y = XOR[0], np.hstack([XOR[1], 1 - XOR[1]])[:, : sizes[-1]]
    found = bp.drops(net, X, Y, 0.01, n=3, solver=solver, max_iter=40)
    equal = found.paths[0]
    assert equal.name == "equal weights"
    assert max(units_apart(net, theta) for theta in equal.thetas) == 0
    for theta, J in zip(equal.thetas[::7], equal.J[::7]):
        assert J == pytest.approx(bp.cost_and_gradient(net, theta, X, Y, 0.01)[0], rel=1e-13)
    assert np.abs(equal.thetas[-1] - equal.thetas[0]).max() > 0.01
    assert found.apart[1:].min() > 1e-3
    small = 1 * 3 + sizes[-1] * 2 + (0 if len(sizes) == 3 else 2)
    assert f"{small} of {net.n_parameters} dimensions" in str(found)


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=5), seed=st.integers(0, 10**6))
def test_equal_units_are_the_nearest_ones_and_their_gradient_stays(sizes, seed):
    from backpass.landscape.symmetry import equal_units_dimension, with_equal_units

    rng = np.random.default_rng(seed)
    net = bp.Network(sizes, hidden="tanh")
    equal = with_equal_units(net, rng.normal(size=net.n_parameters))
    assert units_apart(net, equal) == 0
    X, Y = rng.normal(size=(4, sizes[0])), rng.integers(0, 2, (4, sizes[-1]))
    D = bp.cost_and_gradient(net, equal, X, Y, 0.1)[1]
    np.testing.assert_allclose(with_equal_units(net, D), D, rtol=1e-11, atol=1e-14)
    basis = [with_equal_units(net, e) for e in np.eye(net.n_parameters)]
    np.testing.assert_allclose(np.array(basis), np.array(basis).T, atol=1e-14)  # orthogonal
    assert np.linalg.matrix_rank(basis) == equal_units_dimension(net)


def test_own_starts_are_dropped_where_they_are(net):
    places = np.random.default_rng(0).normal(size=(2, 13))
    found = bp.drops(net, *XOR, starts=places, max_iter=2)
    np.testing.assert_array_equal([path.thetas[0] for path in found.paths[1:]], places)
    with pytest.raises(errors.InvalidInput, match="starts has shape"):
        bp.drops(net, *XOR, starts=places[0])
    with pytest.raises(errors.InvalidInput, match="no solver 'down'"):
        bp.drops(net, *XOR, solver="down")


def test_a_walker_that_runs_off_is_cut_where_J_ends():
    net = bp.Network((1, 1), hidden=(), loss="squared_error")
    X, Y = [[1.0], [2.0]], [[1.0], [30.0]]
    found = bp.drops(net, X, Y, n=1, solver="gd", learning_rate=1e10, max_iter=40)
    path = found.paths[1]
    assert len(path.J) == len(path.thetas) < 41
    assert np.isfinite(path.J).all()
    assert "learning rate" in path.reason


def test_the_table_names_each_drop_and_its_valley(found):
    lines = str(found).splitlines()
    assert lines[1].startswith("equal weights")
    assert [int(line.split()[-1]) for line in lines[1:7]] == list(found.labels + 1)


# Pictures


def rendered(display) -> None:
    pytest.importorskip("matplotlib")
    display.figure_.savefig(io.BytesIO(), format="png", dpi=40)


def test_contours_and_ways_are_the_landscape_s(mountains):
    pytest.importorskip("matplotlib")
    display = mountains.plot()
    assert isinstance(display, LandscapeDisplay)
    for walker, way, share in zip(mountains.walkers, display.ways_, display.distances_):
        np.testing.assert_array_equal(way.get_xydata(), np.c_[walker.alpha, walker.beta])
        np.testing.assert_array_equal(share.get_ydata(), walker.hidden)
    assert display.contours_.levels[0] == mountains.J.min()
    assert display.contours_.levels[-1] == pytest.approx(mountains.J.max())
    assert f"{100 * mountains.shown:.0f} %" in display.axes_[1].get_title()
    rendered(display)


def test_every_start_is_numbered_once_and_near_ones_share_a_label(mountains):
    pytest.importorskip("matplotlib")
    twice = replace(mountains, walkers=(*mountains.walkers, mountains.walkers[0]))
    labels = [text.get_text() for text in LandscapeDisplay(twice).plot().axes_[0].texts]
    last = len(mountains.walkers)
    assert sorted(int(n) for label in labels for n in label.split(", ")) == list(range(last + 1))
    assert any({"0", str(last)} <= set(label.split(", ")) for label in labels)


def test_around_a_network_it_is_marked_at_its_own_height(net):
    pytest.importorskip("matplotlib")
    theta = bp.init_theta(net, seed=4)
    land = bp.landscape(net, *XOR, lam=0.1, center=theta, steps=4)
    J, _ = bp.cost_and_gradient(net, theta, *XOR, 0.1)
    assert (land.mark.alpha[0], land.mark.beta[0], land.mark.J[0]) == (0, 0, J)
    (diamond,) = land.plot().axes_[0].lines
    assert diamond.get_xydata().tolist() == [[0, 0]]
    assert diamond.get_label() == f"the network, J = {J:.4g}"


def test_among_ways_a_network_is_marked_where_its_units_fit(net):
    found = bp.drops(net, *XOR, lam=0.1, n=2, max_iter=20)
    theta = equivalent_copy(net, found.valleys[0].theta, seed=3)
    assert found.landscape(steps=3).mark is None
    land = found.sorted_units().landscape(steps=3, mark=theta)
    at = land.plane.coordinates(found.valleys[0].theta[None, :])[0]
    np.testing.assert_allclose([land.mark.alpha[0], land.mark.beta[0]], at, atol=1e-9)
    assert land.alpha[0] < land.mark.alpha[0] < land.alpha[-1]
    with pytest.raises(errors.InvalidInput, match="mark"):
        found.landscape(steps=3, mark=[1.0])


def test_the_mark_stands_in_the_3d_picture_too(net):
    pytest.importorskip("plotly")
    land = bp.landscape(net, *XOR, lam=0.1, center=bp.init_theta(net, seed=4), steps=4)
    named = {trace.name: trace for trace in land.surface().data}
    assert named["the network"].z[0] == land.mark.J[0]


@pytest.mark.parametrize(("solver", "steps"), [("lbfgs", 3), ("gd", 5)])
def test_a_survey_says_how_far_it_is(net, solver, steps):
    walked, surveyed = [], []
    walking = {"callback": lambda *done: walked.append(done), "solver": solver, "max_iter": 5}
    found = bp.drops(net, *XOR, lam=0.1, n=2, **walking)
    assert walked == [(k, steps) for k in range(1, steps + 1)]
    found.landscape(steps=4, callback=lambda *done: surveyed.append(done))
    assert surveyed == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_contours_stop_at_a_step_and_draw_on_given_axes(mountains):
    plt = pytest.importorskip("matplotlib.pyplot")
    _, ax = plt.subplots(layout="constrained")
    display = mountains.plot(ax=ax, fog=0.2, step=3)
    assert display.ax_ is ax
    assert len(display.ways_[1].get_xdata()) == 4
    rendered(display)


def test_flat_ground_can_be_drawn(net):
    pytest.importorskip("matplotlib")
    axes = np.eye(13)[[0, 1]] * 1e-300
    land = bp.landscape(net, *XOR, center=np.zeros(13), directions=axes, steps=3)
    assert np.ptp(land.J) == 0
    rendered(land.plot())


def test_fog_clears_around_the_walkers_alone(mountains):
    clear = mountains.picture.clear_share(0.05, 0)
    A, B = np.meshgrid(mountains.alpha, mountains.beta)
    nearest = np.min([np.hypot(A - w.alpha[0], B - w.beta[0]) for w in mountains.walkers], axis=0)
    order = np.argsort(nearest.ravel())
    assert (np.diff(clear.ravel()[order]) <= 1e-15).all()
    assert clear.min() < 1e-6
    seen = mountains.picture.in_fog(0.2, None)
    assert np.isnan(seen).any()
    np.testing.assert_array_equal(seen[np.isfinite(seen)], mountains.J[np.isfinite(seen)])


def test_surface_holds_heights_ways_and_frames(mountains):
    pytest.importorskip("plotly")
    figure = mountains.surface(fog=0.2)
    np.testing.assert_array_equal(figure.data[0].z, mountains.J)
    ways = figure.data[2:]
    for walker, way in zip(mountains.walkers, ways):
        np.testing.assert_array_equal(way.z, walker.J)
        np.testing.assert_array_equal(way.customdata[:, 1], walker.distance)
        assert way.name == walker.name
    assert figure.frames[0].name == "0"
    first = figure.frames[0].data
    np.testing.assert_array_equal(first[1].z, mountains.walkers[0].J[:1])
    np.testing.assert_array_equal(first[0].z, mountains.picture.in_fog(0.2, 0))
    assert len(mountains.surface().data) == 1 + len(ways)


def test_page_is_one_file_that_asks_the_network_for_nothing(mountains, tmp_path):
    pytest.importorskip("plotly")
    mountains.to_html(tmp_path / "m.html", title="XOR <mountains>")
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "<title>XOR &lt;mountains&gt;</title>" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    for walker in mountains.walkers:
        assert f"<td>{walker.J[-1]:.6g}</td>" in page


def test_a_landscape_without_walkers_makes_a_page_too(net, tmp_path):
    pytest.importorskip("plotly")
    land = bp.landscape(net, *XOR, center=bp.init_theta(net, 0), steps=5)
    land.to_html(tmp_path / "m.html")
    rendered(land.plot(fog=0.3))
    assert len(land.surface(fog=0.3).frames) == 0


def test_without_plotly_the_error_names_the_extra(mountains, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(errors.MissingExtra, match=r"backpass\[plot\]"):
        mountains.surface()
