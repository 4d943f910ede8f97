"""
Gradient descent by hand
========================

The notes' update, Θ := Θ − α D, on a network small enough to print: no estimator, no solver.
"""

# %%
# XOR is the smallest problem that a network without hidden units cannot solve.
import matplotlib.pyplot as plt
import numpy as np

import backpass as bp

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
net = bp.Network((2, 4, 1), hidden="tanh", loss="binary_log_loss")

# %%
# Start from small random numbers, not equal ones, or all hidden units stay the same for ever.
theta = bp.init_theta(net, seed=3, epsilon=1.0)
costs = []
for _ in range(300):
    J, D = bp.cost_and_gradient(net, theta, X, Y)
    costs.append(J)
    theta = theta - 1.0 * D

# %%
# The cost falls, and the four answers are right.
print(bp.forward(net, theta, X).round(2))
figure, ax = plt.subplots(figsize=(6, 3.5))
ax.semilogy(costs)
ax.set(xlabel="iteration", ylabel="J(θ)", title="Down the gradient")
figure.tight_layout()
