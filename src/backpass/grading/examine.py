"""Puts a submission to the test: which parts of it are right, how it grows, and what looks odd."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..diagnose.caller import TARGETS, Caller, Failed, Form, forms_of
from ..diagnose.check import check_backprop
from ..diagnose.diagnosis import Diagnosis
from ..diagnose.observe import Observation, observe
from ..diagnose.probes import Probe, families
from ..diagnose.subject.subject import Parameter, Subject
from ..errors import InvalidInput
from ..losses import find_loss
from .child_process import ChildLost
from .marking.growth import FEW, MANY, Growth, growth_of
from .marking.parts import right_parts
from .marking.rubric import Rubric
from .marking.suspicions import Calls
from .remote_subject import RemoteSubject

Returned = Any  # by a submission: nothing is known of it


@dataclass(frozen=True)
class Examined:
    """What is known of a submission's function.

    Parameters
    ----------
    diagnosis : Diagnosis
        What ``check_backprop`` says of it.
    right : mapping
        As ``right_parts`` names the parts.
    growth : Growth or None
        How its time grows with the examples; None where that cannot be measured.
    seen : Observation or None
        Its answers; None where no numbers came back.
    """

    diagnosis: Diagnosis
    right: Mapping[str, bool] = field(default_factory=dict)
    growth: Growth | None = None
    seen: Observation | None = None


def examine(
    subject: Subject,
    kinds: Sequence[str],
    sizes: Sequence[int] | None,
    rubric: Rubric,
    seed: int,
) -> Examined:
    """Examine a subject, wherever it runs.

    Parameters
    ----------
    subject : Subject
        The submission.
    kinds : sequence of str
        What each of several functions is.
    sizes : sequence of int, optional
        Units by layer, where the function is for these alone.
    rubric : Rubric
        Which activation and loss are asked for.
    seed : int
        Of the inputs.

    Returns
    -------
    Examined

    Raises
    ------
    ChildLost
        If the submission's process ends, or takes longer than it may.
    """
    if kinds:
        raise InvalidInput("Several functions at once cannot be graded yet; ask for one of them.")
    function = _Proxy(subject)
    hidden, loss = rubric.hidden or "logistic", rubric.loss or "binary_log_loss"
    diagnosis = check_backprop(function, sizes, hidden=hidden, loss=loss)
    function.raise_lost()
    seen = _seen(function, sizes, hidden, loss, seed)
    if seen is None:
        return Examined(diagnosis)
    right = right_parts(seen.responses)
    if diagnosis.ok:  # by a convention of its own, too
        right = dict.fromkeys(right, True)
    return Examined(diagnosis, right, _timed(seen), seen)


class _Proxy:
    """A function here whose calls go to a subject."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._lost: ChildLost | None = None
        part = subject.parts[0]
        self._name = part.name
        self.__signature__ = inspect.Signature([_parameter(p) for p in part.parameters])

    def __call__(self, *args: object) -> Returned:
        self.raise_lost()
        program = [{"do": "call", "what": self._name, "args": list(args)}]
        try:
            (step,) = self._subject.run(program)
        except ChildLost as lost:
            self._lost = lost
            raise
        if "error" in step:
            kind, message = step["error"]["kind"], step["error"]["message"]
            raise type(kind, (Exception,), {})(message)
        return step["value"]

    def raise_lost(self) -> None:
        """Raise once more what ended the process: a caller may have taken it for an answer."""
        if self._lost is not None:
            raise self._lost


def _parameter(described: Parameter) -> inspect.Parameter:
    default = described.default if described.has_default else inspect.Parameter.empty
    kind = inspect.Parameter.KEYWORD_ONLY if described.keyword else _BY_POSITION
    return inspect.Parameter(described.name, kind, default=default)


_BY_POSITION = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _seen(
    function: _Proxy, sizes: Sequence[int] | None, hidden: str, loss: str, seed: int
) -> Observation | None:
    """Its answers to problems of a seed, in the first form that gives numbers."""
    n_layers = len(sizes) if sizes is not None else 3
    for probes in families(n_layers, sizes, hidden, find_loss(loss)):
        drawn = tuple(_drawn(probe, seed) for probe in probes)
        callers = [Caller(function, form, y) for form in _forms(function) for y in TARGETS]
        for caller in sorted(callers, key=lambda each: not each.suits(drawn[0])):
            try:
                return observe(caller, drawn)
            except Failed:
                function.raise_lost()
    return None


def _forms(function: _Proxy) -> list[Form]:
    try:
        return forms_of(function)
    except Failed:
        return []


def _drawn(probe: Probe, seed: int) -> Probe:
    """The same problem with other numbers; as it is for seed 0."""
    if seed == 0:
        return probe
    rng = np.random.default_rng([seed, probe.m, *probe.net.sizes])
    order = rng.permutation(probe.m)
    theta, X = rng.permutation(probe.theta), rng.normal(size=probe.X.shape)
    return replace(probe, theta=theta, X=X, Y=probe.Y[order])


def count_calls(subject: RemoteSubject, seen: Observation | None) -> list[Calls]:
    """Count how often a submission's functions are called for one gradient, on two problems."""
    if seen is None or seen.D is None:
        return []
    found: list[Calls] = []
    for probe in seen.probes[:2]:
        with subject.counting() as counts:
            seen.caller(probe, probe.lams[0])
        found.append(Calls(probe.net.n_parameters, counts))
    return found


def _timed(seen: Observation) -> Growth | None:
    """How its time grows with the examples; None where it fails with many."""
    first = seen.probes[0]
    probes = {m: _with_examples(first, m) for m in (FEW, MANY)}
    try:
        return growth_of(lambda m: seen.caller(probes[m], first.lams[0]))
    except Failed:
        return None


def _with_examples(probe: Probe, m: int) -> Probe:
    """The same network and weights with another number of examples."""
    rows = np.arange(m) % probe.m
    return replace(probe, X=probe.X[rows], Y=probe.Y[rows])
