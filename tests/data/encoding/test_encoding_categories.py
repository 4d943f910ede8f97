"""Categories: against scikit-learn's encoder and pandas; no input that training never moved."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from backpass.data.encoding import categories
from backpass.data.encoding.categories import Levels, fit_levels
from backpass.data.raw import Texts

CELLS = st.lists(
    st.none() | st.sampled_from(["a", "b", "c", "d", " a", "", "A", "é", "x"]), max_size=25
)


def one_hot(levels: Levels, cells: list[str | None]) -> tuple[np.ndarray, Counter[str]]:
    codes, unknown = levels.codes(Texts.of(cells))
    return (codes[:, None] == np.arange(levels.inputs)).astype(float), unknown


@given(CELLS.filter(lambda cells: len(set(cells)) > 1), CELLS)
def test_it_is_scikit_learns_encoder_with_rare_ones_together(train, other):
    levels = fit_levels("c", Texts.of(train))
    encoder = OneHotEncoder(
        min_frequency=2, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    # A gap's own level, however rare, is scikit-learn's where it is frequent.
    filled = [["(gap)"] if cell is None else [cell] for cell in [*train, None, None]]
    with_gaps = None in train
    encoder.fit(np.array(filled if with_gaps else filled[:-2], dtype=object))
    if levels is None:
        assert Counter(train).most_common(1)[0][1] < 2
        assert not with_gaps
        return
    theirs = (
        encoder.transform(
            np.array([["(gap)"] if c is None else [c] for c in other], dtype=object).reshape(-1, 1)
        )
        if other
        else np.zeros((0, levels.inputs))
    )
    ours, unknown = one_hot(levels, other)
    assert ours.shape == theirs.shape
    rows = [i for i, cell in enumerate(other) if cell is not None or with_gaps]
    own = [i for i, name in enumerate(levels.names) if name not in ("c = (rare)", "c is missing")]
    theirs_own = theirs[
        :, [list(encoder.get_feature_names_out()).index(f"x0_{t}") for t in levels.texts]
    ]
    np.testing.assert_array_equal(ours[:, own][rows], theirs_own[rows])
    if levels.rare:
        np.testing.assert_array_equal(ours[rows, len(levels.texts)], theirs[rows, -1])
    assert unknown == Counter(c for c in other if c is not None and c not in train)


@given(CELLS)
def test_every_level_is_active_in_training_and_each_cell_has_one(train):
    levels = fit_levels("c", Texts.of(train))
    if levels is None:
        return
    X, unknown = one_hot(levels, train)
    assert not unknown
    assert (X.sum(axis=1) == 1).all()
    assert (X.sum(axis=0) >= 1).all()
    # Whatever comes later, each input that is active was so in training, the rare ones' too.
    later, _ = one_hot(levels, ["new", "", "7", None])
    assert later.shape[1] == X.shape[1]
    expected = [bool(levels.rare), bool(levels.rare) if "" not in train else True]
    assert later[0].sum() == expected[0]
    assert later[3].sum() == (None in train)


def test_repeated_texts_are_pandas_dummies() -> None:
    cells = list(np.random.default_rng(0).choice(["007", "7", "1e3", "x y"], 50))
    levels = fit_levels("c", Texts.of(cells))
    assert levels is not None
    dummies = pd.get_dummies(pd.Series(cells, dtype=object))
    assert levels.names == tuple(f"c = {text}" for text in dummies.columns)
    np.testing.assert_array_equal(one_hot(levels, cells)[0], dummies.to_numpy(float))


def test_unknown_texts_take_the_level_of_the_rare_and_none_without_them() -> None:
    levels = fit_levels("c", Texts.of(["a", "a", "b", "b", "r", "s"]))
    assert levels == Levels("c", ("a", "b"), ("r", "s"), missing=False)
    codes, unknown = levels.codes(Texts.of(["r", "new", "a", None, "new"]))
    assert (codes.tolist(), unknown) == ([2, 2, 0, -1, 2], Counter(new=2))
    without = fit_levels("c", Texts.of(["a", "a", "b", "b"]))
    assert without is not None
    assert without.codes(Texts.of(["new", "b", None]))[0].tolist() == [-1, 1, -1]


def test_what_does_not_vary_has_no_level() -> None:
    for cells in ([], [None, None], ["a"], ["a", "a"], ["a", "b", "c"]):
        assert fit_levels("c", Texts.of(cells)) is None
    gaps = fit_levels("c", Texts.of(["a", None, "b"]))
    assert gaps is not None
    assert gaps.names == ("c = (rare)", "c is missing")


def test_the_most_frequent_have_levels_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "MAX_LEVELS", 2)
    cells = ["c"] * 3 + ["b"] * 2 + ["a"] * 2 + ["d"]
    for order in (cells, cells[::-1]):
        levels = fit_levels("c", Texts.of(order))
        assert levels == Levels("c", ("a", "c"), ("b", "d"), missing=False)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    levels = fit_levels("c", Texts.of(["3", "3", "4", "4", "007", "007", "7", "7", "-1", "-1"]))
    assert levels is not None
    cells = ["3.0", "4.", "7.0", "007.0", "-1.00", "3.5", "03"]
    codes, unknown = levels.codes(Texts.of(cells))
    named = [levels.names[code] if code >= 0 else None for code in codes]
    assert named == ["c = 3", "c = 4", "c = 7", "c = 007", "c = -1", None, None]
    assert unknown == Counter(["3.5", "03"])
    both = fit_levels("c", Texts.of(["3", "3", "3.0", "3.0"]))
    assert both is not None
    assert both.codes(Texts.of(["3", "3.0", "3.00"]))[0].tolist() == [0, 1, -1]


def test_texts_that_are_not_in_the_rows_are_not_looked_at() -> None:
    whole = Texts.of(["a", "b", "a", "b", "new", "newer"])
    levels = fit_levels("c", whole.take(slice(4)))
    assert levels == Levels("c", ("a", "b"), (), missing=False)
    codes, unknown = levels.codes(whole.take(np.array([4, 0])))
    assert (codes.tolist(), unknown) == ([-1, 0], Counter(new=1))
    assert levels.codes(whole.take(np.array([], int)))[0].shape == (0,)


def test_few_rows_of_many_texts_ask_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Texts.of([f"c{n % 5000}" for n in range(10_000)])
    levels = fit_levels("c", many)
    assert levels is not None
    asked: list[str] = []
    own = Levels._level_of

    def counted(self: Levels, text: str) -> int | None:
        asked.append(text)
        return own(self, text)

    monkeypatch.setattr(Levels, "_level_of", counted)
    levels.codes(many.take(np.array([7, 7, 8])))
    assert sorted(asked) == ["c7", "c8"]
