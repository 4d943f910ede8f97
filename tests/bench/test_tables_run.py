"""Runs on tables by candidates that score what they are told to; and a small real one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backpass.bench.process import CandidateFailed
from backpass.bench.tabular import (
    Score,
    SplitRule,
    TableFit,
    TablesReport,
    in_folder,
    read_tables_report,
    remarks,
    run_tables,
    standings,
)
from backpass.bench.tabular import candidates as candidates_module
from backpass.bench.tabular import results as results_module
from backpass.bench.tabular.process import TableProcess
from backpass.bench.tabular.worker import TableWorker
from backpass.errors import InvalidInput

PAIR = ("backpass", "HistGradientBoosting")


@pytest.fixture
def sources(tmp_path):
    """A table of two classes and one of numbers."""
    rng = np.random.default_rng(2)
    place = tmp_path / "tables"
    place.mkdir()
    for name in ("classes", "numbers"):
        x, word = rng.normal(size=90), rng.choice(["a", "b", "c"], 90)
        z = x + (word == "b")
        y = np.where(z > 0, "yes", "no") if name == "classes" else z
        pd.DataFrame({"x": x, "word": word, "y": y}).to_parquet(place / f"{name}.parquet")
    return in_folder(place)


class Told:
    """A candidate's process that scores its name's length and remembers what was asked."""

    def __init__(self, asked, name, broken=()):
        self.asked, self.name, self.broken = asked, name, broken
        self.asked.append(("start", name))

    def warm_up(self):
        self.asked.append(("warm up", self.name))

    def fit(self, source, rule, seed, time_limit):
        self.asked.append((source.name, seed, self.name))
        if (source.name, seed, self.name) in self.broken:
            raise CandidateFailed("its process ended (exit code -9)")
        return Score(len(self.name) / 10, float(seed), 1.0)

    def close(self):
        self.asked.append(("close", self.name))


@pytest.fixture
def told():
    """What was asked of whom, in order, and what starts such candidates."""
    asked = []

    def start(name, threads, broken=()):
        return Told(asked, name, broken)

    return asked, start


def run(sources, start, **options):
    asked = {"seeds": range(2), "candidates": PAIR, "threads": 1, "rest": 0}
    return run_tables(sources, start=start, **{**asked, **options})


def fitted(asked):
    return [each for each in asked if len(each) == 3]


def test_all_take_turns_and_each_is_warmed_up_first(sources, told):
    asked, start = told
    report = run(sources, start)
    ours, theirs = PAIR
    assert fitted(asked) == [
        ("classes", 0, ours),
        ("classes", 0, theirs),
        ("classes", 1, theirs),
        ("classes", 1, ours),
        ("numbers", 0, ours),
        ("numbers", 0, theirs),
        ("numbers", 1, theirs),
        ("numbers", 1, ours),
    ]
    for name in PAIR:
        assert asked.index(("start", name)) + 1 == asked.index(("warm up", name))
        assert asked.count(("warm up", name)) == asked.count(("close", name)) == 1
    assert [fit.key for fit in report.fits] == [(t, name, seed) for t, seed, name in fitted(asked)]
    assert [facts.classes for facts in report.tables] == [2, 0]


def test_a_run_that_stops_is_gone_on_with(sources, told, tmp_path):
    asked, start = told
    out = tmp_path / "tables.json"

    class Interrupting(Told):
        def fit(self, source, rule, seed, time_limit):
            if len(fitted(self.asked)) == 3:
                raise KeyboardInterrupt
            return super().fit(source, rule, seed, time_limit)

    with pytest.raises(KeyboardInterrupt):
        run(sources, lambda name, threads: Interrupting(asked, name), out=out)
    assert asked[-1][0] == "close"
    assert len(read_tables_report(out).fits) == 3
    whole = run(sources, start, out=out)
    assert len(fitted(asked)) == len(whole.fits) == 8
    assert len(set(fitted(asked))) == 8
    assert read_tables_report(out) == whole
    assert run(sources, start, out=out) == whole  # nothing is left to do
    assert len(fitted(asked)) == 8
    more = run(sources, start, out=out, seeds=range(3))
    assert len(more.fits) == 12


def test_a_failed_fit_is_kept_and_the_next_has_a_process_of_its_own(sources, told, tmp_path):
    asked, start = told
    broken = {("classes", 0, "backpass")}
    report = run(sources, lambda name, threads: start(name, threads, broken), out=tmp_path / "r")
    assert report.fits[0] == TableFit(
        "classes", "backpass", 0, None, "its process ended (exit code -9)"
    )
    assert asked.count(("start", "backpass")) == 2
    assert read_tables_report(tmp_path / "r") == report


def test_a_failed_warm_up_is_a_failed_fit(sources, told):
    asked, _ = told

    class Cold(Told):
        def warm_up(self):
            raise CandidateFailed("ImportError: no such library")

    report = run(sources, lambda name, threads: Cold(asked, name), candidates=PAIR[:1])
    assert {fit.failure for fit in report.fits} == {"ImportError: no such library"}
    assert asked.count(("close", "backpass")) == 4


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"threads": 2}, "threads"),
        ({"rule": SplitRule(50)}, "rule"),
        ({"time_limit": 5.0}, "time limit"),
    ],
)
def test_a_file_of_other_settings_is_not_gone_on_with(sources, told, tmp_path, options, what):
    _, start = told
    out = tmp_path / "tables.json"
    run(sources, start, out=out)
    before = out.read_text()
    with pytest.raises(InvalidInput, match=f"begun with another {what}: name another file"):
        run(sources, start, out=out, **options)
    assert out.read_text() == before


def test_a_file_of_another_version_or_table_is_not_gone_on_with(
    sources, told, tmp_path, monkeypatch
):
    _, start = told
    out = tmp_path / "tables.json"
    run(sources[:1], start, out=out)
    pd.DataFrame({"x": range(30), "y": ["a", "b"] * 15}).to_parquet(sources[0].place)
    with pytest.raises(InvalidInput, match="classes is another one than in the file"):
        run(sources[:1], start, out=out)
    describe = results_module.describe_machine
    monkeypatch.setattr(
        results_module,
        "describe_machine",
        lambda packages: (
            (machine := describe(packages))
            | {"versions": machine["versions"] | {"scikit-learn": "0.1"}}
        ),
    )
    with pytest.raises(InvalidInput, match="another version of scikit-learn"):
        run(sources[1:], start, out=out)


def test_a_file_that_another_commit_went_on_with_says_both(sources, told, tmp_path, monkeypatch):
    _, start = told
    describe = results_module.describe_machine
    for seeds, commit in enumerate(("aaa", "bbb", "aaa"), start=1):
        monkeypatch.setattr(
            results_module,
            "describe_machine",
            lambda packages, commit=commit: describe(packages) | {"commit": commit},
        )
        report = run(sources[:1], start, seeds=range(seeds), out=tmp_path / "tables.json")
    assert report.machine["commit"] == "aaa, bbb"
    assert "The fits were made at several commits of backpass: aaa, bbb." in remarks(report)


def test_what_is_no_report_is_said(tmp_path):
    with pytest.raises(InvalidInput, match=r"none\.json cannot be read"):
        read_tables_report(tmp_path / "none.json")
    (tmp_path / "odd.json").write_text('{"lines": []}')
    with pytest.raises(InvalidInput, match="holds no report on tables"):
        read_tables_report(tmp_path / "odd.json")


def test_json_keeps_everything(sources, told):
    _, start = told
    rule = SplitRule(40, {"numbers": 30}, inner=True)
    report = run(sources, start, rule=rule, time_limit=2.5)
    report = replace(report, not_installed=(("TabM", "pytabkit"),))
    assert TablesReport.from_json(report.to_json()) == report
    assert json.loads(report.to_json())["fits"][0]["score"]["error"] == 0.8


def test_who_is_missing_is_left_out_in_a_sentence(sources, told, monkeypatch):
    _, start = told
    find_spec = candidates_module.importlib.util.find_spec
    absent = {"catboost", "lightgbm", "xgboost", "pytabkit"}
    monkeypatch.setattr(
        candidates_module.importlib.util,
        "find_spec",
        lambda name: None if name in absent else find_spec(name),
    )
    report = run(sources, start, candidates=())
    assert {fit.candidate for fit in report.fits} == set(PAIR)
    assert "CatBoost is left out: catboost is not installed." in remarks(report)
    assert len(remarks(report)) == 5


def test_a_candidate_that_is_none_is_said(sources, told):
    with pytest.raises(InvalidInput, match="There is no candidate 'XGBost'; there are backpass"):
        run(sources, told[1], candidates=["XGBost"])


def test_scikit_learns_sets_are_taken_where_none_is_given(told):
    report = run((), told[1], seeds=[0])
    assert [facts.name for facts in report.tables] == [
        "iris",
        "wine",
        "breast_cancer",
        "digits",
        "diabetes",
    ]


def test_a_small_run_in_real_processes(sources, tmp_path):
    said = []
    report = run(sources, TableProcess, candidates=["HistGradientBoosting"], say=said.append)
    assert said[0] == "classes, seed 0: HistGradientBoosting"
    scores = {fit.key: fit.score for fit in report.fits}
    assert all(score.seconds > 0 for score in scores.values())
    assert max(score.error for score in scores.values()) < 0.6
    here = TableWorker(candidates_module.find_entry("HistGradientBoosting"), 1)
    here.warm_up()
    source = {"name": "numbers", "kind": "parquet", "place": sources[1].place}
    rule = {"most_rows": 15_000, "exceptions": {}, "inner": False}
    again = here.fit(source, rule, seed=1, time_limit=None)
    assert again["loss"] == scores["numbers", "HistGradientBoosting", 1].loss
    assert [standing.rank_by_loss for standing in standings(report)] == [1]


def test_steering_of_openblas_is_ours_alone(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OPENBLAS_L2_SIZE", "512")
    given = {}

    class Started:
        def __init__(self, words, env, **_):
            given[words[3]] = env

    monkeypatch.setattr("backpass.bench.process.subprocess.Popen", Started)
    for name in ("backpass", "CatBoost"):
        TableProcess(name, 2)
    steering = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
    assert steering <= given["backpass"].keys()
    assert not steering & given["CatBoost"].keys()
    assert {env["OMP_NUM_THREADS"] for env in given.values()} == {"2"}
