import pytest

from backpass.studio.past import MOST_POINTS, Past, ThinnedCurve


@pytest.mark.parametrize("epochs", [1, 7, 1000, 1001, 100_003])
def test_a_thinned_curve_keeps_its_ends_and_is_never_long(epochs):
    curve = ThinnedCurve()
    for epoch in range(1, epochs + 1):
        curve.add(epoch, 1 / epoch)
        assert len(curve.points) <= MOST_POINTS
    told = curve.told()
    assert told["epochs"][-1] == epochs
    assert told["values"] == [1 / epoch for epoch in told["epochs"]]
    assert told["epochs"] == sorted(set(told["epochs"]))
    assert len(told["epochs"]) >= min(epochs, MOST_POINTS // 2)
    steps = {b - a for a, b in zip(told["epochs"][:-2], told["epochs"][1:-1])}
    assert len(steps) <= 1


def test_the_past_tells_the_latest_of_all():
    past = Past()
    past.add({"says": "Paused.", "going": False})
    past.add({"says": "", "going": True, "done": False})
    assert past.told() == {"says": "", "going": True, "done": False, "curves": {}, "past": {}}
