import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.activations import (
    ACTIVATIONS,
    ALIASES,
    Activation,
    core_name,
    find_activation,
    sigmoid,
    sigmoid_gradient,
)
from backpass.errors import InvalidNetwork

EXACT = {
    "identity": lambda z: z,
    "logistic": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else z * mpmath.mpf(0.01),
    "gelu": lambda z: z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}
POINTS = [-700.0, -40.0, -3.25, -1.0, -1e-3, 1e-3, 0.5, 2.0, 17.0, 40.0, 700.0]
kink_free = st.floats(-30, 30).filter(lambda z: abs(z) > 1e-3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_g_equals_the_exact_function(name):
    with mpmath.workdps(50):
        exact = [float(EXACT[name](mpmath.mpf(z))) for z in POINTS]
    np.testing.assert_allclose(
        ACTIVATIONS[name].g(np.array(POINTS)), exact, rtol=4e-14, atol=1e-307
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(z=kink_free)
def test_g_prime_is_the_derivative_of_g_by_the_complex_step(name, z):
    g = ACTIVATIONS[name]
    step = np.imag(g.g(np.array([z + 1e-40j]))) / 1e-40
    np.testing.assert_allclose(g.g_prime(np.array([z])), step, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("z", [-1000.0, 0.0, 1000.0])
def test_no_activation_overflows(name, z):
    z = np.array([z])
    assert np.isfinite(ACTIVATIONS[name].g(z)).all()
    assert np.isfinite(ACTIVATIONS[name].g_prime(z)).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_stays_float32(name):
    z = np.linspace(-3, 3, 7, dtype=np.float32)
    assert ACTIVATIONS[name].g(z).dtype == np.float32
    assert ACTIVATIONS[name].g_prime(z).dtype == np.float32


def test_the_published_values_of_sigmoid_gradient():
    published = [0.196612, 0.235004, 0.25, 0.235004, 0.196612]
    np.testing.assert_allclose(sigmoid_gradient([-1, -0.5, 0, 0.5, 1]), published, atol=5e-7)


def test_sigmoid_is_exact_far_out():
    np.testing.assert_array_equal(sigmoid([-1000, 1000]), [0, 1])
    assert sigmoid(-700.0) == np.exp(-700.0)


def test_aliases_objects_and_unknown_names():
    assert find_activation("sigmoid") is ACTIVATIONS["logistic"]
    own = Activation("own", np.sin, np.cos)
    assert find_activation(own) is own
    with pytest.raises(InvalidNetwork, match=r"no activation 'sigmod'.*logistic"):
        find_activation("sigmod")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_is_called_what_the_table_calls_it(name):
    assert ACTIVATIONS[name].name == name
    assert find_activation(name) is ACTIVATIONS[name]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_smooth_where_the_slopes_on_both_sides_of_zero_agree(name):
    """g has its kinks, if any, at 0: the only place where its formulas choose."""
    g = ACTIVATIONS[name].g
    with np.errstate(under="ignore"):
        left, right = np.imag(g(np.array([-1e-9, 1e-9]) + 1e-30j)) / 1e-30
    assert ACTIVATIONS[name].smooth == (abs(left - right) < 1e-6)


def test_a_function_of_ones_own_is_smooth_until_it_says_otherwise():
    assert Activation("own", np.sin, np.cos).smooth
    assert not Activation("own", np.abs, np.sign, smooth=False).smooth


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if ACTIVATIONS[n].smooth])
def test_g_prime_at_zero(name):
    step = np.imag(ACTIVATIONS[name].g(np.array([1e-30j]))) / 1e-30
    np.testing.assert_allclose(ACTIVATIONS[name].g_prime(np.zeros(1)), step, rtol=1e-13, atol=1e-15)


def test_the_side_of_a_kink_is_the_left_one():
    zero = np.zeros(1)
    assert ACTIVATIONS["relu"].g_prime(zero) == 0
    assert ACTIVATIONS["leaky_relu"].g_prime(zero) == 0.01


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_odd_where_a_unit_can_be_turned_over(name):
    z = np.linspace(0.1, 4, 9)
    turned = ACTIVATIONS[name].g(-z) + ACTIVATIONS[name].g(z)
    assert ACTIVATIONS[name].odd == (np.abs(turned).max() < 1e-15)
    assert not Activation("own", np.sin, np.cos).odd


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_g_prime_equals_the_exact_slope(name):
    g = ACTIVATIONS[name]
    with mpmath.workdps(60):
        exact = [
            float(mpmath.diff(EXACT[name], mpmath.mpf(z), h=mpmath.mpf(10) ** -25)) for z in POINTS
        ]
    # gelu's tail is the difference of two numbers of e^(−|z|³)'s size.
    np.testing.assert_allclose(g.g_prime(np.array(POINTS)), exact, rtol=2e-12, atol=1e-300)


AT_ZERO = {
    "identity": (0.0, 1.0),
    "logistic": (0.5, 0.25),
    "tanh": (0.0, 1.0),
    "relu": (0.0, 0.0),
    "leaky_relu": (0.0, 0.01),
    "gelu": (0.0, 0.5),
    "silu": (0.0, 0.5),
    "softplus": (np.log(2), 0.5),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_values_and_slopes_at_zero(name, zero):
    g, z = ACTIVATIONS[name], np.array([zero])
    assert (g.g(z)[0], g.g_prime(z)[0]) == pytest.approx(AT_ZERO[name], abs=0, rel=1e-15)


# What an activation says of itself: smooth, odd, and the core's name.
SAID = {
    "identity": (True, True, "identity"),
    "logistic": (True, False, "logistic"),
    "tanh": (True, True, "tanh"),
    "relu": (False, False, "relu"),
    "leaky_relu": (False, False, "leaky_relu"),
    "gelu": (True, False, "gelu"),
    "silu": (True, False, "silu"),
    "softplus": (True, False, "softplus"),
}


def test_the_registry():
    assert list(ACTIVATIONS) == list(SAID)
    assert {"sigmoid": "logistic"} == ALIASES
    for name, said in SAID.items():
        g = ACTIVATIONS[name]
        assert g.name == name
        assert (g.smooth, g.odd, g.core) == said
        assert core_name(g) == g.core
        assert find_activation(name) is find_activation(g) is g


def test_what_a_users_own_activation_says_of_itself():
    own = Activation("own", np.sin, np.cos)
    assert (own.smooth, own.odd, own.core) == (True, False, None)
    assert core_name(own) is None
    assert core_name(Activation("tanh", np.sin, np.cos, core="tanh")) is None


def test_the_refusal_to_the_letter():
    with pytest.raises(InvalidNetwork) as told:
        find_activation("sigmod")
    assert str(told.value) == (
        "There is no activation 'sigmod'; the library has identity, logistic, tanh, relu, "
        "leaky_relu, gelu, silu, softplus."
    )


@pytest.mark.parametrize("function", [sigmoid, sigmoid_gradient])
def test_the_notes_small_functions_take_lists_numbers_and_arrays(function):
    expected = function(np.array([[-1.0, 2.0]]))
    for z in ([[-1.0, 2.0]], [[-1, 2]], ((-1, 2),)):
        np.testing.assert_array_equal(function(z), expected)
        assert function(z).dtype == np.float64
    assert function(2) == function(2.0) == expected[0, 1]
    assert function(np.float32([1])).dtype == np.float32
