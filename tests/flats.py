"""Flats as a Parquet data set: two files of several row groups, gaps, and a nameless index."""

from __future__ import annotations

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

ROWS = 3000


def flats(rows=ROWS, noise=0.0):
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "area": draw.normal(100, 20, rows),
            "kind": draw.choice(["flat", "house", "hut"], rows),
            "rooms": draw.integers(1, 9, rows),
        }
    )
    frame["price"] = 3 * frame.area + 20 * frame.rooms + 80 * (frame.kind == "house")
    frame["price"] += draw.normal(0, noise, rows)
    frame["dear"] = np.where(frame.price > frame.price.median(), "yes", "no")
    frame.loc[::50, "area"] = np.nan
    frame.loc[::70, "kind"] = None
    return frame


def write_flats(place, noise=0.0):
    place.mkdir()
    frame = flats(noise=noise)
    frame[:1000].to_parquet(place / "part-0.parquet", row_group_size=600)
    frame[1000:].to_parquet(place / "part-1.parquet", row_group_size=900)
