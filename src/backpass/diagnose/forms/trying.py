"""Tries the forms of somebody's code on a small problem, and keeps those that give numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..answers import CallResult, Failed, Failure
from ..convention import Convention
from ..identify.identify import Reading, readings
from ..identify.meant import Meant
from ..observe import answers_of, is_single, respond
from ..probes import Probe
from ..subject.subject import Subject
from .calling import FormCaller
from .form import RATE, Form
from .layouts import Layout

Error = tuple[str, int]  # what somebody's code raises, and in which line

OWN_RATES = (0.1, 0.01, 0.5, 0.001, 0.05, 0.2, 0.25, 0.3, RATE)
MOST = 3000  # forms that are tried
FIRST = 12  # of them, after which one may have seen enough of one error


@dataclass(frozen=True)
class Trial:
    """A form that gives numbers, and what they seem to mean."""

    caller: FormCaller
    reading: Reading
    complete: bool
    placed: bool = True
    has_D: bool = True

    @property
    def takes_all(self) -> bool:
        """Whether it takes all examples at once: anything of the gradient has its place then.

        A class for one example at a time, as a column, gets its weights' gradients right for all of
        them at once, too, where it knows of no mean.
        """
        if self.caller.form.made_with is None:
            return self.complete or self.placed
        means = "m" in self.reading.convention.mean and self.reading.alike > 0
        rows = self.caller.form.layout.rows and self.reading.alike > 0
        return self.has_D and (self.complete or (self.placed and (means or rows)))

    @property
    def makes_sense(self) -> bool:
        """Whether anything is right, where an instance does not say by itself what it takes."""
        inside = self.caller.form.made_with is not None
        return inside or self.reading.data or self.reading.alike > 0

    @property
    def settled(self) -> bool:
        """Whether no other form can be the right one: J, or all of the gradient, is a known one."""
        all_of_D = 0 < self.reading.known == self.reading.agreeing
        if not self.has_D and self.caller.form.made_with is not None:
            return False  # another method may give it
        return self.complete and (self.reading.data or all_of_D)

    @property
    def score(self) -> tuple[float, ...]:
        """What orders trials: all numbers right first, then more of them."""
        right = self.reading.right and self.complete
        return (self.has_D, right, *self.reading.score[1:], self.complete)


@dataclass(frozen=True)
class Tried:
    """What came of trying: trials, best first, why the first form failed, and whether all did so.

    ``same`` is the error that every form ran into at one line, whatever it was called with;
    ``errors`` are what each form ran into.
    """

    trials: tuple[Trial, ...]
    failure: Failure | None
    same: Error | None = None
    errors: Mapping[Form, Error] = field(default_factory=dict)


def trials(
    subject: Subject,
    forms: Iterable[Form],
    probes: Sequence[Probe],
    meant: Meant,
    before: Tried | None = None,
) -> Tried:
    """The forms that give numbers, best first.

    ``before`` is what came of problems of other sizes: a form is passed by where one that is nearly
    alike ran into the same error as it then, and now does so again.

    Forms for one example at a time are tried where none is whole for all of them at once, as a sum
    of means of one example each would hide a wrong mean; and an instance's biases are only left
    alone where it has none.
    """
    one_output = probes[0].net.sizes[-1] == 1
    suited = (form for form in forms if one_output or not form.layout.to_one)
    listed = list(itertools.islice(suited, MOST))
    trying = _Trying(subject, listed, probes, meant, before or Tried((), None))
    for stage in sorted(set(map(_stage, listed))):
        if stage[0] and any(trial.has_D and trial.placed for trial in trying.found):
            break
        trying.all_of([form for form in listed if _stage(form) == stage])
        if stage[1]:
            trying.found = [trial for trial in trying.found if trial.makes_sense]
        if trying.same is not None or any(trial.takes_all for trial in trying.found):
            break
    found = sorted(trying.found, key=lambda trial: trial.score, reverse=True)
    found = [trial for trial in found if trial.has_D] or found  # one without says less
    failures = trying.failed
    failure = failures[0].failure if failures else None
    return Tried(tuple(found), failure, trying.same, trying.errors)


def _stage(form: Form) -> tuple[bool, bool]:
    one_at_a_time = bool(form.layout.single) and not form.has("pairs")
    return form.container == "inside" and form.layout.bias == "none", one_at_a_time


class _Trying:
    """Forms of one subject, tried on one set of problems."""

    def __init__(
        self,
        subject: Subject,
        listed: Sequence[Form],
        probes: Sequence[Probe],
        meant: Meant,
        before: Tried,
    ) -> None:
        self.subject, self.listed, self.probes, self.meant = subject, listed, probes, meant
        self.before = before
        self.same: Error | None = None
        self.errors: dict[Form, Error] = {}
        self._again: set[tuple[Form, Error]] = set()  # kinds of forms, and their error
        self.found: list[Trial] = []
        self.failed: list[Failed] = []
        self._seen: list[CallResult] = []
        self._single: bool | None = None

    def all_of(self, forms: Sequence[Form]) -> None:
        """Try forms in turn, up to the first that gives the right numbers."""
        for form in forms:
            if self._is_stuck(form):
                continue
            try:
                trial = self._one(form)
            except Failed as failed:
                self._note(form, failed)
                if len(self.failed) == FIRST and not self.found:
                    self.same = self._same_error()
                if self.same is not None:
                    return
                continue
            if trial is not None:
                self.found.append(trial)
                if trial.settled:
                    return

    def _note(self, form: Form, failed: Failed) -> None:
        self.failed.append(failed)
        error = _error_of(failed)
        if error is None:
            return
        self.errors[form] = error
        then = self.before.errors.get(form)
        if error == then:
            self._again.add((replace(form, layout=Layout()), error))
        elif then is not None and _of_any_size(error) == _of_any_size(then):
            self._again.add((_way(form), _of_any_size(error)))

    def _is_stuck(self, form: Form) -> bool:
        """Whether a form would run into the error of before, as another one that is like it has.

        One that names no sizes has come of the container, and another one of the layout, too.
        """
        then = self.before.errors.get(form)
        if then is None:
            return False
        alike = (replace(form, layout=Layout()), then), (_way(form), _of_any_size(then))
        if self._again.isdisjoint(alike):
            return False
        self.errors[form] = then
        return True

    def _same_error(self) -> Error | None:
        """The one error at one line that comes however the weights are handed over, if any."""
        first = _error_of(self.failed[0])
        if first is None or any(_error_of(each) != first for each in self.failed):
            return None
        ways = {_way(form): form for form in reversed(self.listed)}
        for form in ways.values() if first != self.before.same else ():
            try:
                FormCaller(self.subject, form)(self.probes[0], self.probes[0].lams[0])
                return None
            except Failed as failed:
                if _error_of(failed) != first:
                    return None
                self.errors[form] = first
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
        trial = _by_rate(caller, self.probes[:2], self.meant)
        if trial.settled or self._single is not None:
            return trial
        self._single = is_single(caller, self.probes[0])
        if not self._single:
            return trial
        return _by_rate(FormCaller(self.subject, form, True), self.probes[:2], self.meant)


def _way(form: Form) -> Form:
    """How the weights and the examples are handed over, whatever the targets are."""
    return replace(form, layout=replace(form.layout, y=""))


def _of_any_size(error: Error) -> Error:
    """An error without the shapes in its message, which are those of a problem."""
    return re.sub(r"\d+", "#", error[0]), error[1]


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


def _by_rate(caller: FormCaller, probes: Sequence[Probe], meant: Meant) -> Trial:
    """The trial of a form; that of a training step with the rate that it seems to have in it."""
    first = _trial(caller, probes, meant)
    form = caller.form
    if first.settled or not form.is_step or form.has("rate"):
        return first
    for rate in OWN_RATES:
        of_rate = FormCaller(caller.subject, replace(form, own_rate=rate), caller.single)
        trial = _trial(of_rate, probes, meant)
        if trial.settled:
            return trial
    return first


def _trial(caller: FormCaller, probes: Sequence[Probe], meant: Meant) -> Trial:
    answers = [answers_of(caller, probe) for probe in probes]
    deaf = caller.form.without_lam() if caller.takes_lam else None
    alike = deaf is not None and all(_same(low, high) for low, high in answers)
    # One that asks whether λ is 0, and takes another number then, does have a penalty.
    if deaf is not None and alike and _same(answers[0][0], caller(probes[0], 0.0)):
        return _trial(FormCaller(caller.subject, deaf, caller.single), probes, meant)
    failures: list[Failure] = []
    first = answers[0][0]
    J = respond("J", probes, answers, failures) if first.J is not None else None
    D = respond("D", probes, answers, failures) if first.D is not None else None
    hidden = meant.activations(probes[0])
    found = readings(J, D, convention_of(caller.form), meant.loss, hidden)
    best = found[0] if found else None
    if best is None:
        raise Failed(failures[0])
    placed = first.D is None or bool(np.isfinite(first.D).any())
    complete = not failures and not first.failures
    return Trial(caller, best, complete, placed, first.D is not None)


def convention_of(form: Form) -> Convention:
    """What a form alone tells of J."""
    convention = Convention(bias=form.layout.bias != "none")
    return convention if form.takes_lam else replace(convention, lam_J="0")


def fixed_sizes(subject: Subject, n_layers: int) -> Iterator[tuple[int, ...]]:
    """Sizes among the numbers that the code finds in its module, in their order first."""
    numbers = [int(n) for part in subject.parts for n in part.numbers.values() if 0 < n < 2000]
    yield from dict.fromkeys(itertools.permutations(numbers[:5], n_layers))
