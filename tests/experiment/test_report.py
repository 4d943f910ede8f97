"""The report: what it shows, that it asks for nothing from anywhere, and that it escapes text."""

from __future__ import annotations

import base64
import html
import re
from copy import copy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import backpass as bp
from backpass.data.datasets import load_named
from backpass.data.tables import Table
from backpass.experiment.outcome import Outcome
from backpass.experiment.prepared import prepare
from backpass.experiment.report import MOST_MISTAKES, render
from backpass.experiment.settings import Settings
from backpass.experiment.training import run

QUICK = Settings(hidden=(9,), epochs=3)
VOID = {"meta", "img", "link", "br", "hr", "input", "path", "use", "rect"}


def outcome_of(table: Table, settings: Settings = QUICK) -> Outcome:
    return run(prepare(table, settings), settings)


@pytest.fixture(scope="module")
def digits() -> Outcome:
    return outcome_of(load_named("digits"))


@pytest.fixture(scope="module")
def page(digits: Outcome) -> str:
    return render(digits)


@pytest.fixture(scope="module")
def wine() -> Outcome:
    return outcome_of(load_named("wine"))


@pytest.fixture(scope="module")
def diabetes() -> Outcome:
    return outcome_of(load_named("diabetes"))


def rows_of(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, row by row."""
    body = page.split(f"<h2>{heading}</h2>")[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [[html.unescape(c) for c in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


class Reader(HTMLParser):
    """Collects what a page refers to, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_it_asks_for_nothing_from_anywhere(page: str) -> None:
    references = Reader(page).references
    assert references
    assert all(r.startswith(("data:image/png;base64,", "#")) for r in references)
    assert not re.search(r"https?:|//\w+\.\w+|@import|<script|<link|file:", page)
    assert all(u.startswith("#") for u in re.findall(r"url\(([^)]*)\)", page))


def test_it_is_well_formed_and_knows_light_and_dark(page: str) -> None:
    assert Reader(page).open == []
    assert page.startswith("<!doctype html>")
    assert "prefers-color-scheme: dark" in page
    assert '<html lang="en">' in page


def test_it_shows_score_curve_confusion_units_and_mistakes(digits: Outcome, page: str) -> None:
    assert f"{100 * digits.score:.2f}%" in page
    assert "<svg" in page
    assert digits.confusion is not None
    cells = re.findall(r"<td style=[^>]*>(\d+)</td>", page)
    assert sum(map(int, cells)) == len(digits.truth) == digits.confusion.sum()
    assert "What the hidden units look for" in page
    assert page.count('class="tile"') == min(
        MOST_MISTAKES, int(np.sum(digits.truth != digits.predicted))
    )


def test_the_worst_mistake_comes_first_and_is_the_right_picture(digits: Outcome, page: str) -> None:
    assert digits.probabilities is not None
    wrong = digits.truth != digits.predicted
    worst = int(np.where(wrong, digits.probabilities.max(axis=1), -1).argmax())
    row = int(digits.data.rows["test"][worst])
    first = re.search(r'src="data:image/png;base64,([^"]+)" alt="Row (\d+)"', page)
    assert first is not None
    assert int(first[2]) == row
    from io import BytesIO

    from matplotlib.image import imread

    ink = 1 - imread(BytesIO(base64.b64decode(first[1])))[..., 0]
    np.testing.assert_allclose(ink, load_named("digits").images()[row] / 16, atol=0.01)


def test_numbers_get_a_scatter_and_the_largest_errors() -> None:
    outcome = outcome_of(load_named("diabetes"))
    page = render(outcome)
    assert "Predicted against true" in page
    assert "Confusion" not in page
    assert "hidden units" not in page
    errors = np.abs(outcome.truth - outcome.predicted)
    first = re.search(r"<tbody>\n<tr><td>(\d+)</td>", page)
    assert first is not None
    assert int(first[1]) == outcome.data.rows["test"][errors.argmax()]
    assert Reader(page).open == []


def test_text_from_the_table_is_escaped(rng: np.random.Generator) -> None:
    names = np.array(["<b>&", "<script>alert(1)</script>"], dtype=object)
    X = rng.normal(size=(60, 2))
    table = Table(X, names[(rng.random(60) < 0.5).astype(int)], ("a", "b"), "<i>", source="<u>")
    page = render(outcome_of(table))
    assert "<script" not in page
    assert "<b>&" not in page
    assert "&lt;u&gt;: &lt;i&gt;" in page


def test_all_right_has_no_mistakes() -> None:
    X = np.repeat([[-1.0], [1.0]], 30, axis=0)
    y = np.repeat([0, 1], 30)
    page = render(outcome_of(Table(X, y, ("x",), "side"), Settings(hidden=(32,))))
    assert "There are none" in page


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("digits", "digits"),
        ("cars.csv", "cars"),
        ("../some where/cars.v2.csv.gz", "cars"),
        ("C:\\tables\\cars.csv", "cars"),
        ("/data/year=2020/", "year=2020"),
        (".csv", "table"),
        ("/", "table"),
    ],
)
def test_it_is_called_after_the_table_and_not_its_folder(wine: Outcome, source, name) -> None:
    page = render(replace(wine, data=replace(wine.data, source=source)))
    title = f"{name}: {wine.data.target.name}"
    assert f"<title>{title} · backpass</title>" in page
    assert f"<h1>{title}</h1>" in page


def test_each_class_has_the_recall_and_precision_of_scikit_learn(wine: Outcome) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    rows = rows_of(render(wine), "Each class")
    precision, recall, f1, count = precision_recall_fscore_support(
        wine.truth, wine.predicted, labels=wine.labels, zero_division=np.nan
    )
    assert [row[0] for row in rows] == [str(label) for label in wine.labels]
    assert [int(row[1]) for row in rows] == count.tolist()
    for shown, shares in zip(zip(*(row[2:] for row in rows)), (recall, precision, f1), strict=True):
        assert list(shown) == ["–" if np.isnan(s) else f"{s:.1%}" for s in shares]


def test_a_class_that_is_never_given_has_no_precision(wine: Outcome) -> None:
    first = wine.labels[0]
    page = render(replace(wine, predicted=np.full_like(wine.predicted, first)))
    rows = rows_of(page, "Each class")
    assert [row[2] for row in rows] == ["100.0%"] + ["0.0%"] * (len(rows) - 1)
    assert [row[3] for row in rows[1:]] == ["–"] * (len(rows) - 1)


def test_numbers_have_no_classes(diabetes: Outcome) -> None:
    assert "Each class" not in render(diabetes)
    assert f"{diabetes.mean_error:.4g}" in render(diabetes)


def test_the_command_is_shown_as_it_is_typed(wine: Outcome) -> None:
    command = "backpass train 'my cars/<b>.csv' --target 'a & b'"
    shown = re.search(r"<pre[^>]*><code>(.*?)</code>", render(wine, command), re.DOTALL)
    assert shown is not None
    assert html.unescape(shown[1]) == command
    assert "<b>" not in shown[1]
    assert "<pre" not in render(wine)


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_no_parameter_of_python_is_named(name: str, request: pytest.FixtureRequest) -> None:
    page = render(request.getfixturevalue(name), "backpass train x.csv")
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", page, flags=re.DOTALL)
    parameters = {*bp.MLPClassifier().get_params(), *bp.MLPRegressor().get_params()}
    words = {p for p in parameters if "_" in p} | {"alpha", "MLPClassifier", "MLPRegressor"}
    assert not words & {*re.findall(r"\w+", text)}


def test_a_training_that_diverged_at_once_is_told_without_a_curve(wine: Outcome) -> None:
    estimator = copy(wine.estimator)
    estimator.loss_curve_ = [np.nan]
    page = render(replace(wine, model=replace(wine.model, estimator=estimator)))
    assert "J was not finite after any epoch" in page
    assert 'aria-label="J' not in page
    assert Reader(page).open == []


HOSTILE = (
    "</title></style><script>alert('x')</script><img src=//evil.example/x onerror=1> \"'&{{7*7}}"
)


@pytest.mark.parametrize("classes", [True, False])
def test_hostile_names_are_text(rng: np.random.Generator, classes: bool) -> None:
    X = rng.normal(size=(60, 2))
    labels = np.array([HOSTILE + "0", HOSTILE + "1"], dtype=object)
    y = labels[(X[:, 0] > 0).astype(int)] if classes else X[:, 0]
    table = Table(X, y, (HOSTILE, "b"), HOSTILE, source=HOSTILE.replace("/", "") + ".csv")
    outcome = outcome_of(table)
    page = render(outcome, f"backpass train {HOSTILE}")
    assert page.count("<title>") == page.count("</title>") == 1
    reader = Reader(page)
    assert reader.open == []
    assert all(r.startswith(("data:image/png;base64,", "#")) for r in reader.references)
    assert "<script" not in page
    assert "{{7*7}}" in page  # a name is no template


def test_how_the_table_was_read_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{k % 7},Kö<b>ln,{rng.choice(['a', 'b'])}" for k in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("x,town,y\n" + "\n".join(lines) + "\n", encoding="latin-1")
    settings = Settings(hidden=(3,), epochs=2)
    page = render(run(prepare(bp.read_table(path, "y"), settings), settings))
    told = page[page.index("How the table was read") : page.index("<h2>Training")]
    for words in ("target (classes)", "Kö&lt;b&gt;ln", "constant", "in every row", "Windows-1252"):
        assert words in told
    assert "<b>" not in told


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_all_metrics_stand_beside_those_without_a_model(name, request) -> None:
    outcome = request.getfixturevalue(name)
    rows = rows_of(render(outcome), "Metrics")
    assert rows == [
        [line.label, line.value, line.baseline]
        for line in outcome.scores.lines(len(outcome.scores.values))
    ]
    assert len(rows) == len(outcome.scores.values) > 3


def test_weights_count_in_the_shares_of_a_class_but_not_among_its_rows(wine: Outcome) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    w = np.linspace(0.1, 3.0, len(wine.truth))
    predicted = np.roll(wine.predicted, 1)
    weighed = replace(wine, data=replace(wine.data, w={"test": w}), predicted=predicted)
    rows = rows_of(render(weighed), "Each class")
    _, _, f1, _ = precision_recall_fscore_support(
        wine.truth, predicted, labels=wine.labels, sample_weight=w, zero_division=np.nan
    )
    assert [row[4] for row in rows] == [f"{each:.1%}" for each in f1]
    assert sum(int(row[1]) for row in rows) == len(wine.truth)


def test_long_names_are_numbered_where_they_would_stand_side_by_side(rng) -> None:
    names = [f"a class whose name goes on and on, number {k}" for k in range(3)]
    table = Table(rng.normal(size=(90, 1)), np.array(names)[np.arange(90) % 3], ("x",), "kind")
    page = render(outcome_of(table))
    head = page.split('<table class="confusion">')[1].split("</thead>")[0]
    assert re.findall(r'<th scope="col">(.*?)</th>', head) == ["1", "2", "3"]
    sides = re.findall(r'<tr><th scope="row">(\d: .*?)</th>', page)
    assert sides == [f"{k + 1}: {name}" for k, name in enumerate(names)]


def test_wrong_cells_differ_by_more_than_their_colour(digits: Outcome, page: str) -> None:
    table = page.split('<table class="confusion">')[1].split("</table>")[0]
    dashed = table.count("var(--dashed)")
    assert digits.confusion is not None
    assert dashed == np.count_nonzero(digits.confusion) - np.count_nonzero(
        digits.confusion.diagonal()
    )
