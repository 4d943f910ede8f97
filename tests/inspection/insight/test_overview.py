"""What is shown of a model's answers is what the measures by themselves say."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_models import fitted, model_of, other_rows
from sklearn.metrics import log_loss, mean_squared_error

from backpass.data.columns import fit_columns
from backpass.data.preprocessing import Preprocessing
from backpass.errors import InvalidInput
from backpass.inspection.insight import calibration, look, overview, permutation_importances
from backpass.inspection.insight.asked import AskedModel


@pytest.mark.parametrize("kind", ["numbers", "two", "three"])
def test_it_has_what_the_measures_say(kind):
    rest, columns, truth = other_rows(kind)
    found = look(model_of(kind), columns, truth)
    assert found.rows == len(rest)
    assert [each.column for each in found.dependences] == [
        each.column for each in found.importances[:3]
    ]
    order = np.random.default_rng(0).permutation(len(truth))
    moved = {name: cells.take(order) for name, cells in columns.items()}
    again = permutation_importances(AskedModel(model_of(kind)).loss(truth[order]), moved)
    assert [each.column for each in found.importances] == [each.column for each in again]
    np.testing.assert_allclose(
        [each.mean for each in found.importances], [each.mean for each in again], rtol=1e-9
    )


def test_what_rows_cost_adds_up_to_the_losses_of_scikit_learn():
    for kind in ("two", "three"):
        rest, columns, truth = other_rows(kind)
        expected = log_loss(truth, fitted(kind).predict_proba(rest), labels=fitted(kind).classes_)
        assert look(model_of(kind), columns, truth).losses.mean() == pytest.approx(expected)
    rest, columns, truth = other_rows("numbers")
    expected = mean_squared_error(truth, fitted("numbers").predict(rest))
    assert look(model_of("numbers"), columns, truth).losses.mean() == pytest.approx(expected)


def test_the_rarer_of_two_classes_is_shown_and_the_most_frequent_of_several():
    rest, columns, truth = other_rows("two")
    found = look(model_of("two"), columns, truth)
    assert found.shown_class == "high"  # 30 %
    p = fitted("two").predict_proba(rest)[:, fitted("two").classes_.tolist().index("high")]
    np.testing.assert_allclose(
        found.calibration.observed, calibration(p, truth == "high").observed, rtol=1e-6
    )
    rest, columns, truth = other_rows("three")
    found = look(model_of("three"), columns, truth)
    assert found.shown_class == "middle"  # half of them
    P = fitted("three").predict_proba(rest)
    right = fitted("three").classes_[P.argmax(axis=1)] == truth
    np.testing.assert_allclose(
        found.calibration.observed, calibration(P.max(axis=1), right).observed, rtol=1e-6
    )
    _, columns, truth = other_rows("numbers")
    found = look(model_of("numbers"), columns, truth)
    assert found.calibration is found.shown_class is None


def test_many_columns_are_measured_on_fewer_rows(monkeypatch):
    _, columns, truth = other_rows("two")
    monkeypatch.setattr(overview, "MOST_CELLS", 5 * 5**2 * 120)
    assert look(model_of("two"), columns, truth).rows == 120
    monkeypatch.setattr(overview, "MOST_CELLS", 1)
    assert look(model_of("two"), columns, truth).rows == overview.LEAST_ROWS


def test_other_rows_are_asked_for_another_seed():
    _, columns, truth = other_rows("two")
    first, same, other = (look(model_of("two"), columns, truth, seed=s) for s in (0, 0, 1))
    assert first.importances == same.importances != other.importances


def test_a_model_of_cells_is_refused():
    model = model_of("two", ensemble=False)
    cells = fit_columns({name: np.arange(3.0) for name in "abcdefgh"})
    n = model.net.sizes[0]
    wide = fit_columns({f"x{k}": np.arange(3.0) for k in range(n)})
    assert len(cells) == 8
    with pytest.raises(InvalidInput, match="does not read a table's known columns"):
        AskedModel(replace(model, preprocessing=Preprocessing(wide, model.target)))
