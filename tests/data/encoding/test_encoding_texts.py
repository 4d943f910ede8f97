"""Free text: against scikit-learn's TF-IDF, which hashes nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from backpass.data.encoding import texts
from backpass.data.encoding.texts import SIDES, TermWeights, fit_terms
from backpass.data.raw import Texts

SENTENCES = [
    "The room was good, and the walk was a pity.",
    "No good food here (table 61).",
    "The walk! The food! Good.",
    "Übel, aber die Suppe war gut",
    "die Suppe war übel",
    "",
    "木 の 上",
]
CELLS = st.lists(st.none() | st.sampled_from(SENTENCES), min_size=1, max_size=20)


@given(CELLS, CELLS)
def test_it_is_scikit_learns_tf_idf_with_names(train, other):
    fitted = {terms.side: terms for terms in fit_terms("t", Texts.of(train))}
    for side, options in SIDES.items():
        theirs = TfidfVectorizer(min_df=2, **options)
        try:
            theirs.fit(["" if cell is None else cell for cell in train])
        except ValueError:  # no term is left
            assert side not in fitted
            continue
        if len(set(train)) == 1:
            assert side not in fitted
            continue
        expected = theirs.transform(["" if cell is None else cell for cell in other]).toarray()
        ours = fitted[side].rows(Texts.of(other))
        assert ours.has_sorted_indices
        terms = [fitted[side].names[i] for i in range(fitted[side].inputs)]
        place = {f"t: {side} {term!r}": i for i, term in enumerate(theirs.get_feature_names_out())}
        assert {*terms} == {*place}
        np.testing.assert_allclose(
            ours.toarray(), expected[:, [place[term] for term in terms]], rtol=1e-12, atol=1e-15
        )


@given(CELLS)
def test_every_bucket_is_active_in_two_training_rows(train):
    for terms in fit_terms("t", Texts.of(train)):
        assert (terms.rows(Texts.of(train)).getnnz(axis=0) >= 2).all()


@given(CELLS)
def test_one_row_has_the_bits_that_many_have(train):
    cells = Texts.of(train)
    for terms in fit_terms("t", cells):
        whole = terms.rows(cells).toarray()
        for row in range(len(train)):
            single = terms.rows(cells.take(np.array([row]))).toarray()
            np.testing.assert_array_equal(single[0], whole[row])


def test_the_most_frequent_buckets_are_kept(monkeypatch):
    monkeypatch.setattr(texts, "MAX_BUCKETS", 2)
    cells = Texts.of(["a b", "a b", "a c", "c d", "a"])
    words = next(terms for terms in fit_terms("t", cells) if terms.side == "word")
    assert "a" in words.terms
    assert words.inputs == 2


def test_a_bucket_without_a_name_has_a_number(monkeypatch):
    monkeypatch.setattr(texts, "MOST_NAMING", 0)
    words, *_ = fit_terms("t", Texts.of(["red sky", "red sea"]))
    assert words.names == (f"t: word 'number {words.buckets[0]}'",)


def test_a_bucket_is_called_by_its_most_frequent_term(monkeypatch):
    monkeypatch.setattr(texts, "BUCKETS", 1)
    words, _ = fit_terms("t", Texts.of(["a b b", "a c b", "z"]))
    assert words.names == ("t: word 'b'",)


def test_another_process_and_hash_seed_make_the_same_buckets():
    code = (
        "from backpass.data.raw import Texts\n"
        "from backpass.data.encoding.texts import fit_terms\n"
        "for t in fit_terms('t', Texts.of(['red sky', 'red sea', 'a sea'])):\n"
        "    print(t.buckets.tolist(), t.terms)\n"
    )
    for seed in ("1", "2"):
        options = {"env": {"PYTHONHASHSEED": seed}, "capture_output": True, "text": True}
        done = subprocess.run([sys.executable, "-c", code], check=True, **options)
        # MurmurHash3 of 'sea' and of 'red', 32 bits and seed 0, modulo 2^20.
        assert done.stdout.startswith("[385570, 1038595] ('sea', 'red')\n")


GOOD = {
    "column": "t",
    "side": "word",
    "terms": ("a", "b"),
    "buckets": np.array([3, 9], np.int32),
    "weights": np.ones(2),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": "letter"},
        {"terms": ("a",)},
        {"buckets": np.array([9, 3], np.int32)},
        {"buckets": np.array([3, 3], np.int32)},
        {"buckets": np.array([-1, 3], np.int32)},
        {"buckets": np.array([3, 1 << 20], np.int32)},
        {"buckets": np.array([3, 9])},
        {"weights": np.array([1.0, 0.0])},
        {"weights": np.array([1.0, np.nan])},
        {"weights": np.ones((2, 1))},
        {"weights": np.ones(2, np.float32)},
        {"terms": (), "buckets": np.empty(0, np.int32), "weights": np.empty(0)},
    ],
)
def test_what_are_no_buckets_is_refused(wrong):
    TermWeights(**GOOD)
    with pytest.raises(ValueError):
        TermWeights(**{**GOOD, **wrong})
