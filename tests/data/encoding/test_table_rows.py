"""What all members share of a table: numbers with gaps, and levels."""

import numpy as np
import pytest

from backpass.data.encoding.columns import fit_columns
from backpass.data.encoding.dates import DatePart, Difference
from backpass.data.encoding.table_rows import TableRows, table_rows
from backpass.data.raw import Moments, Numbers, Texts
from backpass.errors import InvalidInput

KINDS = {"area": "number", "city": "category", "sold": "date"}


def drawn_table(rng, m=200):
    days = np.datetime64("2024-01-01", "us") + rng.integers(0, 900, m) * np.timedelta64(1, "D")
    area = np.where(rng.random(m) < 0.1, np.nan, rng.normal(size=m))
    cities = rng.choice(["Rome", "Oslo", "Bern"], m).tolist()
    return {"area": Numbers(area), "city": Texts.of(cities), "sold": Moments(days)}


def test_numbers_dates_and_levels_come_as_the_columns_have_them(rng):
    table = drawn_table(rng)
    columns, _ = fit_columns(table, KINDS)
    rows, _ = table_rows(columns, table, 200)
    names = [feature.name for feature in columns.features]
    np.testing.assert_array_equal(rows.numbers[:, names.index("area")], table["area"].values)
    months = table["sold"].values.astype("datetime64[M]").astype(int) % 12 + 1
    month = rows.numbers[:, names.index("sold: month")]
    assert len(set(zip(months.tolist(), month.tolist()))) == 12  # one number a month
    levels = np.array(columns.levels[0].texts)
    assert levels[rows.codes[:, 0]].tolist() == table["city"].cells()
    assert rows.levels == (3,)
    assert all(isinstance(f, DatePart | Difference) or f.name == "area" for f in columns.features)


def test_some_rows_and_target_means(rng):
    rows = TableRows(rng.normal(size=(5, 2)), rng.integers(0, 2, (5, 1)), (2,))
    some = rows.with_means(np.arange(5.0)[:, None]).take(np.array([3, 1]))
    np.testing.assert_array_equal(some.numbers[:, :2], rows.numbers[[3, 1]])
    assert some.numbers[:, 2].tolist() == [3, 1]
    assert len(some) == 2
    assert (rows.plain, some.plain) == (0, 1)


def test_an_infinite_number_is_refused_by_name_and_row(rng):
    table = drawn_table(rng)
    columns, _ = fit_columns(table, KINDS)
    area = table["area"].values.copy()
    area[6] = np.inf
    with pytest.raises(InvalidInput, match=r"'area' holds an infinite number in row 6"):
        table_rows(columns, table | {"area": Numbers(area)}, 200)


def test_terms_of_free_text_stand_side_by_side():
    table = {
        "note": Texts.of(["red car", "blue car", "red bus", "no car at all"]),
        "more": Texts.of(["a bus", "a bus", "a car", "a bus"]),
    }
    columns, _ = fit_columns(table, {"note": "text", "more": "text"})
    rows, _ = table_rows(columns, table, 4)
    weights = np.hstack([each.toarray() for each in columns.weights(table, np.float64)])
    np.testing.assert_array_equal(rows.terms.toarray(), weights)
    np.testing.assert_array_equal(rows.take(np.array([2, 0])).terms.toarray(), weights[[2, 0]])
    assert rows.n_terms == weights.shape[1]
    assert rows.numbers.shape == (4, 0)
