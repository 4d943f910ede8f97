"""Several networks' answers to raw rows are those of each alone, to the bit, on every kernel."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from backpass import Network, engine, init_theta
from backpass.data.encoding.table_rows import TableRows
from backpass.engine import native
from backpass.engine.joint_answers import JointAnswers, RawCells, can_answer_jointly
from backpass.errors import InvalidInput
from backpass.tabular.members.codes import fit_codes
from backpass.tabular.members.joint_codes import JointCodes
from drawn_rows import drawn_rows

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")

HIDDEN = [(), (1,), (5,), (16, 33), (80, 80), (64, 130, 7), (96,)]


@pytest.fixture(autouse=True)
def the_core_answers(monkeypatch):
    monkeypatch.delenv("BACKPASS_ENGINE", raising=False)


def networks_for(rng, codes, outputs, loss, activations=("relu", "silu", "tanh")):
    """Of several widths for each of the codes, with θ of which many units are zero."""
    made = []
    for form, each in enumerate(codes):
        for hidden in HIDDEN:
            g = [str(rng.choice(activations)) for _ in hidden]
            net = Network((each.inputs, *hidden, outputs), g, loss)
            theta = init_theta(net, int(rng.integers(99))).astype(np.float32)
            theta += 0.05 * rng.normal(size=len(theta)).astype(np.float32)
            made.append((net, theta, form))
    return made


def alone(networks, codes, rows):
    """Each network's answers to rows that its codes have encoded."""
    return np.stack(
        [engine.forward(net, theta, codes[k].encode(rows)) for net, theta, k in networks]
    )


@pytest.mark.parametrize("isa", native.instruction_sets() or [""])
@pytest.mark.parametrize(
    ("outputs", "loss"),
    [(1, "squared_error"), (1, "binary_log_loss"), (3, "log_loss"), (20, "log_loss")],
)
def test_each_answers_as_it_does_alone(isa, outputs, loss, rng, monkeypatch):
    monkeypatch.setenv("BACKPASS_ISA", isa)
    rows = drawn_rows(rng, 1100, numbers=5, categories=3)
    codes = [
        fit_codes(rows.take(part), bins)
        for part in (slice(600), slice(300, None))
        for bins in (2, 40)
    ]
    networks = networks_for(rng, codes, outputs, loss)
    ours = JointAnswers(JointCodes(codes, 5, [5] * len(codes)).raw_cells(()), networks)
    for m in (0, 1, 2, 15, 64, 65, 129, 1100):
        few = rows.take(slice(m))
        expected = alone(networks, codes, few) if m else np.empty((len(networks), 0, outputs))
        for threads in (1, 2, 3):
            np.testing.assert_array_equal(ours(few.numbers, few.codes, threads), expected)


def test_every_activation(rng):
    rows = drawn_rows(rng, 200)
    codes = [fit_codes(rows, 6)]
    cells = JointCodes(codes, 4, [4]).raw_cells(())
    for name in ("identity", "logistic", "leaky_relu", "gelu", "softplus"):
        networks = networks_for(rng, codes, 2, "squared_error", (name,))
        ours = JointAnswers(cells, networks)(rows.numbers, rows.codes)
        np.testing.assert_array_equal(ours, alone(networks, codes, rows))


def test_numbers_far_outside_gaps_and_unknown_levels(rng):
    rows = drawn_rows(rng, 300, gaps=0.4)
    codes = [fit_codes(rows, 12)]
    networks = networks_for(rng, codes, 1, "squared_error")
    numbers = np.repeat(rows.numbers[:1], 12, axis=0)
    far = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300, -1e-300, 0.0, -0.0, 1e150, 5e-324, 1e9]
    numbers[:] = np.array(far)[:, None]
    unknown = np.full((12, 3), -1, np.int32)
    odd = replace(rows, numbers=numbers, codes=unknown)
    ours = JointAnswers(JointCodes(codes, 4, [4]).raw_cells(()), networks)
    np.testing.assert_array_equal(ours(numbers, unknown), alone(networks, codes, odd))


@pytest.mark.parametrize("isa", native.instruction_sets() or [""])
def test_normal_shapes_are_the_normal_distribution_s_quantiles(isa, monkeypatch):
    monkeypatch.setenv("BACKPASS_ISA", isa)
    share = np.unique(np.r_[np.geomspace(1e-7, 0.5, 4001), 1 - np.geomspace(1e-7, 0.5, 4001)])
    line = np.array([[0.0, 0.0, 1.0]] * 3)  # from 0, share 0, slope 1: the number is the share
    shape = (0, np.zeros(4, np.int32), line, 0.5, 0.0)
    cells = RawCells(
        (1e150, 1e-150, 1e-7, 1.0), [(0, np.zeros(1))], [shape], [], [], [], [], [[(0, 0, 0, 1)]]
    )
    identity = Network((1, 1), hidden=(), loss="squared_error")
    ours = JointAnswers(cells, [(identity, np.array([0.0, 1.0]), 0)])
    got = ours(share[:, None], np.empty((len(share), 0), np.int32))[0, :, 0]
    np.testing.assert_array_max_ulp(got, ndtri(share).astype(np.float32), maxulp=1)
    assert np.mean(got != ndtri(share).astype(np.float32)) < 1e-3


def test_theta_is_copied_and_other_kernels_are_told(rng, monkeypatch):
    rows = drawn_rows(rng, 50)
    codes = [fit_codes(rows, 3)]
    networks = networks_for(rng, codes, 1, "squared_error")
    ours = JointAnswers(JointCodes(codes, 4, [4]).raw_cells(()), networks)
    before = ours(rows.numbers, rows.codes)
    for _, theta, _ in networks:
        theta[:] = 0
    np.testing.assert_array_equal(ours(rows.numbers, rows.codes), before)
    assert ours.is_current
    monkeypatch.setenv("BACKPASS_ISA", "another")
    assert not ours.is_current
    monkeypatch.delenv("BACKPASS_ISA")
    monkeypatch.setenv("BACKPASS_ENGINE", "blocked")
    assert not ours.is_current
    assert not can_answer_jointly([networks[0][0]])


def test_rows_that_do_not_fit_are_refused(rng):
    rows = drawn_rows(rng, 50)
    codes = [fit_codes(rows, 3)]
    ours = JointAnswers(
        JointCodes(codes, 4, [4]).raw_cells(()), networks_for(rng, codes, 1, "squared_error")
    )
    with pytest.raises(InvalidInput, match="fewer columns"):
        ours(rows.numbers[:, :1], rows.codes)
    with pytest.raises(InvalidInput, match="fewer columns"):
        ours(rows.numbers, rows.codes[:, :1])
    with pytest.raises(InvalidInput, match="fewer columns"):
        ours(rows.numbers, rows.codes[1:])
    for level in (max(rows.levels) + 1, 99):  # one beyond the row of unknown ones
        with pytest.raises(InvalidInput, match="a level"):
            ours(rows.numbers, np.full_like(rows.codes, level))


def test_rows_of_which_nothing_varies(rng):
    rows = TableRows(np.ones((9, 2)), np.zeros((9, 1), np.int32), (1,))
    codes = [fit_codes(rows, 4)]
    networks = networks_for(rng, codes, 1, "squared_error")
    ours = JointAnswers(JointCodes(codes, 2, [2]).raw_cells(()), networks)
    np.testing.assert_array_equal(ours(rows.numbers, rows.codes), alone(networks, codes, rows))
