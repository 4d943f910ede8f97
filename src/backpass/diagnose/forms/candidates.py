"""Every form that somebody's code may have, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..subject.subject import Part
from .form import KINDS, Form
from .layouts import TARGETS, Layout, one_by_one, with_biases, without_biases
from .plans import Plan

_KEY = re.compile(r"(W|b|weights?|bias(es)?|Theta)_?\d*_?", re.IGNORECASE)
_FLAT_FIRST = ("flat, F order", "flat, C order")
# A matrix that is transposed, too, is one of the other order.
_IN_ONE_VECTOR = (Layout(), Layout(ones=True), Layout(weights="Theta, bias last"),
                  Layout(rows=False), Layout(weights="out × in", bias="none"),
                  Layout(weights="in × out", bias="none"))  # fmt: skip


def kinds_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """What arrays may be given as, the likeliest first."""
    told = [part.tensors for part in parts]
    if "differentiates" in told:
        return tuple(kind for kind in KINDS if kind.startswith("leaves"))
    ways = tuple(kind for kind in KINDS if kind not in ("arrays", "lists"))
    if "uses" in told:
        return (*ways, "arrays")
    # Code that makes or asks for lists may add them, and with arrays give other numbers.
    names = {name for part in parts for name in part.names}
    plain = "list" in names and names.isdisjoint(_OF_ARRAYS)
    return (*(("lists",) if plain else ()), "arrays", *(ways if "has" in told else ()))


_OF_ARRAYS = frozenset({"np", "numpy", "torch", "shape", "dot", "T", "reshape", "mean"})


def forms_of(plan: Plan, kind: str = "arrays") -> Iterator[Form]:
    """The forms of one plan: containers of weights, layouts, and kinds of targets."""
    for container, layout in _held(plan):
        for y in _targets(plan):
            full = replace(layout, y=y)
            alone = layout.single and plan.made_with is None and "single" not in plan.allowed
            if not plan.allows(full) or (alone and y not in _OF_ONE_EXAMPLE):
                continue
            yield Form(
                plan.calls,
                full,
                container,
                plan.made_with,
                plan.made,
                plan.texts,
                plan.settings,
                kind,
                plan.attributes,
            )


_OF_ONE_EXAMPLE = ("one-hot", "labels 0 … K − 1")  # that a function alone may take


def _roles(plan: Plan) -> list[str]:
    return [argument.role for call in plan.calls for argument in call.arguments]


def _targets(plan: Plan) -> list[str]:
    """Kinds of targets; those that a name speaks of first."""
    names = [a.name for call in plan.calls for a in call.arguments if a.role == "y"]
    if not names:
        return ["one-hot"]
    labels = any("label" in name.lower() for name in names)
    return sorted(TARGETS, key=lambda each: labels and not each.startswith("labels"))


def _held(plan: Plan) -> Iterator[tuple[str, Layout]]:
    """How the weights are given, with every layout that goes with it."""
    roles = _roles(plan)
    for container, layouts in _containers(plan, roles):
        everything = list(layouts)
        if "pairs" not in roles:
            yield from ((container, layout) for layout in everything)
        if not container.startswith("flat"):
            yield from ((container, layout) for layout in one_by_one(iter(everything)))


def _containers(plan: Plan, roles: list[str]) -> Iterator[tuple[str, Iterator[Layout]]]:
    if "params" in roles:
        yield from _of_params(plan, roles)
    elif ("Ws" in roles and "bs" in roles) or ("W" in roles and "b" in roles):
        yield "apart", with_biases()
    elif "W" in roles or "Ws" in roles:
        yield "apart", without_biases()
    elif "built" in roles:
        yield "said", _of_blocks(plan)
    elif plan.made_with is not None:
        yield "inside", with_biases()
        yield "inside", without_biases()


def _of_blocks(plan: Plan) -> Iterator[Layout]:
    """The layouts that blocks may have that were said."""
    if any(kind == "b" for kind, _ in plan.blocks):
        return with_biases()
    said = [a.built for call in plan.calls for a in call.arguments if a.built is not None]
    in_one_vector = any(built.kind == "ravel" for built in said)
    return iter(_IN_ONE_VECTOR) if in_one_vector else without_biases()


def _of_params(plan: Plan, roles: list[str]) -> Iterator[tuple[str, Iterator[Layout]]]:
    """One argument holds everything."""
    keys = [text for text in plan.texts if _KEY.fullmatch(text)]
    biases = any(text.lower().startswith("b") for text in keys)
    if keys:
        for container in ("dict", "dict of lists", "list of dicts"):
            yield container, with_biases() if biases else without_biases()
    sized = any(role.startswith("size") for role in roles)
    flat = [(order, lambda: iter(_IN_ONE_VECTOR)) for order in _FLAT_FIRST]
    lists = (("list", without_biases), ("list", with_biases), ("list of pairs", with_biases))
    for container, layouts in (*flat, *lists) if sized or not keys else (*lists, *flat):
        yield container, layouts()
    for container in ("flat, C order", "flat, weights, then biases", "weights, then biases"):
        yield container, with_biases()
    yield "attributes", with_biases()
