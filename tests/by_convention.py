"""Losses that are not the library's own, as people have them."""

import numpy as np

from backpass.losses import Loss


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def squares_behind(h, slope, output):
    """½ Σ (h − y)² with an output activation; ``slope`` takes v by its derivative: (a, v) -> δ."""
    return Loss(
        f"squared_error behind {output}",
        h,
        lambda z, y: ((h(z) - y) ** 2).sum(axis=1) / 2,
        lambda z, y: slope(h(z), h(z) - y),
        output=output,
        classification=True,
    )


SQUARES_BEHIND_SIGMOID = squares_behind(sigmoid, lambda a, v: v * a * (1 - a), "logistic")
SQUARES_BEHIND_TANH = squares_behind(np.tanh, lambda a, v: v * (1 - a * a), "tanh")
SQUARES_BEHIND_SOFTMAX = squares_behind(
    softmax, lambda a, v: a * (v - (a * v).sum(axis=1, keepdims=True)), "softmax"
)
