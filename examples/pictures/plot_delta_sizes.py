"""
Does the error reach the first layers?
======================================

The size of δ by layer. In deep networks of sigmoids it fades on its way back; with the weights that
suit the activation function it keeps its size.
"""

import numpy as np

import backpass as bp
from backpass.plots import DeltaSizeDisplay

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(100, 8)), bp.one_hot(rng.integers(0, 3, 100))


def deep(hidden, method):
    net = bp.Network((8, *[20] * 8, 3), hidden=hidden, loss="log_loss")
    return bp.trace(net, bp.init_theta(net, seed=0, method=method), X, Y)


# %%
# Eight layers of sigmoids with small weights.
fading = DeltaSizeDisplay.from_trace(deep("logistic", "uniform"))

# %%
# Eight layers of rectifiers, with the weights that He and his colleagues drew for them.
steady = DeltaSizeDisplay.from_trace(deep("relu", "he"))
