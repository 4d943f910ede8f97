"""Calls of the Linux kernel that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import platform

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every machine
MOUNT_SETATTR = 442

LIBC = ctypes.CDLL(None, use_errno=True)


def on_linux() -> bool:
    """Whether there is anything here to call."""
    return platform.system() == "Linux"


def check(result: int, what: str) -> int:
    """Return what a call returned; raise OSError where it says that it failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(option: int, *arguments: object) -> None:
    """Set something about this process."""
    given = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in (*arguments, 0, 0, 0, 0)[:4]]
    check(LIBC.prctl(option, *given), f"prctl {option}")


def syscall(number: int, *arguments: object) -> int:
    """Make a call by its number."""
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return check(LIBC.syscall(ctypes.c_long(number), *given), f"system call {number}")
