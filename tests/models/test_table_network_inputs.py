"""A member by itself: its inputs by name, its first layer taken apart by column, its targets."""

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.data.raw import Numbers, Texts
from backpass.data.target import fit_target
from backpass.errors import InvalidInput
from backpass.models.table_model import TableModel

M = 200


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    size = np.where(rng.random(M) < 0.1, np.nan, rng.normal(size=M))
    return pd.DataFrame({"size": size, "town": rng.choice(["Rome", "Oslo", "Bern"], M)})


def model_of(frame, kind, **asked):
    """A table's model, and its rows."""
    signal = np.abs(frame["size"].fillna(0)) + (frame["town"] == "Oslo")
    y = np.exp(signal).to_numpy() if kind is bp.TabularRegressor else (signal > 1).to_numpy()
    made = kind(n_members=4, random_state=0, member={"max_epochs": 4}, **asked).fit(frame, y)
    cells = y if kind is bp.TabularRegressor else np.where(y, "long", "short")
    target = fit_target("y", cells, kind is bp.TabularClassifier)
    preprocessing = made.preprocessing_
    table = TableModel(
        made, type(preprocessing)(preprocessing.reading, preprocessing.encoding, target)
    )
    return table, preprocessing.rows(frame)[0], y


@pytest.mark.parametrize("kind", [bp.TabularClassifier, bp.TabularRegressor])
@pytest.mark.parametrize("k", [0, 2])
def test_its_first_layer_is_what_the_member_reads(kind, k, frame):
    model, rows, _ = model_of(frame, kind)
    network, member = model.network(k), model.estimator.ensemble_.members[k]
    X = network.X(rows)
    assert X.shape == (M, len(network.inputs)) == (M, network.net.sizes[0])
    [pack] = model.estimator.ensemble_.packs
    expected = member.outputs(member.codes.encode(rows.with_means(pack.means(rows.codes))))
    np.testing.assert_allclose(bp.forward(network.net, network.theta, X), expected, atol=1e-5)


def test_what_columns_add_is_all_of_z_but_the_bias(frame):
    model, rows, _ = model_of(frame, bp.TabularClassifier)
    network = model.network()
    one = np.flatnonzero(~np.isnan(rows.numbers[:, 0]))[:1]
    [x] = network.X(rows.take(one))
    assert set(network.columns) == {"size", "town"}
    Theta = network.net.roll(network.theta)[0]
    parts = network.parts(x)
    np.testing.assert_allclose(sum(parts.values()) + Theta[:, 0], Theta @ np.r_[1, x], rtol=1e-9)
    other = rows.take(one)
    other.numbers[:, 0] += 1  # a number moves its own column's part alone
    moved = network.parts(network.X(other)[0])
    np.testing.assert_array_equal(moved["town"], parts["town"])
    assert (moved["size"] != parts["size"]).any()


def test_names_say_the_column_and_what_of_it(frame):
    model, _, _ = model_of(frame, bp.TabularClassifier)
    names = model.network(0).input_names
    assert names[:3] == ("size", "size: bin 1", "size: bin 2")
    assert {"size is missing", "town = Bern", "town = Oslo", "town = Rome"} < set(names)
    assert "town: mean of target" in names


@pytest.mark.parametrize("target", ["none", "log"])
def test_targets_are_as_members_learn_them(target, frame):
    model, _, y = model_of(frame, bp.TabularRegressor, target=target)
    learnt = model.network().Y(y[:, None])[:, 0]
    shape = np.log(y) if target == "log" else y
    np.testing.assert_allclose(learnt, (shape - shape.mean()) / shape.std(), rtol=1e-9)


def test_free_text_has_its_terms_by_name():
    rng = np.random.default_rng(6)
    words = [" ".join(rng.choice(["bread", "milk", "snow"], 4)) + f" no {k}" for k in range(60)]
    table = {"note": Texts.of(words), "size": Numbers(rng.normal(size=60))}
    frame = pd.DataFrame({"note": words, "size": table["size"].values})
    y = np.char.count(words, "snow").astype(float)
    asked = {"kinds": {"note": "text"}, "member": {"max_epochs": 2}}
    reg = bp.TabularRegressor(n_members=2, random_state=0, **asked).fit(frame, y)
    known = reg.preprocessing_
    target = fit_target("y", y, False)
    model = TableModel(reg, type(known)(known.reading, known.encoding, target))
    network = model.network()
    assert len(network.inputs) == network.net.sizes[0]
    assert any("snow" in name for name in network.input_names)
    assert network.X(known.rows(frame)[0]).shape == (60, network.net.sizes[0])


def test_a_member_that_there_is_not_is_said(frame):
    model, _, _ = model_of(frame, bp.TabularClassifier)
    with pytest.raises(InvalidInput, match="There is no member 9: the model has 4, 0 to 3"):
        model.network(9)
