"""Sizes that a class or an instance has of itself, read off the matrices that it holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .answers import Failed
from .forms.calling import held
from .forms.candidates import forms_of
from .forms.form import Form, making, problems
from .forms.plans import Plan
from .forms.reading import kind_of
from .probes import Probe, of_sizes
from .subject.runner import Plain
from .subject.subject import Subject

Shape = tuple[int, ...]


def held_sizes(subject: Subject, everything: Sequence[Plan], probe: Probe) -> list[Shape]:
    """The sizes that an instance has by itself; none where it takes those that it is given."""
    for plan in everything:
        if plan.made_with is None:
            continue
        forms = list(forms_of(plan))
        whole = replace(forms[0], layout=replace(forms[0].layout, single=""))
        steps = making(problems(whole, probe, 0.0)[0])
        outcomes = subject.run([*steps, {"do": "arrays", "of": whole.instance}])
        if "error" in outcomes[-1]:
            continue
        arrays = outcomes[-1]["value"]
        found = list(dict.fromkeys(_sizes(arrays)))
        if probe.net.sizes in found:
            return []
        for bias in (True, False):
            of_these = [form for form in forms if (form.layout.bias != "none") == bias]
            fit = [s for s in found if any(_is_held(arrays, f, probe, s) for f in of_these)]
            if fit:
                return fit
    return []


def _is_held(arrays: list[Plain], form: Form, probe: Probe, sizes: Shape) -> bool:
    """Whether there is an array for every block of a network of these sizes, in their order."""
    of_these = of_sizes(sizes, "logistic", probe.net.loss)[0]
    try:
        places = held(arrays, problems(form, of_these, 0.0)[0])
    except Failed:
        return False
    order = [path for path, _ in arrays]
    of_kind = [[order.index(p) for what, p in places if what[0] == kind] for kind in ("W", "b")]
    return all(found == sorted(found) for found in of_kind)


def _sizes(arrays: Sequence[Plain]) -> Iterator[Shape]:
    """Every chain of sizes that the matrices make, those with names of weights first."""
    kinds = [(kind_of(tuple(str(k).lstrip(".") for k in path)), v) for path, v in arrays]
    for wanted in (("W",), ("W", None)):
        shapes = [np.shape(v) for kind, v in kinds if kind in wanted and np.ndim(v) == 2]
        yield from _chains(shapes)


def _chains(shapes: Sequence[Shape]) -> Iterator[Shape]:
    """The sizes of matrices that follow each other, with a row or column of biases or without."""
    for by_output in (False, True):
        ends = [shape[::-1] if by_output else shape for shape in shapes]
        for bias in (0, 1):
            follow = all(before[1] + bias == after[0] for before, after in itertools.pairwise(ends))
            if len(ends) > 1 and follow:
                yield (ends[0][0] - bias, *(out for _, out in ends))
