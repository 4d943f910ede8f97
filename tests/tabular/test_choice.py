"""The greedy choice against one written otherwise, and against all choices there are."""

from collections import Counter
from itertools import combinations_with_replacement

import numpy as np
import pytest

from backpass.errors import InvalidInput
from backpass.tabular.choice import DRAWN, average, choose_members, greedy_counts
from backpass.tabular.metrics import log_loss, squared_error


def pool(rng, members, m=40, spread=1.0):
    """Targets, and answers that are wrong each in its own way."""
    Y = rng.normal(size=(m, 1))
    return Y, [Y + spread * rng.uniform(0.3, 2) * rng.normal(size=(m, 1)) for _ in range(members)]


def cost_of(picked, answers, metric):
    return metric(np.mean([answers[j] for j in picked], axis=0))


def greedy(answers, metric, start, picks):
    """The same search over lists of members, every average made anew."""
    order = np.argsort([metric(answer) for answer in answers], kind="stable")
    picked = order[: max(1, round(start * len(answers)))].tolist()
    while len(picked) < picks:
        longer = [[*picked, j] for j in range(len(answers))]
        costs = [cost_of(each, answers, metric) for each in longer]
        if min(costs) >= cost_of(picked, answers, metric) - 1e-9:
            break
        picked = longer[int(np.argmin(costs))]
    return Counter(picked)


@pytest.mark.parametrize("start", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("members", [1, 2, 5, 9])
def test_the_choice_is_that_of_a_search_over_lists(rng, members, start):
    Y, answers = pool(rng, members)
    counts = greedy_counts(answers, squared_error(Y), start=start, picks=12)
    expected = greedy(answers, squared_error(Y), start, 12)
    assert {j: n for j, n in enumerate(counts.tolist()) if n} == expected


@pytest.mark.parametrize("seed", range(12))
def test_two_picks_are_the_best_pair_with_the_best_member(seed):
    Y, answers = pool(np.random.default_rng(seed), 6)
    metric = squared_error(Y)
    counts = greedy_counts(answers, metric, start=0, picks=2)
    best = min(range(6), key=lambda j: metric(answers[j]))
    pairs = [each for each in combinations_with_replacement(range(6), 2) if best in each]
    brute = min(cost_of(each, answers, metric) for each in pairs)
    assert metric(average(answers, counts)) == pytest.approx(brute, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_no_choice_of_as_many_is_much_better(seed):
    """All multisets of at most six of four members; a convex cost leaves greedy near the best."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, 60)
    Y = np.eye(3)[classes]
    answers = [(Y + rng.dirichlet(np.ones(3), 60) * rng.uniform(0.5, 3)) for _ in range(4)]
    answers = [P / P.sum(axis=1, keepdims=True) for P in answers]
    metric = log_loss(Y)
    found = metric(average(answers, greedy_counts(answers, metric, start=0.25, picks=6)))
    all_choices = (
        choice for k in range(1, 7) for choice in combinations_with_replacement(range(4), k)
    )
    brute = min(cost_of(choice, answers, metric) for choice in all_choices)
    alone = min(metric(P) for P in answers)
    assert brute - 1e-12 <= found <= brute + 0.1 * (alone - brute) + 1e-9


def test_repeats_weigh_a_better_member_more():
    answers = [np.full((5, 1), 1.0), np.full((5, 1), -3.0)]
    counts = greedy_counts(answers, squared_error(np.zeros((5, 1))), start=1)
    assert counts.tolist() == [3, 1]  # 3 · 1 − 3 = 0
    np.testing.assert_array_equal(average(answers, counts), np.zeros((5, 1)))


def test_a_member_with_answers_that_are_no_numbers_is_left_out(rng):
    Y, answers = pool(rng, 4)
    answers.insert(1, np.full_like(Y, np.nan))
    answers[3][0] = np.inf
    counts = greedy_counts(answers, squared_error(Y))
    assert counts[1] == counts[3] == 0
    sound = [answers[j] for j in (0, 2, 4)]
    assert counts[[0, 2, 4]].tolist() == greedy_counts(sound, squared_error(Y)).tolist()
    assert np.isfinite(average(answers, counts)).all()


def test_without_a_sound_member_there_is_no_choice():
    with pytest.raises(InvalidInput, match="No member's answers are all finite"):
        greedy_counts([np.full((2, 1), np.nan)], squared_error(np.zeros((2, 1))))


def test_any_metric_chooses(rng):
    Y, answers = pool(rng, 6)

    def worst(H):
        return float(np.abs(H - Y).max())

    counts = greedy_counts(answers, worst, picks=10)
    assert {j: n for j, n in enumerate(counts.tolist()) if n} == greedy(answers, worst, 0.5, 10)


@pytest.mark.parametrize("m", [3, 40, DRAWN, 5_000])
def test_the_fewer_rows_choose_the_more_the_best_half_weighs(rng, m):
    Y, answers = pool(rng, 6, m)
    metric = squared_error(Y)
    weights, counts = choose_members(answers, metric), greedy_counts(answers, metric)
    half = np.zeros(6)
    half[np.argsort([metric(answer) for answer in answers])[:3]] = 1 / 3
    share = DRAWN / (DRAWN + m)
    expected = share * half + (1 - share) * counts / counts.sum()
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    assert weights.sum() == pytest.approx(1, rel=1e-12)


def test_what_is_not_finite_has_no_weight(rng):
    Y, answers = pool(rng, 3)
    answers[0] = np.full_like(Y, np.nan)
    weights = choose_members(answers, squared_error(Y))
    assert weights[0] == 0
    assert np.isfinite(average(answers, weights)).all()
