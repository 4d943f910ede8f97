"""The process that runs a submission, as the judge sees it: questions, answers, and its end.

The judge believes nothing that comes back: what is no message in ``wire``'s language, no answer to
the question asked, or later than it may be ends the process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..diagnose import subject
from .child import wire
from .layout import Layout
from .own_time import OwnTime

Plain = Any  # what wire can write

MODULES = ("system", "wire", "namespaces", "landlock", "limits", "seccomp", "statements")
ENVIRONMENT = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
FIRST_ACCOUNT, ACCOUNTS = 0x70000000, 1 << 28  # where no system gives an account to anybody
START_SECONDS = 60.0  # NumPy's import, on a machine that is busy
END_SECONDS = 10.0

# Reads the launcher and all that it needs from standard input, and hands over to it.
BOOT = """
import json, os, sys, types
def read(size):
    parts = b''
    while len(parts) < size:
        part = os.read(0, size - len(parts))
        if not part:
            sys.exit(1)
        parts += part
    return parts
config = json.loads(read(int.from_bytes(read(8), 'big')))
sys.path.append(config['packages'])
package = sys.modules['child'] = types.ModuleType('child')
package.__path__ = []
for name, text in config.pop('sources').items():
    module = types.ModuleType('child.' + name)
    module.__package__, module.__file__ = 'child', name + '.py'
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    exec(compile(text, module.__file__, 'exec'), vars(module))
package.launch.main(config)
"""


@dataclass(frozen=True)
class Limits:
    """What a submission may use; seconds of its own, not of the judge."""

    seconds: float = 10.0
    memory: int = 1 << 30
    processes: int = 8


@dataclass(frozen=True)
class Means:
    """What may contain a process; none of them is there on every machine."""

    namespaces: bool = True
    account: bool = True
    landlock: bool = True
    seccomp: bool = True


class ChildLost(Exception):
    """The process gives no more answers; the message says why."""


class AnswerTooLarge(Exception):
    """A submission gave back more than an answer may hold."""


class ChildProcess:
    """One process for one submission."""

    def __init__(
        self,
        means: Means,
        limits: Limits,
        libraries: tuple[str, ...] = ("numpy",),
    ) -> None:
        self._time = OwnTime(limits.seconds)
        self._base = Path(tempfile.mkdtemp(prefix="backpass-grade-"))
        self._asked = 0
        try:
            self._start(means, limits, libraries)
            inner = int(self._begun())
            self.contained: dict[str, bool] = self._begun()
            self._time.watch(inner)
        except BaseException:
            self.close()
            raise

    def _begun(self) -> Plain:
        """What the launcher, and then the process inside, say before a submission is there."""
        self._time.begin(START_SECONDS)
        begun = self._receive()
        if "value" not in begun:
            raise ChildLost(f"It could not be started: {begun['raised']}.")
        return begun["value"]

    def _start(self, means: Means, limits: Limits, libraries: tuple[str, ...]) -> None:
        held, self._leash = os.pipe()
        try:
            config = self._config(means, limits, libraries)
            self._process = subprocess.Popen(
                [interpreter(), "-I", "-S", "-B", "-c", BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**ENVIRONMENT, **dict.fromkeys(("HOME", "TMPDIR"), config["home"])},
                cwd=self._base,
                pass_fds=(held,),
                start_new_session=True,
                bufsize=0,
            )
        finally:
            os.close(held)
        assert self._process.stdin
        assert self._process.stdout
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(pipe.fileno(), False)
        data = json.dumps({**config, "sources": _sources(), "leash": held}).encode()
        self._time.begin(START_SECONDS)
        self._send(len(data).to_bytes(8, "big") + data)

    def _config(self, means: Means, limits: Limits, libraries: tuple[str, ...]) -> Plain:
        """Lay out the folders of one process, and say what there is."""
        layout, site = Layout.of(libraries), self._base / "site"
        for folder in ("home", "root", "site"):
            (self._base / folder).mkdir()
        for name, source in layout.packages:
            (site / name).symlink_to(source)
        account = self._account() if means.account else 0
        shown = [f"{source}={site / name}" for name, source in layout.packages]
        whole, listed = layout.readable()
        return {
            "home": str(self._base / "home"),
            "root": str(self._base / "root"),
            "packages": str(site),
            "visible": [*layout.visible, *shown],
            "hidden": layout.hidden,
            "readable": [*whole, str(site)],
            "listable": listed,
            "account": account,
            "seconds": math.ceil(limits.seconds) + 1,  # of a processor
            "memory": limits.memory,
            "processes": limits.processes,
            **{name: getattr(means, name) for name in ("namespaces", "landlock", "seccomp")},
        }

    def _account(self) -> int:
        """An account that this process alone has, where an administrator can give it one."""
        if os.geteuid() != 0:
            return 0
        account = FIRST_ACCOUNT + secrets.randbelow(ACCOUNTS)
        self._base.chmod(0o711)
        os.chown(self._base / "home", account, account)
        return account

    def ask(self, do: str, share: float = 1.0, **what: Plain) -> Plain:
        """Put a question; return the answer's dict, with a ``value`` or what was ``raised``.

        Of the seconds of a limit it may take a share. A second in which the process waits for a
        processor that others have is none of its own.

        Raises
        ------
        ChildLost
            If there is no answer, none in time, or none that can be read.
        AnswerTooLarge
            If what came back does not fit into an answer.
        """
        self._asked += 1
        self._time.begin(self._time.limit * share)
        self._send(wire.pack({"id": self._asked, "do": do, **what}))
        answer = self._receive()
        self._time.end()
        if "too_large" in answer:
            raise AnswerTooLarge("It gives back more numbers than an answer may hold.")
        return answer

    def close(self) -> None:
        """End the process and all that came of it, and remove its folder."""
        with contextlib.suppress(OSError):
            os.close(self._leash)
        if hasattr(self, "_process"):
            self._end()
        _remove(self._base)

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self) -> int:
        """Wait until the launcher has ended the tree; return its exit code."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        assert self._process.stdin
        pipe = self._process.stdin.fileno()
        while len(left):
            self._wait([], [pipe])
            try:
                left = left[os.write(pipe, left) :]
            except BrokenPipeError:
                raise ChildLost(self._fate()) from None

    def _receive(self) -> Plain:
        """Read one answer, to the last question that was put."""
        try:
            header, body = wire.lengths(self._read(wire.PREFIX.size))
            answer = wire.unpack(self._read(header), self._read(body))
        except wire.BadMessage as bad:
            raise ChildLost(f"What it sent is no answer: {bad}.") from None
        answers = isinstance(answer, dict) and answer.get("id") == self._asked
        if not answers or not {"value", "raised", "too_large"} & answer.keys():
            raise ChildLost("What it sent is no answer to what it was asked.")
        return answer

    def _read(self, size: int) -> bytes:
        assert self._process.stdout
        pipe, parts, missing = self._process.stdout.fileno(), list[bytes](), size
        while missing:
            self._wait([pipe], [])
            part = os.read(pipe, min(missing, 1 << 20))
            if not part:
                raise ChildLost(self._fate())
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _wait(self, readable: Sequence[int], writable: Sequence[int]) -> None:
        while (left := self._time.left()) > 0:
            if any(select.select(readable, writable, [], left)):
                return
        raise ChildLost("It took longer than it may.")

    def _fate(self) -> str:
        """Why a process has closed its end."""
        code = self._end()
        if code > 128:
            return f"It was ended by the system ({_signal_name(code - 128)})."
        return f"It ended the program (exit code {code})."


def interpreter() -> str:
    """Return the Python that virtual environments are made of; it knows none of their packages."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _sources() -> dict[str, str]:
    """The child's files as text, in the order in which they are needed."""
    own, runner = resources.files(f"{__package__}.child"), resources.files(subject)
    places = dict.fromkeys(MODULES, own) | {"runner": runner, "serve": own, "launch": own}
    return {name: (folder / f"{name}.py").read_text("utf-8") for name, folder in places.items()}


def _signal_name(number: int) -> str:
    reasons = {
        "SIGSEGV": ": it went too deep, or used memory that is not its own",
        "SIGXCPU": ": it calculated for longer than it may",
        "SIGKILL": ": it used more than it may",
        "SIGXFSZ": ": it wrote more than it may",
    }
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return name + reasons.get(name, "")


def _remove(folder: Path) -> None:
    """Remove a folder, whatever a submission has made of what is in it."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
