"""A table's model is one value: it reads a file as it was trained on, and has one file itself."""

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.data.columns import fit_columns
from backpass.data.preprocessing import Preprocessing
from backpass.data.tables import columns_of, read_table
from backpass.data.target import fit_target
from backpass.errors import InvalidInput
from backpass.io.saving import load_table_model, save_table_model
from backpass.models.table_model import TableModel


@pytest.fixture
def path(tmp_path):
    """Fruit whose codes are text, with a gap in each column, and one of another kind at the end."""
    frame = pd.DataFrame({"weight": np.r_[np.arange(38.0), np.nan, 5], "code": ["007", "042"] * 20})
    frame["colour"] = np.where(frame.weight % 3 == 0, "red", "green")
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def trained(path, target, kind):
    table = read_table(path, target)
    columns = fit_columns(columns_of(table))
    preprocessing = Preprocessing(columns, fit_target(target, table.y))
    X, y = preprocessing.transform(table.X), preprocessing.target.encode(table.y)
    estimator = kind(hidden_layer_sizes=(3,), solver="lbfgs", alpha=1.0, random_state=0).fit(X, y)
    return TableModel(estimator, preprocessing, {"rows": len(X)})


def test_a_table_goes_in_and_answers_come_out_in_the_targets_own_words(path):
    model = trained(path, "code", bp.MLPClassifier)
    table = model.read(path)
    X = model.inputs(table)
    assert model.input_names == ("weight", "colour = green", "colour = red")
    assert X.shape == (40, model.net.sizes[0])
    assert {*model.predict(X)} <= {"007", "042"}
    np.testing.assert_array_equal(model.probabilities(X), model.estimator.predict_proba(X))
    np.testing.assert_array_equal(model.targets(table), ["007", "042"] * 20)
    np.testing.assert_array_equal(model.Y(model.targets(table))[:, 0], [0.0, 1.0] * 20)


def test_numbers_are_in_the_targets_units_and_rows_without_one_are_left_out(path):
    frame = pd.read_csv(path).dropna()
    frame.to_csv(path, index=False)
    model = trained(path, "weight", bp.MLPRegressor)
    frame.loc[3, "weight"] = np.nan
    frame.to_csv(path, index=False)
    table = model.read(path)
    there, truth = model.truth(table)
    np.testing.assert_array_equal(np.flatnonzero(~there), [3])
    np.testing.assert_allclose(truth, frame.weight[there], rtol=1e-13)
    X = model.inputs(table)
    scaled = model.estimator.predict(X)
    mean, deviation = model.target.centre, model.target.scale
    np.testing.assert_allclose(model.predict(X), mean + deviation * scaled, rtol=1e-13)
    assert model.classes is model.probabilities(X) is None


def test_a_class_that_the_model_does_not_know_is_named_with_its_row(path):
    model = trained(path, "code", bp.MLPClassifier)
    with pytest.raises(InvalidInput, match=r"'code' holds '008', .* first in row 12"):
        model.Y(np.array(["007", "042", "008"]), first=10)


def test_it_has_one_file(path, tmp_path):
    model = trained(path, "code", bp.MLPClassifier)
    save_table_model(model, tmp_path / "m.backpass")
    again = load_table_model(tmp_path / "m.backpass")
    assert again.preprocessing == model.preprocessing
    assert again.about == {"rows": 40}
    X = model.inputs(model.read(path))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_file_without_a_table_is_no_tables_model(tmp_path):
    bp.save(
        bp.MLPRegressor(solver="lbfgs", alpha=1.0).fit(np.eye(3), np.arange(3.0)), tmp_path / "m"
    )
    with pytest.raises(InvalidInput, match="without the preprocessing of a table"):
        load_table_model(tmp_path / "m")
    assert TableModel.of(bp.load(tmp_path / "m")) is None


def test_a_preprocessing_of_other_columns_is_refused(path):
    model = trained(path, "code", bp.MLPClassifier)
    fewer = Preprocessing(model.preprocessing.columns[:1], model.target)
    with pytest.raises(InvalidInput, match="makes 1 columns, but the network has 3 input units"):
        TableModel(model.estimator, fewer)
