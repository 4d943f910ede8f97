"""Ctrl-C, fork, threads and too little memory: nothing breaks, and what is left works."""

import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import backpass as bp
from backpass.training.stop import StopReason

pytestmark = pytest.mark.filterwarnings("ignore")
SOLVERS = ["gd", "sgd", "adam", "lbfgs", "cg", "newton"]
RNG = np.random.default_rng(0)
X, K = RNG.normal(size=(600, 12)), RNG.integers(0, 3, 600)


def model(solver, **settings):
    return bp.MLPClassifier(
        **{
            "hidden_layer_sizes": (9,),
            "solver": solver,
            "max_iter": 100_000,
            "tol": 0.0,
            "n_iter_no_change": np.inf,
            "random_state": 0,
            "alpha": 0.1,
            **settings,
        }
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", range(3))
def test_ctrl_c_leaves_a_usable_model(solver, seed):
    """The signal comes at a random moment of a training that would else go on for long."""
    began, draw = threading.Event(), random.Random(seed)

    def interrupt():
        began.wait(60)
        threading.Event().wait(draw.uniform(0, 0.05))
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    over, watcher = threading.Event(), threading.Thread(target=interrupt)
    watcher.start()
    fit = model(solver, callbacks=lambda progress: began.set())
    try:
        fit.fit(X, K)
        over.set()
    except KeyboardInterrupt:  # it came between the training and the end of fit
        over.set()
        assert not hasattr(fit, "theta_")
        return
    finally:
        began.set()
        watcher.join()
    if solver in ("gd", "sgd", "adam"):  # the others may have found the minimum before
        assert fit.stop_reason_ is StopReason.INTERRUPTED
    if fit.stop_reason_ is StopReason.INTERRUPTED:
        assert len(fit.loss_curve_) == fit.n_iter_ > 0
    assert np.isfinite(fit.predict_proba(X)).all()
    fit.set_params(max_iter=2, warm_start=True, callbacks=None).fit(X, K)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize("solver", SOLVERS)
def test_ctrl_c_loses_no_checkpoint(solver, tmp_path):
    """Interrupted after some epochs and fitted again: the bits of an undisturbed training."""
    path, settings = tmp_path / "run.checkpoint", {"max_iter": 12, "every": 5}
    whole = model(solver, **settings).fit(X, K)

    def interrupt(progress):
        if progress.epoch == 8:
            raise KeyboardInterrupt

    fit = model(solver, **settings, checkpoint=path, callbacks=interrupt).fit(X, K)
    if whole.n_iter_ > 8:
        assert fit.stop_reason_ is StopReason.INTERRUPTED
    resumed = model(solver, **settings, checkpoint=path).fit(X, K)
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork_after_fit():
    """A child that was forked after a fit on several threads can fit and predict."""
    script = """
import os, warnings
warnings.simplefilter("ignore")
import numpy as np, backpass as bp
X = np.random.default_rng(0).normal(size=(3000, 30)); K = (X[:, 0] > 0).astype(int)
def fit(): return bp.MLPClassifier((64,), max_iter=2, random_state=0, n_threads=4).fit(X, K)
parent = fit()
child = os.fork()
if child == 0:
    works = np.isfinite(parent.predict_proba(X)).all()
    os._exit(0 if works and np.array_equal(fit().theta_, parent.theta_) else 3)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0, status
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_threads_predict_while_one_fits():
    trained = model("adam", max_iter=3).fit(X, K)
    expected = trained.predict_proba(X)
    with ThreadPoolExecutor(9) as pool:
        fitting = pool.submit(lambda: model("sgd", max_iter=30).fit(X, K).theta_)
        answers = [pool.submit(trained.predict_proba, X) for _ in range(80)]
        for answer in answers:
            np.testing.assert_array_equal(answer.result(60), expected)
        theta = fitting.result(60)
    np.testing.assert_array_equal(theta, model("sgd", max_iter=30).fit(X, K).theta_)


class OutOfMemory(bp.ArrayBlocks):
    """Blocks of which one does not fit into memory, the third time that it is read."""

    reads = 0

    def read(self, group):
        OutOfMemory.reads += group == 2
        if OutOfMemory.reads == 3:
            raise MemoryError
        yield from super().read(group)


@pytest.mark.parametrize("solver", ["gd", "sgd", "adam", "lbfgs", "cg"])
def test_out_of_memory_in_a_block(solver, tmp_path):
    """It is said; a fitted model stays what it was, and the checkpoint goes on."""
    settings, path = {"max_iter": 6, "early_stopping": False}, tmp_path / "run.checkpoint"
    whole = model(solver, **settings).fit(bp.ArrayBlocks(X, K, rows=100))
    OutOfMemory.reads = 0
    fit = model(solver, **settings, checkpoint=path)
    with pytest.raises(MemoryError):
        fit.fit(OutOfMemory(X, K, rows=100))
    fit.fit(bp.ArrayBlocks(X, K, rows=100))
    np.testing.assert_array_equal(fit.theta_, whole.theta_)


def test_out_of_memory_leaves_the_old_weights():
    fit = model("lbfgs", max_iter=3).fit(X, K)
    before = fit.theta_.copy()
    OutOfMemory.reads = 0
    with pytest.raises(MemoryError):
        fit.fit(OutOfMemory(X, K, rows=100))
    np.testing.assert_array_equal(fit.theta_, before)
    assert np.isfinite(fit.predict_proba(X)).all()
