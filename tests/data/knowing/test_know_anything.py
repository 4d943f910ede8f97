"""Whatever the cells, a table becomes known or there is one sentence."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backpass.data.knowing.kinds import Wishes
from backpass.data.knowing.know import Known, know, recognise
from backpass.data.knowing.table_reading import TableReading
from backpass.data.raw import Moments, Numbers, Others, RawTable, Texts
from backpass.errors import InvalidInput

WORDS = (
    st.sampled_from(
        [
            "",
            " ",
            "?",
            "NA",
            "1",
            "2",
            "007",
            "3,504",
            "3.5",
            "12,75",
            "$1,250",
            "4 €",
            "21.5%",
            "inf",
        ]
    )
    | st.sampled_from(
        [
            "nan",
            "1_2",
            "A/5",
            "red",
            "no",
            "2024-02-29",
            "01/02/2024",
            "13/02/2024",
            "12:30",
            "1e999",
        ]
    )
    | st.sampled_from(
        [
            "20240229",
            "3 kg",
            "(5)",
            "-",
            "x" * 50,
            "a b c d",
            "１２",
            "\0",
            "²",
            "٣",
            "1e5",
            "∞",
            "🙂",
        ]
    )
)
FLOATS = st.floats(width=64) | st.sampled_from([0.0, 1.0, np.nan, 1e308, 2.0**60, -0.0])
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 30) | st.just(20240229)


def columns_of(m):
    lists = {"min_size": m, "max_size": m}
    return st.one_of(
        st.lists(FLOATS, **lists).map(lambda x: Numbers(np.array(x, dtype=np.float64))),
        st.lists(INTEGERS, **lists).map(lambda x: Numbers(np.array(x, dtype=np.int64))),
        st.lists(st.booleans(), **lists).map(lambda x: Numbers(np.array(x, dtype=bool))),
        st.lists(st.none() | WORDS | st.text(max_size=6), **lists).map(Texts.of),
        st.lists(st.none() | WORDS, **lists).map(lambda x: Texts.of(x, categories=True)),
        st.lists(st.integers(-(2**55), 2**55), **lists).map(
            lambda x: Moments(np.array(x, dtype=np.int64).view("datetime64[us]"))
        ),
        st.lists(st.booleans(), **lists).map(lambda x: Others("lists", np.array(x, dtype=bool))),
    )


NAMES = st.sampled_from(["patient", "zip", "date", "id", "x", "a b", "y", "z", ""])
TABLES = st.integers(0, 8).flatmap(
    lambda m: st.dictionaries(NAMES, columns_of(m), max_size=4).map(lambda c: RawTable(c, m))
)
KINDS = st.sampled_from(["number", "category", "date", "text", "id", "ignored"])


@st.composite
def wishes_of(draw, raw):
    """Wishes about columns of a table."""
    names = st.lists(st.sampled_from(list(raw.columns)), unique=True, max_size=2)
    return Wishes(
        tuple(draw(names)) if raw.columns and draw(st.booleans()) else (),
        {name: draw(KINDS) for name in draw(names)} if raw.columns else {},
        draw(names) if raw.columns and draw(st.booleans()) else (),
        draw(st.sampled_from(["", "", "dmy", "%d.%m.%Y", "%"])),
        draw(st.sampled_from([(), ("red", "-999"), ("inf", "1")])),
    )


def known_or_none(read) -> Known | None:
    try:
        return read()
    except InvalidInput as error:
        sentence = str(error)
        assert sentence.endswith(".")
        assert len(sentence) < 500
        return None


@settings(max_examples=200)
@given(TABLES, TABLES, st.data())
def test_any_table_is_known_or_there_is_one_sentence(raw, other, data):
    wishes = data.draw(wishes_of(raw))
    known = known_or_none(lambda: know(raw, wishes))
    if known is None:
        return
    assert [each.column for each in known.reading.columns] == list(raw.columns)
    assert list(known.columns) == [each.column for each in known.reading.inputs]
    for name, cells in {**known.columns, **known.targets}.items():
        assert len(cells) == raw.rows
        assert known.reading[name].gaps == cells.gaps.sum()
        if isinstance(cells, Numbers):
            assert cells.values.dtype == np.float64
            assert not np.isinf(cells.values).any()
    assert repr(known.reading)
    assert known.reading._repr_html_()
    entries = json.loads(json.dumps(known.reading.to_json()))
    reading = TableReading.from_json(entries, known.reading.notes, known.reading.na)
    assert reading == known.reading
    again = recognise(raw, reading)
    for name, cells in known.columns.items():
        np.testing.assert_array_equal(again.columns[name].gaps, cells.gaps)
    known_or_none(lambda: recognise(other, reading))
