"""What is packed comes back with the same types and bits."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.errors import InvalidInput
from backpass.losses import LOSSES
from backpass.storage.packing import SCALARS, Packer, Unpacker

scalars = st.sampled_from(SCALARS).flatmap(lambda dtype: hnp.from_dtype(np.dtype(dtype)))
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | scalars
    | hnp.arrays("float64", hnp.array_shapes(min_dims=0, min_side=0))
    | hnp.arrays("<U3", (3,))
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.booleans(), inner)
    ),
    max_leaves=8,
)


def round_trip(value, own=()):
    packer = Packer({})
    text = json.dumps(packer.pack(value, "x"), allow_nan=False)
    return Unpacker(packer.arrays, own).unpack(json.loads(text))


def same(a, b):
    """Equal in type and bits, however deep."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray | np.generic) and a.dtype.kind not in "UO":
        # the payload of a NaN is no number's
        equal = np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        return a.dtype == b.dtype and a.shape == b.shape and equal
    if isinstance(a, np.ndarray):
        return a.tolist() == b.tolist() and a.shape == b.shape
    return a == b or (a != a and b != b)


@given(values)
def test_round_trip(value):
    assert same(value, round_trip(value))


def test_negative_zero_and_infinities():
    assert [repr(x) for x in round_trip([-0.0, np.inf, -np.inf, 5e-324])] == [
        "-0.0",
        "inf",
        "-inf",
        "5e-324",
    ]


def test_mixed_labels():
    labels = np.array(["a", 1, 2.5, True, None], dtype=object)
    assert [type(x) for x in round_trip(labels)] == [str, int, float, bool, type(None)]


def test_one_array_in_two_places_is_kept_once():
    theta = np.ones(5)
    packer = Packer({})
    packed = packer.pack({"theta": theta, "best": theta, "other": np.ones(5)}, "state")
    assert list(packer.arrays) == ["state.theta", "state.other"]
    back = Unpacker(packer.arrays).unpack(packed)
    assert back["theta"] is back["best"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    assert round_trip(ACTIVATIONS[name]) is ACTIVATIONS[name]


@pytest.mark.parametrize("loss", [*LOSSES.values(), bp.huber(2.5), bp.quantile(0.1)])
def test_losses(loss):
    back = round_trip(loss)
    assert (back.name, back.parameter) == (loss.name, loss.parameter)
    z, y = np.array([[0.3, 4.0]]), np.array([[0.0, 1.0]])
    assert back.value(z, y) == loss.value(z, y)


def test_a_users_own_activation_and_loss():
    square = bp.Activation("square", lambda z: z * z, lambda z: 2 * z)
    fake = bp.Activation("relu", lambda z: z, lambda z: z)  # not the library's
    mine = bp.Loss("mine", lambda z: z, lambda z, y: (z - y)[:, 0] ** 2, lambda z, y: z - y)
    assert round_trip([square, fake, mine], own=[mine, square, fake]) == [square, fake, mine]
    for value in (square, fake, mine):
        with pytest.raises(InvalidInput, match=r"pass it in own=\[\.\.\.\]"):
            round_trip(value)


def test_what_cannot_be_kept():
    for value in (object(), lambda: 0, {1, 2}, [b"bytes"]):
        with pytest.raises(InvalidInput, match="cannot hold"):
            Packer({}).pack(value, "x")


@pytest.mark.parametrize(
    "packed", [{}, {"eval": "1"}, {"scalar": ["V99", 1]}, {"array": "gone"}, {"__class__": 1}]
)
def test_what_was_never_packed(packed):
    with pytest.raises((InvalidInput, KeyError, StopIteration)):
        Unpacker({}).unpack(packed)


def test_one_long_text_does_not_make_all_of_them_wide():
    """A megabyte of a file that would be a terabyte of cells as wide as the longest."""
    texts = [*["a"] * 200_000, "b" * 1_000_000]
    packed = {"text": texts, "shape": [len(texts)], "kind": "U"}
    with pytest.raises(InvalidInput, match="200001 texts that would take 800004000000 bytes"):
        Unpacker({}).unpack(packed)
    as_objects = Unpacker({}).unpack({**packed, "kind": "O"})
    assert as_objects.tolist() == texts
    assert Unpacker({}).unpack({"text": [], "shape": [0], "kind": "U"}).shape == (0,)
