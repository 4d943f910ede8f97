"""What SciPy writes is read as SciPy reads it; what it writes damaged is a sentence."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.io import loadmat, savemat

import backpass as bp
from backpass.data.array_files import matlab
from backpass.data.array_files.matlab import read_mat
from backpass.data.readers import parse
from backpass.errors import InvalidInput

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


@pytest.mark.parametrize("how", [{}, {"do_compression": True}, {"format": "4"}], ids=str)
def test_a_variable_is_read_when_it_is_asked_for(tmp_path, how, monkeypatch):
    path = tmp_path / "t.mat"
    savemat(path, {"X": np.eye(3), "unused": np.zeros((500, 500)), "y": np.ones((3, 1))}, **how)
    made = []
    real = matlab._shaped
    monkeypatch.setattr(matlab, "_shaped", lambda n, shape: made.append(n.nbytes) or real(n, shape))
    read = read_mat(path)
    assert list(read) == ["X", "unused", "y"]
    assert made == []
    np.testing.assert_array_equal(read["X"], np.eye(3))
    assert max(made) < 500


def test_a_bomb_that_is_not_asked_for_is_not_unpacked(tmp_path, monkeypatch):
    """Megabytes of zeros in a few kilobytes, under another name."""
    path, unpacked = tmp_path / "t.mat", []
    savemat(path, {"X": np.eye(3), "bomb": np.zeros((4000, 1000))}, do_compression=True)
    assert path.stat().st_size < 40_000
    real = matlab._unpacked

    def watched(*arguments):
        content = real(*arguments)
        unpacked.append(len(content))
        return content

    monkeypatch.setattr(matlab, "_unpacked", watched)
    np.testing.assert_array_equal(bp.read_table(path).X, np.eye(3))
    assert max(unpacked) <= matlab.BEGINNING


def element(kind, content, size=None):
    """A level 5 element, whatever its tag claims."""
    tag = np.array([kind, len(content) if size is None else size], "<u4").tobytes()
    return tag + content + b"\0" * (-len(content) % 8)


def matrix(shape, numbers=b"\0" * 16, flags=6, name=b"X", stored=9):
    parts = [
        element(6, np.array([flags, 0], "<u4").tobytes()),
        element(5, np.array(shape, "<i4").tobytes()),
        element(1, name),
        element(stored, numbers),
    ]
    return b"".join(parts)


HEAD = b"MATLAB 5.0".ljust(124) + b"\0\1IM"
BAD = {
    "a shape without numbers": element(14, matrix((1000, 1000))),
    "a shape beyond all memory": element(14, matrix((2**31 - 1,) * 3)),
    "a negative shape": element(14, matrix((-1, -2))),
    "no shape": element(14, matrix(())),
    "hundreds of dimensions": element(14, matrix((1,) * 300, b"\0" * 8)),
    "numbers of an unknown type": element(14, matrix((1, 2), stored=99)),
    "half a number": element(14, matrix((1, 2), b"\0" * 15)),
    "an element larger than the file": element(14, matrix((1, 2)), 2**31),
    "a matrix that ends early": element(14, matrix((1, 2))[:40]),
    "what is packed is no matrix": element(15, zlib.compress(element(1, b"text"))),
    "what is packed ends early": element(15, zlib.compress(element(14, matrix((1, 2))))[:30]),
    "what is packed claims more": element(
        15, zlib.compress(element(14, matrix((9, 9)), 2**32 - 1))
    ),
    "what is packed is not": element(15, b"not packed at all" * 3),
    "packed twice": element(15, zlib.compress(element(15, zlib.compress(b"")))),
}


@pytest.mark.parametrize("what", BAD)
def test_what_was_made_to_be_wrong_is_one_sentence(tmp_path, what):
    path = tmp_path / "t.mat"
    path.write_bytes(HEAD + BAD[what])
    with pytest.raises(InvalidInput) as caught:
        bp.read_table(path, "X")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sizes", [(2**31 - 1, 2**31 - 1), (10**6, 10), (-1, 3), (3, 3)])
def test_a_level_4_header_that_claims_too_much(tmp_path, sizes):
    path = tmp_path / "t.mat"
    path.write_bytes(np.array([0, *sizes, 0, 2], "<i4").tobytes() + b"X\0" + b"\0" * 16)
    with pytest.raises(InvalidInput, match="cannot be read"):
        bp.read_table(path)
