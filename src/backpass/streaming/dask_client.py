"""Waiting for Dask: what workers compute is fetched, and machines that are lost are an error.

Dask itself waits for ever where the last worker has died and none comes in its place. Here somebody
looks every second whether there is still anybody who computes.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import ClusterLost
from ..extras import optional

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 30.0  # without a worker, in which a nanny or a cluster manager brings a new one


def computed(*values: object) -> tuple[Any, ...]:
    """Compute Dask collections, wherever that is done.

    Raises
    ------
    ClusterLost
        If the workers or the scheduler died, or workers keep dying of the same task.
    """
    dask = optional("dask", "Training on Dask collections")
    return watched(lambda: dask.compute(*values))


def watched(work: Callable[[], R], client: Client | None = None) -> R:
    """Do what waits for Dask; raise where there is nobody left to wait for.

    The cluster is the client's, or the one on which Dask computes just now.
    """
    client = client or current_client()
    if client is None:
        return work()
    answer = _Answer(work)
    alive = time.monotonic()
    while not answer.there(LOOK_SECONDS):
        if _computes(client):
            alive = time.monotonic()
        elif time.monotonic() - alive > PATIENCE_SECONDS:
            raise ClusterLost(
                f"No Dask worker has been there for {PATIENCE_SECONDS:.0f} seconds: all of them "
                "died, or the scheduler is gone; start the cluster anew, and with checkpoint= the "
                "training goes on where it was."
            )
    return answer.given()


class _Answer(Generic[R]):
    """What a thread of its own is waiting for, since Dask's waiting cannot be given up."""

    def __init__(self, work: Callable[[], R]) -> None:
        self._done = threading.Event()
        self._error: BaseException | None = None
        context = contextvars.copy_context()  # in which a client may be the current one
        threading.Thread(target=context.run, args=(self._work, work), daemon=True).start()

    def _work(self, work: Callable[[], R]) -> None:
        try:
            self._result = work()
        except BaseException as error:  # handed to the thread that asked
            self._error = error
        finally:
            self._done.set()

    def there(self, seconds: float) -> bool:
        """Wait for so long at most."""
        return self._done.wait(seconds)

    def given(self) -> R:
        """Return the result, or raise what was raised."""
        if self._error is None:
            return self._result
        if isinstance(self._error, _losses()):
            raise ClusterLost(f"Dask's machines were lost: {_one_line(self._error)}.") from None
        raise self._error


def current_client() -> Client | None:
    """Return the cluster's client, where Dask computes on one."""
    if "distributed" not in sys.modules:
        return None
    client = getattr(optional("dask.base", "Dask").get_scheduler(), "__self__", None)
    return client if isinstance(client, optional("distributed", "Dask").Client) else None


def _computes(client: Client) -> bool:
    """Whether the scheduler answers and has a worker."""
    return client.status == "running" and bool(client.scheduler_info().get("workers"))


def _losses() -> tuple[type[BaseException], ...]:
    """What Dask raises where a machine is gone."""
    distributed = optional("distributed", "Dask")
    closed = optional("distributed.comm", "Dask").CommClosedError
    return (distributed.KilledWorker, CancelledError, closed)


def _one_line(error: BaseException) -> str:
    """An error's first sentence."""
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")[:300]
