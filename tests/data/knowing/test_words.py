"""Columns of words: categories, keys and names, sentences."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.data.knowing.kinds import Kind
from backpass.data.knowing.words import are_sentences, judged_words
from backpass.data.raw import Texts

RNG = np.random.default_rng(0)
M = 300


def drawn(texts, n=M):
    return [texts[i] for i in RNG.integers(0, len(texts), n)]


def remarks(n=M):
    subjects, verdicts = ["the soup", "our room", "the view"], ["was lovely", "could be better"]
    return [
        f"On the whole {a} {b} ({i})."
        for i, a, b in zip(range(n), drawn(subjects), drawn(verdicts))
    ]


CASES = {
    "category": [
        ("hue", drawn(["red", "green", "blue"])),
        ("city", [f"c{i % 300}" for i in range(2700)]),
        ("film", [f"f{i % 3000}" for i in range(9000)]),
        ("ticket", drawn([f"A/5 {i}" for i in range(300)])),
        ("answer", drawn(["I agree with all of it", "I do not agree at all"])),
        ("remark", ["see the log " * 1250, *drawn(["fine", "dry"])]),
        ("owners", drawn([f"o{i}" for i in range(60)])),
        ("city", [*[f"c{i // 9:03d}" for i in range(2700)], "c000"]),
        ("city", [f"town {i // 9:03d}" for i in range(2700)]),
        ("week", [f"w{i // 30:03d}" for i in range(2700)]),
        ("patient", drawn(["ann", "bob", "cleo"])),
    ],
    "id": [
        ("code", [f"S-{i:05d}" for i in range(M)]),
        ("device", [f"{i:06x}" for i in [*range(200), *range(40)]]),
        ("full_name", [f"{a} Tan {i}" for i, a in enumerate(drawn(["Ba", "Lo"]))]),
        ("Name", [f"Sel{i}, Mrs. Vo Mi (Re Ba)" for i in range(M)]),
        ("patient", [f"P{i // 5:03d}" for i in range(M)]),
        ("bird", [f"b-{(i // 5) * 7 % 60:03d}" for i in range(M)]),
        ("account id", drawn([f"a{i}" for i in range(100)])),
        ("url", [f"https://example.org/{i}" for i in range(M)]),
    ],
    "text": [
        ("remark", remarks()),
        ("note", [text for text in remarks(100) for _ in range(3)]),
        ("Bericht", [f"Die Suppe war gut und Zimmer {i} hatte Blick auf See" for i in range(M)]),
        ("Titel", [f"Das Haus Am See Und Der Alte Hund {i}" for i in range(M)]),
        ("评论", [f"这家餐厅的汤很好喝房间也很干净{i}" for i in range(M)]),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "cells"),
    [(kind, name, cells) for kind, cases in CASES.items() for name, cells in cases],
)
def test_words_are_what_they_are(kind, name, cells):
    judgement = judged_words(name, Texts.of(cells))
    assert judgement.kind == kind
    assert judgement.levels == len(set(cells))


def test_rows_that_belong_together_are_said():
    reason = judged_words("patient", Texts.of([f"P{i // 5}" for i in range(M)])).reason
    assert "5 rows each" in reason
    assert "--split group:patient" in reason


def test_gaps_do_not_count_among_the_rows():
    assert judged_words("x", Texts.of([*map(str, range(20)), *[None] * 500])).kind == Kind.ID


def test_few_of_many_different_texts_are_looked_at(monkeypatch):
    looked = []
    monkeypatch.setattr(
        "backpass.data.knowing.words._is_sentence", lambda text: bool(looked.append(text))
    )
    assert not are_sentences(Texts.of([f"t{i}" for i in range(50_001)]))
    assert 1000 < len(looked) <= 2000
