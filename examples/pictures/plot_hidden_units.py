"""
What hidden units look for
==========================

The weights of each unit of the first hidden layer, as an image of its inputs.
"""

import backpass as bp
from backpass.plots import HiddenUnitsDisplay

digits = bp.load_digits()
clf = bp.MLPClassifier((25,), alpha=5.0, early_stopping=True, max_iter=300, random_state=0)
clf.fit(digits.X / 16, digits.y)
display = HiddenUnitsDisplay.from_estimator(clf, shape=(8, 8))

# %%
# Each image has its own scale. The units with the largest weights:
print(display.scales.argsort()[::-1][:5])
