"""An experiment in memory: what the test's rows may not tell, and what a picture is."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.io import savemat

import backpass as bp
from backpass.cli import main
from backpass.data.columns import Categorical, Numeric
from backpass.data.datasets import load_digits
from backpass.data.tables import Table
from backpass.errors import InvalidInput
from backpass.experiment.prepared import prepare
from backpass.experiment.settings import Settings

SETTINGS = Settings()


def mixed(rows=200):
    draw = np.random.default_rng(3)
    x = pd.DataFrame({"x": draw.normal(5, 2, rows), "kind": draw.choice(["a", "b"], rows)})
    x.loc[::7, "x"] = np.nan
    x["kind"] = x["kind"].astype(object)
    return Table(x, draw.normal(size=rows), ("x", "kind"), "y")


@pytest.mark.filterwarnings("ignore:Column 'kind' holds 1 category unknown")
def test_the_tests_rows_tell_the_preprocessing_nothing():
    """A huge number and a category of their own change neither fill, nor scale, nor categories."""
    table = mixed()
    before = prepare(table, SETTINGS)
    test = before.rows["test"]
    table.X.loc[test, "x"] = 1e9
    table.X.loc[test, "kind"] = "theirs"
    after = prepare(table, SETTINGS)
    assert after.preprocessing == before.preprocessing
    learnt = table.X.drop(index=test)
    x, kind = after.preprocessing.columns
    assert isinstance(x, Numeric)
    assert isinstance(kind, Categorical)
    assert x.fill == learnt["x"].median()
    filled = learnt["x"].fillna(x.fill)
    assert (x.centre, 1 / x.factor) == pytest.approx((filled.mean(), filled.std(ddof=0)), rel=1e-12)
    assert kind.categories == ("a", "b")
    np.testing.assert_array_equal(after.X["train"], before.X["train"])


def survey(columns=64, rows=120):
    """Answers from 1 to 5, and one column of numbers up to 200: no picture at all."""
    draw = np.random.default_rng(0)
    answers = draw.integers(1, 6, (rows, columns))
    answers[:, 0] = draw.integers(0, 200, rows)
    return answers, (answers[:, 1] > 3).astype(int)


@pytest.mark.parametrize("columns", [64, 81, 100, 784])
def test_whole_numbers_are_no_pixels(columns):
    X, y = survey(columns)
    names = tuple(f"q{k}" for k in range(columns))
    for given in (X, X.astype(np.uint8), pd.DataFrame(X, columns=names)):
        data = prepare(Table(given, y, names, "y"), SETTINGS)
        assert data.image_shape is data.preprocessing.image is None
        np.testing.assert_allclose(data.X["train"].std(axis=0), 1, atol=0.2)


def test_pixels_are_where_the_user_says_so():
    X, y = survey()
    names = tuple(f"q{k}" for k in range(64))
    data = prepare(Table(pd.DataFrame(X, columns=names), y, names, "y", (4, 16)), SETTINGS)
    assert data.image_shape == (4, 16)
    assert data.preprocessing.image == (4, 16, "C")
    low, high = X[np.r_[data.rows["train"], data.rows["validation"]]].min(), X.max()
    known = (X[data.rows["train"]] - low) / (high - low)
    np.testing.assert_allclose(data.X["train"], known, atol=0.02)


def test_a_gap_in_a_picture_is_dark():
    X, y = survey()
    frame = pd.DataFrame(X, dtype=float, columns=[f"q{k}" for k in range(64)])
    frame.iloc[::3, 5] = np.nan
    data = prepare(Table(frame, y, tuple(frame), "y", (8, 8)), SETTINGS)
    assert np.isfinite(data.X["train"]).all()
    assert (data.X["train"][data.rows["train"] % 3 == 0, 5] == 0).all()


def test_a_picture_without_some_of_its_pixels_is_a_table():
    data = prepare(load_digits(), SETTINGS, ignore=("pixel_0_0",))
    assert data.image_shape is None


def test_a_shape_of_another_size_is_refused():
    with pytest.raises(InvalidInput, match="64 columns of inputs, but an image of 8 x 9 has 72"):
        Table(np.zeros((2, 64)), None, tuple(map(str, range(64))), image_shape=(8, 9))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = survey()
    pd.DataFrame(X).add_prefix("q").assign(y=y).to_csv("t.csv", index=False)
    np.savez("t.npz", X=X, y=y)
    np.savez("pictures.npz", X=X.reshape(-1, 8, 8), y=y)
    savemat("t.mat", {"X": X, "y": y})
    return tmp_path


def train(source, *words):
    target = ["--target", "y"] if source.endswith("csv") else []
    quick = ["--hidden", "4", "--epochs", "3", "--no-report", "--force", "--out", "m.backpass"]
    return CliRunner().invoke(main, ["train", source, *target, *quick, *words])


@pytest.mark.parametrize(
    ("source", "words", "image"),
    [
        ("t.csv", (), None),
        ("t.npz", (), None),
        ("t.csv", ("--image", "8x8"), (8, 8, "C")),
        ("t.csv", ("--image", "4×16"), (4, 16, "C")),
        ("t.npz", ("--image", "2X32"), (2, 32, "C")),
        ("pictures.npz", (), (8, 8, "C")),
        ("t.mat", (), (8, 8, "F")),
        ("digits", (), (8, 8, "C")),
        ("digits", ("--image", "8x8"), (8, 8, "C")),
    ],
)
def test_what_train_takes_for_pictures(place, source, words, image):
    done = train(source, *words)
    assert done.exit_code == 0, done.stderr
    assert bp.load("m.backpass").preprocessing_.image == image
    page = CliRunner().invoke(main, ["studio", "m.backpass", source, "--export", "page.html"])
    assert page.exit_code == 0, page.stderr
    text = (place / "page.html").read_text("utf-8")
    shown = json.loads(text.split('application/json">')[1].split("</script>")[0])
    assert (shown["image"], shown["image_order"]) == (image and list(image[:2]), (image or "C")[-1])


def test_a_model_of_pictures_is_shown_as_such_in_python(place):
    assert train("t.csv", "--image", "8x8").exit_code == 0
    model = bp.load("m.backpass")
    assert '"image": [8, 8]' in bp.studio(model).html
    model.preprocessing_ = None
    assert '"image": null' in bp.studio(model).html


@pytest.mark.parametrize(
    ("source", "words", "message"),
    [
        ("t.csv", ("--image", "8x9"), "64 columns of inputs, but an image of 8 x 9 has 72 pixels"),
        ("t.csv", ("--image", "8x8", "--ignore", "q3"), "63 columns of inputs"),
        ("iris", ("--image", "2x3"), "4 columns of inputs, but an image of 2 x 3"),
        ("t.csv", ("--image", "8"), "'8' is not like 28x28"),
        ("t.csv", ("--image", "0x64"), "'0x64' is not like 28x28"),
    ],
)
def test_pictures_that_cannot_be(place, source, words, message):
    done = train(source, *words)
    assert done.exit_code == 2
    assert message in done.stderr
