"""What a target is: classes or numbers, and their scale."""

import numpy as np
import pandas as pd
import pytest

from backpass.data.target import Target, fit_target, joined
from backpass.errors import InvalidInput

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


def test_several_targets_are_encoded_side_by_side_and_decoded() -> None:
    group = joined([Target("a", False, 1.0, 2.0), Target("b", False, 0.0, 4.0)])
    cells = np.array([[3.0, 8.0], [1.0, -4.0]])
    assert group.names == ("a", "b")
    assert group.encode(cells).tolist() == [[1.0, 2.0], [0.0, -1.0]]
    np.testing.assert_array_equal(group.decode(group.encode(cells)), cells)
    frame = pd.DataFrame({"b": cells[:, 1], "x": 0.0, "a": cells[:, 0]})
    for table in (frame, frame.to_dict("list")):
        np.testing.assert_array_equal(group.encode(table), group.encode(cells))


def test_several_targets_of_classes_are_labels_as_they_are_written() -> None:
    group = joined([Target("kind", True), Target("flag", True)])
    cells = np.array([["a", 1], ["b", 0]], dtype=object)
    assert group.encode(cells).tolist() == [["a", "1"], ["b", "0"]]
    known = [np.array(["a", "b"]), np.array(["0", "1"])]
    other = np.array([["b", 1.0]], dtype=object)
    assert group.encode(other, known).tolist() == [["b", "1"]]


def test_targets_of_two_sorts_and_of_other_columns_are_refused() -> None:
    with pytest.raises(InvalidInput, match="'kind' holds classes and 'a' numbers"):
        joined([Target("a", False), Target("kind", True)])
    group = joined([Target("a", False), Target("b", False)])
    for cells in (np.zeros(3), np.zeros((3, 3))):
        with pytest.raises(InvalidInput, match="2 targets, a column each: 'a', 'b'"):
            group.encode(cells)


def test_one_target_is_itself() -> None:
    target = Target("a", False)
    assert joined([target]) is target
    assert target.parts == (target,)
