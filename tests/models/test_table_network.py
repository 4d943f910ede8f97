"""A network of a table's model by itself reads named inputs, each of a column."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.data.target import fit_target
from backpass.errors import InvalidInput
from backpass.models.table_model import TableModel

RNG = np.random.default_rng(4)
M = 200
X = pd.DataFrame(
    {
        "age": RNG.normal(size=M),
        "some": np.where(RNG.random(M) < 0.2, np.nan, RNG.normal(size=M)),
        "city": RNG.choice(["Rome", "Oslo", "Bern"], M),
        "from": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 90, M), "D"),
        "to": pd.Timestamp("2021-01-01") + pd.to_timedelta(RNG.integers(0, 90, M), "D"),
    }
)
Y = {
    "two": np.where(X["age"] > 0, "yes", "no"),
    "three": np.array(["a", "b", "c"])[np.searchsorted([-0.5, 0.5], X["age"])],
    "numbers": np.exp(X["age"]).to_numpy(),
}


def trained(y, kind=bp.TabularClassifier, **parameters):
    """A model of the table, as the command line makes it."""
    target = fit_target("y", y)
    wished = {"n_members": 6, "random_state": 0, "member": {"max_epochs": 3, "bins": 3}}
    estimator = kind(**{**wished, **parameters})
    estimator.fit(X, y if target.classes else target.encode(y))
    preprocessing = replace(estimator.preprocessing_, target=target)
    return TableModel(estimator, preprocessing)


@pytest.mark.parametrize("y", ["two", "three"])
def test_members_by_themselves_are_what_the_ensemble_averages(y):
    model = trained(Y[y])
    rows, _ = model.preprocessing.rows(X)
    outputs = model.ensemble.outputs
    total = 0.0
    for k, share in enumerate(model.ensemble.weights):
        network = model.network(k)
        H = bp.forward(network.net, network.theta, network.X(rows))
        assert H.dtype == np.float64
        total = total + share * outputs.answers(H)
    expected = outputs.bounded(total, model.ensemble.held_out)
    np.testing.assert_allclose(model.probabilities(rows), expected, atol=1e-5)


def test_numbers_are_learnt_in_deviations_or_their_logarithms_are():
    model = trained(Y["numbers"], bp.TabularRegressor, target="none")
    encoded = model.target.encode(Y["numbers"])
    made = model.network().Y(model.Y(encoded))[:, 0]
    np.testing.assert_allclose(made, (encoded - encoded.mean()) / encoded.std(), atol=0.2)
    y = Y["numbers"]
    estimator = bp.TabularRegressor(n_members=2, random_state=0, target="log").fit(X, y)
    made = TableModel(estimator, estimator.preprocessing_).network().Y(y[:, None])[:, 0]
    logs = np.log(y)
    np.testing.assert_allclose(made, (logs - logs.mean()) / logs.std(), atol=0.3)


def test_inputs_have_names_and_belong_to_columns():
    model = trained(Y["two"])
    network = model.network()
    names = network.input_names
    assert len(names) == len(set(names)) == network.net.sizes[0] == len(model.input_names)
    assert names[:4] == ("age", "age: bin 1", "age: bin 2", "age: bin 3")
    assert {"some is missing", "city = Rome", "city: mean of target", "to − from"} <= {*names}
    assert {*network.columns} == {"age", "some", "city", "from", "to", "from − to"}
    assert sorted(np.concatenate([*network.columns.values()])) == list(range(len(names)))


def test_what_columns_add_to_the_first_layer_adds_up():
    model = trained(Y["three"])
    rows, _ = model.preprocessing.rows(X)
    network = model.network()
    x = network.X(rows.take(slice(0, 1)))
    t = bp.trace(network.net, network.theta, x, network.Y(model.Y(Y["three"][:1])))
    parts = network.parts(x[0])
    bias = network.net.roll(network.theta)[0][:, 0]
    np.testing.assert_allclose(sum(parts.values()) + bias, t.z[2][0], rtol=1e-12, atol=1e-12)


def test_which_member():
    model = trained(Y["two"])
    k = int(model.ensemble.weights.argmax())
    np.testing.assert_array_equal(model.network().theta, model.network(k).theta)
    np.testing.assert_array_equal(model.theta, model.network(k).theta)
    assert model.lam == 0
    for wrong in (-1, 6):
        with pytest.raises(InvalidInput, match=f"no member {wrong}: the model has 6, 0 to 5"):
            model.network(wrong)
    with pytest.raises(InvalidInput, match="ensemble of several"):
        _ = model.single


def test_a_single_network_has_no_members():
    estimator = bp.MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", alpha=1.0, random_state=0)
    made = trained(Y["two"]).preprocessing
    model = TableModel(estimator.fit(made.transform(X), Y["numbers"]), made)
    rows = model.preprocessing.transform(X)
    assert model.network().X(rows) is rows
    assert model.network().Y(rows) is rows
    assert model.lam == 1.0
    with pytest.raises(InvalidInput, match="single network, which has no members"):
        model.network(0)
