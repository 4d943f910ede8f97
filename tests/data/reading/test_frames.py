"""Data frames of three libraries, mappings and records give the same cells."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

from backpass.data.raw import Moments, Numbers, Others, Texts
from backpass.data.reading import raw_of
from backpass.errors import InvalidInput

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

DAYS = [dt.date(2024, 1, 1), None, dt.date(2024, 2, 29)]
STAMPS = [dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC), None, None]
CELLS = {
    "number": [1.5, None, -2.0],
    "whole": [1, 2, 3],
    "gaps": [1, None, 3],
    "long": [9007199254740993, 1, 2],
    "truth": [True, False, True],
    "half": [True, None, False],
    "text": ["red", None, " blue "],
    "day": DAYS,
    "stamp": STAMPS,
    "list": [[1.0], None, [2.0, 3.0]],
    "record": [{"a": 1}, None, {"a": 2}],
    "bytes": [b"x", None, b"y"],
}
TRUTH = {
    "number": [1.5, None, -2.0],
    "whole": [1, 2, 3],
    "gaps": [1.0, None, 3.0],
    "long": ["9007199254740993", "1", "2"],
    "truth": [True, False, True],
    "half": ["True", None, "False"],
    "text": ["red", None, "blue"],
    "day": [dt.datetime(2024, 1, 1), None, dt.datetime(2024, 2, 29)],
    "stamp": [dt.datetime(2024, 1, 1, 12), None, None],
    "list": [False, True, False],
    "record": [False, True, False],
    "bytes": [False, True, False],
}
RECORDS = [dict(zip(CELLS, row)) for row in zip(*CELLS.values())]


def arrow_types():
    return pa.table(CELLS)


FORMS = {
    "mapping": lambda: CELLS,
    "records": lambda: RECORDS,
    "objects": lambda: pd.DataFrame({n: pd.Series(c, dtype=object) for n, c in CELLS.items()}),
    "nullable": lambda: pd.DataFrame(
        {
            n: pd.Series(c, dtype={"gaps": "Int64", "half": "boolean"}.get(n, object))
            for n, c in CELLS.items()
        }
    ),
    "arrow": arrow_types,
    "pandas over arrow": lambda: arrow_types().to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.from_arrow(arrow_types()),
    "series of polars": lambda: dict(zip(CELLS, pl.from_arrow(arrow_types()).get_columns())),
    "series of pandas": lambda: {n: pd.Series(c, dtype=object) for n, c in CELLS.items()},
    "arrays of arrow": lambda: dict(zip(CELLS, arrow_types().columns)),
    "batch": lambda: arrow_types().to_batches()[0],
}


def cells(column):
    if isinstance(column, Texts):
        return column.cells()
    if isinstance(column, Others):
        return column.gaps.tolist()
    return [None if gap else cell for cell, gap in zip(column.values.tolist(), column.gaps)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_cells(form):
    table = raw_of(FORMS[form]())
    assert table.rows == 3
    assert {name: cells(column) for name, column in table.columns.items()} == TRUTH
    kinds = {name: type(column) for name, column in table.columns.items()}
    assert kinds["day"] is kinds["stamp"] is Moments
    assert kinds["list"] is kinds["record"] is kinds["bytes"] is Others
    assert table.columns["truth"].values.dtype == bool
    assert table.columns["whole"].values.dtype == np.int64


@pytest.mark.parametrize("form", FORMS)
def test_some_columns(form):
    table = raw_of(FORMS[form](), columns=["text", "number", "unknown"])
    assert [*table.columns] == ["number", "text"]


CATEGORIES = [7, 12, 7, None]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": pd.Categorical(CATEGORIES, categories=[12, 7, 99])}),
        pa.table({"c": pa.array(CATEGORIES).dictionary_encode()}),
        pa.table({"c": pa.chunked_array([pa.array(CATEGORIES[:1]).dictionary_encode(),
                                         pa.array(CATEGORIES[1:]).dictionary_encode()])}),
        pl.DataFrame({"c": pl.Series(["7", "12", "7", None], dtype=pl.Categorical)}),
        pl.DataFrame({"c": pl.Series(["7", "12", "7", None], dtype=pl.Enum(["1", "12", "7"]))}),
    ],
    ids=["pandas", "arrow", "chunks", "polars", "enum"],
)  # fmt: skip
def test_categories_are_texts_that_say_so(frame):
    column = raw_of(frame).columns["c"]
    assert column.categories
    assert column.cells() == ["7", "12", "7", None]
    assert {*column.vocabulary} == {"7", "12"}


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        (pd.to_timedelta([90, None], unit="min"), [5400, None]),
        (pd.period_range("2024-01", periods=2, freq="M"),
         [dt.datetime(2024, 1, 1), dt.datetime(2024, 2, 1)]),
        (pd.arrays.SparseArray([0.0, 1.0]), [0, 1]),
        (pd.array([1.5, None], dtype="Float64"), [1.5, None]),
        (pd.array([1, None], dtype="UInt64"), [1, None]),
        (pd.array(["a", None], dtype="string"), ["a", None]),
        (pd.interval_range(0, 2), ["(0, 1]", "(1, 2]"]),
        (pd.date_range("2024-01-01", periods=2, tz="Europe/Berlin"),
         [dt.datetime(2023, 12, 31, 23), dt.datetime(2024, 1, 1, 23)]),
    ],
    ids=lambda values: type(values).__name__,
)  # fmt: skip
def test_types_of_pandas(values, truth):
    assert cells(raw_of(pd.DataFrame({"x": values})).columns["x"]) == truth


@pytest.mark.parametrize(
    ("array", "truth"),
    [
        (pa.array([Decimal("1.10"), None]), [1.1, None]),
        (pa.array([Decimal("12"), Decimal("7")]), [12, 7]),
        (pa.array([Decimal("12345678901234567"), None]), ["12345678901234567", None]),
        (pa.array([0.1, None], pa.float32()), [float(np.float32(0.1)), None]),
        (pa.array([90, None], pa.duration("s")), [90, None]),
        (pa.array([3_600_000, None], pa.time32("ms")), ["01:00:00.000", None]),
        (pa.array([2**63], pa.uint64()), [str(2**63)]),
        (pa.array([None, None]), [None, None]),
        (pa.array([float("nan"), 1]), [None, 1]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array([1, 2], pa.int8()), [1, 2]),
        (pa.array([None, True]), [None, "True"]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_types_of_arrow(array, truth):
    assert cells(raw_of(pa.table({"x": array})).columns["x"]) == truth


def test_moments_of_a_zone_are_in_universal_time():
    stamps = pa.array([dt.datetime(2024, 7, 1, 12)], pa.timestamp("ns", "Europe/Berlin"))
    moment = raw_of(pa.table({"x": stamps})).columns["x"].values
    assert moment.tolist() == [dt.datetime(2024, 7, 1, 12)]


def test_lists_say_what_they_hold():
    table = raw_of(pa.table({"n": [[1.0]], "t": [["a"]]}))
    assert [table.columns[name].what for name in "nt"] == ["lists of numbers", "lists"]


def test_names():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 5])
    assert [*raw_of(frame).columns] == ["a", "a.1", "5"]
    frame = pd.DataFrame({"a": [1, 2]}, index=["p", "q"])
    assert [*raw_of(frame).columns] == [*raw_of(pa.Table.from_pandas(frame)).columns] == ["a"]
    assert not raw_of(pa.Table.from_pandas(frame)).notes
    named = raw_of(pa.Table.from_pandas(frame.rename_axis("row")))
    assert named.notes == ("The index of pandas is no column: 'row'.",)


def test_records_lack_cells():
    table = raw_of([{"a": 1}, {"b": "x"}, {}])
    np.testing.assert_array_equal(table.columns["a"].values, [1, np.nan, np.nan])
    assert table.columns["b"].cells() == [None, "x", None]


def test_structured_arrays_are_columns_by_name():
    array = np.array([(1, "a"), (2, "b")], dtype=[("x", int), ("k", "U3")])
    table = raw_of(array)
    assert table.columns["x"].values.tolist() == [1, 2]
    assert table.columns["k"].cells() == ["a", "b"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"a": [1, 2], "b": [1]}, "'b' has 1 cells"),
        ({"a": "text"}, "'a' is no list"),
        ({"a": 5}, "'a' is no list"),
        ({"a": np.zeros((2, 2))}, "shape"),
        (5, "A table is"),
        ("t.csv", "A table is"),
        ([1, 2], "A table is"),
    ],
)
def test_what_is_no_table(source, words):
    with pytest.raises(InvalidInput, match=words):
        raw_of(source)


def test_arrays_and_records_need_neither_pandas_nor_pyarrow():
    code = """
import sys
for name in ("pandas", "pyarrow", "polars", "clevercsv", "openpyxl"):
    sys.modules[name] = None
import numpy as np
from backpass.data.reading import raw_of
assert raw_of({"a": np.ones(2), "b": ["x", None]}).columns["b"].cells() == ["x", None]
assert raw_of([{"a": 1}]).columns["a"].values.tolist() == [1]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numbers_are_not_copied_where_they_need_not_be():
    values = np.ones(5)
    column = raw_of({"a": values}).columns["a"]
    assert isinstance(column, Numbers)
    assert column.values.dtype == np.float64


@pytest.mark.parametrize("dtype", [object, "string", "category"])
@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, ""])
def test_few_rows_are_read_as_many_are(dtype, gap):
    cells = [" b", "a", gap, "a", "é", "b"]
    few = raw_of(pd.DataFrame({"x": pd.Series(cells, dtype=dtype)})).columns["x"]
    many = raw_of(pd.DataFrame({"x": pd.Series(cells * 20, dtype=dtype)})).columns["x"]
    read = [[None if k < 0 else each.vocabulary[k] for k in each.codes[:6]] for each in (few, many)]
    assert read[0] == read[1]
    assert few.gaps.tolist() == [cell is gap for cell in cells]


def test_few_objects_that_are_no_text_are_read_as_many_are():
    cells = ["a", 2, None, 3.0]
    few = raw_of(pd.DataFrame({"x": pd.Series(cells, dtype=object)})).columns["x"]
    many = raw_of(pd.DataFrame({"x": pd.Series(cells * 20, dtype=object)})).columns["x"]
    assert few.vocabulary == many.vocabulary
    assert few.codes.tolist() == many.codes[:4].tolist()
