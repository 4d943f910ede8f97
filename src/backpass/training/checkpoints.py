"""Checkpoints: a training's state on disk, from which it goes on to the same bits.

The file holds the state after a whole epoch (or iteration) from which the training went on, what
makes the training what it is (the parameters, a hash of the data), and whether it is finished. It
is a model file as far as bytes are concerned: whole or not there, with a hash over everything.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..activations import ALIASES, Activation
from ..activations import is_own as is_own_activation
from ..arrays import State
from ..errors import BackpassError, InvalidInput, WriteError, warn
from ..losses import Loss, is_own
from ..storage.atomic import check_output
from ..storage.fingerprints import content_hash
from ..storage.modelfile import Content, read_model, reading, write_model
from ..storage.packing import Packer, Unpacker

KIND = "checkpoint"

# Parameters that say how a training runs, not where it goes.
HARMLESS = ("callbacks", "checkpoint", "every", "n_threads", "verbose", "warm_start")

# Compared by hashes, which say nothing to a reader.
HASHED = ("data", "validation data", "preprocessing", "labels", "first weights", "first state")

# What the first release did not write; its files are not refused for the lack of it.
WRITTEN_LATER = (
    "target",
    "test_size",
    "dtype",
    "preprocessing",
    "labels",
    "first state",
    "muon_ratio",
    "warm_up",
)

_RENAMED = {repr(old): repr(new) for old, new in ALIASES.items()}

HASH_DIGITS = 8  # that are shown of a function's hash: enough to see that two differ


def run_identity(parameters: Mapping[str, object], **data: str) -> dict[str, str]:
    """Describe what two trainings must have in common, so that one can go on as the other.

    Parameters
    ----------
    parameters : mapping
        What the training was asked for by name; those that say how it runs are left out.
    **data : str
        Hashes of what it learns from, by name.

    Returns
    -------
    dict of str
        The same text for 5 and np.int64(5), for (5,) and [5], for an activation and its name; for
        functions of the user's, their names and a hash of what they do.

    Warns
    -----
    UserWarning
        If something cannot be compared: no later training goes on from such a checkpoint.

    Examples
    --------
    >>> from backpass import huber
    >>> run_identity({"alpha": 0.1, "loss": huber(2.0), "verbose": True}, data="1a2b")
    {'alpha': '0.1', 'loss': 'huber(2.0)', 'data': '1a2b'}
    """
    kept = {name: value for name, value in parameters.items() if name not in HARMLESS}
    return {**{name: _as_text(name, value) for name, value in kept.items()}, **data}


def said_once(values: object) -> object:
    """What is the same for every layer, said once."""
    each = list(values) if isinstance(values, list | tuple) else []
    return each[0] if each and all(value == each[0] for value in each) else values


def _as_text(name: str, value: object) -> str:
    """A parameter's value, as it is compared and shown."""
    if isinstance(value, list | tuple):
        return f"({', '.join(_as_text(name, item) for item in value)})"
    if isinstance(value, dict):
        items = [f"{_as_text(name, k)}: {_as_text(name, v)}" for k, v in value.items()]
        return f"{{{', '.join(sorted(items))}}}"
    if isinstance(value, np.ndarray):
        return _as_text(name, value.tolist())
    if isinstance(value, np.generic):
        return repr(value.item())
    if name == "activation" and isinstance(value, str):
        return repr(ALIASES.get(value, value))
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, type) and value.__module__.partition(".")[0] == "backpass":
        return repr(value.__name__)
    return _own_name(value) or _name_and_hash(name, value)


def _own_name(value: object) -> str | None:
    """The name of one of the library's own; None for everything else."""
    if isinstance(value, Activation) and is_own_activation(value):
        return repr(value.name)
    if isinstance(value, Loss) and is_own(value):
        has_parameter = value.parameter is not None
        return f"{value.name}({value.parameter!r})" if has_parameter else repr(value.name)
    return None


def _name_and_hash(parameter: str, value: object) -> str:
    """A name, and a hash of everything that the value does."""
    name = getattr(value, "name", None) or getattr(value, "__name__", type(value).__name__)
    content = content_hash(value)
    if content is not None:
        return f"{name!r} of content {content[:HASH_DIGITS]}"
    warn(
        f"{parameter} is {name!r}, which holds something that cannot be compared, so no later "
        "training will go on from this checkpoint."
    )
    return f"{name!r} of content that cannot be compared ({secrets.token_hex(4)})"


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
        From ``run_identity``; a file of another training is not touched.
    display_names : mapping of str
        What a part of the identity is called where the training was asked for, if not by its name.
    """

    path: str | os.PathLike[str]
    every: int
    identity: dict[str, str]
    display_names: Mapping[str, str] = field(default_factory=dict)
    _kept: int | None = field(default=None, repr=False)
    _warned: bool = field(default=False, repr=False)

    def unfinished(self) -> State | None:
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
            raise InvalidInput(f"{os.fspath(self.path)} is no checkpoint, so it is left alone.")
        with reading(os.fspath(self.path)):
            if content.metadata["finished"]:
                return None
            theirs = _in_current_form(content.metadata["identity"])
            run = Unpacker(content.arrays).unpack(content.metadata["state"])
        self._refuse_other(theirs)
        return run

    def _refuse_other(self, theirs: dict[str, str]) -> None:
        """Raise if the file is another training's."""
        names = [name for name in {**self.identity, **theirs} if self._differs(name, theirs)]
        if not names:
            return
        names.sort(key=HASHED.__contains__)  # what says most comes first
        differences = ", ".join(self._difference(name, theirs) for name in names[:3])
        raise InvalidInput(
            f"{os.fspath(self.path)} holds another training that is not finished ({differences}); "
            "name another checkpoint, or remove this file to give that training up."
        )

    def _differs(self, name: str, theirs: dict[str, str]) -> bool:
        """Whether a part of the identity is another one."""
        if name in WRITTEN_LATER and name not in theirs:
            return False
        return not _same(self.identity.get(name), theirs.get(name))

    def _difference(self, name: str, theirs: dict[str, str]) -> str:
        """Say what differs, by the names under which the training was asked for."""
        called = self.display_names.get(name, name)
        was, now = theirs.get(name), self.identity.get(name)
        if name not in HASHED:
            return f"{called} was {was or 'not given'} and is now {now or 'not given'}"
        if was is not None and now is not None and _kind(was) != _kind(now):
            return f"the {called} are of another kind, or were hashed by an earlier backpass"
        return f"the {called} differ"

    def keep(self, epoch: int, run: State) -> None:
        """Write a training's state, every so many epochs; a failure is warned of once."""
        if epoch % self.every == 0:
            self._write(run, finished=False)
            self._kept = epoch

    def interrupt(self, epoch: int, run: State) -> None:
        """Write a training's state, if it was not due yet, for the next to go on from."""
        if epoch != self._kept:
            self._write(run, finished=False)

    def finish(self, run: State | None = None) -> None:
        """Mark the training as finished: the next starts afresh, and its end is kept until then."""
        self._write(run, finished=True)

    def _write(self, run: State | None, finished: bool) -> None:
        arrays: dict[str, np.ndarray] = {}
        metadata = {"kind": KIND, "identity": self.identity, "finished": finished}
        try:
            metadata["state"] = Packer(arrays).pack(run, "state")
            write_model(self.path, Content(arrays, metadata), force=True)
        except BackpassError as error:
            if not self._warned:
                warn(f"The training goes on without its checkpoint: {error}")
            self._warned = True


class RetainedCheckpoint(Checkpoint):
    """One that outlasts its training: what was learnt has not been saved elsewhere yet."""

    def finish(self, run: State | None = None) -> None:
        """Keep the end of the training, which the same training takes up at once."""
        self._write(run, finished=False)

    def release(self) -> None:
        """Mark the training as saved: the next starts afresh."""
        super().finish()


@dataclass
class RetainedPath:
    """The path of a checkpoint that is kept until other files, too, are written.

    An estimator takes it for its ``checkpoint``. The file keeps the finished training until
    ``release``, so that nothing is lost where the files cannot be written: the same training,
    asked for again, is there at once.

    Parameters
    ----------
    path : path
        The file.
    about : dict of str
        What else makes the training what it is.
    display_names : mapping of str
        What a part of its identity is called where the training was asked for.
    """

    path: str | os.PathLike[str]
    about: dict[str, str]
    display_names: Mapping[str, str]
    _checkpoint: RetainedCheckpoint | None = field(default=None, repr=False)

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def checkpoint(self, every: int, known: dict[str, str]) -> RetainedCheckpoint:
        """Make the checkpoint of a training of this identity."""
        self._checkpoint = RetainedCheckpoint(
            self.path, every, {**self.about, **known}, self.display_names
        )
        return self._checkpoint

    def release(self) -> None:
        """Mark the training as saved, if there was one."""
        if self._checkpoint is not None:
            self._checkpoint.release()


@dataclass
class RetainedFolder:
    """A folder of checkpoints that outlast the calls that write them.

    Trainings that belong together are kept, each in a file of its own, until ``release``: what was
    over before the others is not trained again when all of them are asked for again.

    Parameters
    ----------
    path : path
        The folder.
    every : int
        A file is written after every so many epochs.

    Raises
    ------
    InvalidInput
        If ``every`` is less than 1.
    WriteError
        If the folder cannot be made.
    """

    path: str | os.PathLike[str]
    every: int = 1
    _checkpoints: list[RetainedCheckpoint] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Make the folder."""
        if self.every < 1:
            raise InvalidInput(f"every is at least 1, not {self.every}.")
        try:
            Path(self.path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"{os.fspath(self.path)} cannot be made a folder of checkpoints: {error}"
            ) from error

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def part(self, name: str) -> RetainedFolder:
        """Return a folder inside, whose files are released with these."""
        return RetainedFolder(Path(self.path) / name, self.every, self._checkpoints)

    def checkpoint(self, name: str, identity: dict[str, str]) -> RetainedCheckpoint:
        """Make the checkpoint of a training of this identity, in a file of this name."""
        made = RetainedCheckpoint(Path(self.path) / name, self.every, identity)
        self._checkpoints.append(made)
        return made

    def release(self) -> None:
        """Mark all trainings as saved: the next ones start afresh."""
        for each in self._checkpoints:
            each.release()


def checkpoint_at(place: str | os.PathLike[str], every: int, known: dict[str, str]) -> Checkpoint:
    """Make the checkpoint at a path, a retained one or not."""
    if isinstance(place, RetainedPath):
        return place.checkpoint(every, known)
    return Checkpoint(place, every, known)


def _same(ours: str | None, theirs: str | None) -> bool:
    """Whether two values mean the same: 1 is 1.0."""
    if ours == theirs or ours is None or theirs is None:
        return ours == theirs
    try:
        return float(ours) == float(theirs)
    except ValueError:
        return False


def _in_current_form(theirs: Mapping[str, str]) -> dict[str, str]:
    """The identity in a file, as it is written today where the first release wrote it otherwise.

    It kept 3 for one layer's size where (3) is kept now, and sigmoid for logistic; what is the same
    for every layer it said for each.
    """
    today = dict(theirs)
    sizes = today.get("hidden_layer_sizes", "(")
    if not sizes.startswith("("):
        today["hidden_layer_sizes"] = f"({sizes})"
    for name in {"dropout", "activation"} & today.keys():
        text = today[name]
        by_layer = text[1:-1].split(", ") if text.startswith("(") else [text]
        known = [_RENAMED.get(each, each) for each in by_layer]
        once = known[0] and len(set(known)) == 1
        today[name] = known[0] if once else f"({', '.join(known)})"
    return today


def _kind(hashed: str) -> str:
    """What comes before the digits of a hash, csr or blocks."""
    return hashed.rpartition(":")[0]
