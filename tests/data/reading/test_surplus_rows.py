"""Rows that are no data: names that stand over rows again, sums and remarks at the end."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from backpass.data.raw import Numbers, RawTable, Texts
from backpass.data.reading import ReadingOptions, read_raw
from backpass.data.reading.surplus_rows import without_surplus_rows

pytest.importorskip("pyarrow")
pytest.importorskip("clevercsv")

NAMES = ["city", "area", "price"]
CITIES = ["Ulm", "Rom", "Bonn"]
ROWS = [[CITIES[i % 3], f"{i * 1.5 + 7}", f"{(i * 37) % 50 + 3}"] for i in range(30)]


def read(tmp_path, rows, **options):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path = tmp_path / "t.csv"
    path.write_text(text.getvalue(), "utf-8")
    return read_raw(path, ReadingOptions(**options))


def cells(table):
    def text(column):
        if isinstance(column, Texts):
            return [cell or "" for cell in column.cells()]
        return ["" if np.isnan(x) else f"{x:.10g}" for x in column.values.tolist()]

    return [list(row) for row in zip(*map(text, table.columns.values()))]


TRUTH = [[c, f"{float(a):.10g}", p] for c, a, p in ROWS]


def numbers(rows):
    return [[c, *(f"{float(x):.10g}" if x else "" for x in r)] for c, *r in rows]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ([["Total", "862.5", "744"]], "'Total', sums"),
        ([["Summe:", "", "744"]], "'Summe:', sums"),
        ([["", "", ""]], "is empty"),
        ([["", "Average", "24.8"]], "'Average', sums"),
        ([["* values are preliminary", "", ""]], "is a remark"),
        ([["", "in thousands of squares", ""]], "is a remark"),
        ([["Total", "862.5", "744"], ["", "", ""], ["(c) the town hall", "", ""]], "'Total', sums"),
    ],
)
def test_what_stands_under_the_rows_is_no_row(tmp_path, end, said):
    table = read(tmp_path, [NAMES, *ROWS, *end])
    assert numbers(cells(table)) == TRUTH
    assert said in " ".join(table.notes)


@pytest.mark.parametrize(
    "end",
    [
        [["Total", "1", "2"], ["Ulm", "3", "4"]],
        [["Total", "1", "2"], ["Total", "3", "4"]],
        [["Paris", "", ""]],
        [["Ulm", "", "4"]],
        [["", "12", ""]],
        [["Total war", "1", "2"]],
    ],
)
def test_a_last_row_that_may_be_data_stays(tmp_path, end):
    table = read(tmp_path, [NAMES, *ROWS, *end])
    assert numbers(cells(table)) == numbers([*TRUTH, *end])
    assert not any("left out" in note for note in table.notes)


@pytest.mark.parametrize("names", [NAMES, ["city", "x", "x"], ["city", "", "x"]])
def test_names_between_the_rows_are_left_out(tmp_path, names):
    table = read(tmp_path, [names, *ROWS[:9], names, *ROWS[9:20], names, *ROWS[20:]])
    assert numbers(cells(table)) == TRUTH
    assert any("over 2 further rows again" in note for note in table.notes)


@pytest.mark.parametrize(
    "word",
    [
        "total",
        "totals",
        "subtotal",
        "sum",
        "average",
        "mean",
        "summe",
        "gesamt",
        "gesamtsumme",
        "insgesamt",
        "mittelwert",
        "durchschnitt",
        "somme",
        "moyenne",
        "totale",
        "suma",
        "soma",
        "promedio",
        "totaal",
        "итого",
        "всего",
        "合計",
        "合计",
    ],
)
def test_sums_have_words_in_many_languages(word):
    table = RawTable({"a": Texts.of(["x", word.upper()]), "b": Numbers(np.array([4, 4]))}, 2)
    assert without_surplus_rows(table).columns["a"].cells() == ["x"]


def test_a_last_row_of_a_word_under_short_words_is_data():
    sizes = Texts.of(["s", "m", "xl", "none of these"])
    table = RawTable({"size": sizes, "n": Numbers(np.array([1, 2, 3, np.nan]))}, 4)
    assert without_surplus_rows(table) is table


def test_a_row_that_holds_some_names_is_data(tmp_path):
    rows = [["name", "n"], ["x", "1"], ["name", "2"], ["x", "n"], ["", ""], ["x", "1"]]
    assert cells(read(tmp_path, rows, header=True)) == rows[1:]


def test_no_table_is_left_without_a_row():
    table = RawTable({"a": Texts.of(["Total"]), "b": Numbers(np.array([1]))}, 1)
    assert without_surplus_rows(table) is table
    table = RawTable({"a": Texts.of([None, "Total"]), "b": Texts.of([None, "1"])}, 2)
    assert without_surplus_rows(table).rows == 1


def test_words_that_no_row_has_are_forgotten():
    texts = Texts(np.array([2, -1, 0, 1], np.int32), ("a", "Total", "b"))
    left = without_surplus_rows(RawTable({"a": texts, "b": Numbers(np.arange(4))}, 4))
    assert left.columns["a"].cells() == ["b", None, "a"]
    assert left.columns["a"].vocabulary == ("a", "b")
