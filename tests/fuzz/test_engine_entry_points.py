"""Whatever arrays come to the engine's entry points: an answer, or InvalidInput."""

import contextlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from backpass import Network, cost_and_gradient, forward
from backpass.errors import InvalidInput

DTYPES = ["f2", "f4", "f8", ">f8", "i1", "u8", "?", "c16", "U2", "O"]
NET = Network((3, 4, 2))


@st.composite
def any_array(draw):
    """An array of any kind, shape, order, stride and permission."""
    dtype = draw(st.sampled_from(DTYPES))
    fill = st.none() if dtype == "O" else None
    array = draw(
        arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=30), elements=fill)
    )
    change = draw(st.sampled_from(["as it is", "fortran", "reversed", "every other", "read-only"]))
    if change == "fortran":
        array = np.asfortranarray(array)
    elif change == "reversed" and array.ndim:
        array = array[::-1]
    elif change == "every other" and array.ndim:
        array = array[::2]
    elif change == "read-only":
        array.flags.writeable = False
    return array


@st.composite
def matrix(draw, columns):
    """A matrix that fits, in any layout."""
    rows = draw(st.integers(1, 20))
    dtype = draw(st.sampled_from(["f2", "f4", "f8", ">f8", "i1", "u8", "?"]))
    array = (np.random.default_rng(rows).random((rows, 2 * columns)) * 3).astype(dtype)
    return draw(
        st.sampled_from([array[:, ::2], array[::-1, :columns], array[:, :columns].T.copy().T])
    )


def answered(function, *arguments):
    with np.errstate(all="ignore"), contextlib.suppress(InvalidInput):
        function(*arguments)


@settings(max_examples=300, deadline=None)
@given(any_array(), any_array(), any_array(), st.none() | any_array())
def test_any_arrays(theta, X, Y, w):
    answered(cost_and_gradient, NET, theta, X, Y, 0.1, w)
    answered(forward, NET, theta, X)


@settings(max_examples=150, deadline=None)
@given(matrix(3), any_array(), any_array())
def test_any_theta_and_targets(X, theta, Y):
    answered(cost_and_gradient, NET, theta, X, Y)


@settings(max_examples=100, deadline=None)
@given(matrix(3))
def test_any_layout_is_the_same_matrix(X):
    theta = np.linspace(-1, 1, NET.n_parameters)
    whole = np.ascontiguousarray(X, X.dtype.newbyteorder("="))
    # another layout is another multiplication of BLAS, which may round otherwise
    rtol = 1e-5 if X.dtype.itemsize <= 4 and X.dtype.kind == "f" else 1e-12
    np.testing.assert_allclose(forward(NET, theta, X), forward(NET, theta, whole), rtol=rtol)


def test_sizes_that_overflow():
    huge = np.lib.stride_tricks.as_strided(np.zeros(1), (2**40, 3), (0, 0))
    for size in (2**31, 2**62, 2**63, 2**64):
        net = Network((3, size, 2))
        with np.testing.assert_raises(InvalidInput):
            forward(net, np.zeros(3), np.zeros((1, 3)))
    with np.testing.assert_raises(InvalidInput):
        cost_and_gradient(NET, np.zeros(26), huge, np.zeros((2, 2)))
