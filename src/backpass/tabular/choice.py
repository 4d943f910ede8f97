"""How often each member counts: a greedy choice with repeats, on rows that none was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InvalidInput
from .metrics import Metric

START = 0.5  # part of the members, the best, that the average begins with
PICKS = 32
LEAST_GAIN = 1e-9


def choose_members(
    answers: Sequence[np.ndarray], metric: Metric, *, start: float = START, picks: int = PICKS
) -> np.ndarray:
    """Choose how often each member counts in the average of their answers.

    It begins with the best part of the members, each counting once, and adds, one at a time and
    again and again, the member with which the average costs least, until none lowers the cost.

    Parameters
    ----------
    answers : sequence of arrays of shape (m, outputs)
        Each member's, to the same held-out rows. A member with an answer that is not finite is
        never chosen.
    metric : callable
        Answers -> their cost.
    start : float
        Part of the members to begin with; at least one is.
    picks : int
        Members at most, repeats counted; where more begin, none is added.

    Returns
    -------
    ndarray of shape (members,), int64
        Counts; divided by their sum they are the weights of the average.

    Raises
    ------
    InvalidInput
        If there is no member whose answers are all finite.

    References
    ----------
    R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes, "Ensemble selection from libraries of
    models", ICML 2004.

    Examples
    --------
    >>> from backpass.tabular.metrics import squared_error
    >>> metric = squared_error(np.zeros((2, 1)))
    >>> answers = [np.array([[1.0], [1.0]]), np.array([[-2.0], [-2.0]]), np.array([[9.0], [9.0]])]
    >>> choose_members(answers, metric)
    array([2, 1, 0])
    """
    sound = [j for j, answer in enumerate(answers) if np.isfinite(answer).all()]
    if not sound:
        raise InvalidInput("No member's answers are all finite; there is none to choose.")
    costs = {j: metric(answers[j]) for j in sound}
    best_first = sorted(sound, key=lambda j: (costs[j], j))
    counts = np.zeros(len(answers), np.int64)
    counts[best_first[: max(1, round(start * len(sound)))]] = 1
    total = sum(np.asarray(answers[j], np.float64) for j in np.flatnonzero(counts).tolist())
    cost = metric(total / counts.sum())
    while counts.sum() < picks:
        trials = [(metric((total + answers[j]) / (counts.sum() + 1)), j) for j in sound]
        least, j = min(trials)
        if not least < cost - LEAST_GAIN:
            break
        counts[j] += 1
        total, cost = total + answers[j], least
    return counts


def average(answers: Sequence[np.ndarray], counts: np.ndarray) -> np.ndarray:
    """Average the answers of the members that count, as often as they do.

    Parameters
    ----------
    answers : sequence of arrays of shape (m, outputs)
        Of all members; those that do not count are not read.
    counts : ndarray of shape (members,)
        From ``choose_members``.

    Returns
    -------
    ndarray of shape (m, outputs), float64

    Examples
    --------
    >>> average([np.array([[1.0]]), np.array([[4.0]])], np.array([2, 1]))
    array([[2.]])
    """
    counted = np.flatnonzero(counts).tolist()
    total = sum(counts[j] * np.asarray(answers[j], np.float64) for j in counted)
    return total / counts.sum()
