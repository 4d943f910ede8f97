"""Random numbers that the page draws too, bit by bit: the sequence called mulberry32."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

WORD = 0xFFFFFFFF


def random_numbers(seed: int) -> Iterator[float]:
    """Draw from [0, 1), in steps of 2⁻³²; ``randomNumbers`` of the page's ``vectors.js``."""
    s = seed
    while True:
        s = (s + 0x6D2B79F5) & WORD
        t = ((s ^ (s >> 15)) * (1 | s)) & WORD
        t = ((t + (t ^ (t >> 7)) * (61 | t)) & WORD) ^ t
        yield (t ^ (t >> 14)) / 2**32


def draw(seed: int, *shape: int) -> np.ndarray:
    """An array of the sequence's first numbers, in C order."""
    count = int(np.prod(shape))
    return np.fromiter(islice(random_numbers(seed), count), float, count).reshape(shape)
