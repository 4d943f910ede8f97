"""What NumPy writes is read as NumPy reads it; what is damaged or claims too much is a sentence."""

import io
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import backpass as bp
from backpass.data.array_files.npy import CHUNK_BYTES, read_npy, read_npz
from backpass.errors import InvalidInput

DTYPES = ["f2", "f4", "f8", ">f8", "i1", "u2", "i8", "?", "c16", "U3"]
anything = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays(
        dtype,
        array_shapes(min_dims=0, min_side=0),
        elements=st.text("aü€", max_size=3) if dtype == "U3" else None,
    )
)


def bytes_of(array, **how):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), **how)
    return file.getvalue()


def archive(path, method=zipfile.ZIP_STORED, **members):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return path


def same(ours, theirs):
    """Equal in everything but that text is as long as each cell."""
    if theirs.dtype.kind != "U":
        assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs.astype(ours.dtype))
    assert ours.shape == theirs.shape


@given(anything, st.booleans(), st.booleans())
def test_arrays(tmp_path_factory, array, packed, by_columns):
    array = np.asfortranarray(array) if by_columns else array
    folder = tmp_path_factory.mktemp("npy")
    (np.savez_compressed if packed else np.savez)(folder / "t.npz", X=array, more=np.ones(2))
    np.save(folder / "t.npy", array)
    read = read_npz(folder / "t.npz")
    assert list(read) == ["X", "more"]
    same(read["X"], array)
    same(read_npy(folder / "t.npy")["X"], array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_headers(tmp_path, version):
    (tmp_path / "t.npy").write_bytes(bytes_of(np.arange(6.0), version=version))
    np.testing.assert_array_equal(read_npy(tmp_path / "t.npy")["X"], np.arange(6.0))


def test_text_is_as_long_as_each_cell(tmp_path):
    """A gigabyte of cells as wide as the longest comes as the few letters that it is."""
    words = np.array(["ab", "c" * 1000, "", "ü"] * 300)
    assert words.nbytes > 4 * CHUNK_BYTES
    np.savez_compressed(tmp_path / "t.npz", X=np.ones((1200, 1)), y=words)
    table = bp.read_table(tmp_path / "t.npz")
    assert table.y.dtype == object
    assert table.y.tolist() == words.tolist()


def test_what_is_not_asked_for_is_not_read(tmp_path):
    X, y = bytes_of(np.eye(4)), bytes_of(np.arange(4))
    path = archive(tmp_path / "t.npz", X=X, y=y, broken=b"no array", huge=header((10**15,)))
    table = bp.read_table(path)
    np.testing.assert_array_equal(table.X, np.eye(4))
    with pytest.raises(InvalidInput, match="cannot be read"):
        bp.read_table(path, "broken")


def header(shape, dtype="<f8", order=False):
    about = {"descr": dtype, "fortran_order": order, "shape": shape}
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, about)
    return file.getvalue()


WHOLE = bytes_of(np.ones((4, 2)))
BAD = {
    "a damaged magic": WHOLE[:5] + b"X" + WHOLE[6:],
    "a later version": WHOLE[:6] + b"\x09" + WHOLE[7:],
    "a damaged header": WHOLE.replace(b"'shape'", b"'shade'"),
    "a header that is no Python": WHOLE.replace(b"{", b"("),
    "a deep header": WHOLE.replace(b"(4, 2), }", b"((((((4,2)"),
    "no header": WHOLE[:8],
    "nothing": b"",
    "too few bytes": WHOLE[:-1],
    "too many bytes": WHOLE + b"\0",
    "a huge shape": header((10**12, 10**6)),
    "a shape of many bytes": header((10**9,)) + bytes(64),
    "a negative shape": header((-4, -2)) + bytes(64),
    "a shape of text": WHOLE.replace(b"(4, 2)", b"('a',)"),
    "two hundred dimensions": header((1,) * 200) + bytes(8),
    "an unknown dtype": WHOLE.replace(b"<f8", b"<q8"),
    "a dtype without bytes": header((4,), "|V0"),
    "many of a dtype without bytes": header((10**15,), "<U0"),
    "objects": bytes_of(np.array([1, "a"], object), allow_pickle=True),
    "text that is none": header((2,), "<U1") + b"\xff" * 8,
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("ending", ["npz", "npy"])
def test_damage_is_one_sentence(what, ending, tmp_path):
    path = tmp_path / f"t.{ending}"
    if ending == "npz":
        archive(path, zipfile.ZIP_DEFLATED, X=BAD[what], y=bytes_of(np.arange(4)))
    else:
        path.write_bytes(BAD[what])
    with pytest.raises(InvalidInput) as caught:
        bp.read_table(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_no_room_is_made_for_what_a_header_claims(tmp_path, monkeypatch):
    asked = []
    real = np.empty
    monkeypatch.setattr(np, "empty", lambda n, *more: asked.append(n) or real(n, *more))
    for name, data in BAD.items():
        path = archive(tmp_path / "t.npz", zipfile.ZIP_DEFLATED, X=data)
        with pytest.raises(InvalidInput):
            read_npz(path)["X"]
        assert max(asked, default=0) <= 8, name


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_damaged_byte_of_an_archive(method, tmp_path):
    whole = archive(tmp_path / "whole.npz", method, X=bytes_of(np.arange(6.0))).read_bytes()
    path = tmp_path / "t.npz"
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            X = bp.read_table(path, "X").X
        except InvalidInput:
            continue
        np.testing.assert_array_equal(X.ravel(), np.arange(6.0))  # a byte that says nothing
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(InvalidInput):
            bp.read_table(path, "X")


def test_an_archive_that_claims_more_than_it_can_hold(tmp_path):
    """The directory says terabytes; there are a few hundred bytes."""
    size = 10**12
    data = header((size // 8,))
    packed = zlib.compressobj(wbits=-15)
    body = packed.compress(data) + packed.flush()
    path = tmp_path / "t.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("X.npy", data)
        file.filelist[0].file_size = size + len(data)
    with pytest.raises(InvalidInput, match=f"claims {size + len(data)} bytes, more than its"):
        read_npz(path)["X"]
    assert len(body) < 200


def test_a_name_may_be_anything(tmp_path):
    path = archive(tmp_path / "t.npz", **{"../X": bytes_of(np.ones(2)), "": bytes_of(np.ones(3))})
    assert list(read_npz(path)) == ["../X", ""]
    with pytest.raises(InvalidInput, match="has no array 'X'"):
        bp.read_table(path)
