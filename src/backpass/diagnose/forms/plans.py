"""Which calls make up a cost and its gradient: of functions, of methods, one after another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..subject.subject import Part
from .form import Argument, Call
from .layouts import Block, Layout
from .roles import assignments, called_with, roles_of
from .template import blocks_in

GIVES: tuple[tuple[str, str], ...] = (
    ("weights", r"\w*(step|update|train|fit|learn|descent|epoch|optimi[sz]e)\w*"),
    ("both", r"\w*(loss|cost|j|value|error)_?(and|n|with)?_?\w*(grad|back)\w*"),
    ("both", r"\w*(grad|back)\w*_?(and|n|with)_?\w*(loss|cost)\w*"),
    ("gradient", r"\w*(back|grad|nabla|deriv|prime)\w*"),
    ("nothing", r"\w*(forward|predict|feed|activat|output|propagat|hypothesis|infer)\w*|__call__"),
    ("J", r"\w*(cost|loss|error|objective|entropy|mse)\w*|j"),
)


@dataclass(frozen=True)
class Plan:
    """Calls with their roles; arguments of a class stand in made_with.

    ``allowed`` has the values of a layout's fields that were said, and ``settings`` the names of
    the module that are set.
    """

    calls: tuple[Call, ...]
    made: str = ""
    made_with: tuple[Argument, ...] | None = None
    texts: tuple[str, ...] = ()
    allowed: Mapping[str, Collection[str | bool]] = field(default_factory=dict)
    settings: tuple[Argument, ...] = ()
    attributes: tuple[Argument, ...] = ()

    def allows(self, layout: Layout) -> bool:
        """Whether a layout is as it was said."""
        return all(getattr(layout, name) in values for name, values in self.allowed.items())

    @property
    def blocks(self) -> list[Block]:
        """Those that were said, each once."""
        said = [a.built for call in self.calls for a in call.arguments if a.built is not None]
        return list(dict.fromkeys(block for built in said for block in blocks_in(built)))

    @property
    def n_layers(self) -> int:
        """Layers, as the arguments or the keys tell; 0 where they do not."""
        by_call = [[a.role for a in call.arguments] for call in self.calls]
        by_call.append([argument.role for argument in self.made_with or ()])
        by_call.append([argument.role for argument in self.settings])
        matrices, hidden = (max(r.count(what) for r in by_call) for what in ("W", "size hidden"))
        if self.blocks:
            return max(l for _, l in self.blocks) + 1
        keys = [int(n) for text in self.texts for n in re.findall(r"^[Wb]_?(\d+)$", text)]
        if matrices or hidden:
            return matrices + 1 if matrices else hidden + 2
        return max(keys) - min(min(keys), 1) + 2 if keys else 0


def plans(parts: Sequence[Part], kinds: Sequence[str] = ()) -> Iterator[Plan]:
    """Every way to get J and the gradient from these parts, the likeliest first.

    Parameters
    ----------
    parts : sequence of Part
        A function, or several, or a class or an instance.
    kinds : sequence of str
        What each of several functions is: "forward", "cost" or "gradient"; told from their names
        where not given.
    """
    if len(parts) == 1 and parts[0].kind in ("class", "instance"):
        yield from _of_a_class(parts[0])
        return
    texts = tuple(text for part in parts for text in part.texts)
    if len(parts) == 1:
        gives = ("weights", "both") if gives_of(parts[0].name) == "weights" else ("both",)
        read = _arguments_of_one(parts[0])
        if "weights" in gives:  # an alpha of a step is a rate before it is a λ
            read.sort(key=_is_no_step)
        for arguments in read:
            step = not _is_no_step(arguments)
            for each in ("weights", "both") if step else gives[::-1]:
                yield Plan((_call(parts[0], arguments, each),), texts=texts)
        return
    told = [_ORDER[kind] for kind in kinds] or _told(parts)
    for calls in _chains(list(zip(parts, told)), method=False):
        yield Plan(calls, texts=texts)


Arguments = tuple[Argument, ...]


def _is_no_step(arguments: Arguments) -> bool:
    return all(argument.role != "rate" for argument in arguments)


def _arguments_of_one(part: Part) -> list[Arguments]:
    """By names; else, where they tell nothing, by how many arguments the notes' forms take."""
    by_name = [a for a in _read(part) if _is_told(a)]
    return by_name or list(_by_count(part))


def _by_count(part: Part) -> Iterator[Arguments]:
    """The notes' forms of as many arguments; any of them, where any number is taken."""
    given = called_with(part)
    for roles in COURSE:
        names = [(p.name, p.keyword) for p in given]
        if part.variable and len(names) < len(roles):
            names += [(role, False) for role in roles[len(names) :]]
        if len(names) == len(roles):
            yield tuple(Argument(role, *each) for role, each in zip(roles, names))


def _read(part: Part, alone: bool = True) -> list[Arguments]:
    """The ways to read a part's parameters, the likeliest first."""
    given = called_with(part)
    optional = {p.name for p in part.parameters if p.has_default}
    return [
        tuple(
            Argument(role, p.name, p.keyword, optional=p.name in optional)
            for role, p in zip(roles, given)
        )
        for roles in assignments(given, alone)
    ]


def _is_told(arguments: Arguments) -> bool:
    """Whether examples are given, and nothing else is unknown."""
    roles = {argument.role for argument in arguments}
    return bool(roles & {"X", "pairs"}) and "other" not in roles


# The notes' own forms: with three sizes, with a list of them, with a list of Θ.
COURSE = (
    ("params", "size in", "size hidden", "size out", "X", "y", "lam"),
    ("params", "sizes", "X", "y", "lam"),
    ("params", "X", "y", "lam"),
    ("params", "size in", "size hidden", "size out", "X", "y"),
    ("params", "sizes", "X", "y"),
    ("params", "X", "y"),
)

_ORDER = {"forward": "nothing", "cost": "J", "gradient": "gradient"}


def gives_of(name: str) -> str:
    """What a function of this name seems to give."""
    for gives, pattern in GIVES:
        if re.fullmatch(pattern, name.lower()):
            return gives
    return "both"


def _told(parts: Sequence[Part]) -> list[str]:
    """What several functions give: by their names, else by their order."""
    told = [gives_of(part.name) for part in parts]
    told = ["gradient" if each == "weights" else each for each in told]
    if len(set(told)) == len(told) and "both" not in told:
        return told
    return ["J", "gradient"] if len(parts) == 2 else ["nothing", "J", "gradient"][: len(parts)]


def _call(part: Part, arguments: Arguments, gives: str, method: bool = False) -> Call:
    return Call(part.name, arguments, gives, part.returns, method)


# --- one call after another --------------------------------------------------------------------


def _chains(told: Sequence[tuple[Part, str]], method: bool) -> Iterator[tuple[Call, ...]]:
    """The parts in the order forward, cost, gradient; what they do not know is handed on."""
    order = ("nothing", "J", "both", "gradient", "weights")
    told = sorted(told, key=lambda each: order.index(each[1]))
    by_part = [_read(part, alone=False) or [()] for part, _ in told]
    for read in itertools.product(*by_part):
        calls: list[Call] = []
        for call in _alike([_call(p, a, gives, method) for (p, gives), a in zip(told, read)]):
            calls.append(_handed_on(call, calls))
        if all(a.role != "other" or a.handed for call in calls for a in call.arguments):
            yield tuple(calls)


def _alike(calls: Sequence[Call]) -> list[Call]:
    """A matrix that is one of several in one call is one of them in the others, too."""
    of = {a.name: a.role for c in calls for a in c.arguments if a.role in ("W", "b")}
    return [
        replace(
            call,
            arguments=tuple(replace(a, role=of.get(a.name, a.role)) for a in call.arguments),
        )
        for call in calls
    ]


_KEPT = re.compile(
    r"(cache|memo|store|state|tape|ctx|context|hist|acts?|activations|saved)\w*", re.I
)


def _handed_on(call: Call, before: Sequence[Call]) -> Call:
    """Let arguments that are not known come from what earlier calls return."""
    if not before:
        return call
    sources = _sources(before[0])
    matched: dict[str, tuple[int, tuple[int, ...]]] = {}
    for argument in call.arguments:
        same = [at for name, at in sources if name.lower() == argument.name.lower()]
        if same and argument.role not in ("X", "y"):
            matched[argument.name] = (0, same[0])
    unknown = [a for a in call.arguments if a.role == "other"]
    free = [at for _, at in sources if at not in {at for _, at in matched.values()}]
    rest = [a for a in unknown if a.name not in matched]
    if len(rest) == 1 and free and len(free) > 1:
        kept = bool(_KEPT.fullmatch(rest[0].name))
        matched[rest[0].name] = (0, free[-1] if kept else free[0])
    else:
        matched |= {a.name: (0, at) for a, at in zip(rest, free)}
    arguments = tuple(
        Argument("handed", a.name, a.keyword, matched[a.name]) if a.name in matched else a
        for a in call.arguments
    )
    return Call(call.what, arguments, call.gives, call.returns, call.method)


def _sources(call: Call) -> list[tuple[str, tuple[int, ...]]]:
    """What a call returns: names, where they are known, and where they are."""
    if len(call.returns) > 1:
        return [(name, (i,)) for i, name in enumerate(call.returns)]
    return [(call.returns[0] if call.returns else "", ())]


# --- classes and instances ---------------------------------------------------------------------


def _of_a_class(part: Part) -> Iterator[Plan]:
    made = [_made_with(each) for each in _read(part, alone=False)] or [()]
    for made_with in made if part.kind == "class" else [()]:
        told = {a.name for a in made_with}  # what the class is made with, it has
        attributes = tuple(a for a in _attributes(part) if a.name.strip("_") not in told)
        for calls in _of_methods(part, made_with):
            yield Plan(calls, part.name, made_with, part.texts, attributes=attributes)


_ONE_SIZE = ("size in", "size hidden", "size out")
_OF_A_CLASS = (*_ONE_SIZE, "sizes", "hidden sizes", "lam", "rate", "X", "y", "once")
_RATE = re.compile(r"_*(lr|eta|alpha|rate|learn\w*|lrate|step_?size|α|η)_*", re.IGNORECASE)


def _made_with(arguments: Arguments) -> Arguments:
    """The arguments of a class, those that nothing is known of as sizes: one by one, or all."""
    unknown = [i for i, a in enumerate(arguments) if a.role not in _OF_A_CLASS]
    sizes = [i for i, a in enumerate(arguments) if i in unknown or a.role in _ONE_SIZE]
    if len(sizes) < 2 or any(a.role in ("sizes", "hidden sizes") for a in arguments):
        return tuple(a if a.role in _OF_A_CLASS else replace(a, role="sizes") for a in arguments)
    of = dict.fromkeys(sizes, "size hidden") | {sizes[0]: "size in", sizes[-1]: "size out"}
    return tuple(replace(a, role=of[i]) if i in unknown else a for i, a in enumerate(arguments))


def _attributes(part: Part) -> Iterator[Argument]:
    """Attributes that hold λ or a rate."""
    for name in part.attributes:
        if _RATE.fullmatch(name):
            yield Argument("rate", name, optional=True)
        elif roles_of(name) == ("lam",):
            yield Argument("lam", name, optional=True)


def _of_methods(part: Part, made_with: Arguments) -> Iterator[tuple[Call, ...]]:
    """Methods that give everything, then those that do one after another, then training steps."""
    told = {name: gives_of(name) for name in part.methods}
    of = {kind: [part.methods[n] for n, gives in told.items() if gives == kind] for kind in _KINDS}
    for calls in _in_turn(of):
        arguments = (*made_with, *(a for call in calls for a in call.arguments))
        if _is_told(arguments) and any(a.role in ("y", "pairs") for a in arguments):
            yield calls


def _in_turn(of: dict[str, list[Part]]) -> Iterator[tuple[Call, ...]]:
    for method in of["both"]:
        yield from _chains([(method, "both")], method=True)
    for gives, last in (("gradient", of["gradient"]), ("weights", of["weights"] + of["gradient"])):
        for gradient, cost, forward in itertools.product(
            last, [*of["J"], None], [None, *of["nothing"]]
        ):
            parts = [(forward, "nothing"), (cost, "J"), (gradient, gives)]
            yield from _chains([(p, g) for p, g in parts if p is not None], method=True)
    for method in (*of["J"], *of["nothing"]):  # the gradient may come with them
        yield from _chains([(method, "both")], method=True)


_KINDS = ("both", "gradient", "J", "nothing", "weights")
