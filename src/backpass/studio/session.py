"""One live training run by the native engine, steered from the page."""

from __future__ import annotations

import base64
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import engine
from ..inspection.trace import trace
from ..network import Network
from ..solvers.first_order import Adam
from ..training.checkpoints import Checkpoint
from .scene import Scene

FRAME_SECONDS = 0.08
SAVE_SECONDS = 5.0
BATCH_SIZE = 32
_DONE = {"going": False, "done": True}


@dataclass(frozen=True, eq=False)
class Bench:
    """What a session trains on, and where it keeps what it learns."""

    X: np.ndarray  # (m, s_1)
    Y: np.ndarray  # (m, s_L)
    X_validation: np.ndarray
    Y_validation: np.ndarray
    save: Callable[[np.ndarray], str] | None = None  # θ -> a sentence; None: nowhere to save
    checkpoint: Checkpoint | None = None  # from which a killed server's run goes on

    @property
    def judged(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose score is shown: those for validation, or all where there are none."""
        return (
            (self.X_validation, self.Y_validation) if len(self.X_validation) else (self.X, self.Y)
        )


@dataclass
class Settings:
    """What the page may change while training runs."""

    alpha: float = 1e-3
    lam: float = 0.0
    epochs: int = 100


@dataclass
class Mailbox:
    """The latest news, never a queue: what is not fetched in time is merged into what follows."""

    news: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, news: dict[str, Any]) -> None:
        """Add news; curves grow, everything else is replaced."""
        with self.lock:
            curves = self.news.get("curves", {})
            for name, values in news.get("curves", {}).items():
                curves.setdefault(name, []).extend(values)
            self.news.update(news)
            self.news["curves"] = curves

    def take(self) -> dict[str, Any] | None:
        """Fetch what there is, or None."""
        with self.lock:
            news, self.news = self.news, {}
        return news or None


class Session:
    """A training run in a thread of its own: start, pause, resume, set, stop, save."""

    def __init__(self, scene: Scene, bench: Bench, seed: int = 0) -> None:
        self.scene = scene
        self.bench = bench
        self.theta = scene.theta.copy()
        self.settings = Settings(lam=scene.lam)
        self.mailbox = Mailbox()
        self._random = np.random.default_rng(seed)
        self._go = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._optimizer = Adam()
        self._state = self._optimizer.init(self.theta)
        self._epoch = 0
        if bench.checkpoint is not None:
            self._go_on(bench.checkpoint.unfinished())

    @property
    def running(self) -> bool:
        """Whether a thread is training, or waiting to go on."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, settings: Settings) -> None:
        """Begin a run, or go on with new settings."""
        self.stop()
        self.settings = settings
        self._stop.clear()
        self._go.set()
        self._thread = threading.Thread(target=self._run_quietly, daemon=True)
        self._thread.start()

    def _go_on(self, run: dict[str, Any] | None) -> None:
        """Take up a checkpoint's run; it goes on to the bits of an undisturbed one."""
        if run is None:
            return
        self.theta, self._state, self._epoch = run["theta"], run["solver"], run["epoch"]
        self._random.bit_generator.state = run["generator"]
        words = f"Epoch {self._epoch} of the checkpoint; start goes on from there."
        self.mailbox.put({"says": words, "going": False})

    def _keep(self) -> None:
        """Write the checkpoint when it is due."""
        if self.bench.checkpoint is not None:
            run = {
                "theta": self.theta,
                "solver": self._state,
                "epoch": self._epoch,
                "generator": self._random.bit_generator.state,
            }
            self.bench.checkpoint.keep(self._epoch, run)

    def pause(self) -> None:
        """Wait after the epoch that is running."""
        self._go.clear()
        self.mailbox.put({"says": "Paused.", "going": False})

    def resume(self) -> None:
        """Go on."""
        if self.running:
            self._go.set()
            self.mailbox.put({"says": "", "going": True})

    def stop(self) -> None:
        """End the run; the network keeps what it has learnt, and it is saved where it can be."""
        if self.running:
            self._stop.set()
            self._go.set()
            if self._thread is not None:
                self._thread.join()
            if self.bench.save is not None:
                self.bench.save(self.theta)
            self.mailbox.put({"says": "Stopped; the network keeps what it has learnt."} | _DONE)

    def save(self) -> None:
        """Save the network where the command line said."""
        if self.bench.save is None:
            self.mailbox.put({"says": "There is nowhere to save: start the studio with --out."})
        else:
            self.mailbox.put({"says": self.bench.save(self.theta)})

    def _run_quietly(self) -> None:
        """Run without NumPy's warnings: a J that is not finite is told in words."""
        with np.errstate(all="ignore"):
            self._run()

    def _run(self) -> None:
        """Epoch after epoch, until all are done, the page says stop, or J is not finite."""
        lam, problem = None, None
        last, begun = self._epoch + self.settings.epochs, time.monotonic()
        first, saved = self._epoch, begun
        while self._epoch < last and not self._stop.is_set():
            self._go.wait()
            if self.settings.lam != lam or problem is None:
                lam = self.settings.lam
                problem = engine.prepare(self.scene.net, self.bench.X, self.bench.Y, lam=lam)
            J = self._one_epoch(problem)
            if not math.isfinite(J):
                self.mailbox.put({"says": "J is not finite any more: α is too large."} | _DONE)
                return
            done = self._epoch - first
            self._tell(J, last, (time.monotonic() - begun) / done)
            self._keep()
            if self.bench.save is not None and time.monotonic() - saved > SAVE_SECONDS:
                self.bench.save(self.theta)
                saved = time.monotonic()
        self._finish()

    def _one_epoch(self, problem: Any) -> float:
        """One pass; θ changes only where J stayed finite."""
        m = len(self.bench.X)
        order = self._random.permutation(m)
        rates = np.full(-(-m // BATCH_SIZE), self.settings.alpha)
        epoch = problem.run_epoch(
            self.theta, self._state, self._optimizer, order, BATCH_SIZE, rates
        )
        if math.isfinite(epoch.J):
            self.theta, self._state = epoch.theta, epoch.state
            self._epoch += 1
        return epoch.J

    def _finish(self) -> None:
        """Say the end, with the last numbers, and keep them."""
        news = summary(self.scene.net, self.theta, self.scene, self.bench)
        if self.bench.save is not None:
            self.bench.save(self.theta)
        if self.bench.checkpoint is not None:
            self.bench.checkpoint.interrupt()
        self.mailbox.put({**news, "says": "All epochs are done."} | _DONE)

    def _tell(self, J: float, last: int, seconds_per_epoch: float) -> None:
        """Put the epoch's news into the mailbox; the costly part only when a frame is due."""
        scores = validation(self.scene.net, self.theta, self.bench)
        curves = {"J": [J], **{name: [value] for name, value in scores.items()}}
        news: dict[str, Any] = {
            "epoch": self._epoch,
            "epochs": last,
            "J": J,
            "going": self._go.is_set(),
            "score": scores["score"],
            "rows_per_second": len(self.bench.X) / seconds_per_epoch,
            "seconds_left": (last - self._epoch) * seconds_per_epoch,
            "curves": curves,
        }
        now = time.monotonic()
        if now - getattr(self, "_framed", 0.0) > FRAME_SECONDS:
            self._framed = now
            news |= summary(self.scene.net, self.theta, self.scene, self.bench)
        self.mailbox.put(news)


def validation(net: Network, theta: np.ndarray, bench: Bench) -> dict[str, float]:
    """Loss and score on the validation rows; a small table has none, so its score is on all."""
    X, Y = bench.judged
    score = _score(net, engine.forward(net, theta, X), Y)
    if X is bench.X:
        return {"score": score}
    return {"validation": engine.cost_and_gradient(net, theta, X, Y)[0], "score": score}


def _score(net: Network, answers: np.ndarray, Y: np.ndarray) -> float:
    """Accuracy, or R² where there is any spread to explain."""
    if net.loss.output in ("softmax", "logistic"):
        return float(np.mean(_said(answers) == _said(Y)))
    rest, spread = ((answers - Y) ** 2).sum(), ((Y - Y.mean(axis=0)) ** 2).sum()
    return float(1 - rest / spread) if spread else 0.0


def summary(net: Network, theta: np.ndarray, scene: Scene, bench: Bench) -> dict[str, Any]:
    """δ by layer, confusion, the worst mistakes, and θ as base64 of its float64 bytes."""
    t = trace(net, theta, scene.X, scene.Y, scene.lam)
    m = len(scene.X)
    deltas = [float(np.linalg.norm(t.delta[l]) / math.sqrt(m)) for l in sorted(t.delta)]
    news: dict[str, Any] = {
        "deltas": deltas,
        "theta64": base64.b64encode(theta.astype("<f8").tobytes()).decode(),
        "worst": [],
    }
    if scene.classes is not None:
        X, Y = bench.judged
        answers = engine.forward(net, theta, X)
        news["confusion"] = _confusion(_said(Y), _said(answers), scene.classes)
        news["worst"] = _worst(t.a[net.L], scene.Y)
    return news


def _said(outputs: np.ndarray) -> np.ndarray:
    """The class that each row of outputs stands for."""
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def _confusion(truth: np.ndarray, said: np.ndarray, classes: list[Any]) -> list[list[int]]:
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (truth, said), 1)
    return counts.tolist()


def _worst(outputs: np.ndarray, Y: np.ndarray) -> list[dict[str, Any]]:
    """The mistakes that the network was surest of."""
    truth, said = _said(Y), _said(outputs)
    sure = abs(outputs[:, 0] - 0.5) if outputs.shape[1] == 1 else outputs.max(axis=1)
    wrong = np.flatnonzero(truth != said)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:12]
    return [
        {"row": int(i), "answer": int(said[i]), "truth": int(truth[i]), "sure": float(sure[i])}
        for i in wrong
    ]
