"""Words for a gap."""

from __future__ import annotations

import pytest

from backpass.data.knowing.gaps import (
    BESIDE_NUMBERS,
    SURE,
    gap_words,
    is_gap_word,
    said,
    without_gaps,
)
from backpass.data.raw import Texts


@pytest.mark.parametrize("word", ["?", "NULL", "n/a", "N/A", "#N/A", "NaN", " ? ", "", "  "])
def test_some_words_are_gaps_anywhere(word):
    assert is_gap_word(word, SURE)
    assert is_gap_word(word, BESIDE_NUMBERS)


@pytest.mark.parametrize("word", ["NA", "none", "-", "--", "missing", ".", "unknown", "–"])
def test_others_are_gaps_beside_numbers_only(word):
    assert not is_gap_word(word, SURE)
    assert is_gap_word(word, BESIDE_NUMBERS)


@pytest.mark.parametrize("word", ["no", "0", "red", "a", "nano"])
def test_a_word_of_a_language_is_none(word):
    assert not is_gap_word(word, BESIDE_NUMBERS)


def test_words_of_one_s_own_are_heard_in_any_case():
    assert is_gap_word("-999 ", gap_words(SURE, ["-999", "Weiß nicht"]))
    assert is_gap_word("weiss nicht", gap_words(SURE, ["-999", "Weiß nicht"]))


def test_a_column_loses_its_gap_words_and_those_that_no_row_has():
    texts = Texts.of(["a", "?", None, " ", "b", "NULL" + 40 * " ", "a"])
    kept, gone = without_gaps(texts, SURE)
    assert kept.cells() == ["a", None, None, None, "b", None, "a"]
    assert gone == ["?", "NULL"]
    part, gone = without_gaps(texts.take(slice(0, 1)), SURE)
    assert part.vocabulary == ("a",)
    assert gone == []


def test_the_words_are_said():
    assert said([]) == ""
    assert said(["?", "?"]) == "; '?' is a gap"
    assert said(["?", "NULL"]) == "; '?' and 'NULL' are gaps"
    assert said(["a", "b", "c", "d"]) == "; 'a', 'b', 'c' and others are gaps"
