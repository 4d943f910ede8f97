"""The house keeps its measure: short functions, small folders, few wings, and types with a name."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "backpass"
NATIVE = ROOT / "native"

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, DEFINITIONS))


def n_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, those of its docstring left out."""
    assert function.end_lineno is not None
    whole = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return whole
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return whole - (docstring.end_lineno - docstring.lineno + 1)


def sizes() -> dict[str, int]:
    return {
        f"{path.relative_to(PACKAGE)}:{function.lineno} {function.name}": n_lines(function)
        for path in modules()
        for function in functions(ast.parse(path.read_text("utf-8")))
    }


def n_any(source: str) -> int:
    """How often a module says ``Any``, where it does not import it."""
    tree = ast.parse(source)
    imports = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return sum(len(re.findall(r"\bAny\b", text)) for line, text in lines if line not in imports)


def test_the_lines_of_a_function_are_counted_without_its_docstring():
    source = '''
@decorated
def documented(a,
               b):
    """One line.

    And more.
    """
    c = a

    return c + b


def plain(): return 1
'''
    assert [n_lines(function) for function in functions(ast.parse(source))] == [5, 1]


def test_any_is_counted_where_it_is_not_imported():
    source = "from typing import (\n    Any,\n)\nx: Any\ny: dict[Any, Any]  # Anyone\n"
    assert n_any(source) == 3


def test_no_function_is_longer_than_a_page():
    assert {name: n for name, n in sizes().items() if n > 50} == {}


def test_half_of_the_functions_have_ten_lines_at_most():
    measured = sizes()
    assert len(measured) > 1000
    assert statistics.median(measured.values()) <= 10


def test_no_wing_has_more_modules_than_one_can_look_over():
    ways_in = {"__init__.py", "__main__.py"}
    folders = Counter(path.parent for path in modules() if path.name not in ways_in)
    assert {str(folder): n for folder, n in folders.items() if n > 16} == {}
    assert folders[PACKAGE] <= 10


def test_no_folder_of_the_core_has_more_files_than_one_can_look_over():
    folders = Counter(path.parent for path in NATIVE.rglob("*") if path.is_file())
    assert {str(folder): n for folder, n in folders.items() if n > 20} == {}


def test_no_two_files_of_tests_share_a_name():
    """pytest imports a file by its name alone: the second of a name would stop the whole run."""
    names = Counter(
        path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"
    )
    assert [name for name, n in names.items() if n > 1] == []


def test_the_contract_between_the_wings_fits_on_a_page():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = asked["tool"]["importlinter"]["contracts"]
    (wings,) = [each for each in contracts if each["containers"] == ["backpass"]]
    assert len(wings["layers"]) <= 17


def test_any_is_said_where_a_library_forces_it():
    said = {str(path.relative_to(PACKAGE)): n_any(path.read_text("utf-8")) for path in modules()}
    assert sum(said.values()) <= 220, Counter(said).most_common(10)
