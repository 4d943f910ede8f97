"""All small changes of a Python source: what the sample of mutants is drawn from.

mutmut changes whole functions only, through a table beside them, so it never touches a table of
formulas or a default; cosmic-ray changes the working tree itself and pays a fresh interpreter for
each mutant. Neither deletes a statement or exchanges arguments.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from changes import Mutant

COMPARISONS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "is not": "is",
    "is": "is not",
    "not in": "in",
    "in": "not in",
}
ARITHMETIC = {
    "+": "-",
    "-": "+",
    "**": "*",
    "*": "/",
    "//": "/",
    "/": "*",
    "%": "//",
    "&": "|",
    "|": "&",
    "<<": ">>",
    ">>": "<<",
}
PAIRS = (
    ("min", "max"),
    ("any", "all"),
    ("minimum", "maximum"),
    ("floor", "ceil"),
    ("argmin", "argmax"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("sum", "mean"),
    ("append", "extend"),
    ("hstack", "vstack"),
    ("lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("isnan", "isfinite"),
)
TWINS = dict(PAIRS) | {b: a for a, b in PAIRS}


class Sites(ast.NodeVisitor):
    """Walk a module and note each change, with the function in which it lies."""

    def __init__(self, source: str, path: str) -> None:
        self.text, self.path = source.encode(), path
        lines = self.text.splitlines(keepends=True)
        self.begins = [0]
        for line in lines:
            self.begins.append(self.begins[-1] + len(line))
        self.names: list[str] = []
        self.found: list[Mutant] = []

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The first byte of a node and the one behind it."""
        start = self.begins[node.lineno - 1] + node.col_offset
        return start, self.begins[node.end_lineno - 1] + node.end_col_offset

    def words(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end].decode()

    def note(self, kind: str, start: int, end: int, replacement: str) -> None:
        """Keep a change that gives another program which still compiles."""
        where = ".".join(self.names) or "module"
        mutant = Mutant(self.path, where, kind, start, end, replacement)
        try:
            ast.parse(mutant.applied(self.text.decode()))
        except SyntaxError:
            return
        self.found.append(mutant)

    def change(self, kind: str, node: ast.AST, replacement: str) -> None:
        """Put other words in a node's place."""
        self.note(kind, *self.span(node), replacement)

    def between(self, kind: str, left: ast.AST, right: ast.AST, table: dict[str, str]) -> None:
        """Exchange the operator that stands between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = self.text[start:end].decode()
        pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in table)
        if operator := re.search(pattern, re.sub(r"#.*", lambda c: " " * len(c[0]), gap)):
            at = start + len(gap[: operator.start()].encode())
            word = " ".join(operator[0].split())
            self.note(kind, at, at + len(operator[0].encode()), table[word])

    def inside(self, node: ast.AST) -> None:
        """Go on into a class or function, whose name then stands for where."""
        self.names.append(node.name)
        body = node.body
        documented = (
            body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        )
        for part in body[1:] if documented else body:
            self.visit(part)
        self.names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        self.inside(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:  # the annotation is no part of what runs
            self.visit(node.value)

    def visit_Import(self, node: ast.Import) -> None:
        pass

    visit_ImportFrom = visit_Import

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return
        if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
            self.change("statement deleted", node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.change("statement deleted", node, "pass")
        self.between(
            "arithmetic", node.target, node.value, {a + "=": b + "=" for a, b in ARITHMETIC.items()}
        )
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.change("statement deleted", node, "pass")
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.change("statement deleted", node, "pass")  # the words of an error are no behaviour

    def visit_Continue(self, node: ast.Continue) -> None:
        self.change("statement deleted", node, "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self.change("statement deleted", node, "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            if not (isinstance(node.value, ast.Constant) and node.value.value is None):
                self.change("return value", node.value, "None")
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        self.change("condition", node.test, f"not ({self.words(node.test)})")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        a, b = self.words(node.body), self.words(node.orelse)
        self.change("condition", node, f"({b}) if {self.words(node.test)} else ({a})")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            self.between("comparison", left, right, COMPARISONS)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.between("arithmetic", node.left, node.right, ARITHMETIC)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between("boolean", left, right, {"and": "or", "or": "and"})
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if not isinstance(node.op, ast.UAdd):
            self.change("sign", node, f"({self.words(node.operand)})")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for a, b in zip(node.args, node.args[1:], strict=False):
            first, second = self.words(a), self.words(b)
            if first == second or ast.Starred in (type(a), type(b)):
                continue
            comma = self.text[self.span(a)[1] : self.span(b)[0]].decode()
            self.note(
                "arguments exchanged", self.span(a)[0], self.span(b)[1], second + comma + first
            )
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in TWINS:
            end = self.span(node)[1]
            self.note("twin", end - len(node.attr.encode()), end, TWINS[node.attr])
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if (
            node.id in TWINS
            and isinstance(node.ctx, ast.Load)
            and hasattr(builtins, TWINS[node.id])
        ):
            self.change("twin", node, TWINS[node.id])

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass  # the places inside have no sure columns before Python 3.12

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.change("constant", node, str(not value))
        elif isinstance(value, int):
            self.change("constant", node, str(value + 1))
            self.change("constant", node, str(value - 1) if value else "-1")
        elif isinstance(value, float):
            self.change("constant", node, repr(value * 2 if value else 1.0))
        elif isinstance(value, str) and value.isidentifier():
            self.change("constant", node, repr(value + "_"))


def python_mutants(source: str, path: str) -> Iterator[Mutant]:
    """Every change of the source that a test should see."""
    sites = Sites(source, path)
    sites.visit(ast.parse(source))
    yield from dict.fromkeys(sites.found)
