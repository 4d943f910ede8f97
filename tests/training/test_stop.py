"""Every reason to stop is a sentence."""

from __future__ import annotations

from backpass.training.stop import StopReason


def test_reasons_are_sentences():
    for reason in StopReason:
        assert reason.value[0].isupper()
        assert reason.value.endswith(".")
    assert StopReason.GRADIENT.converged
    assert not StopReason.DIVERGED.converged
