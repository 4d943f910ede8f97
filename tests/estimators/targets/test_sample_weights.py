"""What rows weigh: as scikit-learn says where it says it rightly."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.utils import compute_sample_weight

from backpass.errors import InvalidInput
from backpass.estimators.targets.labels import Labels
from backpass.estimators.targets.sample_weights import row_weights, weights_of_classes

K = np.array([0, 1, 2, 1, 1, 2, 1])
TWO = np.stack([K, K == 1], axis=1)


def ours(class_weight, y):
    return weights_of_classes(class_weight, Labels.found_in(y), y)


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.array(2.0), np.int64(2)])
def test_a_number_weighs_every_row(number):
    assert row_weights(number, 3).tolist() == [2.0, 2.0, 2.0]


def test_weights_of_rows():
    assert row_weights(None, 3) is None
    assert row_weights([1, 0, 2], 3).tolist() == [1.0, 0.0, 2.0]
    for bad in (
        [1.0, 2.0],
        [[1.0], [1.0], [1.0]],
        [1.0, np.nan, 1.0],
        "heavy",
        0.0,
        [0, 0, 0],
        np.nan,
    ):
        with pytest.raises(ValueError):
            row_weights(bad, 3)


@pytest.mark.parametrize(
    ("class_weight", "y"),
    [
        ("balanced", K),
        ("balanced", TWO),
        ({0: 1.0, 1: 2.0, 2: 0.5}, K),
        ({1: 3}, K),
        ({}, K),
        ([{0: 1.0, 1: 2.0, 2: 0.5}, {0: 1, 1: 5}], TWO),
        (["balanced", {1: 5}], TWO),
        ({"a": 0.0, "b": 2.0}, np.array(["a", "b"])[K % 2]),
        ({True: 7.0, False: 0.5}, K == 1),
        ([{0: 1, 1: 2}, {0: 3, 1: 4}], np.array([[0, 1], [1, 1], [0, 0]])),
        ("balanced", scipy.sparse.csr_array(np.array([[0, 1], [1, 1], [0, 0]]))),
    ],
    ids=str,
)
def test_classes_weigh_what_scikit_learn_says(class_weight, y):
    np.testing.assert_allclose(ours(class_weight, y), compute_sample_weight(class_weight, y))


def test_a_list_of_one_is_for_one_output():
    np.testing.assert_array_equal(ours([{1: 3}], K), ours({1: 3}, K))
    np.testing.assert_array_equal(ours([None, {1: 5}], TWO), np.where(K == 1, 5, 1))


def test_texts_of_digits_are_no_numbers():
    y = np.array(["02139", "2139"])
    assert ours({"02139": 4.0}, y).tolist() == [4.0, 1.0]


def test_a_batch_need_not_have_all_classes():
    labels = Labels.found_in(K)
    assert weights_of_classes({0: 4.0, 1: 2.0}, labels, K[1:4]).tolist() == [2.0, 1.0, 2.0]


@pytest.mark.parametrize("weight", [np.nan, np.inf, -np.inf, -1.0, "2", None, 1j])
def test_a_bad_weight_is_named(weight):
    with pytest.raises(InvalidInput, match=r"class_weight gives .* to the class 1"):
        ours({1: weight}, K)
    with pytest.raises(InvalidInput, match=r"class_weight gives .* to the class 1"):
        ours([{}, {1: weight}], TWO)


def test_unknown_classes_and_wrong_numbers_of_outputs_are_named():
    with pytest.raises(InvalidInput, match="class_weight names the class 7"):
        ours({0: 1.0, 7: 2.0}, K)
    with pytest.raises(InvalidInput, match="class_weight names the class '1'"):
        ours({"1": 2.0}, K)
    with pytest.raises(InvalidInput, match="class_weight is one dict, but y has 2 outputs"):
        ours({0: 1.0}, TWO)
    with pytest.raises(InvalidInput, match="class_weight has 3 elements, but y has 2 outputs"):
        ours([{}, {}, {}], TWO)
