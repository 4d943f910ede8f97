"""What the solver chooses where the settings are silent."""

from __future__ import annotations

import pytest

import backpass as bp
from backpass.experiment.settings import Settings
from backpass.solvers.registry import SOLVERS


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_solvers_made_for_a_decay_have_one_and_the_others_none(solver):
    decay = Settings(solver=solver).decoupled_decay
    assert decay == {"adamw": 0.01, "muon": 0.1}.get(solver, 0.0)
    model = bp.MLPRegressor(solver=solver, weight_decay=decay, max_iter=2)  # none refuses it
    with pytest.warns(UserWarning, match=r"converge|Maximum"):
        model.fit([[0.0], [1.0], [2.0]], [1.0, 0.0, 5.0])
