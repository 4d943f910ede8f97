"""What the workflows call exists, and they test the versions that the package names."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML comes with Dask")

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# What a command line calls that is ours: `scripts/test -q`, `python benchmarks/ratios.py`.
CALLED = re.compile(r"(?<![\w./-])((?:scripts|benchmarks|\.ci)/[\w./-]+)")


# A file or folder of tests that a script or a workflow gives to pytest, or a pattern of them.
TESTS = re.compile(r"(?<![\w.-])tests/[\w./*-]+")
NAMING = [*WORKFLOWS, ROOT / ".ci" / "run", *sorted((ROOT / "scripts").rglob("*"))]


def jobs(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))["jobs"]


def commands(path: Path) -> str:
    steps = [step for job in jobs(path).values() for step in job["steps"]]
    return "\n".join(step.get("run", "") for step in steps)


def pythons(job: dict) -> set[str]:
    """The versions that a job runs on."""
    matrix = job.get("strategy", {}).get("matrix", {})
    named = {step.get("with", {}).get("python-version") for step in job["steps"]}
    more = {entry["python"] for entry in matrix.get("include", ()) if "python" in entry}
    return {v for v in named if v and "${{" not in v} | {*matrix.get("python", ()), *more}


def minors() -> set[str]:
    """The versions that the classifiers name."""
    head = "Programming Language :: Python :: "
    named = {c.removeprefix(head) for c in PROJECT["classifiers"] if c.startswith(head)}
    return {version for version in named if "." in version}


def test_the_folder_is_found():
    assert {"tests.yml", "nightly.yml", "release.yml"} <= {path.name for path in WORKFLOWS}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_calls_exists_and_can_be_run(path):
    for name in CALLED.findall(commands(path)):
        called = ROOT / name
        assert called.is_file(), name
        by_itself = f"python {name}" not in commands(path)
        assert not by_itself or os.name == "nt" or os.access(called, os.X_OK), name


@pytest.mark.parametrize("path", filter(Path.is_file, NAMING), ids=lambda path: path.name)
def test_the_tests_that_a_script_or_a_workflow_names_exist(path):
    named = TESTS.findall(path.read_text("utf-8")) if path.suffix != ".pyc" else []
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_the_scripts_of_a_change_and_of_a_night_are_called():
    for name, called in {
        "tests": {".ci/run", "scripts/test", "scripts/oldest", "scripts/test_pure"},
        "nightly": {"scripts/test_nightly", "scripts/sanitize", "scripts/fuzz", "scripts/coverage"},
        "speed": {"benchmarks/ratios.py"},
        "neon": {"scripts/test_native", "scripts/test_neon"},
    }.items():
        path = ROOT / ".github" / "workflows" / f"{name}.yml"
        assert called <= set(CALLED.findall(commands(path)))


def test_every_version_of_the_classifiers_is_tested_and_no_other():
    used = set().union(*(pythons(job) for path in WORKFLOWS for job in jobs(path).values()))
    suite = pythons(jobs(ROOT / ".github" / "workflows" / "tests.yml")["suite"])
    assert used == suite == minors()


def test_wheels_are_built_for_every_version_of_the_classifiers():
    steps = jobs(ROOT / ".github" / "workflows" / "release.yml")["wheels"]["steps"]
    wanted = next(
        step["env"]["CIBW_BUILD"] for step in steps if "CIBW_BUILD" in step.get("env", {})
    )
    assert set(wanted.split()) == {f"cp{version.replace('.', '')}-*" for version in minors()}


def test_the_oldest_version_is_the_one_that_is_required():
    oldest = min(minors(), key=lambda version: int(version.partition(".")[2]))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_neon_is_tested_on_an_emulated_machine_and_on_a_real_one():
    path = ROOT / ".github" / "workflows" / "neon.yml"
    emulated, machine = (jobs(path)[name] for name in ("emulated", "machine"))
    uses = [step.get("uses", "").partition("@")[0] for step in emulated["steps"]]
    assert "docker/setup-qemu-action" in uses
    assert "--platform linux/arm64" in emulated["steps"][-1]["run"]
    assert machine["runs-on"].endswith("-arm")
    assert "scripts/test_neon" not in (ROOT / ".ci" / "run").read_text("utf-8")


def test_what_could_not_run_says_so_at_its_head():
    for path in WORKFLOWS:
        head = path.read_text("utf-8").partition("\nname:")[0]
        assert "NOT YET RUN" in head, path.name
