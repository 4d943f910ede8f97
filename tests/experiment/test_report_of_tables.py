"""What the report shows of a table's model: numbers are those of the functions that found them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from test_report import Reader

import backpass as bp
from backpass.cli import main
from backpass.data.raw import Moments, Numbers, Texts
from backpass.data.tables import Table
from backpass.experiment.outcome import Outcome
from backpass.experiment.page.answers import MOST_BARS, shown_answers
from backpass.experiment.page.cells import row_of, written
from backpass.experiment.page.members import HEIGHT, WIDTH, shown_members
from backpass.experiment.page.pictures import MOST_DOTS, drawn_rows
from backpass.experiment.prepared import unparted
from backpass.experiment.report import MOST_CELLS, render
from backpass.experiment.settings import Settings
from backpass.experiment.training import run
from chromium import CHROMIUM, FLAGS

ONE = Settings(hidden=(6,), epochs=20)
HOSTILE = "</td><script>$x_{1}$ & \"'{{7*7}}"


def table(folder: Path, target: str, names: tuple[str, str] = ("size", "town")) -> Table:
    rng = np.random.default_rng(1)
    m = 260
    size, town = rng.normal(size=m), rng.choice(["Rome", "Oslo", HOSTILE], m)
    frame = pd.DataFrame({names[0]: size, names[1]: town})
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, m), "D")
    frame["noise"] = rng.normal(size=m)
    signal = 3 * size + 1.5 * (town == "Oslo") + 0.3 * rng.normal(size=m)
    kinds = {
        "price": signal,
        "dear": np.where(signal > 2, "yes", "no"),
        "level": np.array(["a", "b", "c"])[np.digitize(signal, [-2, 2])],
    }
    frame[target] = kinds[target]
    frame.to_csv(folder / "t.csv", index=False)
    return bp.read_table(folder / "t.csv", target)


def outcome_of(folder: Path, target: str, settings: Settings = ONE, **how: object) -> Outcome:
    rows = unparted(table(folder, target, **how), settings)
    return run(rows.prepared(rows.rows.split(settings), settings), settings)


def cells(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    body = re.split(rf"<h2>{re.escape(heading)}</h2>", page)[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    found = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(cell) for cell in row] for row in found]


@pytest.mark.parametrize("target", ["price", "dear", "level"])
def test_importances_are_those_that_were_measured(tmp_path, target):
    outcome = outcome_of(tmp_path, target)
    page = render(outcome)
    assert Reader(page).open == []
    shown = cells(page, "What counts")
    assert [row[0] for row in shown] == [each.column for each in outcome.insight.importances]
    for row, each in zip(shown, outcome.insight.importances):
        mean, spread = (float(x.replace("−", "-")) for x in row[2].split(" ± "))
        assert mean == pytest.approx(each.mean, rel=0.01, abs=1e-12)
        assert spread == pytest.approx(each.spread, rel=0.1, abs=1e-12)
    assert shown[0][0] == "size"


def test_dependence_and_calibration_are_those_that_were_measured(tmp_path):
    outcome = outcome_of(tmp_path, "dear")
    page, found = render(outcome), outcome.insight
    rows = cells(page, "Do probabilities hold?")[1:]
    assert [int(row[2]) for row in rows] == found.calibration.counts.tolist()
    assert [row[0] for row in rows] == [f"{p:.1%}" for p in found.calibration.predicted]
    assert [row[1] for row in rows] == [f"{p:.1%}" for p in found.calibration.observed]
    (of_town,) = [each for each in found.dependences if each.column == "town"]
    (bars,) = [each.bars for each in shown_answers(outcome).dependences if each.column == "town"]
    assert [bar.name for bar in bars] == [written(cell) for cell in of_town.cells]
    assert [float(bar.text) for bar in bars] == pytest.approx(of_town.answers, rel=1e-3)
    assert f"The mean probability of <em>{found.shown_class}</em>" in page


def test_numbers_have_residuals_and_classes_have_none(tmp_path):
    page = render(outcome_of(tmp_path, "price"))
    assert "<h2>Residuals</h2>" in page
    assert "Do probabilities hold?" not in page
    page = render(outcome_of(tmp_path, "level"))
    assert "<h2>Residuals</h2>" not in page
    assert "how many of each are right" in page


def test_the_worst_rows_have_their_cells(tmp_path):
    outcome = outcome_of(tmp_path, "price")
    shown = cells(render(outcome), "The worst mistakes")
    frame = pd.read_csv(tmp_path / "t.csv")
    names = [each.column for each in outcome.insight.importances[:MOST_CELLS]]
    assert shown[0][5:] == names
    worst = int(np.argmax(outcome.insight.losses))
    assert shown[1][4] == f"{outcome.insight.losses[worst]:.4g}"
    for row in shown[1:]:
        for name, cell in zip(names, row[5:]):
            true = frame.loc[int(row[0]), name]
            assert cell == (f"{true:.5g}" if isinstance(true, float) else true)


def test_hostile_names_and_texts_are_text(tmp_path):
    page = render(outcome_of(tmp_path, "dear", names=(f"{HOSTILE} size", f"{HOSTILE} town")))
    assert "<script" not in page
    assert Reader(page).open == []
    assert html.escape(f"{HOSTILE} size", quote=False).split("$")[1] in page


def test_a_table_of_many_columns_shows_those_that_count(tmp_path):
    outcome = outcome_of(tmp_path, "dear")
    many = replace(outcome.insight, importances=outcome.insight.importances * 8)
    outcome.__dict__["insight"] = many
    answers = shown_answers(outcome)
    assert len(answers.importances) == MOST_BARS
    assert answers.others == 4 * 8 - MOST_BARS
    assert "12 columns more count less" in render(outcome)


def test_where_no_column_is_read_nothing_is_said_of_columns():
    X, y = np.arange(60.0)[:, None] % 5, np.arange(60) % 2
    settings = Settings(hidden=(3,), epochs=2)
    rows = unparted(Table(X, y, ("x",), "y"), settings)
    outcome = run(rows.prepared(rows.rows.split(settings), settings), settings)
    assert outcome.insight is None
    assert "What counts" not in render(outcome)


def test_cells_are_written_as_people_read_them():
    days = np.array(["2024-02-29", "2024-02-29T12:30", "NaT"], "datetime64[us]")
    columns = {
        "n": Numbers(np.array([1 / 3, np.nan, 2e9])),
        "k": Numbers(np.array([1, 2, 1234567])),
        "d": Moments(days),
        "t": Texts.of(["a", None, "b" * 99]),
    }
    rows = [row_of(columns, list("nkdt"), k) for k in range(3)]
    assert rows[0] == ("0.33333", "1", "2024-02-29", "a")
    assert rows[1] == ("", "2", "2024-02-29 12:30:00", "")
    assert rows[2] == ("2e+09", "1234567", "", "b" * 60 + "…")


def ensemble_of(folder: Path, target: str, **changes: object) -> Outcome:
    """An outcome whose model is an ensemble of the same table."""
    outcome = outcome_of(folder, target)
    frame = pd.read_csv(folder / "t.csv")
    kind = bp.TabularRegressor if target == "price" else bp.TabularClassifier
    estimator = kind(n_members=5, random_state=0, member={"max_epochs": 6}, **changes)
    estimator.fit(frame.drop(columns=target), frame[target])
    model = replace(
        outcome.model,
        estimator=estimator,
        preprocessing=replace(
            outcome.model.preprocessing, encoding=estimator.preprocessing_.encoding
        ),
    )
    return replace(outcome, model=model, settings=replace(ONE, metric=changes.get("metric")))


@pytest.mark.parametrize(
    ("target", "metric", "unit"),
    [
        ("price", None, "RMSE / deviation"),
        ("dear", None, "log loss"),
        ("dear", "auc", "AUC"),
        ("price", "mean_error", "mean error"),
    ],
)
def test_the_leaderboard_is_that_of_the_ensemble(tmp_path, target, metric, unit):
    outcome = ensemble_of(tmp_path, target, metric=metric)
    shown, ensemble = shown_members(outcome), outcome.model.ensemble
    assert shown.unit == unit
    assert sorted(each.number for each in shown.members) == [0, 1, 2, 3, 4]
    by_number = {each.settings.number: k for k, each in enumerate(ensemble.members)}
    weights = [ensemble.weights[by_number[each.number]] for each in shown.members]
    assert weights == sorted(weights, reverse=True)
    for each in shown.members:
        k = by_number[each.number]
        cost = ensemble.costs[k] ** 2 if unit == "mean error" else ensemble.costs[k]
        cost = {"AUC": -cost, "log loss": cost}.get(unit, abs(cost) ** 0.5)
        assert float(each.cost) == pytest.approx(cost, abs=6e-5)
        assert each.epochs == ensemble.members[k].result.epochs
        points = np.array([point.split(",") for point in each.curve.split()], float)
        assert len(points) == each.epochs
        assert points[:, 0].min() == 0
        assert points[:, 0].max() <= WIDTH
        assert 0 <= points[:, 1].min() <= points[:, 1].max() <= HEIGHT
        scores = ensemble.members[k].result.validation_scores
        assert each.best == pytest.approx(points[np.argmax(scores)])


def test_one_network_has_no_leaderboard(tmp_path):
    assert shown_members(outcome_of(tmp_path, "dear")) is None
    assert "<h2>Members" not in render(outcome_of(tmp_path, "dear"))


def test_of_many_rows_some_have_a_dot():
    assert sorted(drawn_rows(30)) == list(range(30))
    some = drawn_rows(9000)
    assert len(set(some.tolist())) == MOST_DOTS
    assert some.max() > 8000


def test_each_of_several_targets_is_asked_by_itself(tmp_path):
    table(tmp_path, "price")
    frame = pd.read_csv(tmp_path / "t.csv")
    frame["other"] = frame["noise"] * 5
    frame.to_csv(tmp_path / "t.csv", index=False)
    settings = Settings(hidden=(6,), solver="lbfgs", epochs=100)
    rows = unparted(bp.read_table(tmp_path / "t.csv", ("price", "other")), settings)
    outcome = run(rows.prepared(rows.rows.split(settings), settings), settings)
    assert outcome.insight is None
    price, other = (each.insight for each in outcome.targets)
    assert price.importances[0].column == "size"
    assert other.importances[0].column == "noise"
    expected = (outcome.predicted - outcome.truth) ** 2
    np.testing.assert_allclose(np.stack([price.losses, other.losses], axis=1), expected, rtol=1e-9)
    page = render(outcome)
    assert "What counts of price" in page
    assert "What counts of other" in page


def test_axe_finds_nothing_serious_in_a_report(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    table(tmp_path, "dear")
    asked = ["train", str(tmp_path / "t.csv"), "--target", "dear", "--members", "20"]
    done = CliRunner().invoke(main, [*asked, "--out", str(tmp_path / "t.backpass")])
    assert done.exit_code == 0, done.stderr
    path = tmp_path / "t.html"
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme in ("light", "dark"):
            page = browser.new_context(color_scheme=scheme, offline=True).new_page()
            page.goto(path.as_uri())
            found = axe.Axe().run(page).response["violations"]
            assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        browser.close()
