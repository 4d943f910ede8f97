"""Every public name says what goes in, what comes out, and shows it in an example that runs."""

import ast
import importlib
import inspect
import re
from functools import cache

import pytest

import backpass as bp
from backpass import errors

WINGS = ("diagnose", "grading", "inspection.explain", "landscape", "plots")


def public():
    """Qualified name -> every public function, class and method; wings offer more."""
    found = {name: getattr(bp, name) for name in bp.__all__ if name != "__version__"}
    for wing in WINGS:
        module = importlib.import_module(f"backpass.{wing}")
        found |= {f"{wing}.{name}": getattr(module, name) for name in module.__all__}
    for name, thing in list(found.items()):
        for part, value in inspect.getmembers(thing) if inspect.isclass(thing) else ():
            ours = getattr(value, "__module__", None) or ""
            if inspect.isroutine(value) and ours.startswith("backpass.") and part[0] != "_":
                found[f"{name}.{part}"] = value
    return found


PUBLIC = public()


def sections(thing):
    """Heading -> text of a numpydoc docstring."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def parameters(thing):
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]


def described(text):
    """Names at the beginning of a section's items: ``X, Y : array-likes``."""
    heads = re.findall(r"^\S.*", text, flags=re.MULTILINE)
    return {name for head in heads for name in re.findall(r"\w+", head.partition(" : ")[0])}


def missing(thing):
    """Headings that a docstring lacks."""
    there = sections(thing)
    if inspect.isclass(thing):
        wanted = {"Examples"}
        if not {"Parameters", "Attributes"} & set(there):
            wanted.add("Attributes")
        return wanted - set(there)
    wanted = {"Examples"}
    if parameters(thing):
        wanted.add("Parameters")
    if inspect.signature(thing).return_annotation not in ("None", None, inspect.Signature.empty):
        wanted.add("Yields" if "Yields" in there else "Returns")
    return wanted - set(there)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_its_sections(name):
    assert missing(PUBLIC[name]) == set()


@pytest.mark.parametrize(
    "name", [n for n, thing in PUBLIC.items() if "Parameters" in sections(thing)]
)
def test_every_parameter_is_described(name):
    thing = PUBLIC[name]
    assert set(parameters(thing)) <= described(sections(thing)["Parameters"])


ERRORS = {
    name
    for name, thing in vars(errors).items()
    if inspect.isclass(thing) and issubclass(thing, errors.BackpassError)
}


@cache
def functions(module):
    """Qualified name -> the syntax of every function and method of a module."""
    top = ast.parse(inspect.getsource(importlib.import_module(module))).body
    classes = {node.name: node.body for node in top if isinstance(node, ast.ClassDef)}
    places = {"": top, **{f"{name}.": body for name, body in classes.items()}}
    return {
        prefix + node.name: node
        for prefix, body in places.items()
        for node in body
        if isinstance(node, ast.FunctionDef)
    }


def called(node, prefix):
    """Names of the functions, and of the methods of the same object, that a function calls."""
    for call in (n.func for n in ast.walk(node) if isinstance(n, ast.Call)):
        if isinstance(call, ast.Name):
            yield call.id
        elif isinstance(call, ast.Attribute) and getattr(call.value, "id", None) in ("self", "cls"):
            yield prefix + call.attr


def raises(module, name, seen=()):
    """Whether a function, or one of its module that it calls, raises one of the errors."""
    node = functions(module).get(name)
    if node is None or name in seen:
        return False
    raised = [n.exc for n in ast.walk(node) if isinstance(n, ast.Raise)]
    if any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in ERRORS for n in raised):
        return True
    others = called(node, name[: name.rfind(".") + 1])
    return any(raises(module, other, (*seen, name)) for other in others)


@pytest.mark.parametrize("name", PUBLIC)
def test_what_raises_says_so(name):
    thing = inspect.unwrap(PUBLIC[name])
    place = thing.__module__, f"{thing.__qualname__}{'.__init__' * inspect.isclass(thing)}"
    post = thing.__module__, f"{thing.__qualname__}.__post_init__"
    if raises(*place) or raises(*post):
        assert "Raises" in sections(thing)


# Modules whose public names compute what stands in a book: each says in which.
MATHEMATICS = (
    "backpass.activations",
    "backpass.engine",
    "backpass.initialise",
    "backpass.inspection.explain.answers",
    "backpass.inspection.gradcheck",
    "backpass.inspection.trace",
    "backpass.landscape.drops",
    "backpass.landscape.terrain",
    "backpass.losses",
    "backpass.solvers",
    "backpass.training.minimize",
)


@pytest.mark.parametrize(
    "name", [n for n in bp.__all__ if getattr(getattr(bp, n), "__module__", "") in MATHEMATICS]
)
def test_mathematics_names_its_source(name):
    assert "References" in sections(getattr(bp, name))
