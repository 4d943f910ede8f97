"""Codes that are made together are each member's own, to the bit; so are the members' answers."""

from dataclasses import replace

import numpy as np
import pytest

import backpass.tabular.members.joint_codes as joint_codes
import backpass.tabular.members.joint_members as joint_members
from backpass.data.encoding.table_rows import TableRows
from backpass.tabular.ensemble import Parts, fit_ensemble
from backpass.tabular.members.codes import fit_codes
from backpass.tabular.members.joint_codes import JointCodes
from backpass.tabular.metrics import log_loss
from drawn_rows import drawn_rows, problem, settings_for


def new_rows(rng, like, m):
    """Rows within, on and beyond the edges of some, with gaps and unknown levels."""
    drawn = drawn_rows(rng, m, like.numbers.shape[1], len(like.levels))
    numbers = drawn.numbers.copy()
    same = min(m, len(like)) // 2
    numbers[:same] = like.numbers[:same]
    numbers[-3:-1] *= 1e200
    levels = np.array(like.levels, np.int32).reshape(1, -1)
    return replace(like, numbers=numbers, codes=np.minimum(drawn.codes, levels - 1))


def equal(ours, theirs):
    assert ours.layout == theirs.layout
    for a, b in ((ours.numbers, theirs.numbers), (ours.places, theirs.places)):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("block", [7, 8_192])
def test_each_is_what_it_is_alone(seed, block, monkeypatch):
    monkeypatch.setattr(joint_codes, "ROWS", block)
    rng = np.random.default_rng(seed)
    m, numbers, categories = rng.integers(3, 200), rng.integers(0, 5), rng.integers(0, 4)
    rows = drawn_rows(rng, int(m), int(numbers), int(categories))
    parts = [rows, rows.take(slice(m // 2 + 1)), rows.take(slice(m // 3, None))]
    codes = [fit_codes(part, bins) for part in parts for bins in (3, 48)]
    made = JointCodes(codes, numbers, [numbers] * len(codes))
    new = new_rows(rng, rows, int(rng.integers(4, 60)))
    for ours, each in zip(made.encode(new), codes):
        equal(ours, each.encode(new))


def test_each_has_the_target_means_of_its_pack(rng):
    rows, means = drawn_rows(rng, 60), rng.normal(size=(2, 60, 3))
    codes = [fit_codes(rows.with_means(each), 5) for each in means]
    both = rows.with_means(means[0]).with_means(means[1])
    first = rows.numbers.shape[1]
    made = JointCodes(codes, first, [first, first + 3]).encode(both)
    for ours, each, own in zip(made, codes, means):
        equal(ours, each.encode(rows.with_means(own)))


def test_nothing_that_varies_is_one_input_that_is_zero():
    rows = TableRows(np.ones((9, 2)), np.zeros((9, 1), np.int32), (1,))
    codes = fit_codes(rows, 4)
    (made,) = JointCodes([codes], 2, [2]).encode(rows)
    equal(made, codes.encode(rows))
    assert not made.toarray().any()


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("block", [50, 8_192, None])
def test_an_ensemble_answers_what_its_packs_do(rng, classes, block, monkeypatch):
    if block is not None:  # without the core's own way
        monkeypatch.setattr(joint_members, "can_answer_jointly", lambda _: False)
        monkeypatch.setattr(joint_members, "ROWS", block)
    train, held_out, outputs, metric = problem(rng, classes=classes)
    settings = [settings_for(j, len(train.rows)) for j in range(3)]
    parts = [Parts(train, held_out, settings), Parts(held_out, train, settings)]
    cost = (lambda Y, w: log_loss(Y, w)) if classes else lambda Y, w: metric
    if not classes:
        parts = parts[:1]
    ensemble = fit_ensemble(parts, outputs, cost)
    rows = new_rows(rng, train.rows, 130)
    each = [pack.answers(rows, outputs) for pack in ensemble.packs]
    weights = np.array([len(pack.members) for pack in ensemble.packs])
    mean = np.average(each, axis=0, weights=weights)
    expected = outputs.bounded(mean, ensemble.held_out)
    for threads in (1, 2, None):
        np.testing.assert_allclose(ensemble.answers(rows, threads), expected, rtol=1e-12)
    one = np.concatenate([ensemble.answers(rows.take(slice(k, k + 1))) for k in range(9)])
    np.testing.assert_allclose(one, expected[:9], rtol=1e-4, atol=1e-6)
