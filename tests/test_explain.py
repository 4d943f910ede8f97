import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.errors import InvalidInput
from backpass.losses import LOSSES


def traced(hidden="tanh", loss="log_loss", sizes=(3, 4, 5, 2), m=4, seed=0, weighted=True):
    rng = np.random.default_rng(seed)
    net = bp.Network(sizes, hidden, loss)
    X = rng.normal(size=(m, sizes[0]))
    Y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=m)]
    w = rng.uniform(0.5, 2, m) if weighted else None
    theta = bp.init_theta(net, rng, epsilon=1.0)
    return bp.trace(net, theta, X, Y, lam=0.7, sample_weight=w)


def every_number(t):
    """Explain each entry of each array of the trace."""
    for symbol, by_layer in (("a", t.a), ("z", t.z), ("delta", t.delta)):
        for l, array in by_layer.items():
            for (i, k), value in np.ndenumerate(array):
                yield bp.explain(t, symbol, layer=l, unit=k, example=i), value
    for symbol, by_layer in (("Delta", t.Delta), ("D", t.D), ("Theta", t.Thetas)):
        for l, array in by_layer.items():
            for (i, j), value in np.ndenumerate(array):
                yield bp.explain(t, symbol, layer=l, unit=i, column=j), value
    yield bp.explain(t, "J"), t.J
    for e, value in enumerate(t.net.loss.value(t.z[t.net.L], t.Y)):
        yield bp.explain(t, "cost", example=e), value


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_the_terms_of_every_number_recompute_it(hidden, loss):
    for explanation, value in every_number(traced(hidden, loss)):
        assert explanation.value == value
        size = sum(abs(term.value) for term in explanation.terms)
        assert abs(explanation.recomputed - value) <= 1e-12 * size, str(explanation)


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    m=st.integers(1, 3),
    seed=st.integers(0, 999),
)
def test_at_any_depth(sizes, m, seed):
    for explanation, value in every_number(traced(sizes=tuple(sizes), m=m, seed=seed)):
        size = sum(abs(term.value) for term in explanation.terms)
        assert abs(explanation.recomputed - value) <= 1e-12 * size


def test_every_part_can_be_asked_down_to_what_was_given():
    t = traced(m=2, sizes=(2, 3, 2))
    seen = set()
    for _, explanation in bp.explain(t, "D", layer=1, unit=1, column=2).walk(depth=9):
        seen.add(explanation.number.symbol)
        if explanation.is_leaf:
            assert explanation.number.symbol in {"X", "Y", "Theta", "w", "W", "lam"}
    assert {"D", "Delta", "delta", "slope", "z", "a", "X", "Y", "Theta", "w", "lam"} <= seen


def test_asking_a_part_gives_the_trace_s_number():
    t = traced()
    explanation = bp.explain(t, "delta", layer=2, unit=3, example=1)
    above = [part for part in explanation.parts if part.symbol == "delta"]
    assert [part.value for part in above] == t.delta[3][1].tolist()
    assert explanation.ask(above[2]).value == t.delta[3][1, 2]
    slope = explanation.ask(0)
    assert slope.value == pytest.approx(1 - t.a[2][1, 3] ** 2, rel=1e-13)


def test_the_text_puts_the_numbers_into_the_formula():
    net = bp.Network((2, 2, 1), "logistic", "binary_log_loss")
    t = bp.trace(net, np.arange(9) / 10, [[1.0, -2.0]], [[1.0]])
    text = str(bp.explain(t, "z", layer=2, unit=1))
    assert text.splitlines()[0] == "z⁽²⁾[0, 1] = Σⱼ Θ⁽¹⁾[1, j] a⁽¹⁾[0, j], with a bias unit of 1"
    assert "0.1·1 + 0.3·1 + 0.5·(-2)" in text
    assert text.endswith("= -0.6")
    assert str(bp.explain(t, "delta", layer=3, unit=0)).startswith("δ⁽³⁾[0, 0] = a⁽³⁾[0, 0] − Y")


def test_a_long_sum_is_cut_in_the_middle_and_says_so():
    t = traced(sizes=(40, 2), m=1)
    text = bp.explain(t, "z", layer=2, unit=0).numbers(most=6)
    assert "(35 more terms)" in text
    assert text.count("·") == 6


def test_latex_rich_and_html():
    t = traced(m=2)
    explanation = bp.explain(t, "D", layer=2, unit=1, column=3)
    assert explanation.latex.startswith("\\begin{aligned}\nD^{(2)}_{1,3} &= ")
    assert r"\tfrac{\lambda}{W} \Theta^{(2)}_{1,3}" in explanation.latex
    page = explanation._repr_html_()
    assert page.count("<details>") > 3
    assert "http" not in page
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(explanation)
    assert "made of" in console.export_text()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"symbol": "q"}, "no 'q' to explain; there are z, a"),
        ({"symbol": "z", "layer": 2}, "Which z. It needs layer= and unit="),
        ({"symbol": "D", "layer": 1, "unit": 0}, "unit= and column="),
        ({"symbol": "z", "layer": 1, "unit": 0}, "no z of layer 1: it has layers 2 to 4"),
        ({"symbol": "a", "layer": 2, "unit": 9}, r"no a2\[0, 9\]: its shape is \(4, 4\)"),
        ({"symbol": "cost", "example": 7}, r"no cost\[7\]"),
    ],
)
def test_what_is_not_there(where, message):
    with pytest.raises(InvalidInput, match=message):
        bp.explain(traced(), **where)


def test_html_names_the_number_once_and_then_its_formula_numbers_and_value():
    explanation = bp.explain(traced(m=2), "z", layer=2, unit=0)
    first = explanation._repr_html_().split("<details>")[0]
    assert first.count(explanation.number.text) == 1
    assert first.count("= ") == 3
    assert f"= {explanation.value:.10g}" in first
