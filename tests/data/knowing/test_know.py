"""A whole table becomes known, and another one is read as it was."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from backpass.data.knowing.kinds import Kind, Wishes
from backpass.data.knowing.know import know, recognise
from backpass.data.knowing.table_reading import TableReading
from backpass.data.raw import Moments, Numbers, Others, RawTable, Texts
from backpass.errors import InvalidInput

M = 240
RNG = np.random.default_rng(0)
DAYS = np.datetime64("2024-01-01") + RNG.integers(0, 400, M)


def table(**columns):
    return RawTable(columns, M, "t.csv", ("The separator is ';'.",))


def everything():
    """A table with a column of each kind."""
    price = RNG.integers(200, 4000, M)
    return table(
        row=Numbers(np.arange(M)),
        price=Texts.of([f"${p:,}" if p % 9 else "?" for p in price]),
        hue=Texts.of([["red", "blue", None][i] for i in RNG.integers(0, 3, M)]),
        day=Texts.of([f"{d.day}.{d.month}.{d.year}" for d in DAYS.tolist()]),
        said=Texts.of([f"on the whole it was {p} times better" for p in range(M)]),
        version=Numbers(np.full(M, 4)),
        again=Texts.of([f"${p:,}" if p % 9 else "?" for p in price]),
        lists=Others("lists", np.zeros(M, bool)),
        memo=Texts.of([None] * M),
        since=Moments(DAYS.astype("M8[us]")),
        fit=Numbers(RNG.random(M) < 0.5),
        y=Texts.of([["no", "yes"][i] for i in RNG.integers(0, 2, M)]),
    )


WISHES = Wishes(("y",))
KINDS = {
    "row": "id", "price": "duplicate", "hue": "category", "day": "date", "said": "text",
    "version": "constant", "again": "number", "lists": "ignored", "memo": "ignored",
    "since": "duplicate", "fit": "category", "y": "category",
}  # fmt: skip


def test_every_column_has_its_kind_and_inputs_have_clean_cells():
    known = know(everything(), WISHES)
    assert {each.column: each.kind.value for each in known.reading.columns} == KINDS
    assert list(known.columns) == ["hue", "day", "said", "again", "fit"]
    assert known.columns["again"].values.dtype == np.float64
    assert known.columns["day"].values.dtype == np.dtype("M8[us]")
    np.testing.assert_array_equal(known.columns["day"].values, DAYS)
    assert known.columns["fit"].vocabulary in (("True", "False"), ("False", "True"))
    assert set(known.targets["y"].vocabulary) == {"no", "yes"}
    assert known.reading.notes[0] == "The separator is ';'."
    assert known.reading["price"].reason == "equal to column 'again' in every row"


def test_json_brings_the_reading_back_and_a_table_is_read_by_it_as_before():
    raw = everything()
    known = know(raw, WISHES)
    entries = json.loads(json.dumps(known.reading.to_json()))
    again = recognise(raw, TableReading.from_json(entries))
    assert list(again.columns) == list(known.columns)
    for name, cells in known.columns.items():
        if isinstance(cells, Texts):
            assert again.columns[name].cells() == cells.cells()
        else:
            np.testing.assert_array_equal(again.columns[name].values, cells.values)
    assert again.targets["y"].cells() == known.targets["y"].cells()
    assert not again.unread
    assert not again.new


def test_the_order_of_columns_and_the_rows_that_are_taken_change_no_cell():
    raw = everything()
    known = know(raw, WISHES)
    turned = RawTable(dict(reversed(raw.columns.items())), M)
    kinds = {each.column: each.kind for each in know(turned, WISHES).reading.columns}
    assert kinds == {each.column: each.kind for each in known.reading.columns}
    rows = np.array([3, 1])
    part = recognise(raw.take(rows), known.reading)
    np.testing.assert_array_equal(part.columns["again"].values, known.columns["again"].values[rows])


def test_what_a_new_table_has_otherwise_is_counted_by_column():
    known = know(everything(), WISHES)
    new = RawTable(
        {
            "again": Texts.of(["$1,000", "cheap", "N/A"]),
            "hue": Numbers(np.array([3.0, np.nan, 4.5])),
            "day": Texts.of(["31.12.2024", "31.13.2024", "soon"]),
            "said": Texts.of(["a", "b", "c"]),
            "fit": Numbers(np.array([0, 1, 1])),
            "more": Texts.of(["a", "b", "c"]),
        },
        3,
    )
    read = recognise(new, known.reading)
    np.testing.assert_array_equal(read.columns["again"].values, [1000, np.nan, np.nan])
    assert read.columns["hue"].cells() == ["3", None, "4.5"]
    assert read.columns["day"].gaps.tolist() == [False, True, True]
    assert dict(read.unread) == {"again": 1, "day": 2}
    assert dict(read.examples) == {"again": "cheap", "day": "31.13.2024"}
    assert read.new == ("more",)
    assert not read.targets


def test_columns_that_are_missing_are_named_in_one_sentence():
    known = know(everything(), WISHES)
    raw = everything()
    some = {name: raw.columns[name] for name in ("hue", "said", "again")}
    with pytest.raises(InvalidInput, match="lacks the columns 'day', 'fit', which the model"):
        recognise(RawTable(some, M), known.reading)
    lists = dict(raw.columns) | {"hue": raw.columns["lists"]}
    with pytest.raises(InvalidInput, match="Column 'hue' was a category: it holds lists"):
        recognise(RawTable(lists, M), known.reading)


def test_words_for_a_gap_are_kept():
    raw = RawTable({"a": Texts.of([*map(str, range(50)), "weg"])}, 51)
    known = know(raw, Wishes(na=["weg"]))
    assert known.reading["a"].gaps == 1
    assert not recognise(raw, known.reading).unread


def test_a_unit_and_a_spelling_are_kept():
    raw = RawTable({"a": Texts.of(["1.250,5 kg", "3 kg"]), "b": Texts.of(["3,504", "12,75"])}, 2)
    read = recognise(raw, know(raw).reading)
    assert read.columns["a"].values.tolist() == [1250.5, 3]
    assert read.columns["b"].values.tolist() == [3.504, 12.75]


def test_several_targets_and_a_leak():
    y = RNG.normal(size=M)
    raw = table(x=Numbers(RNG.normal(size=M)), twin=Numbers(2 * y), y=Numbers(y), z=Numbers(y**3))
    known = know(raw, Wishes(("y", "z")))
    assert [each.task for each in known.reading.targets] == ["number", "number"]
    leaks = [note for note in known.reading.notes if "'twin' alone predicts" in note]
    assert len(leaks) == 2
    assert "twin" in known.columns


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(("nothing",)), "no column 'nothing'"),
        (Wishes(("y", "y")), "'y' is named twice"),
        (Wishes(("y",), ignore=["y"]), "'y' is to be ignored, too"),
        (Wishes(("y",), kinds={"fit": "number", "lists": "text"}), "'lists' cannot be a text"),
    ],
)
def test_wishes_that_cannot_be_are_one_sentence(wishes, said):
    with pytest.raises(InvalidInput, match=said):
        know(everything(), wishes)


def test_a_table_without_rows_or_without_an_input_is_one_sentence():
    with pytest.raises(InvalidInput, match="no rows"):
        know(RawTable({"a": Numbers(np.zeros(0))}, 0))
    only = RawTable({"v": Numbers(np.array([4, 4])), "y": Texts.of(["a", "b"])}, 2)
    with pytest.raises(InvalidInput, match="No column is left to learn from: 'v' is constant"):
        know(only, Wishes(("y",)))


def test_a_curve_over_running_numbers_is_learned():
    raw = table(place=Numbers(np.arange(M)), y=Numbers(RNG.normal(size=M)))
    known = know(raw, WISHES)
    assert known.reading["place"].kind == Kind.NUMBER
    assert known.columns["place"].values.tolist() == list(range(M))
    assert know(raw).reading["place"].kind == Kind.ID
    with pytest.raises(InvalidInput, match="No column is left to learn from: 'place' is id"):
        know(raw, Wishes(("y",), kinds={"place": "id"}))


def test_a_wish_keeps_a_duplicate():
    raw = everything()
    known = know(raw, Wishes(("y",), kinds={"price": "number"}))
    assert {"price", "again"} <= set(known.columns)


def test_of_many_columns_each_is_looked_at_once(monkeypatch):
    calls = []
    module = sys.modules["backpass.data.knowing.know"]
    real = module.known_column
    monkeypatch.setattr(module, "known_column", lambda *a: calls.append(a[0]) or real(*a))
    columns = {f"x{i}": Numbers(RNG.normal(size=M)) for i in range(300)}
    assert len(know(table(**columns)).columns) == 300
    assert calls == list(columns)


def test_many_columns_in_threads_are_known_as_one_after_the_other(monkeypatch):
    draw = np.random.default_rng(0)
    columns = {
        **{f"n{i}": Numbers(draw.normal(size=300)) for i in range(5)},
        "y": Texts.of([f"k{i % 3}" for i in range(300)]),
        **{f"t{i}": Texts.of([f"w{k}" for k in draw.integers(0, 9, 300)]) for i in range(5)},
    }
    raw, wishes = RawTable(columns, 300), Wishes(("y",))
    expected = know(raw, wishes)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr("backpass.data.knowing.know.MANY_ROWS", 100)
    found = know(raw, wishes)
    assert found.reading == expected.reading
    assert [*found.columns] == [*expected.columns]
