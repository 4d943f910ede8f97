"""Sliders and choices: what the page answers to a row with other cells is what Python predicts."""

import random

import numpy as np
import pandas as pd
import pytest
from browser_pages import Page
from served_pages import serve
from test_studio_members import model, table  # noqa: F401  (a fixture)
from test_studio_whole import CLICKS, SIZES, click_at_random, widest

from backpass.cli.commands.studio import _new
from backpass.studio.app import new_address
from backpass.studio.model import StudioModel
from backpass.studio.page import bake
from backpass.studio.tables.controls import answered
from chromium import CHROMIUM

pytestmark = pytest.mark.xdist_group("browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
OTHER = {"area": 120.25, "rooms": 2.0, "city": "Oslo"}


@pytest.fixture(scope="module", params=["numbers", "two", "three"])
def network(request, tmp_path_factory) -> tuple[StudioModel, pd.DataFrame]:
    """A single network of a table with heavy tails, and the table."""
    frame = table(request.param)
    frame.loc[3, "area"] = 900.0  # far in the tail, where numbers enter as logarithms
    path = tmp_path_factory.mktemp(request.param) / "t.csv"
    frame.to_csv(path, index=False)
    return _new(str(path), frame.columns[-1], (4,), 0.1, 0), frame


def python_says(shown: StudioModel, frame: pd.DataFrame, row: int, cells: dict) -> np.ndarray:
    """What the model predicts of a row of the table with other cells."""
    other = frame.iloc[[row]].astype({"rooms": float}).assign(**cells)
    X = shown.model.preprocessing.transform(other.iloc[:, :-1])
    p = shown.model.probabilities(X)
    return shown.model.predict(X).reshape(-1) if p is None else p[0]


def set_cells(page: Page, cells: dict) -> None:
    for name in ("area", "rooms"):
        if name in cells:
            page.page.fill(
                f'#whatif-controls input[type=number][aria-label="{name}"]', str(cells[name])
            )
    if "city" in cells:
        page.page.select_option('#whatif-controls select[aria-label="city"]', label=cells["city"])


def told(page: Page) -> list[float]:
    script = "rows => rows.map((r) => +r.dataset.value)"
    return page.page.eval_on_selector_all("#whatif-answer > div", script)


@needs_browser
def test_the_page_answers_as_python_predicts_and_says_so_offline(network, browser, tmp_path):
    shown, frame = network
    state = shown.page_state()
    path = tmp_path / "page.html"
    path.write_text(bake(state), encoding="utf-8")
    page = Page(browser, path.as_uri(), offline=True, **SIZES["phone"])
    page.page.click("#tab-whatif")
    for k, cells in ((0, {}), (1, OTHER), (2, {"city": "Bern"}), (4, {"area": 899.0})):
        page.page.fill("#whatif-row", str(k))
        page.page.press("#whatif-row", "Tab")
        set_cells(page, cells)
        expected = python_says(shown, frame, state.captions.rows[k], cells)
        assert told(page) == pytest.approx(expected.tolist(), rel=1e-11), cells
    assert widest(page) <= 390
    page.shot("whatif")
    page.page.click("#whatif-again")
    assert "as it is" in page.page.inner_text("#whatif-says")
    assert page.errors == []
    page.context.close()


@needs_browser
def test_a_gap_stays_one_until_the_slider_moves(network, browser, tmp_path):
    shown, frame = network
    state = shown.page_state()
    k = next(k for k, row in enumerate(state.captions.rows) if np.isnan(frame.area[row]))
    path = tmp_path / "page.html"
    path.write_text(bake(state), encoding="utf-8")
    page = Page(browser, path.as_uri(), offline=True)
    page.page.click("#tab-whatif")
    page.page.fill("#whatif-row", str(k))
    page.page.press("#whatif-row", "Tab")
    assert "missing" in page.page.inner_text("#whatif-controls")
    row = state.captions.rows[k]
    assert told(page) == pytest.approx(python_says(shown, frame, row, {}).tolist(), rel=1e-11)
    page.page.focus('input[type=range][aria-label^="area"]')
    page.page.keyboard.press("ArrowRight")
    area = float(page.page.input_value('input[type=number][aria-label="area"]'))
    expected = python_says(shown, frame, row, {"area": area})
    assert told(page) == pytest.approx(expected.tolist(), rel=1e-11)
    assert "missing" not in page.page.inner_text("#whatif-controls")
    page.context.close()


def test_numbers_go_as_far_as_the_training_rows_and_categories_are_choices(network):
    shown, frame = network
    controls = {each["name"]: each for each in shown.controls}
    assert set(controls) == {"area", "rooms", "city"}
    trained = frame.iloc[shown.rows["train"]]
    assert controls["area"]["low"] == trained.area.min()
    assert controls["area"]["high"] == trained.area.max()
    assert (controls["area"]["whole"], controls["rooms"]["whole"]) == (False, True)
    assert [text for text, *_ in controls["city"]["options"]] == ["Bern", "Oslo", "Rome"]


def test_an_ensemble_answers_as_python_predicts(model):  # noqa: F811
    shown, estimator, frame = model
    for row, cells in ((3, {}), (5, OTHER), (0, {"area": None})):
        other = frame.iloc[[row]].astype({"rooms": float}).assign(**cells).iloc[:, :-1]
        other["area"] = other["area"].astype(float)
        proba = getattr(estimator, "predict_proba", None)
        expected = estimator.predict(other) if proba is None else proba(other)[0]
        found = answered(shown.model, shown.table, row, cells)
        np.testing.assert_allclose(list(found.values()), expected, rtol=1e-12)


@needs_browser
def test_the_server_tells_an_ensembles_answer(model, browser):  # noqa: F811
    shown, _, _ = model
    address = new_address()
    with serve(shown.page_state(), shown.session_data(None), address, shown.beside()):
        page = Page(browser, address.url)
        page.page.click("#tab-whatif")
        page.page.wait_for_selector("#whatif-answer > div")
        set_cells(page, OTHER)
        row = shown.page_state().captions.rows[0]
        expected = list(answered(shown.model, shown.table, row, OTHER).values())
        page.page.wait_for_function(
            "(v) => Math.abs(+document.querySelector('#whatif-answer > div').dataset.value - v) "
            "<= 1e-12 * Math.abs(v)", arg=expected[0],
        )  # fmt: skip
        assert told(page) == pytest.approx(expected, rel=1e-12)
        rng = random.Random(3)
        for click in range(CLICKS):
            click_at_random(page, "whatif", rng)
            assert widest(page) <= 1280, click
        for cells in ({"nothing": 1}, {"area": {}}, {"city": [1]}):
            status = page.page.evaluate(
                """async (cells) => (await fetch("answer", {method: "POST",
                body: JSON.stringify({row: 0, cells})})).status""", cells,
            )  # fmt: skip
            assert status in (200, 400)
        assert [e for e in page.errors if "400" not in e] == []
        page.context.close()


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_fingers_find_nothing_wrong_with_the_controls(network, browser, tmp_path, scheme):
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "page.html"
    path.write_text(bake(network[0].page_state()), encoding="utf-8")
    phone = SIZES["phone"]
    page = Page(browser, path.as_uri(), color_scheme=scheme, bypass_csp=True, **phone)
    page.page.tap("#tab-whatif")
    found = Axe().run(page.page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    small = page.page.eval_on_selector_all(
        "#whatif :is(input, select, button)",
        """found => found
        .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)""",
    )
    assert small == []
    page.context.close()


@needs_browser
def test_a_network_of_points_has_no_sliders_of_a_table(network, browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(bake(network[0].page_state()), encoding="utf-8")
    page = Page(browser, path.as_uri(), offline=True)
    page.page.click("#tab-whatif")
    page.page.click("#tab-playground")
    page.page.locator("#playground button").first.click()
    page.page.wait_for_timeout(300)
    page.page.click("#tab-whatif")
    words = page.page.inner_text("#whatif")
    renewed = page.page.inner_text("#about").split(":")[0] != network[0].title
    assert ("of no table now" in words) == renewed
    assert page.errors == []
    page.context.close()
