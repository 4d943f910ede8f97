"""Rows that are encoded when a training begins: the bits of rows that were encoded before."""

import gc
import weakref

import numpy as np
import pytest

from backpass.engine.encoding import EncodedRows
from backpass.errors import InvalidInput
from backpass.tabular.members import later_rows, member
from backpass.tabular.members.codes import fit_codes
from backpass.tabular.members.later_rows import LaterRows
from backpass.tabular.members.member import DTYPE, Examples, Lesson, train_members
from backpass.training.checkpoints import RetainedFolder
from drawn_rows import problem, settings_for


def trained(drawn, numbers=(0, 1, 2, 3), **named):
    train, held_out, outputs, metric = drawn
    settings = [settings_for(j, 180) for j in numbers]
    [run] = train_members([Lesson(train, held_out, metric, settings)], outputs, **named)
    return run.members


@pytest.mark.parametrize("classes", [0, 3])
def test_members_have_the_same_bits(rng, monkeypatch, classes):
    drawn = problem(rng, classes=classes)
    w = rng.integers(1, 4, drawn[0].m).astype(float)
    drawn = (Examples(drawn[0].rows, drawn[0].Y, w), *drawn[1:])
    before = trained(drawn)
    monkeypatch.setattr(member, "ENCODED_AT_ONCE", 0)
    for ours, theirs in zip(trained(drawn, n_threads=2), before, strict=True):
        np.testing.assert_array_equal(ours.theta, theirs.theta)
        assert ours.result.validation_scores == theirs.result.validation_scores


def test_no_more_rows_are_encoded_at_a_time_than_there_are_threads(rng, monkeypatch):
    monkeypatch.setattr(member, "ENCODED_AT_ONCE", 0)
    alive, most = weakref.WeakSet(), []
    make = LaterRows._made

    def made(self):
        X, Y = make(self)
        gc.collect()
        alive.add(X)
        most.append(len(alive))
        return X, Y

    monkeypatch.setattr(later_rows.LaterRows, "_made", made)
    trained(problem(rng), range(8), n_threads=1)
    assert most == [1] * 8


def test_codes_of_many_rows_are_fitted_on_some_of_all(rng, monkeypatch):
    drawn = problem(rng)
    rows = drawn[0].rows
    monkeypatch.setattr(member, "FIT_ROWS", 60)
    [found] = trained(drawn, [0])
    some = rows.take(np.linspace(0, len(rows) - 1, 60).astype(int))
    expected = fit_codes(some, found.settings.bins)
    np.testing.assert_array_equal(
        found.codes.encode(rows).toarray(), expected.encode(rows).toarray()
    )


def test_a_training_goes_on_only_with_the_same_rows(rng, monkeypatch, tmp_path):
    monkeypatch.setattr(member, "ENCODED_AT_ONCE", 0)
    drawn = problem(rng)
    whole = trained(drawn, [0])
    folder = RetainedFolder(tmp_path)
    trained(drawn, [0], folder=folder, callback=lambda progress: progress.epoch == 2)
    [resumed] = trained(drawn, [0], folder=RetainedFolder(tmp_path))
    np.testing.assert_array_equal(resumed.theta, whole[0].theta)
    other = (Examples(drawn[0].rows, drawn[0].Y + 1), *drawn[1:])
    with pytest.raises(InvalidInput, match="data"):
        trained(other, [0], folder=RetainedFolder(tmp_path))


def test_they_say_of_themselves_what_encoded_rows_do(rng):
    rows = problem(rng)[0].rows
    codes = fit_codes(rows, 4)
    X = codes.encode(rows)
    assert isinstance(X, EncodedRows)
    later = LaterRows(rows, np.zeros((len(rows), 1)), None, codes, np.dtype(DTYPE))
    assert (later.shape, later.layout, later.dtype) == (X.shape, X.layout, X.dtype)
