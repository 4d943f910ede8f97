"""Members are drawn inside their profiles' ranges, each the same whatever stands beside it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from backpass.tabular.members.profiles import (
    CALM,
    LATER,
    LEARNING_RATES,
    PROFILES,
    batch_size_for,
    draw_settings,
    later_profiles,
    max_epochs_for,
    width_for,
)

ROWS = [2, 31, 32, 33, 900, 1_200, 2_500, 5_000, 15_000, 60_000, 1_000_000]


def test_a_member_is_the_same_however_many_are_drawn_and_in_whichever_order():
    few = [draw_settings(j, 3_000, 7) for j in range(3)]
    many = [draw_settings(j, 3_000, 7) for j in reversed(range(40))][::-1]
    assert many[:3] == few


def test_members_and_seeds_are_unlike():
    drawn = [draw_settings(j, 3_000, seed) for j in range(16) for seed in range(3)]
    assert len({each.seed for each in drawn}) == len(drawn)
    assert len({each.learning_rate for each in drawn}) == len(drawn)


@pytest.mark.parametrize("place", range(len(PROFILES)))
def test_what_is_drawn_fills_its_profiles_range_log_uniformly(place):
    profile = PROFILES[place]
    drawn = [draw_settings(place + len(PROFILES) * k, 3_000, 0) for k in range(400)]
    assert {each.profile for each in drawn} == {profile.name}
    for values, (low, high) in (
        ([each.learning_rate for each in drawn], LEARNING_RATES),
        ([each.matrix_rate for each in drawn], profile.matrix_rates),
        ([each.weight_decay for each in drawn], profile.decays),
    ):
        share = np.log(np.array(values) / low) / np.log(high / low)  # uniform in [0, 1]
        assert share.min() >= -1e-12
        assert share.max() <= 1 + 1e-12
        assert abs(share.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(share))
    low, high = profile.dropouts
    assert all(low <= each.dropout <= high for each in drawn)


@pytest.mark.parametrize("better", range(len(PROFILES)))
@pytest.mark.parametrize("worst", [1e9, np.inf, np.nan])
def test_the_better_the_calm_member_did_the_calmer_are_later_ones(better, worst):
    costs = {"fine": -2.0, "plain": worst, "deep": 0.5, "calm": [-3.0, -1.0, 2.0, worst][better]}
    if better == 3:
        costs["plain"] = 1.0
    assert later_profiles(costs) == LATER[better]
    dropouts = [sum(each.dropouts[1] for each in profiles) for profiles in LATER]
    assert dropouts == sorted(dropouts, reverse=True)
    assert CALM not in LATER[-1]


def test_what_is_not_noisy_is_seen_more_often():
    usual, sharp = (draw_settings(1, 3_000, 0, profiles) for profiles in (PROFILES, LATER[-1]))
    assert sharp == replace(usual, max_epochs=round(1.5 * max_epochs_for(3_000)), patience=9)
    assert usual.max_epochs == max_epochs_for(3_000)


def test_a_pack_without_the_first_ones_four_costs_is_drawn_from_those():
    assert later_profiles({}) == later_profiles({"fine": 1.0, "calm": 0.5}) == PROFILES
    drawn = [draw_settings(j, 3_000, 0, LATER[0]) for j in range(8)]
    assert [each.profile for each in drawn] == 2 * [profile.name for profile in LATER[0]]


@pytest.mark.parametrize("m", ROWS)
def test_the_steps_of_an_epoch_are_nearly_alike(m):
    size = batch_size_for(m)
    steps = -(-m // size)
    last = m - (steps - 1) * size
    assert 1 <= size <= m
    assert last >= size / 2
    assert steps == 1 or 16 <= size <= max(2 * 256, m / 200)


@pytest.mark.parametrize("rule", [width_for, batch_size_for])
def test_more_rows_never_mean_much_smaller_networks_or_steps(rule):
    sizes = [rule(m) for m in range(40, 40_000, 7)]
    assert all(after >= 0.75 * before for before, after in pairwise(sizes))


def test_more_rows_never_mean_more_epochs():
    epochs = [max_epochs_for(m) for m in range(1, 40_000, 7)]
    assert all(after <= before for before, after in pairwise(epochs))
    assert epochs[0] == 48
    assert epochs[-1] == 10
