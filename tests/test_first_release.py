"""What release 0.1.0 wrote is read today: it answers, goes on and is called as it was then.

``files/first-release/make.py`` says what each file is; that release wrote them, and its answers.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from backpass.engine import engine_name, native

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FIRST = Path(__file__).parent / "files" / "first-release"
EXPECTED = json.loads((FIRST / "expected.json").read_text("utf-8"))
NAMES = json.loads((FIRST / "names.json").read_text("utf-8"))
OLD_MODULES = sorted(NAMES)


def _maker():
    spec = importlib.util.spec_from_file_location("first_release", FIRST / "make.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


make = _maker()
GOING_ON = [name for name, model in make.MODELS.items() if model[3] is not None]
FULL_BATCH = ("lbfgs", "cg", "newton")

# Of the largest number: rounding that a few steps of training have passed on.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def unpickled(name):
    pytest.importorskip("numpy._core", reason="before 1.26.1, NumPy reads no pickle of NumPy 2")
    return pickle.loads((FIRST / f"{name}.pickle").read_bytes())


def expected(name, part="models"):
    return EXPECTED[f"{part}/{name}"]


def target(name):
    return make.TARGETS[make.MODELS[name][1]]


def assert_close(ours, theirs, dtype="float64"):
    """Labels are the same, and numbers but for rounding; each array of a list by itself."""
    if isinstance(ours, list) and np.ndim(ours[0]):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            assert_close(a, b, dtype)
        return
    theirs = np.asarray(theirs)
    if theirs.dtype.kind == "f":
        largest = np.max(np.abs(theirs))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * largest)
    else:
        np.testing.assert_array_equal(ours, theirs)


def assert_answers(model, name):
    ours, theirs = make.answers(model, name, target(name)), expected(name)["answers"]
    assert ours.keys() == theirs.keys()
    for what in ours:
        assert_close(ours[what], theirs[what], model.theta_.dtype.name)


def same_kernels():
    """Whether the core computes with the instructions that the files were made with."""
    made = EXPECTED["made with"]["instruction set"]
    return engine_name() == "native" and native.instruction_set() == made


def assert_went_on(model, theta, curve, before):
    """The training took the way that it took in the first release.

    The core's sums have the same bits with any number of threads, not with other instructions:
    mini-batches are compared bit by bit where those are the same, and to rounding elsewhere. A
    full-batch solver takes up its state only where J and the gradient have the same bits as when
    it was left, and else begins anew at the same weights: then J must fall from where it was.
    """
    assert len(model.loss_curve_) == len(curve)
    if model.solver in FULL_BATCH and not same_kernels():
        assert_close(model.loss_curve_[:before], curve[:before])
        assert np.all(np.diff(model.loss_curve_) < 0)
    elif model.solver in FULL_BATCH or not same_kernels():
        assert_close(model.theta_, theta, model.theta_.dtype.name)
        assert_close(model.loss_curve_, curve, model.theta_.dtype.name)
    else:
        np.testing.assert_array_equal(model.theta_, np.array(theta, model.theta_.dtype))
        assert list(model.loss_curve_) == curve


def assert_goes_on(model, name):
    how, before = make.MODELS[name][3], len(model.loss_curve_)
    after = expected(name)
    make.gone_on(model, name, how)
    assert_went_on(model, after["theta after"], after["loss_curve after"], before)


# --- pickles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", make.MODELS)
def test_a_pickle_answers_as_it_did(name):
    assert_answers(unpickled(name), name)


@pytest.mark.parametrize("name", make.MODELS)
def test_a_pickle_has_what_fitting_has_set(name):
    model = unpickled(name)
    ours, theirs = make.attributes(model), expected(name)["attributes"]
    assert ours.keys() >= theirs.keys()
    found, was = ours.pop("found_", None), theirs.get("found_")
    if was is not None:
        assert found[0] == was[0]
        assert_close(found[1:], was[1:])
    assert {what: ours[what] for what in theirs if what != "found_"} == {
        what: value for what, value in theirs.items() if what != "found_"
    }


@pytest.mark.parametrize("name", make.MODELS)
def test_a_pickle_has_its_weights_and_its_state_under_their_names(name):
    kind, _, parameters, _ = make.MODELS[name]
    model = unpickled(name)
    theta = np.array(expected(name)["attributes"]["theta_"], model.theta_.dtype)
    layers = model.net_.roll(theta)
    for coefs, intercepts, Theta in zip(model.coefs_, model.intercepts_, layers):
        np.testing.assert_array_equal(coefs, Theta[:, 1:].T)
        np.testing.assert_array_equal(intercepts, Theta[:, 0])
    state = model.training_state_
    assert state["epoch"] == len(model.loss_curve_) == len(state["J_curve"])
    assert model.stop_reason_ in bp.StopReason
    asked = make.built(kind, parameters).get_params()
    assert {**model.get_params(), "loss": 0} == {**asked, "loss": 0}


@pytest.mark.parametrize("name", GOING_ON)
def test_a_pickle_goes_on_as_it_did(name):
    assert_goes_on(unpickled(name), name)


@pytest.mark.parametrize("name", ["text", "lbfgs", "huber"])
def test_a_pickle_is_pickled_and_saved_again(name, tmp_path):
    model = pickle.loads(pickle.dumps(unpickled(name)))
    bp.save(model, tmp_path / "again", state=True)
    for again in (model, bp.load(tmp_path / "again")):
        assert_answers(again, name)
        assert_goes_on(again, name)


# --- model files -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", make.FILES)
def test_a_file_with_its_state_answers_and_goes_on_as_it_did(name):
    model = bp.load(FIRST / f"{name}.backpass")
    assert_answers(model, name)
    assert_goes_on(model, name)


@pytest.mark.parametrize("name", make.WITHOUT_STATE)
def test_a_file_without_its_state_answers_as_it_did(name):
    model = bp.load(FIRST / f"{name}.backpass")
    assert_answers(model, name)
    theirs = expected(name)["attributes"]
    for what in ("theta_", "loss_curve_", "n_iter_", "stop_reason_", "net_"):
        assert make.plain(getattr(model, what)) == theirs[what]


# --- unfinished trainings ----------------------------------------------------------------------


@pytest.mark.parametrize("name", make.UNFINISHED)
def test_an_unfinished_training_goes_on_as_it_did(name, tmp_path):
    kind, y, parameters = make.UNFINISHED[name]
    shutil.copy(FIRST / f"{name}.checkpoint", tmp_path / "checkpoint")
    epochs = []
    model = make.built(
        kind,
        parameters,
        max_iter=6,
        checkpoint=tmp_path / "checkpoint",
        callbacks=lambda progress: epochs.append(progress.epoch),
    ).fit(make.X, make.TARGETS[y])
    theirs = expected(name, "unfinished")
    assert epochs[0] == 2
    assert_went_on(model, theirs["theta"], theirs["loss_curve"], before=1)


# --- models of tables --------------------------------------------------------------------------


def assert_predicted(said, name):
    theirs = json.loads((FIRST / "predictions.json").read_text())[name]
    if name == "price":
        np.testing.assert_allclose(said, theirs, rtol=1e-9)
    else:
        assert list(said) == theirs


@pytest.mark.parametrize("name", make.TABLES)
def test_a_pickled_model_of_a_table_reads_it_as_it_did(name):
    pd = pytest.importorskip("pandas")
    model, houses = unpickled(f"object-table-{name}"), pd.read_csv(FIRST / "houses.csv")
    X = model.preprocessing_.transform(houses)
    said = model.predict(X.astype(model.theta_.dtype))
    assert_predicted(model.preprocessing_.target.decode(said).tolist(), name)


@pytest.mark.parametrize("name", ["price", "code", "ok"])
def test_a_pickled_model_of_a_table_that_is_saved_reads_files_as_it_did(name, tmp_path):
    """It took '007' for 7, as models of the first release do."""
    pytest.importorskip("pandas")
    bp.save(unpickled(f"object-table-{name}"), tmp_path / "model")
    words = ["predict", str(tmp_path / "model"), str(FIRST / "houses.csv"), "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert_predicted(json.loads(result.stdout)["prediction"], name)


# --- other objects -----------------------------------------------------------------------------

Z, Y = np.array([[0.5, -2.0], [-0.125, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])


def pickled_object(name):
    return unpickled(f"object-{name}")


def test_pickled_activations_compute_as_they_did():
    ours, theirs = pickled_object("activations"), EXPECTED["objects"]["activations"]
    assert ours.keys() == theirs.keys()
    for name, g in ours.items():
        assert_close(g.g(Z), theirs[name][0])
        assert_close(g.g_prime(Z), theirs[name][1])
        assert g == bp.Network((1, 1, 1), name).hidden[0]


def test_pickled_losses_compute_as_they_did():
    ours, theirs = pickled_object("losses"), EXPECTED["objects"]["losses"]
    assert ours.keys() == theirs.keys()
    for name, loss in ours.items():
        for part, values in zip((loss.value(Z, Y), loss.delta(Z, Y), loss.h(Z)), theirs[name]):
            assert_close(part, values)
        assert loss == make.LOSSES.get(name, bp.Network((1, 1), loss=loss.name).loss)


def test_pickled_reasons_are_the_same_reasons():
    reasons = pickled_object("stop_reasons")
    assert len(reasons) == 12
    assert all(reason is bp.StopReason[reason.name] for reason in reasons)
    assert [stop.name for stop in pickled_object("stops")] == [
        "GRADIENT",
        "CHANGE",
        "PRECISION",
        "MAX_ITER",
        "MAX_FUN",
        "CALLBACK",
        "INTERRUPTED",
        "NOT_FINITE",
    ]


def test_pickled_labels_encode_and_decode():
    text, indicators = pickled_object("labels")
    y = make.TARGETS["text"]
    encoded = text.encode(y)
    np.testing.assert_array_equal(encoded, y[:, None] == np.unique(y))
    assert (text.single, indicators.multilabel) == (True, True)
    np.testing.assert_array_equal(text.decode(text.codes(encoded - 0.5, np)), y)
    many = make.TARGETS["multilabel"]
    np.testing.assert_array_equal(indicators.encode(many), many)


def test_a_pickled_trace_and_its_explanation_are_as_they_were():
    trace, explained = pickled_object("trace"), pickled_object("explanation")
    theirs = EXPECTED["objects"]["trace"]
    assert_close([trace.J], [theirs["J"]])
    assert_close(trace.D[1], theirs["D"])
    assert_close(trace.delta[2], theirs["delta"])
    assert trace.net == pickled_object("network") == bp.Network((3, 2, 2), "tanh", bp.huber(0.5))
    assert_close([explained.value], [EXPECTED["objects"]["explanation"]["value"]])
    assert_close([bp.explain(trace, "delta", layer=2, unit=1).value], [explained.value])
    assert str(explained)
    assert str(trace)


def test_a_pickled_explanation_can_be_asked_in_turn():
    explained = pickled_object("explanation")
    for one in (explained, pickle.loads(pickle.dumps(explained))):
        for part, asked in zip(one.parts, map(one.ask, one.parts)):
            assert_close([asked.recomputed], [part.value])
            assert asked.number == part


def test_a_pickled_check_of_gradients_says_what_it_said():
    check, theirs = pickled_object("gradient_check"), EXPECTED["objects"]["gradient_check"]
    assert (check.ok, check.method) == (theirs["ok"], theirs["method"])
    assert_close(check.analytic, theirs["analytic"])
    assert str(check).startswith("The analytic gradient agrees with the numeric one")
    assert len(check.worst(3)) == 3


def test_pickled_settings_of_a_training_are_as_they_were():
    adam, descent, momentum, nesterov = pickled_object("optimizers")
    assert [adam.beta_1, adam.beta_2, adam.epsilon, adam.weight_decay] == [0.5, 0.75, 1e-8, 0.25]
    assert descent == type(descent)()
    assert (momentum.momentum, nesterov) == (0.5, type(nesterov)())
    dropout, schedule = pickled_object("dropout"), pickled_object("schedule")
    assert (dropout.rates, dropout.seed) == ((0.25, 0.5), 7)
    assert schedule == type(schedule)("cosine", 0.5, 0.25, 8)
    assert pickled_object("progress") == bp.Progress(epoch=3, J=0.5)
    found = pickled_object("description")
    assert (found.finding.name, found.gradient_norm, found.products) == ("SADDLE", 0.25, 8)


def test_pickled_blocks_are_trained_on():
    blocks = pickled_object("blocks")
    model = bp.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, random_state=0)
    theirs = bp.ArrayBlocks(make.X[:4], make.NUMBER[:4], rows=2)
    ours = model.fit(blocks).theta_.copy()
    np.testing.assert_array_equal(ours, model.fit(theirs).theta_)


# --- the modules and their names ---------------------------------------------------------------

# Names without an underscore that nobody was told of, and why they are no more.
GONE = {
    "backpass.bench.run": {"CHOOSERS"},  # a candidate's own entry says how many threads it tries
    "backpass.cells": {"labels_of"},  # labels.py reads labels, for every command
    "backpass.checkpoints": {"DATA", "fingerprint"},  # fingerprints.py hashes every kind of data
    "backpass.cli.explain": {"SYMBOLS"},  # a table's columns have names in place of symbols
    # load is two: a table to learn from, and one of a known model; SOURCE was used by nothing
    "backpass.cli.source": {"SOURCE", "load"},
    # diagnose/forms has one table of every way to call a function and of how it answers
    "backpass.diagnose.caller": {
        "Caller",
        "FLAT",
        "FLAT_WITHOUT",
        "Form",
        "LISTS",
        "LISTS_AND_SIZES",
        "LISTS_WITHOUT",
        "NOTES",
        "NOTES_WITHOUT",
        "SEPARATE",
        "TARGETS",
        "forms_of",
        "read",
    },
    "backpass.diagnose.render": {"headline", "rows"},  # a Diagnosis has both
    "backpass.landscape.contours": {"clear_share"},  # a Picture says how clear its ground is
    "backpass.landscape.surface": {"in_fog"},  # and what is seen of it
    "backpass.engine": {"OneByOne"},  # SequentialProblem
    "backpass.engine.problem": {"OneByOne"},
    "backpass.gradcheck": {"COMPLEX_STEP", "DIFFERENCE_STEP"},  # steps go with the numbers
    "backpass.parameters": {"CONSTRAINTS", "OURS", "SHARED"},  # each parameter is declared with all
    # runs.py and findings.py use the one, and a constructor is made of what is declared
    "backpass.perceptron": {"FROM_OUTSIDE", "PRODUCTS", "keep"},
    "backpass.training": {"last_J"},  # a Fitted has it
}


@pytest.mark.parametrize("name", OLD_MODULES)
def test_a_module_of_the_first_release_has_its_names(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] == "backpass":
            raise
        pytest.skip(f"{error.name} is not installed")
    missing = {part for part in NAMES[name] if not hasattr(module, part)}
    assert missing == GONE.get(name, set())


def test_the_package_still_offers_what_it_offered():
    assert len(NAMES["backpass"]) == 44
    assert set(bp.__all__) >= set(NAMES["backpass"])
