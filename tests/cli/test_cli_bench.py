"""``backpass bench`` at the command line; what it measures is tested in test_bench.py."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from backpass import bench
from backpass.bench import Line, Report, Timing
from backpass.cli import main

TIMINGS = {"backpass": Timing((0.002,), 1, None), "peer": Timing((0.005,), 1, None)}
LINE = Line(bench.WORKLOADS[0], "float64", TIMINGS, {"odd": "it cannot"}, ("backpass",))
REPORT = Report({"processor": "P"}, {"float64": 1e9}, "a product", 1, "native", (LINE,), {})


@pytest.fixture
def asked(monkeypatch):
    """What ``run`` is asked for; it answers with a report of its own."""
    calls = []

    def answer(name):
        def run(**options):
            options.pop("say")("W1 is next")
            calls.append((name, options))
            return REPORT

        return run

    for name in ("run", "run_solvers", "run_fits"):
        monkeypatch.setattr(bench, name, answer(name))
    return calls


def call(*arguments):
    return CliRunner().invoke(main, ["bench", *arguments])


def test_the_table_is_shown(asked):
    done = call("--quick", "--threads", "1", "--workload", "W1", "--dtype", "float64")
    assert done.exit_code == 0
    assert "peer" in done.stdout
    assert "odd is left out: it cannot." in done.stdout
    assert "W1 is next" in done.stderr
    choices = {"workloads": ("W1",), "dtypes": ("float64",), "threads": 1, "quick": True}
    assert asked == [("run", {**choices, "isa": "native"})]


def test_json_is_the_whole_report(asked):
    done = call("--json", "--isa", "avx2")
    assert Report.from_json(done.stdout) == REPORT
    assert json.loads(done.stdout)["lines"][0]["ratio"] == 2.5
    assert asked == [("run", {"isa": "avx2"})]


@pytest.mark.parametrize("what", ["solvers", "fits"])
def test_races_and_fits(asked, what):
    assert call(f"--{what}").exit_code == 0
    assert asked == [(f"run_{what}", {"isa": "native"})]
    refused = call(f"--{what}", "--workload", "W1")
    assert refused.exit_code == 2
    assert "exclude each other" in refused.stderr


def test_a_picture_is_not_replaced_without_leave(asked, tmp_path):
    picture = tmp_path / "speed.png"
    assert call("--picture", str(picture)).exit_code == 0
    assert picture.stat().st_size > 1000
    refused = call("--picture", str(picture))
    assert refused.exit_code == 2
    assert "exists" in refused.stderr
    assert len(asked) == 1
    assert call("--picture", str(picture), "--force").exit_code == 0


def test_a_workload_that_is_none_is_one_line():
    done = call("--workload", "W12")
    assert done.exit_code == 2
    assert "'W12' is not one of W1," in done.stderr
    assert "Traceback" not in done.stderr


def test_two_reports_are_compared_and_nothing_is_measured(asked, tmp_path):
    for name, seconds in (("old", 0.006), ("new", 0.002)):
        timings = {**TIMINGS, "backpass": Timing((seconds,), 1, None)}
        report = replace(REPORT, lines=(replace(LINE, timings=timings),))
        (tmp_path / f"{name}.json").write_text(report.to_json(), "utf-8")
    files = [str(tmp_path / f"{name}.json") for name in ("old", "new")]
    done = call("--compare", *files)
    assert done.exit_code == 0
    for part in ("old", "new", "6 ms → 2 ms", "3.00"):
        assert part in done.stdout
    assert asked == []
    (line,) = json.loads(call("--compare", *files, "--json").stdout)["lines"]
    assert line["times_as_fast"] == pytest.approx(3)
    assert [
        report["name"]
        for report in json.loads(call("--compare", *files, "--json").stdout)["reports"]
    ] == ["old", "new"]


@pytest.mark.parametrize("option", [["--quick"], ["--fits"], ["--isa", "native"], ["--force"]])
def test_a_comparison_goes_with_no_other_option(asked, option):
    refused = call("--compare", "a.json", "b.json", *option)
    assert refused.exit_code == 2
    assert "--compare measures nothing" in refused.stderr
    assert asked == []


def test_what_is_no_report_is_one_line(tmp_path):
    done = call("--compare", str(tmp_path / "none.json"), "b.json")
    assert done.exit_code == 2
    assert "none.json cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
