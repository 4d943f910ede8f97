import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console
from sklearn.datasets import load_iris

from backpass.cli import main, progress
from backpass.cli.commands.studio import _new
from backpass.storage.modelfile import Content, read_model, write_model
from backpass.storage.packing import Unpacker
from backpass.studio.session import Hyperparameters, Session


def run(*arguments: str):
    return CliRunner().invoke(main, ["studio", *arguments])


def test_export_writes_one_offline_page(tmp_path):
    page = tmp_path / "page.html"
    result = run("iris", "--hidden", "5", "--export", str(page), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["network"] == "4-5-3 (tanh; log_loss)"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    again = run("iris", "--export", str(page))
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_a_table_of_numbers_and_a_trained_model(tmp_path):
    table, model, page = (tmp_path / name for name in ("t.csv", "t.backpass", "page.html"))
    x = np.linspace(-1, 1, 60)
    table.write_text("a,b,y\n" + "\n".join(f"{v},{v * v},{np.sin(3 * v) + 5}" for v in x))
    trained = CliRunner().invoke(
        main, ["train", str(table), "--target", "y", "--hidden", "4", "--epochs", "3",
               "--no-report", "--out", str(model)],
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    assert run(str(model), str(table), "--export", str(page)).exit_code == 0
    held = json.loads(re.search(r'application/json">(.*?)</script>', page.read_text("utf-8"))[1])
    assert held["net"]["sizes"] == [2, 4, 1]
    assert held["classes"] is None
    assert len(held["X"]) == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv"], "missing.csv"),
        (["iris", "--hidden", "0"], "positive size"),
        (["nothing.backpass", "iris"], "nothing.backpass"),
    ],
)
def test_bad_arguments_end_in_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, "--export", "page.html")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The name of a small trained model; files are where it is."""
    monkeypatch.chdir(tmp_path)
    words = [
        "train",
        "iris",
        "--hidden",
        "3",
        "--epochs",
        "2",
        "--no-report",
        "--out",
        "m.backpass",
    ]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    return "m.backpass"


def test_a_model_is_shown_on_rows_with_targets_only(trained, tmp_path):
    load_iris(as_frame=True).data.to_csv(tmp_path / "rows.csv", index=False)
    alone = run(trained, "--export", "page.html")
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "Which rows?" in alone.stderr
    assert trained in alone.stderr
    without = run(trained, "rows.csv", "--export", "page.html")
    assert (without.exit_code, without.stdout) == (2, "")
    assert "rows.csv has no target column" in without.stderr
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    "words",
    [["--hidden", "9"], ["--lambda", "7"], ["--seed", "5"], ["--target", "target"],
     ["--image", "2x2"], ["--out", "new.backpass"], ["--checkpoint", "run"], ["--port", "8000"]],
    ids=" ".join,
)  # fmt: skip
def test_an_option_without_effect_is_refused(trained, words):
    refused = run(trained, "iris", *words, "--export", "page.html")
    assert refused.exit_code == 2
    assert words[0] in refused.stderr


@pytest.mark.parametrize("words", [["--member", "1"], ["wine"]], ids=" ".join)
def test_what_is_for_a_model_is_refused_for_a_new_network(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run("iris", *words, "--export", "page.html")
    assert refused.exit_code == 2
    assert f"{words[0]}: only after a MODEL" in " ".join(refused.stderr.split())


def test_the_page_knows_the_table_s_own_rows_names_and_units(tmp_path):
    table, page = tmp_path / "houses.csv", tmp_path / "page.html"
    sizes = [(37 * k * k) % 101 / 4 for k in range(60)]
    lines = [f"{sizes[k]},{'ab'[k % 2]},{3 * k + 0.25}" for k in range(60)]
    table.write_text("size,kind,price\n" + "\n".join(lines))
    done = run(str(table), "--target", "price", "--hidden", "3", "--export", str(page))
    assert done.exit_code == 0, done.output
    held = json.loads(re.search(r'application/json">(.*?)</script>', page.read_text("utf-8"))[1])
    captions, rows = held["captions"], held["captions"]["rows"]
    assert captions["inputs"] == ["size", "kind = a", "kind = b"]
    assert captions["columns"]["size"] == [f"{sizes[k]:.12g}" for k in rows]
    assert captions["columns"]["kind"] == ["ab"[k % 2] for k in rows]
    (centre, scale) = captions["scales"][0]
    prices = [centre + scale * y[0] for y in held["Y"]]
    np.testing.assert_allclose(prices, [3 * k + 0.25 for k in rows], rtol=1e-12)
    assert "standardised" in captions["units"]
    assert captions["command"].startswith("backpass studio")


def test_a_network_without_hidden_layers_is_shown(tmp_path):
    page = str(tmp_path / "page.html")
    result = run("iris", "--hidden", "none", "--export", page, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["network"] == "4-3 (no hidden layer; log_loss)"


@contextlib.contextmanager
def studio(*arguments: str):
    """A studio in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backpass", "studio", *arguments, "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    try:
        assert process.stderr is not None
        # Where the core is not built, a warning comes first.
        lines = (re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", line) for line in process.stderr)
        yield process, next(filter(None, lines))[0]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def page_of(address: str) -> str:
    """The page, as soon as the server answers."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read().decode()
        except urllib.error.URLError:
            time.sleep(0.05)
    pytest.fail("the studio never answered")


def theta_on(page: str) -> np.ndarray:
    held = re.search(r'application/json">(.*?)</script>', page)[1]
    return np.array(json.loads(held)["theta"])


def run_in(path) -> dict:
    """The run that a checkpoint holds."""
    content = read_model(path)
    return Unpacker(content.arrays).unpack(content.metadata["state"])


def test_the_server_answers_at_its_address_and_ends_at_ctrl_c():
    with studio("iris") as (process, address):
        assert "backpass studio" in page_of(address)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.rsplit("/", 2)[0] + "/wrong/")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_killed_server_loses_nothing_that_was_checkpointed(tmp_path):
    connect = pytest.importorskip("websockets.sync.client").connect
    path = tmp_path / "run.checkpoint"
    words = ("iris", "--hidden", "5", "--checkpoint", str(path), "--every", "3")
    order = {"do": "start", "alpha": 0.01, "lam": 1.0, "epochs": 100_000}

    @contextlib.contextmanager
    def trains(address: str):
        origin = address.rsplit("/", 2)[0]
        with connect(address.replace("http", "ws") + "train", origin=origin) as socket:
            socket.send(json.dumps(order))
            yield

    with studio(*words) as (process, address):
        fresh = theta_on(page_of(address))
        with trains(address):
            while not path.exists():
                time.sleep(0.01)
            process.kill()  # SIGKILL, in mid-training
            process.wait()
    kept = run_in(path)
    assert kept["epoch"] >= 3

    with studio(*words) as (process, address):
        np.testing.assert_array_equal(theta_on(page_of(address)), kept["theta"])
        assert "Ctrl-C" in process.stderr.readline()
        assert f"after epoch {kept['epoch']} of" in process.stderr.readline()
        with trains(address):
            while run_in(path)["epoch"] < kept["epoch"] + 6:
                time.sleep(0.01)
    later = run_in(path)

    data = _new("iris", None, (5,), 1.0, 0).session_data(None)
    session = Session(_new("iris", None, (5,), 1.0, 0).page_state(), data)
    np.testing.assert_array_equal(session.theta, fresh)
    session.start(Hyperparameters(alpha=0.01, lam=1.0, epochs=later["epoch"]))
    while session.running:
        time.sleep(0.01)
    np.testing.assert_array_equal(session.theta, later["theta"])


def test_a_checkpoint_of_another_network_is_refused_in_one_line(tmp_path):
    path = tmp_path / "run.checkpoint"
    write_model(
        path, Content({}, {"kind": "checkpoint", "identity": {}, "finished": False, "state": None})
    )
    result = run("iris", "--checkpoint", str(path), "--no-browser")
    assert result.exit_code == 2
    assert "another training" in result.stderr


SMALL = {
    "numbers": ("a,b,y\n", [f"{k},{k * k},{k / 7}" for k in range(15)]),
    "no numbers": ("a,b,y\n", [f"{'uv'[k % 2]},{'st'[k % 3 > 0]},{k / 7}" for k in range(12)]),
    "truth": ("a,y\n", [f"{k},{k > 5}" for k in range(12)]),
}


@pytest.mark.parametrize("kind", SMALL)
def test_a_table_without_rows_to_validate_on_trains_in_the_studio(tmp_path, kind):
    head, rows = SMALL[kind]
    (tmp_path / "small.csv").write_text(head + "\n".join(rows) + "\n")
    model = _new(str(tmp_path / "small.csv"), "y", (5,), 1.0, 0)
    data = model.session_data(None)
    assert len(data.X_validation) == len(data.Y_validation) == 0
    assert data.Y_validation.shape[1] == data.Y.shape[1]
    session = Session(model.page_state(), data)
    session.start(Hyperparameters(alpha=0.01, epochs=5))
    session._thread.join(30)
    news = session.mailbox.take()
    assert news["says"] == "All epochs are done."
    assert news["done"]
    assert len(news["curves"]["J"]) == len(news["curves"]["score"]) == 5
    assert "validation" not in news["curves"]
    json.dumps(news, allow_nan=False)
    if kind != "numbers" and kind != "no numbers":
        assert np.sum(news["confusion"]) == len(data.X)


def test_a_table_of_many_categories_trains_in_the_studio(tmp_path):
    lines = [f"t{7 * k % 400},{'ab'[7 * k % 400 > 200]}" for k in range(4000)]
    (tmp_path / "towns.csv").write_text("town,y\n" + "\n".join(lines) + "\n")
    model = _new(str(tmp_path / "towns.csv"), "y", (4,), 1.0, 0)
    data, state = model.session_data(None), model.page_state()
    assert hasattr(data.X, "tocsr")
    assert isinstance(state.X, np.ndarray)
    session = Session(state, data)
    session.start(Hyperparameters(alpha=0.01, epochs=3))
    session._thread.join(30)
    news = session.mailbox.take()
    assert news["says"] == "All epochs are done."
    assert np.sum(news["confusion"]) == news["rows_scored"] == data.X_validation.shape[0]


def test_a_model_and_a_table_of_one_row_are_shown(tmp_path):
    head, rows = SMALL["truth"]
    (tmp_path / "small.csv").write_text(head + "\n".join(rows) + "\n")
    (tmp_path / "one.csv").write_text(head + rows[0] + "\n")
    model, page = str(tmp_path / "m.backpass"), str(tmp_path / "page.html")
    words = ["--target", "y", "--hidden", "3", "--epochs", "2", "--no-report", "--out", model]
    trained = CliRunner().invoke(main, ["train", str(tmp_path / "small.csv"), *words])
    assert trained.exit_code == 0, trained.output
    shown = run(model, str(tmp_path / "one.csv"), "--export", page)
    assert shown.exit_code == 0, shown.output


def test_a_small_table_is_served(tmp_path):
    head, rows = SMALL["numbers"]
    (tmp_path / "small.csv").write_text(head + "\n".join(rows) + "\n")
    served = studio(str(tmp_path / "small.csv"), "--target", "y")
    with served as (_, address), urllib.request.urlopen(address) as page:
        assert b"<html" in page.read()


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("iris", "--no-browser", "--port", str(port))
    assert refused.exit_code == 2
    assert f"Port {port} cannot be served on" in refused.stderr


def test_what_takes_long_is_said_at_its_beginning_and_while_it_goes_on(monkeypatch):
    said = io.StringIO()
    console = Console(file=said, width=40)
    monkeypatch.setattr(progress, "FIRST_WORD", 0.02)
    with progress.told_work("Reading a table with a long name, 900.0 MB", console):
        assert said.getvalue() == "Reading a table with a long name, 900.0 MB …\n"
        time.sleep(0.3)
    lines = said.getvalue().splitlines()
    assert 2 <= sum("still at it" in line for line in lines) <= 6
    assert lines[-1].startswith("  done in")


def test_a_short_work_says_one_line():
    said = io.StringIO()
    with progress.told_work("Reading t.csv", Console(file=said)):
        pass
    assert said.getvalue() == "Reading t.csv …\n"


def test_points_in_a_plane_by_their_name(tmp_path):
    page = tmp_path / "page.html"
    words = (
        "--hidden",
        "5,3",
        "--lambda",
        "0.25",
        "--seed",
        "7",
        "--points",
        "40",
        "--noise",
        "0.2",
    )
    done = run("moons", *words, "--export", str(page), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["network"] == "2-5-3-1 (tanh; binary_log_loss)"
    held = json.loads(re.search(r'application/json">(.*?)</script>', page.read_text("utf-8"))[1])
    asked = {"toy": "moons", "hidden": [5, 3], "lam": 0.25, "seed": 7, "points": 40, "noise": 0.2}
    assert held["toy"].items() >= asked.items()
    assert held["toy"]["alpha"] == 0.05  # what was not asked for is what learns the set well
    assert len(held["X"]) == 28
    assert held["captions"]["command"].startswith("backpass studio moons --hidden 5,3")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["spirals", "--target", "x"], "--target: spirals is points in a plane"),
        (["spirals", "t.csv"], "t.csv: spirals is points in a plane"),
        (["spirals", "--out", "m.backpass"], "--out: spirals is points in a plane"),
        (["iris", "--noise", "0.1"], "--noise: for points in a plane: xor, moons"),
        (["spirals", "--hidden", "9"], "up to 5 hidden layers of 1 to 8 units"),
        (["spirals", "--port", "8000"], "--port: --export writes the page and ends"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_what_has_no_effect_on_points_in_a_plane_is_refused(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run(*words, "--export", "page.html")
    assert refused.exit_code == 2
    assert message in " ".join(refused.stderr.split())
    assert not list(tmp_path.iterdir())


def test_a_page_that_is_written_has_no_debugger(tmp_path):
    result = run("iris", "--debugger", "--export", str(tmp_path / "page.html"))
    assert result.exit_code == 2
    assert "--debugger: --export writes the page and ends" in result.stderr
