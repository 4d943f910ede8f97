"""`predict --sample`: the columns, rows and spelling of a competition's sample, filled by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from command_lines import done, refused, run, said_aloud, told

QUICK = "--hidden 6 --solver lbfgs --epochs 60 --no-report --force"
M = 120


def table(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=M).round(3), rng.normal(size=M).round(3)
    return pd.DataFrame(
        {
            "Id": [f"{k:04}" for k in rng.permutation(M)],
            "a": a,
            "b": b,
            "price": (3 * a + b).round(3),
            "died": (a + b > 0).astype(int),
            "state": np.select([a > 0.5, b > 0.5], ["C", "CL"], "D"),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sample")
    inputs = ["Id", "a", "b"]
    table(1)[inputs].to_csv(place / "test.csv", index=False)
    for target in ("price", "died", "state"):
        path = place / f"{target}.csv"
        table(0)[[*inputs, target]].to_csv(path, index=False)
        result = run(f"train {path} --target {target} --out {place / target} {QUICK} --ignore Id")
        assert result.exit_code == 0, result.stderr
    return place


@pytest.fixture(autouse=True)
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        Path(path.name).write_bytes(path.read_bytes())


def sample(ids: list[str] | None = None, **columns: object) -> pd.DataFrame:
    """A sample in an order of its own."""
    ids = table(1)["Id"].tolist()[::-1] if ids is None else ids
    frame = pd.DataFrame({"Id": ids, **columns})
    frame.to_csv("sample.csv", index=False)
    return frame


def filled(line: str) -> pd.DataFrame:
    done(f"{line} --sample sample.csv --out s.csv --force")
    return pd.read_csv("s.csv", dtype=str, keep_default_na=False)


def answers(model: str) -> pd.DataFrame:
    """Answers by Id."""
    return pd.DataFrame(told(f"predict {model} test.csv")["prediction"], index=table(1)["Id"])[0]


def test_rows_are_matched_by_value_and_ids_stay_as_they_are_written() -> None:
    wanted = sample(SalePrice=0)
    made = filled("predict price test.csv")
    assert list(made) == ["Id", "SalePrice"]
    assert made["Id"].tolist() == wanted["Id"].tolist()
    np.testing.assert_array_equal(made["SalePrice"].astype(float), answers("price")[wanted["Id"]])
    assert made.equals(filled("predict price test.csv --as SalePrice"))
    assert told("predict price test.csv --sample sample.csv")["submission"]["Id"] == list(
        made["Id"]
    )


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_an_id_is_the_same_in_any_format_and_beside_gaps(ending: str) -> None:
    frame = table(1)[["Id", "a", "b"]].assign(Id=np.arange(M) + 5)
    if ending == "parquet":
        frame.assign(Id=frame["Id"].astype(float)).to_parquet("test.parquet")
    elif ending == "jsonl":
        frame.to_json("test.jsonl", orient="records", lines=True)
    else:
        frame.to_csv("test.csv", index=False)
    sample([str(k) for k in range(M + 4, 4, -1)], y=0)
    made = filled(f"predict price test.{ending}")
    predicted = told(f"predict price test.{ending}")["prediction"]
    assert made["y"].astype(float).tolist() == predicted[::-1]


def test_rows_that_are_not_asked_for_are_said_and_some_rows_are_enough() -> None:
    sample(table(1)["Id"].tolist()[3:8], y=0)
    result = done("predict price test.csv --sample sample.csv")
    assert len(result.stdout.splitlines()) == 6
    assert f"does not ask for {M - 5} rows" in result.stderr


def test_without_an_id_rows_are_taken_in_their_order_and_that_is_said() -> None:
    pd.DataFrame({"row": range(M), "y": 0}).to_csv("sample.csv", index=False)
    result = done("predict price test.csv --sample sample.csv --as y")
    assert "in their order" in result.stderr
    values = [float(line.split(",")[1]) for line in result.stdout.splitlines()[1:]]
    assert values == told("predict price test.csv")["prediction"]
    pd.DataFrame({"row": range(M - 1), "y": 0}).to_csv("sample.csv", index=False)
    assert f"sample.csv has {M - 1} rows and the table {M}" in refused(
        "predict price test.csv --sample sample.csv --as y"
    )


@said_aloud
def test_two_columns_may_tell_a_row() -> None:
    frame = table(1)[["a", "b"]].assign(shop=np.arange(M) % 4, day=np.arange(M) // 4)
    frame.to_csv("test.csv", index=False)
    frame[["day", "shop"]].iloc[::-1].assign(y=0).to_csv("sample.csv", index=False)
    made = filled("predict price test.csv")
    predicted = told("predict price test.csv")["prediction"]
    assert made["y"].astype(float).tolist() == predicted[::-1]


# --- classes --------------------------------------------------------------------------------------


def test_labels_are_written_where_the_sample_has_labels() -> None:
    wanted = sample(died=0)
    made = filled("predict died test.csv")
    assert made["died"].tolist() == answers("died").astype(str)[wanted["Id"]].tolist()


@pytest.mark.parametrize(("cell", "how"), [(0.5, ""), (0, "--proba")])
def test_a_probability_is_written_where_the_sample_has_one_or_it_is_asked_for(
    cell: float, how: str
) -> None:
    wanted = sample(target=cell)
    result = done(f"predict died test.csv {how} --sample sample.csv")
    assert "'target' holds the probability of 1" in result.stderr
    p = dict(zip(table(1)["Id"], told("predict died test.csv --proba")["probability of 1"]))
    values = [float(line.split(",")[1]) for line in result.stdout.splitlines()[1:]]
    assert values == [p[key] for key in wanted["Id"]]
    assert "has 3" in refused("predict state test.csv --proba --sample sample.csv --as target")


@pytest.mark.parametrize("name", ["{}", "Status_{}", "{}_p", "CDCL of {} is"])
def test_columns_of_classes_hold_their_probabilities(name: str) -> None:
    columns = {name.format(label): 1 / 3 for label in ("D", "C", "CL")}
    wanted = sample(**columns)
    made = filled("predict state test.csv")
    assert list(made) == ["Id", *columns]
    p = told("predict state test.csv --proba")
    for label in ("C", "CL", "D"):
        of = dict(zip(table(1)["Id"], p[f"probability of {label}"]))
        assert made[name.format(label)].astype(float).tolist() == [of[k] for k in wanted["Id"]]


def test_a_column_named_after_one_class_of_two_is_its_probability() -> None:
    wanted = sample(**{"0": 0})
    made = filled("predict died test.csv")
    of = dict(zip(table(1)["Id"], told("predict died test.csv --proba")["probability of 0"]))
    assert made["0"].astype(float).tolist() == [of[k] for k in wanted["Id"]]


def test_other_columns_stay_where_it_is_said_which_is_filled() -> None:
    sample(first="1.50", second=0)
    made = filled("predict price test.csv --as second")
    assert set(made["first"]) == {"1.50"}
    assert (made["second"] != "0").all()
    sample(price=0, note=7)
    made = filled("predict price test.csv")
    assert set(made["note"]) == {"7"}
    assert (made["price"] != "0").all()


def test_labels_of_another_spelling_are_said() -> None:
    sample(died="False")
    assert (
        "holds '0', '1', where the sample has 'False'"
        in done("predict died test.csv --sample sample.csv").stderr
    )


# --- what does not fit ----------------------------------------------------------------------------


def test_every_mismatch_is_one_sentence() -> None:
    def said(model: str, how: str = "") -> str:
        return refused(f"predict {model} test.csv --sample sample.csv {how}")

    sample(["0001", "9998", "9999"], y=0)
    assert "2 rows whose 'Id' the table lacks, the first of them '9998'" in said("price")
    sample(y=0, z=0)
    assert "which column is to be filled? it could be 'y', 'z'; --as NAME says it" in said("price")
    assert "did you mean 'z'" in said("price", "--as zz")
    assert "the model's classes are 'C', 'CL', 'D'" in said("state")
    sample(**{"p C": 0.1, "p CL": 0.1, "p D": 0.1, "p X": 0.1})
    assert "the column 'p X' is of none of the model's classes" in said("state")
    sample()
    assert "all of its columns are in the table, too" in said("price")
    sample(y=0)
    for option in ("--keep Id", "--fill", "--interval 0.5"):
        message = said("price", option)
        assert message.startswith(f"Error: {option.split()[0]}: ")
    assert "no file" in refused("predict price test.csv --sample gone.csv")
    table(1)[["Id", "a", "b"]].astype({"Id": int}).to_parquet("whole.parquet")
    assert "whose 'Id' the table lacks" in refused(
        "predict price whole.parquet --sample sample.csv"
    )
    pd.concat([table(1), table(1)])[["Id", "a", "b"]].to_csv("test.csv", index=False)
    assert "stands in 2 rows of the table" in said("price")


def test_a_table_with_the_target_is_scored_and_its_target_is_no_id() -> None:
    sample(table(0)["Id"].tolist(), price=0)
    result = done("predict price price.csv --sample sample.csv")
    assert "R² on these rows" in result.stderr
    assert "were in the training" in result.stderr
    assert result.stdout.splitlines()[0] == "Id,price"


def test_arrays_are_filled_in_their_order() -> None:
    done(f"train diabetes --out d {QUICK}")
    pd.DataFrame({"row": range(442), "y": 0}).to_csv("sample.csv", index=False)
    made = filled("predict d diabetes --as y")
    assert made["y"].astype(float).tolist() == told("predict d diabetes")["prediction"]
