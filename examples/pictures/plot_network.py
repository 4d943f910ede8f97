"""
The network, as it is drawn on the board
========================================

Circles for units, +1 for bias units, lines for weights: blue and solid where Θ is positive,
vermilion and dashed where it is negative, and as wide as it is large.
"""

import backpass as bp
from backpass.plots import NetworkDisplay

net = bp.Network((2, 3, 1), hidden="logistic")
theta = bp.init_theta(net, seed=1, epsilon=2.0)
trace = bp.trace(net, theta, [[0.0, 1.0], [1.0, 1.0]], [[1.0], [0.0]])

# %%
# One example's numbers stand in the circles: a inside, δ below.
display = NetworkDisplay.from_trace(trace, example=0)

# %%
# Large layers are folded, and carry no numbers.
digits = bp.load_digits()
clf = bp.MLPClassifier((12,), early_stopping=True, max_iter=200, random_state=0)
clf.fit(digits.X / 16, digits.y)
folded = NetworkDisplay.from_estimator(clf)
