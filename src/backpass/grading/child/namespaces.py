"""A root of its own for a process: only what a submission needs is in it, and read-only.

Needs Linux, and either the right to make user namespaces or the administrator's rights.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

from .system import LIBC, MOUNT_SETATTR, check, syscall

NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, BIND = 1, 2, 4, 4096
RECURSIVE, PRIVATE, DETACH = 16384, 1 << 18, 2
AT_RECURSIVE, HERE = 0x8000, -100
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def leave() -> None:
    """Leave the machine's processes, network and names; children begin anew with number 1."""
    user, group = os.geteuid(), os.getegid()
    apart = NEW_PROCESSES | NEW_NETWORK | NEW_IPC | NEW_UTS
    if user != 0:  # who is no administrator becomes one of a namespace of their own
        check(LIBC.unshare(ctypes.c_int(NEW_USER)), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    check(LIBC.unshare(ctypes.c_int(apart)), "unshare")


def enter_root(root: str, visible: list[str], hidden: list[str], home: str, owner: int) -> None:
    """Make a root with some of the machine's folders, read-only, and a home; go there.

    visible has paths, or ``source=target``; hidden are folders of them that are shown empty.
    """
    check(LIBC.unshare(ctypes.c_int(NEW_MOUNTS)), "unshare")
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    _mount("tmpfs", root, "tmpfs", NO_SUID | NO_DEVICES, "size=4m,mode=755")
    _writable(root + "/tmp", "8m", owner)
    for path in (*visible, *DEVICES):
        source, _, target = path.partition("=")
        _show(source, root + (target or source))
    for folder in hidden:
        if os.path.isdir(root + folder):
            _mount("tmpfs", root + folder, "tmpfs", READ_ONLY, "size=4k")
    _writable(root + home, "32m", owner)
    _mount(None, root, None, BIND | 32 | READ_ONLY | NO_SUID | NO_DEVICES)
    _change_root(root)


def _writable(folder: str, size: str, owner: int) -> None:
    os.makedirs(folder, exist_ok=True)
    options = f"size={size},nr_inodes=1000,mode=700,uid={owner}"
    _mount("tmpfs", folder, "tmpfs", NO_SUID | NO_DEVICES, options)


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str = ""
) -> None:
    texts = [t.encode() if t is not None else None for t in (source, target, kind)]
    result = LIBC.mount(*texts, ctypes.c_ulong(flags), options.encode() or None)
    check(result, f"mount {target}")


def _show(source: str, target: str) -> None:
    """Show a folder or a file of the machine under a name, read-only with all that is in it."""
    if not os.path.exists(source):
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, BIND | RECURSIVE)
    read_only = (ctypes.c_uint64 * 4)(READ_ONLY | NO_SUID, 0, 0, 0)
    arguments = (HERE, target.encode(), AT_RECURSIVE, read_only, ctypes.sizeof(read_only))
    syscall(MOUNT_SETATTR, *arguments)


def _change_root(root: str) -> None:
    """Make a folder the root; the old one is gone."""
    os.chdir(root)
    pivoted = LIBC.pivot_root(b".", b".")
    check(pivoted, "pivot_root")
    check(LIBC.umount2(b".", ctypes.c_int(DETACH)), "umount")
    os.chdir("/")


def drop_capabilities() -> None:
    """Give up every right beyond a plain account's."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    with contextlib.suppress(AttributeError):
        check(LIBC.capset(header, nothing), "capset")
