"""An ensemble in the page: its members, what counts, a row taken apart, a step into a member."""

import random

import numpy as np
import pandas as pd
import pytest
from browser_pages import Page
from click.testing import CliRunner
from served_pages import serve
from test_studio_whole import CLICKS, SIZES, click_at_random, widest

import backpass as bp
from backpass.cli import main
from backpass.cli.commands.studio import _trained
from backpass.cli.trained import LookedAt
from backpass.errors import InvalidInput
from backpass.studio.app import new_address
from backpass.studio.page import bake
from chromium import CHROMIUM

pytestmark = pytest.mark.xdist_group("browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


def table(task: str, m: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"area": rng.normal(100, 20, m).round(1), "rooms": rng.integers(1, 9, m)})
    frame["city"] = rng.choice(["Rome", "Oslo", "Bern"], m)
    frame.loc[::17, "area"] = np.nan
    price = 3 * frame.area.fillna(100) + 20 * frame.rooms + 40 * (frame.city == "Oslo")
    if task == "numbers":
        return frame.assign(price=price + rng.normal(0, 20, m))
    if task == "two":
        return frame.assign(kind=np.where(price > price.median(), "dear", "cheap"))
    return frame.assign(kind=np.array(["low", "middle", "high"])[pd.qcut(price, 3, labels=False)])


@pytest.fixture(scope="module", params=["numbers", "two", "three"])
def model(request, tmp_path_factory):
    """A model of a table as the command line shows it, and its estimator."""
    folder, frame = tmp_path_factory.mktemp(request.param), table(request.param)
    target = frame.columns[-1]
    frame.to_csv(folder / "t.csv", index=False)
    path = str(folder / "m.backpass")
    words = ["train", str(folder / "t.csv"), "--target", target, "--members", "4", "--no-report"]
    done = CliRunner().invoke(main, [*words, "--out", path])
    assert done.exit_code == 0, done.output
    return _trained(path, str(folder / "t.csv"), LookedAt.at(path, None)), bp.load(path), frame


def answers_of(estimator, frame) -> np.ndarray:
    X = frame.iloc[:, :-1]
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    return estimator.predict(X)[:, None]


def test_shares_times_answers_are_what_python_predicts(model):
    shown, estimator, frame = model
    held = shown.ensemble_shown
    rows = shown.page_state().captions.rows
    shares = np.array([held["members"][k]["share"] for k in held["counted"]])
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    total = np.einsum("rko,k->ro", np.array(held["answers"]), shares)
    expected = answers_of(estimator, frame)[rows]
    np.testing.assert_allclose(held["keep"] * total + held["even"], expected, rtol=1e-12)
    assert len(held["members"]) == 4
    assert {each["column"] for each in held["importances"]} == {"area", "rooms", "city"}
    for k, each in enumerate(held["members"]):
        curve = -np.array(estimator.members_[k].validation_scores_)
        assert [v for _, v in each["curve"]] == pytest.approx(curve.tolist())


def test_a_member_that_is_not_there_is_refused(model):
    with pytest.raises(InvalidInput, match="no member 40"):
        model[0].of_member(40)


@pytest.fixture
def served(model, browser):
    shown = model[0]
    address = new_address()
    data = shown.session_data(None)
    with serve(shown.page_state(), data, address, shown.beside()):
        pages = []

        def opened(**context) -> Page:
            pages.append(Page(browser, address.url, **context))
            pages[-1].page.click("#tab-members")
            return pages[-1]

        yield opened
        for page in pages:
            page.context.close()


@needs_browser
def test_the_page_adds_up_a_row_to_pythons_answer(model, served):
    shown, estimator, frame = model
    page = served(**SIZES["phone"])
    rows, outputs = shown.page_state().captions.rows, shown.ensemble_shown["outputs"]
    expected = answers_of(estimator, frame)
    for row in (0, 7):
        page.page.fill("#apart-row", str(row))
        page.page.press("#apart-row", "Tab")
        for k in range(len(outputs)):
            if len(outputs) > 1:
                page.page.select_option("#apart-output", str(k))
            told = float(page.page.get_attribute("#apart", "data-answer"))
            assert told == pytest.approx(expected[rows[row], k], rel=1e-12)
            assert outputs[k] in page.page.inner_text("#apart-name")
    assert page.page.locator("#members-cards figure").count() == 4
    assert widest(page) <= 390
    small = page.page.eval_on_selector_all(
        "#members a, #members input",
        """found => found
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).length""",
    )
    assert small == 0
    page.shot("members")
    assert page.errors == []


@needs_browser
def test_a_step_into_a_member_is_its_network_with_pythons_numbers(model, served):
    shown, _, _ = model
    page = served()
    page.page.locator("#members-cards a").nth(1).click()
    page.page.wait_for_selector("html[data-ready=true]")
    k = int(page.page.inner_text("#about").split(" member ")[1].split()[0])
    page.page.click("#tab-steps")
    page.steps("forward", "cost", "backward")
    page.open_tables()
    network = shown.model.network(k)
    state = shown.of_member(k).page_state()
    t = bp.trace(network.net, network.theta, state.X[[0]], state.Y[[0]], 0.0)
    for (symbol, layer, unit, _), value in page.cells().items():
        if symbol in ("a", "z"):
            expected = getattr(t, symbol)[layer][0, unit - 1]
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-14)
    page.page.click('[data-name="z:2:1:"]')
    page.page.wait_for_selector("#python-says")
    page.page.click("#tab-members")
    page.page.locator("#members-cards a").first.click()
    page.page.wait_for_selector("html[data-ready=true]")
    assert "/member/" in page.page.url
    assert page.errors == []


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_random_clicks_on_the_members(model, served, scheme):
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    from axe_playwright_python.sync_playwright import Axe

    page = served(color_scheme=scheme, bypass_csp=True)
    found = Axe().run(page.page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    rng = random.Random(scheme)
    for click in range(CLICKS):
        click_at_random(page, "members", rng)
        assert widest(page) <= 1280, click
    assert page.errors == []


@needs_browser
def test_the_offline_page_has_the_members_and_says_how_to_step_into_one(model, browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(bake(model[0].page_state()), encoding="utf-8")
    page = Page(browser, path.as_uri(), offline=True)
    page.page.click("#tab-members")
    assert page.page.locator("#members-cards figure").count() == 4
    assert page.page.locator("#members-cards a").count() == 0
    assert "--member" in page.page.inner_text("#members-command")
    assert page.errors == []
    page.context.close()
