"""Workers that die, and a scheduler that is gone, end in one sentence instead of in waiting."""

import os
import subprocess
import sys
import threading

import pytest

from backpass.errors import ClusterLost, InvalidInput
from backpass.streaming import dask_client
from backpass.streaming.dask_client import computed, watched

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

PRELUDE = """
import logging, os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import numpy as np, dask.array as da, backpass as bp
from backpass.streaming import dask_client
from backpass.errors import ClusterLost
from distributed import Client, LocalCluster

dask_client.PATIENCE_SECONDS = 2.0
RNG = np.random.default_rng(0)
X, K = RNG.normal(size=(400, 5)), RNG.integers(0, 3, 400)
cut = lambda array: da.from_array(array, chunks=(50, *array.shape[1:]))

def refused(work):
    try:
        work()
    except ClusterLost as error:
        assert "\\n" not in str(error)
        print("said:", error, flush=True)
        os._exit(0)  # what was lost is not waited for
    print("nothing was said")
    os._exit(1)
"""
WORKERS_DIE = """
def main():
    import subprocess
    cluster = LocalCluster(
        n_workers=0, processes=False, protocol="tcp", dashboard_address=None)
    client = Client(cluster)
    alone = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1"]
    alone += ["--no-dashboard", cluster.scheduler_address]
    workers = [subprocess.Popen(alone, stderr=subprocess.DEVNULL) for _ in range(2)]
    client.wait_for_workers(2, timeout=60)

    def kill(progress):
        if progress.epoch == 2:
            for worker in workers:
                worker.kill()

    model = bp.MLPClassifier(hidden_layer_sizes=(4,), solver=SOLVER, tol=0, callbacks=kill)
    refused(lambda: model.fit(cut(X), cut(K)))
"""
TASK_KILLS = """
def deadly(part):
    if len(part) and part[0, 0] == X[100, 0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return part

def main():
    import dask
    dask.config.set({"distributed.scheduler.allowed-failures": 0})
    client = Client(LocalCluster(1, threads_per_worker=1, dashboard_address=None))
    bad = cut(X).map_blocks(deadly, dtype=float, meta=np.empty((0, 5)))
    model = bp.MLPClassifier(hidden_layer_sizes=(4,), solver=SOLVER, max_iter=3)
    refused(lambda: model.fit(bad, cut(K)))
"""
SCHEDULER_DIES = """
def scheduler(pipe):
    import asyncio
    from distributed import Scheduler, Worker

    async def serve():
        async with Scheduler(port=0, dashboard_address=None) as s, Worker(s.address):
            pipe.send(s.address)
            await s.finished()

    asyncio.run(serve())

def main():
    import multiprocessing
    ours, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=scheduler, args=(theirs,), daemon=True)
    process.start()
    client = Client(ours.recv(), timeout=20)

    def kill(progress):
        if progress.epoch == 2:
            os.kill(process.pid, signal.SIGKILL)

    model = bp.MLPClassifier(hidden_layer_sizes=(4,), solver=SOLVER, tol=0, callbacks=kill)
    refused(lambda: model.fit(cut(X), cut(K)))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("solver", ["lbfgs", pytest.param("adam", marks=pytest.mark.long)])
@pytest.mark.parametrize("what", ["WORKERS_DIE", "TASK_KILLS", "SCHEDULER_DIES"])
def test_what_is_lost_is_said(what, solver, tmp_path):
    program = PRELUDE + globals()[what] + "\nif __name__ == '__main__':\n    main()\n"
    (tmp_path / "train.py").write_text(program.replace("SOLVER", repr(solver)))
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        timeout=120,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "said:" in done.stdout


class Client:
    """A client of a cluster whose workers and scheduler are as the test says."""

    def __init__(self, status="running", workers=("w",)):
        self.status, self.workers = status, workers

    def scheduler_info(self):
        return {"workers": dict.fromkeys(self.workers)}


@pytest.fixture
def cluster(monkeypatch):
    client = Client()
    monkeypatch.setattr(dask_client, "current_client", lambda: client)
    monkeypatch.setattr(dask_client, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(dask_client, "PATIENCE_SECONDS", 0.05)
    return client


def test_without_a_cluster_nothing_is_watched():
    assert computed(dask.delayed(sum)([1, 2]), 5) == (3, 5)
    here = threading.get_ident()
    assert watched(threading.get_ident) == here


def test_what_is_computed_comes_back(cluster):
    assert watched(lambda: 5) == 5
    with pytest.raises(InvalidInput, match=r"^as it was$"):
        watched(lambda: (_ for _ in ()).throw(InvalidInput("as it was")))


@pytest.mark.parametrize(
    "change", [{"status": "connecting"}, {"status": "closed"}, {"workers": ()}]
)
def test_nobody_is_left_to_wait_for(cluster, change):
    vars(cluster).update(change)
    with pytest.raises(ClusterLost, match="No Dask worker has been there"):
        watched(threading.Event().wait)


def test_a_worker_that_comes_in_time_is_waited_for(cluster, monkeypatch):
    monkeypatch.setattr(dask_client, "PATIENCE_SECONDS", 60.0)
    looks, done = [], threading.Event()

    def info():
        looks.append(1)
        if len(looks) == 4:
            done.set()
        return {"workers": {} if len(looks) < 3 else {"w": None}}

    cluster.scheduler_info = info
    assert watched(done.wait) is True


def test_what_dask_raises_of_lost_machines_is_one_sentence(cluster):
    from distributed import client
    from distributed.comm import CommClosedError

    def lost():
        raise CommClosedError("the line\nis gone. And more")

    with pytest.raises(ClusterLost, match=r"^Dask's machines were lost: the line is gone\.$"):
        watched(lost)

    def cancelled():
        # The oldest versions have no error of their own for it.
        own = getattr(client, "FutureCancelledError", None)
        raise own("a-key", "a reason") if own else client.CancelledError("a-key")

    with pytest.raises(ClusterLost):
        watched(cancelled)
