"""Checkpoints: a training's state on disk, from which it goes on to the same bits.

The file holds the state after a whole epoch (or iteration) from which the training went on, what
makes the training what it is (the parameters, a hash of the data), and whether it is finished. It
is a model file as far as bytes are concerned: whole or not there, with a hash over everything.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import InvalidInput, WriteError
from .files import check_output
from .modelfile import Content, read_model, reading, write_model
from .packing import Packer, Unpacker

KIND = "checkpoint"

# Parameters that say how a training runs, not where it goes.
HARMLESS = ("callbacks", "checkpoint", "every", "n_threads", "verbose", "warm_start")


DATA = ("data", "validation data", "first weights")  # told as hashes, which say nothing


def fingerprint(*arrays: Any) -> str:
    """Hash the data of a training: dense arrays, CSR matrices, or None."""
    digest = hashlib.sha256()
    for array in arrays:
        for part in _parts(array):
            part = np.ascontiguousarray(part)
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(part.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _parts(array: Any) -> list[Any]:
    if array is None:
        return [np.zeros(0, np.uint8)]
    if hasattr(array, "indptr"):
        return [array.data, array.indices, array.indptr]
    return [np.asarray(array)]


def identity(parameters: dict[str, Any], **data: str) -> dict[str, str]:
    """What two trainings must have in common, so that one can go on where the other stopped."""
    kept = {k: _in_words(v) for k, v in parameters.items() if k not in HARMLESS}
    if not isinstance(parameters.get("random_state"), int | np.integer):
        kept["random_state"] = "None"  # an unfinished run has drawn its numbers already
    return {**kept, **data}


def _in_words(value: Any) -> str:
    """The same words for 5 and np.int64(5), for (5,) and [5], for an activation and its name."""
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_in_words, value))})"
    if isinstance(value, np.generic):
        return repr(value.item())
    return repr(getattr(value, "name", value))


@dataclass
class Checkpoint:
    """One training's file.

    Parameters
    ----------
    path : path
        Where it is.
    every : int
        Write after every so many epochs.
    identity : dict of str
        From ``identity``; a file of another training is not touched.
    """

    path: str | os.PathLike[str]
    every: int
    identity: dict[str, str]
    _latest: dict[str, Any] | None = field(default=None, repr=False)
    _warned: bool = field(default=False, repr=False)

    def unfinished(self) -> dict[str, Any] | None:
        """Return what was last kept of this training, if the file holds it and it is not finished.

        Raises
        ------
        InvalidInput
            If the file holds another training that is not finished; the message says what differs.
        ModelFileError
            If the file is no checkpoint, or is damaged.
        """
        place = check_output(self.path, force=True)
        if not os.path.exists(place):
            return None
        content = read_model(self.path)
        if content.metadata.get("kind") != KIND:
            raise InvalidInput(f"{self.path} is no checkpoint, so it is left alone.")
        with reading(os.fspath(self.path)):
            if content.metadata["finished"]:
                return None
            theirs = dict(content.metadata["identity"])
            run = Unpacker(content.arrays).unpack(content.metadata["state"])
        self._refuse_other(theirs)
        return run

    def _refuse_other(self, theirs: dict[str, str]) -> None:
        """Raise if the file is another training's."""
        names = [name for name in self.identity if self.identity[name] != theirs.get(name)]
        if not names:
            return
        told = [
            f"the {name} differ"
            if name in DATA
            else f"{name} was {theirs.get(name)} and is now {self.identity[name]}"
            for name in names
        ]
        raise InvalidInput(
            f"{self.path} holds another training that is not finished ({', '.join(told[:3])}); "
            "name another checkpoint, or remove this file to give that training up."
        )

    def keep(self, epoch: int, run: dict[str, Any]) -> None:
        """Write a training's state, every so many epochs; a failure is said once, and survived."""
        self._latest = run
        if epoch % self.every == 0:
            self._write(run, finished=False)
            self._latest = None

    def close(self, finished: bool) -> None:
        """Say that the training is over, so that the next begins anew; or keep the latest state."""
        if finished:
            self._write(None, finished=True)
        elif self._latest is not None:
            self._write(self._latest, finished=False)

    def _write(self, run: Any, finished: bool) -> None:
        arrays: dict[str, np.ndarray] = {}
        metadata = {"kind": KIND, "identity": self.identity, "finished": finished}
        try:
            metadata["state"] = Packer(arrays).pack(run, "state")
            write_model(self.path, Content(arrays, metadata), force=True)
        except (InvalidInput, WriteError) as error:
            if not self._warned:
                warnings.warn(f"The training goes on without its checkpoint: {error}", stacklevel=2)
            self._warned = True
