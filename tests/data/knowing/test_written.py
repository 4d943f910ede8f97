"""Texts that may be numbers or dates, and the questions where they may be two things."""

from __future__ import annotations

import re

import pytest

from backpass.data.knowing.clean import cleaned
from backpass.data.knowing.kinds import Kind, Wishes
from backpass.data.knowing.written import judged_written
from backpass.data.raw import Texts
from backpass.errors import InvalidInput

NUMBERS = [f"{i}.5" for i in range(100)]


def judged(cells, name="x", decimal=".", **wishes):
    return judged_written(name, Texts.of(cells), Wishes(**wishes), decimal)


@pytest.mark.parametrize(
    ("cells", "kind", "spelling"),
    [
        (["3,504", "804", "1,250"], Kind.NUMBER, "1,234.5"),
        (["3,504", "12,75"], Kind.NUMBER, "1.234,5"),
        (["$1,250", "$9", None], Kind.NUMBER, "1,234.5"),
        (["1.250,50 €", "9 €"], Kind.NUMBER, "1.234,5"),
        (["21.5%", "3%", "n/a"], Kind.NUMBER, "1,234.5"),
        ([*NUMBERS, "?", "NULL", "-", "none", " "], Kind.NUMBER, ""),
        (["3 kg", "4 kg"], Kind.NUMBER, "1,234.5| kg"),
        (["2024-02-29", "2023-01-01"], Kind.DATE, "ymd"),
        (["2024-02-29 12:30", "NULL"], Kind.DATE, "ymd"),
        (["29/02/2024", "01/02/2024"], Kind.DATE, "dmy"),
        (["02/29/2024", "01/02/2024"], Kind.DATE, "mdy"),
        (["01.02.2024", "03.04.2024"], Kind.DATE, "dmy"),
        (["01/01/2024", "02/02/2024"], Kind.DATE, "dmy"),
        (["5 Jan 2024", "6 May 2024"], Kind.DATE, "dmy"),
        (["May 6, 2024", "June 7, 2024"], Kind.DATE, "mdy"),
        (["12:30", "9:05"], Kind.DATE, "hms"),
        (["2024-02-29", "1.3.2024", "29.12.2024"], Kind.DATE, "dmy"),
        (["2024-02-29", "0000-00-00"], Kind.DATE, "ymd"),
        (["1.5M", "450K", "87"], Kind.NUMBER, "1,234.5|×"),
        (["€110.5M", "€565K", "€0"], Kind.NUMBER, "1,234.5|×"),
        (["1 year", "12 years"], Kind.NUMBER, "1,234.5| year(s)"),
        (["350 sq. ft.", "?", "1,200 sq. ft."], Kind.NUMBER, "1,234.5| sq. ft."),
        (["35 m2", "44 m2"], Kind.NUMBER, "1,234.5| m2"),
        (["10,000+", "500+"], Kind.NUMBER, "1,234.5|+"),
        ([*map(str, range(50)), "NA"], Kind.NUMBER, ""),
        (["20240229", "20240301", "?"] * 5, None, None),
    ],
)
def test_what_is_written_is_told(cells, kind, spelling):
    found = judged(cells)
    if kind is None:  # days in one number
        kind, spelling = Kind.DATE, "ymd"
    assert (found.kind, found.spelling) == (kind, spelling)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([*NUMBERS, "many", "many"], ("many",)),
        ([*NUMBERS, *["sold out"] * 40], ("sold out",)),
        ([*NUMBERS, "BDL", "refused", "?"], ("BDL", "refused")),
        ([f"{n} kg" for n in NUMBERS] + ["null kg"], ("null kg",)),
        ([f"2024-01-{day:02d}" for day in range(1, 30)] + ["ongoing"], ("ongoing",)),
    ],
)
def test_a_few_words_among_quantities_are_gaps_and_are_said(cells, words):
    found = judged(cells)
    assert (found.kind.learned_from, found.na) == (True, words)
    assert all(repr(word) in found.reason for word in words)
    assert found.reason.endswith("a gap" if len(words) == 1 else "are gaps")
    column = Texts.of(cells)
    made = cleaned(column, found.kind, found.spelling, found.na)
    assert made.unread == 0
    assert made.column.gaps.sum() == sum(cell in (*words, "?") for cell in cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "blue"],
        [str(10**18 + i) for i in range(30)],
        ["02139", "10001", "94110"],
        ["1_1", "1_2", "12"],
        ["1", "2", "3", "4", "A/5"],
        ["A/5 1000", "1001", "PC 1002", "1003"],
        ["18-25", "26-35"],
        ["1.2.3", "1.2.4"],
        ["Jan", "Feb"],
        ["12A", "14B"],
        ["12K", "14B", "12M"],
        ["1-", "2-", "3"],
        ['="007"', '="012"'],
        ["5+", "1", "2"],
        ["?", "NULL"],
        [*map(str, range(18)), "x"],
        ["10.0.0.1", "10.0.0.2"],
    ],
)
def test_words_and_codes_are_left_as_they_are(cells):
    assert judged(cells) is None


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([*NUMBERS, "12O", "12O"], "row 100 .* '12O' \\(2 such cells in all\\); --na 12O"),
        ([*NUMBERS, *["<5"] * 40], "'<5' .*--na '<5'.*--kind x=category"),
        (
            [*NUMBERS, "many", "few", "none at all", "all"],
            "row 100 .* 'many' \\(4 such cells in all",
        ),
        (["2024-01-01"] * 30 + ["2024\n02"], r"--na \$'2024\\n02' reads"),
        (["2024-01-01"] * 30 + ["2024-02-30"], "holds dates, but row 30 .*'2024-02-30'"),
        (["1", "2.5", "inf"], "1 infinite number, the first in row 2 .*--na inf.*--ignore x"),
        (["01/02/2024", "03/04/2024"], "'01/02/2024' in row 0 .*--date-format dmy"),
        ([*map(str, range(19)), "x"], "row 19 .* 'x'; --na x"),
        (["3%", "4", "5%"], "percent, and others without .*row 0 "),
        (["3", "$4", "5 €"], "in \\$, and others in €.*row 1 "),
    ],
)
def test_two_readings_are_one_question(cells, said):
    with pytest.raises(InvalidInput, match=said) as asked:
        judged(cells)
    sentence = str(asked.value)
    assert sentence.startswith("Column 'x' holds")
    assert re.search("--[a-z]", sentence)
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("cells", "wishes", "kind"),
    [
        ([*NUMBERS, "many"], {"na": ["Many"]}, Kind.NUMBER),
        (["1", "2.5", "inf"], {"na": ["inf"]}, Kind.NUMBER),
        (["01/02/2024", "03/04/2024"], {"date_format": "mdy"}, Kind.DATE),
        (["01/02/2024", "03/04/2024"], {"date_format": "%m/%d/%Y"}, Kind.DATE),
        (["24|02|29", "24|03|01"], {"date_format": "%y|%m|%d"}, Kind.DATE),
        (["2024-02-29", "2024-03-01"], {"date_format": "%y|%m|%d"}, Kind.DATE),
        (["2024-02-29", "2024-03-01"], {"date_format": "dmy"}, Kind.DATE),
        (["1.5", "2.5"], {"date_format": "%y|%m|%d"}, Kind.NUMBER),
        (["2024-02-29", "29/03/2024"] + 40 * ["2024-02-28"], {"na": ["29/03/2024"]}, Kind.DATE),
        (["29.12.2024", "29.3.2024 10:00"], {"date_format": "%d.%m.%Y"}, Kind.DATE),
    ],
)
def test_an_answer_is_heard(cells, wishes, kind):
    found = judged(cells, **wishes)
    assert found.kind == kind
    if wishes.get("date_format") == "mdy":
        assert found.spelling == "mdy"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["29/02/2024", "01/02/2024"], "dates written as '29/02/2024', the day first"),
        (["12:30:00", "33:05:10"], "durations written as '12:30:00'"),
        (["02/29/2024", "01/02/2024"], "dates written as '02/29/2024', the month first"),
        (["2024-02-29", "-"], "dates written as '2024-02-29'; '-' is a gap"),
        (["9:05", "12:30"], "times of day written as '9:05'"),
        ([" $7", "8"], "numbers written as '$7'"),
    ],
)
def test_the_reason_shows_how_it_is_written(cells, reason):
    assert judged(cells).reason == reason


def test_the_table_s_decimal_mark_is_heard():
    assert judged(["3,504 €", "4,250 €"], decimal=",").spelling == "1.234,5"
    assert judged(["3,504 €", "4,250 €"]).spelling == "1,234.5"


def test_plain_whole_numbers_may_be_keys_and_codes():
    assert judged([*map(str, [10115, 80331, 60311] * 20), "?"], name="zip").kind == Kind.CATEGORY


def test_each_text_is_read_a_few_times_whatever_the_rows(monkeypatch):
    calls = []
    real = __import__("backpass.data.knowing.written_numbers", fromlist=["number_in"]).number_in

    def counted(text, spelling):
        calls.append(text)
        return real(text, spelling)

    monkeypatch.setattr("backpass.data.knowing.written_numbers.number_in", counted)
    texts = Texts.of([f"${i}" for i in range(40)] * 500)
    assert judged_written("x", texts, Wishes()).kind == Kind.NUMBER
    assert len(calls) <= 4 * 40
