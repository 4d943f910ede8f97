"""Limits on what a process may use: seconds, memory, files, processes; and whose account it is."""

from __future__ import annotations

import os
import resource

FILE_SIZE, OPEN_FILES = 8 << 20, 64


def restrict(seconds: int, memory: int, processes: int) -> None:
    """Set the limits; none of them can be raised again."""
    limits = {
        "CPU": seconds,
        "AS": memory,
        "FSIZE": FILE_SIZE,
        "NOFILE": OPEN_FILES,
        "NPROC": processes,
        "CORE": 0,
        "MSGQUEUE": 0,
    }
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            _lower(kind, most)


def _lower(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(kind, (most, most))
    except (ValueError, OSError):  # macOS has no limit on the address space
        return


def running() -> int:
    """Count this account's processes and threads, among which the limit counts new ones."""
    found = 0
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else ()):
        try:
            if os.stat(f"/proc/{name}").st_uid == os.getuid():
                found += len(os.listdir(f"/proc/{name}/task"))
        except OSError:  # it has ended meanwhile
            continue
    return found


def become(account: int) -> None:
    """Become a plain account that nobody else has."""
    os.setgroups([])
    os.setresgid(account, account, account)
    os.setresuid(account, account, account)
