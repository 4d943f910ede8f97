"""Model files: arrays and metadata ↔ bytes, in safetensors' format with a hash over everything.

The header begins with ``{"__metadata__":{"backpass":"{\\"sha256\\":\\"``, and the 64 hexadecimal
digits that follow are the SHA-256 of the whole file (length, header and data) with zeros in their
place. They stand at a fixed offset, so there is nothing in a file that the hash does not cover.
The rest of that string is JSON: the format's version and the metadata. Reading runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as make_safetensors

from ..arrays import ArrayLike
from ..errors import BackpassError, ModelFileError
from .atomic import FileLayer, atomic_write
from .packing import Json

VERSION = 1
MAY_BE_INFINITE = ("curve.", "state.")  # a training that diverged has NaN at its curves' end
DTYPES = ("float32", "float64", "int32", "int64", "uint32", "uint64", "uint8", "bool")

_LENGTH = 8  # bytes of the header's length, which come first
_PREFIX = b'{"__metadata__":{"backpass":"{\\"sha256\\":\\"'
_HASH = slice(_LENGTH + len(_PREFIX), _LENGTH + len(_PREFIX) + 64)


@dataclass(frozen=True, eq=False)
class Content:
    """What a model file holds: named arrays, and metadata that is JSON."""

    arrays: dict[str, np.ndarray]
    metadata: dict[str, Json]


# Version n -> how a content of version n becomes one of version n + 1.
MIGRATIONS: dict[int, Callable[[Content], Content]] = {}


def to_bytes(content: Content) -> bytes:
    """Make a model file; the same content makes the same bytes."""
    arrays = {name: _storable(name, array) for name, array in content.arrays.items()}
    _check_arrays(Content(arrays, content.metadata), "The model")
    about = {"sha256": "0" * 64, "version": VERSION, "metadata": content.metadata}
    text = json.dumps(about, allow_nan=False, separators=(",", ":"))
    data = bytearray(make_safetensors(arrays, {"backpass": text}))
    if not data.startswith(_PREFIX, _LENGTH):
        raise ModelFileError("safetensors writes its header in another order than expected.")
    data[_HASH] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


def from_bytes(data: bytes, name: str = "The model file") -> Content:
    """Read a model file; every bad one raises ModelFileError with one sentence."""
    _check_beginning(data, name)
    _check_hash(data, name)
    with reading(name):
        length = int.from_bytes(data[:_LENGTH], "little")
        header = json.loads(data[_LENGTH : _LENGTH + length])
        about = json.loads(header["__metadata__"]["backpass"], parse_constant=_no_constant)
        content = Content(parse_safetensors(data), dict(about["metadata"]))
        content = _migrated(content, about["version"], name)
    _check_arrays(content, name)
    return content


@contextmanager
def reading(name: str) -> Generator[None]:
    """Turn whatever goes wrong with a file whose hash is right, so made to be wrong, into one."""
    try:
        yield
    except BackpassError as error:
        raise ModelFileError(str(error)) from None
    except Exception as error:
        raise ModelFileError(f"{name} is no valid model file ({type(error).__name__}).") from None


def write_model(
    path: str | os.PathLike[str],
    content: Content,
    force: bool = False,
    layer: FileLayer | None = None,
) -> None:
    """Write a model file, whole or not at all."""
    atomic_write(path, to_bytes(content), force, layer)


def read_model(path: str | os.PathLike[str]) -> Content:
    """Read a model file from a path; what does not begin as one is not read any further."""
    name = os.fspath(path)
    try:
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise ModelFileError(f"{name} is a device or a pipe, not a model file.")
        with open(path, "rb") as file:
            _check_beginning(file.read(_HASH.start), name)
            file.seek(0)
            data = file.read()
    except FileNotFoundError:
        raise ModelFileError(f"There is no file {name}.") from None
    except (OSError, MemoryError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "there is not enough memory"
        raise ModelFileError(f"{name} cannot be read: {reason}.") from error
    return from_bytes(data, name)


def _check_beginning(data: bytes, name: str) -> None:
    if not data.startswith(_PREFIX, _LENGTH):
        raise ModelFileError(f"{name} is not a backpass model file.")


def _storable(name: str, values: ArrayLike) -> np.ndarray:
    """Return a contiguous array of a dtype that the format holds."""
    array = np.asarray(values)
    if array.dtype.name not in DTYPES:
        raise ModelFileError(f"{name} has the dtype {array.dtype}, which a model file cannot hold.")
    return np.ascontiguousarray(array).reshape(array.shape)  # 0-dimensional stays so


def _check_hash(data: bytes, name: str) -> None:
    """Compare the hash in the file with the file's; one flipped bit makes them differ."""
    digest = hashlib.sha256(data[: _HASH.start])
    digest.update(b"0" * 64)
    digest.update(memoryview(data)[_HASH.stop :])
    if digest.hexdigest().encode() != data[_HASH]:
        raise ModelFileError(f"{name} is damaged: its content does not have its own SHA-256.")


def _migrated(content: Content, version: object, name: str) -> Content:
    """Bring a content of an earlier version up to this one, step by step."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelFileError(f"{name} has the format version {version!r}, which never was.")
    if version > VERSION:
        raise ModelFileError(
            f"{name} has the format version {version}, made by a later backpass; this one reads "
            f"versions up to {VERSION}."
        )
    for earlier in range(version, VERSION):
        content = MIGRATIONS[earlier](content)
    return content


def _check_arrays(content: Content, name: str) -> None:
    """Refuse dtypes that are never written, and NaN and infinity where they have no meaning."""
    for key, array in content.arrays.items():
        if array.dtype.name not in DTYPES:
            raise ModelFileError(f"{name}: {key} has the dtype {array.dtype}.")
        if key.startswith(MAY_BE_INFINITE) or array.dtype.kind != "f":
            continue
        if not np.isfinite(array).all():
            raise ModelFileError(f"{name}: {key} holds NaN or infinite numbers.")


def _no_constant(constant: str) -> None:
    """JSON has no NaN and no infinity."""
    raise ValueError(constant)
