"""The command line's default for a table: an ensemble, what asks for one network, what is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import backpass as bp
from backpass.cli import main
from backpass.cli.commands import train
from backpass.experiment.settings import Settings
from backpass.tabular.base import TabularEstimator


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def asked(*args: str) -> dict:
    done = run(*args, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refused(*args: str) -> str:
    before = sorted(Path.cwd().iterdir())
    done = run(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert sorted(Path.cwd().iterdir()) == before
    return done.stderr


def houses(m: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    area, kind = rng.normal(100, 20, m).round(2), rng.choice(["flat", "house"], m)
    price = (area * (1 + (kind == "house")) + rng.normal(size=m)).round(2)
    dear = np.where(price > np.median(price), "yes", "no")
    return pd.DataFrame({"area": area, "kind": kind, "price": price, "dear": dear})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a model of each sort."""
    folder = tmp_path_factory.mktemp("houses")
    houses().to_csv(folder / "houses.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for target, other in (("price", "dear"), ("dear", "price")):
            words = ["houses.csv", "--target", target, "--ignore", other, "--members", "5"]
            told = asked("train", *words, "--no-report", "--out", f"{target}.backpass")
            Path(f"{target}.json").write_text(json.dumps(told))
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


# --- what is trained ---------------------------------------------------------------------------


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which models trainings begin with; none is trained."""
    houses().to_csv(tmp_path / "houses.csv", index=False)
    monkeypatch.chdir(tmp_path)
    seen: list[str] = []

    def stop(data: object, settings: Settings) -> None:
        seen.append(settings.model)
        raise bp.errors.InvalidInput("enough")

    monkeypatch.setattr(train, "_run", stop)
    return seen


HOUSES = ("train", "houses.csv", "--target", "price")
OF_ONE_NETWORK = {
    "--hidden": "8",
    "--activation": "relu",
    "--loss": "squared_error",
    "--solver": "adam",
    "--lambda": "3",
    "--epochs": "9",
    "--batch-size": "32",
    "--learning-rate": "0.002",
    "--schedule": "cosine",
    "--dropout": "0",
    "--early-stopping": None,
    "--dtype": "float64",
}


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ("houses.csv --target price", "tabular"),
        ("houses.csv --target price --seed 3 --threads 1 --every 2 --cv 3", "tabular"),
        ("houses.csv --target price --target area --test-size 0.3", "tabular"),
        ("houses.csv --target price --model mlp", "mlp"),
        ("iris", "tabular"),
        ("digits", "mlp"),
        ("iris --model mlp", "mlp"),
    ],
)
def test_a_table_gets_an_ensemble_and_pictures_one_network(
    chosen: list[str], words: str, model: str
) -> None:
    assert "enough" in run("train", *words.split()).stderr
    assert chosen == [model]


@pytest.mark.parametrize("option", OF_ONE_NETWORK)
def test_an_option_of_one_network_asks_for_one_even_with_its_default(
    chosen: list[str], option: str
) -> None:
    words = [option] if OF_ONE_NETWORK[option] is None else [option, OF_ONE_NETWORK[option]]
    run(*HOUSES, *words)
    assert chosen == ["mlp"]
    assert f"{option}: for one network" in refused(*HOUSES, "--model", "tabular", *words)
    assert "--time 9: it is for an ensemble" in refused(*HOUSES, "--time", "9", *words)


def test_pictures_are_not_for_an_ensemble(chosen: list[str]) -> None:
    assert "One network is trained: an ensemble does not read pictures." in (
        run("train", "digits").stderr
    )
    assert "does not read pictures" in refused("train", "digits", "--model", "tabular")
    assert "--members 3: it is for an ensemble" in refused("train", "digits", "--members", "3")
    assert chosen == ["mlp"]


# --- what is told ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["price", "dear"])
def test_json_has_the_members_and_tells_of_the_largest(here: Path, target: str) -> None:
    told = json.loads(Path(f"{target}.json").read_text())
    members, loaded = told["members"], bp.load(f"{target}.backpass")
    assert [each["number"] for each in members] == [0, 1, 2, 3, 4]
    assert sum(each["share"] for each in members) == pytest.approx(1)
    largest = max(members, key=lambda each: (each["share"], -each["number"]))
    assert (told["network"], told["epochs"]) == (largest["network"], largest["epochs"])
    assert [each["share"] for each in members] == loaded.weights_.tolist()
    assert told["chosen_by"]["metric"] == ("log_loss" if target == "dear" else "squared_error")
    assert told["chosen_by"]["rows"] == loaded.ensemble_.held_out
    assert (told["n_train"], told["n_validation"], told["n_test"]) == (120, 0, 30)
    single = asked("train", "iris", "--epochs", "2", "--no-report", "--force")
    assert set(single) - {"classes", "confusion"} <= {*told, *single}
    assert "members" not in single


def test_people_are_told_of_members_and_of_the_rows_that_choose(here: Path) -> None:
    words = [*HOUSES, "--ignore", "dear", "--members", "3", "--no-report", "--force"]
    said = " ".join(run(*words, "--out", "m.backpass").stdout.split())
    assert re.search(r"members +3, of which [1-3] count", said)
    assert "rows that chose: other rows have worse" in said
    assert "120 train and choose, 30 test" in said
    words += ["--out", "m.backpass", "--split", "group:area"]
    said = " ".join(run(*words).stdout.split())
    assert re.search(r"\d+ train, \d+ choose, \d+ test", said)


def test_time_and_seeds_and_metrics_reach_the_ensemble(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict] = []
    real = TabularEstimator.fit

    def spy(self: TabularEstimator, *args: object, **kwargs: object) -> object:
        made.append(self.get_params())
        return real(self, *args, **kwargs)

    monkeypatch.setattr(bp.TabularClassifier, "fit", spy)
    line = "--time 5 --members 2 --seed 9 --threads 1 --metric auc --class-weight balanced"
    words = ["train", "houses.csv", "--target", "dear", *line.split(), "--no-report", "--force"]
    told = asked(*words, "--out", "m.backpass")
    expected = {"time_limit": 5.0, "n_members": 2, "random_state": 9, "n_threads": 1}
    expected |= {"metric": "auc", "class_weight": "balanced"}
    assert {name: made[0][name] for name in expected} == expected
    assert told["chosen_by"]["metric"] == "auc" == told["headline"]


def test_a_folder_of_checkpoints_is_kept_until_the_files_are_written(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*HOUSES, "--members", "2", "--no-report", "--force", "--checkpoint", "kept"]
    whole = asked(*words[:-2], "--out", "whole.backpass")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(train, "_save", fail)
        assert run(*words).exit_code == 2
    epochs: list[object] = []
    monkeypatch.setattr("backpass.cli.progress.MembersBar.update", lambda _, p: epochs.append(p))
    again = asked(*words, "--out", "again.backpass")
    assert not epochs  # all members were over
    assert again["members"] == whole["members"]
    assert Path("again.backpass").read_bytes() == Path("whole.backpass").read_bytes()
    asked(*words, "--out", "third.backpass")
    assert epochs  # a training that was saved begins anew


def test_control_c_keeps_the_members_so_far(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: object, progress: object) -> None:
        if progress.done == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("backpass.cli.progress.MembersBar.update", stop)
    words = [*HOUSES, "--threads", "1", "--no-report", "--force", "--out", "cut.backpass"]
    done = run(*words, "--json", "--cv", "2")
    assert done.exit_code == 130
    told = json.loads(done.stdout)
    assert told["interrupted"]
    assert len(told["members"]) == 1
    assert "Stopped by Ctrl-C" in done.stderr
    assert run("predict", "cut.backpass", "houses.csv").exit_code == 0


# --- what commands do with it ------------------------------------------------------------------


def test_predict_and_score_answer_as_the_estimator_does(here: Path) -> None:
    frame = houses()
    loaded = bp.load("price.backpass")
    predicted = asked("predict", "price.backpass", "houses.csv")["prediction"]
    np.testing.assert_allclose(predicted, loaded.predict(frame), rtol=1e-9)
    told = json.loads(Path("price.json").read_text())
    rows = asked("predict", "price.backpass", "houses.csv", "--interval", "0.9")
    assert all(
        low < mid < high
        for low, mid, high in zip(*(rows[k] for k in ("lower", "prediction", "upper")))
    )
    assert asked("score", "price.backpass", "houses.csv")["r2"] > 0.9
    assert told["test_r2"] > 0.9
    p = asked("predict", "dear.backpass", "houses.csv", "--proba")
    np.testing.assert_allclose(
        p["probability of yes"], bp.load("dear.backpass").predict_proba(frame)[:, 1], rtol=1e-9
    )


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_are_those_of_the_ensemble(here: Path, coverage: float) -> None:
    """As wide as errors on rows that neither trained nor chose, and not on the test's."""
    told = asked("predict", "price.backpass", "houses.csv", "--interval", str(coverage))
    reg = bp.load("price.backpass")
    expected = reg.predict_interval(houses(), coverage)
    np.testing.assert_allclose(np.column_stack([told["lower"], told["upper"]]), expected, rtol=1e-9)
    assert told["interval"] == {
        "coverage": coverage,
        "errors_of": "rows that neither trained a member nor chose any",
        "rows": len(reg.ensemble_.errors),
    }
    assert "interval" not in asked("predict", "price.backpass", "houses.csv")
    assert "--interval 0.999: intervals that hold" in refused(
        "predict", "price.backpass", "houses.csv", "--interval", "0.999"
    )


def test_intervals_are_the_same_in_blocks_and_of_filled_rows(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses().to_parquet("houses.parquet")
    whole = asked("predict", "price.backpass", "houses.parquet", "--interval", "0.8")
    words = ["houses.parquet", "--interval", "0.8", "--out", "i.csv", "--force"]
    with monkeypatch.context() as patch:
        patch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
        patch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 64)
        told = asked("predict", "price.backpass", *words)
    assert told["interval"] == whole["interval"]
    written = pd.read_csv("i.csv")
    for name in ("prediction", "lower", "upper"):
        np.testing.assert_allclose(written[name], whole[name], rtol=1e-6)
    gaps = houses()
    gaps.loc[3:, "price"] = np.nan
    gaps.to_csv("gaps.csv", index=False)
    filled = asked("predict", "price.backpass", "gaps.csv", "--fill", "--interval", "0.8")
    np.testing.assert_allclose(filled["upper"][3:], whole["upper"][3:], rtol=1e-9)
    assert filled["interval"] == whole["interval"]


def test_intervals_of_one_network_are_of_the_tests_rows(here: Path) -> None:
    words = ["houses.csv", "--target", "price", "--ignore", "dear", "--hidden", "4", "--no-report"]
    trained = asked("train", *words, "--out", "one.backpass")
    told = asked("predict", "one.backpass", "houses.csv", "--interval", "0.8")
    assert told["interval"] == {
        "coverage": 0.8,
        "errors_of": "rows that were held out for the test",
        "rows": trained["n_test"],
    }


@pytest.mark.parametrize("name", ["price", "dear"])
def test_members_are_looked_at_one_by_one(here: Path, name: str) -> None:
    model, told = f"{name}.backpass", json.loads(Path(f"{name}.json").read_text())
    largest = max(told["members"], key=lambda each: (each["share"], -each["number"]))["number"]
    traced = asked("trace", model, "houses.csv", "--row", "4")
    assert traced["member"] == largest
    assert traced["network"] == told["network"]
    counted = [each["number"] for each in told["members"] if each["share"] > 0]
    for k in counted:
        named = ["--member", str(k)]
        assert (
            asked("trace", model, "houses.csv", "--row", "4", *named)["network"]
            == (told["members"][k]["network"])
        )
        checked = asked("check", model, "houses.csv", "--entries", "30", *named)
        assert (checked["ok"], checked["member"]) == (True, k)
    assert "--member 99: There is no member 99" in refused(
        "trace", model, "houses.csv", "--member", "99"
    )


@pytest.mark.parametrize("name", ["price", "dear"])
def test_an_answer_is_taken_apart_in_members_and_columns(here: Path, name: str) -> None:
    found = asked("explain", f"{name}.backpass", "houses.csv", "--row", "7")
    frame, loaded = houses(), bp.load(f"{name}.backpass")
    members = found["members"]
    assert sum(each["share"] for each in members) == pytest.approx(1)
    mean = sum(each["share"] * each["answer"] for each in members)
    if name == "price":
        assert found["prediction"] == found["answer"] == pytest.approx(loaded.predict(frame)[7])
        assert mean == pytest.approx(found["answer"], rel=1e-6)
    else:
        p = dict(zip(loaded.classes_, loaded.predict_proba(frame)[7]))
        assert found["probability"] == pytest.approx(p[found["prediction"]])
        assert mean == pytest.approx(found["probability"], abs=0.05)  # which is bounded
    assert {each["name"] for each in found["columns"]} == {"area", "kind"}
    effects = {each["name"]: each["effect"] for each in found["columns"]}
    for column, effect in effects.items():
        other = pd.concat([frame.iloc[[7]]] * 149, ignore_index=True)
        other[column] = frame[column].drop(7).to_numpy()
        if name == "price":
            without = loaded.predict(other)
            assert effect == pytest.approx(found["answer"] - without.mean(), rel=1e-6)
        else:
            place = loaded.classes_.tolist().index(found["prediction"])
            without = loaded.predict_proba(other)[:, place]
            assert effect == pytest.approx(found["probability"] - without.mean(), abs=1e-6)
    said = run("explain", f"{name}.backpass", "houses.csv", "--row", "7").stdout
    assert "The columns that moved it" in said
    assert "of which SYMBOL?" in refused(
        "explain", f"{name}.backpass", "houses.csv", "--layer", "2"
    )


def test_the_studio_shows_a_member_and_trains_none(here: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ["studio", "price.backpass", "houses.csv", "--member", "2"]
    told = asked(*words, "--export", str(page))
    assert told["network"] == json.loads(Path("price.json").read_text())["members"][2]["network"]
    held = json.loads(re.search(r'application/json">(.*?)</script>', page.read_text("utf-8"))[1])
    assert "member 2 of 5" in held["title"]
    assert held["lam"] == 0
    assert "trains none of them" in refused(*words, "--out", "new.backpass")


def test_info_has_the_leaderboard(here: Path) -> None:
    told, trained = asked("info", "dear.backpass"), json.loads(Path("dear.json").read_text())
    assert told["members"] == trained["members"]
    assert (told["network"], told["epochs"]) == (trained["network"], trained["epochs"])
    said = run("info", "dear.backpass").stdout
    assert re.search(r"member +share +score +epochs", said)


def test_a_table_of_arrays_is_trained_on_and_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    np.savez("rows.npz", X=X, y=(X[:, 0] > 0).astype(int))
    assert run("train", "rows.npz", "--members", "4", "--out", "m.backpass").exit_code == 0
    done = run("predict", "m.backpass", "rows.npz")
    assert done.exit_code == 0, done.stderr
    assert "accuracy" in done.stdout + done.stderr
