"""A Parquet table that does not fit into memory: streamed, and the same model as from memory."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from backpass.data.encoding.fitted import fit_encoding
from backpass.data.knowing.kinds import Wishes
from backpass.data.knowing.know import know
from backpass.data.parquet import ParquetRows
from backpass.data.reading import raw_of
from backpass.errors import InvalidInput
from backpass.experiment.settings import Settings
from backpass.experiment.streamed import prepare_streamed
from backpass.experiment.training import build, run
from backpass.streaming.blocks import Blocks
from flats import ROWS, flats, write_flats

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

LBFGS = Settings(hidden=(6,), solver="lbfgs", epochs=8, lam=1.0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two files of several row groups, and an index that is none of the columns."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "flats"
    write_flats(place)
    return place


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)


def prepared(folder, settings=LBFGS, target="dear", ignore=("price",), **how):
    return prepare_streamed(ParquetRows(folder), target, settings, ignore, **how)


def train(*arguments):
    return CliRunner().invoke(main, ["train", *arguments, "--hidden", "6", "--no-report"])


def in_memory(data):
    """The training rows, out of the whole table."""
    left_out = np.concatenate([data.rows["validation"], data.rows["test"]])
    return flats().drop(index=left_out)


def test_every_row_is_in_one_part(folder):
    data = prepared(folder)
    assert isinstance(data.blocks, Blocks)
    assert sum(data.counts.values()) == ROWS
    assert data.counts["test"] == pytest.approx(0.2 * ROWS, rel=0.2)
    assert data.counts["validation"] == pytest.approx(0.08 * ROWS, rel=0.3)
    frame = flats()
    assert data.y["test"].tolist() == frame.dear[data.rows["test"]].tolist()
    learned = [y for g in range(len(data.blocks.groups)) for y, _ in data.blocks.read_targets(g)]
    assert np.concatenate(learned).tolist() == in_memory(data).dear.tolist()
    assert data.most_frequent == in_memory(data).dear.mode()[0]


def same(a, b):
    """Whether two preprocessings are kept as the same arrays and the same JSON."""
    (ours, about), (theirs, of_theirs) = a.to_arrays(), b.to_arrays()
    return about == of_theirs and all(np.array_equal(ours[name], theirs[name]) for name in ours)


def known_in_memory(data, target="dear", ignore="price"):
    wishes = Wishes((target,), ignore=(ignore,))
    known = know(raw_of(in_memory(data)), wishes)
    return known, fit_encoding(known.columns, known.reading.kinds)


@pytest.mark.parametrize("sample", [20_000, 40])
def test_preprocessing_is_that_of_the_training_rows_in_memory(folder, sample, monkeypatch):
    """Of a sample, but for the middle and the width of numbers, which it holds roughly."""
    monkeypatch.setattr("backpass.experiment.streamed.SAMPLE_ROWS", sample)
    data = prepared(folder)
    made = data.preprocessing
    known, expected = known_in_memory(data)
    (arrays, about), (ours, of_ours) = expected.to_arrays(), made.encoding.to_arrays()
    assert of_ours == about
    np.testing.assert_array_equal(ours["scales"][:, 2:], arrays["scales"][:, 2:])
    np.testing.assert_allclose(ours["scales"], arrays["scales"], rtol=0.5 if sample < 99 else 0)
    assert [(c.column, c.kind, c.used) for c in made.reading.columns] == [
        (c.column, c.kind, c.used) for c in known.reading.columns
    ]
    assert "larger than memory: its columns are known by" in made.reading.notes[-1]
    if sample > ROWS:
        assert made.reading.columns == known.reading.columns
    else:
        assert int(made.reading.notes[-1].split(" known by ")[1].split()[0]) < 80


@pytest.mark.parametrize(("target", "ignore"), [("dear", "price"), ("price", "dear")])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_model_is_that_of_the_same_rows_in_memory(folder, target, ignore):
    data = prepared(folder, target=target, ignore=(ignore,))
    outcome = run(data, LBFGS)
    frame = in_memory(data)
    X, y = data.preprocessing.transform(frame), data.target.encode(frame[target])
    blocks = bp.ArrayBlocks(X, y, rows=data.blocks.groups)
    of_blocks = build(data, LBFGS).fit(blocks)
    np.testing.assert_array_equal(of_blocks.theta_, outcome.estimator.theta_)
    whole = build(data, LBFGS).fit(X, y)
    assert np.linalg.norm(whole.theta_ - of_blocks.theta_) <= 1e-8 * np.linalg.norm(whole.theta_)
    assert outcome.J == pytest.approx(whole.loss_curve_[-1], rel=1e-8)


def test_the_command_line_streams_by_itself(folder, small_memory):
    result = train("flats", "--target", "dear", "--ignore", "price", "--json", "--epochs", "20")
    assert result.exit_code == 0, result.stderr
    assert "so it is streamed" in result.stderr
    values = json.loads(result.stdout)
    assert values["test_accuracy"] > 0.9
    assert values["n_train"] + values["n_validation"] + values["n_test"] == ROWS
    done = CliRunner().invoke(main, ["predict", "flats.backpass", "flats/part-0.parquet"])
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("target", ["dear", "price"])
def test_predictions_are_written_block_by_block(folder, monkeypatch, target):
    other = {"dear": "price", "price": "dear"}[target]
    assert train("flats", "--target", target, "--ignore", other, "--epochs", "9").exit_code == 0
    command = ["predict", "flats.backpass", "flats", *(["--proba"] if target == "dear" else [])]
    whole = CliRunner().invoke(main, [*command, "--out", "whole.csv", "--json"])
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
    monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 256)
    blocks = CliRunner().invoke(main, [*command, "--out", "blocks.csv", "--json"])
    place = folder.parent
    assert (place / "blocks.csv").read_text() == (place / "whole.csv").read_text()
    ours, theirs = json.loads(blocks.stdout), json.loads(whole.stdout)
    assert ours["n_rows"] == theirs["n_rows"] == ROWS
    for score in ["accuracy"] if target == "dear" else ["r2", "mean_error"]:
        assert ours[score] == pytest.approx(theirs[score], rel=1e-12)
    assert CliRunner().invoke(main, command).stdout == (place / "whole.csv").read_text()
    refused = CliRunner().invoke(main, [*command, "--json"])
    assert refused.exit_code == 2
    assert "--out" in refused.stderr


def test_a_streamed_report_is_written(folder, small_memory):
    pytest.importorskip("matplotlib")
    how = ["flats", "--target", "price", "--ignore", "dear", "--hidden", "6", "--epochs", "30"]
    result = CliRunner().invoke(main, ["train", *how, "--dtype", "float32"])
    assert result.exit_code == 0, result.stderr
    assert (folder.parent / "flats.html").exists()


def test_a_table_that_fits_is_not_streamed(folder):
    result = train("flats", "--target", "dear", "--ignore", "price", "--epochs", "2")
    assert result.exit_code == 0, result.stderr
    assert "streamed" not in result.stderr


@pytest.mark.parametrize("name", ["flats.csv.gz", "flats.xlsx"])
def test_a_packed_file_larger_than_memory_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    flats().to_csv("flats.csv.gz")
    (tmp_path / "flats.csv.gz").rename(name)
    monkeypatch.setattr("backpass.cli.source.available", lambda: 1000)
    result = train(name, "--target", "price")
    assert result.exit_code == 2
    assert "only Parquet files, text and JSON lines are read block by block" in result.stderr


def test_few_rows_are_held_out_of_many(folder, monkeypatch):
    monkeypatch.setattr("backpass.experiment.streamed.HELD_OUT_BYTES", 8 * 3 * 100)
    counts = prepared(folder).counts
    assert 50 < counts["test"] < 150
    assert 50 < counts["validation"] < 150


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "has no target; name one"),
        ("--target no", "no column 'no'"),
        ("--target dear --ignore no", "no column 'no'"),
        ("--target dear --solver newton", "any solver but newton"),
    ],
)
def test_refusals(folder, small_memory, arguments, words):
    result = train("flats", *arguments.split())
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_cell_is_said_with_its_place(folder):
    frame = flats(700)
    frame.loc[650, "dear"] = None
    frame.to_parquet(folder / "part-2.parquet", row_group_size=600)
    where = r"part-2.parquet, row group 1, in the rows from 0 on: .* row 50"
    with pytest.raises(InvalidInput, match=where):
        prepared(folder)


def test_a_class_that_only_validation_has_is_left_out_there(folder):
    frame = flats()
    data = prepared(folder)
    frame.loc[data.rows["validation"][:1], "dear"] = "perhaps"
    frame.to_parquet(folder.parent / "one.parquet", row_group_size=600)
    other = prepared(folder.parent / "one.parquet")
    assert set(other.y["validation"]) <= {"yes", "no"}


def with_test_rows_of_their_own(folder):
    """The same table, but the rows held out hold huge numbers and a category of their own."""
    data, frame = prepared(folder), flats()
    out = np.concatenate([data.rows["test"], data.rows["validation"]])
    frame.loc[out, "area"] = 1e9
    frame.loc[out, "kind"] = "theirs"
    other = folder.parent / "other"
    other.mkdir()
    frame[:1000].to_parquet(other / "part-0.parquet", row_group_size=600)
    frame[1000:].to_parquet(other / "part-1.parquet", row_group_size=900)
    return data, other


def test_rows_held_out_tell_the_preprocessing_nothing(folder):
    before, other = with_test_rows_of_their_own(folder)
    after = prepared(other)
    assert same(after.preprocessing, before.preprocessing)
    encoding = after.preprocessing.encoding
    assert encoding.columns.levels[0].texts == ("flat", "house", "hut")
    assert not encoding.columns.levels[0].rare
    assert encoding.scaling.table[0, 0] == pytest.approx(100, rel=0.05)
    assert encoding.scaling.table[0, 3] < 1e3
    assert after.X["test"][:, 0].min() > 10
    np.testing.assert_array_equal(after.rows["test"], before.rows["test"])


def test_train_on_a_streamed_table_learns_nothing_of_its_test_rows(folder, small_memory):
    before, other = with_test_rows_of_their_own(folder)
    words = ["--target", "dear", "--ignore", "price", "--epochs", "2", "--out", "m.backpass"]
    done = train(str(other), *words)
    assert done.exit_code == 0, done.stderr
    assert same(bp.load("m.backpass").preprocessing_, before.preprocessing)
