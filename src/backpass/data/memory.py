"""How much memory this process may still take, as far as the system says."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def available() -> int | None:
    """Bytes that are free, or would be made free, within the container's limit; None: unknown."""
    known = [n for n in (_by_kernel(), _by_container()) if n is not None]
    return min(known) if known else None


def has_room_for(n_bytes: int) -> bool:
    """Whether so many bytes would leave half of what is available; small ones always."""
    if n_bytes < 1 << 24:
        return True
    room = available()
    return room is not None and 2 * n_bytes <= room


def _by_kernel() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _by_container() -> int | None:
    """What the container's own limit leaves, where there is one."""
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        return limit - int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # "max" stands for no limit
        return None
