"""
6. Five thousand digits
=======================

Now the network of the notes learns to read: 400 pixels in, 25 hidden units, ten answers. The
gradient comes from backpropagation, and walking down is the business of an *optimiser*.
"""

# %%
# The data
# --------
#
# 5000 handwritten digits of 20 × 20 pixels, each unrolled column by column, 500 of each class. The
# labels are 1 to 10, where 10 is the digit 0.
import matplotlib.pyplot as plt
import numpy as np

import backpass as bp
from backpass.plots import DeltaSizeDisplay, HiddenUnitsDisplay, new_axes

table = bp.load_notes_digits()
X, y = table.X, table.y
print(X.shape, np.unique(y))

# %%
# A class becomes a row with a single 1 in it. Labels are not numbers to calculate with: the
# network has one output for each class. (And Y has to hold numbers: with booleans, ``-Y`` means
# "not Y", and with unsigned integers it wraps around.)
Y = bp.one_hot(y)
print(Y.shape, Y.dtype, Y[0])

# %%
# Before learning
# ---------------
#
# Ten sigmoids that know nothing each say about ½, so the cost is about 10 log 2 ≈ 6.9.
net = bp.Network((400, 25, 10), hidden="logistic", loss="binary_log_loss")
start = bp.init_theta(net, seed=0, epsilon=0.12)
J, D = bp.cost_and_gradient(net, start, X, Y, lam=1.0)
print(f"J = {J:.4f}, a gradient of {D.size} numbers")

# %%
# Walking down
# ------------
#
# Gradient descent takes the gradient as it is, Θ := Θ − α D. The more advanced optimisers remember
# where they have been, and look for the right length of each step. Given the same thirty
# iterations:
alpha, theta, descent = 1.0, start, []
for _ in range(30):
    J, D = bp.cost_and_gradient(net, theta, X, Y, lam=1.0)
    descent.append(J)
    theta = theta - alpha * D

conjugate = []
result = bp.minimize(
    net,
    start,
    X,
    Y,
    lam=1.0,
    solver="cg",
    max_iter=30,
    callback=lambda point: conjugate.append(point.fun),
)
ax = new_axes(6, 3.2)
ax.plot(descent, color="#d55e00", label="gradient descent, α = 1")
ax.plot(conjugate, color="#1a80bb", label="conjugate gradients")
ax.set(xlabel="iteration", ylabel="J", title="The same gradient, two ways to use it")
ax.legend(frameon=False, labelcolor="linecolor")


# %%
# How many does it read?
# ----------------------
#
# The answer is the output that says the most.
def share_right(theta):
    answers = bp.forward(net, theta, X).argmax(axis=1) + 1
    return np.mean(answers == y)


print(f"gradient descent:    {share_right(theta):.1%} right, J = {descent[-1]:.3f}")
print(f"conjugate gradients: {share_right(result.x):.1%} right, J = {result.fun:.3f}")

# %%
# These are shares of the digits it was trained on; how it does on others is a question for a
# validation set, which :class:`backpass.MLPClassifier` keeps for you.
#
# What have the hidden units learned?
# -----------------------------------
#
# Each one looks at the image through 400 weights, which make an image themselves: strokes and blobs
# that count for it (blue) or against it (vermilion).
trace = bp.trace(net, result.x, X, Y, lam=1.0)
display = HiddenUnitsDisplay.from_trace(trace, shape=(20, 20), order="F")

# %%
# What does it get wrong?
# -----------------------
#
# The digits that cost the most: the cost of an example is a sum over the ten outputs.
h = np.clip(trace.a[3], 1e-12, 1 - 1e-12)
costs = -(Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum(axis=1)
worst = np.argsort(costs)[-10:][::-1]
figure, axes = plt.subplots(1, 10, figsize=(9, 1.5), layout="constrained")
for ax, i in zip(axes, worst):
    ax.imshow(X[i].reshape(20, 20, order="F"), cmap="gray")
    ax.set_title(f"{y[i] % 10}, read\nas {(h[i].argmax() + 1) % 10}", fontsize=8, color="#7f7f7f")
    ax.set_axis_off()
figure.patch.set_alpha(0)

# %%
# And does the error reach the first hidden layer? In a network of three layers, always. In deep
# networks of sigmoids it fades away on its way back, since g′ is at most ¼ and each layer
# multiplies by it.
deep = bp.Network((400, *[25] * 6, 10), hidden="logistic", loss="binary_log_loss")
few = slice(0, 5000, 50)
display = DeltaSizeDisplay.from_trace(bp.trace(deep, bp.init_theta(deep), X[few], Y[few]))

# %%
# Exercises
# ---------
#
# **1.** A network that knows nothing says ½ ten times, and J is 10 log 2 ≈ 6.93. What would J be
# if each output said 0.1?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    −log 0.1 − 9 log 0.9 = 2.303 + 0.948 ≈ **3.251**: one output of ten is right, so that is the
#    better guess. It is what the first steps of the training find.
#
# **2.** Which entry of Y's row is 1 for the digit 0?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    The **last** one: its label is 10. Read the answer as ``argmax + 1``, or every digit is off by
#    one.
#
# The next chapter: :doc:`the mountains <plot_7_mountains>`.
