"""From what came back to a diagnosis: first which J it is, then whether D is its derivative."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from .answers import Failed, Failure
from .convention import Convention
from .derivative import is_derivative
from .diagnosis import Diagnosis, Mistake
from .forms.calling import FormCaller
from .forms.form import Form
from .forms.lines import line_in
from .forms.names import naming_of
from .forms.trying import convention_of
from .identify.identify import Reading, readings
from .identify.lawful import broken_laws
from .identify.meant import Meant
from .identify.mistaken import meant_by
from .identify.words import conventions_of, penalised
from .localise import halves
from .observe import ACCUMULATED, Observation, data_frames, observe
from .probes import Probe
from .response import Response
from .search.search import Budget
from .verdict import Verdict, judge, judge_alone

MOST_READINGS = 6
MOST_DEEP = 2  # cases in which several mistakes at once are looked for


@dataclass(frozen=True)
class _Case:
    """What one form and one J make of the answers."""

    seen: Observation
    reading: Reading
    verdict: Verdict
    known: bool = True  # whether J is, so that there is a right one to compare with

    follows: bool = False  # whether D is the derivative of a J that has mistakes

    @property
    def unexplained(self) -> tuple[Response, ...]:
        """What no mistake gives, and should be one."""
        return () if self.follows or not self.known else self.verdict.unexplained

    @property
    def explains_J(self) -> bool:
        """Whether J is right, or explained by mistakes."""
        return all(response.which != "J" for response in self.verdict.unexplained)

    @property
    def of_its_J(self) -> list[Response]:
        """The answers beside the J that they are compared with."""
        return _under(self.seen, self.reading).responses

    @property
    def rank(self) -> tuple[int, int]:
        """What orders cases: nothing unexplained, then few mistakes."""
        explanations = self.verdict.explanations
        return len(self.unexplained), len(explanations[0]) if explanations else 0


@dataclass(frozen=True)
class Concluded:
    """A diagnosis, and the answers beside the J that they are compared with."""

    diagnosis: Diagnosis
    seen: Observation | None = None


def conclude(
    callers: Sequence[FormCaller],
    probes: tuple[Probe, ...],
    failure: Failure | None,
    meant: Meant,
) -> Concluded:
    """Identify J, and explain J and the gradient relative to it.

    Parameters
    ----------
    callers : sequence of FormCaller
        The forms that give numbers, the best first.
    probes : tuple of Probe
        The problems.
    failure : Failure or None
        Why other problems failed.
    meant : Meant
        What is known of J beforehand.
    """
    observations, failed = _observed(callers, probes)
    if not observations:
        return Concluded(Diagnosis(failures=(failed,) if failed is not None else ()))
    is_derivative = _Derivatives()
    cases = _cases(observations, meant, is_derivative)
    best = cases[0]
    seen, verdict = best.seen, best.verdict
    failures = [*([failure] if failure is not None else []), *seen.failures]
    frames = _frames(verdict, seen) if not failures else None
    failures += [frames] if frames is not None else []
    accumulated = ACCUMULATED in failures
    shared = dict.fromkeys(e for case in cases for e in case.verdict.explanations)
    naming = naming_of(seen.caller, probes[0].net.L)
    told = tuple(tuple(naming.told(_at_its_line(m, seen)) for m in each) for each in shared)
    derivative = is_derivative(seen)
    diagnosis = Diagnosis(
        explanations=() if accumulated else told,
        conventions=tuple(map(naming.told, (*_named(best), *verdict.conventions))),
        failures=tuple(failures),
        unexplained=() if accumulated else tuple(map(naming.text, _damage(best, derivative))),
        returned=tuple("J" if one.which == "J" else "gradient" for one in seen.responses),
        signature=seen.caller.name,
        probes=tuple(f"{'-'.join(map(str, p.net.sizes))} (m = {p.m})" for p in seen.probes),
        derivative=derivative,
        known=best.known,
        cut_short=verdict.cut_short and bool(best.unexplained) and not accumulated,
    )
    return Concluded(diagnosis, _under(seen, best.reading))


class _Derivatives:
    """Whether D is the derivative of J, found once for each observation."""

    def __init__(self) -> None:
        self._found: dict[int, bool | None] = {}

    def __call__(self, seen: Observation) -> bool | None:
        if id(seen) not in self._found:
            self._found[id(seen)] = is_derivative(seen)
        return self._found[id(seen)]


def _observed(
    callers: Sequence[FormCaller], probes: tuple[Probe, ...]
) -> tuple[list[Observation], Failure | None]:
    """What comes back in each form that gives numbers on every problem; else why it fails."""
    found: list[Observation] = []
    failure: Failure | None = None
    for caller in callers:
        try:
            found.append(observe(caller, probes))
        except Failed as failed:
            failure = failure or failed.failure
    return found, failure


def _cases(
    observations: Sequence[Observation], meant: Meant, is_derivative: _Derivatives
) -> list[_Case]:
    """The cases that explain most with fewest mistakes, all of one form.

    One mistake is looked for in every case, several in the likeliest cases alone.
    """
    waiting = [(seen, reading) for seen in observations for reading in _readings(seen, meant)]
    budget, cases = Budget(), list[_Case]()
    for seen, reading in waiting:
        cases.append(_case(seen, reading, 1, budget))
        if cases[-1].rank == (0, 0):
            break
    if all(case.verdict.unexplained for case in cases):
        follow = [case for case in cases if _has_mistakes_of_J(case) and is_derivative(case.seen)]
        if follow:
            return [replace(case, follows=True) for case in follow if case.seen is follow[0].seen]
        unknown = [case for case in _by_own_J(cases, meant) if is_derivative(case.seen)]
        if unknown:
            return [replace(unknown[0], known=False)]
        likeliest = sorted(cases, key=lambda case: case.rank)[:MOST_DEEP]
        kept = [again for case in likeliest if (again := _of_numbers_alone(case)) is not None]
        if kept:
            return kept[:1]
        own = [not case.explains_J and bool(is_derivative(case.seen)) for case in likeliest]
        cases = [_deep(case, budget, follows) for case, follows in zip(likeliest, own)]
    elif min(case.rank for case in cases) > (0, 1):
        # Several mistakes of what J says count as much as several of what the gradient says.
        cases += [_deep(case, budget) for case in cases if case.reading.J and case.reading.data]
    least = min(case.rank for case in cases)
    best = [case for case in cases if case.rank == least]
    # What J says comes before what the gradient says.
    best.sort(key=lambda case: (not case.reading.data, not case.reading.J))
    return [case for case in best if case.seen is best[0].seen]


def _of_numbers_alone(case: _Case) -> _Case | None:
    """The case, explained by what the gradient's numbers are; None where they tell nothing."""
    if [response.which for response in case.verdict.unexplained] != ["D"]:
        return None
    verdict = judge_alone(_under(case.seen, case.reading))
    if verdict is None or case.verdict.explanations:
        return None
    return replace(case, verdict=verdict)


def _has_mistakes_of_J(case: _Case) -> bool:
    """Whether J alone is explained, by mistakes."""
    return case.explains_J and case.seen.J is not None and bool(case.verdict.explanations)


def _by_own_J(cases: Sequence[_Case], meant: Meant) -> Iterator[_Case]:
    """Those whose J may be right although it is none that is known: no mistake gives it either."""
    if meant.strict or meant.loss is not None or meant.hidden is not None:
        return
    for seen in dict.fromkeys(case.seen for case in cases):
        of_it = [case for case in cases if case.seen is seen]
        if not any(case.explains_J for case in of_it) and not any(_broken(seen)):
            yield of_it[0]


def _broken(seen: Observation) -> Iterator[str]:
    return broken_laws(seen, convention_of(seen.caller.form).bias)


def _case(seen: Observation, reading: Reading, depth: int, budget: Budget) -> _Case:
    return _Case(seen, reading, judge(_under(seen, reading), depth, budget))


def _deep(case: _Case, budget: Budget, follows: bool = False) -> _Case:
    """Look for several mistakes; in J alone where D follows from it."""
    seen = replace(case.seen, D=None) if follows else case.seen
    found = _case(seen, case.reading, 3, budget)
    return replace(found, seen=case.seen, follows=follows and found.explains_J)


def _under(seen: Observation, reading: Reading) -> Observation:
    """The answers to the problems of this J, with the rate where they come from a step."""
    form = seen.caller.form
    if not form.is_step:
        return seen.under(reading.of)
    return seen.under(lambda probe: _stepping(reading.of(probe), form.rate))


@lru_cache(maxsize=1024)
def _stepping(probe: Probe, rate: float) -> Probe:
    return replace(probe, rate=rate)


def _readings(seen: Observation, meant: Meant) -> list[Reading]:
    """The J that may be meant: where the cost agrees with some, or the whole gradient, those."""
    base = convention_of(seen.caller.form)
    if meant.strict:
        net = seen.probes[0].net
        hidden = tuple(net.activation(l) for l in range(2, net.L))
        return [Reading(net.loss, hidden, base)]
    found = readings(seen.J, seen.D, base, meant.loss, meant.activations(seen.probes[0]))
    agreeing = [r for r in found if r.data or (r.known and r.agreeing == r.known)]
    return (agreeing or [*_meant(seen, base, found), *found])[:MOST_READINGS]


def _meant(seen: Observation, base: Convention, found: Sequence[Reading]) -> Iterator[Reading]:
    """The J that the cost is but for one mistake."""
    if seen.J is None or not found:
        return
    for (loss, hidden), (mean, times) in meant_by(seen.J, base.bias):
        for penalty in dict.fromkeys((base, found[0].convention)):  # the usual one is likelier
            yield Reading(loss, hidden, replace(penalty, mean=mean, times=times))


OF_ITS_OWN = ("J is none that is known", "a sum over examples of what all of θ, x and y give")


def _at_its_line(mistake: Mistake, seen: Observation) -> Mistake:
    return replace(mistake, line=line_in(seen.caller, mistake.where))


def _damage(case: _Case, derivative: bool | None) -> Iterable[str]:
    """Where it is; of a J with its own derivative, what no cost does."""
    if case.unexplained and derivative and not case.explains_J:
        return list(_broken(case.seen)) or halves(case.of_its_J, case.unexplained)
    return halves(case.of_its_J, case.unexplained)


def _named(case: _Case) -> Iterable[Mistake]:
    seen, reading = case.seen, case.reading
    where = "J and gradient" if len(seen.responses) == 2 else "J" if seen.J else "gradient"
    told = (*conventions_of(reading), *penalised(reading)) if case.known else (OF_ITS_OWN,)
    for what, formula in told:
        yield Mistake(where, what, formula)
    for what, formula in _of_the_form(seen.caller.form):
        yield Mistake("the call", what, formula)


def _of_the_form(form: Form) -> Iterator[tuple[str, str]]:
    """What is unlike the notes in how a function is called."""
    layout = form.layout
    if form.container == "flat, C order":
        yield "θ read and written in C order", "row by row, as NumPy's reshape and ravel do"
    if form.dtype is not None:
        yield "tensors of PyTorch", f"in {form.dtype}"
    if form.kind == "lists":
        yield "plain numbers", "nested lists instead of arrays"
    if not layout.rows:
        yield "examples as columns", "z = W a + b"
    if layout.single:
        yield "one example at a time", "Δ is the sum over the calls"
    if layout.ones:
        yield "X carries its column of ones", "a^(1) = X"
    if form.is_step:
        yield "a training step: D is read off the weights", "D = (Θ − Θ_new) / α"


def _frames(verdict: Verdict, seen: Observation) -> Failure | None:
    """How it fails with DataFrames; said beside what is wrong, where pandas is in use."""
    right = not (verdict.explanations or verdict.unexplained)
    of_arrays = seen.caller.form.kind == "arrays"
    if right or not of_arrays or (verdict.unexplained and "pandas" not in sys.modules):
        return None  # importing it takes longer than the search
    return data_frames(seen.caller, seen.probes[0])
