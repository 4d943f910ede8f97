"""How a table was read, as people, JSON and a model file have it."""

from __future__ import annotations

import io
import json

import pytest

from backpass.data.knowing.kinds import ColumnReading, Kind
from backpass.data.knowing.table_reading import SCREEN, TableReading

COLUMNS = (
    ColumnReading("price", Kind.NUMBER, "numbers written as '$1'", 2, 3, True, "1,234.5"),
    ColumnReading("<b>", Kind.CATEGORY, "2 different [red]texts[/red]", 0, 2, True),
    ColumnReading("memo", Kind.IGNORED, "empty in every row", 300, None, False),
    ColumnReading("y", Kind.CATEGORY, "2 classes", 0, 2, True, "", "classes"),
)
READING = TableReading(COLUMNS, ("The separator is ';'.",), ("-999",))


def shown_by_rich(reading):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=120)
    console.print(reading)
    return console.file.getvalue()


def test_json_holds_it_whole():
    entries = json.loads(json.dumps(READING.to_json()))
    assert TableReading.from_json(entries, READING.notes, READING.na) == READING
    assert entries[2] == {
        "column": "memo",
        "kind": "ignored",
        "reason": "empty in every row",
        "gaps": 300,
        "levels": None,
        "used": False,
    }
    assert entries[3]["task"] == "classes"


def test_inputs_and_targets_are_told_apart():
    assert [each.column for each in READING.inputs] == ["price", "<b>"]
    assert [each.column for each in READING.targets] == ["y"]
    assert READING["memo"] is COLUMNS[2]
    with pytest.raises(KeyError):
        READING["nothing"]


def test_a_line_a_column():
    assert repr(READING) == (
        "How I read your table\n"
        "price  number            numbers written as '$1'; 2 gaps\n"
        "<b>    category          2 different [red]texts[/red]\n"
        "memo   ignored           empty in every row\n"
        "y      target (classes)  2 classes\n"
        "The separator is ';'."
    )


def test_html_and_rich_show_the_same_and_take_no_name_for_markup():
    html = READING._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    shown = shown_by_rich(READING)
    assert "2 different [red]texts[/red]" in shown
    for text in ("price", "numbers written as", "2 gaps", "memo", "target (classes)", "separator"):
        assert text in html
        assert text in shown


def test_a_wide_table_is_a_screen_and_a_count_and_what_is_odd_stays():
    plain = [ColumnReading(f"q{i}", Kind.NUMBER, "numbers", 0, 2, True) for i in range(100)]
    reading = TableReading((*plain[:50], *COLUMNS, *plain[50:]))
    lines = repr(reading).splitlines()
    assert len(lines) == SCREEN + 2
    assert lines[-1] == "and 64 more columns, each a number"
    for text in (repr(reading), reading._repr_html_(), shown_by_rich(reading)):
        assert "and 64 more columns" in text
        assert all(name in text for name in ("price", "memo", "q0"))
        assert "q99" not in text
    gaps = ColumnReading("gappy", Kind.NUMBER, "numbers", 7, 2, True)
    signs = ColumnReading("signs", Kind.NUMBER, "numbers", 0, 2, True, "1.234,5")
    shown = repr(TableReading((*plain, gaps, signs)))
    assert "gappy" in shown
    assert "signs" in shown
    ids = [ColumnReading(f"i{i}", Kind.ID, "ids", 0, 2, False) for i in range(SCREEN + 1)]
    assert repr(TableReading(tuple(ids))).endswith("\nand 1 more column")


def test_a_long_name_leaves_room():
    name = "a very long name\nof two lines, longer than any column"
    reading = TableReading((ColumnReading(name, Kind.NUMBER, "numbers", 1, None, True),))
    assert repr(reading).splitlines()[1] == "a very long name of two lines…  number  numbers; 1 gap"


def test_an_empty_table_has_a_title():
    assert repr(TableReading(())) == "How I read your table"
