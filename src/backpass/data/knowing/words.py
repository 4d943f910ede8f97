"""Columns of words: categories, names that differ from row to row, sentences."""

from __future__ import annotations

import re

import numpy as np

from ..cells import as_argument
from ..raw import Texts
from .kinds import Judgement, Kind
from .names import says_id, says_person

# Of the rows: where the different words are that many, hardly one repeats, and what a model
# learns of one is of no use for another. At two rows in three a word still occurs 1.5 times.
NEARLY_ALL = 0.75
SOME = 0.2  # sentences that differ in a fifth of the rows are no list to choose from
SENTENCE = 4  # words at least, half of them in small letters; names have capitals
LONG = 8  # words that are a sentence in any letters, as German has capitals within
PEOPLE = 10  # different words that are people by the column's name
KEYS = 0.1  # of the rows: a key that repeats more often on average names a category: shops, films
GROUPS = 20  # different codes whose rows stand together, from which they are keys
SAMPLED = 2000  # different words that are looked at

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CODE = re.compile(r"(?=.*[0-9])[^\s]+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")  # no spaces between


def judged_words(name: str, column: Texts) -> Judgement:
    """Say what a column of words is.

    Parameters
    ----------
    name : str
        The column's name, heard where people have few rows each.
    column : Texts
        Every text of the vocabulary occurs, and no word for a gap is among them.

    Returns
    -------
    Judgement

    Examples
    --------
    >>> judged_words("hue", Texts.of(["red", "blue", "red", "red"])).kind.value
    'category'
    >>> judged_words("mac", Texts.of(["a1", "b7", "c9", "d2"])).kind.value
    'id'
    """
    n, filled = len(column.vocabulary), int(column.counts.sum())
    share = n / filled
    if share >= SOME and n > PEOPLE and are_sentences(column):
        return Judgement(Kind.TEXT, f"sentences, {n} different ones in {filled} rows", levels=n)
    if share >= NEARLY_ALL:
        rows = f"{n} different ones in {filled} rows"
        each = "another text in each row" if n == filled else f"nearly all texts differ, {rows}"
        return Judgement(Kind.ID, f"{each}: nothing can be learned from it", levels=n)
    why = _key_reason(name, column, share)
    if why is not None:
        why += (
            f", about {1 / share:.3g} rows each, which belong on one side of a split "
            f"(--split group:{as_argument(name)}); it is not learned from"
        )
        return Judgement(Kind.ID, why, levels=n)
    return Judgement(Kind.CATEGORY, f"{n} different texts", levels=n)


def _key_reason(name: str, column: Texts, share: float) -> str | None:
    """Why texts that repeat are keys of somebody with a few rows each, None where they are none."""
    n = len(column.vocabulary)
    if n >= PEOPLE and (says_person(name) or (says_id(name) and share >= KEYS)):
        return f"{n} keys, as the column's name says"
    if n >= GROUPS and share >= KEYS and _stand_together(column):
        return f"{n} codes whose rows stand together"
    return None


def _stand_together(column: Texts) -> bool:
    """Whether texts with digits and without a space have all their rows in one stretch each."""
    if np.count_nonzero(np.diff(column.codes)) + 1 != len(column.vocabulary):
        return False
    return all(_CODE.fullmatch(text) for text in column.vocabulary)


def are_sentences(column: Texts) -> bool:
    """Whether half of the different texts are sentences: several words, most in small letters."""
    step = -(-len(column.vocabulary) // SAMPLED)
    sentences = [_is_sentence(text) for text in column.vocabulary[::step]]
    return bool(2 * np.count_nonzero(sentences) >= len(sentences))


def _is_sentence(text: str) -> bool:
    """Whether a text is one; scripts without spaces have about two letters a word."""
    words = _WORD.findall(text)
    words = words if len(text.split()) > 2 else []  # an address, a key of letters and digits
    n_words = len(words) + len(_WIDE.findall(text)) // 2
    small = sum(word[0].islower() for word in words)
    return n_words >= LONG or (n_words >= SENTENCE and 2 * small >= len(words))
