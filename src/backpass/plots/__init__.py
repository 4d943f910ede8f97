"""Pictures in scikit-learn's Display style: ``from_estimator``, ``from_trace``, ``plot(ax=...)``.

They need matplotlib (``pip install 'backpass[plot]'``), are transparent, and read on light and
dark pages and to colour-blind readers.
"""

from __future__ import annotations

from .canvas import new_axes
from .curves import TrainingDisplay
from .diagram import NetworkDisplay
from .flow import DeltaSizeDisplay, Flow
from .heatmaps import LayersDisplay
from .units import HiddenUnitsDisplay

__all__ = [
    "DeltaSizeDisplay",
    "Flow",
    "HiddenUnitsDisplay",
    "LayersDisplay",
    "NetworkDisplay",
    "TrainingDisplay",
    "new_axes",
]
