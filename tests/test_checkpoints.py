"""A checkpoint gives back what was kept, to its own training only."""

import numpy as np
import pytest
import scipy.sparse

from backpass.checkpoints import Checkpoint, fingerprint, identity
from backpass.errors import InvalidInput, ModelFileError
from backpass.modelfile import Content, write_model

RUN = {"theta": np.arange(3.0), "best_J": np.inf, "curve": [1.0, 0.5], "nested": {"t": 7}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.checkpoint"


def checkpoint(path, every=1, **changes):
    parameters = {"alpha": 0.1, "random_state": 0, "n_threads": None, **changes}
    data = parameters.pop("data", "d")
    return Checkpoint(path, every, identity(parameters, data=data))


def test_nothing_there(path):
    assert checkpoint(path).unfinished() is None


def test_what_was_kept_comes_back(path):
    checkpoint(path).keep(1, RUN)
    run = checkpoint(path).unfinished()
    np.testing.assert_array_equal(run.pop("theta"), RUN["theta"])
    assert run == {name: RUN[name] for name in run}


def test_every(path):
    ours = checkpoint(path, every=3)
    for epoch in range(1, 8):
        ours.keep(epoch, {"epoch": epoch})
    assert checkpoint(path).unfinished() == {"epoch": 6}


def test_an_interrupted_run_keeps_its_latest_state(path):
    ours = checkpoint(path, every=3)
    for epoch in range(1, 6):
        ours.keep(epoch, {"epoch": epoch})
    ours.close(finished=False)
    assert checkpoint(path).unfinished() == {"epoch": 5}


def test_a_finished_run_is_over(path):
    checkpoint(path).keep(1, RUN)
    checkpoint(path).close(finished=True)
    assert checkpoint(path).unfinished() is None
    assert checkpoint(path, alpha=0.2).unfinished() is None


def test_threads_and_callbacks_do_not_matter(path):
    checkpoint(path).keep(1, RUN)
    assert checkpoint(path, n_threads=4, verbose=True, callbacks=[print]).unfinished()


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"alpha": 0.2}, "alpha was 0.1 and is now 0.2"),
        ({"data": "other"}, "the data differ"),
        ({"random_state": 1}, "random_state was 0 and is now 1"),
    ],
)
def test_another_training_is_not_lost(path, changes, part):
    checkpoint(path).keep(1, RUN)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=part):
        checkpoint(path, **changes).unfinished()
    assert path.read_bytes() == before


def test_other_files_are_left_alone(path):
    path.write_bytes(b"a letter")
    with pytest.raises(ModelFileError, match="not a backpass model file"):
        checkpoint(path).unfinished()
    write_model(path, Content({}, {"kind": "MLPClassifier"}), force=True)
    with pytest.raises(InvalidInput, match="is no checkpoint"):
        checkpoint(path).unfinished()


def test_a_failed_write_is_said_once_and_survived(tmp_path):
    ours = checkpoint(tmp_path / ("x" * 300))
    with pytest.warns(UserWarning, match="goes on without its checkpoint") as caught:
        ours.keep(1, RUN)
    ours.keep(2, RUN)  # a second warning would be an error here
    assert len(caught) == 1


def test_fingerprints():
    X = np.arange(12.0).reshape(3, 4)
    assert fingerprint(X, None) == fingerprint(np.asfortranarray(X), None)
    others = [X.astype(np.float32), X.reshape(4, 3), X + 1e-15, X[:, :0], scipy.sparse.csr_array(X)]
    assert len({fingerprint(other, None) for other in [X, *others]}) == 6
    assert fingerprint(X, None) != fingerprint(None, X)
