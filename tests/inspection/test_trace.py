import io

import numpy as np
import pytest
from rich.console import Console

import backpass as bp
from backpass import backprop
from backpass.errors import InvalidInput


@pytest.fixture
def traced(rng):
    net = bp.Network((3, 4, 5, 2), ("tanh", "relu"), "log_loss")
    X, Y = rng.normal(size=(6, 3)), np.eye(2)[rng.integers(2, size=6)]
    return bp.trace(net, bp.init_theta(net), X, Y, lam=0.5, sample_weight=rng.uniform(1, 2, 6))


def test_layers_carry_the_notes_numbers_and_shapes(traced):
    assert {l: v.shape for l, v in traced.a.items()} == {1: (6, 3), 2: (6, 4), 3: (6, 5), 4: (6, 2)}
    assert list(traced.z) == [2, 3, 4]
    assert sorted(traced.delta) == [2, 3, 4]
    for by_layer in (traced.Delta, traced.D, traced.Thetas):
        assert {l: v.shape for l, v in by_layer.items()} == {1: (4, 4), 2: (5, 5), 3: (2, 6)}


def test_J_and_D_are_those_of_cost_and_gradient(traced):
    t = traced
    J, D = backprop.cost_and_gradient(t.net, t.theta, t.X, t.Y, t.lam, t.w)
    assert t.J == pytest.approx(J, rel=1e-14)
    np.testing.assert_allclose(t.gradient, D, rtol=1e-12, atol=1e-15)


def test_shapes_name_each_array_rightly(traced):
    lines = dict(line.split(" shape:") for line in traced.shapes().splitlines())
    assert lines["z2"].strip() == "(6, 4)"
    assert lines["a4"].strip() == "(6, 2)"  # the notes' debug mode calls this one "z2"
    assert lines["Y"].strip() == "(6, 2)"


def test_one_row_alone(traced):
    row = traced.row(-1)
    np.testing.assert_allclose(row.delta[2], traced.delta[2][5:6])
    np.testing.assert_allclose(row.Delta[3][:, 1:], row.delta[4].T @ row.a[3])
    with pytest.raises(IndexError, match="no row 6: the trace has 6 rows"):
        traced.row(6)


def test_the_terminal_s_table_and_the_notebook_s(traced):
    console = Console(width=120, record=True, file=io.StringIO())

    console.print(traced)
    text = console.export_text()
    assert "δ^(4)" in text
    assert "3-4-5-2" in text
    assert "δ^(4)" in traced._repr_html_()
    assert "J=" in repr(traced)


def test_bad_input_names_the_argument():
    net = bp.Network((2, 3))
    with pytest.raises(InvalidInput, match=r"X has shape \(1, 3\), but the network has 2 input"):
        bp.trace(net, np.zeros(9), [[1.0, 2.0, 3.0]], [[0, 0, 1]])
    with pytest.raises(InvalidInput, match=r"Y has shape \(1, 2\).*needs the shape \(1, 3\)"):
        bp.trace(net, np.zeros(9), [[1.0, 2.0]], [[0, 1]])
    with pytest.raises(InvalidInput, match=r"bp\.one_hot"):
        bp.trace(net, np.zeros(9), [[1.0, 2.0]], [2])
