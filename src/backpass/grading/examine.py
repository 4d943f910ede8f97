"""Puts a submission to the test: which parts of it are right, how it grows, and what looks odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..diagnose.answers import Failed
from ..diagnose.check import concluded
from ..diagnose.diagnosis import Diagnosis
from ..diagnose.identify.meant import Meant
from ..diagnose.observe import Observation
from ..diagnose.probes import Probe
from ..diagnose.subject.subject import Subject
from ..losses import find_loss
from .marking.growth import FEW, MANY, Growth, growth_of
from .marking.parts import right_parts
from .marking.rubric import Rubric
from .marking.suspicions import Calls
from .remote_subject import RemoteSubject


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
    loss = None if rubric.loss is None else find_loss(rubric.loss)
    meant = Meant(rubric.hidden, loss, rubric.strict)
    found = concluded(subject, kinds, sizes, meant, seed, rubric.form)
    if found.seen is None:
        return Examined(found.diagnosis)
    right = right_parts(found.seen.responses)
    if found.diagnosis.ok:  # by a J of its own, too
        right = dict.fromkeys(right, True)
    return Examined(found.diagnosis, right, _timed(found.seen), found.seen)


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
    """How its time grows; None where it takes one example at a time, or fails with many."""
    form = getattr(seen.caller, "form", None)
    if form is not None and form.layout.single:  # the loop is the judge's
        return None
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
