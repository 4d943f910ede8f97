"""Rows that were learnt from are known again, by themselves alone, and others are not."""

import numpy as np
import pytest

from backpass.data.raw import Moments, Numbers, Texts
from backpass.experiment.splitting.seen import (
    ERRORS,
    SeenRows,
    fingerprints,
    sentence_of_seen,
)

CELLS = {
    "size": Numbers(np.array([1.5, np.nan, -0.0, 3.0])),
    "city": Texts.of(["Oslo", None, "Rome", "Oslo"]),
    "day": Moments(np.array(["2024-05-01", "NaT", "2024-05-02", "2024-05-01"], "datetime64[us]")),
}


def drawn(m, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, m, dtype=np.uint64)


def test_a_row_has_its_fingerprint_whatever_is_beside_it():
    whole = fingerprints(CELLS)
    assert len(set(whole.tolist())) == 4
    rows = np.array([3, 1])
    some = {name: column.take(rows) for name, column in reversed(CELLS.items())}
    np.testing.assert_array_equal(fingerprints(some), whole[rows])
    other = {**CELLS, "city": Texts.of(["Bern", "Rome", "Oslo", None])}
    other["city"] = Texts(np.array([2, -1, 1, 2], np.int32), other["city"].vocabulary)
    np.testing.assert_array_equal(fingerprints(other), whole)


def test_neither_a_types_width_nor_a_moments_unit_changes_it():
    narrow = {
        "size": Numbers(np.array([1.5, np.nan, 0.0, 3.0], np.float32)),
        "city": CELLS["city"],
        "day": Moments(CELLS["day"].values.astype("datetime64[s]")),
    }
    np.testing.assert_array_equal(fingerprints(narrow), fingerprints(CELLS))
    whole, truth = Numbers(np.array([0, 1])), Numbers(np.array([False, True]))
    np.testing.assert_array_equal(fingerprints({"a": whole}), fingerprints({"a": truth}))


@pytest.mark.parametrize("name", CELLS)
def test_every_column_counts(name):
    other = {**CELLS, name: CELLS[name].take(np.array([2, 2, 0, 2]))}
    assert not (fingerprints(other) == fingerprints(CELLS)).any()


def test_a_gap_is_no_empty_text_elsewhere():
    """Texts of one column beside gaps of the other are another row."""
    a = {"a": Texts.of(["x"]), "b": Texts.of([None])}
    b = {"a": Texts.of([None]), "b": Texts.of(["x"])}
    assert fingerprints(a) != fingerprints(b)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 17, 1000, 4096])
def test_no_row_is_forgotten_and_a_row_takes_two_bytes(n):
    hashes = drawn(n)
    seen = SeenRows.of(np.concatenate([hashes, hashes[::2]]))
    assert seen.words.nbytes == 2 * n
    assert seen.contains(hashes).all()
    np.testing.assert_array_equal(seen.places, sorted(h % (n << 14) for h in hashes.tolist()))


def test_errors_are_as_frequent_as_is_said():
    seen, others = SeenRows.of(drawn(3000)), drawn(2_000_000, seed=1)
    expected = ERRORS * len(others)
    assert seen.contains(others).sum() == pytest.approx(expected, abs=5 * expected**0.5)


def test_what_errors_explain_is_nothing_and_the_others_are_counted_without_them():
    seen, others = SeenRows.of(drawn(3000)), drawn(400_000, seed=1)
    assert seen.contains(others).any()
    assert seen.count(others) == 0
    assert seen.count(np.concatenate([drawn(3000), others])) == pytest.approx(3000, abs=20)
    assert SeenRows.of(drawn(0)).count(others) == 0


def test_a_single_row_is_known_again_and_one_error_many_times_is_one():
    seen = SeenRows.of(drawn(3000))
    assert seen.count(drawn(1)) == 1
    assert seen.count(np.repeat(drawn(1), 40)) == 40
    others = drawn(400_000, seed=1)
    wrong = others[seen.contains(others)][:1]
    assert seen.count(np.concatenate([np.repeat(wrong, 50), others[:2000]])) == 0


def test_it_is_said_in_a_sentence():
    assert sentence_of_seen(0, 9) == ""
    assert sentence_of_seen(1, 1).startswith("1 of 1 row was in the training of this model")
    assert sentence_of_seen(2, 9).startswith("2 of 9 rows were in the training of this model")
