"""A notebook's code as one text: imports, definitions, and names of literals.

Everything else in a notebook draws, prints or trains; magics and shell lines are not Python.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

from .texts import Unreadable, python_text

MAX_CELLS = 2000
OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")  # magics over cells that are Python


def notebook_text(name: str, data: bytes) -> tuple[str, list[str]]:
    """Return a notebook's code, and what is to be said of cells that are left out.

    Raises
    ------
    Unreadable
        If it is no notebook.
    """
    texts, problems = [], list[str]()
    for number, cell in enumerate(_code_cells(name, data), start=1):
        text = _without_magics(cell)
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            problems.append(f"{name}: cell {number} is no Python and is left out.")
            continue
        texts.append(f"# --- cell {number}\n{text.rstrip()}\n")
    return "\n".join(texts), problems


def _code_cells(name: str, data: bytes) -> Iterator[str]:
    try:
        cells = json.loads(python_text(name, data))["cells"][:MAX_CELLS]
        for cell in cells:
            if cell["cell_type"] == "code":
                source = cell["source"]
                yield source if isinstance(source, str) else "".join(map(str, source))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"{name} is no notebook.") from error


def _without_magics(cell: str) -> str:
    """A cell's lines that are Python, one for one: a magic becomes an empty line, or ``pass``."""
    first = cell.lstrip().partition("\n")[0]
    if first.startswith("%%"):
        if not first.startswith(OF_PYTHON):
            return ""
        cell = cell.lstrip().partition("\n")[2]
    return "\n".join(map(_plain, cell.split("\n")))


def _plain(line: str) -> str:
    bare = line.strip()
    if bare.startswith(("%", "!", "?")) or (bare.endswith("?") and not bare.startswith("#")):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line
