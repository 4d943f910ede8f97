"""A fit that succeeds whole or leaves nothing behind: it works on a draft of the estimator.

The draft has the estimator's parameters and what is known from before. Only when the fit is over is
what it found published, in one assignment; whatever goes wrong earlier (bad rows, a callback that
raises, too little memory, Ctrl-C) leaves the estimator unfitted, or with its old model whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sklearn.base import BaseEstimator

ORIGINAL = "_drafted_from"

E = TypeVar("E", bound=BaseEstimator)
P = ParamSpec("P")


def published_at_once(
    fit: Callable[Concatenate[E, P], E],
) -> Callable[Concatenate[E, P], E]:
    """Let a method that trains work on a draft, and publish what it has found at its end."""

    @wraps(fit)
    def fit_and_publish(self: E, *args: P.args, **kwargs: P.kwargs) -> E:
        before = dict(self.__dict__)
        draft = object.__new__(type(self))
        draft.__dict__.update(before, **{ORIGINAL: self})
        fit(draft, *args, **kwargs)
        _publish(self, before, draft.__dict__)
        return self

    return fit_and_publish


def original(draft: E) -> E:
    """The estimator that a draft was made from; anything else is its own original."""
    return draft.__dict__.get(ORIGINAL, draft)


def fitted_state(draft: BaseEstimator) -> dict[str, object]:
    """What a draft knows, its parameters left out."""
    parameters = draft.get_params(deep=False)
    return {k: v for k, v in draft.__dict__.items() if k not in parameters and k != ORIGINAL}


def _publish(estimator: BaseEstimator, before: dict[str, object], after: dict[str, object]) -> None:
    """Give the estimator what is new, and take from it what is gone, at once."""
    unchanged = {k for k, v in before.items() if k in after and after[k] is v}
    kept = {k: v for k, v in estimator.__dict__.items() if k in after or k not in before}
    new = {k: v for k, v in after.items() if k not in unchanged and k != ORIGINAL}
    estimator.__dict__ = {**kept, **new}
