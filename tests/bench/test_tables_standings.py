"""Ranks, intervals and ratios over tables; how they are shown and drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import bootstrap, rankdata

from backpass.bench.tabular import (
    Score,
    SplitRule,
    TableFacts,
    TableFit,
    TablesReport,
    picture,
    remarks,
    save_picture,
    shown,
    standings,
)
from backpass.bench.tabular.standings import interval, log_ratios, means, ranks
from backpass.errors import InvalidInput

NAMES = ("backpass", "CatBoost", "LightGBM")
LOSSES = {"first": (0.2, 0.4, 0.4), "second": (0.5, 0.4, 0.8), "third": (0.3, 0.6, 0.3)}


def fits(table, losses, seeds=(0, 1)):
    """Two seeds whose mean is the loss; the error is half of it, and seconds count from 1."""
    return [
        TableFit(table, name, seed, Score(loss / 2, loss + (seed - 0.5) / 10, 1.0 + k))
        for k, (name, loss) in enumerate(zip(NAMES, losses))
        for seed in seeds
    ]


def report(*more, tables=LOSSES, without=()):
    made = [fit for name, losses in tables.items() for fit in fits(name, losses)]
    kept = [fit for fit in made if fit.key not in without]
    facts = tuple(TableFacts(name, 100, 3, 1, 2) for name in tables)
    machine = {"processor": "P", "cores": 2, "system": "S", "python": "3", "versions": {}}
    return TablesReport(machine, 2, SplitRule(), None, facts, (*kept, *more))


def by_name(made):
    return {standing.candidate: standing for standing in standings(made)}


def text(made):
    out = io.StringIO()
    console = Console(file=out, width=160)
    for each in [*shown(made), *remarks(made)]:
        console.print(each)
    return out.getvalue()


def test_ranks_are_of_the_means_and_ties_are_shared():
    expected = np.mean([rankdata(losses) for losses in LOSSES.values()], axis=0)
    found = by_name(report())
    for name, rank in zip(NAMES, expected):
        assert found[name].rank_by_loss == found[name].rank_by_error == pytest.approx(rank)
    assert next(standing.candidate for standing in standings(report())) == "backpass"


def test_the_rank_of_a_mean_is_not_the_mean_of_ranks():
    pair = [(0.1, 0.2), (0.9, 0.3)]  # by seed: ahead a little, then behind by much
    made = [
        TableFit("odd", name, seed, Score(loss, loss, 1.0))
        for seed, losses in enumerate(pair)
        for name, loss in zip(NAMES, losses)
    ]
    facts = (TableFacts("odd", 9, 2, 0, 2),)
    found = by_name(TablesReport(report().machine, 1, SplitRule(), None, facts, tuple(made)))
    assert (found["CatBoost"].rank_by_loss, found["backpass"].rank_by_loss) == (1, 2)


def test_ranks_equal_a_count_of_the_better_and_the_equal():
    costs = np.random.default_rng(0).integers(0, 4, (50, 5)).astype(float)
    better = (costs[:, None, :] < costs[:, :, None]).sum(axis=2)
    equal = (costs[:, None, :] == costs[:, :, None]).sum(axis=2)
    np.testing.assert_array_equal(ranks(costs), better + (equal + 1) / 2)


def test_the_interval_is_scipys_bootstrap():
    values = np.random.default_rng(3).normal(size=15)
    drawn = {"method": "percentile", "n_resamples": 10_000}
    np.random.seed(9)  # its argument for a generator has two names over the years
    theirs = bootstrap((values,), np.mean, **drawn).confidence_interval
    assert interval(values) == pytest.approx(tuple(theirs), abs=0.03)
    assert interval(np.ones(4)) == (1, 1)


def test_losses_and_seconds_are_told_by_catboosts():
    found = by_name(report())
    ratios = 100 * np.log(np.array([0.2 / 0.4, 0.5 / 0.4, 0.3 / 0.6]))
    assert found["backpass"].median_ratio == pytest.approx(np.median(ratios))
    assert found["backpass"].mean_ratio == pytest.approx(np.mean(ratios))
    assert (found["CatBoost"].median_ratio, found["CatBoost"].mean_ratio) == (0, 0)
    assert [found[name].seconds for name in NAMES] == [6, 12, 18]
    assert found["LightGBM"].worst_seconds == ("first", 1.5)


def test_a_slow_table_is_named():
    slow = TableFit("third", "backpass", 1, Score(0.1, 0.3, 11.0))
    made = report(slow, without={("third", "backpass", 1)})
    assert by_name(made)["backpass"].worst_seconds == ("third", 3.0)


def test_who_fails_is_last_and_said():
    failed = TableFit("first", "backpass", 1, None, "MemoryError: too large")
    made = report(failed, without={("first", "backpass", 1)})
    assert by_name(made)["backpass"].rank_by_loss == pytest.approx((3 + 2 + 1.5) / 3)
    assert np.isnan(log_ratios(means(made), "backpass")[0])
    assert "first, seed 1: backpass failed: MemoryError: too large." in remarks(made)
    assert "failed" in text(made)


def test_a_table_that_is_not_finished_is_not_counted_and_said():
    made = report(without={("second", "LightGBM", 0)})
    assert means(made).tables == ["first", "third"]
    assert remarks(made) == ["Not finished, and not counted: second."]
    assert standings(report(tables={})) == []
    assert shown(report(tables={})) == []


def test_what_is_shown():
    said = text(report())
    for part in ("0.1000 / 0.2000", "first", "100 × 3, 2 classes", "1.50", "−69.3", "12.0"):
        assert part in said
    low, high = by_name(report())["backpass"].loss_interval
    assert f"{low:.2f}–{high:.2f}" in said


def test_without_catboost_there_are_no_ratios(tmp_path):
    made = report()
    kept = tuple(fit for fit in made.fits if fit.candidate != "CatBoost")
    lone = TablesReport(made.machine, 2, SplitRule(inner=True), None, made.tables, kept)
    assert [s.median_ratio for s in standings(lone)] == [None, None]
    assert "the test rows are untouched" in text(lone)
    with pytest.raises(InvalidInput, match="CatBoost"):
        save_picture(lone, tmp_path / "none.svg")


def test_the_picture_has_a_mark_for_each_and_the_best_table_first(tmp_path):
    ax = picture.draw(report())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "third", "second"]
    lines = {line.get_label().split(",")[0]: line for line in ax.lines[1:]}
    assert set(lines) == {"backpass", "LightGBM"}
    expected = 100 * np.log([0.2 / 0.4, 0.3 / 0.6, 0.5 / 0.4])
    np.testing.assert_allclose(lines["backpass"].get_xdata(), expected)
    save_picture(report(), tmp_path / "tables.svg")
    assert (tmp_path / "tables.svg").stat().st_size > 5000
