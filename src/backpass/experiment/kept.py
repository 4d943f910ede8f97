"""What a model file keeps of the training's rows, so that later answers can be judged.

Fingerprints of the rows that were learnt from and of those that were validated on: 2 bytes a row.
And of numbers, the errors on the rows that were held out for the test, on which nothing was trained
and nothing was chosen (validation rows may have chosen the epoch): up to 4096 of them, drawn at
random where there are more, 8 bytes each.
"""

from __future__ import annotations

import numpy as np

from ..models.table_model import TableModel
from .outcome import Outcome
from .splitting.seen import SeenRows

MOST_ERRORS = 4096  # of which the 90 % quantile has a standard error of half a per cent of rows
ROWS, ERRORS = "rows", "errors"


def to_keep(outcome: Outcome) -> dict[str, np.ndarray]:
    """Return what the model's file is to keep of a training, by name."""
    kept: dict[str, np.ndarray] = {}
    if outcome.data.seen is not None:
        kept[ROWS] = outcome.data.seen.words.astype("<u2").view(np.uint8)
    if not outcome.data.target.classes:
        errors = _drawn(np.abs(outcome.truth - outcome.predicted))
        if np.isfinite(errors).all():  # a training that diverged has others
            kept[ERRORS] = np.sort(errors, axis=0)
    return kept


def _drawn(errors: np.ndarray) -> np.ndarray:
    """All of them, or as many as are kept."""
    if len(errors) <= MOST_ERRORS:
        return errors
    return errors[np.random.default_rng(0).choice(len(errors), MOST_ERRORS, replace=False)]


def seen_rows(model: TableModel) -> SeenRows | None:
    """Return the rows that a model learnt from; None of a model that does not keep them."""
    stored = model.kept.get(ROWS)
    return None if stored is None else SeenRows(stored.view("<u2").astype(np.uint16))


def held_out_errors(model: TableModel) -> np.ndarray | None:
    """Return a model's errors on rows that were held out, in order, shape (n,) or (n, targets)."""
    return model.kept.get(ERRORS)
