"""
5. Beginning: small, random, and in one vector
==============================================

Where does Θ come from before anything is learned? From a random generator, and not for lack of a
better idea: equal weights stay equal for ever.
"""

# %%
# Equal weights stay equal
# ------------------------
#
# Give all weights of a layer the same value. Then each hidden unit computes the same
# :math:`z_j = \sum_i \Theta_{ji} x_i`, says the same a, is heard with the same weight, and gets the
# same δ back. So each gets the same gradient, and after the step they are equal again.
import numpy as np

import backpass as bp
from backpass.plots import LayersDisplay, new_axes

net = bp.Network((2, 4, 1), hidden="logistic", loss="binary_log_loss")
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
equal = np.full(net.n_parameters, 0.5)
trace = bp.trace(net, equal, X, Y)
print("δ^(2), one row for each example:")
print(trace.delta[2].round(4))


def descend(theta, steps, rate=2.0):
    costs = []
    for _ in range(steps):
        J, D = bp.cost_and_gradient(net, theta, X, Y)
        costs.append(J)
        theta = theta - rate * D
    return theta, costs


after, equal_costs = descend(equal, 2000)
print("Θ^(1) after 2000 steps:")
print(net.roll(after)[0].round(4))

# %%
# Four units that are all the same are as good as one, and one unit cannot learn XOR. Small random
# numbers break the symmetry:
broken, random_costs = descend(bp.init_theta(net, seed=0, epsilon=1.0), 2000)
ax = new_axes(6, 3.2)
ax.plot(equal_costs, color="#d55e00", label="equal weights")
ax.plot(random_costs, color="#1a80bb", label="random weights")
ax.set(xlabel="step", ylabel="J", title="XOR with four hidden units")
ax.legend(frameon=False, labelcolor="linecolor")

# %%
# The four units that it found do different things. Each row is one of them.
print(bp.forward(net, broken, X).round(2).ravel())
display = LayersDisplay.from_trace(bp.trace(net, broken, X, Y), "Theta")

# %%
# How small?
# ----------
#
# The notes draw from the interval [−ε, ε] with ε = 0.12. That is ``rand * 2ε − ε``, with ``rand``
# uniform between 0 and 1. With ``randn``, a normal variable, the same line means something else: a
# bell around −ε, two thirds of which lie outside of the interval.
epsilon = 0.12
rng = np.random.default_rng(0)
uniform = rng.random(100_000) * 2 * epsilon - epsilon
normal = rng.standard_normal(100_000) * 2 * epsilon - epsilon
for name, drawn in {"rand": uniform, "randn": normal}.items():
    outside = np.mean(np.abs(drawn) > epsilon)
    print(f"{name:>5}: mean {drawn.mean():+.3f}, outside of [−ε, ε]: {outside:.0%}")

# %%
# Unrolling
# ---------
#
# An optimiser knows nothing of layers: it wants one vector θ. So all Θ are unrolled into one,
# column by column (``order='F'``), one layer after the other; for the network of the digits that
# makes 10,285 numbers.
digits = bp.Network((400, 25, 10))
theta = bp.init_theta(digits, seed=0)
Theta1, Theta2 = digits.roll(theta)
unrolled = np.hstack([Theta1.ravel(order="F"), Theta2.ravel(order="F")])
print(theta.size, "numbers; the same vector:", np.array_equal(unrolled, theta))

# %%
# Whoever rolls it up again must use the same order. In the other one the numbers are all there,
# each in the wrong place: another network, with another cost.
wrong1 = theta[: 25 * 401].reshape(25, 401)
wrong2 = theta[25 * 401 :].reshape(10, 26)
x = np.linspace(0, 1, 400)[None, :]
right_answer = bp.forward(digits, theta, x)
wrong_answer = bp.forward(digits, digits.unroll([wrong1, wrong2]), x)
print("largest difference of the answers:", np.abs(right_answer - wrong_answer).max().round(3))

# %%
# Exercises
# ---------
#
# **1.** All weights begin at zero, not at an equal number. Which δ⁽²⁾ do the hidden units get in
# the first step?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    **Zero**: δ⁽²⁾ is Θ⁽²⁾ᵀ δ⁽³⁾ times g′, and Θ⁽²⁾ is zero. The first layer gets no gradient at
#    all, and the second the same one for each hidden unit.
#
# **2.** How long is θ of the network 784-128-10?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    128 · 785 + 10 · 129 = 100,480 + 1,290 = **101,770**.
#
# The next chapter: :doc:`five thousand digits <plot_6_digits>`.
