import pickle
from dataclasses import replace

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, mean_pinball_loss, mean_poisson_deviance

from all_losses import ALL_LOSSES
from backpass.errors import InvalidNetwork
from backpass.losses import (
    FAMILIES,
    LOSSES,
    Loss,
    core_name,
    find_loss,
    huber,
    output_of,
    quantile,
)

CANONICAL = ["log_loss", "binary_log_loss", "squared_error", "poisson"]
finite = st.floats(-20, 20)


def targets(loss, rng, shape):
    if loss == "log_loss":
        return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    if loss == "binary_log_loss":
        return rng.integers(2, size=shape).astype(float)
    return rng.poisson(2.0, shape).astype(float) if loss == "poisson" else rng.normal(size=shape)


@pytest.mark.parametrize("name", ALL_LOSSES)
def test_delta_is_the_derivative_of_the_value(name, rng):
    loss, z = ALL_LOSSES[name], rng.normal(size=(40, 4)) * 4  # on both sides of every threshold
    y = targets(name, rng, z.shape)
    for k in range(4):
        step = np.zeros_like(z, dtype=complex)
        step[:, k] = 1e-40j
        derivative = np.imag(loss.value(z + step, y)) / 1e-40
        np.testing.assert_allclose(loss.delta(z, y)[:, k], derivative, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", CANONICAL)
def test_delta_of_a_canonical_loss_is_a_minus_y(name, rng):
    z = rng.normal(size=(5, 3))
    y = targets(name, rng, z.shape)
    np.testing.assert_allclose(LOSSES[name].delta(z, y), LOSSES[name].h(z) - y, atol=1e-15)


def test_values_equal_scikit_learns(rng):
    z = rng.normal(size=(50, 3))
    y = targets("log_loss", rng, z.shape)
    ours = LOSSES["log_loss"].value(z, y).mean()
    assert ours == pytest.approx(log_loss(y, scipy.special.softmax(z, axis=1)), rel=1e-13)
    y = targets("poisson", rng, (50, 1))
    ours = LOSSES["poisson"].value(z[:, :1], y).mean()
    assert ours == pytest.approx(mean_poisson_deviance(y, np.exp(z[:, :1])) / 2, rel=1e-12)
    y = rng.normal(size=(50, 1))
    ours = quantile(0.8).value(z[:, :1], y).mean()
    assert ours == pytest.approx(mean_pinball_loss(y, z[:, :1], alpha=0.8), rel=1e-13)


def test_huber_equals_scipys(rng):
    r = rng.normal(size=(30, 1)) * 4
    ours = huber(1.5).value(r, np.zeros_like(r))
    np.testing.assert_allclose(ours, scipy.special.huber(1.5, r)[:, 0], rtol=1e-14)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_cost_at_a_thousand_is_exact_and_finite(sign):
    z, one, zero = np.array([[sign * 1000.0]]), np.array([[1.0]]), np.array([[0.0]])
    binary = LOSSES["binary_log_loss"]
    assert binary.value(z, one)[0] == max(-sign, 0) * 1000
    assert binary.value(z, zero)[0] == max(sign, 0) * 1000
    pair = np.hstack([z, -z])
    y = np.array([[1.0, 0.0]])
    assert LOSSES["log_loss"].value(pair, y)[0] == max(-sign, 0) * 2000
    np.testing.assert_array_equal(LOSSES["log_loss"].h(pair), [[max(sign, 0), max(-sign, 0)]])


@given(z=st.lists(finite, min_size=3, max_size=3), shift=finite)
def test_softmax_rows_sum_to_one_and_shifts_change_nothing(z, shift):
    z, y = np.array([z]), np.array([[0.0, 1.0, 0.0]])
    loss = LOSSES["log_loss"]
    assert loss.h(z).sum() == pytest.approx(1, abs=1e-15)
    assert loss.value(z + shift, y)[0] == pytest.approx(loss.value(z, y)[0], abs=1e-13)


def test_log_loss_with_soft_targets_that_do_not_sum_to_one(rng):
    z, y = rng.normal(size=(4, 3)), rng.uniform(size=(4, 3))
    expected = scipy.special.logsumexp(z, axis=1) - (y * z).sum(axis=1)
    np.testing.assert_allclose(LOSSES["log_loss"].value(z, y), expected, rtol=1e-13)


def test_parameters_are_checked():
    with pytest.raises(InvalidNetwork, match="positive, not -1"):
        huber(-1)
    with pytest.raises(InvalidNetwork, match="between 0 and 1, not 1"):
        quantile(1)
    with pytest.raises(InvalidNetwork, match="no loss 'hinge'"):
        find_loss("hinge")


OUTPUTS = {
    "softmax": lambda z: scipy.special.softmax(z, axis=1),
    "logistic": scipy.special.expit,
    "exp": np.exp,
    "identity": lambda z: z,
}
EVERY = {
    **LOSSES,
    **{f"huber({t})": huber(t) for t in (0.3, 1.5, 5.0)},
    **{f"quantile({q})": quantile(q) for q in (0.1, 0.3, 0.8)},
}


@pytest.mark.parametrize("name", EVERY)
def test_h_is_the_output_activation_that_the_loss_names(name, rng):
    loss, z = EVERY[name], rng.normal(size=(5, 3))
    assert loss.name == name.split("(")[0]
    np.testing.assert_allclose(loss.h(z), OUTPUTS[loss.output](z), rtol=1e-14)


@pytest.mark.parametrize("name", EVERY)
def test_smooth_where_delta_and_its_slope_have_no_jump(name):
    """Seen from both sides of every place where a formula could choose."""
    loss, y = EVERY[name], np.array([[1.0, 0.0]])
    edge = loss.parameter if loss.name == "huber" else 0.0
    jumps = []
    for z in (0.0, y[0, 0], y[0, 0] - edge, y[0, 0] + edge):
        at = [loss.delta(np.array([[z + s, 0.4]]), y)[0, 0] for s in (-2e-6, -1e-6, 1e-6, 2e-6)]
        jumps += [at[2] - at[1], (at[3] - at[2] - at[1] + at[0]) / 1e-6]
    assert loss.smooth == (np.abs(jumps).max() < 1e-3)


@pytest.mark.parametrize("name", EVERY)
def test_delta_is_the_derivative_on_both_sides_of_every_threshold(name, rng):
    loss = EVERY[name]
    r = np.array([[-9.0, -1.2, -0.2], [9.0, 1.2, 0.2], [-3.0, 0.4, 3.0]])
    y = targets(loss.name, rng, r.shape)
    z = y + r
    for k in range(3):
        slope = np.imag(loss.value(z + 1e-40j * np.eye(3)[k], y)) / 1e-40
        np.testing.assert_allclose(loss.delta(z, y)[:, k], slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_the_best_constant_of_a_quantile_loss_is_the_quantile(q, rng):
    y = rng.exponential(size=(1001, 1))
    grid = np.quantile(y, [q - 0.03, q, q + 0.03])
    costs = [quantile(q).value(np.full_like(y, c), y).mean() for c in grid]
    assert np.argmin(costs) == 1
    slope = quantile(q).delta(np.full_like(y, grid[1]), y).mean()
    assert abs(slope) <= 1 / 1000


@pytest.mark.parametrize("name", EVERY)
def test_what_is_pickled_is_the_same_loss(name):
    import pickle

    again = pickle.loads(pickle.dumps(EVERY[name]))
    assert again == EVERY[name]
    assert (again.canonical, again.core) == (EVERY[name].canonical, EVERY[name].core)


def test_a_loss_of_ones_own_with_a_family_s_name_is_pickled_as_it_is():
    import pickle

    own = Loss("huber", np.positive, np.subtract, np.subtract, parameter=2.0)
    again = pickle.loads(pickle.dumps(own))
    assert (again.value, again.parameter, again.output, again.smooth) == (
        np.subtract, 2.0, "identity", True,
    )  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_canonical_is_what_makes_delta_a_minus_y(name, rng):
    loss, z = EVERY[name], rng.normal(size=(6, 3)) * 4
    y = targets(loss.name, rng, z.shape)
    close = np.allclose(loss.delta(z, y), loss.h(z) - y, atol=1e-12)
    assert close == (name in CANONICAL) == loss.canonical


def test_families_of_losses_are_told_apart_by_their_parameter():
    assert huber(2) is huber(2.0)
    assert huber(2) != huber(3)
    assert (huber().parameter, quantile().parameter) == (1.0, 0.5)
    for bad in (0, -1.0, float("nan")):
        with pytest.raises(InvalidNetwork):
            huber(bad)
    for bad in (0, 1, -0.1, 1.1, float("nan")):
        with pytest.raises(InvalidNetwork):
            quantile(bad)


# One output's cost, as its definition says it, in fifty digits.
EXACT = {
    "binary_log_loss": lambda z, y: mpmath.log1p(mpmath.exp(z)) - z * y,
    "squared_error": lambda z, y: (z - y) ** 2 / 2,
    "poisson": lambda z, y: mpmath.exp(z) - y * z + (y * mpmath.log(y) - y if y else 0),
    "absolute_error": lambda z, y: abs(z - y),
    "huber": lambda z, y: exact_huber(z - y, 1),
    "huber-0.3": lambda z, y: exact_huber(z - y, mpmath.mpf(0.3)),
    "huber-5.0": lambda z, y: exact_huber(z - y, 5),
    "quantile": lambda z, y: abs(z - y) / 2,
    "quantile-0.8": lambda z, y: exact_quantile(z - y, mpmath.mpf(0.8)),
    "quantile-0.1": lambda z, y: exact_quantile(z - y, mpmath.mpf(0.1)),
}


def exact_huber(r, threshold):
    return r * r / 2 if abs(r) <= threshold else threshold * (abs(r) - threshold / 2)


def exact_quantile(r, q):
    return (1 - q) * r if r > 0 else -q * r


Z = np.array([[-700.0, -30.0, -2.5], [-0.25, 0.0, 0.125], [0.75, 3.0, 30.0], [6.0, -5.5, 700.0]])


@pytest.mark.parametrize("name", EXACT)
def test_values_are_sums_over_outputs_of_the_exact_costs(name):
    y = np.abs(np.round(Z[::-1] / 3)) if name == "poisson" else Z[::-1] / 3
    y = (Z[::-1] > 0) * 1.0 if name == "binary_log_loss" else y
    with mpmath.workdps(50):
        costs = [
            [EXACT[name](mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(*row)] for row in zip(Z, y)
        ]
        exact = [float(sum(row)) for row in costs]
    np.testing.assert_allclose(ALL_LOSSES[name].value(Z, y), exact, rtol=1e-14)


def test_log_loss_equals_the_exact_one():
    y = np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.5, 0.25, 0.0]])
    with mpmath.workdps(50):
        exact, softmax = [], []
        for z, t in zip(Z.tolist(), y.tolist()):
            total = sum(mpmath.exp(zk) for zk in z)
            exact.append(float(mpmath.log(total) - sum(zk * tk for zk, tk in zip(z, t))))
            softmax.append([float(mpmath.exp(zk) / total) for zk in z])
    loss = LOSSES["log_loss"]
    np.testing.assert_allclose(loss.value(Z, y), exact, rtol=1e-14)
    np.testing.assert_allclose(loss.h(Z), softmax, rtol=1e-13, atol=1e-307)
    np.testing.assert_allclose(loss.delta(Z, y), np.array(softmax) - y, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("threshold", [0.3, 1.0, 5.0])
def test_hubers_slope_is_the_residual_up_to_the_threshold_and_the_threshold_beyond(threshold):
    r = np.array([[-10.0, -threshold, -threshold / 2, 0.0, threshold / 3, threshold, 10.0]])
    slope = [[-threshold, -threshold, -threshold / 2, 0, threshold / 3, threshold, threshold]]
    np.testing.assert_array_equal(huber(threshold).delta(r + 0.0, r * 0), slope)
    complex_r = r + 0j
    np.testing.assert_array_equal(huber(threshold).delta(complex_r, r * 0), slope)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_the_slope_of_a_quantile(q):
    r = np.array([[-2.0, -1e-9, 0.0, 1e-9, 2.0]])
    np.testing.assert_array_equal(quantile(q).delta(r, r * 0), [[-q, -q, 0, 1 - q, 1 - q]])
    np.testing.assert_array_equal(quantile(q).delta(r + 1e-30j, r * 0), [[-q, -q, 0, 1 - q, 1 - q]])
    np.testing.assert_array_equal(LOSSES["absolute_error"].delta(r, r * 0), np.sign(r))


@pytest.mark.parametrize("name", ALL_LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_dtypes_stay(name, dtype, rng):
    loss, z = ALL_LOSSES[name], rng.normal(size=(5, 3)).astype(dtype)
    y = targets(name, rng, z.shape).astype(dtype)
    assert loss.value(z, y).shape == (5,)
    assert loss.delta(z, y).shape == loss.h(z).shape == (5, 3)
    assert loss.value(z, y).dtype == loss.delta(z, y).dtype == loss.h(z).dtype == dtype


# What a loss says of itself: name, output, smooth, parameter, canonical, and the core's name.
SAID = {
    "log_loss": ("log_loss", "softmax", True, None, True, "log_loss"),
    "binary_log_loss": ("binary_log_loss", "logistic", True, None, True, "binary_log_loss"),
    "squared_error": ("squared_error", "identity", True, None, True, "squared_error"),
    "poisson": ("poisson", "exp", True, None, True, "poisson"),
    "huber": ("huber", "identity", False, 1.0, False, "huber"),
    "absolute_error": ("absolute_error", "identity", False, None, False, "absolute_error"),
    "quantile": ("quantile", "identity", False, 0.5, False, "quantile"),
    "huber-0.3": ("huber", "identity", False, 0.3, False, "huber"),
    "huber-5.0": ("huber", "identity", False, 5.0, False, "huber"),
    "quantile-0.8": ("quantile", "identity", False, 0.8, False, "quantile"),
    "quantile-0.1": ("quantile", "identity", False, 0.1, False, "quantile"),
}


@pytest.mark.parametrize("name", ALL_LOSSES)
def test_what_a_loss_says_of_itself(name):
    loss = ALL_LOSSES[name]
    said = loss.name, loss.output, loss.smooth, loss.parameter, loss.canonical, loss.core
    assert said == SAID[name]
    assert core_name(loss) == loss.core
    assert find_loss(loss) is loss


def test_what_a_users_own_loss_says_of_itself():
    own = Loss("own", np.tanh, np.subtract, np.add)
    said = own.output, own.smooth, own.parameter, own.canonical, own.core
    assert said == ("identity", True, None, False, None)
    assert core_name(own) is None
    assert core_name(replace(LOSSES["huber"], parameter=None)) is None
    assert sorted(FAMILIES) == ["huber", "quantile"]


def test_a_loss_with_another_parameter_than_its_functions_is_pickled_as_it_is():
    odd = replace(LOSSES["squared_error"], name="huber", parameter=2.0)
    back = pickle.loads(pickle.dumps(odd))
    assert back == odd
    assert (back.value, back.parameter) == (LOSSES["squared_error"].value, 2.0)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_found_by_name(name):
    assert find_loss(name) is LOSSES[name]


REFUSED = [
    (huber, (0, -1.0, np.nan), "Huber's threshold must be positive, not {!r}."),
    (quantile, (0, 1, -0.1, 1.1, np.nan), "A quantile lies strictly between 0 and 1, not {!r}."),
    (
        find_loss,
        ("hinge", ""),
        "There is no loss {!r}; the library has log_loss, binary_log_loss, squared_error, poisson, "
        "huber, absolute_error, quantile.",
    ),
]


@pytest.mark.parametrize(("make", "values", "words"), REFUSED)
def test_refusals_to_the_letter(make, values, words):
    for value in values:
        with pytest.raises(InvalidNetwork) as told:
            make(value)
        assert str(told.value) == words.format(value)


def test_the_smallest_thresholds_and_the_last_quantiles_are_taken():
    assert huber(5e-324).parameter == 5e-324
    assert (quantile(1e-9).parameter, quantile(1 - 1e-9).parameter) == (1e-9, 1 - 1e-9)
    assert huber().parameter == 1
    assert quantile().parameter == 0.5
    assert huber(2) is huber(2.0)
    assert type(huber(2).parameter) is float


def own_loss(h):
    """A loss of a user's own that leaves the name of its output at the default."""
    return Loss("own", h, LOSSES["squared_error"].value, LOSSES["squared_error"].delta)


@pytest.mark.parametrize("units", [1, 3])
def test_the_output_activation_is_known_by_its_values(units):
    for loss in ALL_LOSSES.values():
        assert output_of(loss, units) == loss.output
    for output in ("logistic", "exp", "identity"):
        assert output_of(own_loss(OUTPUTS[output]), units) == output
    assert output_of(own_loss(OUTPUTS["softmax"]), 3) == "softmax"


@pytest.mark.parametrize(
    "h", [np.tanh, lambda z: z * (1 + 1e-7), lambda z: z + 1e-7, lambda z: z[:, :1], np.sum]
)
def test_an_output_activation_that_is_only_close_to_one_of_ours_is_ones_own(h):
    assert output_of(own_loss(h), 3) == "own"


@pytest.mark.parametrize("name", [n for n in EVERY if n != "log_loss" and n[:6] != "binary"])
def test_nothing_is_lost_where_nothing_is_missing(name):
    loss, y = EVERY[name], np.array([[2.0, 1.0, 5.0]])
    z = np.log(y) if name == "poisson" else y.copy()
    np.testing.assert_allclose(loss.value(z, y), 0, atol=1e-14)
    np.testing.assert_allclose(loss.delta(z, y), 0, atol=1e-14)
