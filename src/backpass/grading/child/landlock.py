"""Landlock: from here on this process reads some folders, writes one, and reaches no port."""

from __future__ import annotations

import ctypes
import os
import struct

from .system import LANDLOCK_ADD, LANDLOCK_CREATE, LANDLOCK_RESTRICT, syscall

EXECUTE, WRITE, READ, READ_FOLDER = 1, 2, 4, 8
OF_FILES = EXECUTE | WRITE | READ | 1 << 14 | 1 << 15  # what a rule on a single file may say
BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights over files each version knows
BENEATH = 1


def version() -> int:
    """Return the kernel's version of Landlock; 0 where there is none."""
    try:
        return syscall(LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0


def restrict(readable: list[str], listable: list[str], writable: list[str]) -> int:
    """Restrict this process and all that come of it; return the version that does."""
    known = version()
    if known == 0:
        return 0
    everything = (1 << BY_VERSION[min(known, 5)]) - 1
    ports = 3 if known >= 4 else 0  # binding and connecting
    scopes = 3 if known >= 6 else 0  # abstract sockets and signals
    known_bytes = 24 if known >= 6 else 16 if known >= 4 else 8
    asked = struct.pack("QQQ", everything, ports, scopes)[:known_bytes]
    rules = syscall(LANDLOCK_CREATE, asked, len(asked), 0)
    for path in readable:
        _allow(rules, path, EXECUTE | READ | READ_FOLDER)
    for path in listable:
        _allow(rules, path, READ_FOLDER)
    for path in writable:
        _allow(rules, path, everything & ~EXECUTE)
    _allow(rules, "/dev/null", READ | WRITE)
    syscall(LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)
    return known


def _allow(rules: int, path: str, rights: int) -> None:
    """Add a rule for a folder and all beneath it, or for a file."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        rights &= OF_FILES
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor))
    try:
        syscall(LANDLOCK_ADD, rules, BENEATH, rule, 0)
    finally:
        os.close(descriptor)
