"""What an iteration costs on Dask: one evaluation of J and D, here and on two local workers.

    python benchmarks/dask_cost.py [ROWS] [COLUMNS]

Prints the seconds of an evaluation in memory, in blocks, and on the workers; from them what Dask
adds to every evaluation, and what a billion rows would take on a hundred workers.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import backpass as bp
from backpass import engine
from backpass.streaming.dask import ClusterProblem
from backpass.streaming.dask_blocks import DaskBlocks
from backpass.streaming.problem import StreamedProblem, as_columns

PARTITIONS, WORKERS, REPEATS = 8, 2, 7
BILLION, MANY_WORKERS = 10**9, 100


def seconds(function, theta):
    """Seconds of the fastest of some calls, after one that is not counted."""
    function(theta)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function(theta)
        times.append(time.perf_counter() - start)
    return min(times)


def main(rows: int, columns: int) -> None:
    """Measure and print."""
    import dask.array as da
    from distributed import Client, LocalCluster

    draw = np.random.default_rng(0)
    X = draw.normal(size=(rows, columns)).astype(np.float32)
    y = X[:, 0] * X[:, 1]
    net = bp.Network((columns, 128, 64, 1), "relu", "squared_error")
    theta = bp.init_theta(net, 0, "he", dtype=np.float32)
    here = engine.prepare(net, X, as_columns(y).astype(np.float32))
    blocks = StreamedProblem(net, bp.ArrayBlocks(X, y, rows=rows // PARTITIONS), as_columns)
    memory, in_blocks = (seconds(p.cost_and_gradient, theta) for p in (here, blocks))
    cluster = LocalCluster(WORKERS, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster):
        cut = (rows // PARTITIONS, columns)
        data = DaskBlocks(da.from_array(X, chunks=cut), da.from_array(y, chunks=cut[:1]))
        workers = seconds(ClusterProblem(net, data, as_columns).cost_and_gradient, theta)
    overhead = max(0.0, workers - in_blocks / WORKERS)
    per_row = in_blocks / rows
    print(f"rows {rows}, columns {columns}, {net.n_parameters} parameters, float32")
    print(f"in memory      {memory * 1e3:9.1f} ms")
    print(f"in blocks      {in_blocks * 1e3:9.1f} ms")
    print(f"{WORKERS} workers      {workers * 1e3:9.1f} ms in {PARTITIONS} partitions")
    print(f"Dask adds      {overhead * 1e3:9.1f} ms, {overhead / PARTITIONS * 1e3:.1f} a partition")
    billion = BILLION * per_row / MANY_WORKERS + overhead / PARTITIONS * MANY_WORKERS
    print(f"a billion rows on {MANY_WORKERS} such workers: {billion:.1f} s an evaluation")


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(*(arguments + [400_000, 64][len(arguments) :]))
