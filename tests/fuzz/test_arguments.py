"""Any arguments to the command line: exit code 0, 1 or 2, and never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backpass.cli import main

COMMANDS = [
    "train",
    "predict",
    "trace",
    "explain",
    "check",
    "diagnose",
    "landscape",
    "info",
    "nope",
]
OPTIONS = [
    "--target",
    "--hidden",
    "--seed",
    "--lambda",
    "--solver",
    "--epochs",
    "--batch-size",
    "--test-size",
    "--row",
    "--out",
]
TABLE = "t.csv"
words = st.one_of(
    st.sampled_from(["--json", "--force", TABLE, "y"]),
    st.sampled_from(
        ["", "-", "--", "0", "-1", "3", "1e309", "nan", "a,b", "no/such/file.csv", "\x00", "ü"]
    ),
    st.text(max_size=8),
)
# an option mostly has a value, or no command would come to what it does
arguments = st.lists(
    st.one_of(words.map(lambda word: [word]), st.tuples(st.sampled_from(OPTIONS), words)),
    max_size=4,
).map(lambda parts: [word for part in parts for word in part])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(COMMANDS), st.sampled_from([[], [TABLE]]), arguments)
@pytest.mark.filterwarnings("ignore")
def test_any_arguments(tmp_path_factory, command, source, arguments):
    runner = CliRunner()
    with runner.isolated_filesystem(tmp_path_factory.mktemp("cli")):
        Path(TABLE).write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(12)))
        result = runner.invoke(main, [command, *source, *arguments])
    assert result.exit_code in (0, 1, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "--debug shows where" not in result.output  # said of what nobody has thought of
