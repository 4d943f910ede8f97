"""Drawn tables are fitted and answered without a warning; the many are ``scripts/fuzz_fits``'s."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn_tables import drawn_table

import backpass as bp

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fuzz_fits"


@pytest.mark.parametrize("seed", range(12))
def test_a_drawn_table_is_fitted_and_answered(seed):
    frame, y, classes = drawn_table(seed)
    kind = bp.TabularClassifier if classes else bp.TabularRegressor
    model = kind(n_members=2, random_state=seed).fit(frame, y)
    answers = model.predict_proba(frame) if classes else model.predict(frame)
    assert np.isfinite(answers).all()
    if classes:
        np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-9)
        assert set(model.predict(frame)) <= set(y)
    else:
        rounding = 1e-9 * np.abs(y).max()
        assert np.all(answers >= np.min(y, axis=0) - rounding)
        assert np.all(answers <= np.max(y, axis=0) + rounding)


def test_of_a_table_that_does_not_vary_the_target_alone_is_learned():
    frame = {"same": ["a"] * 900, "none": [None] * 900}
    y = np.r_[np.zeros(675), np.ones(225)]
    reg = bp.TabularRegressor(n_members=2, random_state=0).fit(frame, y)
    np.testing.assert_allclose(reg.predict(frame), y.mean(), atol=0.1)
    clf = bp.TabularClassifier(n_members=2, random_state=0).fit(frame, y)
    np.testing.assert_allclose(clf.predict_proba(frame)[:, 1], y.mean(), atol=0.1)


@pytest.mark.long
def test_many_drawn_tables():
    command = [sys.executable, str(SCRIPT), "200", "--seed", "9000"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert ", 0 wrong" in done.stdout
