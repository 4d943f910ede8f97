"""Names of somebody's module that a function reads: λ, a rate, m, and sizes of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..subject.subject import Part
from .form import Argument
from .plans import Plan
from .roles import SINGLE, roles_of


def with_settings(plans: Iterable[Plan], parts: Sequence[Part]) -> Iterator[Plan]:
    """Each plan with the module's λ, rate and sizes set, with λ and the rate alone, and as it is.

    Parameters
    ----------
    plans : iterable of Plan
        Ways to call the code.
    parts : sequence of Part
        The code.
    """
    for plan in plans:
        found = _settings(plan, parts)
        without = tuple(setting for setting in found if not setting.role.startswith("size"))
        for settings in dict.fromkeys((found, without, ())):
            yield replace(plan, settings=settings)


def _settings(plan: Plan, parts: Sequence[Part]) -> tuple[Argument, ...]:
    """What the module has and no argument says."""
    given = [a.role for call in plan.calls for a in (*call.arguments, *(plan.made_with or ()))]
    found: list[Argument] = []
    for part in parts:
        roles = {name: _role_of_number(name, plan) for name in part.numbers}
        roles |= {name: "sizes" for name in part.lists if "sizes" in roles_of(name)}
        for name, role in roles.items():
            taken = [*given, *(each.role for each in found)]
            single = role in SINGLE or role in ("size in", "size out")
            if role and not (role in given or (single and role in taken)):
                found.append(Argument(role, name))
    return tuple(dict.fromkeys(found))


def _role_of_number(name: str, plan: Plan) -> str:
    """What a number of this name is; a rate only where the weights are changed."""
    roles = roles_of(name)
    if "rate" in roles:
        return "rate" if any(call.gives == "weights" for call in plan.calls) else ""
    known = ("lam", "m", "size in", "size hidden", "size out")
    return next((role for role in roles if role in known), "")
