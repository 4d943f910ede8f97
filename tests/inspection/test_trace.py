import io

import numpy as np
import pytest
from rich.console import Console

import backpass as bp
from backpass import backprop
from backpass.errors import InvalidInput
from sparse_rows import ONLY_LINUX, parts_of, told, untidy


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


# Sparse inputs.


@pytest.fixture(params=["native", "blocked", "reference"])
def sparse_and_dense(request, rng, monkeypatch):
    """A trace of CSR rows, and one of the same rows dense, by each engine."""
    monkeypatch.setenv("BACKPASS_ENGINE", request.param)
    net = bp.Network((9, 4, 2), "tanh", "log_loss")
    X, Y = untidy(rng, (30, 9)), np.eye(2)[rng.integers(2, size=30)]
    theta, w = bp.init_theta(net, 1, epsilon=0.5), rng.uniform(1, 2, 30)
    return [bp.trace(net, theta, form, Y, 0.5, w) for form in (X, X.toarray())]


def test_a_trace_of_sparse_rows_keeps_them_so(sparse_and_dense):
    ours, theirs = sparse_and_dense
    assert ours.a[1] is ours.X
    assert ours.X.format == "csr"
    assert ours.J == pytest.approx(theirs.J, rel=1e-14)
    for (name, layer, array), (_, _, expected) in zip(ours, theirs):
        dense = array.toarray() if (name, layer) == ("a", 1) else array
        np.testing.assert_allclose(dense, expected, atol=1e-13, err_msg=f"{name}{layer}")


def test_the_tables_of_a_sparse_trace_are_those_of_the_dense_one(sparse_and_dense):
    ours, theirs = sparse_and_dense
    before = parts_of(ours.X)
    tables = []
    for t in (ours, theirs):
        console = Console(width=120, record=True, file=io.StringIO())
        console.print(t)
        lines = [line for line in console.export_text().splitlines() if "a^(1)" in line]
        row = t._repr_html_().split("<td>a^(1)</td>")[1].split("</tr>")[0]
        tables.append((lines, row, t.shapes(), repr(t)))
    assert tables[0] == tables[1]
    for after, part in zip(parts_of(ours.X), before):
        np.testing.assert_array_equal(after, part)


def test_one_sparse_row_alone(sparse_and_dense):
    ours, theirs = (t.row(3) for t in sparse_and_dense)
    assert ours.first == 3
    assert ours.X.shape == (1, 9)
    np.testing.assert_allclose(ours.gradient, theirs.gradient, atol=1e-14)


@ONLY_LINUX
def test_a_trace_of_wide_sparse_rows_is_never_dense():
    """2 MB of CSR would be 2.4 GB; Θ^(1), Δ^(1) and D^(1) have 3 MB each."""
    J, text = told("""
X, y = text(3000, 100_000, 50)
net = bp.Network((100_000, 4, 2), loss="log_loss")
theta = bp.init_theta(net)
def work(X, y):
    t = bp.trace(net, theta, X, np.eye(2)[y])
    t._repr_html_()
    return t.J, str(bp.explain(t, "z", layer=2, unit=0))
work(X[:200], y[:200])
allow(150)
tell(work(X, y))
""")
    assert J == pytest.approx(np.log(2), rel=0.1)
    assert "left out: 999" in text
