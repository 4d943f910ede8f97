import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.errors import InvalidInput
from backpass.inspection.explain import rules
from backpass.losses import LOSSES
from sparse_rows import ONLY_LINUX, told, untidy


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
    found = bp.explain(traced(sizes=(40, 2), m=1), "z", layer=2, unit=0)
    terms = [term.text for term in found.terms]
    assert found.numbers(most=41) == " + ".join(terms)
    assert found.numbers(most=40) == " + ".join([*terms[:27], "… (1 more terms) …", *terms[28:]])
    assert found.numbers(most=6) == " + ".join([*terms[:4], "… (35 more terms) …", *terms[39:]])
    assert found.numbers() == found.numbers(most=12)
    assert f"= {found.numbers(most=12)}\n" in str(found)


def test_a_walk_goes_down_one_level_or_as_many_as_are_asked_for():
    found = bp.explain(traced(m=2), "D", layer=2, unit=1, column=3)
    levels = {depth: [level for level, _ in found.walk(depth)] for depth in range(3)}
    assert levels[0] == [0]
    assert [level for level, _ in found.walk()] == levels[1] == [0] + [1] * len(found.parts)
    below = [[1] + [2] * len(found.ask(part).parts) for part in found.parts]
    assert levels[2] == sum(below, [0])
    assert [e.number for level, e in found.walk(2) if level == 1] == list(found.parts)


def panel(explanation):
    console = Console(width=3000, record=True, file=io.StringIO())
    console.print(explanation)
    return [line.strip("│╭╮╰╯─ ") for line in console.export_text().splitlines()]


@pytest.mark.parametrize(("units", "more"), [(12, ""), (14, "   … and 2 more")])
def test_a_panel_names_the_number_and_what_it_is_made_of(units, more):
    found = bp.explain(traced(sizes=(1, units), m=1), "a", layer=2, unit=3)
    lines = panel(found)
    assert lines[0] == found.number.text
    assert lines[1:4] == [line.strip() for line in str(found).splitlines()]
    parts = "   ".join(f"{part.text} = {part.value:.6g}" for part in found.parts[:12])
    assert lines[4:] == ["", f"made of: {parts}{more}", ""]


def test_a_panel_of_what_was_given_has_no_parts():
    leaf = bp.explain(traced(m=1), "Theta", layer=1, unit=0, column=0)
    assert panel(leaf) == [leaf.number.text, str(leaf), ""]


def test_html_folds_two_levels_of_parts_of_which_each_shows_48():
    found = bp.explain(traced(m=2), "D", layer=2, unit=1, column=3)
    page = found._repr_html_()
    shown = len(found.parts) + sum(len(found.ask(part).parts) for part in found.parts)
    assert page.count("<details>") == page.count("</details>") == shown
    for _, below in found.walk(2):
        assert f">{below.number.text}<" in page
    for part in found.parts:
        assert f"<summary>{part.text} = {part.value:.6g}</summary>" in page
    leaf = bp.explain(traced(), "Theta", layer=1, unit=0, column=0)
    assert f"<span>= {leaf.value:.10g} (a parameter)</span>" in leaf._repr_html_()
    assert "<details>" not in leaf._repr_html_()
    for units, shown in ((48, 48), (49, 48)):
        wide = bp.explain(traced(sizes=(1, units), m=1), "a", layer=2, unit=0)
        assert len(wide.parts) == units
        assert wide._repr_html_().count("<summary>z") == shown


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
        ({"symbol": "D", "layer": 1, "unit": 0}, "Which D. It needs layer= and unit= and column="),
        ({"symbol": "Delta", "layer": 1, "column": 0}, "Which Delta. .* unit= and column="),
        ({"symbol": "Theta", "layer": 1, "unit": 0}, "Which Theta. .* unit= and column="),
        ({"symbol": "a", "layer": 1}, r"Which a. It needs layer= and unit=\."),
        ({"symbol": "z", "layer": 1, "unit": 0}, "no z of layer 1: it has layers 2 to 4"),
        ({"symbol": "a", "layer": 2, "unit": 9}, r"no a2\[0, 9\]: its shape is \(4, 4\)"),
        ({"symbol": "a", "layer": 2, "unit": -1}, r"no a2\[0, -1\]: .* counted from 0"),
        ({"symbol": "a", "layer": 2, "unit": 4}, r"no a2\[0, 4\]"),
        ({"symbol": "a", "layer": 2, "unit": 10**30}, r"no a2\[0, 10{30}\]"),
        ({"symbol": "a", "layer": 2, "unit": 1.0}, r"no a2\[0, 1.0\]"),
        ({"symbol": "a", "layer": 2, "unit": True}, r"no a2\[0, True\]"),
        ({"symbol": "delta", "layer": 2, "unit": 0, "example": -1}, r"no delta2\[-1, 0\]"),
        ({"symbol": "delta", "layer": 2, "unit": 0, "example": 4}, r"no delta2\[4, 0\]"),
        ({"symbol": "D", "layer": 1, "unit": 0, "column": -1}, r"no D1\[0, -1\]"),
        ({"symbol": "Delta", "layer": 1, "unit": -1, "column": 0}, r"no Delta1\[-1, 0\]"),
        ({"symbol": "Theta", "layer": 1, "unit": 0, "column": 4}, r"no Theta1\[0, 4\]"),
        ({"symbol": "z", "layer": -1, "unit": 0}, "no z of layer -1: it has layers 2 to 4"),
        ({"symbol": "z", "layer": 2.0, "unit": 0}, "no z of layer 2.0"),
        ({"symbol": "a", "layer": True, "unit": 0}, "no a of layer True"),
        ({"symbol": "cost", "example": -1}, r"no cost\[-1\]"),
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


def numbers_in(line):
    """What a line of numbers comes to, by arithmetic alone."""
    text = line.replace("·", "*").replace("²", "**2").removeprefix("= ")
    return eval(text, {"__builtins__": {}})


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("symbol", ["J", "z", "delta", "Delta", "D"])
def test_the_line_of_numbers_multiplies_out_to_the_value(symbol, weighted):
    t = traced(m=3, weighted=weighted)
    place = {"layer": 2, "unit": 1} if symbol in ("z", "delta", "Delta", "D") else {}
    for column in (0, 2) if symbol in ("Delta", "D") else (None,):
        found = bp.explain(t, symbol, column=column, **place)
        _, numbers, value = [line.strip() for line in str(found).splitlines()]
        size = sum(abs(term.value) for term in found.terms)
        assert numbers_in(numbers) == pytest.approx(float(value[2:]), abs=2e-5 * size)


def test_the_formula_of_j_is_the_one_whose_numbers_stand_below_it():
    net = bp.Network((1, 1), (), "squared_error")
    found = bp.explain(bp.trace(net, [0.5, 2.0], [[3.0], [1.0]], [[5.0], [2.0]], lam=4.0), "J")
    assert str(found) == (
        "J = (1/W) Σₑ wₑ cost(e) + (λ/W) · ½ΣΘ²\n  = 1.125/2 + 0.125/2 + 4·2/2\n  = 4.625"
    )
    assert found.latex == (
        "\\begin{aligned}\n"
        r"J &= \frac1W \sum_e w_e\,\mathrm{cost}(e) + "
        r"\frac{\lambda}{W} \cdot \tfrac12 \sum \Theta^2"
        " \\\\\n"
        r"&= 1.125/2 + 0.125/2 + 4 \cdot 2/2"
        " \\\\\n"
        "&= 4.625\n\\end{aligned}"
    )
    assert [part.text for part in found.parts] == ["cost[0]", "cost[1]", "W", "λ", "½ΣΘ²"]
    penalty = found.ask(4)
    assert str(penalty) == "½ΣΘ² = ½ ΣΘ², biases left out\n     = 2²/2\n     = 2"
    assert [part.text for part in penalty.parts] == ["Θ⁽¹⁾[0, 1]"]


def test_a_row_keeps_its_number_and_its_columns_their_names():
    t = dataclasses.replace(traced(m=5), names=("area", "rooms_2", "city = Rome"))
    row = t.row(3)
    assert (row.first, row.row(0).first, t.row(-1).first) == (3, 3, 4)
    for symbol, layer in (("a", 2), ("z", 3), ("delta", 2), ("a", 1)):
        own = bp.explain(row, symbol, layer=layer, unit=1)
        whole = bp.explain(t, symbol, layer=layer, unit=1, example=3)
        assert own.number.text == whole.number.text
        assert "[3, 1]" in own.number.text
        assert own.value == pytest.approx(whole.value, rel=1e-12)
        assert [p.text for p in own.parts] == [p.text for p in whole.parts]
        assert own.formula == whole.formula
    assert bp.explain(row, "cost").number.text == "cost[3]"
    for _, part in bp.explain(row, "J").walk(5):
        assert abs(part.recomputed - part.value) <= 1e-12 * sum(abs(t.value) for t in part.terms)
    with pytest.raises(InvalidInput, match=r"no a2\[0, 1\]: .* examples are counted from 3"):
        bp.explain(row, "a", layer=2, unit=1, example=0)
    found = bp.explain(row, "a", layer=1, unit=1)
    assert found.formula.text == "X[3, 1], rooms_2"
    assert found.formula.latex == r"X_{3,1}\quad\text{rooms\_2}"
    assert str(found.ask(0)).endswith("(an input, rooms_2)")
    assert "city = Rome" in bp.explain(row, "a", layer=1, unit=2)._repr_html_()


def test_a_pass_without_targets_has_a_and_z_alone():
    whole = traced(m=2, weighted=False)
    t = bp.trace(whole.net, whole.theta, whole.X)
    for l in whole.z:
        np.testing.assert_array_equal(t.z[l], whole.z[l])
        np.testing.assert_array_equal(t.a[l], whole.a[l])
    assert t.Y is None
    assert np.isnan(t.J)
    assert {name for name, _, _ in t} == {"Theta", "a", "z"}
    assert "J" not in repr(t)
    assert t.row(1).Y is None
    found = bp.explain(t, "a", layer=2, unit=0, example=1)
    assert {e.number.symbol for _, e in found.walk(4)} == {"a", "z", "Theta", "X"}
    for symbol in ("delta", "Delta", "D", "J", "cost"):
        place = {"unit": 0, "column": 0, "layer": 2}
        with pytest.raises(InvalidInput, match=f"no {symbol}: the trace was made without targets"):
            bp.explain(t, symbol, **place)


def test_each_named_array_is_computed_once(monkeypatch):
    t = traced(m=50)
    calls = []
    value = t.net.loss.value
    counted = dataclasses.replace(
        t.net.loss, value=lambda z, y: calls.append(len(z)) or value(z, y)
    )
    t = dataclasses.replace(t, net=bp.Network(t.net.sizes, t.net.hidden, counted))
    found = bp.explain(t, "J")
    assert calls == [50]
    found.ask(1)
    assert calls == [50, 1]


def small():
    """Two examples of unlike weight, with numbers that can be followed by hand."""
    net = bp.Network((2, 2, 2), "tanh", "log_loss")
    theta = [0.5, -0.25, 1.0, 0.75, -0.5, 0.25, 0.125, -1.0, 2.0, -0.75, 0.5, 1.5]
    X, Y = [[1.0, -2.0], [0.5, 3.0]], [[1.0, 0.0], [0.0, 1.0]]
    return bp.trace(net, theta, X, Y, lam=3.0, sample_weight=[1.0, 2.0])


WORD_FOR_WORD = json.loads(
    (Path(__file__).parents[1] / "files" / "explanations.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("known", WORD_FOR_WORD, ids=lambda known: known["text"][0][:8])
def test_every_symbol_word_for_word(known):
    found = bp.explain(small(), known["symbol"], **known["place"])
    assert str(found).split("\n") == repr(found).split("\n") == known["text"]
    assert found.latex.split("\n") == known["latex"]
    assert [part.text for part in found.parts] == known["parts"]
    for k, part in enumerate(found.parts):
        assert found.ask(k).number == found.ask(part).number == part


def test_the_slope_and_what_was_given_word_for_word():
    t = small()
    slope = bp.explain(t, "delta", layer=2, unit=1).ask(0)
    assert str(slope) == (
        "g′(z)⁽²⁾[0, 1] = 1 − tanh²(z⁽²⁾[0, 1])\n               = tanh′(0)\n               = 1"
    )
    assert r"&= \mathrm{tanh}'(0)" in slope.latex
    assert str(slope.ask(0)).startswith("z⁽²⁾[0, 1] = Σⱼ")
    J = bp.explain(t, "J")
    given = [str(J.ask(part)) for part in J.parts if J.ask(part).is_leaf]
    assert given == [
        "w[1] = 2   (a sample weight)",
        "W = 3   (the sum of the sample weights)",
        "λ = 3   (the weight decay)",
    ]
    cost = bp.explain(t, "cost")
    assert str(cost.ask(2)) == "Y[0, 0] = 1   (a target)"
    assert str(bp.explain(t, "a", layer=1, unit=0).ask(0)) == "X[0, 0] = 1   (an input)"


def test_latex_of_words_and_of_sums_that_are_cut():
    robust = bp.trace(bp.Network((1, 1), (), bp.huber(1.0)), [0.0, 2.0], [[3.0]], [[5.0]])
    assert r"\text{$\partial$huber/$\partial$z at a = 6, y = 5}" in (
        bp.explain(robust, "delta", layer=2, unit=0).latex
    )
    long = bp.explain(traced(sizes=(40, 2), m=1), "z", layer=2, unit=0).latex
    assert r"\dots  \text{(29 more terms)} \dots " in long


def test_sums_over_sparse_inputs_name_those_that_are_not_zero():
    """The same value and the same factors, and as many terms as the text says are left out."""
    rng = np.random.default_rng(5)
    X = untidy(rng, (6, 8), filled=0.5)
    net = bp.Network((8, 3, 2), "tanh", "log_loss")
    theta, Y = bp.init_theta(net, 1, epsilon=1.0), np.eye(2)[rng.integers(2, size=6)]
    ours, theirs = (bp.trace(net, theta, form, Y, 0.5) for form in (X, X.toarray()))
    cells = [("z", {"layer": 2, "unit": 1, "example": e}) for e in range(6)]
    cells += [("Delta", {"layer": 1, "unit": 1, "column": c}) for c in range(9)]
    for symbol, place in cells:
        found, expected = (bp.explain(t, symbol, **place) for t in (ours, theirs))
        assert found.value == pytest.approx(expected.value, abs=1e-14)
        assert found.recomputed == pytest.approx(expected.recomputed, abs=1e-14)
        terms = [term.value for term in expected.terms if term.value]
        np.testing.assert_allclose([term.value for term in found.terms], terms, rtol=1e-12)
        zeros = len(expected.terms) - len(terms)
        said = f"{expected.formula.text}; terms of inputs that are 0, left out: {zeros}"
        assert found.formula.text == (said if zeros else expected.formula.text)
        assert found.formula.latex.startswith(expected.formula.latex)
        found._repr_html_()


def test_the_penalty_of_a_wide_network_has_a_term_for_each_unit(monkeypatch):
    t = traced()
    one_by_one = bp.explain(t, "J").ask(-1)
    monkeypatch.setattr(rules, "MOST_SQUARES", t.theta.size - 1)
    by_unit = bp.explain(t, "J").ask(-1)
    assert one_by_one.number.symbol == "penalty"
    assert len(by_unit.terms) == 4 + 5 + 2
    assert by_unit.terms[4].text == "½Σⱼ Θ⁽²⁾[0, j]²"
    assert by_unit.terms[4].value == pytest.approx((t.Thetas[2][0, 1:] ** 2).sum() / 2)
    assert by_unit.value == one_by_one.value
    assert by_unit.recomputed == pytest.approx(by_unit.value, rel=1e-13)
    assert "½ ΣΘ², biases left out" in str(by_unit)


@ONLY_LINUX
def test_J_of_wide_sparse_rows_is_shown_in_little_memory():
    """400,000 squares, one by one, would take some hundred megabytes."""
    html = told("""
def shown(columns):
    X, y = text(5, columns, 10)
    net = bp.Network((columns, 4, 2), loss="log_loss")
    t = bp.trace(net, bp.init_theta(net), X, np.eye(2)[y], lam=1.0)
    return bp.explain(t, "J")._repr_html_()

shown(100)
allow(60)
tell(shown(100_000))
""")
    assert "½ΣΘ²" in html


def test_a_sparse_row_s_sums_are_counted_as_the_row_is():
    X = scipy.sparse.csr_array(np.array([[0.0, 2.0], [3.0, 0.0]]))
    t = bp.trace(bp.Network((2, 1), hidden=()), [0.0, 1.0, 1.0], X, [[1.0], [0.0]]).row(1)
    found = bp.explain(t, "z", layer=2, unit=0)
    assert [part.text for part in found.parts] == ["Θ⁽¹⁾[0, 0]", "Θ⁽¹⁾[0, 1]", "a⁽¹⁾[1, 0]"]
    assert bp.explain(t, "Delta", layer=1, unit=0, column=1).parts[0].index == (1, 0)
    assert bp.explain(t, "Delta", layer=1, unit=0, column=2).terms == ()
