"""Tables to X and y: against scikit-learn's own pipeline, and every table that is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from backpass.errors import InvalidInput
from backpass.preprocessing import (
    MAX_CATEGORIES,
    Preprocessing,
    fit_columns,
    fit_target,
    known_range,
)


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
