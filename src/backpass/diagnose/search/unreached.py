"""A gradient that is zero everywhere: no derivative has come back to the weights."""

from __future__ import annotations

import numpy as np

from ..mistakes.entry import Entry
from ..response import Response

_WHAT = "the gradient is zero everywhere: nothing of J's derivative reaches the weights"
_RIGHT = "δ^(l) from δ^(l+1), l = L − 1 … 2: in the reverse order of the way there"


def unreached(response: Response) -> Entry | None:
    """The mistake by which all that came back of the gradient is zero."""
    known = [values[np.isfinite(values)] for values in response.values]
    if response.which != "D" or any(each.any() or not each.size for each in known):
        return None
    return Entry(_WHAT, "all layers", "D^(l) = 0", _RIGHT, ())
