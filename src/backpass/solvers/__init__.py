"""Solvers: pure functions over explicit state, sorted by increasing complexity.

``first_order`` has the rules of mini-batch training. The full-batch solvers, ``cg``, ``lbfgs`` and
``newton``, share one door, ``minimize_function``; ``describe_point`` says what they have found.
"""

from __future__ import annotations

from .conjugate_gradients import ConjugateGradients
from .curvature import Curvature
from .lbfgs import LBFGS
from .minimize import Solver, find_solver, minimize_function
from .newton import GaussNewton
from .preconditioner import KroneckerFactors, PlainScaling
from .stationary import Description, Finding, describe_point
from .stop import Stop

__all__ = [
    "LBFGS",
    "ConjugateGradients",
    "Curvature",
    "Description",
    "Finding",
    "GaussNewton",
    "KroneckerFactors",
    "PlainScaling",
    "Solver",
    "Stop",
    "describe_point",
    "find_solver",
    "minimize_function",
]
