"""Backpropagation you can see through, at the speed of your CPU.

``import backpass`` loads NumPy only; everything else is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    "Activation": "activations",
    "ArrayBlocks": "blocks",
    "Diagnosis": "diagnose",
    "Explanation": "explain",
    "GradientCheck": "gradcheck",
    "Loss": "losses",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Network": "network",
    "ParquetBlocks": "blocks",
    "Progress": "training",
    "StopReason": "training",
    "Table": "tables",
    "Trace": "trace",
    "as_network": "adapters",
    "assert_backprop": "diagnose",
    "check_backprop": "diagnose",
    "check_gradient": "gradcheck",
    "check_network": "gradcheck",
    "cost_and_gradient": "engine",
    "drops": "landscape",
    "explain": "explain",
    "forward": "engine",
    "from_mat": "export",
    "from_sklearn": "export",
    "huber": "losses",
    "init_theta": "initialise",
    "landscape": "landscape",
    "load": "persistence",
    "load_digits": "datasets",
    "load_notes_digits": "datasets",
    "minimize": "training",
    "numerical_gradient": "gradcheck",
    "one_hot": "arrays",
    "quantile": "losses",
    "read_table": "tables",
    "register_onnx_converter": "onnx_pipeline",
    "save": "persistence",
    "sigmoid": "activations",
    "sigmoid_gradient": "activations",
    "studio": "studio",
    "to_mat": "export",
    "to_onnx": "export",
    "trace": "trace",
    "trace_model": "adapters",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'backpass' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    if name != _HOME[name]:
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


class _Package(types.ModuleType):
    """A package in which ``backpass.trace`` is the function, though a module has its name too."""

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (__name__,)  # cloudpickle knows plain modules only


def _refuse(package: _Package, module: Any) -> None:
    """Ignore the import system when it binds a submodule over the function of that name."""


for _name in [name for name, home in _HOME.items() if name == home]:
    setattr(_Package, _name, property(lambda _, name=_name: __getattr__(name), _refuse))
sys.modules[__name__].__class__ = _Package
