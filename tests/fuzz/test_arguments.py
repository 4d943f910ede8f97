"""Any arguments to the command line: exit code 0, 1 or 2, and never a traceback."""

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
words = st.one_of(
    st.sampled_from(
        [
            "--target",
            "--hidden",
            "--seed",
            "--lambda",
            "--solver",
            "--json",
            "--row",
            "--out",
            "--force",
        ]
    ),
    st.sampled_from(
        ["", "-", "--", "0", "-1", "1e309", "nan", "a,b", "no/such/file.csv", "\x00", "ü"]
    ),
    st.text(max_size=8),
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(COMMANDS), st.lists(words, max_size=5))
@pytest.mark.filterwarnings("ignore")
def test_any_arguments(tmp_path_factory, command, arguments):
    runner = CliRunner()
    with runner.isolated_filesystem(tmp_path_factory.mktemp("cli")):
        result = runner.invoke(main, [command, *arguments])
    assert result.exit_code in (0, 1, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "--debug shows where" not in result.output  # said of what nobody has thought of
