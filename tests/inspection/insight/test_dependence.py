"""Mean answers by a column's cell: scikit-learn's, and those of frames with that cell."""

import numpy as np
import pytest
from drawn_models import fitted, model_of, other_rows
from sklearn.inspection import partial_dependence as theirs

from backpass.data.raw import Moments, Texts
from backpass.inspection.insight import partial_dependence
from backpass.inspection.insight.asked import AskedModel


def shown(kind, ensemble=True):
    """The answers of a model that are averaged: those of "low", or numbers."""
    asked = AskedModel(model_of(kind, ensemble))
    if kind == "numbers":
        return asked.answers
    place = asked.classes.tolist().index("low")
    return lambda columns: asked.answers(columns)[:, place]


@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("name", ["rooms", "town"])
@pytest.mark.parametrize("kind", ["numbers", "two"])
def test_it_is_that_of_scikit_learn(kind, name, ensemble):
    rest, columns, _ = other_rows(kind)
    found = partial_dependence(shown(kind, ensemble), columns, name)
    expected = theirs(
        fitted(kind, ensemble), rest, [name], method="brute", categorical_features=["town"]
    )
    grid, average = expected["grid_values"][0].tolist(), expected["average"][0]
    assert sorted(found.cells.tolist()) == grid
    of_low = average if kind == "numbers" else 1 - average  # theirs is of the second class
    if kind == "two" and fitted(kind, ensemble).classes_[1] == "low":
        of_low = average
    at = [grid.index(cell) for cell in found.cells.tolist()]
    np.testing.assert_allclose(found.answers, of_low[at], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["size", "day"])
def test_many_cells_are_asked_for_at_even_shares_of_the_rows(name):
    rest, columns, _ = other_rows("numbers")
    found = partial_dependence(shown("numbers"), columns, name)
    assert 15 <= len(found.cells) <= 20
    assert set(found.cells) <= set(columns[name].values.tolist()) | set(columns[name].values)
    shares = np.searchsorted(np.sort(rest[name].dropna().to_numpy()), found.cells) / len(rest)
    assert shares[0] == pytest.approx(0.05, abs=0.02)
    assert np.diff(shares).max() < 0.08
    for cell, answer in zip(found.cells, found.answers):
        expected = fitted("numbers").predict(rest.assign(**{name: cell})).mean()
        assert answer == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_the_most_frequent_texts_are_asked_for():
    texts = Texts.of([f"t{k}" for k in range(20) for _ in range(k + 1)] + [None] * 99)
    found = partial_dependence(lambda columns: columns["t"].codes * 1.0, {"t": texts}, "t")
    assert found.cells.tolist() == [f"t{k}" for k in range(19, 7, -1)]
    assert found.answers.tolist() == [float(k) for k in range(19, 7, -1)]


def test_a_column_of_gaps_has_no_cells_to_ask_for():
    gaps = Moments(np.array(["NaT", "NaT"], "datetime64[us]"))
    assert len(partial_dependence(lambda columns: np.zeros(2), {"d": gaps}, "d").cells) == 0
