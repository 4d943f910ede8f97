"""Every public name says what goes in, what comes out, and shows it in an example that runs."""

import importlib
import inspect
import re

import pytest

import backpass as bp

ROOMS = ("diagnose", "inspection.explain", "landscape", "plots")


def public():
    """Qualified name -> every public function, class and method; rooms offer more than the door."""
    found = {name: getattr(bp, name) for name in bp.__all__ if name != "__version__"}
    for room in ROOMS:
        module = importlib.import_module(f"backpass.{room}")
        found |= {f"{room}.{name}": getattr(module, name) for name in module.__all__}
    for name, thing in list(found.items()):
        for part, value in inspect.getmembers(thing) if inspect.isclass(thing) else ():
            ours = getattr(value, "__module__", None) or ""
            if inspect.isroutine(value) and ours.startswith("backpass.") and part[0] != "_":
                found[f"{name}.{part}"] = value
    return found


PUBLIC = public()
# What is still to be written; whoever writes it takes it from here.
LACKING = {
    "ArrayBlocks.read": {"Parameters", "Returns", "Examples"},
    "ArrayBlocks.read_targets": {"Parameters", "Returns", "Examples"},
    "MLPClassifier.decision_function": {"Examples"},
    "MLPClassifier.fit": {"Examples"},
    "MLPClassifier.fresh_state": {"Returns", "Examples"},
    "MLPClassifier.partial_fit": {"Examples"},
    "MLPClassifier.predict": {"Examples"},
    "MLPClassifier.predict_log_proba": {"Examples"},
    "MLPClassifier.predict_proba": {"Examples"},
    "MLPClassifier.score": {"Examples"},
    "MLPClassifier.transform": {"Examples"},
    "MLPRegressor.fit": {"Examples"},
    "MLPRegressor.fresh_state": {"Returns", "Examples"},
    "MLPRegressor.partial_fit": {"Examples"},
    "MLPRegressor.predict": {"Examples"},
    "MLPRegressor.score": {"Examples"},
    "MLPRegressor.transform": {"Examples"},
    "ParquetBlocks.read": {"Parameters", "Returns", "Examples"},
    "ParquetBlocks.read_targets": {"Parameters", "Returns", "Examples"},
    "StopReason": {"Attributes", "Examples"},
}


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
    assert missing(PUBLIC[name]) == LACKING.get(name, set())


@pytest.mark.parametrize(
    "name", [n for n, thing in PUBLIC.items() if "Parameters" in sections(thing)]
)
def test_every_parameter_is_described(name):
    thing = PUBLIC[name]
    assert set(parameters(thing)) <= described(sections(thing)["Parameters"])
