"""Rows that a chart names are stepped through, also those that the page does not have."""

import numpy as np
import pytest
from browser_pages import Page, digits_page_state
from served_pages import serve
from sklearn.datasets import load_digits

import backpass as bp
from backpass.studio.answering.questions import explanation
from backpass.studio.answering.rows import told_row
from backpass.studio.app import new_address
from backpass.studio.captions import Captions
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData
from backpass.studio.summary import summary
from chromium import CHROMIUM

pytestmark = pytest.mark.xdist_group("browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


def digits_world() -> tuple[PageState, SessionData]:
    """Digits of which the page has the first eight, and a session all; rows by their numbers."""
    X, y = load_digits(return_X_y=True)
    X, Y = X / 16, bp.one_hot(y)
    numbers = np.arange(len(X)) + 1000
    captions = Captions(rows=numbers[:8].tolist(), columns={"word": [f"row {k}" for k in range(8)]})
    net = bp.Network((64, 6, 10), "tanh", "log_loss")
    theta = bp.init_theta(net, 3, "glorot")
    state = PageState(net, theta, 0.5, X[:8], Y[:8], list(range(10)), W=100.0, captions=captions)
    cells = lambda rows: {"word": [f"table row {row}" for row in rows]}  # noqa: E731
    data = SessionData(
        X[300:], Y[300:], X[:300], Y[:300], rows=numbers[300:], rows_validation=numbers[:300],
        cells=cells,
    )  # fmt: skip
    return state, data


def test_a_row_is_told_by_its_number_with_its_cells():
    state, data = digits_world()
    X, y = load_digits(return_X_y=True)
    for number in (1000, 1299, 1300, 1500):
        told = told_row(state, state.theta, data, {"row": number})
        np.testing.assert_array_equal(told["x"], X[number - 1000] / 16)
        assert np.argmax(told["y"]) == y[number - 1000]
        assert told["cells"] == {"word": [f"table row {number}"]}
    with pytest.raises(KeyError):
        told_row(state, state.theta, data, {"row": 12})


def test_the_rows_of_a_confusions_cell_come_in_turn_the_surest_first():
    state, data = digits_world()
    confusion = summary(state.net, state.theta, state, data)["confusion"]
    truth, answer = np.unravel_index(np.argmax(confusion), (10, 10))
    wish = {"truth": int(truth), "answer": int(answer)}
    count = confusion[truth][answer]
    rows = [
        told_row(state, state.theta, data, {**wish, "turn": turn})["row"] for turn in range(count)
    ]
    assert len(set(rows)) == count
    answers = bp.forward(state.net, state.theta, data.X_validation)
    sure = [answers[row - 1000].max() for row in rows]
    assert sure == sorted(sure, reverse=True)
    assert {int(answers[row - 1000].argmax()) for row in rows} == {answer}
    assert told_row(state, state.theta, data, {**wish, "turn": count})["row"] == rows[0]
    empty = np.argwhere(np.array(confusion) == 0)[0]
    with pytest.raises(KeyError):
        told_row(state, state.theta, data, {"truth": empty[0], "answer": empty[1], "turn": 0})


def test_python_explains_a_row_that_the_page_was_given_later():
    state, data = digits_world()
    question = {"theta": state.theta, "rows": [8], "numbers": [1500], "lam": 0.0, "symbol": "a",
                "layer": 2, "unit": 1}  # fmt: skip
    X, y = load_digits(return_X_y=True)
    t = bp.trace(state.net, state.theta, X[[500]] / 16, bp.one_hot(y)[[500]], 0.0)
    assert f"{t.a[2][0, 0]:.4g}"[:6] in explanation(state, question, data)


@pytest.fixture
def opened(browser):
    state, data = digits_world()
    address = new_address()
    with serve(state, data, address):
        page = Page(browser, address.url)
        yield page, state, data
        page.context.close()


def train_an_epoch(page: Page) -> None:
    page.page.click("#tab-training")
    page.page.click("#train-one")
    page.page.wait_for_selector("#mistakes .mistake")
    page.page.wait_for_selector("#train-start:enabled")


@needs_browser
def test_a_mistake_that_is_clicked_is_stepped_through(opened):
    page, _, _ = opened
    train_an_epoch(page)
    words = page.page.locator("#mistakes .mistake").first.inner_text()
    page.page.locator("#mistakes .mistake").first.click()
    page.page.wait_for_selector("#steps:not([hidden])")
    number = int(words.split()[1].rstrip(":"))
    assert page.errors == []
    assert page.page.inner_text("#row-name").startswith(f"Row {number} ")
    assert f"table row {number}" in page.page.inner_text("#row-inputs") or number < 1008
    assert page.page.evaluate("document.activeElement.id") == "step-forward"
    page.page.keyboard.press("Enter")
    theta = np.array(page.page.evaluate("window.theta ?? null") or [])
    assert theta.size == 0  # nothing of the page is global
    X, _ = load_digits(return_X_y=True)
    shown = [float(v) for v in page.page.eval_on_selector_all(
        '[data-name^="a:1:"]', "cells => cells.map((c) => c.dataset.value)")]  # fmt: skip
    np.testing.assert_allclose(shown, X[number - 1000][: len(shown)] / 16, rtol=1e-12)
    page.page.click('[data-name="a:2:1:"]')
    page.page.wait_for_selector("#python-says")
    value = page.page.get_attribute("#asked-value", "data-value")
    assert f"{float(value):.3g}".lstrip("-0.")[:2] in page.page.inner_text("#python-says")
    assert page.errors == []


@needs_browser
def test_a_row_that_was_asked_for_is_no_part_of_the_pages_epoch(opened):
    page, state, _ = opened
    train_an_epoch(page)
    page.page.locator("#mistakes .mistake").first.click()
    page.page.wait_for_selector("#steps:not([hidden])")
    beside = int(page.page.input_value("#example"))
    assert beside >= len(state.X)
    page.steps("epoch")
    page.page.wait_for_function(
        "() => document.querySelector('#step-says').textContent.startsWith('All')"
    )
    assert f"All {len(state.X)} examples" in page.page.inner_text("#step-says")
    assert f"of {len(state.X)} accumulated" in page.page.inner_text("#step-J")


@needs_browser
def test_a_cell_of_the_confusion_steps_through_one_row_after_the_other(opened):
    page, _, _ = opened
    train_an_epoch(page)
    button = page.page.locator("#confusion button").first
    count = int(button.inner_text())
    label = button.get_attribute("aria-label")
    seen = []
    for _ in range(min(count, 2) + 1):
        page.page.click("#tab-training")
        button.click()
        page.page.wait_for_selector("#steps:not([hidden])")
        seen.append(page.page.inner_text("#row-name"))
    assert len(set(seen)) == min(count, 2) + (count > 2)
    assert page.page.inner_text("#row-facts").split("\n")[1] in label
    assert page.errors == []


@needs_browser
def test_without_a_server_the_pages_own_rows_are_stepped_through(open_page):
    page = open_page(digits_page_state(m=30))
    train_an_epoch(page)
    words = page.page.locator("#mistakes .mistake").first.inner_text()
    page.page.locator("#mistakes .mistake").first.click()
    assert page.page.inner_text("#row-name").startswith(f"Row {words.split()[1].rstrip(':')} ")
    page.page.click("#tab-training")
    button = page.page.locator("#confusion button").last
    label = button.get_attribute("aria-label")
    button.click()
    assert page.page.inner_text("#row-facts").split("\n")[1] in label
    assert page.errors == []


@needs_browser
def test_the_charts_name_their_axes_and_curves_and_mark_what_was_changed(opened):
    page, _, _ = opened
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "100000")
    page.page.click("#train-start")
    said = "() => +document.querySelector('#train-says').textContent.match(/epoch (\\d+)/)?.[1] > 3"
    page.page.wait_for_function(said)
    page.page.fill("#train-alpha", "0.02")
    page.page.press("#train-alpha", "Tab")
    page.page.wait_for_selector("#chart-J .mark", state="attached")
    page.page.click("#train-stop")
    texts = page.page.locator("#chart-J text").all_inner_texts()
    assert {"epoch", "cost, logarithmic", "J of training rows", "loss of validation rows"} <= {
        *page.page.eval_on_selector_all("#chart-J text", "t => t.map((e) => e.textContent)")
    }, texts
    assert "α = 0.02" in page.page.inner_text("#train-marks")
    page.page.reload()
    page.page.wait_for_selector("#chart-J .mark", state="attached")
    assert "α = 0.02" in page.page.inner_text("#train-marks")
    page.shot("charts")
    assert page.errors == []
