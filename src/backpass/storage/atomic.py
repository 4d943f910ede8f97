"""Writing files whole or not at all.

The bytes go to a temporary file in the same folder, which is synced and renamed over the target;
then the folder is synced. At every moment there is the old file or the new one, never less. A file
that is replaced keeps its permissions and its owner; a new one has those that the umask gives.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import InvalidInput, OutputExists, WriteError

CHUNK = 1 << 20
NEW = 0o666  # the mode of a new file, before the umask


class FileLayer:
    """The system calls of a save, one method each, so that a test can let any of them fail."""

    def create(self, path: Path, mode: int) -> int:
        """Make a new file with a mode that the umask may narrow; return its descriptor."""
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        return os.open(path, flags, mode)

    def permit(self, descriptor: int, old: os.stat_result) -> None:
        """Give a file the owner, where that is allowed, and the mode of the one it replaces."""
        if os.name == "nt":
            return
        new = os.fstat(descriptor)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            with suppress(PermissionError):
                os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))

    def write(self, descriptor: int, chunk: memoryview) -> int:
        """Write some of the chunk; return how many bytes."""
        return os.write(descriptor, chunk)

    def sync(self, descriptor: int) -> None:
        """Wait until the file is on the disk."""
        os.fsync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Put the file in its place, atomically."""
        os.replace(old, new)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the name is on the disk; Windows has no such call."""
        if os.name == "nt":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


SYSTEM = FileLayer()


def check_output(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Return the place that a file will be written to, links followed, or say why it cannot be."""
    if "\0" in os.fspath(path):
        raise InvalidInput(f"{path!r} is no name of a file.")
    place = Path(os.path.realpath(path))
    if not os.path.isdir(place.parent):
        raise InvalidInput(f"There is no folder {place.parent} to write {place.name} to.")
    if os.path.isdir(place):
        raise InvalidInput(f"{path} is a folder; name a file in it.")
    if not _exists(path, place):
        return place
    if not stat.S_ISREG(place.stat().st_mode):
        raise InvalidInput(f"{path} is a device or a pipe; only regular files are written.")
    if not force:
        raise OutputExists(f"{path} exists; with force it is replaced.")
    return place


def _exists(path: str | os.PathLike[str], place: Path) -> bool:
    """Whether there is a file; a name that there cannot be is an error before any work begins."""
    try:
        os.stat(place)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WriteError(f"{path} was not written: {_reason(error)}.") from error
    return True


def atomic_write(
    path: str | os.PathLike[str], data: bytes, force: bool = False, layer: FileLayer | None = None
) -> None:
    """Write a file whole or not at all; an existing one is only replaced with force."""
    atomic_write_parts(path, [data], force, layer)


def atomic_write_parts(
    path: str | os.PathLike[str],
    parts: Iterable[bytes],
    force: bool = False,
    layer: FileLayer | None = None,
) -> None:
    """Do as ``atomic_write`` does, with a file that is made part by part."""
    layer = layer or SYSTEM
    place = check_output(path, force)
    temporary = place.with_name(f".backpass-{secrets.token_hex(8)}.tmp")
    try:
        _write_and_rename(layer, temporary, place, parts)
    except OSError as error:
        raise WriteError(f"{path} was not written: {_reason(error)}.") from error
    except MemoryError:
        raise WriteError(f"{path} was not written: there is not enough memory.") from None
    try:
        layer.sync_folder(place.parent)
    except OSError as error:
        raise WriteError(
            f"{path} was written, but may not survive a power failure: {_reason(error)}."
        ) from error


def _write_and_rename(
    layer: FileLayer, temporary: Path, place: Path, parts: Iterable[bytes]
) -> None:
    """Leave either the whole new file, or the folder as it was."""
    try:
        _write_all(layer, temporary, place, parts)
        layer.rename(temporary, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _write_all(layer: FileLayer, path: Path, place: Path, parts: Iterable[bytes]) -> None:
    """Create a file that will replace the one at a place, write in chunks, sync and close it."""
    old = place.stat() if place.exists() else None
    descriptor = layer.create(path, NEW if old is None else stat.S_IMODE(old.st_mode) & NEW)
    try:
        if old is not None:
            layer.permit(descriptor, old)
        for part in parts:
            data = memoryview(part)
            while len(data):
                written = layer.write(descriptor, data[:CHUNK])
                data = data[written:]
        layer.sync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    """What the system says, in its own words; a full disk in ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno == errno.EFBIG:
        return "the file is larger than this account may write"
    return error.strerror or str(error)
