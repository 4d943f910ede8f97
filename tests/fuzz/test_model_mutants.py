"""Damaged model files: never a crash, never silence, one exception class."""

import contextlib

import numpy as np
import pytest
from mutants import mutant, rehashed

import backpass as bp
from backpass.data.columns import fit_columns
from backpass.data.preprocessing import Preprocessing
from backpass.data.target import fit_target
from backpass.errors import ModelFileError
from backpass.io.saving import from_content, to_content
from backpass.storage.modelfile import from_bytes, reading, to_bytes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT, LONG = 2_000, 100_000


@pytest.fixture(scope="module")
def data():
    """A small model file with everything in it."""
    table = {"x": np.arange(12.0), "kind": np.array(["a", "b", "c"] * 4)}
    preprocessing = Preprocessing(fit_columns(table), fit_target("y", table["kind"]))
    model = bp.MLPClassifier((3,), solver="lbfgs", max_iter=3, random_state=0)
    model.fit(preprocessing.transform(table), table["kind"])
    return to_bytes(to_content(model, preprocessing, state=True))


def load(data):
    content = from_bytes(data)
    with reading("The model file"):
        return from_content(content)


def every_mutant_is_refused(data, seeds):
    load(data)
    for seed in seeds:
        with pytest.raises(ModelFileError) as caught:
            load(mutant(data, seed))
        assert "\n" not in str(caught.value)


def no_forgery_does_harm(data, seeds):
    """With the right hash a mutant may load; then it predicts, or raises like any estimator."""
    loaded = 0
    for seed in seeds:
        with contextlib.suppress(ModelFileError):
            model = load(rehashed(mutant(data, seed)))
            loaded += 1
            with contextlib.suppress(ValueError), np.errstate(all="ignore"):
                model.predict(np.ones((2, model.n_features_in_)))
    assert loaded  # the mended hash was believed, so the parts behind it were tested


@pytest.fixture(scope="module")
def ensemble():
    """A small file of an ensemble that was fitted to a table."""
    table = {"x": np.arange(40.0), "kind": ["a", "b", "c", None] * 10}
    member = {"max_epochs": 2, "hidden": (3,), "bins": 3}
    model = bp.TabularClassifier(n_members=2, random_state=0, member=member)
    return to_bytes(to_content(model.fit(table, ["no", "yes"] * 20), None, False))


def test_mutants_of_an_ensemble(ensemble):
    every_mutant_is_refused(ensemble, range(SHORT // 4))


def test_forgeries_of_an_ensemble(ensemble):
    loaded = 0
    for seed in range(SHORT // 4):
        with contextlib.suppress(ModelFileError):
            model = load(rehashed(mutant(ensemble, seed)))
            loaded += 1
            with contextlib.suppress(ValueError), np.errstate(all="ignore"):
                model.predict({"x": [1.0, np.nan], "kind": ["a", "new"]})
    assert loaded


def test_mutants(data):
    every_mutant_is_refused(data, range(SHORT))


def test_forgeries(data):
    no_forgery_does_harm(data, range(SHORT))


@pytest.mark.night
def test_many_mutants(data):
    every_mutant_is_refused(data, range(SHORT, LONG))


@pytest.mark.night
def test_many_forgeries(data):
    no_forgery_does_harm(data, range(SHORT, LONG // 4))
