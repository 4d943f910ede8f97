"""Lines decide whether enough was covered; branches are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "line_coverage"
COVERED = {
    "totals": {
        "covered_lines": 19, "num_statements": 20, "covered_branches": 3, "num_branches": 4,
    },
    "files": {
        "a.py": {
            "summary": {
                "covered_lines": 4, "num_statements": 5, "covered_branches": 3, "num_branches": 4,
            },
            "missing_lines": [3, 7, 8, 9],
        },
        "empty.py": {
            "summary": {
                "covered_lines": 0, "num_statements": 0, "covered_branches": 0, "num_branches": 0,
            },
            "missing_lines": [],
        },
    },
}  # fmt: skip


@pytest.mark.parametrize(("limit", "code"), [(95, 0), (95.1, 1)])
def test_lines_are_judged_and_branches_reported(tmp_path, limit, code):
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps(COVERED))
    script = [sys.executable, str(SCRIPT), str(path)]
    done = subprocess.run([*script, "--at-least", str(limit)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "95.00 % of 20 lines" in done.stdout
    assert "75.00 % of 4 branches" in done.stdout
    assert "a.py: 3, 7-9" in done.stdout
    assert "empty.py" not in done.stdout
