"""The quiz asks about the network on the page, and knows what Python knows of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browser_pages import digits_page_state

import backpass as bp


@pytest.fixture
def quiz(open_page):
    state = digits_page_state(m=7)
    page = open_page(state)
    page.page.click("#tab-quiz")
    return state, page.page


def asked(page) -> list[str]:
    return page.eval_on_selector_all("#questions legend", "all => all.map(e => e.textContent)")


def answered_right(page, which: str) -> tuple[str, str]:
    """Try the choices of a question until one is right; the question, and that choice."""
    question = page.locator("#questions fieldset").filter(has_text=which)
    for choice in question.locator("label").all():
        choice.locator("input").check()
        if "Right." in question.locator("p[aria-live]").inner_text():
            return question.locator("legend").inner_text(), choice.inner_text().strip()
    raise AssertionError(f"no choice of {which!r} is right")


def numbers(text: str) -> list[float]:
    plain = text.replace("−", "-")
    return [float(each) for each in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", plain)]


@pytest.mark.parametrize("draws", [0, 1, 2])
def test_right_is_what_python_computes(quiz, draws):
    state, page = quiz
    for _ in range(draws):
        page.click("#quiz-again")
    net, m = state.net, len(state.X)
    Thetas = net.roll(state.theta)

    question, right = answered_right(page, "What is the shape of Θ")
    layer = "¹²".index(re.search(r"Θ⁽(.)⁾", question)[1])
    assert right == "{} × {}".format(*net.shapes[layer])
    assert answered_right(page, "How long is θ")[1] == str(net.n_parameters)

    question, right = answered_right(page, "What is its δ?")
    row, unit = (int(n) for n in re.findall(r"Row (\d+): output (\d+)", question)[0])
    t = bp.trace(net, state.theta, state.X[row][None], state.Y[row][None])
    assert numbers(right) == pytest.approx([t.delta[3][0, unit - 1]], rel=1e-4)

    question, right = answered_right(page, "What is g′(z)?")
    row, unit = (int(n) for n in re.findall(r"Row (\d+): unit (\d+)", question)[0])
    t = bp.trace(net, state.theta, state.X[row][None], state.Y[row][None])
    assert numbers(right) == pytest.approx([1 - np.tanh(t.z[2][0, unit - 1]) ** 2], rel=1e-4)

    question, right = answered_right(page, "by the weight between them")
    i, j = (int(n) for n in re.findall(r"unit (\d+) in layer", question))
    assert numbers(right) == pytest.approx([t.delta[3][0, i - 1] * t.a[2][0, j - 1]], rel=1e-4)

    question, right = answered_right(page, "What does the weight decay add")
    value = numbers(question.split(" is ")[1])[0]
    assert np.isclose(np.concatenate([Theta.ravel() for Theta in Thetas]), value, rtol=1e-4).any()
    assert numbers(right) == pytest.approx([state.lam / m * value], rel=1e-3)


def test_other_numbers_are_other_questions_in_the_same_places(quiz):
    _, page = quiz
    before = asked(page)
    page.click("#quiz-again")
    after = asked(page)
    assert [each.split(".")[0] for each in after] == [each.split(".")[0] for each in before]
    assert len(before) == 10
    assert before != after
    assert before[0] == after[0]


def test_a_hint_and_a_second_try_cost_half_a_point(quiz):
    _, page = quiz
    score = page.locator("#score")
    assert "0 of 10 points, 0 answered" in score.inner_text()
    first, last = (
        page.locator("#questions fieldset").first,
        page.locator("#questions fieldset").last,
    )
    last.locator("input").nth(1).check()
    assert "1 of 10 points, 1 answered" in score.inner_text()
    first.get_by_role("button", name="hint").click()
    assert "in memory" in first.locator("p.quiet").inner_text()
    assert page.evaluate("document.activeElement.textContent").startswith("Whose a and z")
    first.locator("input").nth(3).check()
    assert "1.5 of 10 points, 2 answered" in score.inner_text()
    first.locator("input").nth(0).check()
    first.locator("input").nth(3).check()
    assert "1.5 of 10 points, 2 answered" in score.inner_text()


@pytest.mark.parametrize(
    ("hidden", "loss", "sizes"),
    [("relu", "squared_error", (64, 3, 10)), ("logistic", "binary_log_loss", (64, 5, 4, 10))],
)
def test_other_networks_are_asked_about_too(open_page, hidden, loss, sizes):
    page = open_page(digits_page_state(hidden, loss, sizes, m=7))
    page.page.click("#tab-quiz")
    assert any("-".join(map(str, sizes)) in each for each in asked(page.page))
    for question in page.page.locator("#questions fieldset").all():
        words = question.locator("label").all_inner_texts()
        assert len(words) == len(set(words)) >= 3
    assert not page.errors
