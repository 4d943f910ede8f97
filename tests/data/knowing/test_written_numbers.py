"""Numbers as people write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.knowing import written_numbers
from backpass.data.knowing.written_numbers import (
    SPELLINGS,
    currencies_of,
    is_infinite,
    is_percent,
    is_zero_led,
    number_in,
    numbers_in,
    spelling_of,
)

CENTS = st.integers(-(10**12), 10**12)


def written(cents, mark, point):
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", mark) + f"{point}{part:02d}"


def test_words_do_not_make_other_spellings_be_tried(monkeypatch):
    tried = []
    numbers = written_numbers.numbers_in
    monkeypatch.setattr(
        written_numbers, "numbers_in", lambda texts, how: tried.append(how) or numbers(texts, how)
    )
    assert written_numbers.read_numbers(["1.5", "2,000.25", "sold out"])[0] == "1,234.5"
    assert tried == ["1,234.5"]


@given(CENTS)
def test_python_s_own_numbers_are_read_as_python_reads_them(cents):
    for text in (str(cents), repr(cents / 100), f"{cents / 7:e}", f"+{abs(cents)}", f" {cents} "):
        assert number_in(text) == float(text)


@pytest.mark.parametrize(
    ("spelling", "mark", "point"),
    [
        ("1,234.5", ",", "."),
        ("1.234,5", ".", ","),
        ("1'234.5", "'", "."),
        ("1'234.5", "’", "."),
        ("1 234,5", " ", ","),
        ("1 234,5", "\u202f", ","),
        ("1 234.5", "\u00a0", "."),
    ],
)
@given(cents=st.lists(CENTS, min_size=1, max_size=9))
def test_every_spelling_is_read_back(spelling, mark, point, cents):
    texts = [written(c, mark, point) for c in cents]
    assert [number_in(text, spelling) for text in texts] == [c / 100 for c in cents]
    assert [number_in(text, spelling_of(texts)) for text in texts] == [c / 100 for c in cents]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,250", 1250),
        ("-$1,250.50", -1250.5),
        ("$-3", -3),
        ("€ 12.50", 12.5),
        ("12.50 €", 12.5),
        ("US$7", 7),
        ("R$ 7", 7),
        ("1,000 USD", 1000),
        ("CHF 3", 3),
        ("21.5%", 21.5),
        ("21.5 %", 21.5),
        ("(1,250)", -1250),
        ("−4", -4),
        (".5", 0.5),
        ("1e3", 1000),
        ("12,34,567", 1234567),
    ],
)
def test_a_number_keeps_its_value_beside_its_signs(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        ",",
        "1_000",
        "１２",
        "abc",
        "1,2",
        "0,504",
        "1,23",
        "3..4",
        "1.2.3",
        "--3",
        "$",
        "%",
        "12 34",
        "1,250)",
        "(1,250",
        "$5 %",
        "12:30",
        "A/5",
        "1e999",
        "inf",
        "nan",
        "0x10",
    ],
)
def test_what_is_no_number_is_none(text):
    assert number_in(text) is None


def test_one_cell_decides_what_a_comma_is():
    assert spelling_of(["3,504", "1,250"]) == "1,234.5"
    assert spelling_of(["3,504", "12,75"]) == "1.234,5"
    assert spelling_of(["3,504", "0,504"]) == "1.234,5"
    assert spelling_of(["3.504,5"]) == "1.234,5"
    assert spelling_of(["7", "8"]) == "1,234.5"


def test_the_table_s_decimal_mark_decides_where_every_cell_has_two_readings():
    assert number_in("3,504 €", spelling_of(["3,504 €"], ",")) == 3.504
    assert number_in("3,504 €", spelling_of(["3,504 €"], ".")) == 3504


@pytest.mark.parametrize(
    ("texts", "spelling", "numbers"),
    [
        (["12.5 kg", "1,003 kg"], "1,234.5| kg", [12.5, 1003]),
        (["-3°C", "4.5°C"], "1,234.5|°C", [-3, 4.5]),
        (["3A", "4B"], "1,234.5", [None, None]),
        (["3 kg", "4"], "1,234.5", [None, 4]),
        (["1e3", "2e3"], "1,234.5", [1000, 2000]),
    ],
)
def test_a_unit_is_dropped_where_every_number_has_it(texts, spelling, numbers):
    assert spelling_of(texts) == spelling
    assert [number_in(text, spelling) for text in texts] == numbers


SIGNED = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "+", "−", "(", " ", "-$"]),
    st.sampled_from(["", "$", "€ ", "US$"]),
    st.sampled_from(
        ["3", "3,504", "3.504", "0,5", "12,75", "1'000", "1 000", "1e3", "1,2,3", ".5"]
    ),
    st.sampled_from(["", "%", " €", "$", ")", " ", " kg", "\u00a0%", " USD", "-"]),
)


@given(st.lists(SIGNED, max_size=2), st.sampled_from(list(SPELLINGS)))
def test_the_short_way_reads_what_the_long_one_does(texts, spelling):
    truth = [number_in(text, spelling) for text in texts]
    expected = [float("nan") if number is None else number for number in truth]
    np.testing.assert_array_equal(numbers_in(texts, spelling), expected)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_none(text):
    for spelling in SPELLINGS:
        number = number_in(text, spelling)
        assert number is None or abs(number) < float("inf")


def test_signs_are_told_apart():
    assert [is_percent(t) for t in ("3%", "3 % ", "3")] == [True, True, False]
    texts = ["3", "3%", "x", "$3", "4 €", "$5", "1e3", "-€ 7"]
    assert currencies_of(texts) == {"$": "$3", "€": "4 €"}
    assert [is_infinite(t) for t in ("inf", "-Infinity", "∞", "info", "3")] == [1, 1, 1, 0, 0]
    assert [is_zero_led(t) for t in ("007", "0", "0.5", "10", "00", "-03")] == [1, 0, 0, 0, 1, 1]
