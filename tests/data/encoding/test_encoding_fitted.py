"""From known columns to X as a whole: order, constants, gaps, one row as many, sparse as dense."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from backpass.data.encoding import columns
from backpass.data.encoding import fitted as module
from backpass.data.encoding.fitted import Encoding, fit_encoding
from backpass.data.encoding.unknown import FarNumbers, Unknown
from backpass.data.raw import Moments, Numbers, Others, RawColumn, Texts
from backpass.errors import InvalidInput
from backpass.estimators.regressor import MLPRegressor

KINDS = {
    "area": "number", "born": "date", "city": "category", "died": "date", "floor": "number",
    "remark": "text", "street": "category",
}  # fmt: skip
Table = dict[str, RawColumn]


def houses(rows: int = 60, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    born = np.datetime64("2020-01-01", "us") + rng.integers(0, 900, rows) * np.timedelta64(1, "D")
    died = born + rng.integers(0, 100_000, rows) * np.timedelta64(1, "m")
    died[rng.random(rows) < 0.2] = np.datetime64("NaT")
    area = rng.lognormal(3, 2, rows)
    area[rng.random(rows) < 0.2] = np.nan
    words = np.array(["good", "bad", "big", "small", "old"])
    remarks = [" ".join(rng.choice(words, 3)) for _ in range(rows)]
    return {
        "area": Numbers(area),
        "born": Moments(born),
        "city": Texts.of([None if c == "-" else c for c in rng.choice(list("ABCD-"), rows)]),
        "died": Moments(died),
        "floor": Numbers(rng.integers(0, 9, rows)),
        "remark": Texts.of(remarks),
        "street": Texts.of([f"s{n}" for n in rng.integers(0, rows // 2, rows)]),
    }


def taken(table: Table, rows: np.ndarray | slice) -> Table:
    return {name: column.take(rows) for name, column in table.items()}


def without(table: Table, *names: str) -> Table:
    return {name: column for name, column in table.items() if name not in names}


def kinds_of(table: Table) -> dict[str, str]:
    return {name: KINDS[name] for name in table}


def array(X: np.ndarray | sparse.csr_matrix) -> np.ndarray:
    return X.toarray() if sparse.issparse(X) else X


DENSE = without(houses(), "remark")
PARTS = [["area", "floor"], ["city"], ["city", "street"], ["born", "died"], ["remark"], [*KINDS]]


@pytest.mark.parametrize("names", PARTS, ids=lambda names: "+".join(names))
def test_every_input_varies_in_training_and_has_a_name_of_its_own(names):
    table = {name: houses()[name] for name in names}
    encoding = fit_encoding(table, kinds_of(table))
    X = array(encoding.transform(table))
    assert X.shape == (60, len(encoding.outputs))
    assert X.dtype == np.float64
    assert (np.ptp(X, axis=0) > 0).all()
    assert len({*encoding.outputs}) == len(encoding.outputs)
    assert [made.name for made in encoding.inputs] == list(encoding.outputs)
    assert {name for made in encoding.inputs for name in made.columns} == {*names}
    for made in encoding.inputs:
        assert all(name in made.name for name in made.columns)


@pytest.mark.parametrize("names", PARTS, ids=lambda names: "+".join(names))
def test_neither_order_nor_constants_nor_other_columns_change_a_bit(names):
    table = {name: houses()[name] for name in names}
    expected = fit_encoding(table, kinds_of(table))
    constants = {
        "a": Numbers(np.ones(60)), "c": Texts.of(["x"] * 60), "zz": Moments(table_of_one_day()),
        "n": Numbers(np.full(60, np.nan)), "g": Texts.of([None] * 60), "t": Texts.of(["a b"] * 60),
    }  # fmt: skip
    kinds = {
        "a": "number",
        "c": "category",
        "zz": "date",
        "n": "number",
        "g": "category",
        "t": "text",
    }
    changed = {
        **constants,
        "other": Others("lists", np.zeros(60, bool)),
        **dict([*table.items()][::-1]),
    }
    found = fit_encoding(changed, {**kinds, **dict([*kinds_of(table).items()][::-1])})
    assert found.inputs == expected.inputs
    assert (array(found.transform(changed)) == array(expected.transform(table))).all()
    assert found.to_arrays()[1] == expected.to_arrays()[1]


def table_of_one_day() -> np.ndarray:
    return np.full(60, np.datetime64("2024-01-01", "us"))


@pytest.mark.parametrize("names", PARTS, ids=lambda names: "+".join(names))
def test_a_row_alone_has_the_bits_that_it_has_among_many(names, monkeypatch):
    table = {name: houses()[name] for name in names}
    encoding = fit_encoding(table, kinds_of(table))
    whole = encoding.transform(table)
    for row in range(60):
        alone = encoding.transform(taken(table, np.array([row])))
        assert (array(alone)[0] == array(whole)[row]).all()
    monkeypatch.setattr(module, "BLOCK", 7)
    assert (array(encoding.transform(table)) == array(whole)).all()
    assert sparse.issparse(whole) == encoding.sparse
    empty = encoding.transform(taken(table, slice(0)))
    assert empty.shape == (0, len(encoding.outputs))


def test_sparse_and_dense_are_the_same_numbers(monkeypatch):
    dense = fit_encoding(DENSE, kinds_of(DENSE))
    X = dense.transform(DENSE)
    assert isinstance(X, np.ndarray)
    monkeypatch.setattr(module, "DENSE_LEVELS", 1)
    other = fit_encoding(DENSE, kinds_of(DENSE))
    S = other.transform(DENSE)
    assert isinstance(S, sparse.csr_matrix)
    assert S.has_sorted_indices
    assert S.has_canonical_format
    assert (S.data != 0).all()
    assert (S.toarray() == X).all()
    monkeypatch.setattr(module, "BLOCK", 7)
    assert (other.transform(DENSE).toarray() == X).all()


@pytest.mark.parametrize("n_threads", ["1", "3"])
@pytest.mark.parametrize("names", PARTS, ids=lambda names: "+".join(names))
def test_single_precision_is_the_double_rounded_whatever_writes_it(names, n_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", n_threads)
    table = {name: houses()[name] for name in names}
    encoding = fit_encoding(table, kinds_of(table))
    whole = array(encoding.encode(table)[0])
    monkeypatch.setattr(module, "BLOCK", 7)
    single, unknown = encoding.encode(table, np.float32)
    assert single.dtype == np.float32
    assert (array(single) == whole.astype(np.float32)).all()
    assert not unknown


def test_many_rows_in_threads_are_fitted_as_few_are(monkeypatch):
    table = houses(200)
    few = fit_encoding(table, KINDS)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(columns, "MANY_ROWS", 100)
    arrays, metadata = fit_encoding(table, KINDS).to_arrays()
    expected, as_before = few.to_arrays()
    assert metadata == as_before
    assert all((arrays[name] == values).all() for name, values in expected.items())


@pytest.mark.parametrize("names", PARTS, ids=lambda names: "+".join(names))
def test_a_row_takes_no_more_numbers_than_is_said(names):
    table = {name: houses()[name] for name in names}
    encoding = fit_encoding(table, kinds_of(table))
    X = encoding.transform(table)
    most = 2 * np.diff(X.indptr).max() if sparse.issparse(X) else X.shape[1]
    assert most <= encoding.numbers_in_row
    assert sparse.issparse(X) or most == encoding.numbers_in_row


def test_many_levels_are_sparse_without_being_asked():
    cells = Texts.of([f"c{n % 300}" for n in range(900)])
    encoding = fit_encoding({"c": cells}, {"c": "category"})
    X = encoding.transform({"c": cells})
    assert isinstance(X, sparse.csr_matrix)
    assert X.shape == (900, 300)
    assert X.nnz == 900


@pytest.mark.filterwarnings("ignore:.*hasn't converged")
def test_no_weight_answers_that_training_never_moved():
    table = houses()
    encoding = fit_encoding(table, KINDS)
    X, y = encoding.transform(table), np.random.default_rng(0).normal(size=60)
    options = {"hidden_layer_sizes": (3,), "activation": "tanh", "alpha": 0.0, "random_state": 0}
    first, trained = (
        MLPRegressor(solver="sgd", max_iter=2, learning_rate_init=rate, **options).fit(X, y)
        for rate in (1e-300, 1e-2)
    )
    moved = (first.coefs_[0] != trained.coefs_[0]).any(axis=1)
    assert moved.all()
    later, unknown = encoding.encode(houses(200, seed=9))
    assert unknown.texts["street"]
    assert later.shape == (200, len(moved))


def test_gaps_are_the_median_and_an_input_where_training_has_some():
    table = {"a": Numbers(np.array([1.0, 2.0, 9.0, np.nan])), "b": Numbers(np.arange(4))}
    encoding = fit_encoding(table, {"a": "number", "b": "number"})
    assert encoding.outputs == ("a", "b", "a is missing")
    X = encoding.transform(table)
    assert X[3, 0] == X[1, 0] == 0
    np.testing.assert_array_equal(X[:, 2], [0, 0, 0, 1])
    gap = {"a": Numbers(np.array([np.nan, 2.0])), "b": Numbers(np.array([np.nan, np.nan]))}
    X, unknown = encoding.encode(gap)
    np.testing.assert_array_equal(X, [[0, 0, 1], [0, 0, 0]])
    assert unknown == Unknown(gaps={"b": 2})


def test_a_column_of_which_only_the_gaps_vary_says_where_they_are():
    table = {"a": Numbers(np.array([5.0, np.nan, 5.0])), "t": Texts.of(["x", None, None])}
    table["d"] = Moments(np.array(["2024-01-01", "NaT", "NaT"], "datetime64[us]"))
    encoding = fit_encoding(table, {"a": "number", "t": "text", "d": "date"})
    assert encoding.outputs == ("a is missing", "d is missing", "t is missing")
    np.testing.assert_array_equal(encoding.transform(table), [[0, 0, 0], [1, 1, 1], [0, 1, 1]])


def test_what_training_did_not_have_is_told_by_column_and_count(monkeypatch):
    days = np.datetime64("2024-01-01", "us") + np.arange(6) * np.timedelta64(1, "D")
    train = {
        "a": Numbers(np.arange(6)), "c": Texts.of(list("uuvvrs")), "d": Moments(days),
        "k": Texts.of(list("uuuvvv")), "t": Texts.of(["red sky", "red sea"] * 3),
    }  # fmt: skip
    kinds = {"a": "number", "c": "category", "d": "date", "k": "category", "t": "text"}
    encoding = fit_encoding(train, kinds)
    assert encoding.encode(train)[1] == Unknown()
    late = np.array(["2024-01-02", "2031-05-06 07:08", "NaT"], "datetime64[us]")
    table = {
        "a": Numbers(np.array([1e6, np.nan, -50.0])), "c": Texts.of(["new", None, "r"]),
        "d": Moments(late), "k": Texts.of(["new", None, "new"]), "t": Texts.of([None, "blue", "b"]),
    }  # fmt: skip
    seen = ("2024-01-01 00:00:00", "2024-01-06 00:00:00")
    expected = Unknown(
        texts={"c": Counter(new=1), "k": Counter(new=2)},
        shared=frozenset("c"),
        gaps={"a": 1, "c": 1, "d": 1, "k": 1, "t": 1},
        far={
            "a": FarNumbers(2, "-50", "1000000", ("0", "5")),
            "d": FarNumbers(1, "2031-05-06 07:08:00", "2031-05-06 07:08:00", seen),
        },
    )
    for block in (1, 2, 100):
        monkeypatch.setattr(module, "BLOCK", block)
        assert encoding.encode(table)[1] == expected
    with pytest.warns(UserWarning, match="Column") as heard:
        encoding.transform(table)
    assert [str(one.message) for one in heard] == list(expected.sentences())


def test_nothing_is_said_of_the_training_rows():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_encoding(houses(), KINDS).transform(houses())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"area": None}, "The table lacks 1 column of the model: 'area'."),
        ({"area": Texts.of(["x"] * 60)}, "Column 'area' is read as numbers, but holds text."),
        ({"city": Numbers(np.ones(60))}, "Column 'city' is read as text, but holds numbers."),
        ({"born": Numbers(np.ones(60))}, "Column 'born' is read as dates or times, but .*"),
        ({"born": Others("lists", np.zeros(60, bool))}, ".*'born' .* holds something else."),
        ({"floor": Numbers(np.ones(9))}, "Column 'area' has 60 rows, but column 'floor' has 9."),
        (
            {"area": Numbers(np.r_[np.ones(58), np.inf, 1])},
            r"Column 'area' holds an infinite number in row 58 \(the first row is 0\).",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_one_sentence(change, sentence, monkeypatch):
    encoding = fit_encoding(houses(), KINDS)
    monkeypatch.setattr(module, "BLOCK", 50)
    table = {name: cells for name, cells in {**houses(), **change}.items() if cells is not None}
    with pytest.raises(InvalidInput, match=f"^{sentence}$"):
        encoding.encode(table)


@pytest.mark.parametrize(
    ("table", "kinds", "sentence"),
    [
        ({}, {}, "The table has no rows."),
        ({"a": Numbers(np.ones(0))}, {"a": "number"}, "The table has no rows."),
        ({"a": Numbers(np.ones(3))}, {"a": "number"}, "No column of the table varies; .*"),
        ({"a": Numbers(np.arange(3))}, {"b": "number"}, "The table has no column 'b'."),
        ({"a": Numbers(np.arange(3))}, {"a": "id"}, "Column 'a' cannot be read as 'id'; .*"),
        ({"a": Numbers(np.arange(3))}, {"a": "text"}, "Column 'a' is read as text, .* numbers."),
        (
            {"a": Numbers(np.array([1, -np.inf]))},
            {"a": "number"},
            "Column 'a' holds an infinite number in row 1 .*",
        ),
    ],
)
def test_a_table_that_nothing_can_be_learned_from_is_refused(table, kinds, sentence):
    with pytest.raises(InvalidInput, match=f"^{sentence}$"):
        fit_encoding(table, kinds)


CELLS = {
    "number": st.lists(st.floats(allow_infinity=False), min_size=5, max_size=5).map(
        lambda cells: Numbers(np.array(cells))
    ),
    "date": st.lists(st.none() | st.datetimes(), min_size=5, max_size=5).map(
        lambda cells: Moments(
            np.array(["NaT" if c is None else c.isoformat() for c in cells], "datetime64[us]")
        )
    ),
    "category": st.lists(st.none() | st.text(max_size=2), min_size=5, max_size=5).map(Texts.of),
    "text": st.lists(st.none() | st.text("ab .", max_size=9), min_size=5, max_size=5).map(Texts.of),
}
TABLES = st.lists(st.sampled_from([*CELLS]), min_size=1, max_size=4).flatmap(
    lambda kinds: st.tuples(
        st.just({f"c{i}": kind for i, kind in enumerate(kinds)}),
        *(st.fixed_dictionaries({f"c{i}": CELLS[k] for i, k in enumerate(kinds)}) for _ in "ab"),
    )
)


@given(TABLES)
def test_any_table_becomes_finite_numbers_and_comes_back_from_arrays(drawn):
    kinds, train, other = drawn
    try:
        encoding = fit_encoding(train, kinds)
    except InvalidInput:
        return
    again = Encoding.from_arrays(*encoding.to_arrays())
    for table in (train, other):
        X, unknown = encoding.encode(table)
        assert np.isfinite(array(X)).all()
        assert list(unknown.sentences()) == list(again.encode(table)[1].sentences())
        assert (array(again.encode(table)[0]) == array(X)).all()
    assert not encoding.encode(train)[1]
    assert (np.ptp(array(encoding.encode(train)[0]), axis=0) > 0).all()
