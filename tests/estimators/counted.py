"""How much is called: what a small call costs, the same on every machine however busy it is."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable


def n_calls(act: Callable[[], object]) -> int:
    """Functions called, built-in ones included; the first time, which is not counted, imports."""
    act()
    profile = cProfile.Profile()
    profile.runcall(act)
    return pstats.Stats(profile).total_calls
