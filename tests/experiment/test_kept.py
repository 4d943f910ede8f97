"""What a model keeps of its training's rows: fingerprints, and errors on rows that it never saw."""

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.data.datasets import load_named
from backpass.experiment import kept
from backpass.experiment.prepared import prepare
from backpass.experiment.settings import Settings
from backpass.experiment.splitting.seen import fingerprints
from backpass.experiment.training import run
from backpass.io.saving import load_table_model, save_table_model
from backpass.models.table_model import TableModel

QUICK = Settings(hidden=(4,), epochs=3)


def frame(m=200):
    rng = np.random.default_rng(1)
    made = pd.DataFrame(
        {
            "area": rng.normal(100, 20, m).round(3),
            "city": rng.choice(["Oslo", "Rome", "Bern"], m),
            "day": pd.date_range("2023-01-01", periods=m).strftime("%Y-%m-%d"),
            "unit": "m",
        }
    )
    made["price"] = (made.area + 30 * (made.city == "Rome")).round(4)
    return made


def trained(table, settings=QUICK):
    outcome = run(prepare(table, settings), settings)
    return outcome, TableModel(
        outcome.estimator, outcome.data.preprocessing, {}, kept.to_keep(outcome)
    )


def seen_in(model, path):
    table = model.read(path)
    return kept.seen_rows(model).contains(fingerprints(model.cells(table)))


@pytest.mark.parametrize("target", ["price", "city"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_rows_that_were_learnt_from_or_validated_on_are_known_in_any_format(
    tmp_path, ending, target
):
    table, path = frame(), tmp_path / f"t.{ending}"
    table.to_csv(tmp_path / "t.csv", index=False)
    outcome, model = trained(bp.read_table(tmp_path / "t.csv", target))
    save_table_model(model, tmp_path / "m")
    other = table[table.columns[::-1]].assign(new=1).iloc[::-1]
    if ending == "csv":
        other.to_csv(path, index=False, sep=";")
    elif ending == "jsonl":
        other.to_json(path, orient="records", lines=True)
    else:
        other.drop(columns=target).to_parquet(path)
    learnt = np.zeros(200, dtype=bool)
    learnt[np.concatenate([outcome.data.rows["train"], outcome.data.rows["validation"]])] = True
    model = load_table_model(tmp_path / "m")
    with pytest.warns(UserWarning, match="new to the model"):
        np.testing.assert_array_equal(seen_in(model, path)[::-1], learnt)
    assert (kept.held_out_errors(model) is None) == (target == "city")


@pytest.mark.parametrize("name", ["iris", "diabetes", "digits"])
def test_so_are_rows_of_arrays(name):
    table = load_named(name)
    outcome, model = trained(table)
    rows = outcome.data.rows
    seen = kept.seen_rows(model).contains(fingerprints(model.cells(table)))
    assert seen[np.concatenate([rows["train"], rows["validation"]])].all()
    assert seen[rows["test"]].mean() < 0.1  # iris has a row twice
    assert kept.seen_rows(model).words.nbytes <= 2 * len(seen)


def test_errors_are_those_of_the_test_and_no_more_of_them_than_are_kept(tmp_path, monkeypatch):
    frame().to_csv(tmp_path / "t.csv", index=False)
    outcome, model = trained(bp.read_table(tmp_path / "t.csv", "price"))
    errors = np.abs(outcome.truth - outcome.predicted)
    np.testing.assert_array_equal(kept.held_out_errors(model), np.sort(errors))
    monkeypatch.setattr(kept, "MOST_ERRORS", 12)
    some = kept.to_keep(outcome)["errors"]
    assert len(some) == 12
    assert np.isin(some, errors).all()
    assert (np.diff(some) >= 0).all()


@pytest.mark.filterwarnings("ignore")
def test_a_training_that_diverged_keeps_no_errors(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    how = Settings(hidden=(4,), epochs=3, solver="sgd", learning_rate=1e300)
    outcome, model = trained(bp.read_table(tmp_path / "t.csv", "price"), how)
    object.__setattr__(outcome, "predicted", np.full_like(outcome.predicted, np.inf))
    assert "errors" not in kept.to_keep(outcome)
    save_table_model(model, tmp_path / "m")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_is_kept_survives_saving_again_and_goes_with_a_fit(tmp_path):
    _, model = trained(load_named("diabetes"))
    save_table_model(model, tmp_path / "m")
    estimator = bp.load(tmp_path / "m")
    bp.save(estimator, tmp_path / "n")
    again = load_table_model(tmp_path / "n")
    assert again.kept.keys() == {"rows", "errors"}
    for name, array in again.kept.items():
        np.testing.assert_array_equal(array, model.kept[name])
    for go_on in ("fit", "partial_fit"):
        estimator = bp.load(tmp_path / "m")
        getattr(estimator, go_on)(np.eye(10).repeat(40, axis=0), np.arange(400.0))
        assert "kept_" not in vars(estimator)
