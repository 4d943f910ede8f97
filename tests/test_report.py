"""The report: what it shows, that it asks for nothing from anywhere, and that it escapes text."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from backpass.datasets import load_named
from backpass.experiment import Outcome, prepare, run
from backpass.report import MOST_MISTAKES, render
from backpass.settings import Settings
from backpass.tables import Table

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
    assert f"{100 * digits.score:.2f} %" in page
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
