"""Whole tables from files that only the project's own machines have, each column as it is."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from backpass.data.knowing.kinds import Kind, Wishes
from backpass.data.knowing.know import know, recognise
from backpass.data.raw import Moments, Numbers, RawTable, Texts
from backpass.errors import InvalidInput

ABOVE = [parent / "shared" for parent in Path(__file__).resolve().parents]
SHARED = next((folder for folder in ABOVE if (folder / "cases").is_dir()), None)

if SHARED is None:
    pytest.skip("the tables are not on this machine", allow_module_level=True)

CASES = SHARED / "cases" / "tables"
EXPECTED = json.loads((CASES / "expected.json").read_text("utf-8"))
# Files whose dialect is a matter of reading, not of knowing.
DIALECTS = {
    "unit_row.csv", "decimal_comma.csv", "tabs.csv", "headerless.csv", "latin1.csv", "utf16.csv",
    "comment_lines.csv", "trailing_comma.csv",
}  # fmt: skip
PLAIN = [name for name in EXPECTED if name.endswith(".csv") and name not in DIALECTS]
ASKS = {"infinite.csv"}
# Whole numbers of few values may be numbers or names, where it is said.
EITHER = {("passengers.csv", "deck")}

_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|-?inf")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


def column_of(cells):
    """Plain numbers as numbers, everything else as text, as reading a CSV gives them."""
    filled = [cell.strip() for cell in cells if cell]
    if filled and all(map(_WHOLE.fullmatch, filled)) and len(filled) == len(cells):
        return Numbers(np.array([int(cell) for cell in filled]))
    if all(map(_NUMBER.fullmatch, filled)):
        return Numbers(np.array([float(cell) if cell else np.nan for cell in cells]))
    return Texts.of([cell or None for cell in cells])


def raw_of_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    names = [f"{name}.1" if name in names[:i] else name for i, name in enumerate(names)]
    columns = {name: column_of(cells) for name, cells in zip(names, zip(*rows))}
    return RawTable(columns, len(rows), path.name)


def raw_of_frame(frame):
    columns = {}
    for name in frame:
        cells = frame[name]
        if cells.dtype.kind in "biuf":
            columns[name] = Numbers(cells.to_numpy())
        elif cells.dtype.kind == "M":
            columns[name] = Moments(cells.to_numpy().astype("M8[us]"))
        else:
            columns[name] = Texts.of([cell if isinstance(cell, str) else None for cell in cells])
    return RawTable(columns, len(frame))


def targets_of(name):
    target = EXPECTED[name]["target"]
    return (target,) if isinstance(target, str) else tuple(target)


@pytest.mark.parametrize("name", [name for name in PLAIN if name not in ASKS])
def test_a_table_is_known_as_it_is_rightly_read(name):
    facts, raw = EXPECTED[name], raw_of_csv(CASES / name)
    known = know(raw, Wishes(targets_of(name)))
    for column, kind in facts["columns"].items():
        found = known.reading[column]
        if (name, column) in EITHER:
            assert found.kind in (Kind.NUMBER, Kind.CATEGORY)
            assert f"--kind {column}=" in found.reason
        else:
            assert found.kind == kind, column
    assert {each.task for each in known.reading.targets} == {facts["task"]}
    if "labels" in facts:
        assert sorted(known.targets[facts["target"]].vocabulary) == facts["labels"]
    if name != "mixed_cells.csv":  # whose counts are not those of its cells
        assert {c: known.reading[c].gaps for c in facts["missing"]} == facts["missing"]
    again = recognise(raw, known.reading)
    assert not again.unread
    assert list(again.columns) == list(known.columns)


def test_words_beside_numbers_are_gaps():
    raw = raw_of_csv(CASES / "mixed_cells.csv")
    reading = know(raw, Wishes(("kind",))).reading
    for column in ("length", "width"):
        words = [cell for cell in raw.columns[column].cells() if not _NUMBER.fullmatch(cell)]
        assert reading[column].gaps == len(words) > 15
        assert all(word in reading[column].reason for word in words)


def test_infinite_numbers_are_asked_about():
    raw = raw_of_csv(CASES / "infinite.csv")
    with pytest.raises(InvalidInput, match="'ratio' holds 2 infinite numbers, the first in row 7"):
        know(raw, Wishes(("price",)))
    known = know(raw, Wishes(("price",), na=["inf"]))
    assert known.reading["ratio"].gaps == 2
    assert know(raw, Wishes(("price",), ignore=["ratio"])).reading["ratio"].kind == Kind.IGNORED


@pytest.mark.parametrize("name", sorted(p.stem for p in (SHARED / "data/tables").glob("*.parquet")))
def test_numbers_and_words_of_real_tables_are_numbers_and_categories(name):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(SHARED / "data" / "tables" / f"{name}.parquet")
    *inputs, target = frame.columns
    known = know(raw_of_frame(frame), Wishes((target,)))
    for column in inputs:
        twins = [c for c in inputs if c < column and frame[c].equals(frame[column])]
        right = Kind.NUMBER if frame[column].dtype.kind in "biuf" else Kind.CATEGORY
        assert known.reading[column].kind == (Kind.DUPLICATE if twins else right), column
        assert known.reading[column].gaps == frame[column].isna().sum()
    assert not known.reading.notes


def test_dates_of_parquet_are_dates():
    pandas = pytest.importorskip("pandas")
    known = know(raw_of_frame(pandas.read_parquet(CASES / "dates.parquet")), Wishes(("sold",)))
    assert {c: known.reading[c].kind.value for c in known.columns} == EXPECTED["dates.parquet"][
        "columns"
    ]
