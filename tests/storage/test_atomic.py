"""A file is written whole or not at all; the failures one by one are in tests/faults."""

import os
import stat
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backpass as bp
from backpass.errors import InvalidInput, OutputExists, WriteError
from backpass.storage.atomic import CHUNK, FileLayer, atomic_write


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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444, 0o755, 0o2660])
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mode, mask):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    before = os.umask(mask)
    try:
        atomic_write(path, b"new", force=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_is_written_is_never_more_open_than_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    seen = []

    class Watching(FileLayer):
        def permit(self, descriptor, old):
            seen.append(os.fstat(descriptor).st_mode)
            super().permit(descriptor, old)
            seen.append(os.fstat(descriptor).st_mode)

        def write(self, descriptor, chunk):
            assert len(seen) == 2
            return super().write(descriptor, chunk)

    atomic_write(path, b"new", force=True, layer=Watching())
    assert [stat.S_IMODE(mode) for mode in seen] == [0o600, 0o600]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such owners")
def test_the_owner_is_kept_where_that_is_allowed(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    asked = []
    real = os.fstat

    def another(descriptor):
        about = list(real(descriptor))
        about[4] += 1  # the new file is somebody else's
        return os.stat_result(about)

    monkeypatch.setattr(os, "fstat", another)
    monkeypatch.setattr(os, "fchown", lambda *arguments: asked.append(arguments[1:]))
    atomic_write(path, b"new", force=True)
    assert asked == [(path.stat().st_uid, path.stat().st_gid)]

    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refused)
    atomic_write(path, b"newer", force=True)
    assert path.read_bytes() == b"newer"


def outputs(folder):
    """Everything that writes files, each with what writes it."""
    X, y = np.eye(4), [0, 1, 0, 1]
    model = bp.MLPClassifier(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0).fit(X, y)

    def kept(path):
        parameters = {"hidden_layer_sizes": (3,), "max_iter": 2, "tol": 0, "checkpoint": path}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bp.MLPRegressor(**parameters).fit(X, y)

    return {
        folder / "m.backpass": lambda path: bp.save(model, path, force=True),
        folder / "m.mat": lambda path: bp.to_mat(model, path, force=True),
        folder / "run.checkpoint": kept,
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_every_output_keeps_the_mode_of_what_it_replaces(tmp_path):
    for path, write in outputs(tmp_path).items():
        write(path)
        path.chmod(0o640)
        before = path.stat().st_ino
        write(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert path.stat().st_ino != before  # replaced, not written over


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such call for folders")
def test_the_file_is_synced_before_it_takes_its_place_and_its_folder_after(tmp_path, monkeypatch):
    calls, fsync, replace = [], os.fsync, os.replace

    def watched(descriptor):
        about = os.fstat(descriptor)
        kind = "folder" if stat.S_ISDIR(about.st_mode) else "file"
        calls.append((kind, about.st_ino, about.st_size if kind == "file" else None))
        fsync(descriptor)

    def replaced(old, new):
        calls.append(("replace", os.stat(old).st_ino, os.stat(old).st_size))
        replace(old, new)

    for path, write in outputs(tmp_path).items():
        write(path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", watched)
            patch.setattr(os, "replace", replaced)
            calls.clear()
            write(path)
        made, size = path.stat().st_ino, path.stat().st_size
        assert calls[-3:] == [
            ("file", made, size),
            ("replace", made, size),
            ("folder", tmp_path.stat().st_ino, None),
        ]


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
