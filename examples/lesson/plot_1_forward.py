"""
1. One example goes forward
===========================

A neural network turns an input x into an answer h(x), layer by layer. This chapter computes every
number on that way by hand, and compares it with the library's.
"""

# %%
# The network
# -----------
#
# Our network has L = 4 layers: two inputs, two hidden layers of three and two units, and one
# output. Every unit of layer l + 1 listens to all units of layer l, and to a *bias unit* that
# always says 1. How strongly it listens is a number, :math:`\Theta^{(l)}_{ij}`: to unit i of
# layer l + 1, from unit j of layer l, where j = 0 is the bias unit. So :math:`\Theta^{(l)}` has
# :math:`s_{l+1}` rows and :math:`s_l + 1` columns, and its column 0 belongs to the bias.
import numpy as np

import backpass as bp
from backpass.plots import NetworkDisplay

net = bp.Network((2, 3, 2, 1), hidden="logistic", loss="binary_log_loss")
theta = bp.init_theta(net, seed=6, epsilon=1.5)
Theta1, Theta2, Theta3 = net.roll(theta)
print(net.shapes)

# %%
# Layer by layer
# --------------
#
# The first layer simply is the example, :math:`a^{(1)} = x`. Then, for each layer in turn: put
# the bias unit's 1 in front, multiply by Θ, which gives the *pre-activations* z, and squash them
# with the *activation function* g, which gives the *activations* a:
#
# .. math::
#
#    z^{(l+1)} = \Theta^{(l)} \begin{pmatrix} 1 \\ a^{(l)} \end{pmatrix}, \qquad
#    a^{(l+1)} = g(z^{(l+1)}).
#
# The bias unit stands in front of *every* layer but the last, the input layer included. Here g is
# the logistic function :math:`g(z) = 1 / (1 + e^{-z})`. Mind the brackets: ``1.0 / 1.0 +
# np.exp(-z)`` is something else, as division comes before addition.
x = np.array([0.5, -1.0])
y = np.array([1.0])


def with_bias(a):
    return np.concatenate([[1.0], a])


a1 = x
z2 = Theta1 @ with_bias(a1)
a2 = bp.sigmoid(z2)
z3 = Theta2 @ with_bias(a2)
a3 = bp.sigmoid(z3)
z4 = Theta3 @ with_bias(a3)
a4 = bp.sigmoid(z4)
print("h(x) =", a4)

# %%
# One number of it, written out: unit 1 of layer 3 adds up what it hears, each with its weight, and
# the bias with a plus like everything else,
#
# .. math::
#
#    z^{(3)}_1 = \Theta^{(2)}_{10} \cdot 1 + \Theta^{(2)}_{11} a^{(2)}_1
#              + \Theta^{(2)}_{12} a^{(2)}_2 + \Theta^{(2)}_{13} a^{(2)}_3 .
by_hand = Theta2[0, 0] * 1 + Theta2[0, 1] * a2[0] + Theta2[0, 2] * a2[1] + Theta2[0, 3] * a2[2]
print(by_hand, "is", z3[0])

# %%
# A trace keeps all of these numbers, under the notes' layer numbers. Its arrays have one row for
# each example; here there is one.
trace = bp.trace(net, theta, x[None, :], y[None, :])
for l, ours in {2: a2, 3: a3, 4: a4}.items():
    print(f"a^({l})", trace.a[l][0], "the same:", np.allclose(trace.a[l][0], ours, rtol=1e-15))

# %%
# And this is the network with the numbers of our example in it: blue lines are positive weights,
# vermilion ones negative, and a line is as wide as its weight is large. Below the circles stands δ,
# which the next chapter computes.
display = NetworkDisplay.from_trace(trace)

# %%
# How wrong is it?
# ----------------
#
# The answer h(x) is read as the probability that y is 1. The cost of one example is the surprise
# about what y really is,
#
# .. math::
#
#    \text{cost} = -y \log h(x) - (1 - y) \log (1 - h(x)),
#
# *with* its two minus signs: logarithms of probabilities are negative, a cost is not.
cost = float(-y[0] * np.log(a4[0]) - (1 - y[0]) * np.log(1 - a4[0]))
print("cost =", cost, "the trace's J =", trace.J)

# %%
# A network that is very sure says exactly 1 in the computer's arithmetic, and the logarithm of 1
# − h is then minus infinity. The library computes the cost from z instead, :math:`\max(z, 0) - z
# y + \log(1 + e^{-|z|})`, which is the same number and never overflows.
sure = bp.Network((1, 1), hidden=(), loss="binary_log_loss")
J, _ = bp.cost_and_gradient(sure, [0.0, 1.0], [[800.0]], [[0.0]])
print("z = 800, y = 0: J =", J)

# %%
# Exercises
# ---------
#
# **1.** How many weights has the network 2-3-2-1, and how many of them belong to bias units?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    Θ⁽¹⁾ is 3 × 3, Θ⁽²⁾ is 2 × 4, Θ⁽³⁾ is 1 × 3: **20** together (``net.n_parameters``). Column 0
#    of each belongs to the bias units: 3 + 2 + 1 = **6**.
#
# **2.** All weights are zero. What is h(x), and what does an example cost?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    Every z is 0 and every g(0) is ½, so **h(x) = ½**, whatever x is. The cost is −log ½ = log 2 ≈
#    **0.6931**, whatever y is.
#
# The next chapter: :doc:`the error goes back <plot_2_backward>`.
