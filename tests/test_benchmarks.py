"""The scripts that publish and judge a report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backpass.bench import WORKLOADS, Line, Report, Timing
from backpass.bench.tabular import Score, SplitRule, TableFacts, TableFit, TablesReport
from backpass.bench.workloads import named

SCRIPTS = Path(__file__).parents[1] / "benchmarks"
W1, W1_200K = WORKLOADS[0], WORKLOADS[2]
assert W1_200K.name == "W1 200k"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    for name in ("publish", "targets", "tables", "pages"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import publish
    import targets

    return publish, targets


def line(workload, ours, peer, dtype="float32", memory=2 * 10**6):
    timings = {"backpass": Timing((ours,), 2, memory), "peer": Timing((peer,), 2, None)}
    return Line(workload, dtype, timings, {}, ("backpass",))


def report(*lines):
    machine = {"processor": "P", "versions": {"numpy": "2"}}
    peaks = {"float32": 2e11, "float64": 1e11}
    return Report(machine, peaks, "a product", 2, "native", lines, {})


def words(table):
    return list(table.columns[-1].cells)


def test_ratios_are_judged(scripts):
    _, targets = scripts
    made = report(
        line(W1, 1.0, 2.6),
        line(W1, 1.0, 2.2),
        line(W1, 1.0, 1.8),
        line(W1, 1.0, 1.1, "float64"),
        line(W1, 1.0, 0.9, "float64"),
    )
    expected = ["goal", "holds", "FALLS SHORT", "goal", "FALLS SHORT"]
    assert words(targets.table(made, "title")) == expected


def test_a_workload_may_name_its_peer(scripts):
    _, targets = scripts
    [W8] = named("W8")
    timings = {"backpass": Timing((1.0,), 2, None), "scikit-learn": Timing((6.0,), 2, None)}
    faster = timings | {"peer": Timing((0.5,), 2, None)}
    made = report(Line(W8, "float32", faster, {}, ("backpass",)), line(W8, 1.0, 0.5))
    assert words(targets.table(made, "title")) == ["goal", "FALLS SHORT"]


def test_growth_and_memory_are_judged(scripts):
    _, targets = scripts
    said = targets.properties(report(line(W1, 0.001, 1), line(W1_200K, 0.05, 1, memory=10**9)))
    assert said[0] == "FALLS SHORT: float32, time per row, W1 200k against W1: 1.25 (limit 1.20)"
    assert said[1] == "holds: float32, MB beyond the data, W1: 2 (limit 24)"
    assert said[2].startswith("FALLS SHORT: float32, MB beyond the data, W1 200k: 1000")


def test_the_page_and_the_picture_are_written(scripts, tmp_path, monkeypatch):
    publish, _ = scripts
    page = tmp_path / "speed.rst"
    page.write_text(f"before\n{publish.pages.BEGIN}\nold\n{publish.pages.END}\nafter\n")
    monkeypatch.setattr(publish, "PAGE", page)
    monkeypatch.setattr(publish, "PICTURE", tmp_path / "new" / "speed.svg")
    for _ in range(2):  # again over its own text
        publish.write({"native": report(line(W1, 0.001, 0.0026)), "solvers": report()})
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.count("All cores, each library with its best instructions") == 1
    assert "2.6 ms" in text
    assert "old" not in text
    assert (tmp_path / "new" / "speed.svg").exists()


def test_the_real_page_has_its_place(scripts):
    publish, _ = scripts
    text = publish.PAGE.read_text()
    assert text.index(publish.pages.BEGIN) < text.index(publish.pages.END)


@pytest.fixture
def ratios(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.delitem(sys.modules, "ratios", raising=False)
    import ratios

    return ratios


def rows(said):
    """The table's cells by workload."""
    cells = [[c.strip() for c in row.split("|")[1:-1]] for row in said.splitlines() if "|" in row]
    return {first: rest for first, *rest in cells[2:]}


def test_a_ratio_that_falls_by_more_than_a_part_is_said(ratios):
    then = ratios.Ratios.best_peers(report(line(W1, 1.0, 2.0), line(W1_200K, 1.0, 3.0)))
    said = ratios.summary(report(line(W1, 1.0, 1.71), line(W1_200K, 1.0, 2.52)), then)
    assert said.startswith("⚠️ 1 of the ratios have fallen by more than 15%.")
    assert rows(said) == {
        "W1, float32": ["peer", "2.00", "1.71", ""],
        "W1 200k, float32": ["peer", "3.00", "2.52", "**fallen by 16%**"],
    }
    assert ratios.summary(report(line(W1, 1.0, 9.0)), then).startswith("No ratio has fallen")


def test_a_line_or_a_peer_that_is_missing_is_no_fall(ratios):
    then = ratios.Ratios.best_peers(report(line(W1, 1.0, 2.0), line(W1_200K, 1.0, 3.0)))
    alone = line(W1, 1.0, 2.0)
    del alone.timings["peer"]
    alone.timings["another"] = Timing((0.1,), 2, None)
    said = ratios.summary(report(alone), then)
    assert said.startswith("No ratio has fallen")
    assert [cells[-1] for cells in rows(said).values()] == ["not measured"] * 2


def test_ratios_are_committed_and_read_again(ratios, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ratios, "COMMITTED", tmp_path / "ratios.json")
    measured = tmp_path / "bench.json"
    measured.write_text(report(line(W1, 1.0, 2.0)).to_json(), "utf-8")
    for arguments in (["--write"], []):
        monkeypatch.setattr(sys, "argv", ["ratios.py", str(measured), *arguments])
        ratios.main()
        assert "| W1, float32 | peer | 2.00 | 2.00 |  |" in capsys.readouterr().out
    kept = ratios.Ratios.from_json(ratios.COMMITTED.read_text("utf-8"))
    assert kept == ratios.Ratios("P", 2, {"W1, float32": ratios.Ratio("peer", 2.0)})


def test_the_committed_ratios_are_of_todays_workloads(ratios):
    committed = ratios.Ratios.from_json(ratios.COMMITTED.read_text("utf-8"))
    assert {name.rpartition(", ")[0] for name in committed.by_line} <= {w.name for w in WORKLOADS}
    assert committed.by_line


def test_X_enters_no_file_more_than_three_times():
    command = [sys.executable, str(SCRIPTS / "follow_x.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    times = {file: int(n) for n, file in map(str.split, done.stdout.splitlines()[1:])}
    assert times["estimators/base.py"] >= 2
    assert times["engine/problem.py"] >= 1
    assert max(times.values()) <= 3


NAMES = ("backpass", "CatBoost", "LightGBM")
BETTER = ((0.2, 0.4, 0.6), (0.3, 0.4, 0.6))  # losses of two tables


def tables_report(losses=BETTER, seconds=(1.0, 2.0, 0.5), names=NAMES):
    """Two seeds a table."""
    fits = tuple(
        TableFit(f"t{k}", name, seed, Score(loss / 2, loss, time))
        for k, each in enumerate(losses)
        for name, loss, time in zip(names, each, seconds)
        for seed in range(2)
    )
    facts = tuple(TableFacts(f"t{k}", 90, 4, 1, 2) for k in range(len(losses)))
    machine = {"processor": "P", "versions": {"catboost": "1.2"}}
    return TablesReport(machine, 2, SplitRule(), None, facts, fits)


@pytest.fixture
def tables(scripts):
    import tables

    return tables


def judged(tables, *report):
    return [line.partition(":")[0] for line in tables.judged(tables_report(*report))]


def test_what_tables_have_to_reach_is_judged(tables):
    said = list(tables.judged(tables_report()))
    assert said[:4] == [
        "goal: mean rank by error less CatBoost's: -1.00 (at most 0, goal 0)",
        "  with 95 % over tables between -1.00 and -1.00",
        "goal: mean rank by loss less CatBoost's: -1.00 (at most -0.15, goal -0.3)",
        "  with 95 % over tables between -1.00 and -1.00",
    ]
    assert said[4] == "goal: mean rank by loss: 1.00 (goal 1.4)"
    assert said[5].startswith("goal: median of 100 ln(loss / CatBoost's): -49.04")
    assert said[6].startswith("goal: tables with more loss than the worst tree (none): 0.00")
    assert said[7].startswith("goal: seconds of all fits by CatBoost's: 0.50")
    assert said[8].startswith(
        "goal: most seconds of a fit beyond four times CatBoost's (t0): -7.00"
    )


def test_tables_that_fall_short_are_told(tables):
    said = list(tables.judged(tables_report(((0.7, 0.4, 0.6), (0.4, 0.4, 0.6)), (10.0, 2.0, 1.0))))
    words = [line.partition(":")[0] for line in said if not line.startswith(" ")]
    assert words == ["FALLS SHORT", "FALLS SHORT", "holds", *["FALLS SHORT"] * 4]
    assert "worst tree (t0): 1.00" in said[6]
    assert "(t0): 2.00 (at most 1" in said[8]


def test_what_holds_is_told_from_the_goal(tables):
    words = judged(tables, ((0.396, 0.4, 0.6), (0.39, 0.4, 0.6)), (1.9, 2.0, 1.0))
    assert words[5:8] == ["holds", "goal", "holds"]


def test_without_catboost_nothing_is_judged(tables):
    lone = tables_report(((0.1, 0.2),), (1.0, 1.0), ("backpass", "LightGBM"))
    assert list(tables.judged(lone)) == [
        "Not judged: a finished table of backpass and CatBoost is needed."
    ]


def test_what_more_time_brings_is_judged(tables):
    better = tables_report(((0.198, 0.4, 0.6), (0.297, 0.4, 0.6)))
    said = tables.longer(tables_report(), better)
    assert said == "goal: mean change of 100 ln(loss) on 2 tables: -1.01 (at most -1, goal -1)"
    assert tables.longer(better, tables_report()).startswith("FALLS SHORT")


def test_the_page_on_tables_is_written(scripts, tables, tmp_path, monkeypatch):
    publish, _ = scripts
    for name in ("RESULT", "PAGE", "PICTURE"):
        monkeypatch.setattr(tables, name, tmp_path / getattr(tables, name).name)
    tables.RESULT.write_text(tables_report().to_json())
    begin, end = publish.pages.BEGIN, publish.pages.END
    tables.PAGE.write_text(f"before\n{begin}\nstale\n{end}\nafter\n")
    monkeypatch.setattr(sys, "argv", ["publish.py", "tables", "--only-write"])
    for _ in range(2):
        publish.main()
    text = tables.PAGE.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.count("Where everybody stands") == 1
    assert "**0.1000 / 0.2000**" in text
    assert "stale" not in text
    assert tables.PICTURE.exists()


def test_the_real_page_on_tables_has_its_place(scripts, tables):
    publish, _ = scripts
    text = tables.PAGE.read_text("utf-8")
    assert text.index(publish.pages.BEGIN) < text.index(publish.pages.END)
