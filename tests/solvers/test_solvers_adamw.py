"""AdamW against PyTorch's, whose groups of parameters decay or do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backpass.errors import InvalidInput
from backpass.solvers.adamw import AdamW, Matrix, replaced
from backpass.solvers.first_order import Adam

MATRICES = (Matrix(2, inputs=3, units=2), Matrix(10, inputs=2, units=1))  # of 3-2-1 with a gap
RULE = AdamW(0.8, 0.95, 1e-10, 0.3, MATRICES)
START = np.linspace(-1, 1, 12)


def gradients(steps: int = 20) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((steps, len(START)))


def walk(rule: Any, rates: np.ndarray) -> np.ndarray:
    theta, state = START, rule.init(START)
    for D, rate in zip(gradients(), rates):
        state, theta = rule.step(state, theta, D, rate)
    return theta


RATES = 0.05 * np.cos(np.linspace(0, 1.5, 20))


def is_weight() -> np.ndarray:
    found = np.zeros(len(START), bool)
    for matrix in MATRICES:
        found[matrix.where] = True
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_steps_are_torchs_with_biases_in_a_group_without_decay() -> None:
    torch = pytest.importorskip("torch")
    decays = is_weight()
    parts = [torch.tensor(START[each], requires_grad=True) for each in (decays, ~decays)]
    groups = [{"params": [parts[0]], "weight_decay": 0.3}, {"params": [parts[1]]}]
    theirs = torch.optim.AdamW(groups, betas=(0.8, 0.95), eps=1e-12, weight_decay=0.0)
    for D, rate in zip(gradients(), RATES):
        for part, each in zip(parts, (decays, ~decays)):
            part.grad = torch.tensor(D[each])
        for group in theirs.param_groups:
            group["lr"] = rate
        theirs.step()
    ours = walk(RULE, RATES)
    np.testing.assert_allclose(ours[decays], parts[0].detach().numpy(), rtol=1e-7)
    np.testing.assert_allclose(ours[~decays], parts[1].detach().numpy(), rtol=1e-7)


def test_the_first_step_is_the_papers_formula() -> None:
    D = gradients()[0]
    new = RULE.step(RULE.init(START), START, D, 0.1)[1]
    expected = np.where(is_weight(), 1 - 0.1 * 0.3, 1) * START - 0.1 * np.sign(D)
    np.testing.assert_allclose(new, expected, rtol=1e-8)


def test_without_decay_it_is_adam_bit_for_bit() -> None:
    adam = Adam(0.8, 0.95, 1e-10)
    np.testing.assert_array_equal(walk(replace(RULE, weight_decay=0.0), RATES), walk(adam, RATES))


def test_a_matrix_is_the_networks_own_without_its_bias_column() -> None:
    import backpass as bp
    from backpass.training.matrices import matrices_of

    net = bp.Network((3, 2, 4))
    theta = np.arange(net.n_parameters)
    for matrix, Theta in zip(matrices_of(net), net.roll(theta)):
        np.testing.assert_array_equal(matrix.of(theta).T, Theta[:, 1:])


def test_parts_are_put_where_they_lie_in_any_order() -> None:
    vector = np.arange(12.0)
    new = replaced(vector, {each: -each.of(vector) for each in reversed(MATRICES)})
    np.testing.assert_array_equal(new, np.where(is_weight(), -vector, vector))


@pytest.mark.parametrize(
    ("matrices", "words"),
    [
        (None, "give matrices="),
        ((Matrix(0, 2, 3), Matrix(5, 1, 1)), "shares some"),
        ((Matrix(0, 0, 3),), "has no numbers"),
        ((Matrix(10, 3, 1),), "end at 13, but theta has 12"),
    ],
)
def test_matrices_that_cannot_be_are_refused(matrices: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        AdamW(matrices=matrices).init(START)
