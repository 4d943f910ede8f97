"""Signs that a gradient is no backpropagation: differences of J, or a library's autograd.

They are pointed out to the teacher, with how sure they are, and take no points away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

AUTOGRAD = (
    "autograd", "backpass", "casadi", "chainer", "haiku", "jax", "keras", "micrograd", "mxnet",
    "numdifftools", "optax", "paddle", "sympy", "tensorflow", "tinygrad", "torch",
)  # fmt: skip
BY_NAME = ("MLPClassifier", "MLPRegressor", "approx_derivative", "approx_fprime", "check_grad")


@dataclass(frozen=True)
class Calls:
    """How often a submission's functions were called within one call, with so many parameters."""

    n_parameters: int
    counts: Mapping[str, int]


def of_text(text: str) -> list[str]:
    """Point out the libraries and functions that differentiate by themselves.

    Examples
    --------
    >>> of_text("import torch\\nx = torch.ones(3)")
    ['It uses torch, which differentiates by itself (sure: it is imported and used).']
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    said = dict.fromkeys(_sentence(*found, used) for found in _imported(tree))
    return list(said)


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What differentiates by itself, and the name by which the text knows it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                if top in AUTOGRAD:
                    yield top, alias.asname or top
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").partition(".")[0]
            for alias in node.names:
                if top in AUTOGRAD or alias.name in BY_NAME:
                    yield (top if top in AUTOGRAD else alias.name), alias.asname or alias.name
        elif isinstance(node, ast.Attribute) and node.attr in BY_NAME:
            yield node.attr, node.attr


def _sentence(what: str, name: str, used: set[str]) -> str:
    if name in used or name in BY_NAME:
        return f"It uses {what}, which differentiates by itself (sure: it is imported and used)."
    return f"It imports {what}, which differentiates by itself, and does not seem to use it."


def of_calls(seen: list[Calls]) -> list[str]:
    """Point out a function that is called once or twice for every parameter.

    Parameters
    ----------
    seen : list of Calls
        Of one call each, on problems with different numbers of parameters.

    Examples
    --------
    >>> of_calls([Calls(20, {"cost": 41}), Calls(32, {"cost": 65})])
    ['cost is called twice for every parameter: differences of J in place of backpropagation
    (nearly sure: counted on 2 problems).']
    """
    names = set.intersection(*(set(calls.counts) for calls in seen)) if seen else set[str]()
    found = []
    for name in sorted(names):
        for times, word in ((2, "twice"), (1, "once")):
            if all(_is_for_each(calls, name, times) for calls in seen):
                sure = "nearly sure" if len({c.n_parameters for c in seen}) > 1 else "perhaps"
                found.append(
                    f"{name[:60]} is called {word} for every parameter: differences of J in "
                    f"place of backpropagation ({sure}: counted on {len(seen)} problems)."
                )
                break
    return found


def _is_for_each(calls: Calls, name: str, times: int) -> bool:
    """Whether it is called so often for each, and at most a few times more."""
    return 0 <= calls.counts[name] - times * calls.n_parameters <= 3
