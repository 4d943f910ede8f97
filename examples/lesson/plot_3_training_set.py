"""
3. All examples together
========================

A training set has m examples. Their errors are added up in accumulators Δ, and D, the mean of them
plus the weight decay's part, is the gradient of J: first in a loop, then without one.
"""

# %%
# The cost of a training set
# --------------------------
#
# J is the mean of the examples' costs, plus a penalty on large weights that leaves the bias columns
# out:
#
# .. math::
#
#    J(\Theta) = \frac{1}{m} \sum_{i=1}^{m} \text{cost}(i)
#              + \frac{\lambda}{2m} \sum_{l=1}^{L-1} \sum_{i=1}^{s_{l+1}} \sum_{j=1}^{s_l}
#                \bigl(\Theta^{(l)}_{ij}\bigr)^2 .
#
# The outer sum runs over the examples, i = 1 … m, and the brackets hold both of the logarithms.
import numpy as np

import backpass as bp
from backpass.plots import LayersDisplay

net = bp.Network((3, 4, 2), hidden="logistic", loss="binary_log_loss")
theta = bp.init_theta(net, seed=1, epsilon=1.0)
Theta1, Theta2 = net.roll(theta)
rng = np.random.default_rng(0)
m, lam = 20, 1.5
X = rng.normal(size=(m, 3))
Y = bp.one_hot(rng.integers(0, 2, m))
print(X.shape, Y.shape)

# %%
# The loop
# --------
#
# Set the accumulators to zero. For each example: forward, δ of the last layer, δ of the layers
# before it, and *add* to Δ:
#
# .. math::
#
#    \Delta^{(l)} \coloneqq \Delta^{(l)} + \delta^{(l+1)} (a^{(l)})^\top ,
#
# where :math:`a^{(l)}` has its bias unit in front again.
Delta1, Delta2 = np.zeros_like(Theta1), np.zeros_like(Theta2)
for i in range(m):
    a1 = np.concatenate([[1.0], X[i]])
    z2 = Theta1 @ a1
    a2 = np.concatenate([[1.0], bp.sigmoid(z2)])
    a3 = bp.sigmoid(Theta2 @ a2)
    delta3 = a3 - Y[i]
    delta2 = Theta2[:, 1:].T @ delta3 * bp.sigmoid_gradient(z2)
    Delta1 += np.outer(delta2, a1)
    Delta2 += np.outer(delta3, a2)

# %%
# After the loop, divide by m and add the penalty's derivative. J has λ/2m in front of the
# squares, so D has λ/m in front of Θ (not λ alone), and nothing for the bias column j = 0:
#
# .. math::
#
#    D^{(l)}_{ij} = \frac{1}{m} \Delta^{(l)}_{ij} + \frac{\lambda}{m} \Theta^{(l)}_{ij}
#    \quad (j \neq 0), \qquad
#    D^{(l)}_{i0} = \frac{1}{m} \Delta^{(l)}_{i0} .
D1, D2 = Delta1 / m, Delta2 / m
D1[:, 1:] += lam / m * Theta1[:, 1:]
D2[:, 1:] += lam / m * Theta2[:, 1:]

# %%
# The library says the same.
J, D = bp.cost_and_gradient(net, theta, X, Y, lam=lam)
gap = float(np.abs(net.unroll([D1, D2]) - D).max())
print("J =", J, "  largest difference of the gradients:", gap)

# %%
# Without a loop
# --------------
#
# Stack the examples as rows, and each step of the loop becomes one matrix product for all of
# them. The sum over the examples in Δ = Σ δ aᵀ is what the product δᵀ a does by itself:
ones = np.ones((m, 1))
A1 = np.hstack([ones, X])  # (m, 4)
Z2 = A1 @ Theta1.T  # (m, 4)
A2 = np.hstack([ones, bp.sigmoid(Z2)])  # (m, 5)
A3 = bp.sigmoid(A2 @ Theta2.T)  # (m, 2)
d3 = A3 - Y  # (m, 2)
d2 = d3 @ Theta2[:, 1:] * bp.sigmoid_gradient(Z2)  # (m, 4)
print("Δ^(1):", np.allclose(d2.T @ A1, Delta1), "  Δ^(2):", np.allclose(d3.T @ A2, Delta2))

# %%
# Shapes are the best friend of whoever writes this down. A trace lists them all, each under its
# right name:
trace = bp.trace(net, theta, X, Y, lam=lam)
print(trace.shapes())

# %%
# And this is the gradient itself, as numbers. Column 0 belongs to the bias units.
display = LayersDisplay.from_trace(trace, "D")

# %%
# A question
# ----------
#
# You have two training examples, (x¹, y¹) and (x², y²). FP is forward propagation, BP is
# backpropagation. Which order computes the gradient?
#
# a. FP with x¹, FP with x², then BP with y¹, BP with y²
# b. FP with x¹, BP with y², then FP with x², BP with y¹
# c. BP with y¹, FP with x¹, then BP with y², FP with x²
# d. FP with x¹, BP with y¹, then FP with x², BP with y²
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    The right answer is **d**. Going back needs the a and z of *the same* example: b mixes two
#    examples, and c goes back before there is anything to go back from. In a, the loop's variables
#    a and z hold the second example by the time the first one's turn to go back comes. (Kept
#    apart, as the rows of our matrices are, all examples may well go forward first: it is not the
#    order as such that matters, but whose numbers are used.)
#
# The experiment (its last lines tell the answer, too):


def forward(i):
    z2 = Theta1 @ A1[i]
    a2 = np.concatenate([[1.0], bp.sigmoid(z2)])
    return {"a1": A1[i], "z2": z2, "a2": a2, "a3": bp.sigmoid(Theta2 @ a2)}


def backward(now, y):
    delta3 = now["a3"] - y
    delta2 = Theta2[:, 1:].T @ delta3 * bp.sigmoid_gradient(now["z2"])
    return net.unroll([np.outer(delta2, now["a1"]), np.outer(delta3, now["a2"])]) / 2


_, right = bp.cost_and_gradient(net, theta, X[:2], Y[:2])
one, two = forward(0), forward(1)
answers = {
    "a": backward(two, Y[0]) + backward(two, Y[1]),  # x¹ is overwritten by the time BP begins
    "b": backward(one, Y[1]) + backward(two, Y[0]),
    "d": backward(one, Y[0]) + backward(two, Y[1]),
}
for name, gradient in answers.items():
    print(name, "is the gradient:", bool(np.allclose(gradient, right, rtol=1e-12)))

# %%
# Exercises
# ---------
#
# **1.** Four examples gave Δ = 2 for a weight Θ = 0.5, and λ is 1. What is D? What is it if that
# weight belongs to a bias unit?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    Δ / m + λ Θ / m = 0.5 + 0.125 = **0.625**; of a bias unit Δ / m alone, **0.5**.
#
# **2.** Every example stands twice in the training set. What becomes of J, of Δ and of D, if λ is
# 0? And if it is not?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    Δ doubles and m doubles: **J and D stay**. The penalty is λ/2m, so with λ > 0 it counts half
#    as much beside the examples.
#
# The next chapter: :doc:`is the gradient right? <plot_4_gradient_check>`.
