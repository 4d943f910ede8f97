"""A loaded model of a table takes the raw table, whoever's data frame it is, and says prices."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.base import clone
from sklearn.metrics import r2_score

import backpass as bp
from backpass.cli import main
from backpass.errors import InvalidInput


def houses(rows=200):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"area": draw.normal(100, 20, rows), "rooms": draw.integers(1, 9, rows)})
    frame["kind"] = draw.choice(["flat", "house"], rows)
    frame["price"] = 3 * frame.area + 20 * frame.rooms + 80 * (frame.kind == "house")
    frame["code"] = np.where(frame.price > frame.price.median(), "007", "042")
    frame["dear"] = frame.code == "007"
    return frame


TARGETS = ["price", "code", "dear"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of prices, of codes and of truth values, and the predictions of the command."""
    place = tmp_path_factory.mktemp("models")
    houses().to_csv(place / "t.csv", index=False)
    houses().to_parquet(place / "t.parquet")
    for target in TARGETS:
        ignore = [word for other in TARGETS if other != target for word in ("--ignore", other)]
        words = ["--target", target, *ignore, "--hidden", "9", "--lambda", "0.01", "--no-report"]
        source = str(place / ("t.parquet" if target == "dear" else "t.csv"))
        out = str(place / f"{target}.backpass")
        done = CliRunner().invoke(main, ["train", source, *words, "--out", out])
        assert done.exit_code == 0, done.stderr
    return place


@pytest.fixture
def model(folder):
    return lambda target: bp.load(folder / f"{target}.backpass")


def told(folder, target):
    source = str(folder / ("t.parquet" if target == "dear" else "t.csv"))
    words = ["predict", str(folder / f"{target}.backpass"), source, "--json"]
    words += ["--proba"] if target != "price" else []
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def inputs(frame):
    return frame[["area", "rooms", "kind"]]


@pytest.mark.parametrize("target", TARGETS)
def test_a_raw_frame_is_answered_as_the_command_answers(folder, model, target):
    values = told(folder, target)
    loaded = model(target)
    for frame in (houses(), inputs(houses()), inputs(houses())[["kind", "rooms", "area"]]):
        assert loaded.predict(frame).tolist() == values["prediction"]
    if target != "price":
        proba = loaded.predict_proba(houses())
        named = [values[f"probability of {label}"] for label in loaded.classes_]
        np.testing.assert_array_equal(proba, np.transpose(named))
        np.testing.assert_allclose(np.exp(loaded.predict_log_proba(houses())), proba)
        says = (loaded.decision_function(houses()) > 0).tolist()
        assert [loaded.classes_[int(one)] for one in says] == values["prediction"]


def test_prices_are_prices(model):
    frame = houses()
    prices = model("price").predict(frame)
    assert r2_score(frame.price, prices) > 0.9
    assert model("price").score(frame, frame.price) == pytest.approx(r2_score(frame.price, prices))


def test_labels_beside_a_frame_may_have_another_type(model):
    frame = houses()
    assert model("code").score(frame, frame.code) > 0.9
    score = model("dear").score(frame, frame.dear)
    assert score > 0.9
    assert model("dear").score(frame, frame.dear.astype(str)) == score


def test_an_array_is_what_the_preprocessing_made(model):
    loaded = model("price")
    X = loaded.preprocessing_.transform(houses())
    scaled = loaded.predict(X)
    assert abs(scaled).max() < 10
    np.testing.assert_array_equal(
        loaded.preprocessing_.target.decode(scaled), loaded.predict(houses())
    )
    np.testing.assert_array_equal(loaded.transform(houses()), loaded.transform(X))


def as_mapping(frame):
    return {name: frame[name].to_numpy() for name in frame}


def as_arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def as_polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


@pytest.mark.parametrize("other", [as_mapping, as_arrow, as_polars])
def test_any_data_frame_will_do(model, other):
    expected = model("price").predict(houses())
    np.testing.assert_array_equal(model("price").predict(other(houses())), expected)


@pytest.mark.filterwarnings("ignore:.*has a gap in")
def test_what_does_not_fit_is_said(model):
    loaded, frame = model("price"), inputs(houses())
    with pytest.raises(InvalidInput, match="lacks the column 'area'"):
        loaded.predict(frame.drop(columns="area"))
    with pytest.warns(UserWarning, match="1 column new to the model: 'height'"):
        more = loaded.predict(frame.assign(height=1.0))
    np.testing.assert_array_equal(more, loaded.predict(frame))
    with pytest.warns(UserWarning, match="'kind' holds 1 text that the training rows do not"):
        loaded.predict(frame.replace({"kind": {"flat": "castle"}}))
    with pytest.warns(UserWarning, match="'area' holds .* no number, as 'wide'"):
        loaded.predict(frame.assign(area="wide"))


@pytest.mark.parametrize("target", TARGETS)
def test_partial_fit_goes_on_with_the_raw_table(model, target):
    frame = houses()
    raw, made = model(target), model(target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw.partial_fit(frame, frame[target])
        known = getattr(made, "classes_", None)
        y = made.preprocessing_.target.encode(frame[target], known)
        made.partial_fit(made.preprocessing_.transform(frame), y)
    np.testing.assert_array_equal(raw.theta_, made.theta_)
    assert raw.preprocessing_.to_arrays()[1] == made.preprocessing_.to_arrays()[1]


def test_fit_refuses_the_raw_table_and_forgets_it_with_other_rows(model):
    loaded, frame = model("price"), houses()
    before = loaded.theta_.copy()
    with pytest.raises(InvalidInput, match="partial_fit"):
        loaded.fit(inputs(frame), frame.price)
    X = loaded.preprocessing_.transform(frame)
    with pytest.raises(InvalidInput, match="partial_fit"):
        loaded.fit(X, frame.price, X_val=inputs(frame), y_val=frame.price)
    np.testing.assert_array_equal(loaded.theta_, before)
    assert hasattr(loaded, "preprocessing_")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded.set_params(max_iter=2).fit(X, frame.price)
    assert not hasattr(loaded, "preprocessing_")
    assert loaded.predict(X).shape == (200,)


def test_a_clone_learns_numbers_as_any_estimator(model):
    numbers = houses()[["area", "rooms"]]
    fresh = clone(model("price")).set_params(max_iter=2, early_stopping=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fresh.fit(numbers, houses().price)
    assert fresh.feature_names_in_.tolist() == ["area", "rooms"]


def test_a_dask_frame_is_not_taken_for_made_numbers(model):
    dask = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(inputs(houses()), npartitions=3)
    with pytest.raises(InvalidInput, match=r"map_partitions\(model.predict\)"):
        model("price").predict(frame)


def test_a_saved_and_loaded_model_still_reads_the_table(model, tmp_path):
    bp.save(model("code"), tmp_path / "again.backpass")
    again = bp.load(tmp_path / "again.backpass")
    assert again.predict(houses()).tolist() == model("code").predict(houses()).tolist()


@pytest.mark.parametrize("ask", [lambda m: m.predict, lambda m: m.preprocessing_.transform])
def test_a_warning_about_a_raw_frame_points_at_the_users_line(model, ask):
    frame = houses().assign(kind="castle", colour="red")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        ask(model("price"))(frame[["area", "rooms", "kind", "colour"]])
    assert sorted(str(w.message)[:17] for w in heard) == ["Column 'kind' hol", "The table has 1 c"]
    assert {w.filename for w in heard} == {__file__}
