"""What SciPy writes is read as SciPy reads it; what it writes damaged is a sentence."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.io import loadmat, savemat

from backpass.errors import InvalidInput
from backpass.matlab import read_mat
from backpass.readers import parse

DTYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?", ">f8"]


@given(
    st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, array_shapes(min_side=0))),
    st.booleans(),
)
def test_level_5(tmp_path_factory, array, compressed):
    path = tmp_path_factory.mktemp("mat") / "t.mat"
    savemat(path, {"X": array, "a_longer_name": np.ones(3)}, do_compression=compressed)
    read, expected = read_mat(path), loadmat(path)
    assert list(read) == ["X", "a_longer_name"]
    for name in read:
        np.testing.assert_array_equal(read[name], expected[name])
    assert read["X"].dtype.kind == (array.dtype.kind if array.dtype.kind != "b" else "b")


@given(
    st.sampled_from(["f8", "f4", "i4", "i2", "u2", "u1"]).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=2, max_dims=2))
    )
)
def test_level_4(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("mat") / "t.mat"
    savemat(path, {"X": array, "y": np.ones((2, 1))}, format="4")
    read = read_mat(path)
    np.testing.assert_array_equal(read["X"], loadmat(path)["X"])
    np.testing.assert_array_equal(read["y"], np.ones((2, 1)))


@pytest.mark.parametrize("level", ["4", "5"])
def test_complex_numbers(tmp_path, level):
    array = np.array([[1 + 2j, 3], [4j, -5]])
    savemat(tmp_path / "t.mat", {"X": array}, format=level)
    np.testing.assert_array_equal(read_mat(tmp_path / "t.mat")["X"], array)


def test_what_is_not_numbers(tmp_path):
    path = tmp_path / "t.mat"
    content = {"text": "word", "cell": np.array([1, "a"], object), "struct": {"a": 1}, "X": 5.0}
    savemat(path, content)
    read = read_mat(path)
    assert {name: array.dtype.kind for name, array in read.items()} == {
        "text": "O",
        "cell": "O",
        "struct": "O",
        "X": "f",
    }


def test_hdf5(tmp_path):
    path = tmp_path / "t.mat"
    for start in (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", b"\x89HDF\r\n"):
        path.write_bytes(start.ljust(600, b" "))
        with pytest.raises(InvalidInput, match="save it with the option -v7"):
            read_mat(path)


def test_every_beginning_of_a_file(tmp_path):
    for how in ({}, {"do_compression": True}, {"format": "4"}):
        buffer = io.BytesIO()
        savemat(buffer, {"X": np.arange(6.0).reshape(2, 3), "y": [[1], [2]]}, **how)
        data = buffer.getvalue()
        for end in range(len(data)):
            (tmp_path / "t.mat").write_bytes(data[:end])
            try:
                arrays = parse(tmp_path / "t.mat", read_mat)
            except InvalidInput:
                continue
            assert set(arrays) < {"X", "y"}  # it ends between two variables
