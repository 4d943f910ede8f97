"""A worker is killed in the middle: the training finishes, with the bits of one machine."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("distributed")

SCRIPT = """
import logging, os, signal, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import numpy as np, backpass as bp

RNG = np.random.default_rng(0)
X, K = RNG.normal(size=(4000, 10)), RNG.integers(0, 3, 4000)
SETTINGS = dict(hidden_layer_sizes=(12,), max_iter=12, random_state=0, tol=0.0, alpha=0.1)

def main(solver):
    import dask.array as da
    from distributed import Client, LocalCluster
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            killed = []

            def kill(progress):
                if progress.epoch == 3 and not killed:
                    pid = next(iter(client.run(os.getpid).values()))
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

            cut = lambda array: da.from_array(array, chunks=(500, *array.shape[1:]))
            model = bp.MLPClassifier(**SETTINGS, solver=solver, callbacks=kill)
            model.fit(cut(X), cut(K))
            assert killed
    here = bp.MLPClassifier(**SETTINGS, solver=solver)
    here.fit(bp.ArrayBlocks(X, K, rows=500))
    assert np.array_equal(model.theta_, here.theta_)
    print("the same bits")

if __name__ == "__main__":
    main(sys.argv[1])
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("solver", ["lbfgs", pytest.param("cg", marks=pytest.mark.long), "adam"])
def test_a_killed_worker(solver, tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, path, solver],
        timeout=240,
        capture_output=True,
        text=True,
        check=False,
        # BLAS, which computes where the native core is not built, rounds by its number of threads
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the same bits" in done.stdout
