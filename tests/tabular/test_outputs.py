"""What a last layer learns of targets, and answers in their terms."""

import numpy as np
import pytest

from backpass.tabular.outputs import ClassOutputs, LogOutputs, NumberOutputs


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_what_is_learnt_of_classes_is_answered_as_one_hot(rng, classes):
    y = rng.integers(0, classes, 40)
    outputs = ClassOutputs((classes,))
    Y = outputs.targets(y[:, None])
    assert Y.shape == (40, outputs.units)
    np.testing.assert_array_equal(outputs.answers(Y), np.eye(classes)[y])


def test_two_classes_have_one_logistic_output_and_more_a_softmax():
    assert (ClassOutputs((2,)).units, ClassOutputs((2,)).loss) == (1, "binary_log_loss")
    assert (ClassOutputs((3,)).units, ClassOutputs((3,)).loss) == (3, "log_loss")


def test_numbers_are_standardised_and_come_back(rng):
    y = rng.normal(size=(60, 2)) * [1e-3, 1e6] + [5, -7]
    outputs = NumberOutputs.of(y)
    Y = outputs.targets(y)
    np.testing.assert_allclose(Y.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(Y.std(axis=0), 1, rtol=1e-9)
    np.testing.assert_allclose(outputs.numbers(outputs.answers(Y)), y, rtol=1e-9)


def test_no_answer_is_beyond_the_numbers_seen(rng):
    y = rng.normal(size=(60, 2))
    outputs = NumberOutputs.of(y)
    answered = outputs.numbers(outputs.answers(np.array([[-99.0, 99.0], [99.0, -99.0]])))
    expected = [[y[:, 0].min(), y[:, 1].max()], [y[:, 0].max(), y[:, 1].min()]]
    np.testing.assert_allclose(answered, expected, rtol=1e-12)


def test_a_number_that_does_not_vary_is_its_own_answer():
    outputs = NumberOutputs.of(np.full((5, 1), 3.0))
    assert outputs.numbers(outputs.answers(np.array([[0.4]]))).tolist() == [[3.0]]


def test_several_targets_have_their_units_side_by_side(rng):
    sizes = (2, 3, 1, 4)
    outputs = ClassOutputs(sizes)
    y = np.column_stack([rng.integers(0, size, 50) for size in sizes])
    Y = outputs.targets(y)
    assert (Y.shape, outputs.units, outputs.loss) == ((50, 9), 9, "binary_log_loss")
    parts = outputs.by_target(outputs.answers(Y))
    for part, column, size in zip(parts, y.T, sizes):
        np.testing.assert_array_equal(part, np.eye(size)[column])


def test_shares_of_several_logistic_outputs_are_probabilities_even_of_nothing():
    outputs = ClassOutputs((3, 2))
    P = outputs.answers(np.array([[0.2, 0.2, 0.1, 0.5], [0.0, 0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(P[0], [0.4, 0.4, 0.2, 0.5, 0.5], rtol=1e-15)
    np.testing.assert_allclose(P[1], [1 / 3, 1 / 3, 1 / 3, 0, 1], rtol=1e-15)


def test_logarithms_are_learnt_and_numbers_answered(rng):
    y = np.exp(rng.normal(size=(80, 2)) * [0.5, 3] + [0, 9])
    outputs = LogOutputs.of(y)
    Y = outputs.targets(y)
    np.testing.assert_allclose(Y.std(axis=0), 1, rtol=1e-9)
    learnt = outputs.learnt(Y)
    np.testing.assert_allclose(learnt.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(learnt.std(axis=0), 1, rtol=1e-8)
    np.testing.assert_allclose(outputs.answers(learnt), Y, atol=1e-9)
    far = outputs.numbers(outputs.answers(np.array([[-1e6, -1e6], [1e6, 1e6]])))
    np.testing.assert_allclose(far, [y.min(axis=0), y.max(axis=0)], rtol=1e-9)
    below = outputs.learnt(outputs.targets(np.array([[-5.0, 0.0]])))
    np.testing.assert_allclose(below[0], outputs.learnt(outputs.low[None])[0], rtol=1e-9)


def test_targets_in_blocks_have_the_moments_and_ends_of_all(rng):
    y = rng.normal(size=(500, 2)) * [1e-3, 1e6] + [5, 1e9]
    whole = NumberOutputs.of(y)
    blocks = NumberOutputs.of_blocks(np.split(y, [1, 60, 61, 300]))
    for name in ("mean", "deviation", "low", "high"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), rtol=1e-9)


def test_a_target_in_blocks_that_does_not_vary_has_the_deviation_one():
    outputs = NumberOutputs.of_blocks([np.full((3, 1), 7.0), np.full((2, 1), 7.0)])
    assert (outputs.mean.item(), outputs.deviation.item()) == (7.0, 1.0)


def test_logarithms_of_some_rows_go_with_the_scale_of_others(rng):
    """Rows of somebody's own to choose by do not move what the training rows' targets mean."""
    y, others = np.exp(rng.normal(size=(50, 1))), np.exp(3 + rng.normal(size=(90, 1)))
    outputs = NumberOutputs.of(y)
    logs = outputs.in_logarithms(np.concatenate([y, others]))
    learnt = logs.learnt(outputs.targets(y))
    np.testing.assert_allclose(logs.numbers(logs.answers(learnt)), y, rtol=1e-9)
