"""One way to call somebody's code: which calls, with what, and where the answers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..answers import Failed, Failure
from ..probes import Probe
from ..subject.runner import Step
from .containers import CONTAINERS
from .layouts import Array, Block, Layout, blocks_of, example, inputs_of, targets_of
from .template import Template, filled

RATE = 0.37  # of a training step
Place = Block | str  # what an instance holds: a block, "lam" or "rate"


# What arrays are given as: tensors of this dtype, and whether autograd keeps weights' gradients.
KINDS: dict[str, tuple[str | None, bool]] = {
    "arrays": (None, False),
    "lists": (None, False),
    "tensors": ("float64", False),
    "leaves": ("float64", True),
    "tensors in float32": ("float32", False),
    "leaves in float32": ("float32", True),
}


@dataclass(frozen=True)
class Argument:
    """One argument of a call: its role, and what hands it on where an earlier call does.

    ``handed`` is the call that does, and where in its value; ``optional`` says whether the call
    can be made without it.
    """

    role: str
    name: str
    keyword: bool = False
    handed: tuple[int, tuple[Any, ...]] | None = None
    built: Template | None = None  # of blocks
    constant: bool | float | str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Call:
    """A call of a function, or of an instance's method; it gives J, gradient, both, or weights.

    ``answer`` is where what comes back has them, in case that was said.
    """

    what: str
    arguments: tuple[Argument, ...]
    gives: str = "both"  # "J", "gradient", "both", "weights" of a training step, or "nothing"
    returns: tuple[str, ...] = ()
    method: bool = False
    answer: Template | None = None


@dataclass(frozen=True)
class Form:
    """A way to put a problem to somebody's code.

    Parameters
    ----------
    calls : tuple of Call
        In the order in which they are made.
    layout : Layout
        How arrays lie.
    container : str
        A name of ``CONTAINERS``, or "apart" where every block is an argument, "inside" where an
        instance holds them, or "said" where the arguments tell.
    made_with : tuple of Argument or None
        The arguments of the class; None where there is none.
    made : str
        The name of the class or of the instance.
    texts : tuple of str
        Short texts of the code, which has the keys of its dictionaries.
    settings : tuple of Argument
        Names of the code's module that are set: λ, a rate, sizes.
    kind : str
        A name of ``KINDS``.
    attributes : tuple of Argument
        Attributes of an instance that are set before the calls: λ, a rate.
    own_rate : float
        α of a training step that is told none.
    """

    calls: tuple[Call, ...]
    layout: Layout = field(default_factory=Layout)
    container: str = "apart"
    made_with: tuple[Argument, ...] | None = None
    made: str = ""
    texts: tuple[str, ...] = ()
    settings: tuple[Argument, ...] = ()
    kind: str = "arrays"
    attributes: tuple[Argument, ...] = ()
    own_rate: float = 1.0

    @property
    def arguments(self) -> list[Argument]:
        """Those of all calls, of the class, of its module, and an instance's attributes."""
        of_calls = [argument for call in self.calls for argument in call.arguments]
        return [*of_calls, *(self.made_with or ()), *self.settings, *self.attributes]

    def has(self, role: str) -> bool:
        """Whether anything is told of this role."""
        return any(argument.role == role for argument in self.arguments)

    def without_lam(self) -> Form | None:
        """The same without λ; None where it must be told."""
        if any(a.role == "lam" and not a.optional for a in self.arguments):
            return None
        calls = [replace(call, arguments=_no_lam(call.arguments)) for call in self.calls]
        made_with = None if self.made_with is None else _no_lam(self.made_with)
        kept = _no_lam(self.attributes)
        return replace(self, calls=tuple(calls), made_with=made_with, attributes=kept)

    def order(self, role: str) -> list[str]:
        """The names of all arguments of a role, in the order of the call that has most of them."""
        calls = [*(call.arguments for call in self.calls), self.made_with or (), self.settings]
        listed = [[a.name for a in arguments if a.role == role] for arguments in calls]
        longest = max(listed, key=len)
        return list(dict.fromkeys([*longest, *(name for names in listed for name in names)]))

    def flat(self, blocks: Sequence[Block]) -> Template | None:
        """How one vector holds them all; None where none does."""
        said = [a.built for call in self.calls for a in call.arguments if a.built is not None]
        if self.container in CONTAINERS:
            said = [CONTAINERS[self.container](blocks, self.texts)]
        return next((each for each in said if each.kind == "ravel"), None)

    @property
    def any_depth(self) -> bool:
        """Whether sizes are an argument, so that the number of layers is open."""
        return any(self.has(role) for role in ("sizes", "hidden sizes", "shapes"))

    @property
    def bias_apart(self) -> bool:
        """Whether biases are no column of Θ."""
        return self.layout.bias != "in Theta"

    @property
    def is_the_notes(self) -> bool:
        """Whether Θ and X are as the notes have them."""
        return self.layout.weights == "Theta" and not self.layout.ones

    @property
    def takes_lam(self) -> bool:
        """Whether λ is an argument, or a name of the module."""
        return self.has("lam")

    @property
    def lam_is_set(self) -> bool:
        """Whether λ is a name of the module."""
        return any(setting.role == "lam" for setting in self.settings)

    @property
    def instance(self) -> dict[str, int]:
        """The step of a program that makes the instance."""
        return {"ref": bool(self.settings) + (self.dtype is not None)}

    @property
    def dtype(self) -> str | None:
        """Of tensors; None where NumPy's arrays are given."""
        return KINDS[self.kind][0]

    @property
    def is_step(self) -> bool:
        """Whether weights come back, or change, from which D is read off."""
        return any(call.gives == "weights" for call in self.calls)

    @property
    def rate(self) -> float:
        """α of a training step."""
        return RATE if self.has("rate") else self.own_rate


def _no_lam(arguments: Sequence[Argument]) -> tuple[Argument, ...]:
    return tuple(argument for argument in arguments if argument.role != "lam")


@dataclass(frozen=True)
class Problem:
    """A probe as a form puts it: with λ, and with what of the examples."""

    form: Form
    probe: Probe
    lam: float
    X: Any
    y: Any

    @property
    def blocks(self) -> dict[Block, Array]:
        """The blocks of weights and biases."""
        return blocks_of(self.form.layout, self.probe)


def problems(form: Form, probe: Probe, lam: float, y: Any = None) -> list[Problem]:
    """The whole probe, or each of its examples where the code takes one at a time."""
    X = inputs_of(form.layout, probe)
    y = targets_of(form.layout, probe) if y is None else y
    if not form.layout.single:
        return [Problem(form, probe, lam, X, y)]
    by_rows = [part if form.layout.rows or np.ndim(part) == 1 else part.T for part in (X, y)]
    parts = [[example(form.layout, part, i) for i in range(probe.m)] for part in by_rows]
    if form.has("pairs"):
        return [Problem(form, probe, lam, *parts)]
    return [Problem(form, probe, lam, *pair) for pair in zip(*parts)]


# What an argument of each role is.
_VALUES: dict[str, Callable[[Problem], Any]] = {
    "X": lambda p: p.X,
    "y": lambda p: p.y,
    "pairs": lambda p: list(zip(p.X, p.y)),
    "lam": lambda p: p.lam,
    "rate": lambda p: RATE,
    "once": lambda p: 1,
    "m": lambda p: p.probe.m if not p.form.layout.single else 1,
    "sizes": lambda p: list(p.probe.net.sizes),
    "hidden sizes": lambda p: list(p.probe.net.sizes[1:-1]),
    "shapes": lambda p: [array.shape for array in p.blocks.values()],
    "size in": lambda p: p.probe.net.sizes[0],
    "size out": lambda p: p.probe.net.sizes[-1],
    "params": lambda p: filled(
        CONTAINERS[p.form.container](list(p.blocks), p.form.texts), p.blocks
    ),
    "Ws": lambda p: [array for (kind, _), array in p.blocks.items() if kind != "b"],
    "bs": lambda p: [array for (kind, _), array in p.blocks.items() if kind == "b"],
}


def arguments_of(problem: Problem, arguments: Sequence[Argument], first: int) -> list[Any]:
    """The arguments' values; those of W, b and hidden sizes by their places."""
    blocks = problem.blocks
    queues: dict[str, list[Any]] = {
        "W": [array for (kind, _), array in blocks.items() if kind != "b"],
        "b": [array for (kind, _), array in blocks.items() if kind == "b"],
        "size hidden": list(problem.probe.net.sizes[1:-1]),
    }
    values: list[Any] = []
    for argument in arguments:
        if argument.handed is not None:
            call, at = argument.handed
            values.append({"ref": first + call, "at": list(at)})
        elif argument.built is not None:
            values.append(filled(argument.built, blocks))
        elif argument.role == "constant":
            values.append(argument.constant)
        elif argument.role in queues:
            place = problem.form.order(argument.role).index(argument.name)
            if place >= len(queues[argument.role]):
                raise Failed(Failure(f"There is nothing that can be the argument {argument.name}."))
            values.append(queues[argument.role][place])
        else:
            values.append(_VALUES[argument.role](problem))
    given = problem.form.kind
    return [_given(v, given, a.role not in ("X", "y")) for a, v in zip(arguments, values)]


def _given(value: Any, kind: str, weights: bool) -> Any:
    """The value with its arrays as they are given."""
    dtype, leaf = KINDS[kind]
    if kind == "arrays" or (isinstance(value, dict) and "ref" in value):
        return value
    if isinstance(value, np.ndarray):
        if dtype is None:
            return value.tolist()
        array = value.astype(dtype) if value.dtype.kind == "f" else value
        return {"tensor": array, "leaf": leaf and weights}
    if isinstance(value, dict):
        return {key: _given(each, kind, weights) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_given(each, kind, weights) for each in value)
    return value


def program(problem: Problem, places: Sequence[tuple[Place, list[Any]]] = ()) -> list[Step]:
    """The steps that put a problem once; an instance is made, and what it holds is set, before."""
    form = problem.form
    steps = making(problem)
    if places:
        known = dict[Place, Array | float](problem.blocks.items())
        known.update({"lam": problem.lam, "rate": RATE})
        values = [[path, known[what]] for what, path in places]
        steps.append({"do": "set", "of": form.instance, "values": values})
    return steps + calling(problem, len(steps))


def making(problem: Problem) -> list[Step]:
    """The steps that set names of the module, and that make an instance, as far as there are."""
    form, steps = problem.form, list[Step]()
    if form.dtype is not None:
        steps.append({"do": "precision", "dtype": form.dtype})
    if form.settings:
        values = arguments_of(problem, form.settings, 0)
        named = dict(zip([setting.name for setting in form.settings], values))
        entries = [form.made] if form.made else [call.what for call in form.calls]
        steps.append({"do": "globals", "of": entries, "values": named})
    if form.made_with is not None:
        given = _by_position(problem, form.made_with, 0)
        steps.append({"do": "make", "what": form.made, **given})
    return steps


def _by_position(problem: Problem, arguments: Sequence[Argument], first: int) -> Step:
    """Arguments by position and by keyword."""
    pairs = list(zip(arguments, arguments_of(problem, arguments, first)))
    return {
        "args": [value for argument, value in pairs if not argument.keyword],
        "kwargs": {argument.name: value for argument, value in pairs if argument.keyword},
    }


def calling(problem: Problem, first: int) -> list[Step]:
    """The calls, the first of which is this step of the program."""
    steps: list[Step] = []
    for call in problem.form.calls:
        step: Step = {
            "do": "call",
            "what": call.what,
            **_by_position(problem, call.arguments, first),
        }
        if call.method:
            step["of"] = problem.form.instance
        steps.append(step)
    return steps
