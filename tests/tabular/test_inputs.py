"""What X is: arrays hold numbers, tables what their cells say, and wishes win."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import backpass as bp
import backpass.tabular.inputs as inputs
from backpass.errors import InvalidInput
from backpass.tabular.inputs import known_table, raw_table


def kinds_of(X, categorical=None, **kinds):
    estimator = bp.TabularRegressor()
    raw, plain = raw_table(estimator, X, reset=True)
    return known_table(raw, plain, kinds, categorical).reading.kinds, estimator


def test_numbers_of_an_array_are_numbers_whatever_they_look_like(rng):
    running = np.arange(50.0)  # a key, in a table
    kinds, estimator = kinds_of(np.column_stack([running, np.ones(50), running % 2]))
    assert kinds == {"x0": "number", "x1": "number", "x2": "number"}
    assert estimator.n_features_in_ == 3
    assert not hasattr(estimator, "feature_names_in_")


@pytest.mark.parametrize("categorical", [[1], [False, True], ["x1"], np.array([1])])
def test_categories_of_an_array_are_given_by_place_mask_or_name(categorical):
    kinds, _ = kinds_of(np.column_stack([np.arange(9.0), np.arange(9) % 3]), categorical)
    assert kinds == {"x0": "number", "x1": "category"}


@pytest.mark.parametrize(
    ("categorical", "said"),
    [
        ([3], r"categorical_features holds 3, but X has the columns 0 to 1"),
        ([-1], r"holds -1"),
        ([True], r"shape \(1,\), but X has 2 columns"),
        (["size"], r"There is no column 'size'"),
    ],
)
def test_categories_that_are_no_columns_are_said(categorical, said):
    with pytest.raises(InvalidInput, match=said):
        kinds_of(np.ones((4, 2)), categorical)


@pytest.mark.parametrize("made", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_tables_of_any_library_are_read_by_their_cells(made):
    columns = {"size": [1.5, None, 3.0, 2.5] * 5, "town": ["Rome", "Oslo", "Oslo", "Bern"] * 5}
    kinds, estimator = kinds_of(made(columns))
    assert kinds == {"size": "number", "town": "category"}
    assert (estimator.n_features_in_, list(estimator.feature_names_in_)) == (2, ["size", "town"])


def test_a_wish_wins_over_cells_and_dtypes():
    frame = pd.DataFrame({"code": [1, 2, 3, 2] * 5, "kind": pd.Categorical(["1", "2"] * 10)})
    assert kinds_of(frame)[0]["kind"] == "category"
    kinds, _ = kinds_of(frame, None, code="category", kind="number")
    assert kinds == {"code": "category", "kind": "number"}


def test_an_array_of_objects_is_a_table_where_it_holds_text():
    mixed = np.array([[1.0, "a"], [2.0, "b"]] * 6, dtype=object)
    assert kinds_of(mixed)[0] == {"x0": "number", "x1": "category"}
    assert kinds_of(mixed[:, :1])[0] == {"x0": "number"}


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array, sparse.dok_matrix])
def test_sparse_matrices_are_read_as_they_are_dense(form, rng):
    X = rng.normal(size=(20, 3)) * (rng.random((20, 3)) < 0.5)
    raw, _ = raw_table(bp.TabularRegressor(), form(X), reset=True)
    for k, column in enumerate(X.T):
        np.testing.assert_array_equal(raw.columns[f"x{k}"].values, column)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (pd.DataFrame({"a": []}), "0 sample"),
        (pd.DataFrame(index=range(3)), "0 feature"),
        ([{}], "0 feature"),
        (np.empty((0, 2)), "0 sample"),
        (np.array([[np.inf]]), "infinity"),
        (np.ones(3), "1D array"),
    ],
)
def test_what_is_no_table_is_said(X, said):
    with pytest.raises(ValueError, match=said):
        raw_table(bp.TabularRegressor(), X, reset=True)


def test_only_other_columns_than_the_fit_s_are_compared_by_scikit_learn(monkeypatch):
    frame = pd.DataFrame({"a": np.arange(9.0), "b": ["x", "y", "x"] * 3})
    _, estimator = kinds_of(frame)
    calls = []
    checked = inputs.validate_data
    monkeypatch.setattr(
        inputs, "validate_data", lambda *a, **k: calls.append(a) or checked(*a, **k)
    )
    raw_table(estimator, frame.iloc[[2]], reset=False)
    assert not calls
    for other in (
        frame[["b", "a"]],
        frame[["a"]],
        frame.rename(columns={"a": "c"}),
        frame.assign(d=1),
    ):
        with pytest.raises(ValueError, match="feature"):
            raw_table(estimator, other, reset=False)
    raw_table(estimator, pl.DataFrame(frame), reset=False)
    assert len(calls) == 5
