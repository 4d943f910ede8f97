"""What is predicted: classes as they are written, or numbers."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.data.knowing.kinds import Kind, Wishes
from backpass.data.knowing.task import known_target
from backpass.data.raw import Moments, Numbers, Others, Texts
from backpass.errors import InvalidInput

RNG = np.random.default_rng(0)


def known(column, **wishes):
    return known_target("y", column, Wishes(("y",), **wishes))


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (Texts.of(["007", "7"] * 2), {"007", "7"}),
        (Texts.of(["1_2", "12"] * 2), {"1_2", "12"}),
        (Texts.of(["1", "2", "3", "other"] * 9), {"1", "2", "3", "other"}),
        (Texts.of(["1", "2", "?"] * 9), {"1", "2"}),
        (Texts.of([*["1", "2", "3"] * 20, "other"]), {"1", "2", "3", "other"}),
        (Texts.of(["NA", "none", "-"] * 2), {"NA", "none", "-"}),
        (Texts.of(["yes", "no", None, "NULL"]), {"yes", "no"}),
        (Texts.of(["True", "False"]), {"True", "False"}),
        (Numbers(np.array([True, False])), {"True", "False"}),
        (Numbers(np.array([2**53, 2**53 + 1] * 3)), {"9007199254740992", "9007199254740993"}),
        (Numbers(np.array([0.0, 1.0, np.nan])), {"0", "1"}),
        (Numbers(np.arange(20)), {str(i) for i in range(20)}),
        (Texts.of(["3", "8"], categories=True), {"3", "8"}),
    ],
)
def test_classes_stay_as_they_are_written(column, labels):
    reading, cells = known(column)
    assert (reading.task, reading.kind) == ("classes", Kind.CATEGORY)
    assert set(cells.vocabulary) == labels
    assert reading.levels == len(labels)
    assert reading.gaps == cells.gaps.sum()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Texts.of([f"${1000 * i:,}" for i in range(30)]), 1000.0 * np.arange(30)),
        (Texts.of(["$1,250", "$80"]), [1250, 80]),
        (Texts.of(["2.50 €", "3.75 €", "n/a"]), [2.5, 3.75, np.nan]),
        (Texts.of(["21.5%", "3%"]), [21.5, 3]),
        (Texts.of([*map(str, range(30)), "NULL"]), [*range(30), np.nan]),
        (Texts.of([*map(str, range(30)), "sold out"]), [*range(30), np.nan]),
        (Numbers(np.arange(21)), np.arange(21)),
        (Numbers(np.array([0.5, 1.5])), [0.5, 1.5]),
    ],
)
def test_quantities_are_numbers(column, values):
    reading, cells = known(column)
    assert (reading.task, reading.kind) == ("number", Kind.NUMBER)
    np.testing.assert_array_equal(cells.values, np.asarray(values, dtype=float))


def test_whole_numbers_may_be_counts():
    assert "a count" in known(Numbers(np.arange(30)))[0].reason
    assert "count" not in known(Numbers(np.arange(30) - 1))[0].reason
    assert "count" not in known(Numbers(np.arange(30) / 2))[0].reason


def test_whole_numbers_as_classes_may_be_quantities_and_the_option_is_said():
    assert "--kind y=number predicts" in known(Numbers(np.arange(6)))[0].reason
    assert "--kind" not in known(Numbers(np.arange(6) % 2))[0].reason
    assert "--kind" not in known(Numbers(np.arange(6)), kinds={"y": "category"})[0].reason
    assert "--kind" not in known(Texts.of(["007", "12", "13"] * 9))[0].reason


def test_a_wish_decides_the_task():
    grades = Numbers(np.array([1, 2, 3, 2]))
    assert known(grades)[0].task == "classes"
    assert known(grades, kinds={"y": "number"})[0].task == "number"
    prices = Texts.of(["$1", "$2"])
    assert known(prices, kinds={"y": "category"})[1].vocabulary == ("$1", "$2")
    assert known(prices, kinds={"y": "number"})[1].values.tolist() == [1, 2]
    with pytest.raises(InvalidInput, match="a number or a category, not a date"):
        known(prices, kinds={"y": "date"})


def test_rows_without_a_target_are_counted_and_what_becomes_of_them_is_said():
    reading, _ = known(Numbers(np.array([0.5, np.nan, 1.5, np.nan])))
    assert reading.gaps == 2
    assert "2 rows have none: they are left out of the training, and predicted" in reading.reason
    reading, _ = known(Texts.of(["a", "b", None]))
    assert "1 row has none: it is left out" in reading.reason


def test_classes_of_a_single_row_are_named():
    assert "a single row has 'c'" in known(Texts.of(["a", "b"] * 5 + ["c"]))[0].reason
    assert "single" not in known(Texts.of(["a", "b"] * 5))[0].reason
    assert "'1', '2', '3' and 2 more" in known(Texts.of([*"aabb12345"]))[0].reason


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Moments(np.array(["2024-01-01"], "M8[us]")), "holds dates or times"),
        (Texts.of(["2024-01-01", "2024-01-02"] * 9), "dates written as .*--kind y=category"),
        (Others("lists", np.zeros(2, bool)), "holds lists"),
        (Texts.of(["a", "a", None]), "one class only \\('a'\\)"),
        (Numbers(np.array([3, 3])), "one class only \\('3'\\)"),
        (Texts.of([None, "?"]), "empty in every row"),
        (Numbers(np.full(3, np.nan)), "empty in every row"),
        (Numbers(np.array([1.5, np.inf])), "1 infinite number, the first in row 1 .*--na inf"),
        (Texts.of([*map(str, np.arange(60) / 2), "<5"]), "'<5'.*--na '<5'"),
    ],
)
def test_what_cannot_be_predicted_is_one_sentence(column, said):
    with pytest.raises(InvalidInput, match=said):
        known(column)


def test_an_infinite_target_can_be_a_gap():
    reading, _ = known(Numbers(np.array([1.5, np.inf, 2.5])), na=["inf"])
    assert (reading.task, reading.gaps) == ("number", 1)
