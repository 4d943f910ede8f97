"""
How training went
=================

J by epoch, the loss and the score on the validation set, and the reason why training stopped.
"""

import backpass as bp
from backpass.plots import TrainingDisplay

digits = bp.load_digits()
clf = bp.MLPClassifier((32,), early_stopping=True, max_iter=200, random_state=0)
clf.fit(digits.X / 16, digits.y)
display = TrainingDisplay.from_estimator(clf)

# %%
# The curves stay at hand as numbers.
print("epochs:", clf.n_iter_, "  best validation score:", max(display.validation_scores))
