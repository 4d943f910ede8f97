"""Labels come back as they were given; Y is what scikit-learn's binarizer makes."""

from __future__ import annotations

import datetime
import decimal
import tracemalloc
import warnings

import array_api_compat.numpy as xp  # NumPy 1.26 has no astype
import numpy as np
import pytest
import scipy.sparse
from sklearn.preprocessing import LabelBinarizer, MultiLabelBinarizer
from sklearn.utils.multiclass import check_classification_targets

from backpass.errors import InvalidInput
from backpass.estimators.targets import labels as labels_module
from backpass.estimators.targets.labels import Labels, as_labels, as_numbers

K = np.array([0, 1, 2, 1, 0, 2, 2, 1, 0])
BIG = 2**60 + K  # neighbours are one float64
LETTERS = np.array(["b", "cc", "ä"])
INDICATORS = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])


def there_and_back(y):
    y = as_labels(y)
    labels = Labels.found_in(y)
    labels.check(y)
    return labels.decode(labels.codes(labels.encode(y) - 0.5, xp))


# Containers.


@pytest.mark.parametrize(
    ("given", "back"),
    [
        (K.tolist(), K),
        (tuple(K.tolist()), K),
        (BIG, BIG),
        (BIG.tolist(), BIG),
        (np.array(BIG.tolist(), object), BIG),
        (2**63 + K.astype("u8"), 2**63 + K.astype("u8")),
        ([2**63 + int(k) for k in K], 2**63 + K.astype("u8")),
        (K.astype("i1"), K.astype("i1")),
        (K.astype("f4"), K.astype("f4")),
        (K.astype(">i4"), K.astype("i4")),
        ((K == 1), K == 1),
        ((K == 1).tolist(), K == 1),
        ((K == 1).astype(object), K == 1),
        (LETTERS[K].tolist(), LETTERS[K]),
        (LETTERS[K].astype(object), LETTERS[K]),
        (np.datetime64("2020-02-28") + K, np.datetime64("2020-02-28") + K),
        (np.full(9, 7), np.full(9, 7)),
    ],
    ids=str,
)
def test_labels_come_back_with_their_type(given, back):
    answer = there_and_back(given)
    assert answer.dtype == back.dtype
    np.testing.assert_array_equal(answer, back)


def test_integers_of_any_size_are_labels():
    for many in ([-1, 2**63 + 1, 2**63 + 2], [2**70, 2**70 + 1, -(2**70)]):
        y = [many[k] for k in K]
        assert there_and_back(y).tolist() == y


def test_fractions_and_whole_numbers_are_floats_where_floats_hold_them():
    for y in ([1, 2.0, 1], [1e300, 2.0], [1, 2.0**53], [-(2.0**53), 1]):
        assert as_labels(y).dtype == float
        assert as_labels(y).tolist() == y
    for y in ([1, 2.0**53 + 2], [-(2.0**53) - 2, 1]):
        with pytest.raises(InvalidInput, match="float and int"):
            as_labels(y)


def test_texts_that_look_like_numbers_are_texts():
    y = ["02139", "1_2", "12", "2139", "1.0", "1"] * 2
    assert there_and_back(y).tolist() == y
    y = ["a", "a\0", "a"]  # NumPy's own texts drop a NUL at the end
    for given in (y, np.array(y, dtype=object), [[label] for label in y]):
        assert np.ravel(there_and_back(given)).tolist() == y


# A long text among short ones.

SHORT, LONG = "s", "l" * 20_000
ROWS = [SHORT] * 4_999 + [LONG]  # as wide as the longest they would take 400 MB


def peak_bytes(function, *arguments):
    tracemalloc.start()
    try:
        return function(*arguments), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "y",
    [ROWS, tuple(ROWS), np.array(ROWS, object), [[row] for row in ROWS]],
    ids=["list", "tuple", "objects", "column"],
)
def test_memory_is_that_of_the_texts_however_long_one_is(y):
    back, n_bytes = peak_bytes(there_and_back, y)
    assert np.ravel(back).tolist() == ROWS
    assert n_bytes < 4_000_000


def test_memory_is_that_of_the_texts_where_there_are_many_classes():
    classes = [f"{number}" for number in range(299)] + [LONG]
    labels, n_bytes = peak_bytes(Labels.found_in, as_labels(classes * 2))
    assert labels.public.tolist() == sorted(classes)
    assert n_bytes < 1_000_000  # 24 MB where all are as wide


def test_columns_side_by_side_are_not_as_wide_as_the_widest():
    pandas = pytest.importorskip("pandas")
    columns = {f"y{k}": LETTERS[K] for k in range(39)} | {"wide": np.array([LONG] * 9)}
    back, n_bytes = peak_bytes(there_and_back, pandas.DataFrame(columns))
    assert back.tolist() == [list(row) for row in zip(*columns.values())]
    assert n_bytes < 10_000_000  # 28 MB where all are as wide


@pytest.mark.parametrize(("letters", "dtype"), [(31, "U31"), (32, object)])
def test_columns_side_by_side_take_16_times_their_texts_at_most(letters, dtype):
    y = np.array([["a"] * 31 + ["b" * letters]] * 2, object)
    back = there_and_back(y)
    assert back.dtype == dtype
    assert back.tolist() == y.tolist()


@pytest.mark.parametrize(
    ("longest", "shortest", "dtype"),
    [(200, 1, "U200"), (1_000, 1_000, "U1000"), (1_000, 1, object), (1_000, 300, "U1000")],
)
def test_text_is_numpy_s_own_where_that_takes_not_much_more_room(longest, shortest, dtype):
    y = ["a" * longest, "b" * shortest] * 5
    for given in (y, np.array(y), np.array(y, object), np.array(y, f">U{longest}")):
        back = there_and_back(given)
        assert back.dtype == dtype
        assert back.tolist() == y
    assert Labels((np.array(["a", "b"], "U1000"),)).public.dtype == object


PANDAS = {
    "Int64": BIG, "UInt8": K.astype("u1"), "boolean": K == 1, "string": LETTERS[K],
    "int64[pyarrow]": BIG, "bool[pyarrow]": K == 1, "string[pyarrow]": LETTERS[K],
    "category": LETTERS[K], "object": LETTERS[K], "int16": K.astype("i2"),
}  # fmt: skip


@pytest.mark.parametrize("dtype", PANDAS)
@pytest.mark.parametrize("container", ["Series", "Index", "array", "DataFrame"])
def test_pandas(dtype, container):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    expected = PANDAS[dtype]
    y = pandas.Series(expected, dtype=dtype, index=np.arange(9)[::-1])
    y = {"Series": y, "array": y.array, "Index": pandas.Index(y), "DataFrame": y.to_frame()}
    answer = there_and_back(np.ravel(as_labels(y[container])))
    assert answer.dtype == expected.dtype
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("categories", [BIG[:3], [False, True], ["b", "a"]], ids=str)
def test_categories_are_the_labels_not_their_numbers(categories):
    pandas = pytest.importorskip("pandas")
    y = np.array(categories)[K % len(categories)]
    answer = there_and_back(pandas.Series(pandas.Categorical(y, categories=categories)))
    assert answer.dtype == y.dtype
    np.testing.assert_array_equal(answer, y)
    gap = pandas.Series(pandas.Categorical(["a", None, "b"]))
    with pytest.raises(InvalidInput, match="NaN"):
        as_labels(gap)


@pytest.mark.parametrize("values", [BIG.tolist(), LETTERS[K].tolist(), (K == 1).tolist()], ids=str)
def test_polars(values):
    polars = pytest.importorskip("polars")
    for y in (polars.Series(values), polars.DataFrame({"y": values})):
        answer = there_and_back(np.ravel(as_labels(y)))
        assert answer.dtype == np.array(values).dtype
        assert answer.tolist() == values


def test_a_frame_s_columns_keep_their_types_and_may_share_a_name():
    pandas = pytest.importorskip("pandas")
    y = pandas.concat(
        [pandas.Series(BIG), pandas.Series(LETTERS[K]), pandas.Series(K == 1)], axis=1
    )
    y.columns = ["same", "same", "other"]
    labels = Labels.found_in(as_labels(y))
    assert [c.dtype.kind for c in labels.classes] == ["i", "U", "b"]
    assert there_and_back(y).tolist() == [list(row) for row in zip(BIG, LETTERS[K], K == 1)]
    whole = as_labels(pandas.DataFrame({"a": np.array([2**63 + 1], "u8"), "b": np.array([-1])}))
    assert whole.tolist() == [[2**63 + 1, -1]]


def test_columns_of_objects_have_types_of_their_own_in_one_row_too():
    for rows in ([["a", 1]], [["a", 1], ["b", 2]], [["a", 1, True]]):
        assert as_labels(np.array(rows, object)).tolist() == as_labels(rows).tolist() == rows


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, "a", 2], "int and str"),
        (np.array([1, "a"], object), "int and str"),
        (np.array([True, 2], object), "bool and int"),
        (np.array(["a", 1.5], object), "float and str"),
        (np.array(["a", None], object), "NaN"),
        (np.array(["a", np.nan], object), "NaN"),
        (["a", None], "NaN"),
    ],
)
def test_mixed_and_missing_labels_are_refused(y, message):
    with pytest.raises(InvalidInput, match=message):
        as_labels(y)


def test_missing_labels_of_pandas_are_refused():
    pandas = pytest.importorskip("pandas")
    for y in (
        pandas.Series([1, None], dtype="Int64"),
        pandas.Series(["a", None]),
        np.array([pandas.NA, "a"], object),
        np.array([pandas.NaT, pandas.Timestamp(0)], object),
    ):
        with pytest.raises(InvalidInput, match="NaN"):
            as_labels(y)


@pytest.mark.parametrize(
    "y",
    [
        np.linspace(0, 1, 9),
        np.array([datetime.date(2020, 1, 1)] * 2, object),
        np.array([decimal.Decimal(1)] * 2, object),
        scipy.sparse.csr_array([[2, 0], [0, 1]]),
        np.array([["a", decimal.Decimal(1)]] * 2, object),
    ],
    ids=["continuous", "date", "decimal", "sparse", "column"],
)
def test_what_is_no_label_is_refused(y):
    with pytest.raises(ValueError, match=r"Unknown label type"):
        Labels.found_in(as_labels(y))


def test_nothing_is_passed_on():
    assert as_labels(None) is None
    assert as_numbers(None) is None


# Y.


@pytest.mark.parametrize("y", [K, K > 0, LETTERS[K], np.full(9, "x"), K * 5 - 3], ids=str)
def test_Y_is_the_binarizer_s(y):
    labels, theirs = Labels.found_in(y), LabelBinarizer()
    expected = theirs.fit_transform(y)
    np.testing.assert_array_equal(labels.encode(y), expected)
    assert labels.encode(y).dtype == bool
    np.testing.assert_array_equal(labels.public, theirs.classes_)
    assert labels.single
    assert labels.units == (expected.shape[1],)
    assert labels.sizes == (len(theirs.classes_),)
    assert labels.softmax == (len(theirs.classes_) > 2)
    np.testing.assert_array_equal(labels.numbers(y)[:, 0], np.searchsorted(theirs.classes_, y))
    np.testing.assert_array_equal(labels.decode(labels.numbers(y)), y)


@pytest.mark.parametrize("kind", [np.array, scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_indicators(kind):
    y = as_labels(kind(INDICATORS))
    labels = Labels.found_in(y)
    assert (labels.multilabel, labels.single, labels.softmax) == (True, False, False)
    assert labels.sparse == (kind is not np.array)
    assert labels.public.tolist() == [0, 1, 2]
    assert labels.units == (1, 1, 1)
    np.testing.assert_array_equal(labels.encode(y), INDICATORS)
    np.testing.assert_array_equal(labels.numbers(y), INDICATORS)
    back = labels.decode(labels.numbers(y))
    assert scipy.sparse.issparse(back) == labels.sparse
    np.testing.assert_array_equal(back.toarray() if labels.sparse else back, INDICATORS)
    assert Labels.found_in(as_labels(kind(INDICATORS.astype(float)))).multilabel
    assert Labels.found_in(as_labels(kind(INDICATORS > 0))).multilabel
    named = MultiLabelBinarizer().fit_transform([{"a"}, {"b"}, set()])
    assert Labels.found_in(named).multilabel


def test_a_frame_of_zeros_ones_and_truths_is_indicators():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": INDICATORS[:, 0], "b": INDICATORS[:, 1] > 0})
    labels = Labels.found_in(as_labels(frame))
    assert labels.multilabel
    np.testing.assert_array_equal(labels.encode(as_labels(frame)), INDICATORS[:, :2])
    assert not Labels.found_in(as_labels(frame.assign(a=frame.a + 1))).multilabel
    assert Labels.found_in(np.array([[1, True]], object)).multilabel
    assert not Labels.found_in(np.array([[1], [0], [1]], object)).multilabel


def test_several_columns_of_classes():
    y = np.stack([LETTERS[K], LETTERS[K // 2], LETTERS[K * 0]], axis=1)
    labels = Labels.found_in(y)
    expected = np.hstack([LabelBinarizer().fit_transform(column) for column in y.T])
    np.testing.assert_array_equal(labels.encode(y), expected)
    assert (labels.units, labels.sizes) == ((3, 1, 1), (3, 2, 1))
    assert not any((labels.single, labels.multilabel, labels.softmax))
    assert [part.shape[1] for part in labels.parts(labels.encode(y))] == [3, 1, 1]
    np.testing.assert_array_equal(labels.numbers(y), np.stack([K, K // 2, K * 0], axis=1))
    np.testing.assert_array_equal(labels.decode(labels.numbers(y)), y)
    assert [list(c) for c in labels.public] == [["b", "cc", "ä"], ["b", "cc"], ["b"]]


def test_a_tie_is_the_first_class():
    zeros = np.zeros((2, 1))
    assert Labels.found_in(K > 0).codes(zeros, xp).tolist() == [[0], [0]]
    assert Labels.found_in(K).codes(np.array([[1.0, 1.0, 0.5], [0, 2, 2]]), xp).tolist() == [
        [0],
        [1],
    ]
    assert Labels.indicators(2).codes(np.array([[0.0, 1e-300]]), xp).tolist() == [[0, 1]]
    several = Labels.of(np.stack([K, K > 0], axis=1))
    assert several.codes(np.zeros((1, 4)), xp).tolist() == [[0, 0]]


# Labels that a model does not have.


@pytest.mark.parametrize(
    ("known", "y"),
    [
        (K, [0, 3]),
        (BIG, [2**60 + 4]),
        (BIG, [float(2**60)] * 2 + [0.5]),
        (LETTERS[K], ["b", "B"]),
        (LETTERS[K], [0, 1]),
        (np.array(["0", "1"]), [0, 1]),
        (K, ["0", "1"]),
        (K > 0, [0, 2]),
    ],
    ids=str,
)
def test_unknown_labels_are_refused(known, y):
    labels = Labels.found_in(known)
    with pytest.raises(InvalidInput, match=r"classes not in `self.classes_`"):
        labels.check(as_labels(y))
    labels.check(known[:1])


def test_unknown_labels_of_a_column_are_named():
    labels = Labels.of(np.stack([K, K % 2], axis=1))
    with pytest.raises(InvalidInput, match="Column 1 of y holds 7, which is not among its"):
        labels.check(np.array([[0, 1], [2, 7]]))
    with pytest.raises(InvalidInput, match=r"y has 1 column, but .* 2 outputs"):
        labels.check(K)
    with pytest.raises(InvalidInput, match=r"y has 3 columns, but .* 2 outputs"):
        labels.check(np.zeros((2, 3)))
    with pytest.raises(InvalidInput, match="sparse columns"):
        labels.check(scipy.sparse.csr_array([[1, 0]]))


def test_indicators_are_0_and_1():
    labels = Labels.indicators(2)
    assert not scipy.sparse.issparse(labels.decode(np.array([[0, 1]])))
    labels.check(np.array([[0, 1], [1, 1]]))
    labels.check(scipy.sparse.csr_array([[0, 1]]))
    for wrong in (np.array([[0, 2]]), scipy.sparse.csr_array([[-1, 0]])):
        with pytest.raises(InvalidInput, match="something else than 0 and 1"):
            labels.check(wrong)


# Classes that are named before the rows are there.


@pytest.mark.parametrize(
    ("classes", "y", "expected"),
    [
        ([2, 0, 1], K, [[0, 1, 2]]),
        (np.array(["b", "a"]), np.array(["a"]), [["a", "b"]]),
        ([[2, 1, 0], [True, False]], np.zeros((2, 2), int), [[0, 1, 2], [False, True]]),
        ([["a", "b"], [1, 2, 3]], np.array([["a", 1]], object), [["a", "b"], [1, 2, 3]]),
        ([np.arange(3), np.arange(2)], np.zeros((2, 2), int), [[0, 1, 2], [0, 1]]),
    ],
    ids=str,
)
def test_classes_can_be_named(classes, y, expected):
    labels = Labels.named(classes, y)
    assert not labels.multilabel
    assert [c.tolist() for c in labels.classes] == expected
    assert labels.same_classes(Labels(tuple(np.array(c) for c in expected)))
    assert not labels.same_classes(Labels((np.array(expected[0][:1]),)))


def test_classes_of_indicators_can_be_named_in_two_ways():
    y = INDICATORS[:1]
    for classes in ([0, 1, 2], [[0, 1]] * 3, np.array([[1, 0]] * 3)):
        for rows in (y, scipy.sparse.csr_array(y)):
            labels = Labels.named(classes, rows)
            assert labels.multilabel
            assert labels.sparse == scipy.sparse.issparse(rows)
            assert len(labels.classes) == 3
    assert not labels.same_classes(Labels((np.array([0, 1]),) * 3))
    with pytest.raises(ValueError, match="Unknown label type"):
        Labels.named([0.5, 1.5], K)


# Numbers.


def dates():
    days = np.datetime64("2020-01-01") + np.arange(3)
    yield days
    yield days - days[0]
    yield [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)]
    yield [datetime.datetime(2020, 1, 1)]
    yield [datetime.timedelta(1)]
    yield [datetime.time(1)]
    yield np.array([1.0, np.datetime64("2020-01-01")], object)
    yield np.array([np.timedelta64(3, "D")], object)
    yield np.stack([days, days], axis=1)


@pytest.mark.parametrize("y", list(dates()))
def test_dates_are_no_numbers(y):
    with pytest.raises(InvalidInput, match="dates or times"):
        as_numbers(y)


def test_dates_of_data_frames_are_no_numbers():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    days = pandas.date_range("2020-01-01", periods=3)
    for y in (
        days, pandas.Series(days), pandas.Series(days).dt.tz_localize("Asia/Tokyo"),
        pandas.period_range("2020-01", periods=3, freq="M"), pandas.Series(days - days[0]),
        pandas.DataFrame({"a": [1.0, 2, 3], "b": days}),
        pandas.Series(list(days)).astype(object),
        polars.Series([datetime.date(2020, 1, 1)]), polars.DataFrame({"a": [datetime.time(1)]}),
        polars.DataFrame({"a": [1.5], "b": [datetime.date(2020, 1, 1)]}),
        pandas.DataFrame({"a": [1], "b": [datetime.timedelta(1)], "c": ["x"]}),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match="dates or times"):
            as_numbers(y)


def test_numbers_of_other_libraries_stay_there():
    torch = pytest.importorskip("torch")
    y = torch.tensor([1.0, 2.0], requires_grad=True)  # which NumPy refuses to read
    assert as_numbers(y) is y
    assert as_labels(y) is y


def test_numbers_are_numbers():
    for y in (
        K,
        K.tolist(),
        K.astype(object),
        np.array(["1.5"], object),
        K > 0,
        [decimal.Decimal(1)],
    ):
        assert as_numbers(y) is y
    with pytest.raises(InvalidInput, match="sparse"):
        as_numbers(scipy.sparse.csr_array([[1.0]]))


@pytest.mark.parametrize("n_classes", [2, 10, 11, 12, 13, 25])
@pytest.mark.parametrize("kind", [int, np.uint8, str, float])
@pytest.mark.parametrize("m", [20, 22, 25])
def test_scikit_learn_is_asked_where_it_may_say_something(m, n_classes, kind, monkeypatch):
    """Labels that are whole numbers or texts are labels: it only warns where they are many."""
    y, asked = (np.arange(m) % n_classes).astype(kind), []

    def ask(y):
        asked.append(y)
        check_classification_targets(y)

    monkeypatch.setattr(labels_module, "check_classification_targets", ask)
    said = []
    for look in (Labels.found_in, check_classification_targets):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            look(y)
        said.append([str(each.message) for each in told])
    assert said[0] == said[1]
    assert asked or (kind is not float and not said[1])
    assert not asked or kind is float or 2 * min(m, n_classes) > m
