import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.activations import ACTIVATIONS
from backpass.errors import InvalidInput, InvalidNetwork
from backpass.network import Network

sizes = st.lists(st.integers(1, 7), min_size=2, max_size=6)


@given(sizes=sizes)
def test_roll_is_the_column_order_of_the_notes(sizes):
    net = Network(sizes)
    theta = np.arange(net.n_parameters, dtype=float)
    Thetas = net.roll(theta)
    unrolled = np.hstack([Theta.ravel(order="F") for Theta in Thetas])
    np.testing.assert_array_equal(unrolled, theta)
    assert [Theta.shape for Theta in Thetas] == list(net.shapes)


@given(sizes=sizes)
def test_slices_and_places_are_the_column_order_of_the_notes(sizes):
    net, start, k = Network(sizes), 0, 0
    assert len(net.slices) == net.L - 1
    for l, (where, shape) in enumerate(net.slices, start=1):
        rows, columns = net.shapes[l - 1]
        assert (where, shape) == (slice(start, start + rows * columns), (columns, rows))
        start += rows * columns
        for row, column in zip(*np.unravel_index(range(rows * columns), (rows, columns), "F")):
            assert net.place(k) == (l, row, column)
            k += 1
    assert start == k == net.n_parameters
    for beyond in (-1, k):
        with pytest.raises(IndexError, match=f"theta has {k} entries only"):
            net.place(beyond)


@given(sizes=sizes)
def test_unroll_undoes_roll_without_a_copy(sizes):
    net = Network(sizes)
    theta = np.arange(net.n_parameters, dtype=float)
    assert net.unroll(net.roll(theta)) is theta
    copies = [Theta.copy() for Theta in net.roll(theta)]
    np.testing.assert_array_equal(net.unroll(copies), theta)


def test_views_in_another_order_are_not_taken_for_theta():
    net = Network((1, 2, 2))  # Θ¹ is 2×2, Θ² is 2×3
    theta = np.arange(10.0)
    Theta1, Theta2 = net.roll(theta)
    swapped = [Theta1, np.flip(Theta2, axis=0)]
    np.testing.assert_array_equal(net.unroll(swapped), [0, 1, 2, 3, 5, 4, 7, 6, 9, 8])


def test_the_views_are_scikit_learns_attributes():
    net = Network((3, 2))
    theta = np.arange(8.0)
    Theta = net.roll(theta)[0]
    np.testing.assert_array_equal(Theta[:, 0], [0, 1])  # intercepts_
    np.testing.assert_array_equal(Theta[:, 1:].T, [[2, 3], [4, 5], [6, 7]])  # coefs_
    Theta[0, 0] = -1
    assert theta[0] == -1


def test_a_theta_of_the_wrong_length_says_what_it_needs_and_why():
    net = Network((400, 25, 10))
    with pytest.raises(InvalidInput, match=r"needs \(10285,\).*25·\(400 \+ 1\) \+ 10·\(25 \+ 1\)"):
        net.roll(np.zeros(10280))


def test_unroll_checks_shapes():
    with pytest.raises(InvalidInput, match=r"shapes \(\(2, 2\),\).*needs \(\(2, 3\),\)"):
        Network((2, 2)).unroll([np.zeros((2, 2))])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3,),), "at least an input and an output layer"),
        (((3, 0, 1),), "at least one unit"),
        (((3, 1.5),), "sequence of integers"),
        ((5,), "sequence of integers"),
        (((3, 2, 1), ("tanh", "relu")), "names 2 activations, but the network has 1 hidden"),
        (((3, 2, 1), "tanh", "hinge"), "no loss 'hinge'"),
    ],
)
def test_what_makes_no_network_is_refused(arguments, message):
    with pytest.raises(InvalidNetwork, match=message):
        Network(*arguments)


def test_an_activation_per_hidden_layer_and_what_it_prints():
    net = Network((3, 4, 5, 1), ("tanh", "relu"), "squared_error")
    assert net.activation(2) is ACTIVATIONS["tanh"]
    assert net.activation(3) is ACTIVATIONS["relu"]
    assert str(net) == "3-4-5-1 (tanh, relu; squared_error)"
    assert not net.smooth
    assert Network((3, 1)).smooth


def test_networks_are_values():
    assert Network((2, 1)) == Network((2, 1))
    assert hash(Network((2, 1))) == hash(Network([2, 1]))
    with pytest.raises(AttributeError):
        Network((2, 1)).sizes = (3, 1)
