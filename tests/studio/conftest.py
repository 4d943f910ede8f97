"""A browser for the tests of the page, a page without a server, and one with it."""

from contextlib import contextmanager

import pytest
from browser_pages import Page, digits_page_state
from served_pages import serve
from sklearn.datasets import load_digits

import backpass as bp
from backpass.studio.app import new_address
from backpass.studio.page import bake
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData
from backpass.studio.toys import GOOD, page_state_of_toy, session_data_of_toy
from chromium import CHROMIUM, FLAGS


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    opened = []

    def open_page_state(state: PageState, **context) -> Page:
        path = tmp_path / "page.html"
        path.write_text(bake(state), encoding="utf-8")
        opened.append(Page(browser, path.as_uri(), offline=True, **context))
        return opened[-1]

    yield open_page_state
    for page in opened:
        page.context.close()


@contextmanager
def served(browser, state: PageState, data: SessionData):
    """A page of a server that runs."""
    address = new_address()
    with serve(state, data, address):
        page = Page(browser, address.url)
        yield page
        page.context.close()


@pytest.fixture
def live(browser):
    X, y = load_digits(return_X_y=True)
    X, Y = X / 16, bp.one_hot(y)
    state = digits_page_state()
    saved = []
    data = SessionData(X[:1500], Y[:1500], X[1500:], Y[1500:],
                  lambda theta: saved.append(theta.copy()) or "Saved.")  # fmt: skip
    with served(browser, state, data) as page:
        yield page, state, saved


@pytest.fixture
def live_toy(browser):
    settings = GOOD["rings"].settings
    state = page_state_of_toy(settings)
    with served(browser, state, session_data_of_toy(settings)) as page:
        yield page, state
