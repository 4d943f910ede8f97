"""Backpropagation you can see through, at the speed of your CPU.

``import backpass`` loads NumPy only; everything else is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    "Activation": "activations",
    "Loss": "losses",
    "Network": "network",
    "cost_and_gradient": "engine",
    "forward": "engine",
    "huber": "losses",
    "init_theta": "initialise",
    "quantile": "losses",
    "sigmoid": "activations",
    "sigmoid_gradient": "activations",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'backpass' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
