"""A problem that is filled again and again, each time with a few other rows.

Of a large network the core's working memory, several times θ, takes as long to be made as a step on
32 rows: rows that come in small batches go one after another through the same. In between it is
kept beside its owner, whose copies and pickles have nothing of it.
"""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from ..network import Network
from .core import instruction_set
from .native import NativeProblem
from .problem import Problem, Rows

MOST_KEPT = 4  # owners that learn in turn; a large ensemble makes its memory anew


def suits(net: Network, rows: Rows) -> bool:
    """Whether rows are an array and few: its copy is at most θ, and takes no time beside a step."""
    return type(rows.X) is np.ndarray and rows.m * net.sizes[0] <= net.n_parameters


class RefilledProblem(NativeProblem):
    """The native engine's problem on copies of its rows, of which others take the place.

    Nothing of the caller's is held, so that it can wait for the next rows as long as it likes.
    """

    rows_stay = False

    def __init__(self, net: Network, rows: Rows, lam: float, n_threads: int) -> None:
        X, Y, w = (
            np.array(part, dtype=part.dtype.newbyteorder("="), order="C")
            for part in (rows.X, rows.Y, rows.w)
        )
        super().__init__(net, Rows(X, Y, w, rows.W, rows.weighted), lam, n_threads)
        self._made_for = self._needs(net, rows, n_threads)

    def refill(self, net: Network, rows: Rows, lam: float, n_threads: int) -> bool:
        """Take other rows, if the memory is what they need; whether it is."""
        if self._made_for != self._needs(net, rows, n_threads):
            return False
        for own, other in ((self.rows.X, rows.X), (self.rows.Y, rows.Y), (self.rows.w, rows.w)):
            np.copyto(own, other)
        self._core.set_dense(self.rows.X)  # so that the core looks at them anew
        self.lam, self.rows = lam, replace(self.rows, W=rows.W, weighted=rows.weighted)
        return True

    @staticmethod
    def _needs(net: Network, rows: Rows, n_threads: int) -> tuple[object, ...]:
        """All that the core's memory, or how it computes, depends on."""
        return net, rows.m, rows.X.dtype.newbyteorder("="), n_threads, instruction_set()


_IDLE: WeakKeyDictionary[object, RefilledProblem] = WeakKeyDictionary()


def take(owner: object) -> RefilledProblem | None:
    """Take an owner's problem, to fill or to drop it: a call from another thread finds none."""
    return _IDLE.pop(owner, None)


def keep(owner: object, problem: Problem) -> None:
    """Keep what can be filled again for as long as its owner lives, and let go of the oldest."""
    if isinstance(problem, RefilledProblem):
        _IDLE[owner] = problem
        for reference in _IDLE.keyrefs()[:-MOST_KEPT]:
            oldest = reference()
            if oldest is not None:
                take(oldest)


__all__ = ["MOST_KEPT", "RefilledProblem", "keep", "suits", "take"]
