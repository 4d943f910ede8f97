"""Which engine computes: the native core, the blocked NumPy engine, or the reference.

``BACKPASS_ENGINE`` in the environment (native, blocked or reference) asks for one; ``BACKPASS_ISA``
(v2, v3, v4 or neon) for one of the native core's kernels.
"""

from __future__ import annotations

import os

from ..arrays import Array
from ..errors import warn
from ..network import Network
from . import native
from .blocked import problem as blocked

_NAMES = ("native", "blocked", "reference")
MOST_UNITS = 2**31 - 1  # of a layer, which the core counts in 32 bits


def engine_name() -> str:
    """Name the engine that serves NumPy arrays and the library's own functions."""
    if _allowed("native") and native.instruction_sets():
        return "native"
    return "blocked" if _allowed("blocked") else "reference"


def choose(net: Network, *arrays: Array) -> str:
    """Name the fastest engine that can count the network's units and read the arrays."""
    if _allowed("native"):
        if not native.instruction_sets():
            _warn_once_that_the_core_is_missing()
        elif max(net.sizes) <= MOST_UNITS and all(native.takes(array) for array in arrays):
            return "native"
    return "blocked" if _allowed("blocked") and blocked.fits(*arrays) else "reference"


def _allowed(name: str) -> bool:
    """Whether the environment lets an engine run: the one asked for, or a simpler one."""
    asked = os.environ.get("BACKPASS_ENGINE", "native")
    return asked not in _NAMES or _NAMES.index(name) >= _NAMES.index(asked)


def _warn_once_that_the_core_is_missing() -> None:
    if "reported" not in _missing:
        _missing.add("reported")
        warn(
            "The native core is not built, so the slower NumPy engine runs; "
            "`backpass info` says why.",
            RuntimeWarning,
        )


_missing: set[str] = set()

__all__ = ["choose", "engine_name"]
