"""A checkpoint gives back what was kept, to its own training only."""

import shutil
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.engine import native
from backpass.errors import InvalidInput, ModelFileError
from backpass.estimators.starts import assigned_start
from backpass.losses import LOSSES
from backpass.storage.atomic import FileLayer
from backpass.storage.modelfile import Content, read_model, write_model
from backpass.training.checkpoints import (
    HARMLESS,
    Checkpoint,
    RetainedCheckpoint,
    RetainedPath,
    checkpoint_at,
    run_identity,
)

FILES = Path(__file__).parents[1] / "files"
RUN = {"theta": np.arange(3.0), "best_J": np.inf, "curve": [1.0, 0.5], "nested": {"t": 7}}


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """What is synced is looked at in test_files."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.checkpoint"


def checkpoint(path, every=1, words=(), **changes):
    parameters = {"alpha": 0.1, "random_state": 0, "n_threads": None, **changes}
    data = {name: parameters.pop(name, name[0]) for name in ("data", "labels")}
    return Checkpoint(path, every, run_identity(parameters, **data), dict(words))


# --- the file ----------------------------------------------------------------------------------


def test_nothing_there(path):
    assert checkpoint(path).unfinished() is None


def test_what_was_kept_comes_back(path):
    checkpoint(path).keep(1, RUN)
    run = checkpoint(path).unfinished()
    np.testing.assert_array_equal(run.pop("theta"), RUN["theta"])
    assert run == {name: RUN[name] for name in run}
    assert len(run) == 3


def test_every(path):
    ours = checkpoint(path, every=3)
    for epoch in (1, 2):
        ours.keep(epoch, {"epoch": epoch})
    assert not path.exists()
    for epoch in range(3, 8):
        ours.keep(epoch, {"epoch": epoch})
    assert checkpoint(path).unfinished() == {"epoch": 6}


def test_an_interrupted_run_keeps_its_latest_state(path):
    ours = checkpoint(path, every=3)
    for epoch in range(1, 6):
        ours.keep(epoch, {"epoch": epoch})
    ours.interrupt(5, {"epoch": 5})
    assert checkpoint(path).unfinished() == {"epoch": 5}


def test_a_state_that_is_kept_is_not_written_twice(path):
    ours = checkpoint(path, every=3)
    ours.keep(3, {"epoch": 3})
    path.unlink()
    ours.interrupt(3, {"epoch": 3})
    assert not path.exists()


def test_a_checkpoint_is_shown_by_what_it_was_asked_for(path):
    ours = checkpoint(path, every=3)
    ours.keep(1, RUN)  # parameters are not for a log
    known = f"identity={ours.identity!r}, display_names={{}}"
    assert repr(ours) == f"Checkpoint(path={path!r}, every=3, {known})"
    held = RetainedPath(path, {"table": "t"}, {})
    held.checkpoint(1, {})
    assert repr(held) == f"RetainedPath(path={path!r}, about={{'table': 't'}}, display_names={{}})"


def test_a_finished_run_is_over_but_not_thrown_away(path):
    checkpoint(path).keep(1, RUN)
    checkpoint(path).finish(RUN)
    assert checkpoint(path).unfinished() is None
    assert checkpoint(path, alpha=0.2).unfinished() is None
    content = read_model(path)
    assert content.metadata["kind"] == "checkpoint"
    assert content.metadata["finished"] is True
    np.testing.assert_array_equal(content.arrays["state.theta"], RUN["theta"])


def test_a_held_run_is_over_when_it_is_released(path):
    held = RetainedPath(str(path), {"table": "t"}, {"alpha": "--lambda"})
    held.release()
    assert not path.exists()
    ours = checkpoint_at(held, 2, run_identity({"alpha": 1.0}))
    assert isinstance(ours, RetainedCheckpoint)
    assert (ours.path, ours.every) == (str(path), 2)
    assert ours.identity == {"alpha": "1.0", "table": "t"}
    ours.finish(RUN)
    assert ours.unfinished()["nested"] == {"t": 7}
    other = checkpoint_at(
        RetainedPath(path, {"table": "t"}, {"alpha": "--lambda"}), 2, {"alpha": "2.0"}
    )
    with pytest.raises(InvalidInput, match=r"--lambda was 1\.0 and is now 2\.0"):
        other.unfinished()
    held.release()
    assert ours.unfinished() is None
    assert read_model(path).arrays == {}


def test_a_path_is_no_held_one(path):
    ours = checkpoint_at(path, 4, {"a": "b"})
    assert type(ours) is Checkpoint
    assert (ours.path, ours.every, ours.identity, ours.display_names) == (path, 4, {"a": "b"}, {})


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"alpha": 0.2}, "alpha was 0.1 and is now 0.2"),
        ({"alpha": 0.2, "words": {"alpha": "--lambda"}}, "--lambda was 0.1 and is now 0.2"),
        ({"data": "other"}, "the data differ"),
        ({"data": "other", "words": {"data": "rows"}}, "the rows differ"),
        ({"data": "csr:d"}, "the data are of another kind, or were hashed by an earlier backpass"),
        ({"labels": "other"}, "the labels differ"),
        ({"random_state": 1}, "random_state was 0 and is now 1"),
        ({"more": 5}, "more was not given and is now 5"),
        (
            {"alpha": 0.2, "random_state": 1, "data": "other", "labels": "other"},
            "alpha was 0.1 and is now 0.2, random_state was 0 and is now 1, the data differ",
        ),
    ],
)
def test_another_training_is_refused_by_what_differs(path, changes, part):
    checkpoint(path).keep(1, RUN)
    before = path.read_bytes()
    with pytest.raises(InvalidInput) as caught:
        checkpoint(path, **changes).unfinished()
    assert str(caught.value) == (
        f"{path} holds another training that is not finished ({part}); name another checkpoint, "
        "or remove this file to give that training up."
    )
    assert path.read_bytes() == before


def test_what_only_the_file_s_training_has_counts_too(path):
    checkpoint(path, more=5).keep(1, RUN)
    with pytest.raises(InvalidInput, match="more was 5 and is now not given"):
        checkpoint(path).unfinished()


@pytest.mark.parametrize("name", ["target", "test_size", "dtype", "preprocessing", "first state"])
def test_what_the_first_release_did_not_write_is_taken_at_its_word(path, name):
    Checkpoint(path, 1, {"alpha": "1.0"}).keep(1, RUN)
    assert Checkpoint(path, 1, {"alpha": "1.0", "labels": "a", name: "b"}).unfinished()
    Checkpoint(path, 1, {"alpha": "1.0", name: "b"}).keep(1, RUN)
    with pytest.raises(InvalidInput):
        Checkpoint(path, 1, {"alpha": "1.0"}).unfinished()


def test_other_files_are_left_alone(path):
    path.write_bytes(b"a letter")
    with pytest.raises(ModelFileError, match="not a backpass model file"):
        checkpoint(path).unfinished()
    write_model(path, Content({}, {"kind": "MLPClassifier"}), force=True)
    with pytest.raises(InvalidInput) as caught:
        checkpoint(path).unfinished()
    assert str(caught.value) == f"{path} is no checkpoint, so it is left alone."


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"finished": False},
        {"finished": False, "identity": 5, "state": None},
        {"finished": False, "identity": {}, "state": {"array": "none"}},
        {"finished": False, "identity": {}, "state": {"magic": 1}},
    ],
)
def test_a_file_that_was_made_to_be_wrong_is_one_sentence(path, metadata):
    write_model(path, Content({}, {"kind": "checkpoint", **metadata}))
    with pytest.raises(ModelFileError) as caught:
        Checkpoint(path, 1, {}).unfinished()
    assert "\n" not in str(caught.value)


def test_a_failed_write_is_said_once_and_survived(tmp_path):
    ours = checkpoint(tmp_path / ("x" * 300))
    with pytest.warns(
        UserWarning, match="^The training goes on without its checkpoint: "
    ) as caught:
        ours.keep(1, RUN)
    ours.keep(2, RUN)  # a second warning would be an error here
    assert len(caught) == 1


def test_a_state_that_no_file_can_hold_is_survived_too(path):
    with pytest.warns(UserWarning, match=r"state\.theta has the dtype complex128"):
        checkpoint(path).keep(1, {"theta": np.zeros(2, complex)})
    with pytest.warns(UserWarning, match="state is a object, which a model file cannot hold"):
        checkpoint(path).keep(1, object())


# --- what a training is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (5, "5"),
        (np.int64(5), "5"),
        (np.float64(0.1), "0.1"),
        ("adam", "'adam'"),
        (np.str_("adam"), "'adam'"),
        ((5, 4), "(5, 4)"),
        ([5, np.int32(4)], "(5, 4)"),
        (np.array([5, 4]), "(5, 4)"),
        ({1: 2.0, 0: np.float64(1)}, "{0: 1.0, 1: 2.0}"),
        ({"b": (1,), "a": None}, "{'a': None, 'b': (1)}"),
        (ACTIVATIONS["tanh"], "'tanh'"),
        (LOSSES["log_loss"], "'log_loss'"),
        (bp.huber(2.0), "huber(2.0)"),
        (LOSSES["huber"], "huber(1.0)"),
        (bp.quantile(0.25), "quantile(0.25)"),
        (bp.MLPRegressor, "'MLPRegressor'"),
    ],
)
def test_words(value, words):
    assert run_identity({"p": value}, data="d") == {"p": words, "data": "d"}


def test_what_says_how_a_training_runs_is_left_out():
    assert set(HARMLESS) == {
        "callbacks",
        "checkpoint",
        "every",
        "n_threads",
        "verbose",
        "warm_start",
    }
    assert run_identity({**dict.fromkeys(HARMLESS, print), "alpha": 1}) == {"alpha": "1"}


def own_activation(slope, name="mine"):
    return bp.Activation(name, g=lambda z: slope * z, g_prime=lambda z: slope + 0 * z)


def own_loss(slope, output="identity", parameter=None):
    return bp.Loss(
        "mine",
        h=lambda z: z,
        value=lambda z, y: slope * ((z - y) ** 2).sum(axis=1) / 2,
        delta=lambda z, y: slope * (z - y),
        output=output,
        parameter=parameter,
    )


def told(value):
    return run_identity({"p": value})["p"]


def test_ones_own_functions_are_told_by_name_and_content():
    assert told(own_activation(1)) == told(own_activation(1)) != told(own_activation(2))
    assert told(own_activation(1)).startswith("'mine' of content ")
    assert len(told(own_activation(1))) == len("'mine' of content ") + 8
    assert told(own_loss(1)) == told(own_loss(1)) != told(own_loss(2))
    assert told(own_loss(1)) != told(own_loss(1, parameter=3.0))
    assert told(own_loss(1)) != told(own_loss(1, output="exp"))
    assert told((own_activation(1), ACTIVATIONS["relu"])).endswith(", 'relu')")


def test_a_name_of_the_library_s_is_not_enough():
    false = own_activation(1, "relu")
    assert told(false).startswith("'relu' of content ")
    close = bp.Loss("huber", *(getattr(bp.huber(1.0), n) for n in ("h", "value", "delta")))
    assert told(close).startswith("'huber' of content ")
    for parameter in (1.0, 2.0):
        parts = [getattr(bp.huber(1.0), n) for n in ("h", "value", "delta")]
        other = bp.Loss("huber", *parts, parameter=parameter)  # smooth, as huber is not
        assert told(other).startswith("'huber' of content ")


def test_random_states_are_told_by_where_they_are():
    assert told(np.random.RandomState(0)) == told(np.random.RandomState(0))
    assert told(np.random.RandomState(0)) != told(np.random.RandomState(1))
    assert told(np.random.RandomState(0)).startswith("'RandomState' of content ")


def test_what_cannot_be_compared_is_said_and_never_the_same():
    lock = threading.Lock()
    strange = bp.Activation("odd", g=lambda z: (lock, z)[1], g_prime=lambda z: z)
    with pytest.warns(UserWarning, match="cannot be compared") as caught:
        words = [told(strange) for _ in range(2)]
    assert str(caught[0].message) == (
        "p is 'odd', which holds something that cannot be compared, so no later training will go "
        "on from this checkpoint."
    )
    assert words[0] != words[1]
    assert all(text.startswith("'odd' of content that cannot be compared (") for text in words)


def test_numbers_are_compared_as_numbers(path):
    Checkpoint(path, 1, {"a": "1", "b": "inf", "c": "None"}).keep(1, RUN)
    assert Checkpoint(path, 1, {"a": "1.0", "b": "inf", "c": "None"}).unfinished()
    for change in ({"a": "2"}, {"b": "1"}, {"c": "1"}, {"a": "'1'"}, {"c": "True"}):
        with pytest.raises(InvalidInput):
            Checkpoint(path, 1, {"a": "1.0", "b": "inf", "c": "None", **change}).unfinished()


# --- as estimators use them -------------------------------------------------------------------

RNG = np.random.default_rng(1)
X = RNG.normal(size=(48, 3))
y = X[:, 0] - X[:, 1] / 2
K = np.array(["no", "yes", "maybe"])[np.arange(48) % 3]
EPOCHS = 8


class Stopped(Exception):
    """The power fails."""


def stop(progress):
    if progress.epoch == 4:
        raise Stopped


def fitted(kind, data, path, parameters, fit=None, callbacks=None):
    common = {"hidden_layer_sizes": (4,), "max_iter": EPOCHS, "tol": 0.0, "random_state": 0}
    model = kind(**{**common, **parameters}, checkpoint=path, callbacks=callbacks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*data, **(fit or {}))


def begin(kind, data, path, parameters, fit=None):
    with pytest.raises(Stopped):
        fitted(kind, data, path, parameters, fit, stop)


def goes_on(kind, data, path, parameters, fit=None):
    """Whether the training takes up the file; if it does, to the bits of an undisturbed one."""
    seen = []
    on = fitted(kind, data, path, parameters, fit, lambda progress: seen.append(progress.epoch))
    whole = fitted(kind, data, None, parameters, fit)
    np.testing.assert_array_equal(on.theta_, whole.theta_)
    return seen == list(range(4, EPOCHS + 1))


C, R = bp.MLPClassifier, bp.MLPRegressor
CSR = scipy.sparse.csr_matrix(np.where(X > 0, X, 0))
WIDER = scipy.sparse.csr_matrix((CSR.data, CSR.indices, CSR.indptr), shape=(48, 9))
WIDE_INDICES = CSR.copy()
WIDE_INDICES.indices = WIDE_INDICES.indices.astype(np.int64)
WEIGHTS = np.arange(48) % 2 + 1.0
VALIDATION = {"X_val": X[:9], "y_val": y[:9]}


def blocks(X=X, y=y, w=None, rows=12):
    return bp.ArrayBlocks(X, y, w, rows)


OTHERS = {
    "loss's parameter": (R, (X, y), {"loss": bp.huber(1.0)}, (X, y), {"loss": bp.huber(100.0)}),
    "quantile": (R, (X, y), {"loss": bp.quantile(0.5)}, (X, y), {"loss": bp.quantile(0.9)}),
    "own loss": (R, (X, y), {"loss": own_loss(1)}, (X, y), {"loss": own_loss(2)}),
    "own activation": (
        R,
        (X, y),
        {"activation": own_activation(1)},
        (X, y),
        {"activation": own_activation(3)},
    ),
    "own activation of a layer": (
        R,
        (X, y),
        {"hidden_layer_sizes": (4, 4), "activation": ["tanh", own_activation(1)]},
        (X, y),
        {"hidden_layer_sizes": (4, 4), "activation": ["tanh", own_activation(3)]},
    ),
    "activation": (R, (X, y), {}, (X, y), {"activation": "tanh"}),
    "sizes": (R, (X, y), {}, (X, y), {"hidden_layer_sizes": (3,)}),
    "columns of a sparse matrix": (C, (CSR, K), {}, (WIDER, K), {}),
    "dense for sparse": (C, (CSR, K), {}, (CSR.toarray(), K), {}),
    "dtype": (R, (X, y), {}, (X.astype(np.float32), y), {}),
    "rows of blocks": (R, (blocks(),), {}, (blocks(-X),), {}),
    "targets of blocks": (R, (blocks(),), {}, (blocks(y=2 * y),), {}),
    "weights of blocks": (R, (blocks(w=WEIGHTS),), {}, (blocks(w=3 - WEIGHTS),), {}),
    "sizes of blocks": (R, (blocks(),), {}, (blocks(rows=24),), {}),
    "targets": (R, (X, y), {}, (X, 2 * y), {}),
    "weights": (R, (X, y, WEIGHTS), {}, (X, y, 3 - WEIGHTS), {}),
    "no weights": (R, (X, y, WEIGHTS), {}, (X, y), {}),
    "labels": (C, (X, K), {}, (X, np.where(K == "no", "zero", K)), {}),
    "class weights": (
        C,
        (X, K),
        {"class_weight": {"no": 2.0}},
        (X, K),
        {"class_weight": {"no": 3.0}},
    ),
    "kind": (C, (X, np.arange(48) % 2), {}, (X, np.arange(48) % 2), {"kind": R}),
    "random state": (
        R,
        (X, y),
        {"random_state": np.random.RandomState(0)},
        (X, y),
        {"random_state": np.random.RandomState(1)},
    ),
    "dropout": (R, (X, y), {}, (X, y), {"dropout": 0.5}),
    "epochs": (R, (X, y), {}, (X, y), {"max_iter": 9}),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_training_is_not_gone_on_with(what, path):
    kind, data, parameters, other_data, other = OTHERS[what]
    other = dict(other)
    other_kind = other.pop("kind", kind)
    begin(kind, data, path, parameters)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="holds another training that is not finished"):
        fitted(other_kind, other_data, path, other)
    assert path.read_bytes() == before


SAME = {
    "as it was": (R, (X, y), {}, (X.copy(), y.copy()), {}),
    "alias": (R, (X, y), {"activation": "logistic"}, (X, y), {"activation": "sigmoid"}),
    "each layer": (R, (X, y), {"activation": "tanh"}, (X, y), {"activation": ["tanh"]}),
    "the activation itself": (
        R,
        (X, y),
        {"activation": "tanh"},
        (X, y),
        {"activation": ACTIVATIONS["tanh"]},
    ),
    "defaults written": (
        R,
        (X, y),
        {},
        (X, y),
        {"alpha": 1e-4, "solver": "adam", "loss": "squared_error", "batch_size": "auto"},
    ),
    "the loss itself": (R, (X, y), {"loss": "huber"}, (X, y), {"loss": bp.huber(1)}),
    "own functions": (
        R,
        (X, y),
        {"loss": own_loss(2), "activation": own_activation(1)},
        (X, y),
        {"loss": own_loss(2), "activation": own_activation(1)},
    ),
    "sizes": (R, (X, y), {}, (X, y), {"hidden_layer_sizes": np.array([4])}),
    "a size": (R, (X, y), {}, (X, y), {"hidden_layer_sizes": 4}),
    "numbers": (R, (X, y), {"alpha": 1}, (X, y), {"alpha": np.float64(1.0)}),
    "dropout": (R, (X, y), {"dropout": 0.25}, (X, y), {"dropout": [0.25]}),
    "order in memory": (R, (X, y), {}, (np.asfortranarray(X), y), {}),
    "indices": (C, (CSR, K), {}, (WIDE_INDICES, K), {}),
    "class weights": (
        C,
        (X, K),
        {"class_weight": {"no": 2.0, "yes": 1.0}},
        (X, K),
        {"class_weight": {"yes": 1.0, "no": 2.0}},
    ),
    "blocks": (R, (blocks(),), {}, (blocks(X.copy()),), {}),
    "sparse blocks": (
        R,
        (blocks(CSR),),
        {},
        (blocks(CSR.toarray()),),
        {},
    ),
    "threads and words": (R, (X, y), {}, (X, y), {"n_threads": 1, "every": 3}),
    "random state": (
        R,
        (X, y),
        {"random_state": np.random.RandomState(0)},
        (X, y),
        {"random_state": np.random.RandomState(0)},
    ),
    "lbfgs": (R, (X, y), {"solver": "lbfgs"}, (X, y), {"solver": "lbfgs"}),
}


@pytest.mark.parametrize("what", SAME)
def test_the_same_training_goes_on_however_it_is_written(what, path):
    kind, data, parameters, same_data, same = SAME[what]
    begin(kind, data, path, parameters)
    if isinstance(same.get("random_state"), np.random.RandomState):
        on = fitted(kind, same_data, path, same)
        whole = fitted(kind, data, None, {"random_state": np.random.RandomState(0)})
        np.testing.assert_array_equal(on.theta_, whole.theta_)
        return
    assert goes_on(kind, same_data, path, same)


def test_a_random_state_is_left_where_an_undisturbed_training_leaves_it(path):
    states = [np.random.RandomState(0) for _ in range(3)]
    begin(R, (X, y), path, {"random_state": states[0]})
    fitted(R, (X, y), path, {"random_state": states[1]})
    fitted(R, (X, y), None, {"random_state": states[2]})
    assert states[1].rand() == states[2].rand()


def from_assigned_weights(path, random_state, callbacks=None):
    """A warm start from weights that were assigned, without a history."""
    how = {"warm_start": True, "random_state": random_state, "max_iter": EPOCHS, "tol": 0}
    model = R(hidden_layer_sizes=(4,), checkpoint=path, callbacks=callbacks, **how)
    weights = np.random.default_rng(3)
    model.coefs_ = [weights.normal(size=shape) for shape in ((X.shape[1], 4), (4, 1))]
    model.intercepts_ = [np.zeros(4), np.zeros(1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def test_assigned_weights_leave_a_random_state_where_no_checkpoint_leaves_it(path):
    states = [np.random.RandomState(0) for _ in range(2)]
    kept, alone = (from_assigned_weights(*each) for each in zip((path, None), states))
    np.testing.assert_array_equal(kept.theta_, alone.theta_)
    assert states[0].rand() == states[1].rand()


def test_a_training_from_assigned_weights_goes_on_without_a_seed(path):
    def stop(progress):
        if progress.epoch == 3:
            raise Stopped

    with pytest.raises(Stopped):
        from_assigned_weights(path, None, stop)
    epochs = []
    from_assigned_weights(path, None, lambda progress: epochs.append(progress.epoch))
    assert epochs == list(range(3, EPOCHS + 1))  # the second was the last that was kept


@pytest.mark.parametrize("part", ["X_val", "y_val", "sample_weight_val"])
def test_another_validation_set_is_another_training(part, path):
    fit = {**VALIDATION, "sample_weight_val": np.ones(9)}
    begin(R, (X, y), path, {"early_stopping": True, "n_iter_no_change": 99}, fit)
    parameters = {"early_stopping": True, "n_iter_no_change": 99}
    with pytest.raises(InvalidInput, match="the validation data differ"):
        fitted(R, (X, y), path, parameters, {**fit, part: fit[part] + 1})
    assert goes_on(R, (X, y), path, parameters, fit)


def test_a_warm_start_goes_on_with_its_own_weights_and_moments_only(path):
    def warm(seed, epochs=3):
        kept = {"random_state": seed, "warm_start": True}
        model = R(hidden_layer_sizes=(4,), max_iter=epochs, tol=0, **kept)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(X, y)

    def again(model, callbacks=None):
        model.set_params(checkpoint=path, callbacks=callbacks, max_iter=EPOCHS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(X, y)

    def stop_later(progress):
        if progress.epoch == 6:
            raise Stopped

    with pytest.raises(Stopped):
        again(warm(0), stop_later)
    with pytest.raises(InvalidInput, match="the first weights differ"):
        again(warm(1))
    with pytest.raises(InvalidInput, match="first weights"):
        fitted(R, (X, y), path, {})
    forgetful = warm(0)
    forgetful.training_state_ = assigned_start(
        forgetful, forgetful.theta_
    )  # the same weights, without moments
    with pytest.raises(InvalidInput, match="the first state differ"):
        again(forgetful)
    whole = warm(0).set_params(max_iter=EPOCHS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole.fit(X, y)
    np.testing.assert_array_equal(again(warm(0)).theta_, whole.theta_)


def test_a_class_of_ones_own_is_another_estimator(path):
    class Mine(bp.MLPRegressor):
        pass

    begin(R, (X, y), path, {})
    with pytest.raises(InvalidInput, match="estimator was 'MLPRegressor' and is now 'Mine' of"):
        fitted(Mine, (X, y), path, {})


def test_a_parquet_table_is_known_by_what_is_read(path, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table, folder = pandas.DataFrame(X, columns=list("abc")).assign(y=y, w=WEIGHTS), tmp_path / "t"
    folder.mkdir()

    def written(frame, cut=30, **how):
        frame[:cut].to_parquet(folder / "0.parquet")
        frame[cut:].to_parquet(folder / "1.parquet", row_group_size=9)
        return (bp.ParquetBlocks(folder, "y", **{"columns": list("abc"), **how}),)

    begin(R, written(table), path, {})
    for other, how in (
        (table.assign(a=-table.a), {}),
        (table.assign(y=-table.y), {}),
        (table, {"columns": list("acb")}),
        (table, {"sample_weight": "w"}),
        (table, {"cut": 29}),
        (table, {"rows": 5}),
    ):
        with pytest.raises(InvalidInput, match="the data differ"):
            fitted(R, written(other, **how), path, {})
    assert goes_on(R, written(table.assign(more=1.0)), path, {})


def test_dask_s_partitions_are_known_by_what_they_hold(path):
    da = pytest.importorskip("dask.array")

    def cut(array):
        return da.from_array(array, chunks=(12, *array.shape[1:]))

    begin(R, (cut(X), cut(y)), path, {})
    for other in ((cut(-X), cut(y)), (cut(X), cut(-y)), (blocks(rows=16),)):
        with pytest.raises(InvalidInput, match="the data differ"):
            fitted(R, other, path, {})
    assert goes_on(R, (blocks(rows=12),), path, {})  # the same rows, on one machine


@pytest.mark.parametrize("change", ["begun", "states", "reasons", "theta", "dtype", "no reason"])
def test_a_state_that_does_not_fit_is_one_sentence(change, path):
    begin(R, (X, y), path, {})
    content = read_model(path)
    ours = Checkpoint(path, 1, dict(content.metadata["identity"]))
    run = ours.unfinished()
    state = run["states"][0]
    if change in ("begun", "states", "reasons"):
        run[change] = run[change] * 2
    elif change == "no reason":
        run["reasons"] = ["BORED"]
    else:
        theta = state["theta"]
        state["theta"] = theta[1:] if change == "theta" else theta.astype(np.int64)
    ours.keep(1, run)
    with pytest.raises(ModelFileError) as caught:
        fitted(R, (X, y), path, {})
    assert "\n" not in str(caught.value)


# --- the first release's files -----------------------------------------------------------------


def first_release():
    """What its unfinished trainings were trained on."""
    rng = np.random.default_rng(7)
    X = rng.integers(-8, 9, (40, 3)) / 4
    k = np.array(["no", "yes", "maybe"])[rng.integers(0, 3, 40)]
    return X, k, X[:, 0] - X[:, 1] / 2


def test_an_unfinished_training_of_the_first_release_goes_on(path):
    X, k, _ = first_release()
    shutil.copy(FILES / "classifier-unfinished-version-1.checkpoint", path)
    parameters = {"max_iter": 9, "random_state": 3}
    seen = []
    on = fitted(C, (X, k), path, parameters, callbacks=lambda progress: seen.append(progress.epoch))
    assert seen == [4, 5, 6, 7, 8, 9]
    whole = fitted(C, (X, k), None, parameters)
    if native.instruction_sets():
        np.testing.assert_array_equal(on.theta_, whole.theta_)
    else:  # the first epochs are the core's, whose last digits are others
        np.testing.assert_allclose(on.theta_, whole.theta_, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("huber", r"loss was 'huber' and is now huber\(2.0\)"),
        ("csr", "the data are of another kind, or were hashed by an earlier backpass"),
        ("blocks", "the data are of another kind, or were hashed by an earlier backpass"),
    ],
)
def test_what_the_first_release_did_not_tell_apart_is_refused(name, part, path):
    X, k, y = first_release()
    shutil.copy(FILES / f"{name}-unfinished-version-1.checkpoint", path)
    kind, data, parameters = {
        "huber": (R, (X, y), {"loss": bp.huber(2.0)}),
        "csr": (C, (scipy.sparse.csr_matrix(X), k), {}),
        "blocks": (R, (bp.ArrayBlocks(X, y, rows=10),), {}),
    }[name]
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=part):
        fitted(kind, data, path, {"max_iter": 9, "random_state": 3, **parameters})
    assert path.read_bytes() == before


# --- as the command line and the studio use them ------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [f"{i % 7},{i % 5},{(i * 3) % 4},{'uv'[i % 2]}" for i in range(60)]
    Path("plain.csv").write_text("\n".join(["a,b,c,kind", *lines]))
    return tmp_path


def run(*words):
    from click.testing import CliRunner

    from backpass.cli import main

    pytest.importorskip("pandas")
    return CliRunner().invoke(main, [str(word) for word in words])


WORDS = ("train", "plain.csv", "--target", "kind", "--epochs", 5, "--hidden", 50)
KEPT = ("--checkpoint", "c.ck", "--every", 1)


class Full(FileLayer):
    """A disk that is full when a file of that ending takes its place."""

    def __init__(self, ending):
        self.ending = ending

    def rename(self, old, new):
        if new.name.endswith(self.ending):
            raise OSError(28, "No space left on device")
        super().rename(old, new)


@pytest.mark.parametrize("ending", [".backpass", ".html"])
def test_what_was_learnt_is_kept_until_the_last_file_is_written(place, ending, monkeypatch):
    if ending == ".html":
        pytest.importorskip("matplotlib")
    report = () if ending == ".html" else ("--no-report",)
    whole = run(*WORDS, "--no-report", "--out", "whole.backpass")
    assert whole.exit_code == 0, whole.output
    with monkeypatch.context() as patch:
        patch.setattr("backpass.storage.atomic.SYSTEM", Full(ending))
        failed = run(*WORDS, *KEPT, *report, "--out", "m.backpass")
    assert failed.exit_code != 0
    assert Path("c.ck").stat().st_size > 8 * (50 * 4 + 51)
    with monkeypatch.context() as patch:  # not one more step is made
        patch.setattr("backpass.engine.prepare", _prepared_without_epochs)
        again = run(*WORDS, *KEPT, *report, "--out", "m.backpass", "--force")
    assert again.exit_code == 0, again.output
    ours, theirs = bp.load("m.backpass"), bp.load("whole.backpass")
    np.testing.assert_array_equal(ours.theta_, theirs.theta_)
    assert ours.n_iter_ == theirs.n_iter_ == 5
    assert ours.loss_curve_ == theirs.loss_curve_
    assert Path("c.ck").stat().st_size < 4000  # over: the next begins anew


def _prepared_without_epochs(*arguments, _prepare=bp.engine.prepare, **more):
    problem = _prepare(*arguments, **more)

    def none(*_, **__):
        raise AssertionError("an epoch was made")

    problem.run_epoch = problem.run_epochs = none
    return problem


def test_a_training_that_waits_for_its_files_is_not_given_up_for_another(place, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("backpass.storage.atomic.SYSTEM", Full(".backpass"))
        run(*WORDS, *KEPT, "--no-report", "--out", "m.backpass")
    before = Path("c.ck").read_bytes()
    for change, part in (
        (("--lambda", 9), "--lambda was 3"),
        (("--epochs", 6), "--epochs was 5 and is now 6"),
        (("--hidden", "8,4"), "--hidden was (50) and is now (8, 4)"),
        (("--seed", 3), "--seed was 0 and is now 3"),
        (("--learning-rate", 0.5), "--learning-rate was"),
        (("--schedule", "constant"), "--schedule was 'cosine' and is now 'constant'"),
        (("--dropout", 0.5), "--dropout was 0.0 and is now 0.5"),
        (("--activation", "tanh"), "--activation was 'relu' and is now 'tanh'"),
        (("--solver", "sgd"), "--solver was 'adam' and is now 'sgd'"),
        (("--batch-size", 7), "--batch-size was"),
        (("--test-size", 0.3), "--test-size was 0.2 and is now 0.3"),
        (("--dtype", "float32"), "--dtype was 'float64' and is now 'float32'"),
        (("--ignore", "c"), "the columns, or how they are read, differ"),
        (("--categorical", "a"), "the columns, or how they are read, differ"),
        (("--target", "c", "--classes"), "--target was 'kind' and is now 'c'"),
        (("--target", "c", "--numbers"), "--target was 'kind' and is now 'c'"),
    ):
        words = WORDS
        if change[0] == "--target":  # a second one would be learnt beside the first
            words = tuple(change[1] if word == "kind" else word for word in WORDS)
            change = change[2:]
        other = run(*words, *KEPT, *change, "--no-report", "--out", "m.backpass")
        assert other.exit_code != 0
        said = " ".join(other.stderr.split())
        assert "holds another training that is not finished" in said
        assert part in said
    assert Path("c.ck").read_bytes() == before


def test_the_studio_goes_on_with_the_same_table_only(place):
    from backpass.data.tables import Table
    from backpass.experiment.prepared import prepare
    from backpass.experiment.settings import Settings
    from backpass.experiment.training import build
    from backpass.models.table_model import TableModel
    from backpass.studio.model import StudioModel

    def bench(y=K, seed=0, hidden=4, **columns):
        table = {"a": X[:, 0], "b": X[:, 1], **columns}
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(table)
        settings = Settings(hidden=(hidden,), seed=0, epochs=1)
        data = prepare(Table(frame, y, tuple(table), "y"), settings)
        model = build(data, settings).set_params(random_state=seed)
        model.partial_fit(data.X["train"], data.y["train"], classes=np.unique(data.y["train"]))
        shown = StudioModel(TableModel(model, data.preprocessing), data.X, data.y, "t")
        return shown.session_data(None, "c.ck", 1)

    bench().checkpoint.keep(1, {"epoch": 1})
    assert bench().checkpoint.unfinished() == {"epoch": 1}
    for change, part in (
        ({"hidden": 5}, "the network (--hidden, or the model) was '2-4-3"),
        ({"a": X[:, 2]}, "the rows to learn from differ"),
        ({"a": 2 * X[:, 0]}, "the columns, or how they are read, differ"),
        ({"y": np.where(K == "no", "zero", K)}, "the classes differ"),
        ({"seed": 1}, "the weights to begin with (--seed, or the model) differ"),
    ):
        with pytest.raises(InvalidInput) as caught:
            bench(**change).checkpoint.unfinished()
        assert part in str(caught.value)


def test_an_alias_of_an_activation_is_the_same_training():
    for other, name in (("sigmoid", "logistic"), (["tanh", "sigmoid"], ["tanh", "logistic"])):
        assert run_identity({"activation": other}) == run_identity({"activation": name})
    assert run_identity({"activation": "sigmoid"}) != run_identity({"activation": "tanh"})
    assert run_identity({"checkpointed": "sigmoid"}) != run_identity({"checkpointed": "logistic"})
