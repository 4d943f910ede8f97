"""The debugger's tab in a browser: what a learner pastes, chooses, cancels and reads."""

import os
import random
import time

import pytest
from browser_pages import Page, digits_page_state
from served_pages import serve
from test_debugger import ENDLESS, RIGHT, WRONG
from test_studio_whole import CLICKS, SIZES, click_at_random, widest

from backpass.studio.answering.beside import Beside
from backpass.studio.app import new_address
from backpass.studio.session_data import SessionData
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(os.name != "posix", reason="no process can be contained here"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def address():
    state = digits_page_state(m=8)
    data = SessionData(state.X, state.Y, state.X[:0], state.Y[:0])
    address = new_address()
    with serve(state, data, address, Beside(debugs=True)):
        yield address


@pytest.fixture
def opened(browser, address):
    pages = []

    def open_page(**context) -> Page:
        pages.append(Page(browser, address.url, **context))
        pages[-1].page.click("#tab-debug")
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


def judge(page: Page, text: str, names: str = "") -> str:
    """Paste a text, and wait for what is said of it."""
    page.page.fill("#debug-code", text)
    page.page.fill("#debug-names", names)
    page.page.click("#debug-judge")
    page.page.wait_for_selector("#debug-judge:enabled", timeout=90_000)
    return page.page.inner_text("#debug-says")


@pytest.mark.parametrize("size", ["phone", "projector"])
def test_a_learner_is_told_as_much_as_was_chosen(opened, size):
    page = opened(**SIZES[size])
    assert "1 mistake explains" in judge(page, WRONG)
    told = page.page.inner_text("#debug-verdict")
    assert "backprop was called as" in told
    assert "= backprop(X, " in told
    assert "D is not the derivative" in told
    assert "layer 2" in told
    assert page.page.locator(".mistakes").count() == 0
    page.page.select_option("#debug-grade", "where")
    where = page.page.inner_text("#debug-verdict section:first-of-type")
    assert "Look at gradient" in where
    assert "g′" not in where
    page.page.select_option("#debug-grade", "formula")
    cells = page.page.locator(".mistakes td").all_inner_texts()
    assert "g′(z^(l))" in cells[3]
    assert widest(page) <= SIZES[size]["viewport"]["width"]
    assert page.errors == []


def test_which_function_is_meant_is_asked_and_a_button_answers(opened):
    page = opened()
    assert "which one" in judge(page, RIGHT + "\ndef forward(X): return X\n")
    page.page.click("#debug-choices button")
    page.page.wait_for_selector("#debug-judge:enabled", timeout=90_000)
    assert page.page.input_value("#debug-names") == "backprop"
    assert page.page.inner_text("#debug-says").startswith("Right")


def test_a_run_is_cancelled_and_another_one_begins(opened):
    page = opened()
    page.page.fill("#debug-code", ENDLESS)
    page.page.focus("#debug-judge")
    page.page.keyboard.press("Enter")
    focused = "document.activeElement.id"
    assert page.page.evaluate(focused) == "debug-cancel"
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#debug-judge:enabled")
    assert "Cancelled" in page.page.inner_text("#debug-says")
    assert page.page.evaluate(focused) == "debug-judge"
    end = time.monotonic() + 30
    while "Another" in (said := judge(page, "x = 3")) and time.monotonic() < end:
        page.page.wait_for_timeout(200)
    assert "no function" in said


def test_what_a_learner_wrote_is_text_and_never_a_page(opened):
    page = opened()
    mark = "<img src=x onerror=document.title='owned'>"
    text = f"def backprop(X, y, W1, b1, W2, b2):\n    raise ValueError({mark!r})\n"
    judge(page, text)
    assert mark in page.page.inner_text("#debug-verdict")
    assert page.page.locator("#debug-verdict img").count() == 0
    assert page.page.title() == "backpass studio"


@pytest.mark.parametrize("size", SIZES)
def test_random_clicks_in_the_debugger_do_no_harm(opened, size):
    page = opened(**SIZES[size])
    rng = random.Random(size)
    for click in range(CLICKS):
        click_at_random(page, "debug", rng)
        assert widest(page) <= SIZES[size]["viewport"]["width"], click
    assert [e for e in page.errors if "409" not in e and "413" not in e] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_verdict(opened, scheme):
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    from axe_playwright_python.sync_playwright import Axe

    page = opened(color_scheme=scheme, bypass_csp=True)
    page.page.select_option("#debug-grade", "formula")
    judge(page, WRONG)
    found = Axe().run(page.page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


def test_the_offline_page_says_that_it_needs_the_server(open_page):
    page = open_page(digits_page_state(m=5))
    page.page.click("#tab-debug")
    assert "backpass studio --debugger" in page.page.inner_text("#debug")
    assert not page.page.is_visible("#debug-code")
