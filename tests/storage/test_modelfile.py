"""A model file holds what was put in; whatever else lies at its path is one sentence."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as make_safetensors

from backpass.errors import ModelFileError, OutputExists
from backpass.storage import modelfile
from backpass.storage.modelfile import Content, from_bytes, read_model, to_bytes, write_model

CONTENT = Content(
    {"theta": np.linspace(-1, 1, 7), "n": np.int64(3), "empty": np.zeros((0, 2), np.float32)},
    {"names": ["a", "ü", '"\\'], "nested": {"x": [1, 2.5, None, True]}},
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('abü"\\'), inner),
    max_leaves=5,
)
numbers = st.sampled_from(modelfile.DTYPES).flatmap(
    lambda dtype: arrays(
        dtype,
        array_shapes(min_dims=0, min_side=0, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False} if "float" in dtype else None,
    )
)


def forged(about, arrays=None, hashed=True):
    """A file with a right hash and any text at all in its metadata."""
    text = json.dumps({"sha256": "0" * 64, **about}, separators=(",", ":"))
    data = bytearray(make_safetensors(arrays or {}, {"backpass": text}))
    if hashed:
        place = data.index(b"0" * 64)
        data[place : place + 64] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


@given(st.dictionaries(st.text("abc.ü", min_size=1), numbers, max_size=3), json_values)
def test_round_trip(arrays, value):
    data = to_bytes(Content(arrays, {"value": value}))
    content = from_bytes(data)
    assert content.metadata == {"value": value}
    assert content.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert content.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(content.arrays[name], array)
    assert to_bytes(Content(arrays, {"value": value})) == data  # the same bytes each time


def test_order_and_byte_order_do_not_matter():
    theta = np.arange(12.0).reshape(3, 4)
    for array in (np.asfortranarray(theta), theta.astype(">f8"), theta[:, ::-1][:, ::-1]):
        stored = from_bytes(to_bytes(Content({"a": array}, {}))).arrays["a"]
        np.testing.assert_array_equal(stored, theta)


def test_safetensors_itself_reads_the_file():
    assert (
        parse_safetensors(to_bytes(CONTENT))["theta"].tolist() == CONTENT.arrays["theta"].tolist()
    )


def test_every_flipped_bit_is_seen():
    data = to_bytes(CONTENT)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ModelFileError):
            from_bytes(bytes(damaged))


def test_every_shorter_or_longer_file_is_seen():
    data = to_bytes(CONTENT)
    for bad in [*(data[:n] for n in range(len(data))), data + b"\0", b"\0" + data]:
        with pytest.raises(ModelFileError):
            from_bytes(bad)


@pytest.mark.parametrize(
    ("about", "part"),
    [
        ({}, "KeyError"),
        ({"version": 1}, "KeyError"),
        ({"version": 1, "metadata": 5}, "TypeError"),
        ({"version": 99, "metadata": {}}, "made by a later backpass"),
        ({"version": 0, "metadata": {}}, "never was"),
        ({"version": "1", "metadata": {}}, "never was"),
        ({"version": True, "metadata": {}}, "never was"),
        ({"version": 1, "metadata": {"x": float("nan")}}, "ValueError"),
    ],
)
def test_forged_metadata(about, part):
    with pytest.raises(ModelFileError, match=part):
        from_bytes(forged(about))


def test_forged_nesting_does_not_overflow_the_stack():
    text = '{"sha256":"' + "0" * 64 + '","version":1,"metadata":' + "[" * 100_000
    data = bytearray(make_safetensors({}, {"backpass": text}))
    place = data.index(b"0" * 64)
    data[place : place + 64] = hashlib.sha256(data).hexdigest().encode()
    with pytest.raises(ModelFileError, match="no valid model file"):
        from_bytes(bytes(data))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite(bad):
    arrays = {"theta": np.array([1.0, bad])}
    with pytest.raises(ModelFileError, match="theta holds NaN"):
        to_bytes(Content(arrays, {}))
    with pytest.raises(ModelFileError, match="theta holds NaN"):
        from_bytes(forged({"version": 1, "metadata": {}}, arrays))
    curve = {"curve.J": arrays["theta"]}
    np.testing.assert_array_equal(
        from_bytes(to_bytes(Content(curve, {}))).arrays["curve.J"], curve["curve.J"]
    )


def test_dtypes_that_are_never_written():
    for array in (np.zeros(2, complex), np.array(["a"]), np.array([None])):
        with pytest.raises(ModelFileError, match="cannot hold"):
            to_bytes(Content({"x": array}, {}))
    with pytest.raises(ModelFileError, match="float16"):
        from_bytes(forged({"version": 1, "metadata": {}}, {"x": np.zeros(2, np.float16)}))


def test_an_earlier_version_is_migrated_step_by_step(monkeypatch):
    old = to_bytes(Content({"w": np.ones(2)}, {"steps": [1]}))

    def rename(content):
        return Content({"theta": content.arrays["w"]}, {"steps": [*content.metadata["steps"], 2]})

    def add(content):
        return Content(content.arrays, {"steps": [*content.metadata["steps"], 3]})

    monkeypatch.setattr(modelfile, "VERSION", 3)
    monkeypatch.setattr(modelfile, "MIGRATIONS", {1: rename, 2: add})
    content = from_bytes(old)
    assert list(content.arrays) == ["theta"]
    assert content.metadata == {"steps": [1, 2, 3]}
    assert from_bytes(to_bytes(content)).metadata == content.metadata  # not migrated again
    monkeypatch.setattr(modelfile, "MIGRATIONS", {})
    with pytest.raises(ModelFileError, match="no valid model file"):
        from_bytes(old)


def test_every_version_has_its_migration():
    assert sorted(modelfile.MIGRATIONS) == list(range(1, modelfile.VERSION))


def test_the_first_version_is_read_for_ever():
    content = read_model(Path(__file__).parents[1] / "files" / "modelfile-version-1.safetensors")
    np.testing.assert_array_equal(content.arrays["theta"], CONTENT.arrays["theta"])
    assert content.metadata == CONTENT.metadata


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 400,
        b"PK\x03\x04" * 30,
        b"\x80\x04\x95 a pickle",
        make_safetensors({"w": np.ones(2)}),
        b"\xff" * 400,
    ],
)
def test_other_files(tmp_path, data):
    (tmp_path / "model").write_bytes(data)
    with pytest.raises(ModelFileError, match=r"model is not a backpass model file\.$"):
        read_model(tmp_path / "model")


def test_paths(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(ModelFileError, match="There is no file"):
        read_model(path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_model(tmp_path)
    write_model(path, CONTENT)
    with pytest.raises(OutputExists):
        write_model(path, CONTENT)
    write_model(path, CONTENT, force=True)
    assert read_model(path).metadata == CONTENT.metadata
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_what_does_not_begin_as_a_model_file_is_not_read(tmp_path):
    """A hundred gigabytes of nothing cost no memory."""
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(ModelFileError, match="not a backpass model file"):
        read_model(tmp_path / "holes")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_devices_and_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ModelFileError, match="is a device or a pipe"):
            read_model(path)
