"""The compiled core is what its stub says, and what is asked of it is answered without it, too."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import backpass as bp
from backpass.engine import core, thread_limit
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam
from backpass.training.matrices import with_matrices

STUB = Path(core.__file__).with_name("_native.pyi")


def names_of(parts) -> dict[str, set[str]]:
    """Functions, and classes with their methods, that a stub declares."""
    found = {}
    for part in parts:
        if isinstance(part, ast.FunctionDef):
            found[part.name] = set()
        elif isinstance(part, ast.ClassDef):
            inherited = [found[base.id] for base in part.bases]
            found[part.name] = set(names_of(part.body)).union(*inherited)
    return found


@pytest.mark.skipif(not core.instruction_sets(), reason="the core is not built")
def test_the_stub_names_what_the_core_has_and_nothing_else():
    declared = names_of(ast.parse(STUB.read_text()).body)
    compiled = {
        name: {each for each in vars(part) if not each.startswith("_") or each == "__init__"}
        if isinstance(part, type)
        else set()
        for name, part in vars(core.compiled).items()
        if not name.startswith("_")
    }
    assert declared == compiled


def test_without_the_core_there_is_nothing_to_choose_and_threads_are_counted(monkeypatch):
    monkeypatch.setattr(core, "why_missing", "no compiler")
    assert core.instruction_sets() == []
    assert core.default_threads() == thread_limit.processors()


def test_what_the_core_can_read():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    X = np.ones((3, 2))
    assert core.takes(X)
    assert core.takes(X.astype(">f4"))
    assert core.takes(scipy_sparse.csr_array(X))
    for other in (X.astype(int), X.astype(complex), X.tolist(), np.ma.masked_array(X)):
        assert not core.takes(other)


def test_custom_functions_and_rules_are_not_the_cores():
    class Custom(Adam):
        def step(self, state, theta, gradient, learning_rate):
            return state, theta

    if core.why_missing is None:
        assert core.steps_by(Adam())
        net, other = bp.Network((3, 4, 2)), bp.Network((3, 3, 2))
        rule = with_matrices(AdamW(), net)
        assert core.steps_by(rule, net.sizes)
        assert not core.steps_by(rule, other.sizes)
        assert not core.steps_by(replace(rule, matrices=rule.matrices[:1]), net.sizes)
        assert core.computes(bp.Network((2, 3, 1)))
    assert not core.steps_by(Custom())
    assert not core.computes(
        bp.Network((2, 3, 1), bp.Activation("square", np.square, lambda z: 2 * z))
    )
