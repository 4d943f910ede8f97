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
