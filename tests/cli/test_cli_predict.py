"""What `backpass predict` writes beside its answers, of which rows, and what it tells of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from backpass.cli import main
from backpass.cli.answers.asked import told as told_of
from backpass.errors import SettingError, warn
from backpass.estimators.targets.intervals import half_width
from backpass.io.saving import load_table_model
from command_lines import done, refused, run, said_aloud, told

QUICK = "--hidden 6 --solver lbfgs --epochs 60 --no-report --force"
M = 160
FIRST = Path(__file__).parents[1] / "files" / "first-release"


def rows(line: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done(line).stdout)))


def houses(seed: int = 0, m: int = M) -> pd.DataFrame:
    """Cells as text, each written in its own way: codes with zeros, prices with a sign."""
    rng = np.random.default_rng(seed)
    size, kind = rng.uniform(40, 200, m), rng.choice(["flat", "house"], m)
    price = 40 * size + 900 * (kind == "house") + rng.normal(0, 100, m)
    return pd.DataFrame(
        {
            "id": [f"{k:05}" for k in rng.permutation(m)],
            "size": [f"{x:.2f}" for x in size],
            "kind": kind,
            "price": [f"${x:,.0f}" for x in price],
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables and their models."""
    place = tmp_path_factory.mktemp("predict")
    frame = houses()
    frame.to_csv(place / "houses.csv", index=False)
    frame[["size", "kind"]].to_csv(place / "kinds.csv", index=False)
    for name, target, out in (("houses", "price", "m"), ("kinds", "kind", "k")):
        table = place / f"{name}.csv"
        line = f"train {table} --target {target} --out {place / out} {QUICK} --json"
        result = run(line)
        assert result.exit_code == 0, result.stderr
        (place / f"{out}.json").write_text(result.stdout)
    return place


@pytest.fixture(autouse=True)
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        Path(path.name).write_bytes(path.read_bytes())


def held_out(model: str = "m") -> np.ndarray:
    """Which rows the model has not learnt from."""
    from backpass.experiment.kept import seen_rows
    from backpass.experiment.splitting.seen import fingerprints

    loaded = load_table_model(model)
    table = loaded.read("houses.csv")
    return ~seen_rows(loaded).contains(fingerprints(loaded.cells(table)))


# --- columns beside the answers ------------------------------------------------------------------


def test_columns_are_kept_as_they_are_written_whatever_the_model_knows_of_them() -> None:
    frame = pd.read_csv("houses.csv", dtype=str)
    written = rows("predict m houses.csv --keep id --keep size --keep price --keep kind")
    assert list(written[0]) == ["id", "size", "price", "kind", "prediction"]
    for name in ("id", "size", "price", "kind"):
        assert [row[name] for row in written] == frame[name].tolist()
    bare = rows("predict m houses.csv")
    assert [row["prediction"] for row in written] == [row["prediction"] for row in bare]


@said_aloud
def test_columns_that_the_model_has_never_seen_are_kept_too() -> None:
    note, rate = ["1.50", "", "yes", "a,b"] * (M // 4), ["1.50", "2.00"] * (M // 2)
    houses(1).assign(note=note, rate=rate).to_csv("more.csv", index=False)
    written = rows("predict m more.csv --keep note --keep rate")
    assert [row["note"] for row in written] == note
    assert [row["rate"] for row in written] == rate
    values = told("predict m more.csv --keep note --keep id")
    assert values["kept"]["note"][:3] == ["1.50", None, "yes"]
    assert values["kept"]["id"] == houses(1)["id"].tolist()
    assert len(values["prediction"]) == values["n_rows"] == M


@said_aloud
def test_typed_columns_are_written_as_their_values() -> None:
    frame = houses(1).assign(
        whole=pd.array([7, None] * (M // 2), "Int64"),
        half=[0.5, 1.0] * (M // 2),
        twos=2.0,
        day=pd.to_datetime(["2024-02-29", None] * (M // 2)),
        ok=[True, False] * (M // 2),
        lists=[[1.0]] * M,
    )
    frame.to_parquet("more.parquet")
    keep = "--keep whole --keep half --keep twos --keep day --keep ok"
    written = rows(f"predict m more.parquet {keep}")
    assert [written[k]["whole"] for k in (0, 1)] == ["7", ""]
    assert [written[k]["half"] for k in (0, 1)] == ["0.5", "1.0"]
    assert written[0]["twos"] == "2.0"
    assert [written[k]["day"] for k in (0, 1)] == ["2024-02-29", ""]
    assert [written[k]["ok"] for k in (0, 1)] == ["True", "False"]
    assert "'lists' holds lists" in run("predict m more.parquet --keep lists").stderr


@said_aloud
def test_standard_input_keeps_columns_too() -> None:
    data = houses().assign(rate="1.50").to_csv(index=False)
    line = "predict m - --keep id --keep size --keep rate"
    result = CliRunner().invoke(main, line.split(), input=data)
    assert result.exit_code == 0, result.stderr
    first = next(csv.DictReader(io.StringIO(result.stdout)))
    assert (first["id"], first["rate"]) == (houses()["id"][0], "1.50")
    assert float(first["size"]) == float(houses()["size"][0])


def test_what_cannot_be_kept_is_one_sentence() -> None:
    assert "did you mean 'id'" in refused("predict m houses.csv --keep idd")
    message = refused("predict m houses.csv --keep id --as id")
    assert "--as NAME" in message
    run(f"train iris --out i {QUICK}")
    assert "no names to keep" in refused("predict i iris --keep x")


def test_models_of_the_first_release_keep_columns() -> None:
    table = FIRST / "houses.csv"
    name = pd.read_csv(table).columns[0]
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    written = rows(f"predict {FIRST / 'price.backpass'} {table} --keep {name}")
    assert [row[name] for row in written] == frame[name].tolist()


def test_predictions_get_another_name() -> None:
    assert list(rows("predict m houses.csv --as cost")[0]) == ["cost"]
    assert "prediction" in told("predict m houses.csv --as cost")


# --- gaps of the target ---------------------------------------------------------------------------


def test_rows_without_a_target_are_filled_and_the_others_stay() -> None:
    frame = houses(2)
    frame.loc[::4, "price"] = ""
    frame.to_csv("half.csv", index=False)
    done_ = done("predict m half.csv --fill --keep id")
    written = list(csv.DictReader(io.StringIO(done_.stdout)))
    whole = rows("predict m half.csv")
    assert list(written[0]) == ["id", "price"]
    for k, row in enumerate(written):
        assert row["price"] == (whole[k]["prediction"] if k % 4 == 0 else frame["price"][k])
    assert f"{M // 4} of {M} rows had no 'price'; predicted" in done_.stderr
    assert "R²" not in done_.stderr
    values = told("predict m half.csv --fill")
    assert (values["n_filled"], values["n_rows"]) == (M // 4, M)
    assert values["prediction"][1] == frame["price"][1]
    assert isinstance(values["prediction"][0], float)


def test_a_class_that_is_nought_fills_a_gap() -> None:
    x = np.linspace(-1, 1, M)
    pd.DataFrame({"x": x.round(4), "y": (x > 0).astype(int)}).to_csv("t.csv", index=False)
    done(f"train t.csv --target y --out t {QUICK}")
    pd.DataFrame({"x": [-0.9, 0.9, 0.8], "y": [None, None, 0]}).to_csv("n.csv", index=False)
    written = rows("predict t n.csv --fill --proba")
    assert [float(row["y"]) for row in written] == [0, 1, 0]
    assert list(written[0]) == ["y", "probability of 0", "probability of 1"]
    assert written[2]["probability of 0"] == ""


def test_probabilities_and_intervals_are_those_of_filled_rows() -> None:
    frame = houses(2)
    frame.loc[1:, "price"] = ""
    frame.to_csv("half.csv", index=False)
    written = rows("predict m half.csv --fill --interval 0.5 --as cost")
    assert (written[0]["lower"], written[0]["cost"]) == ("", frame["price"][0])
    assert float(written[1]["lower"]) < float(written[1]["cost"]) < float(written[1]["upper"])


def test_a_table_with_every_target_or_without_the_column() -> None:
    frame = pd.read_csv("houses.csv", dtype=str)
    assert [row["price"] for row in rows("predict m houses.csv --fill")] == frame["price"].tolist()
    frame.drop(columns="price").to_csv("none.csv", index=False)
    filled, bare = (rows(f"predict m none.csv {how}") for how in ("--fill", ""))
    assert [row["price"] for row in filled] == [row["prediction"] for row in bare]


def test_what_is_said_of_a_filled_table_is_of_the_rows_that_are_filled() -> None:
    frame = houses(2).assign(kind="castle")
    frame.loc[0, ["kind", "price"]] = ["flat", ""]
    frame.to_csv("half.csv", index=False)
    assert told("predict m half.csv --fill")["unknown_categories"] == {}


# --- intervals -----------------------------------------------------------------------------------


def test_intervals_are_as_wide_as_errors_on_rows_that_the_model_never_saw() -> None:
    values = told("predict m houses.csv --interval 0.8")
    prediction, lower, upper = (np.array(values[k]) for k in ("prediction", "lower", "upper"))
    truth = np.array([float(p[1:].replace(",", "")) for p in houses()["price"]])
    out = held_out()
    width = half_width(np.abs(truth[out] - prediction[out]), 0.8)
    np.testing.assert_allclose(upper - prediction, width, rtol=1e-9)
    np.testing.assert_allclose(prediction - lower, width, rtol=1e-9)
    assert list(rows("predict m houses.csv --interval 0.8")[0]) == ["prediction", "lower", "upper"]


def test_intervals_hold_new_rows_about_as_often_as_is_asked() -> None:
    new = houses(9, 2000)
    new.to_csv("new.csv", index=False)
    values = told("predict m new.csv --interval 0.9")
    truth = np.array([float(p[1:].replace(",", "")) for p in new["price"]])
    held = np.mean((np.array(values["lower"]) <= truth) & (truth <= np.array(values["upper"])))
    assert held == pytest.approx(0.9, abs=0.15)  # the width is that of 32 rows


def test_an_interval_that_cannot_be_said_is_one_sentence() -> None:
    assert "--interval 0.9: the target 'kind' holds classes" in refused(
        "predict k kinds.csv --interval 0.9"
    )
    assert "take 99 rows that were held out" in refused("predict m houses.csv --interval 0.99")
    first = f"predict {FIRST / 'price.backpass'} {FIRST / 'houses.csv'} --interval 0.5"
    assert "train it anew" in refused(first)
    for part in ("0", "1", "90", "nan"):
        assert "--interval" in refused(f"predict m houses.csv --interval {part}")


# --- what the training's rows did not have --------------------------------------------------------

STRANGE = {
    "a category": ({"kind": "castle"}, "'castle'"),
    "a gap": ({"size": ""}, "'size' has a gap"),
    "far": ({"size": "9e9"}, "far outside"),
    "no number": ({"size": "large"}, "no number"),
    "a new column": ({"colour": "red"}, "new to the model: 'colour'"),
}


@said_aloud
@pytest.mark.parametrize("what", STRANGE)
def test_it_is_said_and_with_strict_it_is_an_error(what: str) -> None:
    cells, sentence = STRANGE[what]
    houses(1)[:5].assign(**cells).to_csv("odd.csv", index=False)
    said = done("predict m odd.csv --out p.csv").stderr
    assert said.count(sentence) == 1
    Path("p.csv").unlink()
    message = refused("predict m odd.csv --strict --out p.csv")
    assert message.startswith("Error: --strict: ")
    assert sentence in message
    assert not Path("p.csv").exists()


def test_nothing_strange_is_no_error_and_a_missing_column_always_is_one() -> None:
    assert done("predict m houses.csv --strict").stdout == done("predict m houses.csv").stdout
    houses()[["id", "kind"]].to_csv("less.csv", index=False)
    assert "lacks the column 'size'" in refused("predict m less.csv")


def test_what_is_said_twice_is_said_once() -> None:
    def say() -> None:
        for sentence in ("One.", "One.", "Two."):
            warn(sentence)

    with pytest.raises(SettingError, match=r"^One\. Two\.$"), told_of(strict=True):
        say()
    with pytest.warns(UserWarning, match="One|Two") as said, told_of(strict=False):
        say()
    assert len(said) == 2


@said_aloud
def test_of_many_strange_things_the_first_are_said() -> None:
    odd = {"kind": "castle", "size": "large", "a": 1, "b": 2}
    houses(1)[:5].assign(**odd).to_csv("odd.csv", index=False)
    message = refused("predict m odd.csv --strict")
    assert all(word in message for word in ("castle", "large", "2 columns new to the model"))


@said_aloud
def test_a_table_read_in_blocks_is_as_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
    monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 16)
    x = np.random.default_rng(0).normal(size=M)
    frame = pd.DataFrame({"x": x, "kind": np.where(x > 0, "a", "b"), "y": x**2})
    frame.to_parquet("b.parquet", row_group_size=50)
    frame.assign(kind="c").to_parquet("c.parquet", row_group_size=50)
    done(f"train b.parquet --target y --out b {QUICK}")
    assert list(rows("predict b b.parquet --strict --interval 0.5 --as z")[0]) == [
        "z",
        "lower",
        "upper",
    ]
    done("predict b c.parquet --out p.csv")
    before = Path("p.csv").read_bytes()
    line = "predict b c.parquet --strict --out p.csv --force"
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: --strict: Column 'kind'" in result.stderr
    assert Path("p.csv").read_bytes() == before
    for option in ("--sample p.csv", "--fill"):
        assert option.split()[0] in run(f"predict b b.parquet {option}").stderr


# --- rows that the model has learnt from ----------------------------------------------------------


def test_rows_of_the_training_are_told_whatever_the_format() -> None:
    trained = json.loads(Path("m.json").read_text())
    n = trained["n_train"] + trained["n_validation"]
    said = done("predict m houses.csv").stderr
    assert f"{n} of {M} rows were in the training of this model" in said
    frame = pd.read_csv("houses.csv", dtype={"id": str})
    frame[frame.columns[::-1]].drop(columns=["price", "id"]).to_parquet("other.parquet")
    values = told("predict m other.parquet")
    assert values["n_seen_in_training"] == n
    pd.read_csv("houses.csv", dtype=str)[held_out()].to_csv("rest.csv", index=False)
    assert told("predict m rest.csv")["n_seen_in_training"] == 0
    assert "training" not in done("predict m rest.csv").stderr
    first = f"predict {FIRST / 'price.backpass'} {FIRST / 'houses.csv'}"
    assert told(first)["n_seen_in_training"] is None


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch):
    """From now on tables are larger than memory; blocks have sixteen rows."""

    def shrink() -> None:
        monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
        monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 16)

    return shrink


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_table_larger_than_memory_is_answered_as_one_in_memory(dtype: str, small_memory) -> None:
    frame = pd.read_csv("houses.csv", dtype=str).assign(size=houses()["size"].astype(float))
    frame.to_parquet("houses.parquet", row_group_size=50)
    done(f"train houses.parquet --target price --out p {QUICK} --dtype {dtype}")
    line = "predict p houses.parquet --keep id --keep size --interval 0.5 --as cost"
    whole, values = done(line), told(line)
    small_memory()
    blocks = done(line)
    ours, expected = (
        pd.read_csv(io.StringIO(r.stdout), dtype={"id": str}) for r in (blocks, whole)
    )
    pd.testing.assert_frame_equal(ours, expected, rtol=1e-12 if dtype == "float64" else 1e-5)
    n = values["n_seen_in_training"]
    assert n > M / 2
    assert f"{n} of {M} rows were in the training" in blocks.stderr
    assert told(f"{line} --out b.csv")["n_seen_in_training"] == n
    assert "did you mean 'id'" in run("predict p houses.parquet --keep idd").stderr


@said_aloud
def test_a_text_larger_than_memory_keeps_its_columns_as_they_are_written(small_memory) -> None:
    houses().assign(rate="1.50").to_csv("more.csv", index=False)
    line = "predict m more.csv --keep id --keep rate"
    expected = rows(line)
    small_memory()
    found = rows(line)
    assert [(r["id"], r["rate"]) for r in found] == [(r["id"], r["rate"]) for r in expected]
    values = [[float(r["prediction"]) for r in each] for each in (found, expected)]
    np.testing.assert_allclose(*values, rtol=1e-12)
