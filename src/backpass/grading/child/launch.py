"""Starts a submission's process, watches over it, and ends it with all that came of it.

Two processes: this one, which does nothing but wait, and inside of what contains it the one that
runs the submission. The leash is a pipe whose other end the judge holds: when that is closed, by
the judge or by its death, nothing of the submission is left.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import TypedDict, TypeVar

Result = TypeVar("Result")


class Config(TypedDict):
    """What the judge says of a process, before anything of a submission is there."""

    sources: dict[str, str]
    leash: int
    home: str
    root: str
    packages: str
    visible: list[str]
    readable: list[str]
    listable: list[str]
    hidden: list[str]
    account: int
    seconds: int
    memory: int
    processes: int
    namespaces: bool
    landlock: bool
    seccomp: bool


PATIENCE = 5.0  # seconds that a killed tree may take to go


def main(config: Config) -> None:
    """Start the inner process; return its fate as this one's exit code."""
    from . import wire

    _or_say(_apart, config)
    begin, let_begin = os.pipe()
    inner = os.fork()
    if inner == 0:
        os.close(let_begin)
        os.read(begin, 1)
        os.close(begin)
        _inner(config)
    os.write(1, wire.pack({"id": 0, "value": inner}))  # its number here, which it cannot know
    os.close(let_begin)
    os.close(begin)
    _close_all_but(config["leash"])
    _wait(inner, config["leash"])
    os._exit(_end(inner, by_kernel=config["namespaces"]))


def _or_say(act: Callable[[Config], Result], config: Config) -> Result:
    """Do something before a submission is there; where that fails, the judge hears why."""
    try:
        return act(config)
    except Exception as error:
        from . import wire

        os.write(1, wire.pack({"id": 0, "raised": f"{type(error).__name__}: {error}"}))
        os._exit(1)


def _apart(config: Config) -> None:
    """Part the children to come from the machine, or see to it that none can leave this process."""
    from . import namespaces, system

    if config["namespaces"]:
        namespaces.leave()
    elif system.on_linux():
        system.prctl(system.PR_SET_CHILD_SUBREAPER, 1)


def _inner(config: Config) -> None:
    """Put on what contains, and serve; never return."""
    code = 1
    try:
        os.close(config["leash"])
        os.setsid()
        contained = _or_say(_contain, config)
        from . import serve

        runner: serve.Runner = vars(sys.modules[str(__package__)])["runner"]
        code = serve.serve(_channel(), contained, config["home"], runner)
    except SystemExit:
        code = 0
    finally:
        os._exit(code)


def _contain(config: Config) -> dict[str, bool]:
    """Put on everything that there is here; return what holds."""
    from . import landlock, limits, namespaces, seccomp, system

    linux, apart, account = system.on_linux(), config["namespaces"], config["account"]
    if linux:
        system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)
    if apart:
        visible = config["visible"]
        namespaces.enter_root(
            config["root"], visible, config["hidden"], config["home"], account or os.geteuid()
        )
    os.chdir(config["home"])
    if account:
        limits.become(account)
    others = 0 if apart or account else limits.running()
    limits.restrict(config["seconds"], config["memory"], config["processes"] + others)
    if linux:
        namespaces.drop_capabilities()
        system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)  # another account has lost it
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    version = 0
    if linux and config["landlock"]:
        writable = [config["home"], *(["/tmp"] if apart else [])]  # of its own only where apart
        version = landlock.restrict(config["readable"], config["listable"], writable)
    filtered = linux and config["seccomp"] and seccomp.restrict()
    return {
        "files": apart or version >= 1,
        "network": apart or filtered,
        "processes": apart or filtered or linux,
        "signals": apart or filtered or version >= 6,
        "account": apart or bool(account),
    }


def _channel() -> tuple[int, int]:
    """Move questions and answers to descriptors of their own; 0, 1 and 2 are the void."""
    questions, answers = os.dup(0), os.dup(1)
    void = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(void, standard)
    os.close(void)
    return questions, answers


def _close_all_but(leash: int) -> None:
    """Leave the questions and answers to the inner process alone."""
    void = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(void, standard)
    if void > 2 and void != leash:
        os.close(void)


def _wait(inner: int, leash: int) -> None:
    """Wait until the inner process ends or the judge lets go."""
    try:
        ended = [os.pidfd_open(inner)]
    except (AttributeError, OSError):
        ended = []
    while True:
        ready, _, _ = select.select([leash, *ended], [], [], None if ended else 0.05)
        if ready or os.waitid(os.P_PID, inner, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return


def _end(inner: int, by_kernel: bool) -> int:
    """Kill the tree; return the exit code of its first process, or 128 and its signal."""
    ended = os.waitid(os.P_PID, inner, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError):
        os.kill(inner, signal.SIGKILL)
    if not by_kernel:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(inner, signal.SIGKILL)
    status = os.waitpid(inner, 0)[1]
    if not by_kernel:
        _kill_orphans()
    if not ended:
        return 0
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _kill_orphans() -> None:
    """Kill whatever the system has handed to this process, until nothing is left."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for pid in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return


def _descendants() -> list[int]:
    """Every process below this one, as /proc has it; none where there is no /proc."""
    parents: dict[int, int] = {}
    with contextlib.suppress(FileNotFoundError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})
