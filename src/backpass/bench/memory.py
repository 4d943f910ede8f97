"""What a process holds in memory, by the kernel's own count."""

from __future__ import annotations

import ctypes
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def resident() -> int | None:
    """Bytes resident now; None where the system does not say."""
    return _field("VmRSS")


def highest() -> int | None:
    """The most bytes that were resident since ``forget_highest``."""
    return _field("VmHWM")


def give_back_freed() -> None:
    """Let the C library return what it keeps of freed memory, so that it is not counted twice."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):  # not glibc
        return


def forget_highest() -> None:
    """Begin a new maximum, where the system can."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def _field(name: str) -> int | None:
    """A line of the process's status, in bytes."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(kilobytes[0]) * 1024 if kilobytes else None
