"""Mistakes relative to a convention, on mutants in plain NumPy that know nothing of the recipes."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from backpass.diagnose.verdict import judge
from by_convention import SETTINGS, UNEQUAL, mutants_of, observation, pairs_of

WITH_LAM = [s for s in SETTINGS if s.has_lam]
WITHOUT = [s for s in SETTINGS if not s.has_lam]


def outcome(seen, *planted):
    """How a mutant was judged, and what was said."""
    verdict = judge(seen, 1)
    if verdict.unexplained:
        verdict = judge(seen, 3)
    names = [mistake.what for one in verdict.explanations for mistake in one]
    if verdict.unexplained:
        return "unexplained", names
    if not names:
        return "called right", names
    found = all(any(piece in name for piece in p.names for name in names) for p in planted)
    return ("named" if found else "misnamed"), names


def counts(outcomes):
    """How many of each outcome, and those that were not named."""
    table, missed = Counter(), []
    for planted, (how, names) in outcomes:
        table[how] += 1
        if how != "named":
            missed.append((how, [p.edits for p in planted], names[:3]))
    return table, missed


@pytest.mark.parametrize("L", UNEQUAL)
@pytest.mark.parametrize("setting", SETTINGS, ids=range(len(SETTINGS)))
def test_a_right_function_is_right_by_its_convention(setting, L):
    seen = observation(setting.mutant(), setting.probes(UNEQUAL[L]), setting.has_lam)
    assert outcome(seen) == ("called right", [])


def singles(every):
    drawn = (mutants_of(s, L, every) for s in SETTINGS for L in UNEQUAL)
    everything = itertools.chain.from_iterable(drawn)
    return counts(((p,), outcome(seen, p)) for p, seen in everything)


def test_single_mistakes_are_named_by_every_convention():
    table, missed = singles(every=31)
    assert table["named"] >= 0.98 * table.total(), missed
    assert table["misnamed"] == table["called right"] == 0, missed


@pytest.mark.night
def test_every_single_mistake_by_every_convention():
    table, missed = singles(every=1)
    print(table, missed)
    assert table["named"] >= 0.98 * table.total(), missed
    assert table["misnamed"] == table["called right"] == 0, missed


def pairs(settings, count, seed):
    drawn = pairs_of(settings, count, seed)
    return counts((both, outcome(seen, *both)) for _, both, seen in drawn)


@pytest.mark.parametrize(("settings", "least", "count"), [(WITH_LAM, 0.95, 20), (WITHOUT, 0.9, 10)])
def test_pairs_are_named_by_every_convention(settings, least, count):
    table, missed = pairs(settings, count, seed=3)
    assert table["named"] >= least * table.total(), missed
    assert table["called right"] == 0, missed


@pytest.mark.night
@pytest.mark.parametrize(("settings", "least"), [(WITH_LAM, 0.95), (WITHOUT, 0.9)])
def test_pairs_by_every_convention_long_form(settings, least):
    table, missed = pairs(settings, 400, seed=4)
    print(table, missed)
    assert table["named"] >= least * table.total(), missed
    assert table["called right"] == 0, missed


def test_who_takes_no_lam_never_hears_of_it():
    for setting in WITHOUT:
        for mistake, seen in mutants_of(setting, 3, every=19):
            _, names = outcome(seen, mistake)
            assert not [name for name in names if "λ" in name]
