"""A filter of system calls: no new process, no socket, no signal to anybody else.

Threads may be made; whatever makes namespaces, mounts or looks into other processes is refused.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

from .system import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter sees
IN_A_THREAD = 0x10000  # clone's flag of a thread
X32 = 0x40000000  # numbers from here on are another way to call, on x86_64

# Architecture -> its mark, and its numbers of: clone; kill, tgkill; what sends signals another way;
# fork and vfork; socket; and all that is refused besides.
MACHINES: dict[str, tuple[int, dict[str, tuple[int, ...]]]] = {
    "x86_64": (
        0xC000003E,
        {
            "clone": (56,),
            "kill": (62, 234),
            "refused": (
                *(57, 58, 41, 200, 129, 297, 424),  # fork, vfork, socket, other signals
                *(101, 310, 311, 272, 308, 165, 166, 155, 161),  # ptrace, memory, unshare, mounts
                *(425, 321, 298, 246, 320, 250, 248, 249, 427, 442, 430, 429, 428),
            ),
            "absent": (435,),
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "clone": (220,),
            "kill": (129, 131),
            "refused": (
                *(198, 130, 138, 240, 424),
                *(117, 270, 271, 97, 268, 40, 39, 41, 51),
                *(425, 280, 241, 104, 294, 219, 217, 218, 427, 442, 430, 429, 428),
            ),
            "absent": (435,),  # clone3 hides its flags from a filter; libc falls back to clone
        },
    ),
}

Instruction = tuple[int, int, int, int]  # code, jump if so, jump if not, value


def restrict() -> bool:
    """Put the filter on this process and all that come of it; False where none is known."""
    machine = MACHINES.get(platform.machine())
    if machine is None or struct.calcsize("P") != 8:
        return False
    program = _program(*machine, os.getpid())
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(packed))
    try:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_SECCOMP, 2, ctypes.create_string_buffer(described))
    except OSError:
        return False
    return True


def _program(mark: int, numbers: dict[str, tuple[int, ...]], own: int) -> list[Instruction]:
    """The filter's instructions; each group loads the number anew and falls through."""
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUALS, 1, 0, mark),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, ERRNO | EPERM),
    ]
    for number in numbers["refused"]:
        lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, ERRNO | EPERM)]
    for number in numbers["absent"]:
        lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, ERRNO | ENOSYS)]
    for number in numbers["clone"]:
        lines += _only_if(number, (ANY_BIT, 1, 0, IN_A_THREAD))
    for number in numbers["kill"]:
        lines += _only_if(number, (EQUALS, 1, 0, own))
    return [*lines, (RETURN, 0, 0, ALLOW)]


def _only_if(number: int, test: Instruction) -> list[Instruction]:
    """Allow a call where its first argument passes a test."""
    return [
        (EQUALS, 0, 4, number),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        test,
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
