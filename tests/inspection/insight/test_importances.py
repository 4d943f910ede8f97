"""Importances are scikit-learn's, of columns as they are; noise has none, the source the most."""

import numpy as np
import pytest
from drawn_models import fitted, model_of, other_rows
from sklearn.inspection import permutation_importance

from backpass.data.raw import Numbers
from backpass.inspection.insight import permutation_importances
from backpass.inspection.insight.asked import AskedModel

SCORING = {"numbers": "neg_root_mean_squared_error", "two": "neg_log_loss", "three": "neg_log_loss"}


@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("kind", SCORING)
def test_they_are_those_of_scikit_learn(kind, ensemble):
    rest, columns, truth = other_rows(kind)
    loss = AskedModel(model_of(kind, ensemble)).loss(truth)
    found = permutation_importances(loss, columns, repeats=3, seed=7)
    estimator = fitted(kind, ensemble)
    theirs = permutation_importance(
        estimator, rest, truth, scoring=SCORING[kind], n_repeats=3, random_state=7
    )
    by_name = {each.column: each for each in found}
    ours = [(by_name[name].mean, by_name[name].spread) for name in rest]
    expected = np.stack([theirs.importances_mean, theirs.importances_std], axis=1)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", SCORING)
def test_the_source_has_most_and_noise_next_to_none(kind):
    _, columns, truth = other_rows(kind)
    found = permutation_importances(AskedModel(model_of(kind)).loss(truth), columns)
    assert found[0].column == "size"
    assert [each.mean for each in found] == sorted((each.mean for each in found), reverse=True)
    (noise,) = [each for each in found if each.column == "noise"]
    assert abs(noise.mean) < 0.05 * found[0].mean


def test_weights_count_rows_as_often():
    _, columns, truth = other_rows("numbers")
    asked, w = AskedModel(model_of("numbers")), np.arange(len(truth)) % 3
    twice = np.repeat(np.arange(len(truth)), w)
    repeated = {name: cells.take(twice) for name, cells in columns.items()}
    weighted = asked.loss(truth, w.astype(float))(columns)
    assert weighted == pytest.approx(asked.loss(truth[twice])(repeated), rel=1e-6)


def test_rows_of_labels_that_the_model_does_not_know_do_not_count():
    _, columns, truth = other_rows("two")
    asked, some = AskedModel(model_of("two")), np.arange(len(truth)) % 4 > 0
    labels = np.where(some, truth, "never seen")
    known = {name: cells.take(np.flatnonzero(some)) for name, cells in columns.items()}
    assert asked.loss(labels)(columns) == pytest.approx(asked.loss(truth[some])(known), rel=1e-6)
    assert np.isnan(asked.loss(np.full(len(truth), "never seen"))(columns))


def test_every_repeat_moves_the_rows_anew():
    seen = []

    def loss(columns):
        seen.append(columns["x"].values.tolist())
        return 0.0

    permutation_importances(loss, {"x": Numbers(np.arange(30.0))}, repeats=4)
    assert len(seen) == 5
    assert len({tuple(each) for each in seen}) == 5
    assert all(sorted(each) == seen[0] for each in seen)
