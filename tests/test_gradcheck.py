import numpy as np
import pytest

import backpass as bp
from backpass.errors import InvalidInput
from backpass.gradcheck import entry_name


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
        return float(np.asarray(x, dtype=np.float64, copy=True).sum())

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


@pytest.mark.parametrize(("hidden", "method"), [("gelu", "complex"), ("relu", "central")])
def test_a_network_is_checked_by_what_its_functions_allow(hidden, method, rng):
    net = bp.Network((3, 4, 2), hidden, "log_loss")
    X, Y = rng.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
    check = bp.check_network(net, bp.init_theta(net), X, Y, lam=1.0)
    assert (check.method, check.ok) == (method, True)
    assert check.names[0] == "Theta1[0, 0]"


def test_kinks_are_no_mistakes(rng):
    # With so many rows and units, differences of 1e-4 step across the kinks of some of them.
    net = bp.Network((3, 64, 2), "relu", "log_loss")
    X, Y = rng.normal(size=(500, 3)), np.eye(2)[rng.integers(0, 2, 500)]
    check = bp.check_network(net, bp.init_theta(net), X, Y, max_entries=50)
    assert (check.method, check.ok) == ("complex", True)


def test_lengths_and_methods_are_checked():
    with pytest.raises(InvalidInput, match="gradient has 2 entries, but theta has 3"):
        bp.check_gradient(lambda x: (x.sum(), np.ones(2)), np.zeros(3))
    with pytest.raises(InvalidInput, match="no method 'forward'"):
        bp.numerical_gradient(cubic, [1.0], "forward")
