"""A table of known columns made ready: parted, encoded on its training rows, the same each time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import backpass as bp
from backpass.experiment.prepared import prepare
from backpass.experiment.settings import Settings
from backpass.experiment.training import run

QUICK = Settings(hidden=(4,), epochs=3)


def table(m=120):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "area": rng.normal(100, 20, m).round(3),
            "city": rng.choice(["Oslo", "Rome", "Bern"], m),
            "day": pd.date_range("2023-01-01", periods=m).strftime("%Y-%m-%d"),
            "rooms": rng.integers(1, 9, m),
        }
    )
    frame["price"] = (frame.area + 7.5 * frame.rooms + 30 * (frame.city == "Rome")).round(4)
    return frame


def theta(frame, path, target="price", **options):
    frame.to_csv(path, index=False)
    data = prepare(bp.read_table(path, target, **options), QUICK)
    return run(data, QUICK).estimator.theta_


def test_neither_the_order_of_columns_nor_a_constant_changes_a_bit(tmp_path):
    frame = table()
    expected = theta(frame, tmp_path / "t.csv")
    for other in (
        frame[frame.columns[::-1]],
        frame.assign(unit="m", version=3),
        frame.assign(nothing=np.nan)[["nothing", *frame.columns]],
    ):
        np.testing.assert_array_equal(theta(other, tmp_path / "t.csv"), expected)


@pytest.mark.parametrize("ending", ["parquet", "feather", "jsonl", "xlsx", "csv.zip", "sqlite"])
def test_every_format_of_a_table_gives_the_same_model(tmp_path, ending):
    frame = table()
    expected = theta(frame, tmp_path / "t.csv")
    path = tmp_path / f"t.{ending}"
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    elif ending == "xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    elif ending == "sqlite":
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("t", connection, index=False)
    elif ending == "csv.zip":
        frame.to_csv(path, index=False)
    else:
        getattr(frame, f"to_{ending}")(path)
    made = run(prepare(bp.read_table(path, "price"), QUICK), QUICK).estimator
    np.testing.assert_array_equal(made.theta_, expected)


def test_rows_without_a_target_are_left_out(tmp_path):
    frame = table()
    frame.loc[::10, "price"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = prepare(bp.read_table(tmp_path / "t.csv", "price"), QUICK)
    rows = np.concatenate(list(data.rows.values()))
    assert sorted(rows) == [row for row in range(120) if row % 10]
    assert "12 rows have none" in data.preprocessing.reading["price"].reason


def test_what_is_wished_of_a_table_that_was_read_wins(tmp_path):
    table().to_csv(tmp_path / "t.csv", index=False)
    read = bp.read_table(tmp_path / "t.csv", "rooms")
    assert read.classes
    data = prepare(read, QUICK, ignore=("day",), categorical=("area",), classes=False)
    kinds = {each.column: each.kind for each in data.preprocessing.reading.columns}
    assert (kinds["day"], kinds["area"]) == ("ignored", "category")
    assert not data.target.classes
    assert data.preprocessing.ignored == ("day",)


def test_inputs_are_fitted_on_the_training_rows_alone(tmp_path):
    frame = table()
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    rows = prepare(bp.read_table(path, "price"), QUICK).rows
    held_out = np.concatenate([rows["validation"], rows["test"]])
    frame.loc[held_out, "area"] = 1e6
    frame.loc[held_out, "city"] = "Lima"
    frame.to_csv(path, index=False)
    with pytest.warns(UserWarning, match="'(city|area)'") as told:
        data = prepare(bp.read_table(path, "price"), QUICK)
    assert len(told) == 2
    assert not any("Lima" in name for name in data.preprocessing.outputs)
    assert np.abs(data.X["train"]).max() < 10
