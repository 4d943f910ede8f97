"""How good the network is by now, in numbers for the page."""

from __future__ import annotations

import base64
import math

import numpy as np

from .. import engine
from ..arrays import as_csr
from ..estimators.targets.scores import Accuracy, RSquared
from ..inspection.trace import trace
from ..network import Network
from .news import Mistake, News
from .page_state import PageState
from .session_data import SessionData

MOST_MISTAKES = 12
MOST_PAIRS = 300


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


def summary(
    net: Network, theta: np.ndarray, state: PageState, data: SessionData, lam: float | None = None
) -> News:
    """δ by layer, confusion, the worst mistakes, and θ as base64 of its float64 bytes.

    Confusion, mistakes and pairs count the rows that the score counts.
    """
    t = trace(net, theta, state.X, state.Y, state.lam)
    m = len(state.X)
    X, Y = data.scored
    answers = engine.forward(net, theta, X)
    news: News = {
        "deltas": [float(np.linalg.norm(t.delta[l]) / math.sqrt(m)) for l in sorted(t.delta)],
        "theta64": base64.b64encode(theta.astype("<f8").tobytes()).decode(),
        "lam": state.lam if lam is None else lam,
        "W": float(data.X.shape[0]),
        "rows_scored": len(Y),
    }
    if state.classes is None:
        return news | {
            "worst": _farthest(answers, Y, data.scored_rows),
            "pairs": _pairs(answers, Y),
        }
    news["confusion"] = _confusion(predicted(Y), predicted(answers), state.classes)
    news["worst"] = [_shown(mistake, state, data) for mistake in _surest(answers, Y)]
    return news


def predicted(outputs: np.ndarray) -> np.ndarray:
    """The class that each row of outputs stands for."""
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def sureness(outputs: np.ndarray) -> np.ndarray:
    """How sure the network is of each row's class."""
    return abs(outputs[:, 0] - 0.5) + 0.5 if outputs.shape[1] == 1 else outputs.max(axis=1)


def _confusion(truth: np.ndarray, said: np.ndarray, classes: list[object]) -> list[list[int]]:
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (truth, said), 1)
    return counts.tolist()


def _surest(outputs: np.ndarray, Y: np.ndarray) -> list[Mistake]:
    """The mistakes that the network was surest of, by their place among the rows."""
    truth, said = predicted(Y), predicted(outputs)
    sure = sureness(outputs)
    wrong = np.flatnonzero(truth != said)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST_MISTAKES]
    return [
        {"row": int(i), "answer": int(said[i]), "truth": int(truth[i]), "sure": float(sure[i])}
        for i in wrong
    ]


def _shown(mistake: Mistake, state: PageState, data: SessionData) -> Mistake:
    """A mistake by its row's number in the table, with its picture where it is one."""
    place, X = mistake["row"], data.scored[0]
    told: Mistake = {**mistake, "row": int(data.scored_rows[place])}
    if state.image is not None:
        x = as_csr(X)[[place]].toarray()[0] if hasattr(X, "tocsr") else X[place]
        told["x"] = [float(f"{v:.3g}") for v in x]
    return told


def _farthest(answers: np.ndarray, Y: np.ndarray, rows: np.ndarray) -> list[Mistake]:
    """The numbers that lie farthest from the truth, each row once."""
    errors = np.abs(answers - Y)
    output = errors.argmax(axis=1)
    order = np.argsort(-errors.max(axis=1), kind="stable")[:MOST_MISTAKES]
    return [
        {
            "row": int(rows[i]),
            "answer": float(answers[i, output[i]]),
            "truth": float(Y[i, output[i]]),
            "output": int(output[i]),
        }
        for i in order
    ]


def _pairs(answers: np.ndarray, Y: np.ndarray) -> list[list[float]]:
    """Truth and answer of some rows, evenly spaced, with the number of the output."""
    some = np.unique(np.linspace(0, len(Y) - 1, MOST_PAIRS // Y.shape[1] + 1).astype(int))
    return [
        [float(Y[i, k]), float(answers[i, k]), k] for k in range(Y.shape[1]) for i in some.tolist()
    ]
