"""The line of somebody's code where a gradient is computed; only where there is no other one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ..observe import Called
from ..subject.subject import Part

_OF_A_GRADIENT = re.compile(r"(weights of |bias column of |)[DΔ]\^\((\d)\)")


def line_in(caller: Called, where: str) -> int:
    """The line that computes the gradient of which a place in the notes' words speaks; or 0."""
    found = _OF_A_GRADIENT.findall(where)
    if len(found) != 1 or not where.startswith("gradient"):
        return 0
    (part, l), names = found[0], dict(caller.names)
    kinds = {"weights of ": "W", "bias column of ": "b", "": "Theta"}
    kind = kinds[part] if ("Theta", int(l)) not in names else "Theta"
    name = names.get((kind, int(l)), "")
    return line_of(caller.subject.parts, name) if name and not name.isdigit() else 0


def line_of(parts: Sequence[Part], name: str) -> int:
    """Find the line that computes what is called so.

    Parameters
    ----------
    parts : sequence of Part
        The code, with its methods.
    name : str
        The name of a variable, or the key of a dictionary.

    Returns
    -------
    int
        0 where no line does, where several do, and where a line only hands it on.
    """
    sources = [(each.source, each.line) for part in parts for each in _with_methods(part)]
    places = [place for source in dict.fromkeys(sources) for place in _places(*source)]
    kept = [(line, value) for key, line, value in places if key == ("key", name)]
    if len(kept) == 1 and isinstance(kept[0][1], ast.Name):
        name, kept = kept[0][1].id, []
    kept = kept or [(line, value) for key, line, value in places if key == ("name", name)]
    return kept[0][0] if len(kept) == 1 and _computes(kept[0][1]) else 0


def _with_methods(part: Part) -> list[Part]:
    return [part, *part.methods.values()]


def _places(source: str, first: int) -> Iterator[tuple[tuple[str, str], int, ast.expr]]:
    """Every name and every key that something is put under, with its line."""
    found: list[tuple[ast.expr, ast.expr]] = []
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign):
                found += [pair for target in node.targets for pair in _pairs(target, node.value)]
            elif isinstance(node, ast.AugAssign | ast.AnnAssign) and node.value is not None:
                found.append((node.target, node.value))
            elif isinstance(node, ast.Dict):
                found += [(key, value) for key, value in zip(node.keys, node.values) if key]
    for target, value in found:
        if isinstance(target, ast.Name):
            yield ("name", target.id), first + target.lineno - 1, value
        key = target.slice if isinstance(target, ast.Subscript) else target
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield ("key", key.value), first + target.lineno - 1, value


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """A target with its value; several with theirs, or all of them with what is unpacked."""
    if not isinstance(target, ast.Tuple | ast.List):
        return [(target, value)]
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        return list(zip(target.elts, value.elts))
    return [(each, ast.Constant(None)) for each in target.elts]


def _computes(value: ast.expr) -> bool:
    """Whether an expression computes: a product, or a function of a library."""
    if isinstance(value, ast.BinOp):
        return True
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
