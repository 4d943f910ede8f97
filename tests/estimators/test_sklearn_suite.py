"""scikit-learn's own tests of its multi-layer perceptron, run on ours.

The file is taken from the installed scikit-learn and left as it is; only the names MLPClassifier
and MLPRegressor mean our classes while it is loaded.
"""

from __future__ import annotations

import importlib.util
import pathlib
from types import ModuleType
from unittest import mock

import pytest
import sklearn.neural_network

import backpass as bp

pytestmark = pytest.mark.filterwarnings("default")

# Tests that reach into private attributes of scikit-learn's implementation.
PRIVATE = {
    "test_gradient": "calls _loss_grad_lbfgs with its work arrays",
    "test_learning_rate_warmstart": "reads _optimizer.learning_rate",
    "test_adaptive_learning_rate": "reads _optimizer.learning_rate",
    "test_n_iter_no_change": "reads _no_improvement_count",
    "test_n_iter_no_change_inf": "reads _no_improvement_count",
}


def _their_tests_on_our_classes() -> ModuleType:
    package = pathlib.Path(sklearn.neural_network.__file__).parent
    where = package / "tests" / "test_mlp.py"
    if not where.exists():
        pytest.skip("this scikit-learn came without its tests", allow_module_level=True)
    spec = importlib.util.spec_from_file_location("their_test_mlp", where)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    ours = {"MLPClassifier": bp.MLPClassifier, "MLPRegressor": bp.MLPRegressor}
    with mock.patch.multiple(sklearn.neural_network, **ours):
        spec.loader.exec_module(module)
    return module


THEIRS = _their_tests_on_our_classes()
ALL = {name for name in vars(THEIRS) if name.startswith("test_")}
globals().update({name: getattr(THEIRS, name) for name in sorted(ALL - PRIVATE.keys())})


@pytest.fixture
def global_random_seed() -> int:
    return 42


def test_the_private_ones_are_few_and_there():
    source = pathlib.Path(THEIRS.__file__).read_text()
    for name, reason in PRIVATE.items():
        body = source[source.index(f"def {name}(") :].split("\ndef ")[0]
        assert f".{reason.split()[1].split('.')[0]}" in body
    assert len(ALL) >= 35
