"""Tables to X and y: against scikit-learn's own pipeline, and every table that is refused."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
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
from backpass.data.target import Target, fit_target
from backpass.errors import InvalidInput


def houses(rows: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "area": rng.normal(120, 30, rows),
            "kind": rng.choice(["flat", "house", "hut"], rows),
            "rooms": rng.integers(1, 9, rows),
            "garden": rng.random(rows) < 0.5,
        }
    )
    frame.loc[3, "area"] = np.nan
    frame.loc[[5, 7], "kind"] = None
    return frame


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as scikit-learn's own transformers want it."""
    kind = frame["kind"].to_numpy(dtype=object, na_value=None)
    return frame.astype({"rooms": float, "garden": float}).assign(
        kind=pd.Series(kind, frame.index, dtype=object)
    )


def test_it_does_what_scikit_learns_pipeline_does() -> None:
    train, other = houses(), houses().sample(frac=1, random_state=1)
    other.loc[0, "kind"] = "castle"  # unknown: all zero
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    words = SimpleImputer(strategy="most_frequent", missing_values=None)
    theirs = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            ["area", "rooms", "garden"],
        ),
        (make_pipeline(words, encoder), ["kind"]),
    )
    expected = theirs.fit(plain(train)).transform(plain(other))
    ours = Preprocessing(fit_columns(train))
    with pytest.warns(UserWarning, match=r"'kind' holds 1 category unknown .* 1 row: 'castle'"):
        X = ours.transform(other)
    assert ours.outputs == ("area", "kind=flat", "kind=house", "kind=hut", "rooms", "garden")
    order = [0, 4, 5, 1, 2, 3]
    np.testing.assert_allclose(X[:, order], expected, rtol=1e-12, atol=1e-12)


def test_arrays_and_json_hold_everything() -> None:
    frame = houses()
    made = Preprocessing(fit_columns(frame), fit_target("price", [1.5, 2.0]), ("id",))
    arrays, metadata = made.to_arrays()
    again = Preprocessing.from_arrays(arrays, json.loads(json.dumps(metadata)))
    assert again == made
    assert (again.transform(frame) == made.transform(frame)).all()


@pytest.mark.parametrize("broken", ["columns", "categorical", "target", "ignored"])
def test_stored_preprocessing_that_is_damaged_is_refused(broken: str) -> None:
    arrays, metadata = Preprocessing(fit_columns(houses())).to_arrays()
    del metadata[broken]
    with pytest.raises(InvalidInput, match="cannot be read"):
        Preprocessing.from_arrays(arrays, metadata)


def test_a_mapping_of_arrays_does_as_well_as_a_frame() -> None:
    frame = houses()
    mapping = {name: frame[name].to_numpy() for name in frame}
    assert fit_columns(mapping) == fit_columns(frame)


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


@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_tables_that_are_refused(table: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        fit_columns(table)


def test_columns_that_do_not_match_are_named() -> None:
    columns = fit_columns({"a": np.arange(3.0), "b": np.arange(3.0)})
    made = Preprocessing(columns, fit_target("y", [0, 1]), ("id",))
    made.check_columns(["b", "a", "y", "id"])
    with pytest.raises(InvalidInput, match=r"missing: 'b'; new to the model: 'c', 'd'\."):
        made.transform({"a": np.ones(1), "c": np.ones(1), "d": np.ones(1)})
    with pytest.raises(InvalidInput, match="no rows"):
        made.transform({"a": np.ones(0), "b": np.ones(0)})


def test_a_text_cell_in_a_column_of_numbers_is_named_when_predicting() -> None:
    made = Preprocessing(fit_columns({"a": np.arange(3.0)}))
    with pytest.raises(InvalidInput, match=r"Column 'a' holds numbers, but row 0 .* 'tall'"):
        made.transform({"a": np.array(["tall"])})


DECISIONS = [
    (["b", "a"], True, ["b", "a"]),
    ([True, False], True, [True, False]),
    ([3, 1], True, [3, 1]),
    ([3.0, 1.0], True, [3, 1]),
    (["3", "1"], True, ["3", "1"]),
    ([0.5, 1.5], False, [-1.0, 1.0]),
    (list(range(21)), False, ((np.arange(21) - 10) / np.arange(21).std()).tolist()),
]


@pytest.mark.parametrize(("cells", "classes", "encoded"), DECISIONS)
def test_the_target_decides_classes_or_numbers(
    cells: list[object], classes: bool, encoded: list[object]
) -> None:
    target = fit_target("y", cells)
    assert target.classes == classes
    assert target.encode(cells).tolist() == encoded
    if not classes:
        np.testing.assert_allclose(target.decode(target.encode(cells)), cells, atol=1e-14)


def test_the_target_can_be_decided() -> None:
    assert not fit_target("y", [0, 1, 2], classes=False).classes
    assert fit_target("y", list(range(30)), classes=True).classes


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1.0, np.nan, np.nan], r"'y' has 2 missing values \(NaN\), the first in row 1"),
        (["a", None], r"'y' has 1 missing value \(NaN\), the first in row 1"),
        ([1.0, np.inf], r"'y' holds 1 infinite number, the first in row 1"),
        (["a", "a"], r"'y' holds one class only \('a'\)"),
    ],
)
def test_targets_that_are_refused(cells: list[object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        fit_target("y", pd.Series(cells))


# --- which categories are kept, as scikit-learn's encoder keeps them ---------------------------


def crowded(rows: int, kinds: int, gaps: float, seed: int) -> np.ndarray:
    """Text of many kinds, some far more frequent than others, and gaps."""
    draw = np.random.default_rng(seed)
    cells = np.array([f"c{k:03}" for k in draw.geometric(1 / kinds, rows)], dtype=object)
    cells[draw.random(rows) < gaps] = None
    return cells


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


def in_blocks(cells: np.ndarray) -> Columns:
    """What one pass over seven blocks finds of a column of text."""
    fits = ColumnFits({"x": False})
    for part in np.array_split(cells, 7):
        fits.add({"x": part}, np.ones(len(part), dtype=bool))
    return fits.fitted()


def at_once(cells: np.ndarray) -> Columns:
    return fit_columns({"x": cells})


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


def test_unknown_categories_are_said_by_name_and_count() -> None:
    made = Preprocessing(fit_columns({"a": np.array(["u", "v"]), "b": np.array(["u", "v"])}))
    cells = np.array(["w", "u", "w", "y" * 50], dtype=object)
    with pytest.warns(UserWarning, match="unknown") as heard:
        X = made.transform({"a": cells, "b": np.array(["u", "v", "u", "z"])})
    assert [str(one.message) for one in heard] == [
        "Column 'a' holds 2 categories unknown to the model, in 3 rows: "
        f"'w' (2), {'y' * 40!r} (1); there its part of X is zero.",
        "Column 'b' holds 1 category unknown to the model, in 1 row: 'z' (1); there its part of X "
        "is zero.",
    ]
    np.testing.assert_array_equal(X, [[0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]])
    X, unknown = made.encode({"a": cells, "b": np.array(["u", "v", "u", "z"])})
    assert unknown == {"a": {"w": 2, "y" * 50: 1}, "b": {"z": 1}}
    assert made.encode({"a": cells[1:2], "b": cells[1:2]})[1] == {}


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


def test_a_quantity_is_scaled_by_its_mean_and_deviation() -> None:
    y = np.array([1.5, 2.0, 7.25])
    target = fit_target("y", y)
    assert target == Target("y", False, y.mean(), y.std())
    np.testing.assert_allclose(target.encode(y), (y - y.mean()) / y.std(), rtol=1e-15)
    assert fit_target("y", [2.5, 2.5], classes=False) == Target("y", False, 2.5, 1.0)


def test_a_target_is_matched_to_the_classes_of_a_model() -> None:
    target = fit_target("y", ["007", "042"])
    assert target.encode([7, 42], np.array(["7", "42"])).tolist() == ["7", "42"]
    assert target.encode(["042"], np.array(["007", "042"])).tolist() == ["042"]
    assert target.decode(np.array(["042"])).tolist() == ["042"]
    with pytest.raises(InvalidInput, match="'y' has 1 missing value"):
        target.encode(["042", None])


@pytest.mark.parametrize("classes", [None, True, False])
def test_a_target_of_dates_is_refused(classes: bool | None) -> None:
    with pytest.raises(InvalidInput, match="'y' holds dates or times"):
        fit_target("y", pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])), classes)


# --- what is kept of it, and what is read of a table -------------------------------------------


def test_columns_are_needed_ignored_or_new() -> None:
    table = {"a": np.arange(3.0), "y": np.arange(3.0), "id": np.array([[1], [2], [3]])}
    made = Preprocessing(fit_columns({"a": table["a"]}), fit_target("y", [0, 1]), ("id",))
    assert made.transform(table).shape == (3, 1)
    with pytest.warns(UserWarning, match="new") as heard:
        made.check_columns(["b", "a", "c"])
    assert str(heard[0].message) == (
        "The table has 2 columns new to the model: 'b', 'c'; not read."
    )
    without = Preprocessing(made.columns)
    with pytest.warns(UserWarning, match="1 column new to the model: 'y'"):
        without.check_columns(["a", "y"])
    with pytest.raises(InvalidInput) as caught:
        made.check_columns(["id"])
    assert str(caught.value) == ("The table's columns do not match the model's: missing: 'a'.")


def test_cells_of_columns_that_are_not_read_are_not_looked_at() -> None:
    class Frame(dict):
        asked: list[str] = []  # noqa: RUF012

        def __getitem__(self, name: str) -> np.ndarray:
            self.asked.append(name)
            return np.arange(3.0)

    made = Preprocessing(fit_columns({"a": np.arange(3.0)}), ignored=("b",))
    made.transform(Frame(a=None, b=None))
    assert Frame.asked == ["a"]


@pytest.mark.parametrize("columns", [50, 500])
def test_the_work_is_in_proportion_to_the_columns(columns: int) -> None:
    """Names are compared with the model's a fixed number of times each."""

    class Name(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)  # type: ignore[arg-type]

        __hash__ = str.__hash__

    Name.compared = 0
    names = [Name(f"c{k}") for k in range(columns)]
    known = known_range([str(name) for name in names], 0, 1)
    Preprocessing(known, ignored=("id",)).check_columns(names)
    assert Name.compared <= 8 * columns


def test_the_picture_and_the_form_of_labels_are_kept() -> None:
    columns = known_range([f"p{k}" for k in range(6)], 0, 255)
    made = Preprocessing(columns, image=(2, 3, "F"))
    assert made.as_written
    arrays, metadata = made.to_arrays()
    assert Preprocessing.from_arrays(arrays, json.loads(json.dumps(metadata))) == made
    for image in [[2, 3, "X"], [2, "3", "C"], [2, 3], "23C", 5]:
        with pytest.raises(InvalidInput, match="cannot be read"):
            Preprocessing.from_arrays(arrays, {**metadata, "image": image})


def test_the_first_release_kept_neither() -> None:
    arrays, metadata = Preprocessing(known_range(["a"], 0, 1)).to_arrays()
    del metadata["as_written"], metadata["image"]
    made = Preprocessing.from_arrays(arrays, metadata)
    assert not made.as_written
    assert made.image is None
    assert made.categorical == ()


def test_the_names_of_what_it_makes() -> None:
    made = Preprocessing(fit_columns({"b": np.array(["u", "v"]), "a": np.arange(2.0)}))
    assert made.outputs == ("b=u", "b=v", "a")
    assert made.categorical == ("b",)
    arrays, metadata = made.to_arrays()
    assert arrays["numeric"].tolist() == [[0.5, 0.5, 2.0]]
    assert metadata["columns"] == ["b", "a"]
    with pytest.raises(InvalidInput, match="cannot be read"):
        Preprocessing.from_arrays({"numeric": np.zeros((0, 3))}, metadata)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Preprocessing.from_arrays({"numeric": np.zeros((2, 3))}, metadata)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Preprocessing.from_arrays({"numeric": np.zeros((1, 2))}, metadata)
