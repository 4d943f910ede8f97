"""A file is written whole or not at all; the failures one by one are in tests/faults."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.errors import InvalidInput, OutputExists, WriteError
from backpass.files import CHUNK, FileLayer, atomic_write


@given(st.binary(max_size=200))
def test_what_is_written_is_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("write") / "file"
    atomic_write(path, data)
    assert path.read_bytes() == data


def test_several_chunks_and_short_writes(tmp_path):
    class Short(FileLayer):
        def write(self, descriptor, chunk):
            return super().write(descriptor, chunk[: max(1, len(chunk) // 3)])

    data = os.urandom(2 * CHUNK + 17)
    atomic_write(tmp_path / "file", data, layer=Short())
    assert (tmp_path / "file").read_bytes() == data
    assert os.listdir(tmp_path) == ["file"]


def test_an_existing_file_needs_force(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OutputExists, match="exists; with force"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    atomic_write(path, b"new", force=True)
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_mode_by_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        atomic_write(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    atomic_write(tmp_path / "link", b"new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_places_that_are_no_file(tmp_path):
    with pytest.raises(InvalidInput, match="There is no folder"):
        atomic_write(tmp_path / "no" / "file", b"")
    with pytest.raises(InvalidInput, match="is a folder"):
        atomic_write(tmp_path, b"", force=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="device or a pipe"):
        atomic_write(tmp_path / "pipe", b"", force=True)


def test_too_long_a_name_is_a_sentence(tmp_path):
    with pytest.raises(WriteError, match="was not written"):
        atomic_write(tmp_path / ("x" * 300), b"")
    with pytest.raises(InvalidInput, match="no name of a file"):
        atomic_write("a\0b", b"")
    assert os.listdir(tmp_path) == []
