"""The notes' mountains: J as a landscape, the helicopter's drops, the ways down, the valleys.

*Imagine that a helicopter drops you on an unknown mountain, in fog.* The same place gives the
same way down; other places may lead into other valleys; and from the place where all weights
are equal the way down never leaves a small part of the mountains, however long it is.
"""

from __future__ import annotations

from .. import old_names
from .contours import LandscapeDisplay
from .drops import Drops, Path, drops
from .picture import TrajectoryProjection
from .plane import Plane
from .symmetry import align, equivalent_copy, units_apart
from .terrain import Landscape, landscape
from .valleys import Valley, group_valleys

__all__ = [
    "Drops",
    "Landscape",
    "LandscapeDisplay",
    "Path",
    "Plane",
    "TrajectoryProjection",
    "Valley",
    "align",
    "drops",
    "equivalent_copy",
    "group_valleys",
    "landscape",
    "units_apart",
]

__getattr__ = old_names("landscape")
