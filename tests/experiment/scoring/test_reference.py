"""Scores beside what training rows say of their target, the same after a file as before it."""

import json

import numpy as np
import pytest

from backpass.experiment.scoring.reference import Reference
from backpass.experiment.scoring.scores import Constants, score_classes, score_numbers

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("counts", [np.array([7, 90, 3]), np.array([0.1, 2 / 3, 1e-3])])
def test_classes_are_scored_as_by_their_counts(counts):
    classes = np.array(["a", "b", "c"])
    truth, answered = RNG.choice(classes, 50), RNG.choice(classes, 50)
    p = RNG.dirichlet(np.ones(3), 50)
    again = Reference.from_json(json.loads(json.dumps(Reference(counts).to_json())))
    ours = again.scores(truth, answered, classes, p)
    assert ours.to_json() == score_classes(truth, answered, classes, counts, p).to_json()


def test_numbers_are_scored_as_by_their_constants():
    y = RNG.normal(3, 1, 99)
    of = Constants.of(y, quantile=0.3)
    again = Reference.from_json(json.loads(json.dumps(Reference(of).to_json())))
    assert again.of == of
    ours = again.scores(y, y + 0.1, None, w=y**2)
    assert ours.to_json() == score_numbers(y, y + 0.1, of, y**2).to_json()
