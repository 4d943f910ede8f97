"""Whatever call of a save fails, there is the old file or the new one, and one sentence."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from backpass.errors import WriteError
from backpass.storage.atomic import CHUNK, FileLayer, atomic_write
from backpass.storage.modelfile import Content, from_bytes, to_bytes, write_model

OLD, NEW = b"old" * 100, os.urandom(2 * CHUNK + 5)  # three writes
CALLS = ["create", "write", "sync", "rename", "sync_folder"]


class Failing(FileLayer):
    """A file layer whose Nth call of a kind (or of any) fails as a full disk does."""

    def __init__(self, at, kinds=CALLS, number=errno.ENOSPC, partly=False):
        self.at, self.kinds, self.number, self.partly = at, kinds, number, partly
        self.calls = []

    def _call(self, kind):
        self.calls.append(kind)
        counted = [one for one in self.calls if one in self.kinds]
        if kind in self.kinds and len(counted) == self.at:
            raise OSError(self.number, os.strerror(self.number))

    def create(self, path, mode):
        self._call("create")
        return super().create(path, mode)

    def write(self, descriptor, chunk):
        if self.partly and len(self.calls) + 1 == self.at:
            super().write(descriptor, chunk[: len(chunk) // 2])  # some of it reaches the disk
        self._call("write")
        return super().write(descriptor, chunk)

    def sync(self, descriptor):
        self._call("sync")
        super().sync(descriptor)

    def rename(self, old, new):
        self._call("rename")
        super().rename(old, new)

    def sync_folder(self, folder):
        self._call("sync_folder")
        super().sync_folder(folder)


def calls_of_a_save(tmp_path):
    layer = Failing(at=0)
    atomic_write(tmp_path / "counted", NEW, layer=layer)
    (tmp_path / "counted").unlink()
    return layer.calls


def test_the_calls_of_a_save(tmp_path):
    assert calls_of_a_save(tmp_path) == [
        *["create", "write", "write", "write", "sync", "rename", "sync_folder"]
    ]


@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("existed", [False, True])
def test_any_call_may_fail(tmp_path, existed, number, partly):
    path = tmp_path / "file"
    for at in range(1, len(calls_of_a_save(tmp_path)) + 1):
        path.unlink(missing_ok=True)
        if existed:
            path.write_bytes(OLD)
        layer = Failing(at, number=number, partly=partly)
        with pytest.raises(WriteError) as caught:
            atomic_write(path, NEW, force=True, layer=layer)
        assert "\n" not in str(caught.value)
        renamed = layer.calls[-1] == "sync_folder"
        assert os.listdir(tmp_path) == (["file"] if existed or renamed else [])
        if existed or renamed:
            assert path.read_bytes() == (NEW if renamed else OLD)


def test_what_is_said(tmp_path):
    for kind, number, sentence in [
        ("write", errno.ENOSPC, "was not written: the disk is full."),
        ("sync", errno.EIO, "was not written: Input/output error."),
        ("create", errno.EACCES, "was not written: Permission denied."),
        ("sync_folder", errno.EIO, "may not survive a power failure: Input/output error."),
    ]:
        with pytest.raises(WriteError, match=sentence):
            atomic_write(tmp_path / "file", NEW, force=True, layer=Failing(1, [kind], number))


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    class Interrupted(FileLayer):
        def sync(self, descriptor):
            raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(tmp_path / "file", NEW, force=True, layer=Interrupted())
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == OLD


def test_a_model_file_survives_a_failed_save(tmp_path):
    path = tmp_path / "model"
    old = Content({"theta": np.zeros(3)}, {"which": "old"})
    write_model(path, old)
    new = Content({"theta": np.ones(400_000)}, {"which": "new"})  # several writes
    at, failed = 0, True
    while failed:
        at += 1
        try:
            write_model(path, new, force=True, layer=Failing(at))
            failed = False
        except WriteError:
            which = from_bytes(path.read_bytes()).metadata["which"]
            assert which in ("old", "new")
    assert at > 6
    assert path.read_bytes() == to_bytes(new)


DIES = """
import os, sys
from pathlib import Path
sys.path[:0] = [sys.argv[3]]
from test_writes import Failing, NEW
from backpass.storage.atomic import atomic_write

class Dying(Failing):
    def _call(self, kind):
        self.calls.append(kind)
        if len(self.calls) == self.at:
            os.kill(os.getpid(), 9)

data = Path(sys.argv[1] + ".new").read_bytes()
atomic_write(sys.argv[1], data, force=True, layer=Dying(int(sys.argv[2]), partly=True))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_at_any_call(tmp_path):
    path = tmp_path / "file"
    (tmp_path / "file.new").write_bytes(NEW)
    calls = calls_of_a_save(tmp_path)
    for at, kind in enumerate(calls, start=1):
        path.write_bytes(OLD)
        here = os.path.dirname(__file__)
        done = subprocess.run([sys.executable, "-c", DIES, path, str(at), here], check=False)
        assert done.returncode == -9
        assert path.read_bytes() == (NEW if kind == "sync_folder" else OLD)


LIMITED = """
import resource, signal, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, backpass as bp
from backpass.errors import WriteError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
model = bp.MLPClassifier((200,), max_iter=1, random_state=0).fit(np.eye(200), np.arange(200) % 2)
bp.save(model, sys.argv[1])
before = open(sys.argv[1], "rb").read()
model.theta_[:] = 0
for limit in (0, 1, 4096, len(before) - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        bp.save(model, sys.argv[1], force=True)
    except WriteError as error:
        assert "larger than this account may write" in str(error), error
    else:
        raise SystemExit("the limit did nothing")
    assert open(sys.argv[1], "rb").read() == before
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
bp.save(model, sys.argv[1], force=True)
assert not bp.load(sys.argv[1]).theta_.any()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits of this kind")
def test_the_systems_own_limit(tmp_path):
    subprocess.run([sys.executable, "-c", LIMITED, tmp_path / "model"], check=True)
    assert os.listdir(tmp_path) == ["model"]
