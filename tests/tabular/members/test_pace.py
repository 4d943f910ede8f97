"""How long members take: a trial on some rows, held against a clock that a test moves."""

import numpy as np
import pytest

from backpass.tabular.members import pace
from backpass.tabular.members.member import Examples
from backpass.tabular.members.pace import Pace, paces
from backpass.training.monitor import Progress
from drawn_rows import problem, settings_for


class Recorded:
    """Stands for the training of members: what it is given, and epochs of so many seconds."""

    def __init__(self, seconds):
        self.seconds, self.lessons = seconds, []

    def __call__(self, lessons, outputs, n_threads, callback):
        self.lessons += lessons
        for job, seconds in enumerate(self.seconds):
            callback(Progress(epoch=1, J=1.0, seconds=seconds, job=job))


@pytest.fixture
def recorded(monkeypatch):
    training = Recorded([1.0, 3.0])
    monkeypatch.setattr(pace, "train_members", training)
    monkeypatch.setattr(pace, "_encoding", lambda rows, bins: 0.25 * bins)
    return training


def test_an_epoch_of_some_rows_tells_that_of_all(rng, recorded, monkeypatch):
    monkeypatch.setattr(pace, "TRIAL_ROWS", 60)
    train, _, outputs, _ = problem(rng, 240)
    settings = [settings_for(0, 180, bins=8), settings_for(1, 180, bins=4)]
    assert paces(train, settings, outputs, None) == [Pace(3 * 2.0, 3.0), Pace(3 * 1.0, 9.0)]
    [lesson] = recorded.lessons
    assert (lesson.train.m, [each.max_epochs for each in lesson.settings]) == (60, [1, 1])
    assert lesson.settings[0].batch_size == settings[0].batch_size


def test_rows_that_are_read_anew_are_encoded_in_every_epoch(rng, recorded):
    train, _, outputs, _ = problem(rng, 240)

    class Read(Examples):
        reading = 7.0

    settings = [settings_for(0, 180, bins=8), settings_for(1, 180, bins=4)]
    read = Read(train.rows, train.Y)
    assert paces(read, settings, outputs, None) == [Pace(0.0, 1 + 2 + 7.0), Pace(0.0, 3 + 1 + 7.0)]


def test_a_trial_of_real_members_takes_time(rng):
    train, _, outputs, _ = problem(rng, 240)
    found = paces(train, [settings_for(j, 180) for j in range(3)], outputs, 2)
    assert all(each.before > 0 and each.epoch > 0 for each in found)
    assert np.isfinite([each.seconds(9) for each in found]).all()
    assert found[0].times(3.0).seconds(5) == pytest.approx(3 * found[0].seconds(5))
