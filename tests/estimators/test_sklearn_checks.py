"""scikit-learn's estimator checks: all of them pass, none is skipped or expected to fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import backpass as bp

HERE = Path(__file__)


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([bp.MLPClassifier(), bp.MLPRegressor()])
def test_scikit_learns_checks(estimator, check):
    if "array_api" in check.func.__name__ and not os.environ.get("SCIPY_ARRAY_API"):
        _apart("test_sklearn_checks.py", f"array_api and {type(estimator).__name__}")
    else:
        check(estimator)


def test_arrays_of_other_libraries():
    pytest.importorskip("array_api_strict", exc_type=ImportError)
    _apart("array_api_checks.py", "check")


def _apart(file: str, which: str) -> None:
    """Run checks in a new process: SciPy reads the variable when it is imported."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", which]
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [*command, str(HERE.with_name(file))], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
