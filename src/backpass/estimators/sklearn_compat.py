"""What only newer versions of scikit-learn have: callbacks (1.9), and a check of array libraries.

With older versions the estimators simply lack them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike
from sklearn import get_config
from sklearn.base import BaseEstimator

from ..arrays import Array, ArrayLike, array_namespace, is_array_api_obj
from ..training.monitor import Progress

T = TypeVar("T")

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    def with_callbacks(method: T) -> T:
        """Leave the method as it is."""
        return method

    CallbackSupportMixin = type("CallbackSupportMixin", (), {})

try:
    from sklearn.utils._array_api import (
        check_same_namespace,  # pyright: ignore[reportAttributeAccessIssue]
    )
except ImportError:  # scikit-learn < 1.9
    check_same_namespace = None

__all__ = [
    "CallbackAdapter",
    "CallbackSupportMixin",
    "float_dtypes",
    "same_namespace",
    "with_callbacks",
]


def same_namespace(X: ArrayLike, estimator: BaseEstimator, method: str) -> None:
    """Refuse arrays of another library or device than the estimator was fitted with."""
    if check_same_namespace is not None:
        check_same_namespace(X, estimator, attribute="theta_", method=method)


def float_dtypes(X: ArrayLike) -> tuple[DTypeLike, DTypeLike]:
    """float64 and float32 of X's array library, where scikit-learn dispatches by it."""
    foreign = get_config()["array_api_dispatch"] and is_array_api_obj(X)
    xp = array_namespace(X) if foreign else np
    return xp.float64, xp.float32


class CallbackAdapter:
    """Reports the fit, and every epoch of it, to scikit-learn's callbacks, if there are any.

    ``fitted`` maps θ to the attributes that make a working estimator of it.
    """

    def __init__(
        self,
        estimator: Any,  # has callbacks from scikit-learn 1.9 on
        X: ArrayLike,
        y: ArrayLike,
        fitted: Callable[[Array], dict[str, object]],
    ) -> None:
        self.reported = {"estimator": estimator, "X": X, "y": y}
        self.fitted = fitted
        self.root = None
        if getattr(estimator, "_skl_callbacks", None):
            self.root = estimator._init_callback_context(max_subtasks=estimator.max_iter)
            self.root.call_on_fit_task_begin(**self.reported)

    def callbacks(self) -> tuple[Callable[[Progress], bool], ...]:
        """Return the training's callback, or none where no callback is set."""
        return () if self.root is None else (self._report,)

    def close(self, theta: Array) -> None:
        """Report the end of the fit."""
        if self.root is not None:
            self.root.call_on_fit_task_end(**self._with(theta))

    def _report(self, progress: Progress) -> bool:
        assert self.root is not None
        task = self.root.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(**self.reported)
        return task.call_on_fit_task_end(**self._with(progress.theta))

    def _with(self, theta: Array) -> dict[str, object]:
        return {**self.reported, "reconstruction_attributes": lambda: self.fitted(theta)}
