import numpy as np
import pytest

import backpass as bp
from backpass.arrays import ImageShape
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData
from backpass.studio.summary import summary, validation


def with_numbers(rng, outputs=2):
    net = bp.Network((3, 4, outputs), "tanh", "squared_error")
    theta = bp.init_theta(net, 1, "glorot")
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, outputs))
    data = SessionData(X[:30], Y[:30], X[30:], Y[30:], rows_validation=np.arange(120, 140))
    return net, theta, PageState(net, theta, 0.0, X[:5], Y[:5]), data


def test_the_worst_rows_of_numbers_are_those_farthest_from_the_truth(rng):
    net, theta, state, data = with_numbers(rng)
    news = summary(net, theta, state, data)
    errors = np.abs(bp.forward(net, theta, data.X_validation) - data.Y_validation)
    order = np.argsort(-errors.max(axis=1))[:12]
    assert [mistake["row"] for mistake in news["worst"]] == (120 + order).tolist()
    first = news["worst"][0]
    assert abs(first["answer"] - first["truth"]) == pytest.approx(errors.max(), rel=1e-12)
    assert first["output"] == errors[order[0]].argmax()
    truths = {(truth, k) for truth, _, k in news["pairs"]}
    assert truths == {(data.Y_validation[i, k], k) for i in range(20) for k in range(2)}


def test_confusion_mistakes_and_accuracy_count_the_same_rows(rng):
    net = bp.Network((4, 3), hidden=())
    X, y = rng.normal(size=(90, 4)), rng.integers(0, 3, 90)
    Y, theta = bp.one_hot(y, range(3)), rng.normal(size=net.n_parameters)
    state = PageState(net, theta, 0.0, X[:3], Y[:3], ["a", "b", "c"], ImageShape(2, 2))
    rows = np.arange(500, 590)
    data = SessionData(X[:80], Y[:80], X[80:], Y[80:], rows=rows[:80], rows_validation=rows[80:])
    news, (score, _) = summary(net, theta, state, data), validation(net, theta, data)
    wrong = [m["row"] for m in news["worst"]]
    said = bp.forward(net, theta, X).argmax(axis=1)
    assert sorted(wrong) == [row for row in range(580, 590) if said[row - 500] != y[row - 500]]
    assert np.trace(news["confusion"]) / news["rows_scored"] == pytest.approx(score)
    assert len(wrong) == round((1 - score) * 10)
    assert news["worst"][0]["x"] == pytest.approx(X[wrong[0] - 500], rel=0.01)
