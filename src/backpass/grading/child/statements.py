"""Runs a submission's text one statement after the other, so that one that fails ends nothing.

A learner's file reads data that is not here, draws, trains. Its functions are what is asked for: a
module that is missing is a stand-in which complains when it is used, and a statement that raises is
told and left out.
"""

from __future__ import annotations

import ast
import types
from typing import Any

Namespace = dict[str, Any]
MAX_MESSAGE = 1000
MAX_TOLD = 20
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)


class Missing:
    """Stands for a module, or for something of it, that cannot be imported here."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(f"{self._name} is not installed where submissions are graded")

    def __call__(self, *_: object, **__: object) -> object:
        raise ImportError(f"{self._name} is not installed where submissions are graded")


def run(text: str, path: str, namespace: Namespace, whole: bool) -> dict[str, Any]:
    """Run a text's statements; those that define alone where not the whole is asked for.

    Returns
    -------
    dict
        ``missing``: names of modules; ``failed``: pairs of a line and an error.
    """
    tree = ast.parse(text, path)
    missing: list[str] = []
    failed: list[tuple[int, str]] = []
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            missing += _import(statement, path, namespace)
        elif whole or defines(statement):
            failed += _run(statement, path, namespace)
    return {"missing": missing[:MAX_TOLD], "failed": failed[:MAX_TOLD]}


def defines(statement: ast.stmt) -> bool:
    """Whether a statement is a definition, or gives literals a name."""
    if isinstance(statement, DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return isinstance(statement.value, ast.Lambda)
    return True


def _import(statement: ast.Import | ast.ImportFrom, path: str, namespace: Namespace) -> list[str]:
    """Import, name by name; return the modules that are not there."""
    missing: list[str] = []
    for alias in statement.names:
        alone = _alone(statement, alias)
        module = getattr(alone, "module", None) or alias.name
        try:
            _execute(alone, path, namespace)
        except BaseException as error:
            if isinstance(error, ImportError):
                missing.append(module)
            bound = alias.asname or alias.name.partition(".")[0]
            namespace.setdefault(bound, Missing(module))
    return list(dict.fromkeys(missing))


def _alone(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.copy_location(ast.Import([alias]), statement)
    one = ast.ImportFrom(statement.module, [alias], statement.level)
    return ast.copy_location(one, statement)


def _run(statement: ast.stmt, path: str, namespace: Namespace) -> list[tuple[int, str]]:
    try:
        _execute(statement, path, namespace)
    except BaseException as error:
        return [(statement.lineno, f"{type(error).__name__}: {text_of(error)}")]
    return []


def _execute(statement: ast.stmt, path: str, namespace: Namespace) -> None:
    module = ast.Module([statement], [])
    exec(compile(module, path, "exec"), namespace)


def text_of(error: BaseException) -> str:
    """An exception's message; one that cannot be told is empty."""
    try:
        return str(error)[:MAX_MESSAGE]
    except BaseException:
        return ""


def names_of(namespace: Namespace) -> list[str]:
    """Return what a submission has given names to, modules left out."""
    return [
        name
        for name, value in namespace.items()
        if not name.startswith("__") and not isinstance(value, types.ModuleType)
    ]
