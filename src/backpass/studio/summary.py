"""How good the network is by now, in numbers for the page."""

from __future__ import annotations

import base64
import math

import numpy as np

from .. import engine
from ..estimators.targets.scores import Accuracy, RSquared
from ..inspection.trace import trace
from ..network import Network
from .news import Mistake, News
from .page_state import PageState
from .session_data import SessionData


def validation(net: Network, theta: np.ndarray, data: SessionData) -> tuple[float, float]:
    """Score and loss on the validation rows; without any, the score on all, and no loss (NaN)."""
    X, Y = data.scored
    score = _score(net, engine.forward(net, theta, X), Y)
    loss = engine.cost_and_gradient(net, theta, X, Y)[0] if data.has_validation else math.nan
    return score, loss


def _score(net: Network, answers: np.ndarray, Y: np.ndarray) -> float:
    """Accuracy of classes, R² of numbers."""
    if net.loss.output in ("softmax", "logistic"):
        return Accuracy().plus(predicted(answers) == predicted(Y)).value
    return RSquared().plus(Y, answers).value


def summary(net: Network, theta: np.ndarray, state: PageState, data: SessionData) -> News:
    """δ by layer, confusion, the worst mistakes, and θ as base64 of its float64 bytes."""
    t = trace(net, theta, state.X, state.Y, state.lam)
    m = len(state.X)
    deltas = [float(np.linalg.norm(t.delta[l]) / math.sqrt(m)) for l in sorted(t.delta)]
    news: News = {
        "deltas": deltas,
        "theta64": base64.b64encode(theta.astype("<f8").tobytes()).decode(),
        "worst": [],
    }
    if state.classes is not None:
        X, Y = data.scored
        answers = engine.forward(net, theta, X)
        news["confusion"] = _confusion(predicted(Y), predicted(answers), state.classes)
        news["worst"] = _worst(t.a[net.L], state.Y)
    return news


def predicted(outputs: np.ndarray) -> np.ndarray:
    """The class that each row of outputs stands for."""
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def _confusion(truth: np.ndarray, said: np.ndarray, classes: list[object]) -> list[list[int]]:
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (truth, said), 1)
    return counts.tolist()


def _worst(outputs: np.ndarray, Y: np.ndarray) -> list[Mistake]:
    """The mistakes that the network was surest of."""
    truth, said = predicted(Y), predicted(outputs)
    sure = abs(outputs[:, 0] - 0.5) if outputs.shape[1] == 1 else outputs.max(axis=1)
    wrong = np.flatnonzero(truth != said)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:12]
    return [
        {"row": int(i), "answer": int(said[i]), "truth": int(truth[i]), "sure": float(sure[i])}
        for i in wrong
    ]
