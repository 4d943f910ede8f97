"""A fit of members that keeps a checkpoint; their θ go to a file when it is over."""

import sys
import time

import numpy as np

from backpass.data.encoding.table_rows import TableRows
from backpass.tabular.ensemble import Parts, fit_ensemble
from backpass.tabular.members.member import Examples
from backpass.tabular.members.profiles import draw_settings
from backpass.tabular.metrics import log_loss
from backpass.tabular.outputs import ClassOutputs

ROWS, MEMBERS, PACKS = 160, 3, 2


def drawn():
    """Two partings, what answers are, and what they cost."""
    rng = np.random.default_rng(0)
    X, town = rng.normal(size=(ROWS, 3)), rng.integers(0, 5, (ROWS, 1)).astype(np.int32)
    outputs = ClassOutputs((3,))
    Y = outputs.targets(np.digitize(X[:, :1] + town / 3, [0.2, 1.0]))
    rows, halves = TableRows(X, town, (5,)), (slice(0, ROWS // 2), slice(ROWS // 2, ROWS))
    settings = [draw_settings(j, ROWS // 2, 0) for j in range(PACKS * MEMBERS)]
    parts = [
        Parts(
            *(Examples(rows.take(half), Y[half]) for half in halves[:: 1 - 2 * pack]),
            settings[pack * MEMBERS : (pack + 1) * MEMBERS],
        )
        for pack in range(PACKS)
    ]
    return parts, outputs, log_loss


def train(folder, n_threads, **named):
    """Fit two packs."""
    return fit_ensemble(*drawn(), n_threads=n_threads, checkpoint=folder, **named)


def bits(ensemble):
    """Everything that a fit comes to, by name."""
    thetas = {f"theta{j}": member.theta for j, member in enumerate(ensemble.members)}
    scores = [member.result.validation_scores for member in ensemble.members]
    return {**thetas, "scores": np.concatenate(scores), "weights": ensemble.weights}


def wait(progress):
    """Wait after an epoch, so that there is time to be killed in."""
    time.sleep(0.003)


if __name__ == "__main__":
    folder, out, n_threads = sys.argv[1:]
    np.savez(out, **bits(train(folder, int(n_threads), callback=wait)))
