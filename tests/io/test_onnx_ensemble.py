"""What onnxruntime answers to a raw table is what the ensemble answers."""

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.data.target import fit_target
from backpass.errors import InvalidInput
from backpass.estimators.targets.thresholds import Threshold

RNG = np.random.default_rng(3)
M = 300
SMALL = {"n_members": 4, "random_state": 0}


def table(m, start="1890-01-01", days=60_000):
    """Numbers on unlike scales with gaps and outliers, categories, dates before and after 1970."""
    names, shares = ["a", "b", "ü", "rare 1", "rare 2"], [0.4, 0.3, 0.2, 0.05, 0.05]
    kind = pd.Series(RNG.choice(names, m, p=shares))
    begun = pd.Timestamp(start) + pd.to_timedelta(RNG.integers(0, days * 1440, m), "min")
    return pd.DataFrame(
        {
            "size": RNG.normal(size=m) * 1e6,
            "mostly 0": np.where(RNG.random(m) < 0.8, 0.0, RNG.lognormal(size=m)),
            "some": np.where(RNG.random(m) < 0.2, np.nan, RNG.normal(size=m)),
            "kind": kind.where(RNG.random(m) < 0.9),
            "code": RNG.choice(["1", "2", "30"], m),
            "begun": pd.Series(begun).where(RNG.random(m) < 0.9),
            "done": begun + pd.to_timedelta(RNG.integers(0, 90, m), "D"),
            "label": RNG.integers(0, 3, m),
        }
    )


X = table(M)
NEW = pd.concat(
    [
        table(120, "1800-03-01", 100_000),
        X[:6].assign(size=[1e300, -1e300, np.nan, 0, 1e-200, 5], kind="unseen"),
        X[:30].assign(size=np.quantile(X["size"], np.linspace(0, 1, 30))),  # on the edges
    ],
    ignore_index=True,
)
K = (X["size"] > 0).to_numpy().astype(int) + (X["kind"] == "a").to_numpy()
LABELS = {
    "two": K > 0,
    "three": np.array(["a", "bb", "ü"])[K],
    "one": np.zeros(M, int),
    "multilabel": np.stack([K > 0, K > 1, X["some"] > 0], axis=1).astype(int),
}


def feeds(columns, kinds):
    """A table's columns as the model's inputs."""
    made = {}
    for name, kind in kinds.items():
        cells = columns[name]
        if kind == "date":
            moments = cells.to_numpy("datetime64[us]")
            values = np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)
        elif kind == "category":
            values = np.array(["" if pd.isna(cell) else str(cell) for cell in cells], object)
        else:
            values = cells.to_numpy(np.float64, na_value=np.nan)
        made[name] = values[:, None]
    return made


def run_onnx(model, columns):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    session = runtime.InferenceSession(bp.to_onnx(model), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    given = feeds(columns, model.preprocessing_.encoding.columns.kinds)
    assert [each.name for each in session.get_inputs()] == list(given)
    return dict(zip(names, session.run(names, given)))


def trained(y, kind=bp.TabularClassifier, columns=X, max_epochs=4, **parameters):
    member = {"max_epochs": max_epochs, **parameters.pop("member", {})}
    return kind(**{**SMALL, "member": member, **parameters}).fit(columns, y)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("validation", [None, 2])
def test_classes(labels, validation):
    model = trained(LABELS[labels], columns=X.drop(columns="label"), validation=validation)
    new = NEW.drop(columns="label")
    answer = run_onnx(model, new)
    P = model.predict_proba(new)
    assert answer["probabilities"].dtype == P.dtype
    np.testing.assert_allclose(answer["probabilities"], P, atol=1e-5)
    assert answer["label"].tolist() == model.predict(new).tolist()


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers(outputs):
    y = np.column_stack([K * 5.0 + RNG.normal(size=M), np.nan_to_num(X["some"])])[:, :outputs]
    model = trained(y[:, 0] if outputs == 1 else y, bp.TabularRegressor, validation=2)
    answer = run_onnx(model, NEW)["variable"]
    expected = model.predict(NEW).reshape(len(NEW), -1)
    np.testing.assert_allclose(answer, expected, atol=1e-5 * y.std())


def test_numbers_by_their_logarithms():
    y = np.exp(2.0 * K + RNG.normal(size=M))
    model = trained(y, bp.TabularRegressor, target="log")
    answer = run_onnx(model, NEW)["variable"][:, 0]
    np.testing.assert_allclose(answer, model.predict(NEW), atol=1e-5 * y.std())


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "leaky_relu", "softplus"])
def test_activations(activation):
    columns = ["size", "kind"]
    model = trained(K, columns=X[columns], member={"activation": activation}, n_members=1)
    answer = run_onnx(model, NEW)["probabilities"]
    np.testing.assert_allclose(answer, model.predict_proba(NEW[columns]), atol=1e-5)


def test_a_column_may_have_an_outputs_or_a_values_name():
    columns = X.rename(columns={"size": "v0", "some": "variable", "kind": "_v1"})
    model = trained(K, columns=columns)
    answer = run_onnx(model, NEW.rename(columns={"size": "v0", "some": "variable", "kind": "_v1"}))
    renamed = NEW.rename(columns={"size": "v0", "some": "variable", "kind": "_v1"})
    np.testing.assert_allclose(answer["probabilities"], model.predict_proba(renamed), atol=1e-5)
    assert answer["label_"].tolist() == model.predict(renamed).tolist()


@pytest.mark.skipif(pd.__version__ < "3", reason="older pandas has no such days")
def test_every_day_of_eight_centuries_has_its_parts():
    days = pd.Series(pd.date_range("1599-12-31", "2400-03-02", unit="s"))
    columns = pd.DataFrame({"day": days})
    some = columns[::400]
    model = trained(some["day"].dt.day + 0.0, bp.TabularRegressor, some, max_epochs=1)
    names = [each.part for each in model.preprocessing_.encoding.columns.features]
    assert {"year", "month", "day", "weekday", "day of year (sine)"} <= {*names}
    answer = run_onnx(model, columns)["variable"][:, 0]
    np.testing.assert_allclose(answer, model.predict(columns), atol=1e-4)


def test_the_threshold_and_the_targets_units():
    model = trained(LABELS["two"])
    for k, positive in enumerate((False, True)):
        value = float(np.quantile(model.predict_proba(NEW)[:, k], 0.3))
        model.__dict__["threshold_"] = Threshold(positive, value)
        told = run_onnx(model, NEW)["label_"]
        assert told.tolist() == model.predict(NEW).tolist()
        assert 0 < told.mean() < 1
    y = 1e6 + 10.0 * K
    target = fit_target("y", y)
    model = trained(target.encode(y), bp.TabularRegressor)
    vars(model.preprocessing_)["target"] = target
    answer = run_onnx(model, NEW)["variable"][:, 0]
    np.testing.assert_allclose(answer, model.predict(NEW), atol=1e-4)
    assert answer.min() > 999_000


def test_whole_numbers_and_gaps_of_categories_are_written_in_several_ways():
    kinds = {"code": "category", "kind": "category"}
    model = trained(K, columns=X[["code", "kind"]], kinds=kinds)
    ways = pd.DataFrame({"code": ["1", "1.0", "1.", "2.0", "7"], "kind": ["a", "", "a", "b", "ü"]})
    answer = run_onnx(model, ways)["probabilities"]
    gaps = ways.assign(kind=["a", None, "a", "b", "ü"])
    np.testing.assert_allclose(answer, model.predict_proba(gaps), atol=1e-5)


def test_only_levels_only_numbers_and_nothing_that_varies():
    for columns in (["kind"], ["size"], ["done"]):
        model = trained(K, columns=X[columns])
        answer = run_onnx(model, NEW)["probabilities"]
        np.testing.assert_allclose(answer, model.predict_proba(NEW[columns]), atol=1e-5)
    with pytest.raises(InvalidInput, match="no input"):
        bp.to_onnx(trained(K, columns=X[["size"]].assign(size=1.0)))


def test_what_onnx_has_not():
    several = np.stack([K, K > 0], axis=1)
    with pytest.raises(InvalidInput, match="one output of classes"):
        bp.to_onnx(trained(several))
    model = trained(K)
    del model.preprocessing_
    with pytest.raises(InvalidInput, match="knows no table"):
        bp.to_onnx(model)
