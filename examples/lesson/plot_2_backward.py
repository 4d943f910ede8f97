"""
2. The error goes back
======================

Which weights are to blame for the cost? Backpropagation answers that for all of them in one pass
from the last layer to the first. It only *differentiates*: making the cost smaller is the business
of chapter 6.
"""

# %%
# What δ is
# ---------
#
# The heart of it is one number for each unit, its "error"
#
# .. math::
#
#    \delta^{(l)}_j = \frac{\partial}{\partial z^{(l)}_j} \text{cost} .
#
# It says how the cost would change if that unit's z were a little larger. That can be tried: nudge
# one z, go on forward from there, and see.
import numpy as np

import backpass as bp
from backpass.plots import new_axes

net = bp.Network((2, 3, 2, 1), hidden="logistic", loss="binary_log_loss")
theta = bp.init_theta(net, seed=6, epsilon=1.5)
Theta1, Theta2, Theta3 = net.roll(theta)
x, y = np.array([0.5, -1.0]), np.array([1.0])
trace = bp.trace(net, theta, x[None, :], y[None, :])
z2, z3, z4 = (trace.z[l][0] for l in (2, 3, 4))
a2, a3, a4 = (trace.a[l][0] for l in (2, 3, 4))


def cost_from_layer_3(z3):
    z4 = Theta3 @ np.concatenate([[1.0], bp.sigmoid(z3)])
    h = bp.sigmoid(z4)[0]
    return -y[0] * np.log(h) - (1 - y[0]) * np.log(1 - h)


nudge = np.array([1e-5, 0.0])
slope = (cost_from_layer_3(z3 + nudge) - cost_from_layer_3(z3 - nudge)) / 2e-5
print("nudged:", slope, "  δ^(3)_1:", trace.delta[3][0, 0])

# %%
# The last layer
# --------------
#
# For the output the derivative of the cost with respect to z comes out as simple as it could,
#
# .. math::
#
#    \delta^{(4)} = a^{(4)} - y ,
#
# because the g′ of the logistic function cancels against the cost's own denominator h (1 − h).
# (Drop the cost's minus signs and it would be y − a: the two slips would have to be made
# together.)
delta4 = a4 - y
print("δ^(4) =", delta4)

# %%
# The hidden layers
# -----------------
#
# A hidden unit is to blame as far as the units that listen to it are, each by the weight with which
# it listens, and as far as its own g still reacts:
#
# .. math::
#
#    \delta^{(3)} = (\Theta^{(3)}_{\text{without bias}})^\top \delta^{(4)} \odot g'(z^{(3)}), \qquad
#    \delta^{(2)} = (\Theta^{(2)}_{\text{without bias}})^\top \delta^{(3)} \odot g'(z^{(2)}) .
#
# The bias column has to go: the bias unit has no z, nobody sends it an error, and with the column
# the shapes would not even fit (three rows on the left of ⊙, two on its right).
#
# The sign ⊙ multiplies element by element (the Hadamard product). In NumPy that is ``*``, while
# ``@`` is the matrix product; for two vectors they give quite different things:
u, v = np.array([1, 2, 3]), np.array([5, 6, 2])
print("u * v =", u * v, "  u @ v =", u @ v)

# %%
# The derivative g′ is taken *at z*. For the logistic function :math:`g'(z) = g(z)(1 - g(z))`, so
# with the activations at hand one may write a (1 − a); but never z (1 − z), and never g′(a).
print("g'([-1, -0.5, 0, 0.5, 1]) =", bp.sigmoid_gradient([-1, -0.5, 0, 0.5, 1]).round(6))
delta3 = Theta3[:, 1:].T @ delta4 * bp.sigmoid_gradient(z3)
delta2 = Theta2[:, 1:].T @ delta3 * bp.sigmoid_gradient(z2)
print("δ^(3) agrees:", np.allclose(delta3, trace.delta[3][0], rtol=1e-14))
print("δ^(2) agrees:", np.allclose(delta2, trace.delta[2][0], rtol=1e-14))

# %%
# A trace can be asked where any of its numbers comes from. (It counts units from 0, as arrays do.)
print(bp.explain(trace, "delta", layer=3, unit=0))

# %%
# There is no δ for layer 1: the inputs are what they are, and have no error.
#
# From δ to the weights
# ---------------------
#
# A weight multiplies what one unit says and adds it to another unit's z. So its derivative is what
# was said times the error of the one who listened:
#
# .. math::
#
#    \frac{\partial\, \text{cost}}{\partial \Theta^{(l)}_{ij}} = a^{(l)}_j\, \delta^{(l+1)}_i ,
#
# j for the speaker, i for the listener (two different letters). All of them at once are an outer
# product, with the bias unit's 1 in front of a:
D2 = np.outer(delta3, np.concatenate([[1.0], a2]))
print("D^(2) agrees:", np.allclose(D2, trace.D[2], rtol=1e-14))

# %%
# The steeper, the more wrong?
# ----------------------------
#
# It is tempting to read the slope as a measure of how wrong a unit is. With δ = a − y that is
# fair for the output. For other pairs of g and cost it is false: with the squared error behind a
# logistic output, a unit that is *completely* wrong sits where g is flat, and hardly feels it.
# That is a good reason for the logarithms in our cost.
z = np.linspace(-8, 8, 200)
h = bp.sigmoid(z)
ax = new_axes(6, 3.2)
ax.plot(z, np.abs(h - 1), color="#1a80bb", label="logarithmic cost: |δ| = |a − y|")
ax.plot(
    z, np.abs(h - 1) * bp.sigmoid_gradient(z), color="#d55e00", label="squared error: |a − y| g′(z)"
)
ax.set(xlabel="z of the output, where y = 1", ylabel="|δ|", title="Very wrong is on the left")
ax.legend(frameon=False, labelcolor="linecolor")

# %%
# The figure's message in two numbers, for an output that says 0.0003 where 1 is right:
wrong = bp.sigmoid(np.array(-8.0))
print(
    "logarithmic:", float(1 - wrong), "  squared:", float((1 - wrong) * bp.sigmoid_gradient(-8.0))
)

# %%
# Exercises
# ---------
#
# **1.** An output says h = 0.8 where y = 1. What is its δ, and what should happen to its bias
# weight?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    δ = a − y = **−0.2**. The bias unit says 1, so the derivative of the cost by the bias weight
#    is 1 · δ = −0.2: a larger weight means a smaller cost, and it should **grow**.
#
# **2.** A hidden sigmoid says a = 0.5, and one unit listens to it, with the weight 2; that unit's
# δ is 0.3. What is the hidden unit's δ?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    2 · 0.3 · a (1 − a) = 0.6 · 0.25 = **0.15**.
#
# The next chapter: :doc:`all examples together <plot_3_training_set>`.
