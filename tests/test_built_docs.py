"""The docs as they are built: they ask for nothing from anywhere, and every page leads on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from chromium import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[1]
NEEDED = ("sphinx", "sphinx_gallery", "pydata_sphinx_theme", "numpydoc")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"the docs extra is not installed: {MISSING}"),
]

# What a page shows of its formulas: how many there are, how many are drawn, and TeX that is left.
FORMULAS = """() => {
  const all = [...document.querySelectorAll("math")];
  const drawn = all.filter((one) => one.getBoundingClientRect().width > 2);
  const words = document.querySelector("article")?.textContent ?? "";
  const code = [...document.querySelectorAll("article pre, article code")];
  const text = code.reduce((left, one) => left.replace(one.textContent, ""), words);
  return [all.length, drawn.length, /\\\\(frac|Theta|delta|sum|text)/.test(text)];
}"""
LINKS = "links => links.map(link => link.getAttribute('href'))"

MADE = ("studio-page.html", "report.html")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The docs, without running the gallery's examples, in a folder of their own."""
    at = tmp_path_factory.mktemp("docs")
    left_out = shutil.ignore_patterns("_build", "_made", "gallery", "generated", "sg_*")
    shutil.copytree(ROOT / "docs", at / "docs", ignore=left_out)
    shutil.copytree(ROOT / "examples", at / "examples")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    quick = {**os.environ, "BACKPASS_DOCS_GALLERY": "0"}
    done = subprocess.run(
        [*command, "docs", "html"], cwd=at, env=quick, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return at / "html"


@pytest.fixture(scope="module")
def page(built):
    """A page of a browser without a network; it notes what it asks for, and errors."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_context(offline=True).new_page()
        opened.asked, opened.errors = [], []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.on("console", lambda m: m.type == "error" and opened.errors.append(m.text))
        opened.on("pageerror", lambda error: opened.errors.append(str(error)))
        yield opened
        browser.close()


@dataclass(frozen=True)
class Read:
    """What one page shows."""

    path: Path
    formulas: int
    drawn: int
    raw_tex: bool
    links: list[str]
    onward: list[str]
    too_wide: list[int]


@pytest.fixture(scope="module")
def read(built, page) -> list[Read]:
    """Every page, opened once: of the API's own only one, since they are all alike."""
    paths = sorted(built.glob("*.html")) + sorted(built.glob("gallery/**/*.html"))
    return [look(page, path) for path in [*paths, built / "api/generated/backpass.trace.html"]]


def look(page, path: Path) -> Read:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(path.as_uri())
    links = page.eval_on_selector_all("main a[href]", LINKS)
    onward = page.eval_on_selector_all("article a.internal, .right-next", LINKS)
    too_wide = []
    for width in (1280, 640, 390):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            too_wide.append(width)
    return Read(path, *page.evaluate(FORMULAS), links, onward, too_wide)


def test_no_page_asks_for_anything_or_fails(read, page):
    foreign = {url for url in page.asked if urlsplit(url).scheme not in ("file", "data", "blob")}
    assert not foreign
    assert not page.errors


def test_all_formulas_are_drawn(read):
    assert {each.path.name for each in read if each.raw_tex or each.drawn < each.formulas} == set()
    assert sum(each.formulas for each in read) > 100


def test_no_page_is_wider_than_the_screen(read):
    assert {each.path.name: each.too_wide for each in read if each.too_wide} == {}


def test_no_page_is_a_dead_end(read):
    ends = {"genindex.html", "search.html", *MADE}  # lists of links, and pages that stand alone
    dead = [each.path.name for each in read if not [to for to in each.onward if to[:1] != "#"]]
    assert set(dead) <= ends


def test_no_link_leads_nowhere(read):
    lost = []
    for each in read:
        for link in each.links:
            target = urlsplit(link)
            if target.path and not target.scheme:
                there = (each.path.parent / unquote(target.path)).exists()
                lost += [] if there else [f"{each.path.name}: {link}"]
    assert lost == []


def test_the_page_to_click_through_runs_in_the_docs(built, page):
    page.goto((built / "play.html").as_uri())
    frame = page.frame_locator("iframe.embedded")
    frame.locator("html[data-ready=true]").wait_for(state="attached")
    frame.locator("#step-forward").click()
    assert frame.locator("svg").first.is_visible()
    assert not page.errors


def test_the_lesson_is_first_and_in_its_order(built, page):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto((built / "index.html").as_uri())
    texts = "all => all.map(each => each.textContent.trim())"
    names = page.eval_on_selector_all(".bd-header .navbar-nav a", texts)
    assert names[:2] == ["Start", "Lesson"]
    page.goto((built / "gallery" / "lesson" / "index.html").as_uri())
    chapters = page.eval_on_selector_all(".bd-sidebar-primary .bd-links a", texts)
    assert [chapter[:2] for chapter in chapters] == [f"{k}." for k in range(1, 8)]


def test_an_answer_is_hidden_until_it_is_asked_for(built, page):
    page.goto((built / "gallery" / "lesson" / "plot_2_backward.html").as_uri())
    answers = page.locator("details.admonition")
    assert answers.count() == 2
    assert not answers.first.locator("p:not(.admonition-title)").first.is_visible()
    answers.first.locator("summary").click()
    assert answers.first.get_by_text("−0.2").first.is_visible()
