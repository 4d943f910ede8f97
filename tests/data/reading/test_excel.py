"""Workbooks: stored values, hidden sheets left out."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import numpy as np
import pytest

from backpass.data.raw import Moments
from backpass.data.reading import ReadingOptions, read_raw, unpacking
from backpass.errors import InvalidInput

openpyxl = pytest.importorskip("openpyxl")
HEADER = ["weight", "kind", "day", "ok"]
ROWS = [[i / 4, "ab"[i % 2], dt.datetime(2024, 1, 1 + i), i % 3 == 0] for i in range(20)]


def saved(path, sheets, hidden=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    book.save(path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.xlsx"


def check(table):
    assert [*table.columns] == HEADER
    np.testing.assert_array_equal(table.columns["weight"].values, np.arange(20) / 4)
    assert table.columns["kind"].cells() == ["a", "b"] * 10
    assert isinstance(table.columns["day"], Moments)
    assert table.columns["day"].values.tolist() == [row[2] for row in ROWS]
    assert table.columns["ok"].values.tolist() == [row[3] for row in ROWS]


@pytest.mark.parametrize(
    ("top", "note"),
    [
        ([], None),
        ([[], []], None),
        ([["Sales of a year"], []], "passed over: 2"),
    ],
)
def test_a_sheet(path, top, note):
    table = read_raw(saved(path, {"one": [*top, HEADER, *ROWS]}))
    check(table)
    assert (table.notes == ()) if note is None else (note in table.notes[0])


def test_a_table_that_does_not_begin_in_the_corner(path):
    check(read_raw(saved(path, {"one": [[], *([None, None, *row] for row in [HEADER, *ROWS])]})))


def test_hidden_sheets_are_left_out_and_other_ones_named(path):
    sheets = {
        "secret": [["a"], [1]],
        "note": [["read me"]],
        "data": [HEADER, *ROWS],
        "b": [[1], [2]],
    }
    table = read_raw(saved(path, sheets, hidden=["secret"]))
    check(table)
    assert table.notes == ("The sheet 'data' was read, not 'note' and 'b'.",)
    check(read_raw(path, ReadingOptions(sheet="data")))
    check(read_raw(f"{path}::data"))
    with pytest.raises(
        InvalidInput, match=r"no sheet 'secret'; those .* are 'note', 'data' and 'b'"
    ):
        read_raw(path, ReadingOptions(sheet="secret"))


def test_formulas_are_what_they_were_when_the_book_was_saved(path):
    saved(path, {"one": [["a", "b"], [1, "=A2*2"], [2, "=A3*2"]]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = members[sheet].replace(b"<v></v>", b"<v>8</v>").replace(b"<v />", b"<v>8</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert read_raw(path).columns["b"].values.tolist() == [8, 8]


def test_formulas_that_nobody_calculated_are_said(path):
    table = read_raw(saved(path, {"one": [["a", "b"], [1, "=A2*2"], [2, "=A3*2"]]}))
    assert table.columns["b"].gaps.all()
    assert "never stored" in table.notes[0]
    assert read_raw(saved(path, {"one": [["a", "b"], [1, None], [2, None]]})).notes == ()


def test_said_options(path):
    saved(path, {"one": [["junk", "junk"], ["x", "y"], [1, "?"], [2, 5]]})
    table = read_raw(path, ReadingOptions(skip_rows=1, na=("?",), names=("p", "q")))
    assert [*table.columns] == ["p", "q"]
    np.testing.assert_array_equal(table.columns["q"].values, [np.nan, 5])
    table = read_raw(path, ReadingOptions(header=False))
    assert ([*table.columns], table.rows, table.header) == (["1", "2"], 4, False)


def test_no_header_and_units(path):
    table = read_raw(saved(path, {"one": [[1.5, "a"], [2.5, "b"], [3.5, "a"]]}))
    assert (table.header, table.rows) == (False, 3)
    table = read_raw(saved(path, {"one": [["v", "k"], ["m/s", None], [1.5, "a"], [2.5, "b"]]}))
    assert (table.header, table.rows) == (True, 2)
    assert "units" in table.notes[0]


@pytest.mark.parametrize("sheets", [{"one": []}, {"one": [["a", "b"]]}, {"one": [], "two": [[]]}])
def test_a_book_without_a_table(path, sheets):
    with pytest.raises(InvalidInput, match=r"without a table|no row of data"):
        read_raw(saved(path, sheets))


def test_some_columns(path):
    assert [*read_raw(saved(path, {"one": [HEADER, *ROWS]}), columns=["ok"]).columns] == ["ok"]


def test_a_book_that_would_fill_the_memory(path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 1 << 16)
    file = io.BytesIO(saved(path, {"one": [HEADER, *ROWS]}).read_bytes())
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/huge.bin", bytes(1 << 24))
    path.write_bytes(file.getvalue())
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        read_raw(path)
