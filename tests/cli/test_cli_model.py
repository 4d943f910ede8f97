"""What a command reads of a table is what the training read of it: labels, codes, columns."""

import csv
import datetime
import io
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from backpass.data.columns import MAX_CATEGORIES

QUICK = [
    "--hidden",
    "6",
    "--solver",
    "lbfgs",
    "--lambda",
    "0.01",
    "--epochs",
    "80",
    "--activation",
    "tanh",
]
QUICK += ["--no-report", "--force", "--out", "m.backpass"]
ROWS = 120


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
    monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 16)


def done(*words):
    result = CliRunner().invoke(main, list(map(str, words)))
    assert result.exit_code == 0, result.stderr
    return result


def told(*words):
    return json.loads(done(*words, "--json").stdout)


def write(frame, name):
    if name.endswith(".parquet"):
        frame.to_parquet(name, row_group_size=50)
    else:
        frame.to_csv(name, index=False, sep="\t" if name.endswith(".tsv") else ",")
    return name


def two_kinds(labels):
    """A number that tells which of the labels a row has."""
    kind = np.arange(ROWS) % len(labels)
    x = kind + np.random.default_rng(0).random(ROWS) / 10
    y = pd.Series([labels[k] for k in kind], dtype=object)
    return pd.DataFrame({"x": x, "y": y})


def predictions(file):
    return [
        row["prediction"]
        for row in csv.DictReader(io.StringIO(done("predict", "m.backpass", file).stdout))
    ]


# what is said to people is a warning, which tests of everything else take for an error
said_aloud = pytest.mark.filterwarnings("default")


AS_WRITTEN = [
    ["02139", "02140"],
    ["007", "7"],
    ["1_2", "12"],
    ["1e3", "1000"],
    ["1.0", "1"],
    ["1.0", "2.0"],
    ["12345678901234567", "12345678901234568"],
    ["340282366920938463463374607431768211456", "340282366920938463463374607431768211457"],
    ["True", "False"],
    ["TRUE", "true"],
    ["yes", "no", "１２", "12"],
    ["-0", "0"],
    ["0.5", "0.50", "1.5"],
]


@pytest.mark.parametrize("labels", AS_WRITTEN, ids=" ".join)
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet"])
def test_labels_come_back_as_they_are_written(labels, name):
    frame = two_kinds(labels)
    write(frame, name)
    values = told("train", name, "--target", "y", "--classes", *QUICK)
    assert values["test_accuracy"] == 1.0
    assert sorted(map(str, values["classes"])) == sorted(labels)
    assert predictions(name) == frame["y"].tolist()
    again = told("predict", "m.backpass", name)
    assert again["accuracy"] == 1.0
    assert list(map(str, again["prediction"])) == frame["y"].tolist()
    told("check", "m.backpass", name)
    told("explain", "m.backpass", name, "J")


TYPED = [
    [True, False],
    [3, 12345678901234567],
    [2.0, 1.0],
    pd.array([1, 2], "Int64"),
    pd.array([True, False], "boolean"),
    pd.Categorical(["b", "a"], categories=["c", "b", "a"], ordered=True),
    pd.Categorical([30, 4], categories=[4, 5, 30]),
    pd.Categorical([3.0, 4.0]),
    np.array([2**64 - 1, 2**64 - 2], np.uint64),
    [Decimal("1.10"), Decimal("2.00")],
    pd.array(["007", "7"], "string"),
]


def _as_it_is_answered(label):
    """Decimals are numbers, and whole categories are whole numbers."""
    if isinstance(label, Decimal):
        return str(float(label))
    if label in (3.0, 4.0) and isinstance(label, float):
        return int(label)
    return label


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("labels", TYPED, ids=str)
def test_labels_come_back_in_their_type(labels, streamed, request):
    if streamed:
        request.getfixturevalue("small_memory")
    repeats = [k % 2 for k in range(ROWS)]
    y = pd.Series(labels).take(repeats).reset_index(drop=True)
    write(two_kinds([0, 1]).assign(y=y), "t.parquet")
    asked = [] if isinstance(labels, pd.Categorical) else ["--classes"]
    values = told("train", "t.parquet", "--target", "y", *asked, *QUICK)
    classes = bp.load("m.backpass").classes_.tolist()
    written = [_as_it_is_answered(label) for label in y.tolist()]
    expected = sorted(set(written))
    assert classes == values["classes"] == expected
    assert [type(a) for a in classes] == [type(b) for b in expected]
    assert values["test_accuracy"] == 1.0
    assert "accuracy on these rows: 1.0" in done("predict", "m.backpass", "t.parquet").stderr
    assert predictions("t.parquet") == [str(label) for label in written]


def test_a_categorical_target_of_many_numbers_is_one_of_classes():
    y = pd.Categorical(np.arange(ROWS) % 30)
    write(two_kinds([0]).assign(y=y), "t.parquet")
    assert len(told("train", "t.parquet", "--target", "y", *QUICK)["classes"]) == 30


def test_numbers_written_in_any_way_are_a_quantity():
    texts = ["1.50", "2e1", " 3", "+4", "5."] + [f"{k}.10" for k in range(ROWS - 5)]
    write(two_kinds([0]).assign(y=texts), "t.csv")
    y = bp.read_table("t.csv", "y").y
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, [float(text) for text in texts])
    assert "test_r2" in told("train", "t.csv", "--target", "y", *QUICK)


def codes(labels, m=300):
    """A quantity that follows from a code."""
    draw = np.random.default_rng(1)
    k = draw.integers(0, len(labels), m)
    effect = draw.permutation(np.linspace(-5, 5, len(labels)))
    return pd.DataFrame(
        {"code": np.array(labels, dtype=object)[k], "y": effect[k] + 0.01 * draw.random(m)}
    )


CODES = [
    ["02139", "02140", "2139", "94110"],
    ["1_1", "11", "1_2", "12"],
    ["1", "2", "3", "A/5"],
    ["1.0", "1", "2.0", "2"],
    ["12345678901234567", "12345678901234568", "3"],
]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("labels", CODES, ids=" ".join)
def test_codes_are_read_by_every_command_as_by_train(labels, name):
    """Also where the rows at hand hold nothing but numbers: 'A/5' is not among the first."""
    frame = codes(labels).sort_values("code", ignore_index=True)
    write(frame, name)
    values = told("train", name, "--target", "y", "--categorical", "code", *QUICK)
    assert values["n_features"] == len(labels)
    assert values["test_r2"] > 0.9
    few = write(frame[:20], "few" + name[1:])
    whole, part = told("predict", "m.backpass", name), told("predict", "m.backpass", few)
    assert whole["r2"] > 0.9
    assert part["prediction"] == whole["prediction"][:20]
    assert part["unknown_categories"] == {}
    for command in (["trace"], ["explain", "J"], ["check"]):
        name, *symbol = command
        ours = told(name, "m.backpass", few, *symbol)
        assert ours.get("J", 1) is not None
    traced = told("trace", "m.backpass", few, "--row", 3)
    X = traced["a"]["1"][0]
    assert sum(X) == 1.0
    assert X[sorted(labels).index(frame["code"][3])] == 1.0


@said_aloud
def test_whole_numbers_beside_gaps_are_the_same_codes():
    write(codes(["3", "4", "5"]), "t.csv")
    told("train", "t.csv", "--target", "y", "--categorical", "code", *QUICK)
    pd.DataFrame({"code": [3.0, np.nan, 5.0]}).to_csv("gaps.csv", index=False)
    pd.DataFrame({"code": ["3", "", "5"]}).to_csv("same.csv", index=False)
    gaps, same = (told("predict", "m.backpass", name) for name in ("gaps.csv", "same.csv"))
    assert gaps["prediction"] == same["prediction"]
    assert gaps["unknown_categories"] == {}


@said_aloud
@pytest.mark.parametrize("streamed", [False, True])
def test_unknown_categories_are_said_by_name_and_count(streamed, request):
    frame = codes(["male", "female"]).assign(x=1.5)
    write(frame, "t.parquet")
    told("train", "t.parquet", "--target", "y", *QUICK)
    write(frame.replace({"code": {"male": "Male"}}), "new.parquet")
    n = int((frame["code"] == "male").sum())
    if streamed:
        request.getfixturevalue("small_memory")
    said = done("predict", "m.backpass", "new.parquet").stderr
    assert "'code' holds 1 text that the training rows do not have" in said
    assert f"in {n} rows: 'Male' ({n})" in said
    assert said.count("'Male'") == 1
    values = told("predict", "m.backpass", "new.parquet", "--out", "out.csv")
    assert values["unknown_categories"] == {"code": {"Male": n}}


@said_aloud
@pytest.mark.parametrize("streamed", [False, True])
def test_lost_categories_are_said_by_train(streamed, request):
    if streamed:
        request.getfixturevalue("small_memory")
    many = [f"c{k:03}" for k in range(MAX_CATEGORIES + 20)]
    write(codes(many, 3000), "t.parquet")
    said = done("train", "t.parquet", "--target", "y", *QUICK).stderr
    assert "code    category         120 different texts" in said


@said_aloud
def test_categories_that_only_the_test_has_are_said_by_train():
    frame = codes(["a", "b"])
    write(frame.assign(code=[f"only {k}" if k < 9 else "b" for k in range(len(frame))]), "t.csv")
    said = done("train", "t.csv", "--target", "y", *QUICK).stderr
    assert "texts that the training rows do not have" in said


@said_aloud
@pytest.mark.parametrize("streamed", [False, True])
def test_columns_that_the_model_does_not_know_are_said_and_not_read(streamed, request):
    frame = two_kinds(["a", "b"])
    write(frame, "t.parquet")
    told("train", "t.parquet", "--target", "y", *QUICK)
    more = frame.assign(when=datetime.date(2020, 1, 1), embedding=[[1.0]] * ROWS)
    write(more, "more.parquet")
    if streamed:
        request.getfixturevalue("small_memory")
    result = done("predict", "m.backpass", "more.parquet")
    assert "2 columns new to the model: 'when', 'embedding'; not read" in result.stderr
    assert result.stdout == done("predict", "m.backpass", "t.parquet").stdout


ANYTHING = {
    "dates": pd.date_range("2020-01-01", periods=ROWS),
    "day": [datetime.date(2020, 1, 1)] * ROWS,
    "lists": [[1.0, 2.0]] * ROWS,
    "nested": [[[1.0], []]] * ROWS,
    "fields": [{"a": 1, "b": "x"}] * ROWS,
    "bytes": [b"\xff\x00"] * ROWS,
    "infinite": [np.inf] * ROWS,
    "empty": [None] * ROWS,
    "mixed": ["1", "two", "3"] * (ROWS // 3),
    "ids": [f"id {k}" for k in range(ROWS)],
    "spans": pd.to_timedelta(np.arange(ROWS), "s"),
    "time": [datetime.time(12)] * ROWS,
    "huge": [1e300] * ROWS,
    "a.b": [[1]] * ROWS,
}


@said_aloud
@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "streamed.parquet"])
def test_an_ignored_column_may_hold_anything(name, request):
    if name.startswith("streamed"):
        request.getfixturevalue("small_memory")
    frame = two_kinds(["a", "b"])
    write(frame.assign(**ANYTHING), name)
    ignore = [word for column in ANYTHING for word in ("--ignore", column)]
    told("train", name, "--target", "y", *ignore, *QUICK)
    result = done("predict", "m.backpass", name)
    assert "new to the model" not in result.stderr
    few = write(frame, "few" + name[name.index(".") :])
    assert done("predict", "m.backpass", few).stdout == result.stdout


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "column", ["lists", "nested", "fields", "bytes", "day", "time", "dates", "spans", "a.b"]
)
def test_a_column_of_any_type_is_told_and_read_or_left_out(column, streamed, request):
    if streamed:
        request.getfixturevalue("small_memory")
    write(two_kinds(["a", "b"]).assign(**{column: ANYTHING[column]}), "t.parquet")
    result = CliRunner().invoke(main, ["train", "t.parquet", "--target", "y", *QUICK])
    assert result.exit_code == 0
    assert column in result.stderr


def test_rows_without_a_target_are_predicted_and_the_others_scored():
    frame = two_kinds([0, 1])
    write(frame, "t.csv")
    told("train", "t.csv", "--target", "y", *QUICK)
    write(frame.assign(y=frame["y"].where(frame.index % 3 > 0)), "half.csv")
    values = told("predict", "m.backpass", "half.csv")
    assert values["n_rows"] == ROWS
    assert values["accuracy"] == 1.0
    write(frame.assign(y=np.nan), "none.csv")
    assert "accuracy" not in told("predict", "m.backpass", "none.csv")


def test_a_class_that_the_model_does_not_know_counts_as_wrong():
    write(two_kinds(["a", "b"]), "t.csv")
    told("train", "t.csv", "--target", "y", *QUICK)
    write(two_kinds(["a", "c"]), "other.csv")
    assert told("predict", "m.backpass", "other.csv")["accuracy"] == 0.5
    result = CliRunner().invoke(main, ["trace", "m.backpass", "other.csv", "--row", "1"])
    assert result.exit_code == 2
    assert "'c', a class that the model does not know" in result.stderr


@pytest.mark.parametrize("option", ["--ignore", "--categorical"])
@pytest.mark.parametrize("source", ["t.csv", "iris"])
def test_an_option_about_no_column_is_refused(option, source):
    write(two_kinds(["a", "b"]), "t.csv")
    target = ["--target", "y"] if source == "t.csv" else []
    result = CliRunner().invoke(main, ["train", source, *target, option, "colour", *QUICK])
    assert result.exit_code == 2
    assert "'colour'" in result.stderr


FIRST = Path(__file__).parents[1] / "files" / "first-release"


@pytest.mark.parametrize("target", ["price", "code", "ok"])
def test_models_of_the_first_release_read_a_table_as_they_did(target):
    """They took '007' for 7, '02139' for 2139 and True for the text 'True'."""
    expected = json.loads((FIRST / "predictions.json").read_text())[target]
    values = told("predict", FIRST / f"{target}.backpass", FIRST / "houses.csv")
    assert values["unknown_categories"] == {}
    if target == "price":
        np.testing.assert_allclose(values["prediction"], expected, rtol=1e-9)
    else:
        assert values["prediction"] == expected
        right = pd.read_csv(FIRST / "houses.csv")[target].astype(str) == pd.Series(
            expected, dtype=str
        )
        assert values["accuracy"] == right.mean()
