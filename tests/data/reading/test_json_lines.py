"""JSON: lines, a list, and columns."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backpass.data.raw import Others
from backpass.data.reading.how import ReadingOptions
from backpass.data.reading.json_lines import read_json
from backpass.errors import InvalidInput

RECORDS = [{"a": 1.5, "b": "x", "c": True}, {"a": 2, "b": None, "c": False}, {"a": None, "c": True}]
COLUMNS = {"a": [1.5, 2, None], "b": ["x", None, None], "c": [True, False, True]}
FORMS = {
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "lines with blanks": "\n\n".join(map(json.dumps, RECORDS)) + "\n\n",
    "windows": "\r\n".join(map(json.dumps, RECORDS)),
    "list": json.dumps(RECORDS),
    "printed": json.dumps(RECORDS, indent=2),
    "columns": json.dumps(COLUMNS),
    "printed columns": json.dumps(COLUMNS, indent=2),
    "data": json.dumps({"version": 1, "data": RECORDS}),
    "printed data": json.dumps({"data": RECORDS}, indent=1),
    "mark": "\ufeff" + json.dumps(RECORDS),
}


def read(text, columns=None, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_json(data, ReadingOptions(**options), columns)


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    table = read(FORMS[form])
    assert table.rows == 3
    np.testing.assert_array_equal(table.columns["a"].values, [1.5, 2, np.nan])
    assert table.columns["b"].cells() == ["x", None, None]
    assert table.columns["c"].values.tolist() == [True, False, True]


def test_one_record_is_a_table_of_one_row():
    assert read('{"a": 1, "b": "x"}').columns["a"].values.tolist() == [1]


def test_numbers_keep_what_is_written():
    table = read('{"n": 0.12345678901234567, "k": 9007199254740993}\n{"n": 1e999, "k": 1}')
    assert table.columns["k"].cells() == ["9007199254740993", "1"]
    assert table.columns["n"].cells() == ["0.12345678901234566", "1e999"]
    table = read('[{"n": 0.12345678901234567}, {"n": NaN}]')
    np.testing.assert_array_equal(table.columns["n"].values, [0.12345678901234567, np.nan])


def test_lists_are_others_and_records_in_records_are_columns():
    table = read('[{"l": [1], "d": {"x": 1, "e": {"y": "b"}}, "n": 1}, {"n": 2}]')
    assert isinstance(table.columns["l"], Others)
    assert [*table.columns] == ["l", "d.x", "d.e.y", "n"]
    np.testing.assert_array_equal(table.columns["d.x"].values, [1, np.nan])
    assert table.columns["d.e.y"].cells() == ["b", None]
    assert isinstance(read('[{"d": {"x": 1}}, {"d": 2}]').columns["d"], Others)
    assert [*read('[{"d": {"x": 1}, "d.x": 2}]').columns] == ["d.x'", "d.x"]


FRAME = {"length": [1.5, 2.5, None], "kind": ["a", "b", "a"]}


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table", "values"])
def test_every_form_in_which_pandas_writes_a_frame_is_read(orient):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(FRAME)
    text = frame.to_json(orient=orient)
    if orient == "values":
        text = json.dumps([[*FRAME], *json.loads(text)])
    table = read(text)
    np.testing.assert_array_equal(table.columns["length"].values, [1.5, 2.5, np.nan])
    assert table.columns["kind"].cells() == FRAME["kind"]
    assert table.rows == 3


def test_options():
    assert read('[{"a": 1}, {"a": "?"}]', na=("?",)).columns["a"].gaps.tolist() == [False, True]
    assert [*read(FORMS["lines"], columns=["c"]).columns] == ["c"]
    assert "Windows" in read('[{"ort": "Köln"}]'.encode("cp1252")).notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}\n{"a": 2\n', "Line 2 is no JSON"),
        ('{"a": 1}\n[2]\n', r"Line 2 is \[2\], not an object"),
        ("[1, 2]", "Item 0 of its list is 1"),
        ("[]", "no row"),
        ("5", "no table"),
        ('{"a": {"x": 1}, "b": [2]}', "no table"),
        ('[["a", "b"], [1, 2], [3]]', "Row 1 has 1 cells for 2 names"),
        ("[[1, 2], [3, 4]]", "Item 0 of its list is"),
        ('{"a": [1, 2], "b": [1]}', "'b' has 1 cells"),
        ("not json", "is no JSON"),
        ("[" * 100_000, "nested|no JSON"),
        (" \n ", "no row"),
        ('[{"a": ' + "9" * 5000 + "}]", "no JSON"),
    ],
)
def test_what_is_no_table(text, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)
