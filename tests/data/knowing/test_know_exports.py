"""Columns as programs and people of several countries export them, from the file to their kind."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from backpass.data.knowing.kinds import Wishes
from backpass.data.knowing.know import know, recognise
from backpass.data.reading import read_raw

pytest.importorskip("pyarrow")
pytest.importorskip("clevercsv")
pd = pytest.importorskip("pandas")

M = 90
RNG = np.random.default_rng(5)
AMOUNTS = np.exp(RNG.normal(7, 1.2, M)).round(2)
DAYS = pd.date_range("2021-03-01", periods=M)
Y = RNG.normal(size=M).round(3)


def german(x, digits=2):
    return f"{x:,.{digits}f}".translate(str.maketrans(",.", ".,"))


NUMBERS = {
    "american": "{:,.2f}",
    "in brackets": lambda x: f"(${x:,.2f})" if x < 800 else f"${x:,.2f}",
    "brackets behind the sign": lambda x: f"$ ({x:,.2f})" if x < 800 else f" $ {x:,.2f} ",
    "a dash for nothing": lambda x: " $ -   " if x < 800 else f" $ {x:,.2f} ",
    "a minus behind": lambda x: f"{x:.2f}-" if x < 800 else f"{x:.2f}",
    "german": lambda x: f"{german(x)} €",
    "german millions": lambda x: german(x * 1e6, 0),
    "swiss": lambda x: f"CHF {x:,.2f}".replace(",", "’"),
    "swedish": lambda x: f"{x:,.0f}:-".replace(",", " "),
    "french": lambda x: f"{x:,.1f}".replace(",", "\u202f").replace(".", ","),
    "brazilian": lambda x: f"R$ {german(x)}",
    "percent": "{:.1f} %",
    "kilos": "{:.1f} kg",
    "square metres": "{:.0f} m2",
    "square feet": "{:,.0f} sq. ft.",
    "years": lambda x: "1 year" if x < 300 else f"{x / 100:.0f} years",
    "thousands": lambda x: f"{x / 1000:.1f}K" if x < 2000 else f"{x / 1e6:.4f}M",
    "at least": "{:,.0f}+",
    "about": "~{:,.0f}",
    "formulas of text": '="{:.2f}"',
    "Fortran": lambda x: f"{x:.3e}".replace("e", "D"),
}
DATES = {
    "german": "%d.%m.%Y",
    "american": "%m/%d/%y",
    "zones": "%Y-%m-%dT08:30:00+02:00",
    "stamps": "%Y%m%d%H%M%S",
    "minutes": "%Y%m%d%H%M",
    "C": "%a %b %d %H:%M:%S %Y",
    "Java": "%a %b %d %H:%M:%S UTC %Y",
    "Apache": "%d/%b/%Y:%H:%M:%S +0000",
    "mail": "%a, %d %b %Y %H:%M:%S +0100",
    "japanese": "%Y年%m月%d日",
    "hungarian": "%Y.%m.%d.",
    "weeks": "%G-W%V",
    "mixed": lambda t: f"{t:%Y-%m-%d}" if t.day % 2 else f"{t:%d.%m.%Y}",
    "gaps": lambda t: "0000-00-00" if t.day == 5 else f"{t:%Y-%m-%d}",
    "durations": lambda t: f"{t.day + 20}:{t.month:02d}:{t.day:02d}",
    "seconds": lambda t: str(int(t.timestamp())),
    "milliseconds": lambda t: str(1000 * int(t.timestamp())),
}


def written(how, values):
    if callable(how):
        return [how(x) for x in values]
    return [format(x, how) if "%" in how and "{" not in how else how.format(x) for x in values]


def known(tmp_path, cells, name="c"):
    """A column from a file, known beside a target, and as the model later sees it."""
    pd.DataFrame({name: cells, "x": Y**2, "y": Y}).to_csv(tmp_path / "t.csv", index=False, sep=";")
    raw = read_raw(tmp_path / "t.csv")
    first = know(raw, Wishes(("y",)))
    again = recognise(raw, first.reading)
    assert not again.unread
    return first


@pytest.mark.parametrize("how", NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_many_programs_are_numbers(tmp_path, how):
    found = known(tmp_path, written(how, AMOUNTS))
    reading = found.reading["c"]
    assert (reading.kind.value, reading.gaps) == ("number", 0)
    values = found.columns["c"].values
    large = AMOUNTS >= 2000  # whatever their unit, sign and digits, they rise as the amounts do
    assert (np.corrcoef(values[large], AMOUNTS[large])[0, 1]) > 0.999


@pytest.mark.parametrize("how", DATES.values(), ids=DATES)
def test_dates_of_many_programs_are_dates(tmp_path, how):
    found = known(tmp_path, written(how, DAYS), "time stamp of the date")
    assert found.reading["time stamp of the date"].kind.value == "date"
    moments = found.columns["time stamp of the date"].values
    if how not in (DATES["durations"], DATES["weeks"]):
        steps = np.diff(moments[~np.isnat(moments)]) / np.timedelta64(1, "D")
        assert set(steps) <= {1.0, 2.0}


@pytest.mark.parametrize("word", ["BDL", "n.v.t.", "refused", "нет данных", "inconnu", "#ERROR!"])
def test_a_word_among_amounts_is_a_gap(tmp_path, word):
    found = known(tmp_path, [word if x < 500 else f"{x:.2f}" for x in AMOUNTS])
    reading = found.reading["c"]
    assert (reading.kind.value, reading.gaps) == ("number", (AMOUNTS < 500).sum())
    assert repr(word) in reading.reason


KEYS = {
    "uuids": [str(uuid.UUID(int=int(x))) for x in RNG.integers(2**60, 2**62, M)],
    "hashes": [f"{x:016x}" for x in RNG.integers(2**60, 2**62, M)],
    "addresses": [f"https://example.org/item/{i * 37}" for i in range(M)],
    "long numbers": [str(10**18 + int(x)) for x in RNG.integers(0, 9 * 10**18, M, np.uint64)],
    "phones": [f"(0{x}) {y}" for x, y in zip(range(200, 200 + M), range(100000, 100000 + M))],
}


@pytest.mark.parametrize("cells", KEYS.values(), ids=KEYS)
def test_keys_are_ids_and_no_sentences_and_no_numbers(tmp_path, cells):
    assert known(tmp_path, cells).reading["c"].kind.value == "id"
