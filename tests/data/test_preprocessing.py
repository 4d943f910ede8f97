"""Tables to X and y: against scikit-learn's own pipeline, and every table that is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from backpass.data.columns import (
    fit_columns,
    known_range,
)
from backpass.data.preprocessing import Preprocessing
from backpass.data.target import fit_target
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
