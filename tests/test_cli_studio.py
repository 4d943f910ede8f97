import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from click.testing import CliRunner

from backpass.cli import main


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


def test_the_server_answers_at_its_address_and_ends_at_ctrl_c():
    command = [sys.executable, "-m", "backpass", "studio", "iris", "--no-browser"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    try:
        assert process.stderr is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", process.stderr.readline())[0]
        for _ in range(200):
            try:
                with urllib.request.urlopen(address) as answer:
                    assert "backpass studio" in answer.read().decode()
                break
            except urllib.error.URLError:
                time.sleep(0.05)
        else:
            pytest.fail("the studio never answered")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.rsplit("/", 2)[0] + "/wrong/")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
