"""
A pass, layer by layer
======================

Any quantity of a trace as heat maps: Θ, a, z, δ, Δ or D, with numbers where there is room for them.
"""

import numpy as np

import backpass as bp
from backpass.plots import LayersDisplay

net = bp.Network((3, 4, 2), hidden="tanh", loss="log_loss")
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(5, 3)), bp.one_hot([0, 1, 1, 0, 1])
trace = bp.trace(net, bp.init_theta(net, seed=1, epsilon=1.0), X, Y, lam=0.1)

# %%
# The activations of five examples.
activations = LayersDisplay.from_trace(trace, "a")

# %%
# Their errors, on the way back.
errors = LayersDisplay.from_trace(trace, "delta")

# %%
# The gradient, which has the shape of Θ.
gradient = LayersDisplay.from_trace(trace, "D")
