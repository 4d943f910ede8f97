"""What a table's model has learnt, asked by its answers on rows that it was not trained on."""

from __future__ import annotations

from .calibration import Calibration, calibration
from .dependence import Dependence, partial_dependence
from .importances import Importance, permutation_importances
from .overview import Insight, look

__all__ = [
    "Calibration",
    "Dependence",
    "Importance",
    "Insight",
    "calibration",
    "look",
    "partial_dependence",
    "permutation_importances",
]
