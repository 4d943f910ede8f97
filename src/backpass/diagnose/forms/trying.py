"""Tries the forms of somebody's code on a small problem, and keeps those that give numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..answers import CallResult, Failed, Failure
from ..convention import Convention
from ..identify.identify import Reading, readings
from ..identify.meant import Meant
from ..observe import answers_of, respond
from ..probes import Probe
from ..subject.subject import Subject
from .calling import FormCaller
from .form import Form

MOST = 400  # forms that are tried


@dataclass(frozen=True)
class Trial:
    """A form that gives numbers, and what they seem to mean."""

    caller: FormCaller
    reading: Reading
    complete: bool

    @property
    def settled(self) -> bool:
        """Whether no other form can be the right one: J, or all of the gradient, is a known one."""
        all_of_D = 0 < self.reading.known == self.reading.agreeing
        return self.complete and (self.reading.data or all_of_D)

    @property
    def score(self) -> tuple[float, ...]:
        """What orders trials: all numbers right first, then more of them."""
        right = self.reading.right and self.complete
        return (right, *self.reading.score[1:], self.complete)


def trials(
    subject: Subject, forms: Iterable[Form], probes: Sequence[Probe], meant: Meant
) -> tuple[list[Trial], Failure | None]:
    """The forms that give numbers, best first, and why the first of the others failed.

    Forms for one example at a time are tried where none is whole for all of them at once, as a sum
    of means of one example each would hide a wrong mean; and an instance's biases are only left
    alone where it has none.
    """
    listed = list(itertools.islice(forms, MOST))
    failures: list[Failure] = []
    found: list[Trial] = []
    for stage in sorted(set(map(_stage, listed))):
        of_stage = [form for form in listed if _stage(form) == stage]
        found += _tried(subject, of_stage, probes, meant, failures)
        found.sort(key=lambda trial: trial.score, reverse=True)
        if any(trial.complete for trial in found):
            break
    return found, failures[0] if failures else None


def _stage(form: Form) -> tuple[bool, bool]:
    return form.container == "inside" and form.layout.bias == "none", bool(form.layout.single)


def _tried(
    subject: Subject,
    forms: Iterable[Form],
    probes: Sequence[Probe],
    meant: Meant,
    failures: list[Failure],
) -> list[Trial]:
    """Those that give numbers, up to the first that gives the right ones."""
    found: list[Trial] = []
    seen: list[CallResult] = []
    for form in forms:
        caller = FormCaller(subject, form)
        try:
            answer = caller(probes[0], probes[0].lams[0])
            if form.lam_is_set and _same(answer, caller(probes[0], probes[0].lams[1])):
                continue  # the module's λ is for something else
            if any(_same(answer, other) for other in seen):
                continue
            seen.append(answer)
            found.append(_trial(caller, probes[:2], meant))
        except Failed as failed:
            failures.append(failed.failure)
            continue
        if found[-1].settled:
            break
    return found


def _same(a: CallResult, b: CallResult) -> bool:
    """Whether two forms get the same numbers, so that the second one tells nothing more."""
    if (a.J is None) != (b.J is None) or (a.D is None) != (b.D is None):
        return False
    if b.failures and not a.failures:
        return False
    same_J = a.J is None or np.isclose(a.J, b.J or 0.0, rtol=1e-12, equal_nan=True)
    same_D = a.D is None or np.array_equal(a.D, b.D if b.D is not None else [], equal_nan=True)
    return bool(same_J and same_D)


def _trial(caller: FormCaller, probes: Sequence[Probe], meant: Meant) -> Trial:
    answers = [answers_of(caller, probe) for probe in probes]
    failures: list[Failure] = []
    first = answers[0][0]
    J = respond("J", probes, answers, failures) if first.J is not None else None
    D = respond("D", probes, answers, failures) if first.D is not None else None
    hidden = meant.activations(probes[0])
    found = readings(J, D, convention_of(caller.form), meant.loss, hidden)
    best = found[0] if found else None
    if best is None:
        raise Failed(failures[0])
    return Trial(caller, best, not failures and not first.failures)


def convention_of(form: Form) -> Convention:
    """What a form alone tells of J."""
    convention = Convention(bias=form.layout.bias != "none")
    return convention if form.takes_lam else replace(convention, lam_J="0")


def fixed_sizes(subject: Subject, n_layers: int) -> Iterator[tuple[int, ...]]:
    """Sizes among the numbers that the code finds in its module, in their order first."""
    numbers = [int(n) for part in subject.parts for n in part.numbers.values() if 0 < n < 2000]
    yield from dict.fromkeys(itertools.permutations(numbers[:5], n_layers))
