"""MLPClassifier and MLPRegressor: scikit-learn's estimators on this library's objective."""

from .. import old_names

__getattr__ = old_names("estimators")
