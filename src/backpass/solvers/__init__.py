"""Solvers: pure functions over explicit state, sorted by increasing complexity.

``first_order`` has the rules of mini-batch training. The full-batch solvers, ``cg``, ``lbfgs`` and
``newton``, share one entry point, ``minimize_function``; ``describe_point`` says what they have
found. ``registry`` knows all of them by name, and loads none before it is asked for.
"""

from .. import old_names

__getattr__ = old_names("solvers")
