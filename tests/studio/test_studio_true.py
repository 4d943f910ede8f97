"""Every number on the page is Python's, and of the thing that it names."""

import numpy as np
import pytest
from browser_pages import Page, called, digits_page_state
from served_pages import serve

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.landscape.plane import principal_plane
from backpass.landscape.symmetry import align, equivalent_copy
from backpass.landscape.valleys import group_valleys
from backpass.losses import LOSSES
from backpass.studio.app import new_address
from backpass.studio.captions import Captions
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


def asked(page: Page) -> float:
    return float(page.page.get_attribute("#asked-value", "data-value"))


def choose(page: Page, row: int) -> None:
    page.page.fill("#example", str(row))
    page.page.press("#example", "Tab")


def test_a_bias_unit_is_1_and_is_lit_in_forward_alone(open_page):
    page = open_page(digits_page_state(m=5))
    page.steps("forward")
    bias = page.page.locator('.unit[aria-label^="layer 2, bias"]')
    assert "lit" in bias.get_attribute("class")
    bias.click()
    assert page.page.inner_text("#asked-name") == "a⁽²⁾₀"
    assert asked(page) == 1
    page.steps("cost", "backward")
    assert "lit" not in bias.get_attribute("class")
    assert "lit" in page.page.get_attribute('.unit[aria-label^="layer 2, unit 1:"]', "class")


def test_Delta_tells_what_was_there_whatever_example_is_looked_at(open_page):
    state = digits_page_state(m=8)
    page = open_page(state)
    for row in (2, 5):
        choose(page, row)
        page.steps("forward", "cost", "backward", "accumulate")
    choose(page, 7)
    page.steps("forward")
    first, both = (
        bp.trace(state.net, state.theta, state.X[rows], state.Y[rows]) for rows in ([2], [2, 5])
    )
    page.open_tables()
    page.page.click('[data-name="Delta:2:3:4"]')
    assert asked(page) == pytest.approx(both.Delta[2][2, 4], rel=1e-12)
    sum_ = page.page.locator("#asked .formula").nth(1).inner_text().replace("−", "-")
    before, product = sum_.lstrip("= ").split(" + ")
    assert float(before) == pytest.approx(first.Delta[2][2, 4], rel=1e-4)
    delta, a = (float(number.strip("()")) for number in product.split("·"))
    assert delta * a == pytest.approx(both.Delta[2][2, 4] - float(before), rel=1e-3, abs=1e-9)
    page.page.locator("#asked .parts button").first.click()  # δ of row 5, not of row 7
    row = bp.trace(state.net, state.theta, state.X[[5]], state.Y[[5]])
    assert asked(page) == pytest.approx(row.delta[3][0, 2], rel=1e-12)


def test_after_a_step_D_is_explained_with_the_Theta_that_it_belongs_to(open_page):
    state = digits_page_state(m=20)
    page = open_page(state)
    page.steps("epoch")
    page.page.wait_for_selector("#step-J:visible")
    J, D = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y, state.lam)
    page.open_tables()
    page.page.click('[data-name="D:2:3:4"]')
    assert asked(page) == pytest.approx(state.net.roll(D)[1][2, 4], rel=1e-12)
    page.page.locator("#asked .parts button").nth(1).click()
    assert asked(page) == pytest.approx(state.net.roll(state.theta)[1][2, 4], rel=1e-12)
    page.page.click('[data-name="theta:2:3:4"]')
    after = state.net.roll(state.theta - 0.5 * D)[1][2, 4]
    assert asked(page) == pytest.approx(after, rel=1e-12)
    page.page.click("#step-J button")
    assert asked(page) == pytest.approx(J, rel=1e-12)
    page.steps("forward", "cost", "backward", "accumulate")  # Δ begins anew with another Θ
    page.open_tables()
    theta = state.theta - 0.5 * D
    one = bp.trace(state.net, theta, state.X[[0]], state.Y[[0]], state.lam)
    page.page.click('[data-name="D:2:3:4"]')
    assert asked(page) == pytest.approx(one.D[2][2, 4], rel=1e-12)


@pytest.mark.parametrize("g", ACTIVATIONS)
def test_the_slope_is_a_number_with_a_formula_of_its_own(open_page, g):
    state = digits_page_state((g,), m=3)
    page = open_page(state)
    page.steps("forward", "cost", "backward")
    page.page.click('[data-name="delta:2:4:"]')
    page.page.locator("#asked .more").click()
    page.page.locator("#asked .parts button", has_text="g′").click()
    z = bp.trace(state.net, state.theta, state.X[:1], state.Y[:1]).z[2][0, 3]
    slope = float(ACTIVATIONS[g].g_prime(np.array(z)))
    assert asked(page) == pytest.approx(slope, rel=1e-12)
    assert page.page.locator("#asked .formula").count() == 3  # symbols, numbers, value


@pytest.mark.parametrize("loss", LOSSES)
def test_the_cost_is_a_number_with_a_formula_of_its_own(open_page, loss):
    state = digits_page_state(loss=loss, m=3)
    page = open_page(state)
    page.steps("forward", "cost")
    page.page.locator("#step-J button", has_text="cost").click()
    z = bp.trace(state.net, state.theta, state.X[:1], state.Y[:1]).z[3]
    assert asked(page) == pytest.approx(float(LOSSES[loss].value(z, state.Y[:1])[0]), rel=1e-12)
    assert page.page.locator("#asked .formula").count() == 3
    assert page.errors == []


def test_numbers_are_said_in_the_table_s_own_units(open_page):
    rng = np.random.default_rng(0)
    net = bp.Network((2, 3, 1), "tanh", "squared_error")
    captions = Captions(
        rows=[7, 3],
        inputs=["area", "rooms"],
        columns={"area": ["100.5", "80"], "rooms": ["3", "4"]},
        outputs=["price"],
        scales=[(200.0, 50.0)],
        units="Standardised.",
    )
    theta, X, Y = bp.init_theta(net, 0, "glorot"), rng.normal(size=(2, 2)), np.array([[1.0], [2.0]])
    page = open_page(PageState(net, theta, 0.0, X, Y, captions=captions))
    choose(page, 1)
    page.steps("forward")
    assert page.page.inner_text("#row-name") == "Row 3 of a network"
    assert page.page.inner_text("#row-inputs").split() == ["area", "80", "rooms", "4"]
    answer = 200 + 50 * bp.forward(net, theta, X)[1, 0]
    facts = page.page.inner_text("#row-facts")
    assert "price 300" in facts
    assert f"price {answer:.5g}" in facts
    assert "area" in page.page.get_attribute('[aria-label^="layer 1, unit 1"]', "aria-label")


def test_a_hundred_thousand_epochs_are_drawn_in_a_thousand_points(open_page):
    page = open_page(digits_page_state(sizes=(64, 10), hidden=(), m=1))
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "3000")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent === 'All epochs are done.'",
        timeout=60_000,
    )
    d = page.page.get_attribute("#chart-J .first", "d")
    assert 500 < d.count("L") <= 1001
    assert "after epoch 3000" in page.page.get_attribute("#chart-J", "aria-label")


def test_theta_on_the_page_is_the_one_that_is_saved(live):
    page, state, saved = live
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "1000000")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => +document.querySelector('#train-says').textContent.match(/epoch (\\d+)/)?.[1] > 3"
    )
    page.page.click("#train-stop")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent.startsWith('Stopped')"
    )
    page.page.click("#tab-steps")
    page.open_tables()
    thetas = {which: v for which, v in page.cells().items() if which[0] == "theta"}
    assert thetas
    for (_, layer, unit, column), value in thetas.items():
        assert value == state.net.roll(saved[-1])[layer - 1][unit - 1, column]


def as_json(net: bp.Network) -> dict:
    return {"sizes": net.sizes, "hidden": [g.name for g in net.hidden], "loss": net.loss.name}


@pytest.mark.parametrize("hidden", ["tanh", "logistic", "relu"])
def test_units_are_aligned_as_the_library_does(live, hidden):
    net = bp.Network((3, 5, 4, 2), hidden)
    rng = np.random.default_rng(1)
    theta, other = rng.normal(size=(2, net.n_parameters))
    for one in (equivalent_copy(net, theta, 3), other):
        ours = called(
            live[0], "mountains/symmetry", "align", as_json(net), one.tolist(), theta.tolist()
        )
        np.testing.assert_allclose(ours, align(net, one, to=theta), rtol=1e-12, atol=1e-12)


def test_the_plane_of_a_way_is_the_library_s(live):
    points = np.random.default_rng(0).normal(size=(12, 40)) * np.linspace(3, 0.1, 40)
    plane = principal_plane(points[-1], points)
    ours = called(
        live[0], "mountains/plane", "principalPlane", points[-1].tolist(), points.tolist()
    )
    for direction, expected in zip((ours["east"], ours["north"]), plane.directions):
        sign = np.sign(np.dot(direction, expected))
        np.testing.assert_allclose(sign * np.array(direction), expected, rtol=1e-9, atol=1e-12)


def test_valleys_are_told_apart_as_the_library_does(live):
    from backpass import engine

    net = bp.Network((2, 3, 1), "tanh")
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    Y = np.array([[0.0], [1.0], [1.0], [0.0]])
    found = bp.drops(net, X, Y, lam=0.02, n=6, seed=1)
    problem = engine.prepare(net, X, Y, lam=0.02)
    ends = [path.thetas[-1] for path in found.paths]
    for tallest in (0.0, 0.01, 0.1):
        valleys = group_valleys(problem, ends, tallest)
        expected = np.empty(len(ends), dtype=int)
        for number, valley in enumerate(valleys):
            expected[list(valley.members)] = number
        labels = live[0].page.evaluate(
            """async ({ net, X, Y, lam, ends, tallest }) => {
              const { groupValleys } = await import("./static/mountains/valleys.js");
              const { heightAt } = await import("./static/mountains/map.js");
              const J = (theta) => heightAt({ net, X, Y, lam }, theta);
              return groupValleys(net, J, ends, tallest, async () => true);
            }""",
            {
                "net": as_json(net) | {"parameter": None},
                "X": X.tolist(),
                "Y": Y.tolist(),
                "lam": 0.02,
                "ends": [end.tolist() for end in ends],
                "tallest": tallest,
            },
        )
        assert labels == expected.tolist(), tallest


def test_the_mountains_of_a_trained_network_lie_over_the_plane_of_its_way(open_page):
    state = digits_page_state(sizes=(64, 3, 10), m=10)
    page = open_page(state)
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "30")
    page.page.fill("#train-alpha", "0.05")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent === 'All epochs are done.'"
    )
    page.page.click("#tab-mountains")
    page.page.wait_for_function(
        "() => document.querySelector('#walk-says').textContent.includes('directions of the way')",
        timeout=60_000,
    )
    page.page.wait_for_selector("#surface .plot-container", timeout=60_000)
    way = page.page.evaluate("document.querySelector('#surface').data[1]")
    assert way["name"] == "the training"
    assert abs(way["x"][-1]) < 1e-9  # it ends at 0, 0, where the network is
    assert way["z"][-1] < way["z"][0]


def test_a_server_that_is_gone_is_said_with_the_command_that_starts_it_again(browser):
    state = digits_page_state(m=5)
    state = PageState(**{**state.__dict__, "captions": Captions(command="backpass studio t.csv")})
    data = SessionData(state.X, state.Y, state.X[:0], state.Y[:0])
    address = new_address()
    with serve(state, data, address):
        page = Page(browser, address.url)
        assert not page.page.is_visible("#lost")
    page.page.wait_for_selector("#lost:visible")
    assert "backpass studio t.csv" in page.page.inner_text("#lost")
    page.page.click("#tab-training")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent.includes('does not answer')"
    )
    page.context.close()


def test_a_reload_in_training_comes_back_to_its_tab_buttons_and_curves(live):
    page, _, _ = live
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "100000")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => +document.querySelector('#train-says').textContent.match(/epoch (\\d+)/)?.[1] > 3"
    )
    page.page.reload()
    page.page.wait_for_selector("#train-stop:enabled")
    page.page.wait_for_selector("#chart-J .first")
    assert page.page.is_disabled("#train-start")
    assert page.page.get_attribute("#tab-training", "aria-selected") == "true"
    second = page.context.new_page()
    second.goto(page.page.url)
    second.wait_for_selector("html[data-ready=true]")
    second.click("#tab-training")
    second.wait_for_function(
        "() => document.querySelector('#train-says').textContent.startsWith('Another page')"
    )
    assert second.is_disabled("#train-start")
    assert second.is_disabled("#train-stop")
    second.close()
    page.page.click("#train-stop")
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent.startsWith('Stopped')"
    )
    assert page.errors == []


def test_the_fog_lifts_where_somebody_walked_whatever_the_axes_span(live):
    u, v = np.linspace(-1, 1, 25), np.linspace(-0.01, 0.01, 25)
    ground = {"u": u.tolist(), "v": v.tolist(), "heights": [[1.0] * 25] * 25}
    ways = {
        "nobody moved": [{"u": 0.0, "v": 0.0}],
        "across": [{"u": -1.0, "v": 0.0}, {"u": -0.99, "v": 0.0}, {"u": 1.0, "v": 0.0}],
    }
    seen = {}
    for name, way in ways.items():
        heights = called(live[0], "mountains/surface", "groundOf", ground, [way], True)
        seen[name] = np.array([[h is not None for h in row] for row in heights])
    still, across = seen["nobody moved"], seen["across"]
    assert still[12, 12]
    assert still[12].sum() == still[:, 12].sum()  # as far to the north as to the east
    assert 3 < still[12].sum() < 12
    assert across[12].all()
    assert (across.sum(axis=0) == still[:, 12].sum()).all()
