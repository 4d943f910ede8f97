"""Members on a Dask cluster have the bits that they have here, also where a worker is killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed")

FAULTS = Path(__file__).parents[1] / "faults"

PRELUDE = """
import logging, os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import numpy as np
from distributed import Client, LocalCluster
from backpass.tabular.cluster import Cluster
from backpass.tabular.ensemble import fit_ensemble
from backpass.tabular.time_limit import Deadline
from backpass.training.stop import StopReason
from trained_members import bits, drawn, train

def assert_same(one, other):
    assert set(one) == set(other)
    for name in one:
        assert np.array_equal(one[name], other[name]), name

def cluster(**more):
    return LocalCluster(2, threads_per_worker=1, dashboard_address=None, **more)
"""
SAME_BITS = """
def main(folder):
    sent, send = [], Cluster._send
    Cluster._send = lambda self, rows: sent.append(rows) or send(self, rows)
    told = []
    with cluster(processes=False) as here, Client(here) as client:
        found = train(folder, 1, client=client, callback=told.append)
        assert [each.done for each in told] == list(range(6)), told
        forms = {(pack, each.settings.bins)
                 for pack, of in enumerate(found.packs) for each in of.members}
        assert len(sent) == len(forms), (len(sent), forms)
        assert_same(bits(found), bits(train(None, 1)))
        for file in sorted(folder.rglob("*.checkpoint")):
            file.unlink()  # all were released

        told.clear()
        second = lambda progress: told.append(progress) or len(told) == 2
        stopped = train(folder, 1, client=client, callback=second)
        assert 2 <= len(stopped.members) < 6
        told.clear()  # what was over is taken from the files, here, where there is no cluster
        assert_same(bits(train(folder, 1, callback=told.append)), bits(found))
        assert {each.epoch.job for each in told if each.done < 3} != {0, 1, 2}
"""
ESTIMATOR = """
def main(folder):
    import backpass as bp
    X, y = np.random.default_rng(0).normal(size=(2, 120, 3))
    asked = {"n_members": 5, "random_state": 0, "member": {"max_epochs": 3}}
    here = bp.TabularRegressor(**asked).fit(X, y[:, 0])
    try:
        bp.TabularRegressor(on_cluster=True, **asked).fit(X, y[:, 0])
    except bp.errors.InvalidInput as error:
        assert "make a distributed.Client first" in str(error)
    trained = []
    train_there = Cluster.train
    Cluster.train = lambda self, *job: trained.append(job) or train_there(self, *job)
    with cluster(processes=False) as workers, Client(workers):
        there = bp.TabularRegressor(on_cluster=True, **asked).fit(X, y[:, 0])
    assert len(trained) == 5
    assert np.array_equal(here.predict(X), there.predict(X))
"""
FAILS = """
class Fails:
    def __call__(self, answers):
        raise LookupError("no cost")

def main(folder):
    parts, outputs, _ = drawn()
    with cluster(processes=False) as here, Client(here) as client:
        try:
            fit_ensemble(parts, outputs, lambda Y, w: Fails(), client=client)
        except LookupError as error:
            assert str(error) == "no cost"
        else:
            raise AssertionError
        now = time.monotonic()
        late = Cluster(client, Deadline(0.001))

        class Reporter:
            stopped = False

        from backpass import Job, Network
        X = np.zeros((2_000, 4))
        net = Network((4, 8, 1), loss="squared_error")
        job = Job(net, X, X[:, :1], max_epochs=10**6, tol=-np.inf)
        from backpass.training.jobs import JobResult
        assert late.train(job, JobResult(), Reporter()) is None
        print("same", flush=True)
        os._exit(0)  # what is not waited for is not over
"""
KILLED = """
def main(folder):
    with cluster() as here, Client(here) as client:
        pids = list(client.run(os.getpid).values())
        killed = []

        def kill(progress):
            if not killed:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])

        found = train(None, 1, client=client, callback=kill)
        assert killed
    assert_same(bits(found), bits(train(None, 1)))
"""
WORKERS_DIE = """
def main(folder):
    from backpass.errors import ClusterLost
    from backpass.streaming import dask_client
    dask_client.PATIENCE_SECONDS = 2.0
    import subprocess
    here = LocalCluster(n_workers=0, processes=False, protocol="tcp", dashboard_address=None)
    client = Client(here, set_as_default=False)
    alone = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1",
             "--no-dashboard", here.scheduler_address]
    workers = [subprocess.Popen(alone, stderr=subprocess.DEVNULL) for _ in range(2)]
    client.wait_for_workers(2, timeout=60)

    def kill(progress):
        for worker in workers:
            worker.kill()

    try:
        train(None, 1, client=client, callback=kill)
    except ClusterLost as error:
        print("same", error, flush=True)
        os._exit(0)
    os._exit(1)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    "what",
    [
        "SAME_BITS",
        "ESTIMATOR",
        "FAILS",
        pytest.param("KILLED", marks=pytest.mark.long),
        pytest.param("WORKERS_DIE", marks=pytest.mark.long),
    ],
)
def test_on_a_cluster(what, tmp_path):
    program = PRELUDE + globals()[what]
    program += "\nif __name__ == '__main__':\n    from pathlib import Path\n"
    program += "    main(Path(sys.argv[1]))\n    print('same')\n"
    (tmp_path / "fit.py").write_text(program)
    done = subprocess.run(
        [sys.executable, tmp_path / "fit.py", tmp_path / "run"],
        timeout=240,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(FAULTS)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "same" in done.stdout
