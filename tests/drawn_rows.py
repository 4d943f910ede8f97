"""Drawn rows of tables, with whatever tables have, and what members learn of them."""

from dataclasses import replace

import numpy as np

from backpass.data.encoding.table_rows import TableRows
from backpass.tabular.members.member import Examples
from backpass.tabular.members.profiles import draw_settings
from backpass.tabular.metrics import log_loss, squared_error
from backpass.tabular.outputs import ClassOutputs, NumberOutputs


def drawn_rows(rng, m, numbers=4, categories=3, gaps=0.1):
    """Numbers on unlike scales, some repeated, some with gaps; categories of 2 to 12 levels."""
    X = rng.normal(size=(m, numbers)) * 10.0 ** rng.integers(-3, 4, numbers)
    for f in range(0, numbers, 3):
        X[:, f] = np.where(rng.random(m) < 0.8, 0, X[:, f])  # most of them one value
    X[rng.random(X.shape) < gaps * rng.integers(0, 2, numbers)] = np.nan
    levels = tuple(rng.integers(2, 13, categories).tolist())
    codes = [rng.zipf(1.5, m) % (n + 1) - 1 for n in levels]
    stacked = np.column_stack(codes) if codes else np.empty((m, 0))
    return TableRows(X, stacked.astype(np.int32), levels)


def problem(rng, m=240, classes=0, outputs=1):
    """Training and held-out examples, what the outputs are, and the metric."""
    rows = drawn_rows(rng, m)
    signal = np.nan_to_num(rows.numbers[:, 1:2] / np.nanstd(rows.numbers[:, 1])) + rows.codes[:, :1]
    noisy = signal + 0.3 * rng.normal(size=(m, outputs))
    if classes:
        made = ClassOutputs((classes,))
        y = np.searchsorted(np.quantile(noisy, np.arange(1, classes) / classes), noisy[:, :1])
    else:
        made, y = NumberOutputs.of(noisy), noisy
    Y, first = made.targets(y), slice(0, 3 * m // 4)
    train = Examples(rows.take(first), Y[first])
    held_out = Examples(rows.take(slice(first.stop, m)), Y[first.stop :])
    metric = (log_loss if classes else squared_error)(made.answers(held_out.Y))
    return train, held_out, made, metric


def settings_for(number, m, **changes):
    return replace(draw_settings(number, m, 0), max_epochs=6, patience=6, **changes)
