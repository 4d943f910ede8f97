"""How a column becomes a part of X: what scikit-learn finds, gaps, and categories."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from backpass.data.column_fits import ColumnFits
from backpass.data.columns import (
    MAX_CATEGORIES,
    Categorical,
    Columns,
    Numeric,
    categorical_of_counts,
    fit_columns,
    known_range,
)
from backpass.data.labels import MAX_CLASSES
from backpass.data.preprocessing import Preprocessing
from backpass.errors import InvalidInput

REFUSED = [
    ({}, "no column to learn from"),
    ({"x": np.array([])}, "has no rows"),
    ({"x": np.array([np.nan, np.nan])}, "Column 'x' is empty in every row"),
    (
        {"x": np.array([1, "two", 3, 4], dtype=object)},
        r"Column 'x' holds numbers, but row 1 \(the first row is 0\) holds 'two'\.",
    ),
    (
        {"x": np.array(["1", "2", "3", "4", "5", "b", "c"])},
        r"row 5 .* holds 'b' \(2 such cells in all\)",
    ),
    ({"x": np.array([1, np.inf, -np.inf])}, "'x' holds 2 infinite numbers, the first in row 1"),
    ({"x": np.array([1e200, 0.0])}, "'x' holds numbers above 1e150"),
    ({"x": np.array(["2020-01-01"], dtype="datetime64[D]")}, "'x' holds dates or times"),
    ({"x": np.array([f"name {i}" for i in range(30)])}, "different text in each of its 30"),
    ({"x": np.array([f"name {i}" for i in range(300)])}, "different text in each of its 300"),
    ({"x": np.ones((2, 2))}, "'x' has the shape"),
]


def crowded(rows: int, kinds: int, gaps: float, seed: int) -> np.ndarray:
    """Text of many kinds, some far more frequent than others, and gaps."""
    draw = np.random.default_rng(seed)
    cells = np.array([f"c{k:03}" for k in draw.geometric(1 / kinds, rows)], dtype=object)
    cells[draw.random(rows) < gaps] = None
    return cells


def in_blocks(cells: np.ndarray) -> Columns:
    """What one pass over seven blocks finds of a column of text."""
    fits = ColumnFits({"x": False})
    for part in np.array_split(cells, 7):
        fits.add({"x": part}, np.ones(len(part), dtype=bool))
    return fits.fitted()


def at_once(cells: np.ndarray) -> Columns:
    return fit_columns({"x": cells})


def test_constant_columns_are_silent_whatever_comes_later() -> None:
    made = Preprocessing(fit_columns({"x": np.zeros(5), "y": np.arange(5.0)}))
    X = made.transform({"x": np.array([0.0, 1e9]), "y": np.array([2.0, 2.0])})
    np.testing.assert_array_equal(X, np.zeros((2, 2)))


def test_a_known_range_leaves_dead_pixels_at_zero() -> None:
    made = Preprocessing(known_range(["a", "b"], 0, 16))
    X = made.transform({"a": np.array([0, 16]), "b": np.array([8, 0])})
    np.testing.assert_array_equal(X, [[0, 0.5], [1, 0]])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_training_numbers_come_out_with_mean_0_and_variance_1(cells: list[float]) -> None:
    X = Preprocessing(fit_columns({"x": np.array(cells)})).transform({"x": np.array(cells)})
    assert np.isfinite(X).all()
    if np.ptp(cells) > 1e-6:
        assert abs(X.mean()) < 1e-6
        assert X.std() == pytest.approx(1.0, rel=1e-6)


def test_integers_with_gaps_keep_their_categories() -> None:
    # A gap makes pandas turn whole numbers into floats: 3 and 3.0 are one category.
    made = Preprocessing(fit_columns({"code": np.array([3, 4, 3])}, categorical=["code"]))
    assert made.outputs == ("code=3", "code=4")
    X = made.transform({"code": np.array([4.0, np.nan])})
    np.testing.assert_array_equal(X, [[0, 1], [1, 0]])


def test_rare_categories_count_as_unknown() -> None:
    cells = np.array([f"c{i}" for i in range(150)] + [f"c{i}" for i in range(60)])
    with pytest.warns(UserWarning, match="150 categories; the 51 rarest, in 51 rows"):
        (column,) = fit_columns({"x": cells})
    assert len(column.outputs) == MAX_CATEGORIES - 1  # scikit-learn counts "the rest" as one


@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_tables_that_are_refused(table: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        fit_columns(table)


@pytest.mark.filterwarnings("ignore:Column 'x' holds")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_the_categories_kept_are_scikit_learns(gaps: float, seed: int) -> None:
    cells = crowded(1500, 60, gaps, seed)
    imputer = SimpleImputer(strategy="most_frequent", missing_values=None)
    filled = imputer.fit_transform(cells[:, None])
    encoder = OneHotEncoder(
        max_categories=MAX_CATEGORIES, handle_unknown="infrequent_if_exist", sparse_output=False
    ).fit(filled)
    (column,) = fit_columns({"x": cells})
    assert isinstance(column, Categorical)
    assert column.fill == imputer.statistics_[0]
    rare = encoder.infrequent_categories_[0]
    assert rare is not None
    assert list(column.categories) == sorted({*encoder.categories_[0]} - {*rare})
    X = Preprocessing((column,)).transform({"x": cells})
    np.testing.assert_array_equal(X, encoder.transform(filled)[:, :-1])


@pytest.mark.parametrize("find", [at_once, in_blocks])
def test_gaps_count_for_the_category_that_fills_them(find: Callable[..., Columns]) -> None:
    """All are equally frequent, and the last in the alphabet are kept; the filling one is first."""
    names = [f"c{k:03}" for k in range(MAX_CATEGORIES + 50)]
    cells = np.array([*names, *names, None], dtype=object)
    with pytest.warns(UserWarning, match="150 categories; the 51 rarest, in 102 rows"):
        (column,) = find(cells)
    assert isinstance(column, Categorical)
    assert column.fill == "c000"
    assert column.categories == ("c000", *names[52:])


def test_as_many_categories_as_are_kept_are_all_kept() -> None:
    names = tuple(f"c{k:03}" for k in range(MAX_CATEGORIES))
    (column,) = fit_columns({"x": np.array([*names, "c000"])})
    assert column == Categorical("x", "c000", names)
    with pytest.warns(UserWarning, match="holds 101 categories; the 2 rarest, in 2 rows"):
        (column,) = fit_columns({"x": np.array([*names, "more", "more"])})
    assert column == Categorical("x", "more", (*names[2:], "more"))


def test_the_rarest_categories_are_said_by_name() -> None:
    names = [f"c{k:03}" for k in range(MAX_CATEGORIES + 9)]
    counts = {"x" * 60: 2, **dict.fromkeys(names, 3), names[3]: 1}
    with pytest.warns(UserWarning, match="zip") as heard:
        column = categorical_of_counts(counts, "zip")
    assert str(heard[0].message) == (
        "Column 'zip' holds 110 categories; the 11 rarest, in 30 rows, are learnt as unknown ones: "
        "'c000' (3), 'c001' (3), 'c002' (3), 'c004' (3), 'c005' (3), 'c006' (3), 'c007' (3), "
        "'c008' (3) and 3 more."
    )
    assert column.categories == tuple(names[10:])


def test_a_gap_is_filled_and_not_unknown() -> None:
    made = Preprocessing(fit_columns({"a": np.array(["v", "v", "u"])}))
    X, unknown = made.encode({"a": np.array([None, "", "u"], dtype=object)})
    np.testing.assert_array_equal(X, [[0, 1], [0, 1], [1, 0]])
    assert unknown == {}


def test_the_number_of_different_texts_that_may_be_learnt() -> None:
    twenty = np.array([f"name {k:02}" for k in range(MAX_CLASSES)])
    assert len(fit_columns({"x": twenty})[0].outputs) == MAX_CLASSES
    with pytest.raises(InvalidInput, match="a different text in each of its 21 rows"):
        fit_columns({"x": np.append(twenty, "more")})
    with_gap = np.array([*twenty, "more", None], dtype=object)
    assert len(fit_columns({"x": with_gap})[0].outputs) == MAX_CLASSES + 1


# --- numbers ---------------------------------------------------------------------------------


def test_numbers_are_filled_and_scaled_as_scikit_learn_does_it() -> None:
    draw = np.random.default_rng(8)
    train, other = draw.normal([5, -3, 0], [0.1, 7, 2], (51, 3)), draw.normal(0, 9, (20, 3))
    for matrix in (train, other):
        matrix[draw.random(matrix.shape) < 0.2] = np.nan
    theirs = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(train)
    made = Preprocessing(fit_columns(dict(zip("abc", train.T))))
    np.testing.assert_allclose(
        made.transform(dict(zip("abc", other.T))), theirs.transform(other), rtol=1e-12
    )
    for column, pixel in zip(made.columns, train.T):
        assert isinstance(column, Numeric)
        assert column.fill == np.nanmedian(pixel)


def test_a_column_of_one_value_and_gaps_is_silent() -> None:
    (column,) = fit_columns({"x": np.array([7.0, np.nan, 7.0])})
    assert column == Numeric("x", 7.0, 7.0, 0.0)


def test_how_large_numbers_may_be() -> None:
    for sign in (1, -1):
        (column,) = fit_columns({"x": np.array([sign * 1e150, 0.0])})
        assert np.isfinite(column.factor)
        with pytest.raises(InvalidInput, match="Column 'x' holds numbers above 1e150"):
            fit_columns({"a": np.ones(2), "x": np.array([sign * 1.1e150, 0.0])})


def test_a_range_of_one_value_is_silent() -> None:
    assert known_range(["a"], 3, 3) == (Numeric("a", 3.0, 3.0, 0.0),)
    assert known_range(["a", "b"], -1, 3) == tuple(Numeric(n, -1.0, -1.0, 0.25) for n in "ab")


# --- the target ------------------------------------------------------------------------------
