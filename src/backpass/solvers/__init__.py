"""Solvers: pure functions over explicit state, sorted by increasing complexity.

``first_order`` has the rules of mini-batch training. The full-batch solvers, ``cg``, ``lbfgs`` and
``newton``, share one door, ``minimize_function``.
"""

from __future__ import annotations

from .conjugate_gradients import ConjugateGradients
from .lbfgs import LBFGS
from .minimize import Solver, find_solver, minimize_function
from .stop import Stop

__all__ = [
    "LBFGS",
    "ConjugateGradients",
    "Solver",
    "Stop",
    "find_solver",
    "minimize_function",
]
