"""Muon: its polynomials against singular values, its steps against a formula written out."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from backpass.errors import InvalidInput
from backpass.solvers.adamw import AdamW, Matrix
from backpass.solvers.muon import QUINTIC, THREE, Muon, orthogonalise

FIRST, LAST = Matrix(5, inputs=3, units=5), Matrix(22, inputs=5, units=2)
RULE = Muon(0.8, 0.95, 1e-10, 0.3, (FIRST,), momentum=0.9, ratio=4.0, others=(LAST,))
START = np.linspace(-1, 1, 32)

# The shares of ‖X‖ from which on singular values are pulled in, where to, and what none exceeds.
CLAIMS = {"THREE": (THREE, 0.03, (0.917, 1.147)), "QUINTIC": (QUINTIC, 0.005, (0.68, 1.16))}

MATRICES = {
    "random": lambda rng: rng.standard_normal((40, 40)),
    "tall": lambda rng: rng.standard_normal((300, 17)),
    "wide": lambda rng: rng.standard_normal((16, 500)),
    "one row": lambda rng: rng.standard_normal((1, 30)),
    "one column": lambda rng: rng.standard_normal((30, 1)),
    "one number": lambda rng: np.array([[-3.0]]),
    "of rank 3": lambda rng: rng.standard_normal((20, 3)) @ rng.standard_normal((3, 50)),
    "steep": lambda rng: rng.standard_normal((12, 20)) * np.logspace(0, -6, 20),
    "large": lambda rng: 1e150 * rng.standard_normal((8, 9)),
    "small": lambda rng: 1e-150 * rng.standard_normal((8, 9)),
    "zeros in a row": lambda rng: rng.standard_normal((6, 9)) * (np.arange(6) != 2)[:, None],
}


def drawn(name: str) -> np.ndarray:
    return MATRICES[name](np.random.default_rng(3))


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("claim", CLAIMS)
def test_singular_values_are_pulled_into_the_interval_and_vectors_stay(
    name: str, claim: str
) -> None:
    polynomials, least, (low, high) = CLAIMS[claim]
    X = drawn(name)
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    share = s / np.linalg.norm(s)
    found = U.T @ orthogonalise(X, polynomials) @ Vt.T
    pulled = np.diag(found)
    np.testing.assert_allclose(found - np.diag(pulled), 0, atol=1e-10)
    assert ((low <= pulled) & (pulled <= high))[share >= least].all()
    assert (np.abs(pulled) <= 1.21).all()
    if claim == "THREE":
        rest = (share < least) & (share > 1e-12)
        growth = pulled[rest] / share[rest]
        assert ((growth >= 30) & (growth <= 43)).all()


def test_the_interval_is_not_wider_than_it_must_be() -> None:
    for polynomials, least, ends in CLAIMS.values():
        s = np.linspace(least, 1, 20_001)
        for a, b, c in polynomials:
            s = a * s + b * s**3 + c * s**5
        assert abs(s.min() - ends[0]) < 0.01
        assert abs(s.max() - ends[1]) < 0.01


@pytest.mark.parametrize("name", ["random", "tall", "wide", "one row"])
def test_with_ever_gentler_polynomials_it_ends_at_the_polar_factor(name: str) -> None:
    X = drawn(name)
    until_it_is = [*THREE, *[(15 / 8, -10 / 8, 3 / 8)] * 8]  # Newton and Schulz's own, to the end
    polar = scipy.linalg.polar(X)[0]
    np.testing.assert_allclose(orthogonalise(X, until_it_is), polar, atol=1e-9)


def test_zeros_stay_zeros_and_a_scale_is_forgotten() -> None:
    np.testing.assert_array_equal(orthogonalise(np.zeros((3, 4))), np.zeros((3, 4)))
    X = drawn("random")
    np.testing.assert_array_equal(orthogonalise(X), orthogonalise(2.0**70 * X))


@pytest.mark.parametrize("name", ["wide", "tall", "random"])
def test_a_transposed_matrix_gives_the_transposed(name: str) -> None:
    X = drawn(name)
    np.testing.assert_allclose(orthogonalise(X.T), orthogonalise(X).T, atol=1e-13)


def test_a_steps_length_follows_the_shape() -> None:
    shapes = [(10, 40), (40, 10), (7, 7)]
    assert [Matrix(0, *shape).step_length for shape in shapes] == [2.0, 1.0, 1.0]


def gradients(steps: int = 12) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((steps, len(START)))


def walk(rule: Any, rate: float = 0.02) -> tuple[Any, np.ndarray]:
    theta, state = START, rule.init(START)
    for D in gradients():
        state, theta = rule.step(state, theta, D, rate)
    return state, theta


def test_steps_are_the_formula_with_singular_values() -> None:
    """Independent of the products: f by singular values, Θ as units by inputs, buffers apart."""
    Theta = START[FIRST.where].reshape(3, 5).T.copy()
    m = np.zeros_like(Theta)
    for D in gradients():
        G = D[FIRST.where].reshape(3, 5).T
        m = 0.9 * m + 0.1 * G
        U, s, Vt = np.linalg.svd(0.9 * m + 0.1 * G, full_matrices=False)
        s /= np.sqrt((s**2).sum())
        for a, b, c in THREE:
            s = a * s + b * s**3 + c * s**5
        Theta *= 1 - 4 * 0.02 * 0.3
        Theta -= 4 * 0.02 * np.sqrt(5 / 3) * U @ np.diag(s) @ Vt
    state, theta = walk(RULE)
    np.testing.assert_allclose(theta[FIRST.where].reshape(3, 5).T, Theta, rtol=1e-12)
    np.testing.assert_allclose(state["m"][FIRST.where].reshape(3, 5).T, m, rtol=1e-12)
    assert not state["v"][FIRST.where].any()


def test_everything_else_steps_by_adamw() -> None:
    state, theta = walk(RULE)
    other, expected = walk(AdamW(0.8, 0.95, 1e-10, 0.3, (LAST,)))
    rest = np.ones(len(START), bool)
    rest[FIRST.where] = False
    np.testing.assert_array_equal(theta[rest], expected[rest])
    for name in ("m", "v"):
        np.testing.assert_array_equal(state[name][rest], other[name][rest])


def test_the_decay_bounds_the_largest_singular_value() -> None:
    matrix = Matrix(0, inputs=20, units=10)
    rule = Muon(weight_decay=0.5, ratio=1.0, matrices=(matrix,))
    theta, D = np.zeros(200), np.random.default_rng(0).standard_normal(200)
    state = rule.init(theta)
    for _ in range(300):
        state, theta = rule.step(state, theta, D, 0.1)  # always the same way
    largest = np.linalg.svd(matrix.of(theta), compute_uv=False).max()
    assert 1.6 < largest < 1.147 / 0.5


def test_steps_are_pure_and_resume_with_the_same_bits() -> None:
    theta, state = START, RULE.init(START)
    for t, D in enumerate(gradients(), start=1):
        before = pickle.dumps((state, theta, D))
        new = RULE.step(state, theta, D, 0.02)
        assert pickle.dumps((state, theta, D)) == before
        state, theta = pickle.loads(pickle.dumps(new))
        assert state["t"] == t
    np.testing.assert_array_equal(theta, walk(RULE)[1])


def test_float32_stays_float32_and_other_libraries_arrays_theirs() -> None:
    theta = START.astype(np.float32)
    state, theta = RULE.step(RULE.init(theta), theta, theta, 0.1)
    assert {array.dtype for array in (theta, state["m"], state["v"])} == {np.dtype(np.float32)}
    torch = pytest.importorskip("torch")
    start = torch.tensor(START)
    theirs = RULE.step(RULE.init(start), start, torch.tensor(gradients()[0]), 0.1)[1]
    ours = RULE.step(RULE.init(START), START, gradients()[0], 0.1)[1]
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-12)


@pytest.mark.parametrize("lost", ["momentum", "nesterov", "length", "ratio", "decay"])
def test_every_part_of_a_step_counts(lost: str) -> None:
    """A rule without one of its parts goes elsewhere: none of them can be lost unnoticed."""
    theta = walk(RULE)[1]
    without = {
        "momentum": replace(RULE, momentum=0.0),
        "ratio": replace(RULE, ratio=4.1),
        "decay": replace(RULE, weight_decay=0.0),
        "length": replace(RULE, ratio=4.0 / np.sqrt(5 / 3)),
        "nesterov": replace(RULE, momentum=0.9 * 0.9),
    }[lost]
    assert np.abs(walk(without)[1][FIRST.where] - theta[FIRST.where]).max() > 1e-3


def test_without_polynomials_there_is_nothing_to_orthogonalise_by() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        Muon(polynomials=())
