"""What a parameter is, told from its name: one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..subject.subject import Parameter, Part

# The first line that a name matches decides; a name of two roles is tried as both.
_TABLE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("lam", "rate"), r"alpha|mu|beta"),
    (("lam",), r"_?(lam|lamb|lamda|lambda|lambd|lmbda|lmbd|λ|reg|l2|wd|decay|penalty)_?"),
    (("lam",), r"(reg|l2|weight_decay|lambda|lam|decay)_?\w*|\w+_(reg|lambda|decay|l2)"),
    (("once",), r"(n_?|num_?|max_?)?(epochs?|iters?|iterations?|n_?iters?|steps?)"),
    (("rate",), r"lr|eta|η|α|rate|learn\w*|step_?size|lrate|epsilon|nu|\w+_rate|stepsize"),
    (("m", "size in"), r"n"),
    (("m",), r"m|batch_?size|n_?(samples|examples|points|rows)|num_?(samples|examples)|count"),
    (("sizes",), r"sizes|layers|layer_?(sizes|dims)|dims|architecture|arch|shape|units|topology"),
    (("sizes",), r"network_?(size|shape)s?|n_units|structure"),
    (("shapes",), r"((weights?|params?|layers?|theta|arrays?)_?)?shapes"),
    (("hidden sizes",), r"(hidden|hid)_?(layer_?)?(sizes|dims|units_list)|hidden_layers|hiddens"),
    (("size in",), r"(n|num|size|dim|d)_?(in|inputs?|features?|inp|x)(_\w+)?"),
    (("size in",), r"(i|in|inputs?|features?)_?(layer_?)?(size|dim|units|nodes|count|features)"),
    (
        ("size hidden",),
        r"(n|num|size|dim|d)_?(hid|h)\w*|h(id\w*)?_?(layer_?)?(size|dim|units|nodes)",
    ),
    (("size hidden",), r"hidden|hid|h"),
    (("size out",), r"(n|num|size|dim|d)_?(out|outputs?|y|o|labels?|class(es)?|k)(_\w+)?"),
    (
        ("size out",),
        r"(o|out|outputs?|labels?|class(es)?)_?(layer_?)?(size|dim|units|nodes|count)|k",
    ),
    (("size out",), r"classes|outputs?"),
    (("X",), r"x|x_?(in|train\w*|batch|data|b|s|mat|i|1)|xs|xx|(train|batch|input)_?x"),
    (("pairs",), r"mini_?batch(es)?|pairs|train(ing)?_data"),
    (("X", "pairs"), r"data|samples?|examples?|batch"),
    (
        ("X",),
        r"inputs?(_(list|data|vec\w*|mat\w*|arr\w*|batch|layer|x))?|features?|images?|points?",
    ),
    (("X",), r"a_?0|feature_?\w*|l0"),
    (("y",), r"y|t|y_?(true|train\w*|batch|data|b|hot|one_?hot|oh|mat|i|vec|s)|ys|yy|tt?"),
    (("y",), r"(train|batch|target)_?y|targets?|labels?|truth|one_?hot|desired|expected|answers?"),
    (("y",), r"target_?\w*|label_?\w*|ground_?truth"),
    (
        ("b",),
        r"(b|bs|bias|biases|c|beta|intercept)(_?\d+|_?(first|second|third|h|o|hid\w*|out\w*))?",
    ),
    (("b",), r"b[_a-z]{0,6}\d*|bias\w*"),
    (
        ("params",),
        r"params?|parameters?|nn_?params?|model|net|network|p|coefs?|thetas|(all_)?weights",
    ),
    (("params",), r"param_?\w*|theta_?(vec|all|flat|list)|unrolled\w*|initial_\w+|vector|flat\w*"),
    (("W",), r"w\w*|thetas?_?\w*|θ\w*|syn_?\d|u\d?|v\d?|m\d|k\d|q|mat\w*|t_?\d|kernel\w*"),
)
_ROLES = tuple((roles, re.compile(pattern)) for roles, pattern in _TABLE)

# At most one parameter has one of these roles.
SINGLE = ("X", "y", "lam", "rate", "m", "sizes", "pairs", "once", "hidden sizes", "shapes")
# What a default may stand for that is no choice of its own: nothing, or some number.
_FROM_NONE = {"y", "lam", "rate", "sizes", "params", "W", "b"}
_FROM_NUMBER = {"lam", "rate", "once", "size in", "size hidden", "size out"}


def roles_of(name: str) -> tuple[str, ...]:
    """What a parameter of this name may be; nothing where the name tells nothing."""
    # Capital letters tell a matrix of weights from targets and from sizes.
    if re.fullmatch(r"(T|Theta|Θ|U|V|B|C|M|K)_?\d+", name):
        return ("b",) if name[0] in "BC" else ("W",)
    for roles, pattern in _ROLES:
        if pattern.fullmatch(name.lower()):
            return roles
    return ()


def called_with(part: Part) -> list[Parameter]:
    """The parameters that are given: those without defaults, and those whose default is no choice.

    Targets, weights and sizes are, and λ and a rate, whatever their defaults are.
    """
    given = [p for p in part.parameters if not p.has_default or _matters(p)]
    left_out = [i for i, p in enumerate(part.parameters) if p not in given]
    first = min(left_out, default=len(part.parameters))
    return [replace(p, keyword=p.keyword or part.parameters.index(p) > first) for p in given]


def _matters(parameter: Parameter) -> bool:
    roles = set(roles_of(parameter.name))
    if parameter.default is None:
        return bool(roles & _FROM_NONE)
    number = isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool)
    return number and bool(roles & _FROM_NUMBER)


def assignments(parameters: Sequence[Parameter], alone: bool = True) -> list[tuple[str, ...]]:
    """The ways to read the parameters' names, the likeliest first.

    Parameters
    ----------
    parameters : sequence of Parameter
        Those that are given.
    alone : bool
        Whether the function stands alone, so that a name that tells nothing must be that of the
        weights, where nothing else is.
    """
    found: list[tuple[str, ...]] = [()]
    for parameter in parameters:
        roles = roles_of(parameter.name) or ("other",)
        found = [(*before, role) for before in found for role in roles]
    kept = [_settled(roles, alone) for roles in found if _possible(roles)]
    # One W and one b are lists of them, or all that there is of a network without hidden layers.
    one = any(parameter.name in ("W", "w") for parameter in parameters)
    bare = [roles for roles in found if _possible(roles) and _one_layer(roles, one)]
    return list(dict.fromkeys([*kept, *bare]))


def _one_layer(roles: Sequence[str], bias_may_be_missing: bool) -> bool:
    biases = roles.count("b") or int(bias_may_be_missing)
    return roles.count("W") == biases == 1 and "params" not in roles


def _possible(roles: Iterable[str]) -> bool:
    listed = list(roles)
    return all(listed.count(role) <= 1 for role in SINGLE)


def _settled(roles: tuple[str, ...], alone: bool) -> tuple[str, ...]:
    """One W or one parameter of weights alone holds them all; several of them are numbered."""
    matrices = roles.count("W") + roles.count("params")
    if matrices > 1:
        return tuple("W" if role == "params" else role for role in roles)
    if matrices == 0 and roles.count("other") == 1 and alone:
        return tuple("params" if role == "other" else role for role in roles)
    if roles.count("b") == 1 and matrices == 1:
        return tuple({"W": "Ws", "params": "Ws", "b": "bs"}.get(role, role) for role in roles)
    return tuple("params" if role == "W" else role for role in roles)
