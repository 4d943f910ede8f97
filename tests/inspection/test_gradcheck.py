import numpy as np
import pytest

import backpass as bp
from backpass.errors import InvalidInput
from backpass.inspection import gradcheck
from backpass.inspection.gradcheck import entry_name


def cubic(x):
    return (x**3).sum(), 3 * x**2


def test_the_complex_step_is_right_to_the_last_digits():
    check = bp.check_gradient(cubic, [1.0, -2.0, 0.3])
    assert (check.method, check.ok) == ("complex", True)
    assert check.relative_difference < 1e-15


def test_a_function_that_is_not_analytic_falls_back_to_differences():
    numeric, method = bp.numerical_gradient(lambda x: np.abs(x).sum(), [1.0, -2.0])
    assert method == "central"
    np.testing.assert_allclose(numeric, [1, -1])


def test_a_function_that_takes_no_complex_numbers():
    def real_only(x):
        return float(np.array(x, dtype=np.float64).sum())

    with pytest.warns(np.exceptions.ComplexWarning):
        _, method = bp.numerical_gradient(real_only, [1.0, 2.0])
    assert method == "central"
    with (
        pytest.warns(np.exceptions.ComplexWarning),
        pytest.raises(InvalidInput, match="takes no complex theta"),
    ):
        bp.numerical_gradient(real_only, [1.0, 2.0], "complex")


def test_a_wrong_entry_is_named_first():
    def wrong(x):
        J, D = cubic(x)
        D[1] += 0.5
        return J, D

    check = bp.check_gradient(wrong, [1.0, 2.0, 3.0])
    assert not check.ok
    assert check.worst(1) == [("theta[1]", 12.5, 12.0)]
    assert "DIFFERS" in str(check)


def test_entries_are_drawn_by_seed():
    first = bp.check_gradient(cubic, np.ones(100), max_entries=7, seed=3)
    again = bp.check_gradient(cubic, np.ones(100), max_entries=7, seed=3)
    np.testing.assert_array_equal(first.indices, again.indices)
    assert len(first.indices) == 7


def test_entries_have_the_notes_names():
    net = bp.Network((2, 3, 1))
    names = [entry_name(net, k) for k in range(net.n_parameters)]
    Theta1, Theta2 = net.roll(np.arange(13.0))
    assert names.index("Theta1[2, 1]") == Theta1[2, 1]
    assert names.index("Theta2[0, 3]") == Theta2[0, 3]
    with pytest.raises(IndexError):
        entry_name(net, 13)


def problem(hidden, loss, rng, sizes=(3, 5, 4, 3), m=20):
    """Rows and targets that suit the loss, and a drawn θ."""
    net = bp.Network(sizes, hidden, loss)
    K = sizes[-1]
    if net.loss.name in ("log_loss", "binary_log_loss"):
        Y = np.eye(K)[rng.integers(0, K, m)]
    else:
        Y = rng.integers(0, 4, (m, K)).astype(float)
    return net, bp.init_theta(net, rng, epsilon=1.0), rng.normal(size=(m, sizes[0])), Y


LOSSES = ["log_loss", "binary_log_loss", "squared_error", "poisson", "absolute_error"]
LOSSES += [bp.huber(0.7), bp.quantile(0.8)]
HIDDEN = ["logistic", "tanh", "relu", "leaky_relu", "gelu", "silu", "softplus", "identity"]


@pytest.fixture
def wrong(monkeypatch):
    """Make backpropagation wrong in one entry, by a factor."""

    def spoil(entry, factor):
        def spoiled(*args, **kwargs):
            J, D = bp.cost_and_gradient(*args, **kwargs)
            D = D.copy()
            D[entry] *= factor
            return J, D

        monkeypatch.setattr(gradcheck, "cost_and_gradient", spoiled)

    return spoil


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: getattr(loss, "name", loss))
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_right_network_is_right_and_one_wrong_entry_is_found(hidden, loss, rng, wrong):
    net, theta, X, Y = problem(hidden, loss, rng)
    check = bp.check_network(net, theta, X, Y, lam=1.0, max_entries=None)
    assert (check.method, check.ok, check.kinks) == ("complex", True, 0)
    assert check.relative_difference < 1e-12
    entry = int(np.argsort(np.abs(check.analytic))[len(theta) // 2])
    wrong(entry, 1 + 1e-7)
    found = bp.check_network(net, theta, X, Y, lam=1.0, max_entries=None)
    assert not found.ok
    np.testing.assert_array_equal(np.flatnonzero(found.relative_differences > 1e-12), [entry])
    assert found.worst(1)[0][0] == found.names[entry]


@pytest.mark.parametrize("size", [0.0, 1e-8, 30.0])
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: getattr(loss, "name", loss))
@pytest.mark.parametrize("hidden", ["relu", "tanh", "logistic"])
def test_flat_dead_and_saturated_units_are_no_mistakes(hidden, loss, size, rng):
    net, theta, X, Y = problem(hidden, loss, rng)
    X[:5] = 0
    theta = size * theta
    net.roll(theta)[0][1] = -5.0
    if net.loss.name == "poisson":
        theta = np.clip(theta, -1, 1)
    assert bp.check_network(net, theta, X, Y, max_entries=None).ok


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: getattr(loss, "name", loss))
def test_a_trained_network_is_no_mistake(loss, rng):
    net, theta, X, Y = problem("relu", loss, rng)
    trained = bp.minimize(net, theta, X, Y, lam=0.1, max_iter=200).x
    assert bp.check_network(net, trained, X, Y, lam=0.1, max_entries=None).ok


def test_examples_that_are_met_exactly_lie_on_a_kink_that_delta_knows():
    for loss in ("absolute_error", bp.quantile(0.8)):
        net = bp.Network((2, 2), (), loss)
        X, Y = np.eye(2), np.array([[0.0, 1.0], [0.0, 0.0]])
        check = bp.check_network(net, np.zeros(6), X, Y)
        assert (check.ok, check.kinks) == (True, 0)


def test_single_precision_rows_and_weights_are_checked_in_double(rng):
    net, theta, X, Y = problem("relu", "log_loss", rng)
    single = [np.asarray(array, np.float32) for array in (theta, X, Y)]
    check = bp.check_network(net, *single, lam=1.0)
    assert check.ok
    assert check.analytic.dtype == np.float64


def test_kinks_are_no_mistakes_and_hide_none(rng, wrong):
    # With so many rows and units, differences of 1e-4 step across the kinks of some of them.
    net = bp.Network((3, 64, 2), "relu", "log_loss")
    X, Y = rng.normal(size=(500, 3)), np.eye(2)[rng.integers(0, 2, 500)]
    theta = bp.init_theta(net)
    check = bp.check_network(net, theta, X, Y, max_entries=50)
    assert (check.method, check.ok) == ("complex", True)
    wrong(check.indices[7], 1 - 1e-7)
    again = bp.check_network(net, theta, X, Y, max_entries=50)
    assert [name for name, _, _ in again.worst(1)] == [check.names[7]]
    assert not again.ok


def functions_of(net, X, Y):
    """J and D as a stranger has them: with complex numbers, and without."""

    def both(theta):
        return bp.cost_and_gradient(net, theta, X, Y)

    def real(theta):
        if np.iscomplexobj(theta):
            raise TypeError("no complex numbers here")
        return both(theta)

    return {"complex": both, "central": real}


@pytest.mark.parametrize("method", ["complex", "central"])
@pytest.mark.parametrize(
    "loss",
    ["log_loss", "absolute_error", bp.huber(0.3)],
    ids=lambda loss: getattr(loss, "name", loss),
)
@pytest.mark.parametrize("m", [5, 300])
def test_a_strangers_function_with_kinks(method, loss, m, rng):
    net, theta, X, Y = problem("relu", loss, rng, m=m)
    function = functions_of(net, X, Y)[method]
    check = bp.check_gradient(function, theta, max_entries=30)
    assert (check.method, check.ok) == (method, True)
    entry = int(check.indices[np.argmax(np.abs(check.analytic))])

    def spoiled(x):
        J, D = function(x)
        D[entry] *= 1 + 1e-7
        return J, D

    found = bp.check_gradient(spoiled, theta, max_entries=30)
    assert not found.ok
    assert found.worst(1)[0][0] == f"theta[{entry}]"


def test_on_a_kink_what_lies_between_the_two_slopes_is_set_aside():
    def claimed(slope, analytic):
        def function(x):
            return analytic(x[0]) + (x[1] ** 2), np.array([slope, 2 * x[1]])

        return bp.check_gradient(function, [0.0, 3.0])

    for absolute in (abs, lambda u: u if u.real > 0 else -u):
        for slope in (-1.0, 0.0, 0.5, 1.0):
            check = claimed(slope, absolute)
            assert check.ok, check
            assert check.kinks <= 1
        check = claimed(0.5, absolute)
        assert check.kinks == 1
        assert "At 1 of the entries theta lies on a kink of J: set aside" in str(check)
        for slope in (-1.1, 1.0001):
            check = claimed(slope, absolute)
            assert not check.ok
            assert check.worst(1)[0][:2] == ("theta[0]", slope)


def test_what_a_kink_cannot_explain_is_wrong_on_a_kink_too():
    def function(x):
        u = x[0]
        return (2 * u if u.real > 0 else u), np.array([1 + 1e-7])

    check = bp.check_gradient(function, [0.0])
    assert (check.ok, check.kinks) == (False, 0)


def test_a_part_that_is_not_analytic_is_not_left_out_with_the_gradients_leave():
    def forgetful(x):
        return np.linalg.norm(x) ** 2 + (x**3).sum(), 3 * x**2

    check = bp.check_gradient(forgetful, [1.0, 2.0])
    assert (check.method, check.ok) == ("central", False)
    right = bp.check_gradient(lambda x: (forgetful(x)[0], forgetful(x)[1] + 2 * x), [1.0, 2.0])
    assert (right.method, right.ok) == ("central", True)
    numeric, method = bp.numerical_gradient(forgetful, [1.0, 2.0])
    assert method == "central"
    np.testing.assert_allclose(numeric, [5.0, 16.0], rtol=1e-9)


def test_single_precision_says_how_sharply_it_can_be_told():
    def single(x):
        x = np.asarray(x, np.float32)
        return float(np.sin(x).sum()), np.cos(x)

    check = bp.check_gradient(single, [1.0, 2.0, 3.0], "central")
    assert check.ok
    assert "Rounding lets 3 of them be told less sharply" in str(check)
    assert not bp.check_gradient(lambda x: (single(x)[0], 1.01 * single(x)[1]), [1.0, 2.0]).ok


def test_a_gradient_that_is_no_number_is_wrong():
    check = bp.check_gradient(lambda x: ((x**2).sum(), np.array([np.nan, 4.0])), [1.0, 2.0])
    assert (check.ok, check.relative_difference) == (False, 1.0)
    with pytest.raises(InvalidInput, match="J is nan at theta"):
        bp.check_gradient(lambda x: (np.nan, x), [1.0], "central")


def test_small_entries_count_as_much_as_large_ones():
    def J(x):
        return 1e6 * x[0] ** 2 + 1e-6 * x[1] ** 2

    check = bp.check_gradient(lambda x: (J(x), np.array([2e6, 2.0002e-6]) * x), [1.0, 1.0])
    assert not check.ok
    assert check.relative_difference == pytest.approx(5e-5, rel=1e-3)
    assert check.worst(1)[0][0] == "theta[1]"


def test_the_sentence():
    right = bp.check_gradient(cubic, [1.0, 2.0])
    assert (
        repr(right)
        == str(right)
        == (
            "The analytic gradient agrees with the numeric one in all 2 entries (complex step): "
            "largest relative difference 0, tolerance 1e-12."
        )
    )
    one = bp.check_gradient(cubic, [1.0], "central")
    assert str(one).startswith(
        "The analytic gradient agrees with the numeric one in all 1 entry (central differences): "
    )
    many = bp.check_gradient(lambda x: ((x**2).sum(), x), np.arange(1.0, 31.0))
    assert str(many).splitlines()[0].startswith("The analytic gradient DIFFERS in 30 of 30 entries")
    assert len(str(many).splitlines()) == 6
    assert len(repr(many)) < 600


def test_a_tolerance_of_ones_own():
    def rough(x):
        return (x**2).sum(), 2.001 * x

    assert not bp.check_gradient(rough, [1.0]).ok
    assert bp.check_gradient(rough, [1.0], tolerance=1e-3).ok
    assert bp.check_gradient(cubic, [1.0]).tolerance == 1e-12
    assert bp.check_gradient(cubic, [1.0], "central").tolerance == 1e-8


def test_a_check_of_bare_arrays_has_no_kinks_and_no_errors():
    bare = gradcheck.GradientCheck(
        np.array([1.0, 0.0, 3.0]), np.array([1.0, 0.0, 1.0]), np.arange(3), "complex", 1e-9
    )
    assert (bare.kinks, bare.ok, bare.relative_difference) == (0, False, 0.5)
    assert bare.worst() == [("theta[2]", 3.0, 1.0), ("theta[0]", 1.0, 1.0), ("theta[1]", 0.0, 0.0)]
    nothing = gradcheck.GradientCheck(*[np.zeros(0)] * 2, np.arange(0), "complex", 1e-9)
    assert nothing.ok


def test_a_user_made_activation_without_complex_numbers_is_checked_by_differences(rng):
    def g(z):
        return np.maximum(np.asarray(z, np.float64), 0) ** 2

    square = bp.Activation("square", g, lambda z: 2 * np.maximum(z, 0), smooth=False)
    net, theta, X, Y = problem(square, "squared_error", rng)
    with pytest.warns(np.exceptions.ComplexWarning):
        check = bp.check_network(net, theta, X, Y)
    assert (check.method, check.ok) == ("central", True)


def test_lengths_and_methods_are_checked():
    with pytest.raises(InvalidInput, match="gradient has 2 entries, but theta has 3"):
        bp.check_gradient(lambda x: (x.sum(), np.ones(2)), np.zeros(3))
    with pytest.raises(InvalidInput, match="no method 'forward'"):
        bp.numerical_gradient(cubic, [1.0], "forward")


def test_a_j_that_is_finite_at_theta_alone_cannot_be_checked():
    def lonely(x):
        return (1.0 if x[0] == 2 else np.nan), np.array([0.0])

    with pytest.raises(InvalidInput, match="J has no numeric derivative at theta"):
        bp.check_gradient(lonely, [2.0])
