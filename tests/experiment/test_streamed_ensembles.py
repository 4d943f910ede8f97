"""An ensemble on a table larger than memory: the default there, as of the same rows in memory."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from backpass.data.knowing.know import recognise
from backpass.data.parquet import ParquetRows
from backpass.data.reading import raw_of
from backpass.engine import cost_and_gradient
from backpass.experiment.settings import Settings
from backpass.experiment.streamed import prepare_streamed
from backpass.experiment.training import run
from backpass.streaming.blocks import Block
from flats import ROWS, flats, write_flats

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

NOISE = 5.0  # of the prices
TABULAR = Settings(model="tabular", members=2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "flats"
    write_flats(place, NOISE)
    return place


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)


def prepared(folder, settings=TABULAR, target="price", ignore="dear"):
    return prepare_streamed(ParquetRows(folder), target, settings, (ignore,))


def train(*words):
    done = CliRunner().invoke(main, ["train", *words, "--json", "--force", "--no-report"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout), done.stderr


class InMemory:
    """The training rows of a streamed table out of a data frame, in the same blocks."""

    names, named, dtype = (), False, np.dtype(np.float64)

    def __init__(self, data, frame, target):
        out = np.concatenate([data.rows["validation"], data.rows["test"]])
        frame, known = frame.drop(index=out), data.preprocessing
        columns = recognise(raw_of(frame), known.reading).columns
        self.rows, _ = known.encoding.rows(columns, len(frame))
        self.y, self.groups = frame[target].to_numpy(), data.blocks.groups

    def read(self, group):
        start = sum(map(sum, self.groups[:group]))
        for size in self.groups[group]:
            here = slice(start, start + size)
            yield Block(self.rows.take(here), self.y[here], None)
            start += size

    def read_targets(self, group):
        for block in self.read(group):
            yield block.y, None


@pytest.mark.parametrize(("target", "ignore"), [("price", "dear"), ("dear", "price")])
def test_the_members_are_those_of_the_same_blocks_in_memory(folder, target, ignore):
    data = prepared(folder, target=target, ignore=ignore)
    model = run(data, TABULAR).model
    kind = bp.TabularRegressor if target == "price" else bp.TabularClassifier
    again = kind(n_members=2, random_state=0).fit(
        InMemory(data, flats(noise=NOISE), target),
        X_val=data.X["validation"],
        y_val=data.y["validation"],
    )
    for ours, theirs in zip(model.tabular.members_, again.members_, strict=True):
        np.testing.assert_array_equal(ours.theta_, theirs.theta_)


def test_it_is_as_right_as_an_ensemble_on_the_same_rows_in_memory(folder):
    data = prepared(folder)
    streamed, rows = run(data, TABULAR), InMemory(data, flats(noise=NOISE), "price")
    here = bp.TabularRegressor(n_members=2, random_state=0).fit(
        rows.rows, rows.y, X_val=data.X["validation"], y_val=data.y["validation"]
    )
    assert streamed.score > 0.97
    assert 1 - streamed.score < 1.1 * (1 - here.score(data.X["test"], data.y["test"]))


@pytest.mark.parametrize(("target", "ignore"), [("price", "dear"), ("dear", "price")])
def test_j_is_that_of_the_largest_member_on_all_training_rows(folder, target, ignore):
    data = prepared(folder, target=target, ignore=ignore)
    outcome = run(data, TABULAR)
    blocks = InMemory(data, flats(noise=NOISE), target)
    network, Y = outcome.model.network(), outcome.model.Y(blocks.y)
    J, _ = cost_and_gradient(network.net, network.theta, network.X(blocks.rows), network.Y(Y))
    assert outcome.J == pytest.approx(J, rel=1e-10)


def test_it_is_the_command_lines_default(folder, small_memory):
    told, said = train("flats", "--target", "price", "--ignore", "dear")
    assert [each["settings"]["profile"] for each in told["members"]] == [
        *("fine", "plain", "deep", "calm")
    ]
    assert "Every network of the ensemble reads the table block by block" in said
    assert told["test_r2"] > 0.97
    assert told["n_train"] + told["n_validation"] + told["n_test"] == ROWS
    assert 0 < told["chosen_by"]["rows"] < told["n_validation"]
    done = CliRunner().invoke(main, ["predict", "flats.backpass", "flats", "--out", "all.csv"])
    assert done.exit_code == 0, done.stderr
    answers = pd.read_csv("all.csv")["prediction"]
    assert np.corrcoef(answers, flats(noise=NOISE).price)[0, 1] > 0.98


@pytest.mark.parametrize("words", [["--model", "mlp"], ["--epochs", "3"], ["--hidden", "4"]])
def test_what_asks_for_one_network_trains_one_by_blocks(folder, small_memory, words):
    told, said = train("flats", "--target", "dear", "--ignore", "price", *words)
    assert "members" not in told
    assert "One network is trained; it reads the table block by block" in said


def test_members_and_time_are_asked_for(folder, small_memory):
    words = ["flats", "--target", "dear", "--ignore", "price"]
    assert len(train(*words, "--members", "3")[0]["members"]) == 3
    told, _ = train(*words, "--time", "3")
    assert told["members"]
    assert told["seconds"] < 6  # never many times what was asked for


def test_the_same_seed_is_the_same_model_from_text_and_on_any_threads(folder, small_memory):
    pytest.importorskip("clevercsv")
    flats(noise=NOISE).to_csv("flats.csv", index=False)
    words = ["--target", "dear", "--ignore", "price", "--members", "2", "--seed", "4"]
    one, _ = train("flats.csv", *words, "--threads", "1")
    two, _ = train("flats.csv", *words, "--threads", "2")
    for name in ("J", "test_accuracy", "members", "chosen_by"):
        assert one[name] == two[name]


def test_a_report_of_it_is_written(folder, small_memory):
    pytest.importorskip("matplotlib")
    words = ["train", "flats", "--target", "dear", "--ignore", "price", "--members", "2"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    assert "member" in (folder.parent / "flats.html").read_text().lower()


def test_a_checkpoint_is_gone_on_with(folder, small_memory, monkeypatch):
    words = ["flats", "--target", "price", "--ignore", "dear", "--members", "2", "--threads", "1"]
    whole, _ = train(*words)
    keep = ["--checkpoint", "kept", "--every", "1"]
    epochs = []

    def broken(self, progress):
        epochs.append(progress)
        if len(epochs) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("backpass.cli.progress.MembersBar.update", broken)
        done = CliRunner().invoke(main, ["train", *words, *keep, "--force", "--no-report"])
    assert done.exit_code == 130
    assert "the model so far is kept" in done.stderr
    again, _ = train(*words, *keep)
    assert again["members"] == whole["members"]


def test_weights_of_classes_take_all_rows(folder, small_memory):
    words = ["flats", "--target", "dear", "--ignore", "price", "--class-weight", "balanced"]
    done = CliRunner().invoke(main, ["train", *words])
    assert done.exit_code == 2
    assert "Rows in blocks are trained on without class_weight" in done.stderr


@pytest.mark.parametrize("words", [["--members", "2"], ["--epochs", "3"]])
def test_the_best_threshold_is_found_on_the_validation_rows(folder, small_memory, words):
    how = ["flats", "--target", "dear", "--ignore", "price", "--threshold", "best", *words]
    assert 0 < train(*how)[0]["threshold"] < 1
