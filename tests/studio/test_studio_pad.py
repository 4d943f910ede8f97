"""What is drawn is laid as the network's own rows lie."""

from dataclasses import replace

import numpy as np
import pytest
from browser_pages import Page, digits_page_state
from sklearn.datasets import load_digits

import backpass as bp
from backpass.arrays import ImageShape
from backpass.studio.page_state import PageState
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


def centred_by_mass_page_state() -> PageState:
    """Pictures of 28 × 28 as MNIST has them: 20 pixels large, the centre of mass in the middle."""
    digits, X = load_digits(return_X_y=True)[0][:30].reshape(-1, 8, 8), []
    for digit in digits:
        image, large = np.zeros((60, 60)), np.kron(digit, np.ones((3, 3)))[:20, :20]
        image[20:40, 20:40] = large
        rows, columns = np.indices(image.shape)
        down, across = ((image * each).sum() / image.sum() for each in (rows, columns))
        top, left = round(down + 0.5) - 14, round(across + 0.5) - 14
        X.append(image[top : top + 28, left : left + 28].ravel() / 16)
    net = bp.Network((784, 4, 10), "tanh", "log_loss")
    X = np.array(X)
    X[0] = np.clip(X[0], 0, 1)
    X = np.vstack([X, np.ones((1, 784)), np.zeros((1, 784))])  # every pixel has the whole range
    state = PageState(net, bp.init_theta(net, 0, "glorot"), 0.0, X, np.eye(10)[np.arange(32) % 10])
    return replace(state, classes=list(range(10)), image=ImageShape(28, 28))


def draw(page: Page, *points: tuple[float, float]) -> np.ndarray:
    """Draw a line through points of the pad; return what the network sees."""
    pad = page.page.locator("#pad").bounding_box()
    page.page.mouse.move(pad["x"] + points[0][0], pad["y"] + points[0][1])
    page.page.mouse.down()
    for x, y in points[1:]:
        page.page.mouse.move(pad["x"] + x, pad["y"] + y, steps=6)
    page.page.mouse.up()
    seen = page.page.get_attribute("#pad-seen canvas", "data-seen")
    return np.array([float(v) for v in seen.split()])


def test_a_small_drawing_in_a_corner_is_seen_as_mnist_lays_it(open_page):
    page = open_page(centred_by_mass_page_state())
    page.page.click("#tab-draw")
    assert "20 pixels large, its centre of mass" in page.page.inner_text("#pad-habit")
    seen = draw(page, (30, 30), (30, 90), (60, 90)).reshape(28, 28)  # an L
    rows, columns = np.nonzero(seen > 0.1)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    where = np.indices(seen.shape) + 0.5
    mass = [(seen * each).sum() / seen.sum() for each in where]
    np.testing.assert_allclose(mass, [14, 14], atol=0.3)
    page.page.uncheck("#pad-centred")
    raw = page.page.get_attribute("#pad-seen canvas", "data-seen").split()
    assert np.array(raw, float).reshape(28, 28)[:, 14:].max() == 0
    page.shot("pad")


def test_the_8_by_8_digits_fill_the_height(open_page):
    page = open_page(digits_page_state())
    page.page.click("#tab-draw")
    assert "8 pixels large, its box" in page.page.inner_text("#pad-habit")
    draw(page, (200, 200), (200, 230))
    x = page.page.get_attribute("#pad-seen canvas", "data-seen")
    seen = np.array([float(v) for v in x.split()]).reshape(8, 8)
    assert (seen[:, 3:5].max(axis=1) > 0).sum() >= 6  # where rows have no ink at all, none is seen
    assert page.errors == []


def test_an_empty_pad_says_how_to_draw(open_page):
    page = open_page(digits_page_state())
    page.page.click("#tab-draw")
    assert page.page.inner_text("#draw-says").startswith("Draw a digit with the pointer")
    draw(page, (100, 60), (100, 220))
    assert page.page.inner_text("#draw-says").startswith("The answer: ")
    page.page.click("#pad-clear")
    assert page.page.inner_text("#draw-says").startswith("Draw a digit with the pointer")
