"""One pass over blocks finds the preprocessing that is found in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.column_fits import CellLabels, ColumnFits, TargetFit
from backpass.data.columns import fit_columns
from backpass.data.target import fit_target
from backpass.errors import InvalidInput


def table(rows, seed, gaps):
    """Numbers far from 0, a constant, truth values, and text."""
    draw = np.random.default_rng(seed)
    kind = np.array([f"kind {k}" for k in draw.integers(0, 3, rows)], dtype=object)
    size = draw.normal(1000, 3, rows)
    size[1:][draw.random(rows - 1) < gaps] = np.nan
    kind[1:][draw.random(rows - 1) < gaps] = None
    code = draw.integers(0, 4, rows)
    return {"size": size, "kind": kind, "one": np.full(rows, 2.5), "code": code, "b": code > 1}


def in_blocks(cells, bounds, sampled=True):
    fits = ColumnFits({"size": True, "kind": False, "one": True, "code": None, "b": True})
    for start, stop in zip([0, *bounds], [*bounds, len(cells["size"])]):
        fits.add({n: c[start:stop] for n, c in cells.items()}, np.full(stop - start, sampled))
    return fits.fitted()


@given(st.integers(4, 60), st.integers(0, 99), st.sampled_from([0.0, 0.3, 1.0]), st.data())
def test_blocks_find_what_memory_finds(rows, seed, gaps, data):
    cells = table(rows, seed, gaps)
    bounds = sorted(data.draw(st.lists(st.integers(1, rows - 1), max_size=3, unique=True)))
    ours, theirs = in_blocks(cells, bounds), fit_columns(cells, ["code"])
    assert [column.name for column in ours] == [column.name for column in theirs]
    for a, b in zip(ours, theirs):
        if hasattr(a, "categories"):
            assert a == b
        else:
            assert (a.fill, a.centre, a.factor) == pytest.approx(
                (b.fill, b.centre, b.factor), rel=1e-9
            )


def test_without_a_sample_gaps_get_the_mean():
    size = in_blocks(table(50, 0, 0.3), [20], sampled=False)[0]
    assert size.fill == pytest.approx(np.nanmean(table(50, 0, 0.3)["size"]))


def target_of(blocks, classes=None):
    fit = TargetFit("y", classes)
    for cells in blocks:
        fit.add(cells)
    return fit.fitted()


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (np.array(["b", "a", "b", "c"], dtype=object), None),
        (np.array([3, 1, 3, 1]), None),
        (np.array([3, 1, 3, 1]), False),
        (np.array([True, False, True, True]), None),
        (np.array([0.5, 2.5, 7.0, -1.0]), None),
        (np.array([0.5, 2.5, 7.0, -1.0]), True),
        (np.arange(30_000) % 12_345, None),
    ],
)
def test_targets(cells, classes):
    ours, distinct = target_of([cells[:3], cells[3:]], classes)
    theirs = fit_target("y", cells, classes)
    assert ours.classes == theirs.classes
    assert (ours.centre, ours.scale) == pytest.approx((theirs.centre, theirs.scale), rel=1e-12)
    if ours.classes:
        labels = CellLabels(distinct)
        both = np.concatenate([labels(cells[:3]), labels(cells[3:])])
        np.testing.assert_array_equal(both, theirs.encode(cells))


def test_labels_are_text_where_any_is():
    """A block that holds nothing but "1" does not make it a number."""
    _, distinct = target_of([np.array(["1", "1"], dtype=object), np.array(["a"], dtype=object)])
    assert CellLabels(distinct)(np.array(["1", "1"], dtype=object)).tolist() == ["1", "1"]
    distinct = np.array(["a", "b" * 20_000], dtype=object)
    assert CellLabels(distinct)(np.array(["a"] * 5000, dtype=object)).nbytes == 40_000


@pytest.mark.parametrize(
    ("kinds", "cells", "words"),
    [
        ({"a": True}, np.array([np.nan, np.nan]), "'a' is empty in every row"),
        ({"a": False}, np.array([None, None], dtype=object), "'a' is empty in every row"),
        ({"a": True}, np.array([1e200, 1.0]), "above 1e150"),
        ({"a": True}, np.array([np.inf, 1.0]), "1 infinite number"),
        ({"a": False}, np.array(["1", "2"], dtype=object), "numbers written as text"),
        ({"a": False}, np.array([f"t{i}" for i in range(10_002)]), "10,000 different texts"),
        ({"a": False}, np.array(["2020-01-01"], "M8[D]"), "holds dates"),
    ],
)
def test_columns_that_cannot_be_learned(kinds, cells, words):
    def fit():
        fits = ColumnFits(kinds)
        fits.add({"a": cells}, np.ones(len(cells), dtype=bool))
        return fits.fitted()

    with pytest.raises(InvalidInput, match=words):
        fit()


def test_targets_that_cannot_be_learned():
    texts = np.array([f"t{i}" for i in range(10_002)], dtype=object)
    for blocks, classes, words in [
        ([texts[:7], texts], None, "10,000 different classes"),
        ([np.arange(10_002)], True, "10,000 different classes"),
        ([np.array([1.0, np.nan])], None, "1 missing value"),
        ([np.array(["a"], dtype=object)] * 2, None, "one class only"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            target_of(blocks, classes)
