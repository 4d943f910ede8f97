"""
The README's tour
=================

The same estimator, every number of one pass, and whether the gradient is right.
"""

# %%
# One import line changes; the rest of your code stays as it is.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import backpass as bp

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
clf = bp.MLPClassifier(random_state=0, max_iter=300).fit(X_train, y_train)
print(f"test accuracy {clf.score(X_test, y_test):.3f}: {clf.stop_reason_.value}")

# %%
# See every number of one pass, under the notes' layer numbers.
net = bp.Network((64, 25, 10), hidden="logistic", loss="binary_log_loss")
theta = bp.init_theta(net, seed=0)  # one flat vector; net.roll(theta) gives Θ^(1) and Θ^(2)
Y = bp.one_hot(y)
t = bp.trace(net, theta, X / 16, Y, lam=1.0)
print(t.shapes())
print(bp.explain(t, "delta", layer=3, unit=4, example=0))

# %%
# Is the gradient right? The complex step knows to the last digits.
print(bp.check_network(net, theta, X[:100] / 16, Y[:100], lam=1.0))
