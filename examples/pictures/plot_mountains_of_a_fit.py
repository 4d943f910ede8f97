"""
The mountains under a fit
=========================

Where did training walk? J over the plane along which its way varies most.
"""

import numpy as np

import backpass as bp

digits = bp.load_digits()
X, Y = digits.X / 16, bp.one_hot(digits.y)
net = bp.Network((64, 16, 10), hidden="tanh", loss="log_loss")
theta = bp.init_theta(net, seed=0, method="glorot")

# %%
# Keep every point of the way.
way = [theta]
result = bp.minimize(
    net, theta, X, Y, lam=1.0, max_iter=30, callback=lambda point: way.append(point.x.copy())
)

# %%
# Two directions of 1210: the panel below the contours says how much that hides.
land = bp.landscape(net, X, Y, lam=1.0, path=np.array(way), steps=21, names=["lbfgs"])
display = land.plot()
