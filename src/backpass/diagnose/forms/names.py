"""The names that somebody's code has for weights, biases, λ and their gradients."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..mistakes.naming import Naming
from ..observe import Called
from .containers import key_of
from .form import Form
from .layouts import Block


def naming_of(caller: Called, n_layers: int) -> Naming:
    """What the code calls the notes' symbols, as far as its arguments and keys tell."""
    form = caller.form
    apart = form.layout.bias != "in Theta"
    weights = _named(form, "W" if apart else "Theta", n_layers)
    biases = _named(form, "b", n_layers) if form.layout.bias not in ("in Theta", "none") else ()
    names = dict(caller.names)
    lam = _of_role(form, "lam")
    return Naming(
        weights=weights,
        biases=biases,
        weight_gradients=_gradients(names, "W" if apart else "Theta", weights),
        bias_gradients=_gradients(names, "b", biases),
        lam=lam[0] if lam and lam[0] not in ("lam", "λ") else "λ",
        rate=(_of_role(form, "rate") or ["α"])[0],
        y=next((name for name in _of_role(form, "y") if name != "Y"), "y"),
    )


def _of_role(form: Form, role: str) -> list[str]:
    given = [*(call.arguments for call in form.calls), form.settings]
    return next((names for a in given if (names := [b.name for b in a if b.role == role])), [])


def _named(form: Form, kind: str, n_layers: int) -> tuple[str, ...]:
    """Arguments of their own, or keys of a dictionary; nothing where both have no names."""
    layers = range(1, n_layers)
    if form.container == "dict":
        return tuple(key_of((kind, l), form.texts) for l in layers)
    if form.container == "said":
        said = _said(form)
        names = [said["b" if kind == "b" else "W", l] for l in layers if (kind, l) in said]
        return tuple(names) if len(names) == len(layers) else ()
    names = _of_role(form, "b" if kind == "b" else "W")
    if form.container != "apart" or len(names) != len(layers):
        return ()
    return () if all(re.fullmatch(r"[tT]heta_?\d", name) for name in names) else tuple(names)


def _said(form: Form) -> dict[Block, str]:
    """Names of arguments, and of keys, that stand for one block."""
    found: dict[Block, str] = {}
    for argument in (argument for call in form.calls for argument in call.arguments):
        built = argument.built
        if built is not None and built.block is not None:
            found[built.block] = argument.name
        elif built is not None:
            blocks = [part.block for part in built.parts]
            found |= {block: key for block, key in zip(blocks, built.keys) if block is not None}
    return found


def _gradients(names: dict[Block, str], kind: str, weights: Sequence[str]) -> tuple[str, ...]:
    """What their gradients are called where they come back by name; else told from the weights."""
    found = tuple(name for (each, _), name in names.items() if each == kind)
    told = len(found) == len(weights) and all(name and not name.isdigit() for name in found)
    if not told or set(found) & set(weights):
        return ()
    return found
