"""A fit that time, its caller, Control-C or divergence cuts short, and one that goes on."""

import itertools
import signal
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from backpass.tabular import ensemble, time_limit
from backpass.tabular.choice import choose_members
from backpass.tabular.ensemble import Parts, fit_ensemble
from backpass.tabular.members.member import train_members
from backpass.tabular.members.pace import Pace
from backpass.tabular.metrics import squared_error
from backpass.tabular.time_limit import CHOICE, Deadline
from backpass.training.checkpoints import RetainedFolder
from drawn_rows import problem, settings_for

EPOCHS = 6  # of each member
ALIKE = (0, 1, 4, 5, 8, 9, 12, 13)  # members that take as long


@pytest.fixture
def drawn(rng):
    """Training rows, held-out rows and outputs."""
    return problem(rng)[:3]


def parting(drawn, *numbers, **changes):
    train, held_out, _ = drawn
    return Parts(train, held_out, [settings_for(j, 180, **changes) for j in numbers])


def fitted(parts, drawn, **named):
    return fit_ensemble(parts, drawn[2], squared_error, **named)


def counting(stop_at=None, error=None):
    """A callback that counts epochs, and stops or raises at one."""

    def callback(progress):
        callback.epochs += 1
        if callback.epochs == stop_at and error is not None:
            raise error
        return callback.epochs == stop_at

    callback.epochs = 0
    return callback


def timed(seconds, every_epoch=1.0):
    """A deadline in as many seconds of training, and a callback by which an epoch takes one."""

    def clock():
        return clock.now

    def callback(progress):
        clock.now += every_epoch

    clock.now = 0.0
    return {"deadline": Deadline(seconds / (1 - CHOICE), clock), "callback": callback}


def assert_same(one, other):
    np.testing.assert_array_equal(one.weights, other.weights)
    for ours, theirs in zip(one.members, other.members, strict=True):
        np.testing.assert_array_equal(ours.theta, theirs.theta)


def elastic(drawn, *numbers):
    return replace(parting(drawn, *numbers), elastic=True)


def alike(monkeypatch, epoch=1.0):
    """From now on every member is thought to take as long."""
    monkeypatch.setattr(
        ensemble, "paces", lambda train, settings, *_: [Pace(0.0, epoch)] * len(settings)
    )


# --- time --------------------------------------------------------------------------------------


def test_as_many_members_as_fit_are_those_of_a_fit_that_asks_for_so_many(drawn):
    some = fitted([parting(drawn, *ALIKE)], drawn, n_threads=1, **timed(3.5 * EPOCHS))
    assert len(some.members) == 3
    assert_same(some, fitted([parting(drawn, *ALIKE[:3])], drawn))


def test_where_no_member_is_over_in_time_those_that_began_answer_by_their_best_epoch(drawn):
    whole = fitted([parting(drawn, 0)], drawn).members[0].result
    [member] = fitted([parting(drawn, 0, 1)], drawn, n_threads=1, **timed(3)).members
    assert (member.result.epochs, member.whole) == (3, False)
    assert member.result.validation_scores == whole.validation_scores[:3]
    assert member.result.best_epoch == int(np.argmax(whole.validation_scores[:3])) + 1


def test_a_member_that_the_end_cuts_does_not_count_where_others_are_over(drawn):
    """The second takes longer than the first, for it has been thought to fit."""
    seconds = iter([1.0] * EPOCHS + [2.0] * EPOCHS)
    named = timed(2.5 * EPOCHS)
    clock = named["deadline"].clock

    def slower(progress):
        clock.now += next(seconds)

    given = [parting(drawn, 0, 1)]
    found = fitted(given, drawn, n_threads=1, **{**named, "callback": slower})
    assert [member.result.epochs for member in found.members] == [EPOCHS]


def test_more_time_is_more_packs(drawn):
    """The last has one member only, and weighs as much as that."""
    endless = (parting(drawn, first, first + 1) for first in itertools.count(0, 4))
    some = fitted(endless, drawn, n_threads=1, **timed(5.5 * EPOCHS))
    assert [len(pack.members) for pack in some.packs] == [2, 2, 1]
    parts = [parting(drawn, 0, 1), parting(drawn, 4, 5), parting(drawn, 8)]
    assert_same(some, fitted(parts, drawn))
    rows, packs = drawn[0].rows, some.packs
    first, second, third = (pack.answers(rows, drawn[2]) for pack in packs)
    expected = (2 * first + 2 * second + third) / 5
    np.testing.assert_allclose(some.answers(rows), expected, rtol=1e-12)
    assert some.weights[4] == pytest.approx(1 / 5)
    assert some.cost == pytest.approx((2 * packs[0].cost + 2 * packs[1].cost + packs[2].cost) / 5)


def test_a_pack_of_which_nothing_is_over_in_time_is_left_out(drawn):
    seconds = iter([1.0] * EPOCHS + [2.0] * EPOCHS)
    named = timed(2.5 * EPOCHS)
    clock = named["deadline"].clock

    def slower(progress):
        clock.now += next(seconds)

    given = [parting(drawn, 0), parting(drawn, 1)]
    found = fitted(given, drawn, n_threads=1, **{**named, "callback": slower})
    assert len(found.packs) == 1


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_what_time_leaves_on_several_threads_can_be_asked_for_again(drawn, n_threads):
    some = fitted([parting(drawn, *range(12))], drawn, n_threads=n_threads, **timed(7 * EPOCHS))
    assert 1 <= len(some.members) < 12
    assert all(member.whole for member in some.members)
    assert_same(some, fitted([parting(drawn, *range(len(some.members)))], drawn))


def test_a_member_behind_one_that_time_ended_does_not_count(drawn, tmp_path):
    """The third, which is the largest, was begun first where there was no limit."""
    parts, folder = [parting(drawn, 0, 1, 2)], RetainedFolder(tmp_path)
    fitted(parts, drawn, n_threads=1, checkpoint=folder, callback=counting(2 * EPOCHS + 3))
    named = timed(1)
    named["deadline"].clock.now = 5.0
    found = fitted(parts, drawn, checkpoint=folder, **named)
    assert_same(found, fitted([parting(drawn, 0)], drawn))


def test_members_have_as_many_epochs_as_the_time_will_hold(drawn, monkeypatch):
    alike(monkeypatch)
    found = fitted([elastic(drawn, 0, 1, 4, 5)], drawn, n_threads=1, **timed(16.5))
    assert [each.result.epochs for each in found.members] == [4] * 4
    assert all(member.whole for member in found.members)
    short = [parting(drawn, 0, 1, 4, 5)]
    settings = [replace(each, max_epochs=4) for each in short[0].settings]
    assert_same(found, fitted([replace(short[0], settings=settings)], drawn))


def test_a_pack_of_fewer_members_is_the_last(drawn, monkeypatch):
    """A fit that asks for so many members has the same ones."""
    alike(monkeypatch)
    fitting = iter([[EPOCHS], []])
    monkeypatch.setattr(ensemble, "epochs_that_fit", lambda *_: next(fitting))
    endless = (elastic(drawn, first, first + 1) for first in itertools.count(0, 4))
    found = fitted(endless, drawn, n_threads=1, **timed(99))
    assert_same(found, fitted([parting(drawn, 0)], drawn))


def test_members_that_were_over_sooner_than_expected_are_followed_by_others(drawn, monkeypatch):
    """A trial said 10 seconds an epoch, which takes one."""
    alike(monkeypatch, epoch=10.0)
    found = fitted([elastic(drawn, 0, 1)], drawn, n_threads=1, **timed(32))
    assert [each.result.epochs for each in found.members] == [3, EPOCHS]
    assert len(found.packs) == 1


def test_no_later_members_are_begun_for_very_few_epochs(drawn, monkeypatch):
    alike(monkeypatch)
    parts = [elastic(drawn, 0, 1), elastic(drawn, 4, 5)]
    found = fitted(parts, drawn, n_threads=1, **timed(2 * EPOCHS * 1.55))
    assert [each.result.epochs for each in found.members] == [EPOCHS, EPOCHS, 3, 3]
    monkeypatch.setattr(time_limit, "SHORT", 1.4)
    found = fitted(parts, drawn, n_threads=1, **timed(2 * EPOCHS * 1.55))
    assert [len(pack.members) for pack in found.packs] == [2]


def test_with_a_checkpoint_members_are_as_long_as_they_were_asked_for(drawn, tmp_path, monkeypatch):
    alike(monkeypatch)
    named = {**timed(16.5), "checkpoint": tmp_path / "members"}
    found = fitted([elastic(drawn, 0, 1, 4, 5)], drawn, n_threads=1, **named)
    assert [each.result.epochs for each in found.members] == [EPOCHS, EPOCHS]


def test_without_a_limit_the_clock_is_not_asked_what_to_do(drawn):
    """Members are begun by their size, and all of them are there."""
    found = fitted([parting(drawn, 0, 1), parting(drawn, 2)], drawn, n_threads=1)
    assert len(found.members) == 3


# --- side by side ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "limit", "groups"),
    [
        (10**9, {}, [[2], [2, 2, 1]]),
        (0, {}, [[2], [2], [2], [1]]),
        (2 * 240 * 7, {}, [[2], [2, 2], [1]]),
        (10**9, {"deadline": Deadline(1e9)}, [[2], [2], [2], [1]]),
    ],
)
def test_packs_after_the_first_are_trained_together(drawn, monkeypatch, cells, limit, groups):
    """Where they are small, and no time decides how many there are; the bits are the same."""
    trained = []

    def spy(lessons, *rest, **named):
        trained.append([len(each.settings) for each in lessons])
        return train_members(lessons, *rest, **named)

    parts = [parting(drawn, 0, 1), parting(drawn, 4, 5), parting(drawn, 2, 8), parting(drawn, 9)]
    whole = fitted(parts, drawn)
    monkeypatch.setattr("backpass.tabular.ensemble.SIDE_BY_SIDE", cells)
    monkeypatch.setattr("backpass.tabular.ensemble.train_members", spy)
    assert_same(fitted(parts, drawn, **limit), whole)
    assert trained == groups


# --- progress ----------------------------------------------------------------------------------


def test_the_callback_is_told_of_all_members_of_all_packs(drawn):
    told = []
    parts = [parting(drawn, 0, 1), parting(drawn, 2)]
    found = fitted(parts, drawn, n_members=3, n_threads=1, callback=told.append)
    assert [each.done for each in told] == [0] * EPOCHS + [1] * EPOCHS + [2] * EPOCHS
    assert {each.total for each in told} == {3}
    scores = [max(member.result.validation_scores) for member in found.members]
    assert told[-1].best_cost == -max(scores)
    assert told[0].seconds_left is None
    assert told[-1].seconds_left > 0


# --- stopped and interrupted -------------------------------------------------------------------


@pytest.mark.parametrize(("stop_at", "members"), [(2, 1), (EPOCHS, 1), (2 * EPOCHS + 3, 2)])
def test_a_caller_that_stops_a_fit_has_what_is_there(drawn, stop_at, members):
    parts = [parting(drawn, 0, 1, 3), parting(drawn, 4)]
    found = fitted(parts, drawn, n_threads=1, callback=counting(stop_at))
    assert len(found.members) == members
    assert len(found.packs) == 1
    assert not found.interrupted


@pytest.mark.parametrize(("stop_at", "packs"), [(3, 1), (9, 1), (15, 2), (22, 3)])
def test_control_c_keeps_the_best_so_far_with_one_warning(drawn, stop_at, packs):
    """Within the first member; the second; the first of the second pack; the last of all."""
    parts = [parting(drawn, 0, 1), parting(drawn, 4, 5), parting(drawn, 8)]
    callback = counting(stop_at, KeyboardInterrupt)
    whole = stop_at // EPOCHS
    message = f"Interrupted by user: the ensemble has {max(1, whole)} of its members.$"
    with pytest.warns(UserWarning, match=message) as said:
        found = fitted(parts, drawn, n_threads=1, callback=callback)
    assert len(said) == 1
    assert found.interrupted
    assert len(found.members) == max(1, whole)
    assert sum(member.whole for member in found.members) == whole
    np.testing.assert_allclose(found.weights.sum(), 1, rtol=1e-12)


def test_control_c_before_any_epoch_is_raised(drawn):
    def fail(answers):
        raise KeyboardInterrupt

    train, held_out, outputs = drawn
    parts = [Parts(train, held_out, [settings_for(0, 180)])]
    with pytest.raises(KeyboardInterrupt):
        fit_ensemble(parts, outputs, lambda Y, weight: fail)


def test_control_c_between_two_packs_keeps_the_first(drawn):
    def parts():
        yield parting(drawn, 0)
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Interrupted by user: the ensemble has 1 of its members"):
        found = fitted(parts(), drawn)
    assert_same(found, fitted([parting(drawn, 0)], drawn))


def test_control_c_waits_while_members_are_chosen_from(drawn, monkeypatch):
    def choose(answers, metric):
        signal.raise_signal(signal.SIGINT)
        return choose_members(answers, metric)

    whole = fitted([parting(drawn, 0, 1)], drawn)
    monkeypatch.setattr("backpass.tabular.ensemble.choose_members", choose)
    with pytest.warns(UserWarning, match="Interrupted by user: the ensemble has 2 of its members"):
        found = fitted([parting(drawn, 0, 1), parting(drawn, 4)], drawn)
    assert_same(found, whole)


# --- divergence --------------------------------------------------------------------------------


def test_members_that_diverge_do_not_count_and_are_said_in_one_sentence(drawn):
    train, held_out, _ = drawn
    wild = [settings_for(j, 180, learning_rate=1e30, matrix_rate=1e30) for j in (1, 2)]
    parts = Parts(train, held_out, [settings_for(0, 180), *wild])
    with pytest.warns(ConvergenceWarning) as said:
        found = fitted([parts], drawn)
    message = "2 of 3 members diverged, so they do not count."
    assert [str(each.message) for each in said] == [message]
    np.testing.assert_array_equal(found.weights, [1, 0, 0])


def test_where_all_diverge_their_best_epochs_count(drawn):
    wild = parting(drawn, 0, 1, learning_rate=1e30, matrix_rate=1e30)
    with pytest.warns(ConvergenceWarning, match="2 of 2 members diverged, so their best epochs"):
        found = fitted([wild], drawn)
    assert np.isfinite(found.answers(drawn[0].rows)).all()


# --- going on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_at", [1, EPOCHS, 2 * EPOCHS + 1, 3 * EPOCHS + 5])
def test_a_fit_goes_on_from_its_folder_and_trains_nothing_twice(drawn, tmp_path, stop_at):
    parts = [parting(drawn, 0, 1), parting(drawn, 4, 5)]
    whole = fitted(parts, drawn)
    named = {"checkpoint": tmp_path, "n_threads": 1}
    with pytest.warns(UserWarning, match="Interrupted"):
        fitted(parts, drawn, callback=counting(stop_at, KeyboardInterrupt), **named)
    second = counting()
    assert_same(fitted(parts, drawn, callback=second, **named), whole)
    assert stop_at + second.epochs == 4 * EPOCHS
    third = counting()
    fitted(parts, drawn, callback=third, **named)  # all were over: it begins anew
    assert third.epochs == 4 * EPOCHS


def test_a_folder_that_is_given_is_the_callers_to_release(drawn, tmp_path):
    folder, callback = RetainedFolder(tmp_path), counting()
    for _ in range(2):
        fitted([parting(drawn, 0)], drawn, callback=callback, checkpoint=folder)
    assert callback.epochs == EPOCHS
    folder.release()
    fitted([parting(drawn, 0)], drawn, callback=callback, checkpoint=RetainedFolder(tmp_path))
    assert callback.epochs == 2 * EPOCHS


def test_a_caller_that_stopped_a_fit_can_go_on_with_it(drawn, tmp_path):
    first, second = counting(3), counting()
    fitted([parting(drawn, 0)], drawn, callback=first, checkpoint=tmp_path)
    fitted([parting(drawn, 0)], drawn, callback=second, checkpoint=tmp_path)
    assert first.epochs + second.epochs == EPOCHS


def test_a_fit_that_its_time_ended_is_over(drawn, tmp_path):
    callback = counting()
    fitted([parting(drawn, 0)], drawn, n_threads=1, checkpoint=tmp_path, **timed(3))
    fitted([parting(drawn, 0)], drawn, callback=callback, checkpoint=tmp_path)
    assert callback.epochs == EPOCHS


def test_more_members_go_on_from_a_folder_of_fewer(drawn, tmp_path):
    folder, callback = RetainedFolder(tmp_path), counting()
    fitted([parting(drawn, 0, 1)], drawn, callback=callback, checkpoint=folder)
    more = [parting(drawn, 0, 1, 2)]
    found = fitted(more, drawn, callback=callback, checkpoint=folder)
    assert callback.epochs == 3 * EPOCHS
    assert_same(found, fitted(more, drawn))


def test_a_fit_warns_of_nothing(drawn, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted([parting(drawn, 0, 1)], drawn, checkpoint=tmp_path, every=2)
