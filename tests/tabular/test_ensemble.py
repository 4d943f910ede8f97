"""Members together, against boosted trees on what is smooth and a linear model on what bends."""

import numpy as np
import pytest
from sklearn import metrics as theirs
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from backpass.data.encoding.table_rows import TableRows
from backpass.tabular.choice import choose_members
from backpass.tabular.ensemble import Parts, fit_ensemble
from backpass.tabular.members.member import Examples, train_members
from backpass.tabular.members.profiles import draw_settings
from backpass.tabular.members.target_means import fit_target_means
from backpass.tabular.metrics import log_loss, squared_error
from backpass.tabular.outputs import ClassOutputs, NumberOutputs
from drawn_rows import drawn_rows, problem, settings_for


@pytest.fixture(scope="module")
def smooth():
    """Rows of which a level moves the phase of a wave, 900 to learn from and 600 to judge."""
    rng = np.random.default_rng(0)
    X, town = rng.uniform(-2, 2, (1_500, 3)), rng.integers(0, 4, 1_500)
    y = np.sin(2 * X[:, 0] + town) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=1_500)
    return TableRows(X, town[:, None].astype(np.int32), (4,)), y[:, None]


def fitted(rows, y, outputs, members, n_threads=None):
    Y = outputs.targets(y.reshape(len(y), -1))
    train = Examples(rows.take(slice(0, 760)), Y[:760])
    held_out = Examples(rows.take(slice(760, 900)), Y[760:900])
    cost = squared_error if y.ndim == 2 else log_loss
    settings = [draw_settings(j, 760, 0) for j in range(members)]
    return fit_ensemble([Parts(train, held_out, settings)], outputs, cost, n_threads=n_threads)


def test_it_beats_boosted_trees_on_a_smooth_function(smooth):
    rows, y = smooth
    outputs = NumberOutputs.of(y[:760])
    answers = outputs.numbers(fitted(rows, y, outputs, 4).answers(rows.take(slice(900, 1500))))
    X = np.hstack([rows.numbers, rows.codes])
    trees = HistGradientBoostingRegressor(categorical_features=[3], random_state=0)
    theirs = trees.fit(X[:900], y[:900, 0]).predict(X[900:])[:, None]
    ours, others = (np.sqrt(np.mean((H - y[900:]) ** 2)) for H in (answers, theirs))
    assert ours < 0.75 * others
    assert ours < 0.2  # of which 0.1 is noise


def test_it_beats_a_linear_model_on_classes_that_no_plane_parts(smooth):
    rows, y = smooth
    classes = np.digitize(y[:, 0], [-0.7, 0.7])
    P = fitted(rows, classes, ClassOutputs((3,)), 4).answers(rows.take(slice(900, 1500)))
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    linear = LogisticRegression().fit(rows.numbers[:900], classes[:900])
    ours = np.mean(P.argmax(axis=1) == classes[900:])
    assert ours > linear.score(rows.numbers[900:], classes[900:]) + 0.15


def test_the_average_costs_what_it_says_and_its_weights_are_a_choice(rng):
    train, held_out, outputs, metric = problem(rng, classes=3)
    parts = Parts(train, held_out, [settings_for(j, 180) for j in range(6)])
    ensemble = fit_ensemble([parts], outputs, log_loss)
    [pack] = ensemble.packs
    y = held_out.Y.argmax(axis=1)
    cost = theirs.log_loss(y, ensemble.answers(held_out.rows))
    assert cost == pytest.approx(ensemble.cost, rel=1e-12)
    rows = held_out.rows.with_means(pack.means(held_out.rows.codes))
    answers = [
        outputs.answers(member.outputs(member.codes.encode(rows))) for member in ensemble.members
    ]
    np.testing.assert_array_equal(ensemble.weights, choose_members(answers, metric))


def test_no_answer_is_surer_than_the_rows_that_chose_can_vouch_for(rng):
    train, held_out, outputs, _ = problem(rng, classes=2)
    few = Examples(held_out.rows.take(slice(0, 8)), held_out.Y[:8])
    parts = [Parts(train, few, [settings_for(j, 180)]) for j in range(2)]
    ensemble = fit_ensemble(parts, outputs, log_loss)
    P = ensemble.answers(held_out.rows)
    assert P.min() >= 1 / (8 + 2)  # of one pack: two have not seen more rows between them
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)


def test_it_is_the_same_on_any_number_of_threads(rng):
    train, held_out, outputs, _ = problem(rng, classes=2)
    settings = [settings_for(j, 180) for j in range(5)]
    new = drawn_rows(rng, 50)
    new = TableRows(new.numbers, new.codes.clip(max=1), train.rows.levels)
    parts = [Parts(train, held_out, settings[:3]), Parts(held_out, train, settings[3:])]
    found = [fit_ensemble(parts, outputs, log_loss, n_threads=n).answers(new, n) for n in (1, 2, 3)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_means_of_training_rows_come_from_the_other_folds(rng, monkeypatch):
    train, held_out, outputs, _ = problem(rng)
    means, of_training_rows = fit_target_means(train.rows.codes, train.rows.levels, train.Y)
    given = []

    def spy(lessons, *rest, **named):
        [lesson] = lessons
        given.extend([lesson.train.rows.numbers, lesson.held_out.rows.numbers])
        return train_members(lessons, *rest, **named)

    monkeypatch.setattr("backpass.tabular.ensemble.train_members", spy)
    parts = Parts(train, held_out, [settings_for(0, 180)])
    [pack] = fit_ensemble([parts], outputs, squared_error).packs
    expected = [of_training_rows, means(held_out.rows.codes)]
    for numbers, examples, more in zip(given, (train, held_out), expected):
        np.testing.assert_array_equal(numbers, np.hstack([examples.rows.numbers, more]))
    assert len(pack.means.tables) == train.rows.codes.shape[1]


def test_what_later_packs_are_asked_for_may_follow_from_the_costs_in_the_first(rng):
    train, held_out, outputs, _ = problem(rng)
    told = []

    def asked(costs):
        told.append(costs)
        return [settings_for(len(told) + j, 180) for j in range(2)]

    parts = [Parts(train, held_out, asked)] * 3
    packs = fit_ensemble(parts, outputs, squared_error).packs
    names = [member.settings.profile for member in packs[0].members]
    assert told == [{}] + 2 * [dict(zip(names, packs[0].costs.tolist()))]
    assert [m.settings.number for pack in packs for m in pack.members] == [1, 2, 2, 3, 3, 4]


def test_an_ensemble_is_the_mean_of_its_packs(rng):
    train, held_out, outputs, _ = problem(rng)
    settings = [settings_for(j, 180) for j in range(4)]
    parts = [Parts(train, held_out, settings[:2]), Parts(held_out, train, settings[2:])]
    both = fit_ensemble(parts, outputs, squared_error)
    alone = [fit_ensemble([each], outputs, squared_error) for each in parts]
    answers = [each.answers(train.rows) for each in alone]
    np.testing.assert_allclose(both.answers(train.rows), np.mean(answers, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(both.weights, np.r_[alone[0].weights, alone[1].weights] / 2)
    assert both.held_out == (len(train.rows) + len(held_out.rows)) / 2
    assert both.cost == pytest.approx((alone[0].cost + alone[1].cost) / 2, rel=1e-12)
