"""A member's inputs against each of them written out."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from backpass.data.encoding.table_rows import TableRows
from backpass.tabular.members.bin_edges import bin_edges
from backpass.tabular.members.codes import LARGEST, fit_codes
from backpass.tabular.members.normal_shape import fit_normal_shape
from drawn_rows import drawn_rows


def ramps(x, edges):
    """Every bin's ramp by itself: 0 below, 1 above, and on beyond the outer edges by one width."""
    t = (x[:, None] - edges[:-1]) / np.diff(edges)
    low, high = np.zeros(t.shape[1]), np.ones(t.shape[1])
    low[0] -= 1
    high[-1] += 1
    return np.clip(t, low, high)


def test_every_input_is_that_of_its_column(rng):
    train, new = drawn_rows(rng, 600, 3, 2), drawn_rows(rng, 90, 3, 2)
    new = TableRows(new.numbers, new.codes.clip(max=1), train.levels)
    codes = fit_codes(train, 12)
    X = codes.encode(new, np.float64).toarray()
    blocks = []
    for f in range(3):
        there = train.numbers[~np.isnan(train.numbers[:, f]), f]
        x = np.where(np.isnan(new.numbers[:, f]), np.median(there), new.numbers[:, f])
        blocks += [fit_normal_shape(there)(x)[:, None], ramps(x, bin_edges(there, 12))]
    gaps = np.isnan(train.numbers)
    blocks += [np.isnan(new.numbers[:, [f]]) for f in range(3) if gaps[:, f].any()]
    for k, indicators in codes.indicators.items():
        blocks.append(indicators[new.codes[:, k]][:, None] == np.arange(indicators.max() + 1))
    np.testing.assert_allclose(X, np.hstack(blocks), atol=1e-12)
    assert X.shape == (90, codes.inputs)


def test_single_precision_rounds_and_moves_nothing(rng):
    """Numbers of which neighbours are the same in single precision keep their bins."""
    x = 1e9 + np.arange(400.0)
    codes = fit_codes(TableRows(x[:, None], np.empty((400, 0), np.int32), ()), 16)
    rows = TableRows(x[:, None], np.empty((400, 0), np.int32), ())
    narrow, wide = codes.encode(rows), codes.encode(rows, np.float64)
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow.places, wide.places)
    np.testing.assert_allclose(narrow.numbers, wide.numbers, rtol=1e-6)


def test_target_means_are_numbers_in_deviations_and_no_code(rng):
    rows = drawn_rows(rng, 200, 2, 1)
    means = np.column_stack([rng.normal(3, 2, 200), np.ones(200)])
    codes, without = fit_codes(rows.with_means(means), 8), fit_codes(rows, 8)
    far = means[:4] + np.array([[0], [0], [1e9], [-1e9]])
    X = codes.encode(rows.take(slice(4)).with_means(far), np.float64).toarray()
    place = sum(len(each.edges) for each in without.numbers)
    z = (far[:, 0] - means[:, 0].mean()) / means[:, 0].std()
    np.testing.assert_allclose(X[:, place], z.clip(-5.2, 5.2), rtol=1e-12)
    others = without.encode(rows.take(slice(4)), np.float64).toarray()
    np.testing.assert_array_equal(np.delete(X, place, axis=1), others)


def test_what_does_not_vary_is_left_out(rng):
    numbers = np.column_stack([np.ones(50), np.full(50, np.nan), rng.normal(size=50)])
    one_level = np.zeros((50, 1), np.int32)
    codes = fit_codes(TableRows(numbers, one_level, (3,)), 4)
    assert [each.column for each in codes.numbers] == [2]
    assert (codes.gaps, codes.indicators, codes.inputs) == ((), {}, 5)


def test_columns_with_the_same_gaps_have_one_flag(rng):
    numbers = rng.normal(size=(50, 4))
    numbers[:9, [1, 3]] = numbers[5:20, [2]] = np.nan
    codes = fit_codes(TableRows(numbers, np.empty((50, 0), np.int32), ()), 4)
    assert codes.gaps == (1, 2)


def test_a_constant_with_gaps_enters_by_its_flag_alone():
    numbers = np.r_[np.ones(20), [np.nan] * 5][:, None]
    codes = fit_codes(TableRows(numbers, np.empty((25, 0), np.int32), ()), 4)
    assert (codes.numbers, codes.gaps, codes.inputs) == ((), (0,), 1)


def test_of_a_table_that_does_not_vary_the_biases_answer():
    rows = TableRows(np.ones((9, 2)), np.zeros((9, 1), np.int32), (1,))
    codes = fit_codes(rows, 4)
    np.testing.assert_array_equal(codes.encode(rows).toarray(), np.zeros((9, 1)))


@pytest.mark.parametrize("scale", [1e-320, 1e-160, 1e-140, 1.0, 1e150, 1.7e308])
def test_numbers_of_any_size_make_finite_inputs(rng, scale):
    numbers = np.column_stack([rng.uniform(-1, 1, 60) * scale, rng.permutation(60) - 30])
    nothing = np.empty((60, 0), np.int32)
    codes = fit_codes(TableRows(numbers, nothing, ()), 6)
    with np.errstate(over="ignore"):
        further = np.clip(numbers * 1e9, -np.finfo(float).max, np.finfo(float).max)
    for x in (numbers, further, -further):
        encoded = codes.encode(TableRows(x, nothing, ()))
        assert np.isfinite(encoded.numbers).all()
        assert np.abs(encoded.numbers).max() < 5.3
        encoded.check()


def test_what_lies_beyond_is_as_far_as_a_code_tells(rng):
    numbers, nothing = rng.normal(size=(80, 1)), np.empty((80, 0), np.int32)
    codes = fit_codes(TableRows(numbers, nothing, ()), 5)
    far = TableRows(np.array([[-LARGEST], [LARGEST]]), nothing[:2], ())
    code = codes.encode(far, np.float64).toarray()[:, 1:]
    np.testing.assert_allclose(code, [[-1, 0, 0, 0, 0], [1, 1, 1, 1, 2]], atol=1e-9)


def test_rows_are_encoded_in_blocks_as_all_at_once(rng, monkeypatch):
    rows = drawn_rows(rng, 100)
    codes = fit_codes(rows, 12)
    whole = codes.encode(rows)
    monkeypatch.setattr("backpass.tabular.members.codes.BLOCK", 33)
    parts = codes.encode(rows)
    np.testing.assert_array_equal(parts.numbers, whole.numbers)
    np.testing.assert_array_equal(parts.places, whole.places)
    assert (parts.layout, parts.dtype) == (whole.layout, whole.dtype)
    assert codes.encode(rows.take(slice(0, 0))).shape == (0, codes.inputs)


def test_encoding_takes_little_more_memory_than_what_it_makes(rng):
    rows = drawn_rows(rng, 300_000)
    codes = fit_codes(rows, 12)
    tracemalloc.start()
    encoded = codes.encode(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * (encoded.numbers.nbytes + encoded.places.nbytes)


@pytest.mark.parametrize("seed", range(40))
def test_any_table_is_encoded_without_a_warning(seed):
    rng = np.random.default_rng(seed)
    m, numbers, categories = rng.integers(2, 60), rng.integers(0, 8), rng.integers(0, 4)
    rows = drawn_rows(rng, m, numbers, categories, gaps=rng.uniform(0, 1))
    rows = rows.with_means(rng.normal(size=(m, 2)))
    codes = fit_codes(rows, int(rng.integers(1, 50)))
    encoded = codes.encode(rows)
    encoded.check()
    assert encoded.shape == (m, codes.inputs)
    assert np.isfinite(encoded.numbers).all()


def test_terms_of_text_stand_behind_all_other_inputs(rng):
    rows = drawn_rows(rng, 90, 2, 1)
    terms = sparse.random(90, 7, 0.3, "csr", random_state=rng)
    plain, with_text = fit_codes(rows, 6), fit_codes(replace(rows, terms=terms), 6)
    assert with_text.inputs == plain.inputs + 7
    X = with_text.encode(replace(rows, terms=terms), np.float64)
    assert sparse.issparse(X)
    expected = np.hstack([plain.encode(rows, np.float64).toarray(), terms.toarray()])
    np.testing.assert_array_equal(X.toarray(), expected)
