"""``backpass bench tables`` at the command line; what it measures is tested in tests/bench."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from backpass.bench import tabular
from backpass.bench.tabular import Score, SplitRule, TableFacts, TableFit, TablesReport
from backpass.cli import main

FITS = tuple(
    TableFit("drawn", name, seed, Score(0.1, loss, 1.5))
    for name, loss in (("backpass", 0.2), ("CatBoost", 0.4))
    for seed in range(2)
)
REPORT = TablesReport(
    {"processor": "P"},
    2,
    SplitRule(),
    None,
    (TableFacts("drawn", 90, 4, 1, 2),),
    FITS,
    (("TabM", "pytabkit"),),
)


@pytest.fixture
def asked(monkeypatch):
    """What ``run_tables`` is asked for; it answers with a report of its own."""
    calls = []

    def run(sources, *, say, **options):
        say("drawn, seed 0: CatBoost")
        calls.append(([source.name for source in sources], options))
        return REPORT

    monkeypatch.setattr(tabular, "run_tables", run)
    return calls


@pytest.fixture
def folder(tmp_path):
    for name in ("cars", "houses"):
        frame = pd.DataFrame({"x": np.arange(30.0), "y": ["a", "b"] * 15})
        frame.to_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(main, ["bench", "tables", *map(str, arguments)])


def test_the_tables_are_shown(asked):
    done = call()
    assert done.exit_code == 0, done.stderr
    for part in ("0.1000 / 0.2000", "−69.3", "TabM is left out: pytabkit is not installed."):
        assert part in done.stdout
    assert done.stderr == "drawn, seed 0: CatBoost\n"
    names = ["iris", "wine", "breast_cancer", "digits", "diabetes"]
    usual = {"seeds": range(5), "candidates": (), "rule": SplitRule(), "rest": 0.3}
    usual |= {"time_limit": None, "threads": None, "out": None}
    assert asked == [(names, usual)]


def test_everything_can_be_asked_for(asked, folder, tmp_path):
    out = tmp_path / "out.json"
    words = "--seeds 5-9 --candidate CatBoost --inner --time 2 --threads 1 --rest 0"
    words += " --most-rows 500 --most-rows cars=10 --table cars --openml 61 --table openml-61"
    assert call(folder, *words.split(), "--out", out).exit_code == 0
    ((names, options),) = asked
    assert names == ["cars", "openml-61"]
    assert options == {
        "seeds": range(5, 10),
        "candidates": ("CatBoost",),
        "rule": SplitRule(500, {"cars": 10}, inner=True),
        "time_limit": 2.0,
        "threads": 1,
        "rest": 0.0,
        "out": out,
    }


def test_a_first_look_has_one_seed_and_fewer_rows(asked, folder):
    assert call(folder, "--quick").exit_code == 0
    assert asked[0][1]["seeds"] == range(1)
    assert asked[0][1]["rule"] == SplitRule(2000)


def test_json_has_every_fit_and_the_standings(asked):
    done = call("--json")
    values = json.loads(done.stdout)
    assert TablesReport.from_json(json.dumps({**values})) == REPORT
    assert [standing["candidate"] for standing in values["standings"]] == ["backpass", "CatBoost"]
    assert values["standings"][0]["rank_by_error"] == 1.5


def test_a_picture_is_not_replaced_without_leave(asked, tmp_path):
    picture = tmp_path / "losses.svg"
    assert call("--picture", picture).exit_code == 0
    assert picture.stat().st_size > 1000
    refused = call("--picture", picture)
    assert (refused.exit_code, len(asked)) == (2, 1)
    assert "--picture names another file" in refused.stderr
    assert call("--picture", picture, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("--table care", "There is no table 'care'; did you mean 'cars'?"),
        ("--candidate CatBost", "did you mean 'CatBoost'?"),
        ("--seeds many", "'many' is neither a number of seeds nor a range as 5-9"),
        ("--seeds 0", "--seeds"),
        ("--seeds 9-5", "--seeds"),
        ("--most-rows cars=few", "--most-rows"),
        ("--most-rows 1", "--most-rows"),
        ("--time 0", "--time"),
        ("--sedes 5", "Did you mean '--seeds'?"),
        ("--out no/such/folder/file.json", "There is no folder"),
    ],
)
def test_a_mistake_is_one_line(asked, folder, words, part):
    done = call(folder, *words.split())
    assert done.exit_code == 2
    assert part in done.stderr
    assert done.stderr.count("Error: ") == 1
    assert asked == []


def test_an_empty_folder_is_said(tmp_path):
    done = call(tmp_path)
    assert done.exit_code == 2
    assert "no Parquet file" in done.stderr


def test_help_names_the_options_and_bench_names_the_command():
    shown = call("--help").stdout
    assert "bench tables [OPTIONS] [FOLDER]" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "backpass bench tables" in CliRunner().invoke(main, ["bench", "--help"]).stdout


def test_a_real_run_is_kept_and_gone_on_with(folder, tmp_path):
    out = tmp_path / "out.json"
    words = ["--seeds", "1", "--candidate", "HistGradientBoosting", "--rest", "0", "--out", out]
    first = call(folder, "--table", "cars", *words)
    assert first.exit_code == 0, first.stderr
    second = call(folder, *words)
    assert second.stderr == "houses, seed 0: HistGradientBoosting\n"
    assert second.exit_code == 0
    assert {fit["table"] for fit in json.loads(out.read_text())["fits"]} == {"cars", "houses"}
