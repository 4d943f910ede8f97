"""The studio in a real browser: every feature is clicked, and every number is Python's."""

import time
from dataclasses import replace

import numpy as np
import pytest
from browser_pages import digits_page_state
from sklearn.metrics import r2_score

import backpass as bp
from backpass.losses import LOSSES
from backpass.studio.session_data import SessionData
from backpass.studio.summary import validation
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


def number_of(t: bp.Trace, symbol: str, layer: int, unit: int, column: int | None) -> float:
    """The trace's number of that name; a column is for the matrices."""
    table = {"a": t.a, "z": t.z, "delta": t.delta, "Delta": t.Delta, "D": t.D, "theta": t.Thetas}
    array = table[symbol][layer]
    return float(array[0, unit - 1] if column is None else array[unit - 1, column])


@pytest.mark.parametrize("loss", LOSSES)
def test_every_number_of_a_step_is_pythons(open_page, loss):
    state = digits_page_state(("tanh", "gelu"), loss, (64, 6, 5, 10), m=6)
    page = open_page(state)
    page.page.fill("#example", "4")
    page.steps("forward", "cost", "backward", "accumulate")
    page.open_tables()
    t = bp.trace(state.net, state.theta, state.X[[4]], state.Y[[4]], state.lam)
    cells = page.cells()
    assert {name for name, *_ in cells} == {"a", "z", "delta", "Delta", "D", "theta"}
    for which, value in cells.items():
        expected = number_of(t, *which)
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-14), which
    assert float(page.page.get_attribute("#step-J", "data-value")) == pytest.approx(t.J, rel=1e-12)
    assert not page.errors


def test_two_examples_accumulate_and_the_update_is_gradient_descent(open_page):
    state = digits_page_state(m=8)
    page = open_page(state)
    for row in ("2", "5"):
        page.page.fill("#example", row)
        page.page.press("#example", "Tab")
        page.steps("forward", "cost", "backward", "accumulate")
    assert "of 2 accumulated examples" in page.page.inner_text("#step-J")
    assert "in the training, whose m is 8:" in page.page.inner_text("#step-J")
    page.page.fill("#step-alpha", "0.25")
    page.steps("update")
    page.open_tables()
    rows = [2, 5]
    _, D = bp.cost_and_gradient(state.net, state.theta, state.X[rows], state.Y[rows], state.lam)
    after = state.net.roll(state.theta - 0.25 * D)
    thetas = {which: v for which, v in page.cells().items() if which[0] == "theta"}
    assert thetas
    for (_, layer, unit, column), value in thetas.items():
        assert value == pytest.approx(after[layer - 1][unit - 1, column], rel=1e-12, abs=1e-14)


def test_a_whole_epoch_is_one_step_down_the_full_gradient(open_page):
    state = digits_page_state(m=30)
    page = open_page(state)
    page.steps("epoch")
    J, _ = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y, state.lam)
    assert float(page.page.get_attribute("#step-J", "data-value")) == pytest.approx(J, rel=1e-12)


def test_any_number_can_be_asked_down_to_the_inputs(open_page):
    state = digits_page_state(m=5)
    page = open_page(state)
    page.steps("forward", "cost", "backward", "accumulate")
    page.open_tables()
    page.page.click('button.cell[data-name="D:1:2:3"]')
    assert page.page.inner_text("#asked-name") == "D⁽¹⁾₂,₃"
    for _ in range(3):  # D, then Δ, then δ, then the layer above
        page.page.locator("#asked .parts button").first.click()
    assert page.page.inner_text("#asked .formula").count("=") == 1
    t = bp.trace(state.net, state.theta, state.X[[0]], state.Y[[0]], state.lam)
    page.page.click('button.cell[data-name="delta:2:5:"]')
    shown = float(page.page.get_attribute("#asked-value", "data-value"))
    assert shown == pytest.approx(t.delta[2][0, 4], rel=1e-12)


def test_the_offline_file_sends_nothing_and_says_nothing_wrong(open_page):
    page = open_page(digits_page_state(m=12))
    page.steps("forward", "cost", "backward", "accumulate", "update", "epoch")
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "3")
    page.page.click("#train-start")
    page.page.wait_for_function("() => document.querySelector('#train-progress').value === 1")
    page.page.click("#tab-mountains")
    page.page.wait_for_selector("#surface .plot-container", timeout=60_000)
    page.page.click("#tab-draw")
    page.page.click("#tab-quiz")
    assert len(page.requests) == 1  # the file itself
    assert page.errors == []


def start_training(page, alpha="0.001"):
    """Train for as long as anybody looks."""
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "100000")
    page.page.fill("#train-alpha", alpha)
    page.page.click("#train-start")


def test_training_in_the_page_goes_down_and_can_be_paused_and_stopped(open_page):
    page = open_page(digits_page_state(m=40))
    start_training(page, "0.01")
    page.page.wait_for_function(
        "() => +document.querySelector('#train-says').textContent.match(/epoch (\\d+)/)?.[1] > 20"
    )
    page.page.click("#train-pause")
    assert page.page.inner_text("#train-pause") == "resume"
    page.shot("training")
    page.page.click("#train-pause")
    page.page.click("#train-stop")
    assert page.page.locator("#confusion td").count() == 100
    assert page.page.locator("#hidden-units canvas").count() == 12
    page.page.wait_for_function(
        "() => document.querySelector('#train-says').textContent.startsWith('Stopped')"
    )


def test_the_score_of_several_numbers_is_their_mean_r_squared(open_page):
    state = digits_page_state(loss="squared_error", m=12, sizes=(64, 4, 10))
    state = replace(state, Y=state.Y + np.arange(12)[:, None] * np.linspace(0, 1, 10))
    page = open_page(state)
    start_training(page, "1e-300")  # θ stays what it is
    words = "() => document.querySelector('#train-says').textContent.match(/score (\\S+)/)?.[1]"
    shown = page.page.wait_for_function(words).json_value()
    expected = r2_score(state.Y, bp.forward(state.net, state.theta, state.X))
    assert float(shown.replace("−", "-")) == pytest.approx(expected, rel=1e-2)
    data = SessionData(state.X, state.Y, state.X[:0], state.Y[:0])
    assert validation(state.net, state.theta, data)[0] == pytest.approx(expected, rel=1e-12)


def test_a_run_that_is_over_cannot_be_resumed_and_can_be_begun_again(open_page):
    page = open_page(digits_page_state(m=12))
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "3")
    for _ in range(2):
        page.page.click("#train-start")
        page.page.wait_for_function("() => document.querySelector('#train-pause').disabled")
        assert page.page.inner_text("#train-pause") == "pause"
        assert page.page.inner_text("#train-says") == "All epochs are done."
        assert page.page.is_disabled("#train-stop")
        assert page.page.is_enabled("#train-start")
    assert not page.errors


def test_the_offline_page_runs_plotly_for_the_mountains_alone(open_page):
    page = open_page(digits_page_state(m=5))
    assert page.page.evaluate("document.getElementById('plotly').textContent.length") > 1e6
    assert page.page.evaluate("typeof window.Plotly") == "undefined"  # running it takes seconds
    page.page.click("#tab-mountains")
    page.page.wait_for_selector("#surface .plot-container", timeout=60_000)
    assert not page.errors


def test_the_mountains_and_the_helicopter(open_page):
    state = digits_page_state(m=10, sizes=(64, 4, 10))
    page = open_page(state)
    page.page.click("#tab-mountains")
    page.page.wait_for_selector("#surface .plot-container", timeout=60_000)
    heights = page.page.evaluate("document.querySelector('#surface').data[0].z")
    middle = heights[len(heights) // 2][len(heights) // 2]
    J, _ = bp.cost_and_gradient(state.net, state.theta, state.X, state.Y, state.lam)
    assert middle == pytest.approx(J, rel=1e-12)
    assert any(h is None for row in heights for h in row)  # the fog
    page.page.uncheck("#fog")
    heights = page.page.evaluate("document.querySelector('#surface').data[0].z")
    assert all(h is not None for row in heights for h in row)
    for solver in ("gd", "gd", "adam"):
        page.page.select_option("#walk-solver", solver)
        page.page.click("#drop-here")
    page.page.click("#drop-equal")
    page.page.wait_for_function(
        "() => [...document.querySelectorAll('#walkers tbody tr')].length === 4 && "
        "[...document.querySelectorAll('#walkers tbody tr td:last-child')]"
        ".every(c => c.textContent.length === 1)",
        timeout=60_000,
    )
    ends = page.page.eval_on_selector_all("#walkers tbody tr", "r => r.map(x => x.dataset.value)")
    assert ends[0] == ends[1]  # the same drop, the same way down
    assert ends[0] != ends[2]
    page.shot("mountains")
    page.page.click("#drop-clear")
    assert page.page.locator("#walkers tbody tr").count() == 0


def test_a_drawn_digit_is_answered_by_the_network(open_page):
    state = digits_page_state()
    page = open_page(state)
    page.page.click("#tab-draw")
    pad = page.page.locator("#pad").bounding_box()
    page.page.mouse.move(pad["x"] + 140, pad["y"] + 30)
    page.page.mouse.down()
    page.page.mouse.move(pad["x"] + 140, pad["y"] + 250, steps=10)
    page.page.mouse.up()
    page.shot("draw")
    script = "rows => rows.map(r => +r.dataset.value)"
    drawn = page.page.eval_on_selector_all("#answer > div", script)
    assert sum(drawn) == pytest.approx(1, abs=1e-12)
    page.page.click("#pad-clear")
    blank = page.page.eval_on_selector_all("#answer > div", script)
    darkest = state.X.min(axis=0)[None]
    expected = bp.forward(state.net, state.theta, darkest)[0]
    np.testing.assert_allclose(blank, expected, rtol=1e-12)
    assert drawn != blank


def test_the_quiz_knows_the_right_answer(open_page):
    page = open_page(digits_page_state(m=5))
    page.page.click("#tab-quiz")
    first = page.page.locator("#questions fieldset").first
    first.locator("input").nth(0).check()
    assert "try again" in first.inner_text()
    first.locator("input").nth(3).check()
    assert "Right." in first.inner_text()
    page.shot("quiz")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_by_keyboard_in_light_and_dark_and_on_a_phone(open_page, scheme):
    page = open_page(digits_page_state(m=5), color_scheme=scheme)
    page.page.focus("#tab-steps")
    for tab in ("training", "playground", "mountains", "draw", "quiz", "debug", "steps"):
        page.page.keyboard.press("ArrowRight")
        assert page.page.get_attribute(f"#tab-{tab}", "aria-selected") == "true"
    page.page.focus("#step-forward")
    page.page.keyboard.press("Enter")
    page.page.locator("g.unit.number").nth(3).focus()
    page.page.keyboard.press("Enter")
    assert page.page.locator("#asked-value").count() == 1
    page.shot(f"steps-{scheme}")
    page.page.set_viewport_size({"width": 390, "height": 844})
    width = page.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.shot(f"phone-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_contrast_of_text_is_at_least_AA(open_page, scheme):
    page = open_page(digits_page_state(m=5), color_scheme=scheme)
    ratios = page.page.evaluate("""() => {
      const canvas = document.createElement("canvas").getContext("2d");
      const luminance = (name) => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = `var(${name})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        probe.remove();
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) =>
          v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (p, q) => {
        const [low, high] = [luminance(p), luminance(q)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
      };
      const texts = ["--ink", "--quiet", "--accent", "--good", "--bad"];
      const grounds = ["--ground", "--panel"];
      return [...texts.flatMap((t) => grounds.map((g) => [t, g, ratio(t, g)])),
              ["--on-accent", "--accent", ratio("--on-accent", "--accent")],
              ["--ink", "--lit", ratio("--ink", "--lit")]];
    }""")
    assert min(ratio for *_, ratio in ratios) >= 4.5, ratios


def test_the_page_makes_few_requests_and_none_elsewhere(live):
    page, state, _ = live
    assert page.page.locator("#network svg g.unit").count() > sum(state.net.sizes[1:])
    home = page.page.url
    assert len(page.requests) <= 14  # itself, its style, and its modules
    assert all(url.startswith(home) for url in page.requests)
    assert not any("plotly" in url for url in page.requests)  # 4.8 MB, for the mountains alone
    assert not page.errors


def test_live_training_streams_and_is_kept_when_the_tab_closes(live):
    page, _, saved = live
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "100000")
    page.page.fill("#train-alpha", "0.003")
    page.page.click("#train-start")
    page.page.wait_for_function(
        "() => +document.querySelector('#train-says').textContent.match(/epoch (\\d+)/)?.[1] > 5"
    )
    page.page.fill("#train-lam", "2")
    page.page.press("#train-lam", "Tab")
    page.page.click("#train-save")
    page.page.wait_for_timeout(500)
    page.shot("live")
    assert saved
    kept = len(saved)
    page.page.close()
    deadline = time.monotonic() + 10
    while len(saved) == kept and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(saved) > kept  # closing the tab stops the run, which saves what it has
    assert np.isfinite(saved[-1]).all()
    assert not page.errors


def test_pythons_words_stand_beside_the_page_s(live):
    page, state, _ = live
    page.steps("forward", "cost", "backward")
    page.open_tables()
    page.page.click('button.cell[data-name="delta:2:5:"]')
    page.page.wait_for_selector("#python-says")
    t = bp.trace(state.net, state.theta, state.X[[0]], state.Y[[0]], state.lam)
    shown = float(page.page.get_attribute("#asked-value", "data-value"))
    assert shown == pytest.approx(t.delta[2][0, 4], rel=1e-12)
    assert not page.errors


def test_the_mountains_draw_under_the_strict_policy(live):
    page, _, _ = live
    page.page.click("#tab-mountains")
    page.page.wait_for_selector("#surface .plot-container", timeout=60_000)
    assert not page.errors


FRAMES = """() => {
  window.together = [];  // which pictures were drawn anew, frame by frame
  let drawn = new Set();
  for (const id of ["chart-J", "chart-score", "chart-delta", "confusion", "mistakes"])
    new MutationObserver(() => drawn.add(id)).observe(
      document.getElementById(id), { childList: true, subtree: true, characterData: true });
  const next = () => {
    window.together.push([...drawn]);
    drawn = new Set();
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""


def test_while_training_streams_a_frame_draws_one_picture_and_each_gets_its_turn(open_page):
    page = open_page(digits_page_state(m=40))
    start_training(page)
    page.page.wait_for_selector("#confusion td")
    page.page.evaluate(FRAMES)
    page.page.wait_for_function("() => window.together.length > 90")
    drawn = page.page.evaluate("window.together.slice(1)")
    assert max(map(len, drawn)) == 1
    assert {name for names in drawn for name in names} >= {"chart-J", "chart-score", "chart-delta"}


OF_ONE_NETWORK = """() => {
  const counts = [...document.querySelectorAll("#confusion td")].map((td) => +td.textContent);
  const right = counts.filter((_, k) => k % 11 === 0).reduce((sum, count) => sum + count, 0);
  const score = +document.querySelector("#chart-score").ariaLabel.match(/: (\\S+) after/)[1];
  const said = [...document.querySelectorAll("#confusion button")];
  const alike = said.every((cell) => cell.ariaLabel.startsWith(`${cell.textContent} of `));
  const [J, after] = ["J", "score"].map((name) => document.querySelector(`#chart-${name}`)
    .ariaLabel.split(" after epoch ")[1]);
  return counts.length === 100 && alike && J === after && Math.abs(right / 40 - score) < 1e-5;
}"""


def test_what_is_shown_after_a_pause_is_of_one_network(open_page):
    page = open_page(digits_page_state(m=40))
    start_training(page, "0.01")
    for _ in range(4):
        page.page.wait_for_timeout(150)
        page.page.click("#train-pause")
        page.page.wait_for_function(OF_ONE_NETWORK)
        page.page.click("#train-pause")


def test_pictures_that_stay_keep_their_elements(open_page):
    page = open_page(digits_page_state(m=40))
    start_training(page, "1e-300")  # θ stays what it is
    page.page.wait_for_selector("#confusion button")
    selectors = ["#confusion button", "#mistakes button", "#hidden-units canvas"]
    kept = f"{selectors}.map((selector) => document.querySelector(selector))"
    page.page.evaluate(f"window.kept = {kept}; window.kept[0].focus()")
    epoch = r"+document.querySelector('#train-says').textContent.match(/epoch (\d+)/)[1]"
    now = page.page.evaluate(epoch)
    page.page.wait_for_function(f"(now) => {epoch} > now + 10", arg=now)
    assert (
        page.page.evaluate(f"{kept}.map((element, k) => element === window.kept[k])") == [True] * 3
    )
    assert page.page.evaluate("document.activeElement === window.kept[0]")
