"""`backpass score`: on the held-out rows it gives the training's numbers, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from backpass.estimators.targets.metrics import METRICS
from backpass.experiment.scoring.scores import RENAMED
from command_lines import done, refused, run, said_aloud, told

QUICK = "--hidden 6 --epochs 8 --no-report --force"
FIRST = Path(__file__).parents[1] / "files" / "first-release"
M = 240


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table().to_csv("t.csv", index=False)


def table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(100, 20, M).round(2),
            "city": rng.choice(["Oslo", "Rome", "Bern"], M),
            "day": pd.date_range("2023-01-01", periods=M).strftime("%Y-%m-%d"),
        }
    )
    effect = frame["size"] / 20 + (frame.city == "Rome") + rng.normal(0, 0.5, M)
    frame["price"] = (effect * 1000).round(1)
    frame["fault"] = np.where(effect > np.quantile(effect, 0.88), "yes", "no")
    frame["grade"] = np.digitize(effect, np.quantile(effect, [0.3, 0.7])) + 1
    frame["visits"] = rng.poisson(np.exp(effect / 2)) + 30
    return frame


def held_out(target: str, how: str = "") -> tuple[dict, str]:
    """Train, and write the rows of the test into a file."""
    from backpass.cli.source import load_to_learn
    from backpass.experiment.prepared import prepare
    from backpass.experiment.settings import Settings

    table()[["size", "city", "day", target]].to_csv("one.csv", index=False)
    trained = told(f"train one.csv --target {target} --out m {QUICK} {how}")
    dtype = "float32" if "float32" in how else "float64"
    rows = prepare(load_to_learn("one.csv", target), Settings(dtype=dtype)).rows["test"]
    assert len(rows) == trained["n_test"]
    pd.read_csv("one.csv", dtype=str).iloc[rows].to_csv("held.csv", index=False)
    return trained, "held.csv"


def expected(trained: dict) -> dict:
    """What a training told of its test, by the metrics' own names."""
    names = {new: old for old, new in RENAMED.items()}
    scores = {names.get(k, k): v for k, v in trained.items() if names.get(k, k) in METRICS}
    scores["baselines"] = {names.get(k, k): v for k, v in trained["baselines"].items()}
    scores["headline"] = names.get(trained["headline"], trained["headline"])
    return scores


@pytest.mark.parametrize("how", ["", "--dtype float32", "--early-stopping"])
@pytest.mark.parametrize("target", ["price", "fault", "grade", "visits"])
def test_held_out_rows_have_the_trainings_numbers_exactly(target: str, how: str) -> None:
    trained, file = held_out(target, how)
    values = told(f"score m {file}")
    for name, value in expected(trained).items():
        assert values[name] == value, name
    for name in ("by_class", "confusion", "classes", "rare_class", "target"):
        assert values.get(name) == trained.get(name)
    assert (values["n_rows"], values["n_seen_in_training"]) == (trained["n_test"], 0)
    assert values["n_without_target"] == 0
    table = pd.read_csv(file, dtype=str)
    table[table.columns[::-1]].iloc[::-1].to_json("held.jsonl", orient="records", lines=True)
    assert told("score m held.jsonl")[values["headline"]] == values[values["headline"]]


def test_built_in_sets_and_arrays_are_scored() -> None:
    done("train digits --out d --epochs 2 --hidden 5 --no-report")
    values = told("score d digits")
    assert values["n_rows"] == 1797
    assert np.sum(values["confusion"]) == 1797
    assert values["n_seen_in_training"] == pytest.approx(0.8 * 1797, abs=2)


def test_metrics_are_those_of_scikit_learn() -> None:
    held_out("fault")
    frame = table(1)
    frame = frame[["size", "city", "day", "fault"]]
    frame.to_csv("new.csv", index=False)
    values = told("score m new.csv")
    p = told("predict m new.csv --proba")["probability of yes"]
    truth = frame["fault"] == "yes"
    assert values["auc"] == pytest.approx(metrics.roc_auc_score(truth, p))
    assert values["confusion"] == metrics.confusion_matrix(truth, np.array(p) >= 0.5).tolist()
    assert values["rare_class"] == "yes"


def test_people_see_the_scores_beside_those_without_a_model_and_the_confusion() -> None:
    held_out("fault")
    result = done("score m one.csv")
    shown = " ".join(result.stdout.split())
    assert f"{M} rows without a model" in shown
    for word in ("balanced accuracy", "recall of yes", "AUC", "true class (down)", "50.00%"):
        assert word in shown
    assert "rows were in the training of this model: a score on them flatters" in result.stderr
    assert "true class" not in done("score m one.csv --json").stdout
    held_out("price")
    assert "true class" not in done("score m one.csv").stdout


def test_the_metric_that_is_asked_for_comes_first() -> None:
    held_out("price")
    assert told("score m one.csv --metric rmse")["headline"] == "rmse"
    assert done("score m one.csv --metric rmse").stdout.splitlines()[1].startswith("RMSE")
    assert "--metric auc: for numbers there are r2" in refused("score m one.csv --metric auc")
    assert "did you mean 'rmse'" in refused("score m one.csv --metric rmsee")


@said_aloud
def test_a_metric_that_the_rows_do_not_define_is_said() -> None:
    held_out("fault")
    frame = pd.read_csv("one.csv")
    frame[frame["fault"] == "no"].to_csv("no.csv", index=False)
    result = done("score m no.csv --metric auc")
    assert "These rows do not define 'auc'" in result.stderr


def test_rows_without_a_target_are_left_out_with_a_word() -> None:
    held_out("price")
    frame = pd.read_csv("one.csv", dtype=str)
    frame.loc[::4, "price"] = ""
    frame.to_csv("half.csv", index=False)
    frame[frame["price"] != ""].to_csv("rest.csv", index=False)
    half, rest = told("score m half.csv"), told("score m rest.csv")
    assert (half["n_rows"], half["n_without_target"]) == (M - M // 4, M // 4)
    for name in ("r2", "mean_error", "rmse", "n_seen_in_training"):
        assert half[name] == rest[name]
    assert f"{M // 4} rows have no 'price'; left out" in done("score m half.csv").stderr
    frame.assign(price="").to_csv("none.csv", index=False)
    assert "no row with a 'price'" in refused("score m none.csv")
    frame.drop(columns="price").to_csv("lacks.csv", index=False)
    assert "no column 'price'" in refused("score m lacks.csv")


@said_aloud
def test_what_the_training_did_not_have_is_told_of_scored_rows_and_refused_with_strict() -> None:
    held_out("price")
    frame = pd.read_csv("one.csv", dtype=str)
    frame.loc[3, "city"] = "Lima"
    frame.to_csv("odd.csv", index=False)
    assert "'Lima'" in done("score m odd.csv").stderr
    assert "--strict: Column 'city' holds 1 text" in refused("score m odd.csv --strict")
    frame.loc[3, "price"] = ""
    frame.to_csv("odd.csv", index=False)
    assert told("score m odd.csv --strict")["unknown_categories"] == {}


def test_a_class_that_the_model_does_not_know_is_wrong_and_in_the_confusion() -> None:
    held_out("fault")
    frame = pd.read_csv("one.csv", dtype=str)
    frame.loc[:9, "fault"] = "maybe"
    frame.to_csv("odd.csv", index=False)
    values = told("score m odd.csv")
    assert values["classes"] == ["maybe", "no", "yes"]
    assert np.sum(values["confusion"][0]) == 10
    assert values["by_class"]["maybe"]["recall"] == 0
    shown = done("score m odd.csv").stdout.splitlines()
    assert [row.split()[:2] for row in shown if row.split()[:1] == ["maybe"]][-1] == ["maybe", "·"]


@pytest.mark.parametrize("target", ["price", "code", "ok"])
def test_models_of_the_first_release_are_scored_beside_the_rows_themselves(target: str) -> None:
    values = told(f"score {FIRST / target}.backpass {FIRST / 'houses.csv'}")
    kind = "r2" if target == "price" else "accuracy"
    assert values[kind] == told(f"predict {FIRST / target}.backpass {FIRST / 'houses.csv'}")[kind]
    most = pd.read_csv(FIRST / "houses.csv")[target].value_counts(normalize=True).iloc[0]
    assert values["baselines"][kind] == (0 if target == "price" else most)
    assert values["n_seen_in_training"] is None
    said = done(f"score {FIRST / target}.backpass {FIRST / 'houses.csv'}").stderr
    assert "does not say what its training rows had" in said


# --- what the training was told -------------------------------------------------------------------


def weighed(target: str, how: str = "") -> dict:
    """Train on rows that weigh, with the test in a file of its own."""
    frame = table()[["size", "city", target]].assign(w=np.arange(M) % 4 + 0.5)
    frame[:180].to_csv("learn.csv", index=False)
    frame[180:].to_csv("held.csv", index=False)
    return told(
        f"train learn.csv --target {target} --test held.csv --weights w --out m {QUICK} {how}"
    )


@said_aloud
@pytest.mark.parametrize("target", ["price", "fault"])
def test_rows_weigh_as_in_the_training(target: str) -> None:
    trained = weighed(target)
    values = told("score m held.csv")
    for name, value in expected(trained).items():
        assert values[name] == value, name
    pd.read_csv("held.csv").drop(columns="w").to_csv("light.csv", index=False)
    assert "no column 'w', which says what rows weigh" in done("score m light.csv").stderr
    light = told("score m light.csv")
    assert light[light["headline"]] != values[light["headline"]]
    frame = pd.read_csv("held.csv")
    frame.loc[2, "w"] = np.nan
    frame.to_csv("gap.csv", index=False)
    assert "1 row has no weight" in refused("score m gap.csv")


def test_the_trainings_metric_and_threshold_hold_until_others_are_asked_for() -> None:
    trained, file = held_out("fault", "--metric f1 --threshold 0.2")
    values = told(f"score m {file}")
    assert values["headline"] == "f1" == expected(trained)["headline"]
    assert values["f1"] == trained["f1"]
    assert values["confusion"] == trained["confusion"]
    assert told(f"score m {file} --metric auc")["headline"] == "auc"


def test_a_threshold_decides_for_the_rarer_class() -> None:
    held_out("fault")
    p = np.array(told("predict m one.csv --proba")["probability of yes"])
    truth = pd.read_csv("one.csv")["fault"] == "yes"
    for threshold in (0.1, 0.7):
        confusion = told(f"score m one.csv --threshold {threshold}")["confusion"]
        assert confusion == metrics.confusion_matrix(truth, p >= threshold).tolist()
    assert "--threshold" in refused("score m one.csv --threshold 1.5")
    held_out("price")
    assert "--threshold 0.3: it tells two classes apart, and the target 'price' is a number" in (
        refused("score m one.csv --threshold 0.3")
    )
    held_out("grade")
    assert "has 3 classes" in refused("score m one.csv --threshold 0.3")
    first = f"score {FIRST / 'code'}.backpass {FIRST / 'houses.csv'} --threshold 0.3"
    assert "rarer one; train it anew" in refused(first)


@pytest.mark.parametrize("target", ["price", "fault"])
def test_a_table_larger_than_memory_is_scored_as_one_in_memory(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weighed(target)
    frame = pd.concat([pd.read_csv("learn.csv"), pd.read_csv("held.csv")])
    frame.loc[frame.index % 5 == 0, target] = None
    frame.to_parquet("t.parquet", row_group_size=50)
    frame.assign(**{target: None}).to_parquet("none.parquet")
    whole = told("score m t.parquet")
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
    monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 16)
    blocks = told("score m t.parquet")
    assert blocks.keys() == whole.keys()
    for name in blocks:
        assert blocks[name] == (
            pytest.approx(whole[name], rel=1e-9) if isinstance(whole[name], float) else whole[name]
        )
    assert "no row with a" in run("score m none.parquet").stderr
    frame.drop(columns=target).to_parquet("lacks.parquet")
    assert f"no column '{target}'" in run("score m lacks.parquet").stderr
