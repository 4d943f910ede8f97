"""Members that are trained on the workers of a Dask cluster, to the bits that they have here."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ..errors import CollectedWarning, warn
from ..streaming.dask_client import watched
from ..training.job_pool import Reporter
from ..training.jobs import Job, JobResult, run_jobs
from .time_limit import Deadline

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_SECONDS = 0.05

Rows = dict[str, Any]  # a job's arrays, by the names of its fields
Came = tuple[JobResult, list[CollectedWarning]]


class Cluster:
    """A cluster's workers, which train jobs, each on a thread of its own.

    Rows that jobs share are sent once, and workers hand them on. What a worker that dies was
    training is trained again on another, from its beginning.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    deadline : Deadline
        After which nothing is waited for.
    """

    def __init__(self, client: Client, deadline: Deadline) -> None:
        self._client, self._deadline = client, deadline
        self._sending = threading.Lock()
        self._sent: dict[tuple[int, ...], tuple[Rows, Future]] = {}  # rows kept, so ids stay theirs

    @property
    def threads(self) -> int:
        """Of all workers."""
        return max(1, sum(cast(dict[str, int], self._client.nthreads()).values()))

    def train(self, job: Job, earlier: JobResult, reporter: Reporter) -> JobResult | None:
        """Train a job on a worker; None where it was stopped.

        Raises
        ------
        ClusterLost
            If the workers or the scheduler died, or workers keep dying of the job.
        """
        rows = self._rows(job)
        bare = replace(job, **dict.fromkeys(_rows_of(job)))  # type: ignore[arg-type]
        future = self._client.submit(_trained, rows, bare, earlier, pure=False)
        return watched(lambda: self._awaited(future, reporter), self._client)

    def _awaited(self, future: Future, reporter: Reporter) -> JobResult | None:
        """What comes, or None where nothing is waited for any more."""
        while not future.done():
            if reporter.stopped or self._deadline.left_to_train() <= 0:
                future.cancel()
                return None
            time.sleep(LOOK_SECONDS)
        result, warnings = future.result()
        for message, category in warnings:
            warn(message, category)
        return result

    def _rows(self, job: Job) -> Future:
        """A job's rows, on whichever workers need them."""
        rows = _rows_of(job)
        validation = rows["validation"] or ()
        key = tuple(map(id, (rows["X"], rows["Y"], rows["sample_weight"], *validation)))
        with self._sending:
            if key not in self._sent:
                self._sent[key] = rows, self._send(rows)
            return self._sent[key][1]

    def _send(self, rows: Rows) -> Future:
        """Hold rows as what a task gives: what a lost worker held is then made again."""
        from dask import config

        with config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            return self._client.submit(_held, rows, pure=False)


def _held(rows: Rows) -> Rows:
    """The rows, from the scheduler that keeps them."""
    return rows


def _rows_of(job: Job) -> Rows:
    return {name: getattr(job, name) for name in ("X", "Y", "sample_weight", "validation")}


def _trained(rows: Rows, job: Job, earlier: JobResult) -> Came:
    """Train a job, on the worker that this is called on."""
    run = run_jobs([replace(job, **rows)], n_threads=1, resume=[earlier])
    for error in run.pool.failures.values():
        raise error
    return run.results[0], run.pool.warnings.get(0, [])
