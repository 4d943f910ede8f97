"""
4. Is the gradient right?
=========================

Backpropagation is easy to get almost right, and a network with an almost right gradient still
learns something. So the gradient is checked against one that needs no backpropagation at all.
"""

# %%
# The numerical gradient
# ----------------------
#
# A derivative is the slope over a short distance: step ε forward and ε backward along one
# parameter, and divide the difference of J by 2ε,
#
# .. math::
#
#    \frac{\partial J}{\partial \theta_k} \approx
#    \frac{J(\theta + \varepsilon e_k) - J(\theta - \varepsilon e_k)}{2 \varepsilon} .
#
# That takes two whole evaluations of J for each parameter, so it is for checking, not for training.
import numpy as np

import backpass as bp
from backpass.plots import new_axes

net = bp.Network((3, 5, 3), hidden="logistic", loss="binary_log_loss")
theta = bp.init_theta(net, seed=2, epsilon=1.0)
rng = np.random.default_rng(1)
X, Y = rng.normal(size=(8, 3)), bp.one_hot(rng.integers(0, 3, 8))
lam = 1.0


def J_and_D(theta):
    return bp.cost_and_gradient(net, theta, X, Y, lam=lam)


def numerical(theta, epsilon):
    gradient = np.empty_like(theta)
    for k in range(theta.size):
        step = np.zeros_like(theta)
        step[k] = epsilon
        gradient[k] = (J_and_D(theta + step)[0] - J_and_D(theta - step)[0]) / (2 * epsilon)
    return gradient


_, D = J_and_D(theta)
print("largest difference:", np.abs(numerical(theta, 1e-4) - D).max())

# %%
# How long should the step be?
# ----------------------------
#
# With a long step the slope is not that of the point any more; with a very short one the
# difference of two nearly equal numbers is mostly rounding. The best is in between, and ε = 10⁻⁴
# is a fair choice.
epsilons = 10.0 ** np.arange(-12, 0)
errors = [np.abs(numerical(theta, epsilon) - D).max() for epsilon in epsilons]
ax = new_axes(6, 3.2)
ax.loglog(epsilons, errors, "o-", color="#1a80bb")
ax.set(xlabel="ε", ylabel="largest difference", title="Too short is as bad as too long")

# %%
# The library's check chooses the step by itself. Where the function allows it, it steps along the
# *imaginary* axis, where nothing is subtracted, and then agrees to all digits.
check = bp.check_gradient(J_and_D, theta)
print(check)

# %%
# A mistake that it finds
# -----------------------
#
# Let us make one. This gradient divides the penalty by one m too few: it adds λΘ where λΘ/m is
# right.


def with_a_slip(theta):
    J, D = J_and_D(theta)
    wrong = [D_l.copy() for D_l in net.roll(D)]
    for D_l, Theta in zip(wrong, net.roll(theta)):
        D_l[:, 1:] += lam * Theta[:, 1:] * (1 - 1 / len(X))
    return J, net.unroll(wrong)


slip = bp.check_gradient(with_a_slip, theta)
print("passes:", slip.ok)
for name, analytic, numeric in slip.worst(3):
    print(f"{name}: analytic {analytic:.6f}, numeric {numeric:.6f}")

# %%
# A mistake that it does not find
# -------------------------------
#
# The check compares a gradient with *its own* J. If both forget λ, or both read the labels
# shifted by one, they agree perfectly, and are both wrong. The check then says what it always
# says: that D is the derivative of J; not that J is the cost you mean.


def both_forget(theta):
    return bp.cost_and_gradient(net, theta, X, Y, lam=0.0)


print("passes:", bp.check_gradient(both_forget, theta).ok)

# %%
# Against that helps a cost that is known from elsewhere: a published number, a second
# implementation, or a tool that knows the mistakes people make. ``bp.check_backprop`` calls a
# function on small problems of its own, and names what is wrong with it.


def forgetful(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam=0.0)


diagnosis = bp.check_backprop(forgetful)
print(diagnosis)

# %%
# Exercises
# ---------
#
# **1.** J(θ) = θ³ at θ = 1. What does the numerical gradient say with ε = 0.01, and by how much is
# it off?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    (1.01³ − 0.99³) / 0.02 = **3.0001**, where 3 is right: off by ε². With a step forward only,
#    (1.01³ − 1) / 0.01 = 3.0301, off by about 3ε.
#
# **2.** Why is the gradient not computed like that during the training?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    It takes two evaluations of J for each parameter: 20,570 for the 10,285 parameters of the
#    digits' network. Backpropagation has all of them after **one** pass forward and one back.
#
# The next chapter: :doc:`where Θ begins <plot_5_symmetry>`.
