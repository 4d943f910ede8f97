"""The page holds together: on any screen, by keyboard and finger, under random clicks, for axe."""

import importlib.util
import random
from dataclasses import replace

import numpy as np
import pytest
from browser_pages import Page, digits_page_state

import backpass as bp
from backpass.studio.captions import Captions
from backpass.studio.page_state import PageState
from chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]

TABS = ("steps", "training", "playground", "mountains", "draw", "quiz", "debug")
SIZES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "200 %": {"viewport": {"width": 640, "height": 360}},
    "projector": {"viewport": {"width": 1280, "height": 720}},
}
CLICKS = 20
STILL = ["#train-save", "#play-save", "#step-save"]  # a download is no click on the page
STILL += ["#play-share"]  # it opens another tab


def table_page_state() -> PageState:
    """Numbers of a table with long names, in units of their own."""
    rng = np.random.default_rng(2)
    net = bp.Network((9, 7, 2), "gelu", "squared_error")
    names = [f"a column with a rather long name, number {j}" for j in range(9)]
    captions = Captions(
        rows=list(range(100, 130)),
        inputs=names,
        columns={name: [f"{k}.25 of something long" for k in range(30)] for name in names},
        outputs=["price in some currency", "weight"],
        scales=[(1000.0, 250.0), (3.0, 0.5)],
        units="Numbers come in standardised.",
    )
    X, Y = rng.normal(size=(30, 9)), rng.normal(size=(30, 2))
    theta = bp.init_theta(net, 1, "glorot")
    return PageState(net, theta, 0.5, X, Y, title="a-file-with-a-long-name" * 3, captions=captions)


STATES = {"digits": lambda: digits_page_state(m=12), "table": table_page_state}


def widest(page: Page) -> int:
    return page.page.evaluate("document.documentElement.scrollWidth")


def click_at_random(page: Page, tab: str, rng: random.Random) -> None:
    """Click something that can be clicked in a panel, as the one who is there sees it."""
    from playwright.sync_api import Error

    things = page.page.locator(
        f"#{tab} :is(button, summary, input, g.unit):visible:not(:disabled):not({','.join(STILL)})"
    )
    seen = things.element_handles()
    if not seen:
        return
    thing = rng.choice(seen)
    try:
        thing.click(force=True, timeout=5000)
    except Error:  # what training took away, or disabled, between the look and the click
        assert not (thing.is_visible() and thing.is_enabled())


PLACES = [("digits", size) for size in SIZES] + [("table", "phone")]
NIGHT = [pytest.param("table", size, marks=pytest.mark.night) for size in ("200 %", "projector")]


@pytest.mark.parametrize(("of", "size"), [*PLACES, *NIGHT])
@pytest.mark.parametrize("tab", TABS)
def test_random_clicks_neither_widen_the_page_nor_end_in_an_error(open_page, of, tab, size):
    if tab == "debug" or (tab == "draw" and of == "table"):
        pytest.skip("there is nothing to click")
    page = open_page(STATES[of](), **SIZES[size])
    page.page.click(f"#tab-{tab}")
    rng = random.Random(f"{of} {tab} {size}")
    width = SIZES[size]["viewport"]["width"]
    for click in range(CLICKS):
        click_at_random(page, tab, rng)
        assert widest(page) <= width, click
    assert page.errors == []


@pytest.mark.skipif(
    importlib.util.find_spec("axe_playwright_python") is None, reason="axe is not installed"
)
@pytest.mark.parametrize(
    ("of", "scheme"),
    [
        ("digits", "light"),
        ("digits", "dark"),
        ("table", "dark"),
        pytest.param("table", "light", marks=pytest.mark.night),
    ],
)
def test_axe_finds_nothing_serious_on_any_tab(open_page, of, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(STATES[of](), color_scheme=scheme, bypass_csp=True)
    page.steps("forward", "cost", "backward", "accumulate")
    page.open_tables()
    page.page.locator(".cell").nth(3).click()
    for tab in TABS:
        page.page.click(f"#tab-{tab}")
        if tab == "training":
            page.page.fill("#train-epochs", "3")
            page.page.click("#train-start")
            page.page.wait_for_function("() => document.querySelector('#train-pause').disabled")
        if tab == "mountains":
            page.page.wait_for_selector("#drop-here:enabled")
        found = Axe().run(page.page).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious]
        assert told == [], tab


OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll("#network text.label")]
    .map((e) => ({ words: e.textContent, box: e.getBoundingClientRect() }));
  const [across, down] = [["left", "right"], ["top", "bottom"]]
    .map(([from, to]) => (a, b) => a[from] < b[to] && b[from] < a[to]);
  const over = (a, b) => across(a.box, b.box) && down(a.box, b.box);
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => over(a, b))
    .map((b) => `${a.words} | ${b.words}`));
}"""


@pytest.mark.parametrize("size", SIZES)
def test_the_names_of_layers_never_lie_on_one_another(open_page, size):
    state = digits_page_state(sizes=(64, 128, 128, 128, 10), m=5)
    page = open_page(state, **SIZES[size])
    assert page.page.locator("#network text.label").count() == 10
    assert page.page.evaluate(OVERLAPS) == []


def test_fingers_find_44_pixels_of_everything_on_a_phone(open_page):
    page = open_page(digits_page_state(m=5), **SIZES["phone"])
    page.page.tap("#step-forward")
    page.page.locator('[aria-label^="layer 2, unit 1:"]').tap()
    assert page.page.inner_text("#asked-name") == "a⁽²⁾₁"
    for tab in TABS:
        page.page.tap(f"#tab-{tab}")
        small = page.page.eval_on_selector_all(
            "button, textarea, select, summary, label, g.unit, "
            "input:not([type=checkbox], [type=radio])",
            """found => found.filter((e) => {
              const { width, height } = e.getBoundingClientRect();
              return e.checkVisibility() && (height < 44 || (!e.matches("label") && width < 44));
            }).map((e) => e.outerHTML.slice(0, 100))""",
        )
        assert small == [], tab


def focused(page: Page) -> str:
    """What has the keyboard's focus."""
    return page.page.evaluate(
        "(document.activeElement.dataset.key ?? document.activeElement.id) || "
        "document.activeElement.tagName"
    )


def test_all_of_a_step_by_keys_and_the_focus_is_never_lost(open_page):
    page = open_page(digits_page_state(m=5))
    page.page.focus("#step-forward")
    for name in ("cost", "backward", "accumulate", "update", "forward"):
        page.page.keyboard.press("Enter")
        assert focused(page) == f"step-{name}"
    page.page.focus("#step-epoch")
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "() => document.querySelector('#step-says').textContent.includes('J was')"
    )
    assert focused(page) == "step-epoch"
    page.page.focus("#step-reset")
    page.page.keyboard.press("Enter")
    assert focused(page) == "step-reset"


def test_arrow_keys_go_from_unit_to_unit_and_from_number_to_number(open_page):
    page = open_page(digits_page_state(m=5))
    page.steps("forward")
    press = page.page.keyboard.press
    assert page.page.locator("#network [tabindex='0']").count() == 1
    page.page.locator("#network [tabindex='0']").focus()
    ways = [("ArrowDown", "unit:1:1"), ("ArrowRight", "unit:2:1"), ("ArrowUp", "unit:2:0"),
            ("End", "unit:3:10"), ("ArrowRight", "unit:3:10"), ("Home", "unit:1:0")]  # fmt: skip
    for key, to in ways:
        press(key)
        assert focused(page) == to
    table = page.page.locator("#tables table").nth(1)
    assert table.locator("[tabindex='0']").count() == 1
    table.locator("[tabindex='0']").focus()
    press("ArrowRight")
    assert focused(page) == "a:2:2:"
    press("Enter")
    assert page.page.inner_text("#asked-name") == "a⁽²⁾₂"
    assert focused(page) == "a:2:2:"


def test_the_focus_is_never_lost_to_a_button_that_is_disabled_or_gone(open_page):
    page = open_page(table_page_state())
    page.page.click("#tab-training")
    page.page.fill("#train-epochs", "100000")
    page.page.focus("#train-start")
    page.page.keyboard.press("Enter")
    assert focused(page) == "train-stop"
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#train-start:enabled")
    assert focused(page) == "train-start"
    page.page.click("#tab-mountains")
    page.page.wait_for_selector("#drop-here:enabled", timeout=60_000)
    for button in ("drop-random", "drop-random"):
        page.page.click(f"#{button}")
    page.page.wait_for_function(
        "() => [...document.querySelectorAll('#walkers tbody td:last-child')]"
        ".every(c => c.textContent.length === 1)"
    )
    page.page.focus("#look-along")
    page.page.keyboard.press("Enter")
    assert focused(page) != "BODY"
    page.page.click("#tab-steps")
    wide = replace(digits_page_state(m=2), image=None)
    wide = open_page(wide)
    wide.page.focus("#row-inputs .more")
    wide.page.keyboard.press("Enter")
    assert focused(wide) == "DIV"


def test_back_goes_the_parts_up_again(open_page):
    page = open_page(digits_page_state(m=5))
    page.steps("forward")
    page.page.click('[data-name="a:2:2:"]')
    page.page.locator("#asked .parts button").first.click()
    assert (page.page.inner_text("#asked-name"), focused(page)) == ("z⁽²⁾₂", "asked-name")
    page.page.click("#asked-back")
    assert page.page.inner_text("#asked-name") == "a⁽²⁾₂"
    assert not page.page.is_visible("#asked-back")
    page.page.click("#asked-close")
    assert (page.page.inner_text("#asked-name"), focused(page)) == ("A number", "a:2:2:")


def test_a_long_sum_folds_with_its_count_and_is_said_in_one_sentence(open_page):
    page = open_page(digits_page_state(m=5))
    page.steps("forward")
    page.page.click('[data-name="z:2:1:"]')
    assert "(54 more terms)" in page.page.inner_text("#asked")
    assert "a sum" not in page.page.inner_text("#asked-summary")
    assert "65 products" in page.page.inner_text("#asked-summary")
    assert page.page.locator("#asked .parts button").count() == 13
    page.page.click("#asked .more")
    assert page.page.locator("#asked .parts button").count() == 130


def test_the_formula_stays_in_sight_beside_the_number_that_was_clicked(open_page):
    page = open_page(digits_page_state(m=5), **SIZES["projector"])
    page.steps("forward", "cost", "backward", "accumulate")
    cell = page.page.locator('[data-name^="D:2:"]').last
    cell.scroll_into_view_if_needed()
    cell.click()
    box = page.page.locator("#asked-value").bounding_box()
    assert 0 <= box["y"] <= 720


def test_motion_is_left_out_where_it_is_not_wanted(open_page):
    state = digits_page_state(m=5)
    calm = open_page(state, reduced_motion="reduce")
    calm.steps("forward", "cost", "backward")
    assert calm.page.locator("#network .pulse").count() == 0
    moving = open_page(state, reduced_motion="no-preference")
    moving.steps("forward", "cost", "backward")
    assert moving.page.locator("#network .flow-backward .pulse").count() > 10


@pytest.mark.parametrize("tab", ["steps", "training"])
def test_random_clicks_do_no_harm_to_a_page_with_a_server(live, tab):
    page, _, _ = live
    page.page.click(f"#tab-{tab}")
    rng = random.Random(tab)
    for click in range(CLICKS):
        click_at_random(page, tab, rng)
        assert widest(page) <= 1280, click
    page.page.wait_for_timeout(500)
    assert page.errors == []


def test_no_letter_of_a_caption_lies_outside_the_drawing(open_page):
    state = table_page_state()
    names = ["WWWWWWWWWWWWWWW", *state.captions.inputs[1:]]
    page = open_page(replace(state, captions=replace(state.captions, inputs=names)))
    outside = """() => {
        const all = document.querySelector("#network svg").getBoundingClientRect();
        const texts = [...document.querySelectorAll("#network :is(.caption, .label)")];
        return texts.filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < all.left || box.right > all.right;
        }).map((text) => text.textContent);
    }"""
    assert page.page.locator("#network .caption").count() > 5
    assert page.page.evaluate(outside) == []


def test_the_sheet_of_a_number_covers_nothing_before_one_is_chosen(open_page):
    page = open_page(digits_page_state(m=12), **SIZES["phone"])
    where = "() => getComputedStyle(document.querySelector('#steps aside')).position"
    assert page.page.evaluate(where) == "static"
    page.page.click("#step-forward")
    page.page.locator('[data-name^="a:2:"]').first.click()
    assert page.page.evaluate(where) == "sticky"
    page.page.click("#asked-close")
    assert page.page.evaluate(where) == "static"
