"""
7. The mountains
================

A helicopter drops you on an unknown mountain, in fog. You feel the slope under your feet, and
nothing else. That is what an optimiser knows. This chapter lifts the fog.
"""

# %%
# The drops
# ---------
#
# The mountain is J over the space of all θ: nine dimensions for a network as small as 2-2-1,
# learning XOR. We drop eight walkers at random, and one where all weights are equal, and let each
# go down.
import numpy as np

import backpass as bp

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
net = bp.Network((2, 2, 1), hidden="tanh", loss="binary_log_loss")
found = bp.drops(net, X, Y, lam=0.01, n=8, seed=3, max_iter=100)
print(found)

# %%
# Some end low and some do not: there are several valleys. Hidden units may change places, and
# tanh units may change sign with all their weights, without any change to the answers; so one and
# the same minimum is there many times over. The table has sorted that out before it counts
# valleys. (Two valleys of the same depth may still be different ones: XOR stays XOR when its two
# inputs change places, and the networks on both sides of that mirror are not the same.)
#
# From above
# ----------
#
# Nobody can draw nine dimensions. The picture shows a plane through them, the one along which the
# ways down vary most. What it cannot show is in the panel below: how far each walker is from the
# plane.
land = found.sorted_units().landscape(steps=31)
display = land.plot()

# %%
# The equal-weights start, number 0, comes down as well, but its two hidden units stay equal all
# the way. It walks in a small part of the space, and what it finds there is no more than a network
# with *one* hidden unit could do.
print("how far apart its units are at the end:", found.apart[0])
print("J at its end:", found.paths[0].J[-1], "  the lowest of all:", found.valleys[0].J)

# %%
# In the fog
# ----------
#
# This is what the walkers see after two steps.
display = land.plot(fog=0.08, step=2)

# %%
# The same drop, the same way down
# --------------------------------
#
# If the helicopter takes you to the same place again, you will go the same way again: nothing in
# the algorithm is left to chance but the place where it begins. The same seed gives the same
# places; a different one gives different places, and perhaps a better valley.
again = bp.drops(net, X, Y, lam=0.01, n=8, seed=3, max_iter=100)
same = [np.array_equal(a.thetas, b.thetas) for a, b in zip(found.paths, again.paths)]
print("all the same:", all(same))
elsewhere = bp.drops(net, X, Y, lam=0.01, n=8, seed=4, max_iter=100)
for seed, walks in {3: found, 4: elsewhere}.items():
    print(f"seed {seed}: {len(walks.valleys)} valleys, the lowest at J = {walks.valleys[0].J:.6f}")

# %%
# Around the lowest point
# -----------------------
#
# A plane through the lowest point, in two random directions, each unit's weights as long as those
# that are there. ``land.surface()`` shows the same in 3-D, to turn and to walk through, and
# ``land.to_html("mountains.html")`` writes that as one file that works offline.
around = bp.landscape(
    net, X, Y, lam=0.01, center=found.valleys[0].theta, directions="random", span=1.5, steps=31
)
display = around.plot()

# %%
# Exercises
# ---------
#
# **1.** How many copies of one minimum does the network 2-2-1 with tanh have?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    The two units may change places (2!), and each may change its sign (2²): **8**.
#
# **2.** And a network with two hidden layers of three logistic units each?
#
# .. admonition:: Answer
#    :collapsible: closed
#
#    A logistic unit may be turned too, if the next layer's biases take up the ½. So (3! · 2³)² =
#    48² = **2304**.
#
# That was the last chapter. Click through a network: :doc:`/play`. Try your own function:
# :doc:`/debug`. Train on a table of yours: :doc:`/tables_door`.
