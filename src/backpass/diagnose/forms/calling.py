"""Puts probes to somebody's code in one form, and reads what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..answers import CallResult, Failed, Failure, decoded
from ..probes import Probe
from ..subject.subject import LocalSubject, Subject
from .form import Call, Form, Place, Problem, calling, making, problems, program
from .layouts import Array, Block
from .reading import Expected, Leaf, Placed, assembled, leaves, pick, place, split
from .template import Template, among
from .wording import Heard, called_as

Outcome = dict[str, Any]


class FormCaller:
    """Somebody's code together with the form in which it is called.

    ``single`` says that it computes in single precision, whatever it returns.
    """

    def __init__(self, subject: Subject, form: Form, single: bool = False) -> None:
        self.subject, self.form, self.single = subject, form, single
        self._paths: dict[tuple[int, ...], list[tuple[Place, list[Any]]]] = {}
        self.names: tuple[tuple[Block, str], ...] = ()
        self._heard: list[Heard] = []
        self._n_layers = 0

    @property
    def takes_lam(self) -> bool:
        """Whether λ is an argument."""
        return self.form.takes_lam

    @property
    def takes_objects(self) -> bool:
        """Whether it runs in this process."""
        return isinstance(self.subject, LocalSubject)

    @property
    def name(self) -> str:
        """The calls and what comes back, in the words that ``form=`` takes."""
        return called_as(self.form, self._heard, self._n_layers)

    def __call__(self, probe: Probe, lam: float, y: Any = None) -> CallResult:
        """Put a probe; raise Failed with a reason where no numbers come back."""
        parts = [self._answer(problem) for problem in problems(self.form, probe, lam, y)]
        return _summed(parts)

    def again(self, probe: Probe, lam: float) -> CallResult:
        """What the same code, or the same instance, answers when it is called a second time."""
        problem = problems(self.form, probe, lam)[0]
        # Autograd adds to what a tensor's grad holds: setting it to zero is the caller's.
        if self.form.made_with is None or self.form.is_step or self.form.dtype is not None:
            return self(probe, lam)
        steps = program(problem, self._paths_for(problem))
        twice = [*steps, *calling(problem, len(steps))]
        look = {"do": "arrays", "of": self.form.instance}
        first, second = (
            self._read(problem, each, self._run(problem, each))
            for each in ([*steps, look], [*twice, look])
        )
        return second if self.form.layout.single == "" else _beside(self(probe, lam), first, second)

    def _answer(self, problem: Problem) -> CallResult:
        steps = program(problem, self._paths_for(problem))
        if self.form.made_with is not None:
            steps.append({"do": "arrays", "of": self.form.instance})  # it may hold the answer
        return self._read(problem, steps, self._run(problem, steps))

    def _run(self, problem: Problem, steps: Sequence[Any]) -> list[Outcome]:
        outcomes = self.subject.run(steps)
        if "error" in outcomes[-1]:
            error = outcomes[-1]["error"]
            raise Failed(_raised(error, problem.probe), error["line"])
        return outcomes

    def _paths_for(self, problem: Problem) -> list[tuple[Place, list[Any]]]:
        """Where an instance holds each block, λ and a rate; found once for each network."""
        if self.form.made_with is None:
            return []
        sizes = problem.probe.net.sizes
        if sizes not in self._paths:
            steps = [*making(problem), {"do": "arrays", "of": self.form.instance}]
            self._paths[sizes] = held(self._run(problem, steps)[-1]["value"], problem)
        return self._paths[sizes]

    # --- what came back ----------------------------------------------------------------------

    def _read(self, problem: Problem, steps: Sequence[Any], outcomes: list[Outcome]) -> CallResult:
        ends = len(steps) - (steps[-1]["do"] == "arrays")
        calls = outcomes[ends - len(self.form.calls) : ends]
        blocks = problem.blocks
        expected = Expected(problem.probe, self.form.layout, self.form.flat(list(blocks)))
        heard = [_heard(problem, expected, *each) for each in zip(self.form.calls, calls)]
        J = next((each.J[1] for each in heard if each.J is not None), None)
        placed = next((each.placed for each in heard[::-1] if each.placed is not None), None)
        if placed is None and steps[-1]["do"] == "arrays":
            placed = self._inside(outcomes[-1]["value"], problem, expected)
        if J is None and placed is None:
            raise Failed(Failure("The function returns neither J nor a gradient."))
        self._heard, self._n_layers = self._heard or heard, problem.probe.net.L
        single = self.single or self.form.dtype == "float32"
        return self._result(J, placed, single or any(each.single for each in heard))

    def _result(self, J: Array | None, placed: Placed | None, single: bool) -> CallResult:
        number = None if J is None else float(J.reshape(()))
        if placed is None:
            return CallResult(number, None, single)
        self.names = placed.names or self.names
        return CallResult(number, placed.D, single, placed.failures)

    def _inside(self, held_now: list[Any], problem: Problem, expected: Expected) -> Placed | None:
        """The gradient, or what a step has made of the weights, in an instance after the calls."""
        if self.form.is_step:
            return _changed(held_now, self._paths_for(problem), problem, expected)
        found = [leaf for leaf in _attributes(held_now) if _speaks_of_a_gradient(leaf)]
        return place(found, expected) if found else None


def _heard(problem: Problem, expected: Expected, call: Call, outcome: Outcome) -> Heard:
    """J and the gradient of one call, wherever they are in what came back."""
    if call.gives == "nothing" and not _is_a_cost(call, outcome["value"]):
        return Heard(outcome["value"])
    if call.answer is not None:
        return _heard_as_said(problem, expected, call, call.answer, outcome)
    _check_kind(outcome["value"], call, problem.form)
    found = list(leaves(outcome["value"], (), call.returns))
    single = any(array.dtype == np.float32 for _, array in found)
    J, rest = split(found) if call.gives != "gradient" else (None, found)
    placed = None
    if call.gives == "J":
        _check_J(J, found, problem.probe)
    elif call.gives == "weights":
        inside = problem.form.made_with is not None
        placed = None if inside else _of_a_step(problem, expected, rest, outcome)
    elif rest:
        placed = _without_costs(rest, expected)
    if placed is None and call.gives != "weights":
        placed = _kept(call, expected, outcome)
    return Heard(outcome["value"], J, placed, single)


def _heard_as_said(
    problem: Problem, expected: Expected, call: Call, answer: Template, outcome: Outcome
) -> Heard:
    """The same where it was said where they are."""
    in_place = answer.kind == "after"
    value = outcome.get("after") if in_place else outcome["value"]
    picked = pick(answer, value, call.returns)
    J = picked.J
    if J is not None and J[1].size != 1:
        raise Failed(_no_cost([J], problem.probe))
    blocks = expected.blocks
    matched = {among(block, blocks): leaf for block, leaf in picked.matched.items()}
    placed = place(picked.loose, expected) if picked.loose else None
    placed = assembled(matched, expected) if matched else placed
    arrays = [J, *picked.loose, *matched.values()]
    single = any(leaf[1].dtype == np.float32 for leaf in arrays if leaf is not None)
    if call.gives == "weights" and placed is not None:
        placed = _difference(problem, placed)
    elif placed is None:
        placed = _kept(call, expected, outcome)
    return Heard(outcome["value"], J, placed, single)


def _kept(call: Call, expected: Expected, outcome: Outcome) -> Placed | None:
    """The gradient that autograd left in the arguments."""
    if "grads" not in outcome:
        return None
    names = [a.name for a in call.arguments if not a.keyword]
    return place(list(leaves(outcome["grads"], (), names)), expected)


def _attributes(held_now: list[Any]) -> list[Leaf]:
    return [(tuple(str(key).lstrip(".") for key in path), np.asarray(a)) for path, a in held_now]


def _speaks_of_a_gradient(leaf: Leaf) -> bool:
    last = [key for key in leaf[0] if not key.isdigit()][-1:]
    return bool(last) and last[0].lower().startswith(("d", "grad", "nabla", "g_", "delta_w"))


def held(arrays: list[Any], problem: Problem) -> list[tuple[Place, list[Any]]]:
    """Which of an instance's arrays is which block: by shape, in their order; and λ and a rate."""
    found: list[tuple[Place, list[Any]]] = []
    used: set[int] = set()
    for block, array in problem.blocks.items():
        fits = [
            (i, path)
            for i, (path, value) in enumerate(arrays)
            if i not in used and np.shape(value) == array.shape
        ]
        if not fits:
            wanted = f"{block[0]}{block[1]} of shape {array.shape}"
            raise Failed(Failure(f"No array of the instance can be {wanted}."))
        named = [fit for fit in fits if not _speaks_of_a_gradient((tuple(map(str, fit[1])), array))]
        i, path = (named or fits)[0]
        used.add(i)
        found.append((block, path))
    numbers = {str(path[0]): path for path, value in arrays if np.ndim(value) == 0}
    told = [(a.role, numbers.get("." + a.name)) for a in problem.form.attributes]
    return [*found, *((role, path) for role, path in told if path is not None)]


def _changed(
    arrays: list[Any],
    places: Sequence[tuple[Place, list[Any]]],
    problem: Problem,
    expected: Expected,
) -> Placed:
    """D, of an instance's weights before and after a step."""
    now = {tuple(path): np.asarray(value) for path, value in arrays}
    after = {
        block: (tuple(str(key).lstrip(".") for key in path), now[tuple(path)])
        for block, path in places
        if not isinstance(block, str) and tuple(path) in now
    }
    placed = _difference(problem, assembled(after, expected))
    if not np.nan_to_num(placed.D).any():
        raise Failed(Failure("The step changes no weights."))
    return placed


def _is_a_cost(call: Call, value: object) -> bool:
    """Whether a forward pass that is given targets answers with one number."""
    return any(a.role == "y" for a in call.arguments) and np.size(_plain(value)) == 1


def _plain(value: object) -> int | float | Array | tuple[()]:
    return value if isinstance(value, int | float | np.ndarray) else ()


def _of_a_step(
    problem: Problem, expected: Expected, found: Sequence[Leaf], outcome: Outcome
) -> Placed:
    """D, of the weights before and after; those that were changed in place count as returned."""
    if not found and "after" in outcome:
        found = list(leaves(outcome["after"]))
    return _difference(problem, place(found, expected))


def _difference(problem: Problem, after: Placed) -> Placed:
    """D, of the weights after a step."""
    return replace(after, D=(problem.probe.theta - after.D) / problem.form.rate)


def _check_kind(value: Any, call: Call, form: Form) -> None:
    """Say what is wrong with an answer that holds no numbers where some must be."""
    if value is None and call.gives in ("both", "J", "gradient") and form.made_with is None:
        raise Failed(Failure("The function returns None.", "Is its `return` missing?"))
    if isinstance(value, list) and not value:
        raise Failed(Failure("The function returns an empty sequence."))
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            raise Failed(Failure(f"A str comes back, {part[:40]!r}, that is no array of numbers."))


def _without_costs(found: list[Leaf], expected: Expected) -> Placed:
    """The gradient; where a cost of each example, or of each class, stands before it, say so."""
    probe, first = expected.probe, found[0][1]
    if len(found) > 1 and first.shape in ((probe.m,), (probe.net.sizes[-1],)):
        try:
            placed = place(found[1:], expected)
        except Failed:
            return place(found, expected)
        if placed.found == len(expected.blocks):
            failure = _no_cost(found, probe)
            return replace(placed, failures=(failure, *placed.failures))
    return place(found, expected)


def _check_J(J: Any, found: Sequence[Leaf], probe: Probe) -> None:
    if J is None:
        raise Failed(_no_cost(found, probe))


def _no_cost(found: Sequence[Leaf], probe: Probe) -> Failure:
    """What is wrong with a cost that is no number."""
    shape = found[0][1].shape if found else ()
    reason = f"J has the shape {shape}, but it must be one number"
    if shape[:1] == (probe.m,):
        return Failure(reason + ":", "the sum over the m examples is missing.")
    if shape == (probe.net.sizes[-1],):
        return Failure(reason + ":", "the sum over the K classes is missing.")
    return Failure("The function returns no cost.")


def _summed(parts: Sequence[CallResult]) -> CallResult:
    """Several examples' answers, added."""
    if len(parts) == 1:
        return parts[0]
    J = None if parts[0].J is None else sum(part.J or 0.0 for part in parts)
    gradients = [part.D for part in parts if part.D is not None]
    D = np.sum(gradients, axis=0) if gradients else None
    return CallResult(J, D, parts[0].single, parts[0].failures)


def _beside(whole: CallResult, first: CallResult, second: CallResult) -> CallResult:
    """The whole answer as it is, where a second call says the same of one example."""
    if first.D is None or second.D is None or whole.D is None:
        return whole
    return CallResult(whole.J, whole.D + (second.D - first.D), whole.single)


def _raised(error: dict[str, Any], probe: Probe) -> Failure:
    message = f"{error['kind']}: {error['message']}".rstrip(": .")
    if error["kind"] == "SystemExit":
        return Failure(f"The function ends the program: {message}.")
    return Failure(f"The function raises {message}.", decoded(error["message"], probe))
