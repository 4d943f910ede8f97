"""A picture is made of numbers alone: no network is needed to draw one."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from backpass.landscape import LandscapeDisplay, TrajectoryProjection
from backpass.landscape.picture import Picture

LINES = np.linspace(-1.0, 1.0, 21), np.linspace(0.0, 4.0, 9)
HEIGHTS = np.add.outer(LINES[1], LINES[0] ** 2)  # (9, 21)


def way(*places):
    alpha, beta = np.array(places, dtype=float).T
    return TrajectoryProjection(alpha, beta, beta, np.zeros(len(places)), np.zeros(len(places)))


LONG, SHORT = way((0, 4), (0.5, 3), (0, 0)), way((-1, 2), (-0.5, 1))


def test_a_walker_that_has_arrived_stays_where_it_is():
    assert [LONG.position(step) for step in (0, 1, 2)] == [(0, 4), (0.5, 3), (0, 0)]
    assert SHORT.position(1) == SHORT.position(2) == SHORT.position(None) == (-0.5, 1)


@pytest.mark.parametrize("step", [0, 1, 7, None])
def test_the_clearing_is_around_whoever_is_nearest(step):
    picture = Picture(HEIGHTS, LINES, (LONG, SHORT), 1.0)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(*LINES)])
    apart = cdist(grid, [LONG.position(step), SHORT.position(step)]).min(axis=1)
    expected = np.exp(-((apart / (0.25 * 2.0)) ** 4)).reshape(HEIGHTS.shape)
    np.testing.assert_allclose(picture.clear_share(0.25, step), expected, rtol=1e-12)
    seen = picture.in_fog(0.25, step)
    np.testing.assert_array_equal(np.isnan(seen), expected <= 0.5)
    np.testing.assert_array_equal(seen[expected > 0.5], HEIGHTS[expected > 0.5])


def test_without_walkers_the_center_is_clear():
    clear = Picture(HEIGHTS, LINES, (), 1.0).clear_share(0.1, None)
    assert np.unravel_index(clear.argmax(), clear.shape) == (0, 10)
    assert clear.max() == 1.0


def test_whatever_has_a_picture_is_drawn():
    pytest.importorskip("matplotlib")
    land = SimpleNamespace(picture=Picture(HEIGHTS, LINES, (LONG, SHORT), 0.5))
    display = LandscapeDisplay(land).plot(fog=0.2, step=1)
    assert [len(line.get_xdata()) for line in display.ways_] == [2, 2]
    assert "50 %" in display.axes_[1].get_title()


def test_no_number_of_a_start_covers_another():
    """Triples start a little too far apart to share a label, and too near for all to one side."""
    Text = pytest.importorskip("matplotlib.text").Text
    places = [(-0.2 + 0.07 * k, 1 + 0.1 * (k % 2)) for k in range(7)]
    ways = tuple(way(place, (0, 0)) for place in places * 3)
    display = LandscapeDisplay(SimpleNamespace(picture=Picture(HEIGHTS, LINES, ways, 1.0))).plot()
    display.figure_.draw_without_rendering()
    texts = display.axes_[0].texts
    for text in texts:
        text.get_window_extent()  # has it find its place
    boxes = [Text.get_window_extent(text).extents for text in texts]
    assert len(boxes) == 7
    for one, other in combinations(boxes, 2):
        assert (np.minimum(one[2:], other[2:]) <= np.maximum(one[:2], other[:2])).any()
