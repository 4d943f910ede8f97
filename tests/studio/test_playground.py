"""The playground: points, a network that is built there, heat maps, its address and drawing."""

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import asdict, replace

import numpy as np
import pytest
from browser_pages import Page, called, digits_page_state
from sklearn.metrics import r2_score

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.solvers.first_order import RULES
from backpass.studio.toys import GOOD, ToySettings, page_state_of_toy, session_data_of_toy
from backpass.studio.toys.numbers import random_numbers
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]

ORDERS = 2_000_003  # the page's run.js: where the numbers of its orders begin
SIDE, EDGE = 40, 1.3  # the page's heat.js
SVG = "{http://www.w3.org/2000/svg}"


def opened(open_page, settings: ToySettings, **context) -> Page:
    """A page that was made for a toy set, which opens its playground."""
    page = open_page(page_state_of_toy(settings), **context)
    page.page.wait_for_selector("#play-net canvas")
    return page


def now(page: Page) -> dict[str, float]:
    names = ("epoch", "J", "loss", "trained", "score")
    return {n: float(page.page.get_attribute(f"#play-{n}-now", "data-value")) for n in names}


def said(page: Page) -> str:
    return page.page.inner_text("#play-says")


def address_of(page: Page) -> dict[str, str]:
    fragment = page.page.evaluate("location.hash.slice(1)")
    return dict(part.split("=") for part in fragment.split("&"))


def trained_by_python(settings: ToySettings, epochs: int) -> np.ndarray:
    """θ after epochs in the page's order, by the library's J and D and its rules."""
    state = page_state_of_toy(settings)
    theta, m = state.theta, len(state.X)
    random, rule = random_numbers(settings.seed + ORDERS), RULES[settings.solver]
    memory = rule.init(theta)
    for _ in range(epochs):
        order = list(range(m))
        for i in range(m - 1, 0, -1):
            j = math.floor(next(random) * (i + 1))
            order[i], order[j] = order[j], order[i]
        for at in range(0, m, settings.batch):
            rows = order[at : at + settings.batch]
            lam = settings.lam * len(rows) / m
            _, D = bp.cost_and_gradient(state.net, theta, state.X[rows], state.Y[rows], lam)
            memory, theta = rule.step(memory, theta, D, settings.alpha)
    return theta


@pytest.mark.parametrize("toy", GOOD)
def test_the_page_makes_the_points_and_the_network_that_python_makes(live, toy):
    settings = replace(GOOD[toy].settings, seed=11, noise=0.2, points=77)
    page = {"plotly": True, "captions": {"command": "c"}}
    made = called(live[0], "playground/world", "makeWorld", asdict(settings), page)
    state, data = page_state_of_toy(settings, "c"), session_data_of_toy(settings)
    expected = json.loads(state.as_json(live=False, plotly=True))
    for name in ("X", "Y", "theta", "range"):
        ours = made["pageState"].pop(name)
        np.testing.assert_allclose(ours, expected.pop(name), rtol=1e-12, atol=1e-12)
    assert made["pageState"] == expected
    np.testing.assert_allclose(made["held"]["X"], data.X_validation, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made["held"]["Y"], data.Y_validation, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss", "squared_error"])
@pytest.mark.parametrize("g", ACTIVATIONS)
def test_all_points_at_once_pass_as_python_has_it(live, g, loss):
    settings = replace(GOOD["blobs"].settings, activation=g, loss=loss, hidden=(4, 3), points=20)
    state = page_state_of_toy(settings)
    script = """async ({ net, theta, X }) => {
      const { passAll, columnsOf } = await import("./static/playground/passes.js");
      const { roll } = await import("./static/backprop.js");
      const { a } = passAll(net, roll(net, theta), columnsOf(X));
      return Object.values(a).map((units) => units.map((values) => [...values]));
    }"""
    given = json.loads(state.as_json(live=False, plotly=False))
    ours = live[0].page.evaluate(script, {name: given[name] for name in ("net", "theta", "X")})
    t = bp.trace(state.net, state.theta, state.X, state.Y)
    for layer, units in enumerate(ours, start=1):
        np.testing.assert_allclose(np.transpose(units), t.a[layer], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "settings",
    [
        replace(GOOD["spirals"].settings, points=40, batch=7, lam=0.5, seed=4),
        ToySettings("xor", 30, hidden=(3,), solver="gd", alpha=0.5, batch=30),
        ToySettings("blobs", 30, hidden=(), loss="log_loss", solver="momentum", alpha=0.1),
        ToySettings("surface", 40, hidden=(4, 4), loss="huber", activation="gelu", alpha=0.01),
    ],
    ids=lambda settings: settings.toy,
)
def test_training_in_the_playground_is_python_s_to_the_last_digits(open_page, settings):
    page = opened(open_page, settings)
    state, data = page_state_of_toy(settings), session_data_of_toy(settings)
    for epochs in (0, 1, 3):
        while now(page)["epoch"] < epochs:
            page.page.click("#play-epoch")
        theta, found = trained_by_python(settings, epochs), now(page)
        J, _ = bp.cost_and_gradient(state.net, theta, state.X, state.Y, settings.lam)
        held = data.X_validation, data.Y_validation
        loss, _ = bp.cost_and_gradient(state.net, theta, *held)
        assert found["J"] == pytest.approx(J, rel=1e-12)
        assert found["loss"] == pytest.approx(loss, rel=1e-12)
        answers = bp.forward(state.net, theta, held[0])
        if settings.toy == "surface":
            assert found["score"] == pytest.approx(r2_score(held[1], answers), rel=1e-12)
        else:
            one = answers.shape[1] == 1
            right = (answers > 0.5) == held[1] if one else answers.argmax(1) == held[1].argmax(1)
            assert found["score"] == pytest.approx(right.mean(), rel=1e-12)
    assert page.errors == []


def pixels(page: Page, layer: int, unit: int) -> np.ndarray:
    """A unit's heat map, (SIDE, SIDE, 3), from the top."""
    script = """(key) => {
      const canvas = document.querySelector(`[data-key="${key}"] canvas`);
      return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
    }"""
    data = page.page.evaluate(script, f"toy-unit:{layer}:{unit}")
    return np.reshape(data, (SIDE, SIDE, 4))[..., :3]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_heat_maps_show_each_unit_over_the_plane(open_page, scheme):
    settings = replace(GOOD["moons"].settings, seed=2)
    page = opened(open_page, settings, color_scheme=scheme)
    for _ in range(5):
        page.page.click("#play-epoch")
    places = -EDGE + (np.arange(SIDE) + 0.5) * 2 * EDGE / SIDE
    x1, x2 = np.meshgrid(places, places[::-1])  # x₂ grows upwards
    state = page_state_of_toy(settings)
    X = np.stack([x1.ravel(), x2.ravel()], axis=1)
    t = bp.trace(state.net, trained_by_python(settings, 5), X, np.zeros((len(X), 1)))
    for layer, unit in ((1, 1), (1, 2), (2, 1), (2, 8)):
        a = t.a[layer][:, unit - 1].reshape(SIDE, SIDE)
        colours = pixels(page, layer, unit)
        redder = colours[..., 0] > colours[..., 2] + 20
        sure = abs(a) > 0.2 * abs(a).max()
        np.testing.assert_array_equal(redder[sure], (a < 0)[sure])
    answer = t.a[3][:, 0].reshape(SIDE, SIDE)
    colours = pixels(page, 3, 1)
    redder = colours[..., 0] > colours[..., 2] + 20
    sure = abs(answer - 0.5) > 0.15
    assert sure.any()
    np.testing.assert_array_equal(redder[sure], (answer < 0.5)[sure])


def test_the_line_lies_where_the_answer_changes(live):
    """Marching squares against a circle: every crossing lies on it, to the grid's own error."""
    places = -EDGE + (np.arange(SIDE) + 0.5) * 2 * EDGE / SIDE
    x1, x2 = np.meshgrid(places, places[::-1])
    lines = called(
        live[0], "playground/boundary", "zeroLines", (x1**2 + x2**2 - 0.64).ravel().tolist()
    )
    points = np.array(lines).reshape(-1, 2)
    radius = np.hypot(*(-EDGE + (points + 0.5) * 2 * EDGE / SIDE).T)
    assert len(points) > 50
    np.testing.assert_allclose(radius, 0.8, atol=2e-3)


def test_a_picture_is_drawn_at_most_once_a_frame(open_page):
    page = opened(open_page, GOOD["spirals"].settings)
    page.page.evaluate("""() => {
      window.counted = { maps: 0, frames: 0 };
      const put = CanvasRenderingContext2D.prototype.putImageData;
      CanvasRenderingContext2D.prototype.putImageData = function (...given) {
        window.counted.maps += 1;
        return put.apply(this, given);
      };
      const count = () => { window.counted.frames += 1; requestAnimationFrame(count); };
      requestAnimationFrame(count);
    }""")
    page.page.select_option("#play-pace", "fast")
    page.page.click("#play-train")
    page.page.wait_for_function("() => window.counted.frames > 20")
    page.page.click("#play-train")
    counted = page.page.evaluate("window.counted")
    assert counted["maps"] <= (2 + 8 + 8 + 1 + 1) * (counted["frames"] + 2)  # units, and the plane
    assert now(page)["epoch"] > 0


def test_a_network_is_built_in_the_page_and_starts_anew(open_page):
    page = opened(open_page, GOOD["rings"].settings)
    page.page.click("#play-epoch")
    page.page.fill("#play-layers", "3")
    page.page.press("#play-layers", "Tab")
    assert said(page) == "Started anew: rings, 2-6-4-4-1."
    assert now(page)["epoch"] == 0
    page.page.fill("#play-units-4", "2")
    page.page.press("#play-units-4", "Tab")
    page.page.select_option("#play-activation", "relu")
    page.page.select_option("#play-loss", "log_loss")
    assert said(page) == "Started anew: rings, 2-6-4-2-2."
    shown = {"activation": "relu", "loss": "log_loss", "hidden": (6, 4, 2)}
    settings = replace(GOOD["rings"].settings, **shown)
    state = page_state_of_toy(settings)
    J, _ = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y)
    assert now(page)["J"] == pytest.approx(J, rel=1e-12)
    units = page.page.locator("#play-net button")
    assert units.count() == sum(state.net.sizes)
    page.page.fill("#play-alpha", "0.7")
    page.page.press("#play-alpha", "Tab")
    assert "next batch" in said(page)
    page.page.click("#play-epoch")
    theta = trained_by_python(replace(settings, alpha=0.7), 1)
    J, _ = bp.cost_and_gradient(state.net, theta, state.X, state.Y)
    assert now(page)["J"] == pytest.approx(J, rel=1e-10)
    page.page.fill("#play-layers", "0")
    page.page.press("#play-layers", "Tab")
    assert said(page) == "Started anew: rings, 2-2."
    assert page.errors == []


@pytest.mark.parametrize(
    ("change", "value", "why"),
    [
        ("loss", "poisson", "poisson is a loss of numbers: take log_loss"),
        ("points", "7", "The number of points is a whole number from 20 to 500."),
        ("points", "", "The number of points is a whole number from 20 to 500."),
        ("seed", "1.5", "The seed is a whole number from 0 to 4294967295."),
        ("noise", "3", "The noise is a number from 0 to 0.5."),
        ("alpha", "-1", "α is a number from"),
        ("lam", "-1", "λ is a number from 0"),
        ("batch", "0", "The batch size is a whole number from 1"),
        ("units-2", "9", "up to 5 hidden layers of 1 to 8 units each"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(open_page, change, value, why):
    page = opened(open_page, GOOD["rings"].settings)
    before, address = now(page), address_of(page)
    if change == "loss":
        page.page.select_option("#play-loss", value)
    else:
        page.page.fill(f"#play-{change}", value)
        page.page.press(f"#play-{change}", "Tab")
    assert why in said(page)
    assert said(page).endswith("The network stays as it was.")
    assert now(page) == before
    assert address_of(page) == address


@pytest.mark.parametrize(
    ("loss", "why"),
    [("log_loss", "a loss of classes"), ("poisson", "fall below 0")],
)
def test_a_loss_of_classes_or_counts_is_none_for_a_surface(open_page, loss, why):
    page = opened(open_page, GOOD["surface"].settings)
    page.page.select_option("#play-loss", loss)
    assert why in said(page)


def test_the_address_makes_the_same_again(open_page):
    page = opened(open_page, GOOD["moons"].settings)
    page.page.select_option("#play-toy", "blobs")
    page.page.fill("#play-seed", "9")
    page.page.press("#play-seed", "Tab")
    page.page.select_option("#play-solver", "momentum")
    page.page.click("#play-epoch")
    first, address = now(page), address_of(page)
    assert address == {
        "toy": "blobs", "points": "300", "noise": "0.05", "seed": "9", "hidden": "4",
        "activation": "tanh", "loss": "log_loss", "solver": "momentum", "alpha": "0.03",
        "lam": "0", "batch": "16",
    }  # fmt: skip
    page.page.reload()
    page.page.wait_for_selector("#play-net canvas")
    assert page.page.input_value("#play-solver") == "momentum"
    page.page.click("#play-epoch")
    assert now(page) == first
    link = page.page.url
    another = page.context.browser.new_context(offline=True).new_page()
    another.goto(link)
    another.wait_for_selector("#play-net canvas")
    another.click("#play-epoch")
    assert float(another.get_attribute("#play-J-now", "data-value")) == first["J"]
    another.context.close()
    page.page.evaluate("location.hash = location.hash.replace('seed=9', 'seed=8')")
    page.page.wait_for_function("() => document.querySelector('#play-seed').value === '8'")
    assert page.errors == []


@pytest.mark.parametrize(
    ("fragment", "why"),
    [
        ("toy=nothing", "There is no data set “nothing”; there are xor, moons"),
        ("toy=__proto__", "There is no data set “__proto__”"),
        ("toy=xor&seed=-1", "The seed is a whole number"),
        ("toy=xor&hidden=3,x", "up to 5 hidden layers"),
        ("toy=xor&loss=huber", "huber is a loss of numbers"),
        ("toy=xor&steps=3", "It knows no “steps”"),
        ("a=%", "It knows no “a”"),
    ],
)
def test_a_broken_address_says_one_sentence_and_starts_with_what_is_usual(open_page, fragment, why):
    page = open_page(digits_page_state(m=5))
    page.page.goto(f"{page.page.url}#{fragment}")
    page.page.reload()
    page.page.wait_for_selector("html[data-ready=true]")
    page.page.click("#tab-playground")
    assert said(page).startswith("The address was not understood: ")
    assert why in said(page)
    assert address_of(page)["toy"] == "spirals"
    assert now(page)["epoch"] == 0
    assert page.errors == []


def test_a_page_of_a_table_keeps_its_address_until_the_playground_is_opened(open_page):
    page = open_page(digits_page_state(m=5))
    assert page.page.evaluate("location.hash") == ""
    assert page.page.get_attribute("#tab-steps", "aria-selected") == "true"
    page.page.click("#tab-playground")
    assert address_of(page)["toy"] == "spirals"
    assert page.page.inner_text("#about").startswith("digits")


@pytest.mark.parametrize("toy", ["rings", "blobs", "surface"])
def test_good_settings_learn_well_in_the_page_too(open_page, toy):
    page = opened(open_page, GOOD["xor"].settings)
    page.page.select_option("#play-toy", toy)
    page.page.fill("#play-alpha", "1e-8")
    page.page.press("#play-alpha", "Tab")
    page.page.fill("#play-layers", "0")
    page.page.press("#play-layers", "Tab")
    page.page.click("#play-good")
    assert said(page).startswith(f"Good settings: {toy}, 2-")
    good = GOOD[toy]
    assert f"After {good.epochs} epochs" in said(page)
    assert address_of(page)["hidden"] == ",".join(map(str, good.settings.hidden))
    clicks = """epochs => {
      for (let k = 0; k < epochs; k++) document.querySelector("#play-epoch").click();
    }"""
    page.page.evaluate(clicks, good.epochs)
    assert now(page)["epoch"] == good.epochs
    assert now(page)["score"] >= good.score


def saved(page: Page, button: str) -> ET.Element:
    """The drawing that a button saves."""
    with page.page.expect_download() as download:
        page.page.click(button)
    return ET.parse(download.value.path()).getroot()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawing_is_an_svg_file_with_its_own_styles(open_page, scheme):
    page = opened(open_page, GOOD["rings"].settings, color_scheme=scheme)
    page.page.click("#play-epoch")
    drawings = [saved(page, "#play-save")]
    page.page.click("#tab-steps")
    page.steps("forward", "cost", "backward")
    moving = page.page.locator("#network .pulse").count()
    drawn = page.page.locator("#network line").count()
    drawings.append(saved(page, "#step-save"))
    assert moving > 0  # what moves is no part of the file
    assert len(drawings[1].findall(f".//{SVG}line")) == drawn - moving
    for drawing in drawings:
        assert drawing.tag == f"{SVG}svg"
        everything = list(drawing.iter())
        assert not any("class" in each.attrib or "style" in each.attrib for each in everything)
        assert not any("var(" in value for each in everything for value in each.attrib.values())
        ground = everything[1]
        assert ground.tag == f"{SVG}rect"
        assert (ground.attrib["fill"] == "rgb(255, 255, 255)") == (scheme == "light")
        lines = drawing.findall(f".//{SVG}line")
        assert {line.attrib["stroke"] for line in lines} >= {"rgb(26, 128, 187)", "rgb(213, 94, 0)"}
    images = drawings[0].findall(f"{SVG}image")
    assert len(images) == 2 + 6 + 1
    assert all(image.attrib["href"].startswith("data:image/png;base64,") for image in images)
    assert "x₁" in {text.text for text in drawings[0].iter(f"{SVG}text")}
    assert page.errors == []


def test_all_tabs_take_the_network_over(live_toy):
    page, _ = live_toy
    page.page.wait_for_selector("#play-net canvas")
    page.page.select_option("#play-toy", "moons")
    for _ in range(3):
        page.page.click("#play-epoch")
    page.page.click("#play-share")
    assert page.page.get_attribute("#tab-steps", "aria-selected") == "true"
    assert page.page.inner_text("#about").startswith("moons: 2-8-1")
    settings = GOOD["moons"].settings
    state = page_state_of_toy(settings).at(trained_by_python(settings, 3))
    page.page.fill("#example", "5")
    page.page.press("#example", "Tab")
    page.steps("forward", "cost", "backward", "accumulate")
    page.open_tables()
    t = bp.trace(state.net, state.theta, state.X[[5]], state.Y[[5]])
    table = {"a": t.a, "z": t.z, "delta": t.delta, "Delta": t.Delta, "D": t.D, "theta": t.Thetas}
    cells = page.cells()
    assert {symbol for symbol, *_ in cells} == set(table)
    for (symbol, layer, unit, column), value in cells.items():
        array = table[symbol][layer]
        expected = array[0, unit - 1] if column is None else array[unit - 1, column]
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-14)
    page.page.click("#tab-training")  # by the page's own algorithm from here on
    page.page.fill("#train-epochs", "2")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent === 'All epochs are done.'"
    )
    page.page.click("#tab-playground")
    trained = page.page.evaluate("document.querySelector('#train-says').textContent")
    assert trained == "All epochs are done."
    J, _ = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y)
    assert now(page)["J"] < J  # the playground has the network of the other tab
    assert page.errors == []


def test_the_server_trains_a_toy_and_the_playground_shows_it(live_toy):
    page, state = live_toy
    J, _ = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y)
    assert now(page)["J"] == pytest.approx(J, rel=1e-12)
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "5")
    page.page.fill("#train-alpha", "0.02")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent === 'All epochs are done.'"
    )
    page.page.click("#tab-playground")
    assert now(page)["J"] < J
    assert page.errors == []


def test_units_by_arrow_keys_and_one_of_them_large(open_page):
    page = opened(open_page, GOOD["rings"].settings)
    assert page.page.locator("#play-net [tabindex='0']").count() == 1
    page.page.locator("#play-net [tabindex='0']").focus()
    for key, to in (
        ("ArrowDown", "1:2"),
        ("ArrowRight", "2:6"),
        ("ArrowUp", "2:5"),
        ("End", "3:1"),
    ):
        page.page.keyboard.press(key)
        assert page.page.evaluate("document.activeElement.dataset.key") == f"toy-unit:{to}"
    page.page.keyboard.press("ArrowLeft")
    page.page.keyboard.press("Enter")
    assert page.page.inner_text("#play-shown").startswith("a⁽²⁾₁, one unit")
    assert page.page.get_attribute('[data-key="toy-unit:2:1"]', "aria-pressed") == "true"
    page.page.keyboard.press("Enter")
    assert page.page.inner_text("#play-shown").startswith("the network's answer")


def test_a_tab_that_is_left_pauses_and_an_alpha_too_large_is_said(open_page):
    page = opened(open_page, GOOD["rings"].settings)
    page.page.click("#play-train")
    page.page.wait_for_function(
        "() => +document.querySelector('#play-epoch-now').dataset.value > 1"
    )
    page.page.click("#tab-steps")
    page.page.wait_for_function(
        "() => document.querySelector('#play-says').textContent === 'Paused.'"
    )
    page.page.click("#tab-playground")
    assert page.page.inner_text("#play-train") == "train"
    page.page.select_option("#play-toy", "surface")
    page.page.select_option("#play-activation", "relu")
    page.page.select_option("#play-solver", "gd")
    page.page.fill("#play-alpha", "1000")
    page.page.press("#play-alpha", "Tab")
    page.page.click("#play-train")
    page.page.wait_for_function(
        "() => document.querySelector('#play-says').textContent.includes('α is too large')"
    )
    assert page.page.inner_text("#play-train") == "train"
    assert page.errors == []


def test_an_epoch_whose_weight_decay_is_changed_has_one_place_in_the_chart(open_page):
    page = opened(open_page, ToySettings("moons", hidden=(4,)))
    page.page.click("#play-epoch")
    page.page.wait_for_function(
        "() => document.querySelector('#play-epoch-now').textContent === '1'"
    )
    for lam in ("3", "0.5"):
        page.page.fill("#play-lam", lam)
        page.page.press("#play-lam", "Tab")
    drawn = page.page.get_attribute("#play-chart .curve", "d")
    points = [point.split(",")[0] for point in drawn.lstrip("M").replace("L", " ").split()]
    assert len(points) == len(set(points)) == 2
