"""One live training run by the native engine, steered from the page."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .. import engine, old_names
from ..errors import InvalidInput
from ..solvers.first_order import Adam
from ..training.early_stopping import EarlyStopping
from ..training.mini_batch import MiniBatchOptions, run_epochs
from ..training.monitor import Monitor
from ..training.schedules import Schedule
from ..training.state import History, pack, start, unpack
from ..training.stop import StopReason
from .news import Mailbox, Mark, News
from .page_state import PageState
from .session_data import SessionData
from .summary import summary, validation

FRAME_SECONDS = 0.08
SAVE_SECONDS = 5.0
BATCH_SIZE = 32
MOST_MARKS = 20
ENDLESS = EarlyStopping(tol=0.0, n_iter_no_change=math.inf)  # the page says when to stop


@dataclass
class Hyperparameters:
    """What the page may change while training runs."""

    alpha: float = 1e-3
    lam: float = 0.0
    epochs: int = 100

    @property
    def one_epoch(self) -> MiniBatchOptions:
        """One epoch with α as it is now; J may grow as it likes, so that one can watch it."""
        schedule = Schedule("constant", self.alpha)
        return MiniBatchOptions(Adam(), schedule, BATCH_SIZE, 1, ENDLESS, explosion=math.inf)


class Session:
    """A training run in a thread of its own: start, pause, resume, set, stop, save."""

    def __init__(self, page_state: PageState, data: SessionData, seed: int = 0) -> None:
        self.page_state = page_state
        self.data = data
        self.hyperparameters = Hyperparameters(lam=page_state.lam)
        self.mailbox = Mailbox()
        self._state = start(page_state.theta.copy(), seed)
        self._unpaused = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._framed = self._saved = -math.inf
        self._marks: list[Mark] = []  # the first is how it began
        if data.checkpoint is not None:
            self._restore(data.checkpoint.unfinished())

    @property
    def theta(self) -> np.ndarray:
        """θ after the last whole epoch, shape (n,)."""
        return self._state.theta

    @property
    def running(self) -> bool:
        """Whether a thread is training, or waiting to go on."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, hyperparameters: Hyperparameters) -> None:
        """Begin a run, or go on with other hyperparameters."""
        self.stop()
        self.hyperparameters = hyperparameters
        self._stop.clear()
        self._unpaused.set()
        self.mailbox.put({"says": "", "going": True, "done": False})
        self._mark()
        self._thread = threading.Thread(target=self._run_quietly, daemon=True)
        self._thread.start()

    def change(self, hyperparameters: Hyperparameters) -> None:
        """Go on with another α and λ from the next epoch on."""
        self.hyperparameters.alpha = hyperparameters.alpha
        self.hyperparameters.lam = hyperparameters.lam
        if self._marks:
            self._mark()

    def _mark(self) -> None:
        """Tell after which epoch α or λ became another one, if they did."""
        alpha, lam = self.hyperparameters.alpha, self.hyperparameters.lam
        now: Mark = {"epoch": self._state.epoch, "alpha": alpha, "lam": lam}
        if self._marks:
            before = self._marks[-1]
            if before | {"epoch": now["epoch"]} == now:
                return
            if before["epoch"] == now["epoch"]:
                self._marks.pop()
        self._marks.append(now)
        self.mailbox.put({"marks": self._marks[1:][-MOST_MARKS:]})

    def _restore(self, run: Mapping[str, object] | None) -> None:
        """Take up a checkpoint's run; it goes on to the bits of an undisturbed one."""
        if run is not None:
            self._state = unpack(run, self._state)
            words = f"Epoch {self._state.epoch} of the checkpoint; start goes on from there."
            self.mailbox.put({"says": words, "going": False})

    def pause(self) -> None:
        """Wait after the epoch that is running."""
        self._unpaused.clear()
        self.mailbox.put({"says": "Paused.", "going": False})

    def resume(self) -> None:
        """Go on."""
        if self.running:
            self._unpaused.set()
            self.mailbox.put({"says": "", "going": True})

    def stop(self) -> None:
        """End the run; the network keeps what it has learnt, and it is saved where it can be."""
        if self.running:
            self._stop.set()
            self._unpaused.set()
            if self._thread is not None:
                self._thread.join()
            if self.data.save is not None:
                self.data.save(self.theta)
            self._say_done("Stopped; the network keeps what it has learnt.", self._summary())

    def save(self) -> None:
        """Save the network where the command line said."""
        if self.data.save is None:
            self.mailbox.put({"says": "There is nowhere to save: start the studio with --out."})
        else:
            self.mailbox.put({"says": self.data.save(self.theta)})

    def _run_quietly(self) -> None:
        """Run without NumPy's warnings: a J that is not finite is told in words."""
        with np.errstate(all="ignore"):
            self._run()

    def _run(self) -> None:
        """Epoch after epoch, until all are done, the page says stop, or J is not finite."""
        problem: engine.Problem | None = None
        last, self._saved = self._state.epoch + self.hyperparameters.epochs, time.monotonic()
        monitor = Monitor(self._validate)
        while self._state.epoch < last and not self._stop.is_set():
            self._wait_while_paused(monitor)
            if problem is None or problem.lam != self.hyperparameters.lam:
                problem = self._prepare()
            if not self._train_an_epoch(problem, monitor):
                self._say_done("J is not finite any more: α is too large.", self._summary())
                return
            self._publish(last, monitor)
            self._save_if_due()
        self._finish()

    def _wait_while_paused(self, monitor: Monitor) -> None:
        """Wait, with the page told the network as it is; a pause is no training time."""
        if self._unpaused.is_set():
            return
        self.mailbox.put(self._summary())
        paused = time.perf_counter()
        self._unpaused.wait()
        monitor.started += time.perf_counter() - paused

    def _prepare(self) -> engine.Problem:
        """The objective with λ as it is now."""
        lam = self.hyperparameters.lam
        return engine.prepare(self.page_state.net, self.data.X, self.data.Y, lam=lam)

    def _train_an_epoch(self, problem: engine.Problem, monitor: Monitor) -> bool:
        """Train one epoch on, with the page's wishes as they are now; whether J stayed finite.

        The page keeps the curves, the state only their last points: a run may be very long.
        """
        before = replace(self._state, history=History())
        try:
            finished = run_epochs(problem, before, self.hyperparameters.one_epoch, monitor)
        except InvalidInput:  # J was not finite to begin with
            return False
        self._state, reason = finished
        return reason is not StopReason.DIVERGED

    def _validate(self, theta: np.ndarray) -> tuple[float, float]:
        return validation(self.page_state.net, theta, self.data)

    def _save_if_due(self) -> None:
        """Write the checkpoint and the network when they are due."""
        if self.data.checkpoint is not None:
            self.data.checkpoint.keep(self._state.epoch, pack(self._state))
        if self.data.save is not None and time.monotonic() - self._saved > SAVE_SECONDS:
            self.data.save(self.theta)
            self._saved = time.monotonic()

    def _finish(self) -> None:
        """Say the end, with the last numbers, and keep them."""
        news = self._summary()
        if self.data.save is not None:
            self.data.save(self.theta)
        if self.data.checkpoint is not None:
            self.data.checkpoint.interrupt(self._state.epoch, pack(self._state))
        self._say_done("All epochs are done.", news)

    def _say_done(self, words: str, news: News | None = None) -> None:
        done: News = {"says": words, "going": False, "done": True}
        self.mailbox.put(done if news is None else news | done)

    def _publish(self, last: int, monitor: Monitor) -> None:
        """Put the epoch's news into the mailbox; the costly part only when a frame is due."""
        epoch, history = self._state.epoch, self._state.history
        rows_per_second = monitor.rows / (time.perf_counter() - monitor.started)
        curves = {"J": history.J[:], "score": history.score[:]}
        if self.data.has_validation:
            curves["validation"] = history.validation_loss[:]
        news: News = {
            "epoch": epoch,
            "epochs": last,
            "J": history.J[-1],
            "going": self._unpaused.is_set(),
            "score": history.score[-1],
            "rows_per_second": rows_per_second,
            "seconds_left": (last - epoch) * self.data.X.shape[0] / rows_per_second,
            "curves": curves,
        }
        if time.monotonic() - self._framed > FRAME_SECONDS:
            self._framed = time.monotonic()
            news |= self._summary()
        self.mailbox.put(news)

    def _summary(self) -> News:
        net, lam = self.page_state.net, self.hyperparameters.lam
        return summary(net, self.theta, self.page_state, self.data, lam)


__getattr__ = old_names("studio.session")
