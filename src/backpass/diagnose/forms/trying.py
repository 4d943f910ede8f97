"""Tries the forms of somebody's code on a small problem, and keeps those that give numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..answers import CallResult, Failed, Failure
from ..convention import Convention
from ..identify.identify import Reading, readings
from ..identify.meant import Meant
from ..observe import answers_of, is_single, respond
from ..probes import Probe
from ..subject.subject import Subject
from .calling import FormCaller
from .form import Form

Error = tuple[str, int]  # what somebody's code raises, and in which line

MOST = 400  # forms that are tried
FIRST = 12  # of them, after which one may have seen enough of one error


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


@dataclass(frozen=True)
class Tried:
    """What came of trying: trials, best first, why the first form failed, and whether all did so.

    ``same`` is the error that every form ran into at one line, whatever it was called with.
    """

    trials: tuple[Trial, ...]
    failure: Failure | None
    same: Error | None = None


def trials(
    subject: Subject,
    forms: Iterable[Form],
    probes: Sequence[Probe],
    meant: Meant,
    same: Error | None = None,
) -> Tried:
    """The forms that give numbers, best first.

    ``same`` is the error that every form ran into on problems of this kind, if any.

    Forms for one example at a time are tried where none is whole for all of them at once, as a sum
    of means of one example each would hide a wrong mean; and an instance's biases are only left
    alone where it has none.
    """
    listed = list(itertools.islice(forms, MOST))
    trying = _Trying(subject, listed, probes, meant, same)
    for stage in sorted(set(map(_stage, listed))):
        trying.all_of([form for form in listed if _stage(form) == stage])
        if trying.same is not None or any(trial.complete for trial in trying.found):
            break
    found = sorted(trying.found, key=lambda trial: trial.score, reverse=True)
    failures = trying.failed
    return Tried(tuple(found), failures[0].failure if failures else None, trying.same)


def _stage(form: Form) -> tuple[bool, bool]:
    return form.container == "inside" and form.layout.bias == "none", bool(form.layout.single)


class _Trying:
    """Forms of one subject, tried on one set of problems."""

    def __init__(
        self,
        subject: Subject,
        listed: Sequence[Form],
        probes: Sequence[Probe],
        meant: Meant,
        known: Error | None,
    ) -> None:
        self.subject, self.listed, self.probes, self.meant = subject, listed, probes, meant
        self.known, self.same = known, None
        self.found: list[Trial] = []
        self.failed: list[Failed] = []
        self._seen: list[CallResult] = []
        self._single: bool | None = None

    def all_of(self, forms: Sequence[Form]) -> None:
        """Try forms in turn, up to the first that gives the right numbers."""
        for form in forms:
            try:
                trial = self._one(form)
            except Failed as failed:
                self.failed.append(failed)
                if len(self.failed) == FIRST and not self.found:
                    self.same = self._same_error()
                if self.same is not None:
                    return
                continue
            if trial is not None:
                self.found.append(trial)
                if trial.settled:
                    return

    def _same_error(self) -> Error | None:
        """The one error at one line that comes however the weights are handed over, if any."""
        first = _error_of(self.failed[0])
        if first is None or any(_error_of(each) != first for each in self.failed):
            return None
        ways = {replace(f, layout=replace(f.layout, y="")): f for f in reversed(self.listed)}
        for form in ways.values() if first != self.known else ():
            try:
                FormCaller(self.subject, form)(self.probes[0], self.probes[0].lams[0])
                return None
            except Failed as failed:
                if _error_of(failed) != first:
                    return None
        return first

    def _one(self, form: Form) -> Trial | None:
        """One form; None where another one gets the same numbers."""
        caller = FormCaller(self.subject, form, bool(self._single))
        probe = self.probes[0]
        answer = caller(probe, probe.lams[0])
        if form.lam_is_set and _same(answer, caller(probe, probe.lams[1])):
            return None  # the module's λ is for something else
        if any(_same(answer, other) for other in self._seen):
            return None
        self._seen.append(answer)
        trial = _trial(caller, self.probes[:2], self.meant)
        if trial.settled or self._single is not None:
            return trial
        self._single = is_single(caller, self.probes[0])
        if not self._single:
            return trial
        return _trial(FormCaller(self.subject, form, True), self.probes[:2], self.meant)


def _error_of(failed: Failed) -> Error | None:
    """The error without the type that a message names, which is that of what was handed over."""
    if failed.line is None:
        return None
    return re.sub(r"'[\w.]+' object", "object", failed.failure.what), failed.line


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
