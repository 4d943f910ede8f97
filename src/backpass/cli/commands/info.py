"""``backpass info``: what is installed here, or what a model file holds."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform

import click
from rich.console import Console
from rich.table import Table as RichTable

from ... import __version__
from ...engine import native
from ...engine.select import engine_name
from ...extras import EXTRAS
from ..command import Answer, Command, Values

REQUIRED = ("numpy", "scipy", "scikit-learn", "safetensors", "click", "rich")


@click.command(cls=Command)
@click.argument("model", required=False)
def info(model: str | None) -> Answer:
    """Show what a MODEL file or a checkpoint holds: columns, target, network, score.

    Without MODEL: the version, the engine, the threads and which extras are installed here.
    """
    return _installed() if model is None else _of_model(model)


def _of_model(path: str) -> Answer:
    from ..model_info import described, show

    values = described(path)
    return Answer(values, lambda to: show(to, values))


def _installed() -> Answer:
    values = {
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        **_engine(),
        "libraries": {name: importlib.metadata.version(name) for name in REQUIRED},
        "extras": _extras(),
    }
    return Answer(values, lambda to: _show(to, values))


def _engine() -> Values:
    """Which engine runs on which instructions and threads; and if not the native one, why."""
    return {
        "engine": engine_name(),
        "instruction_sets": native.instruction_sets(),
        "threads": native.default_threads(),
        "no_native_engine_because": native.why_missing,
    }


def _extras() -> dict[str, dict[str, bool]]:
    """Extra -> package -> whether it is installed."""
    extras: dict[str, dict[str, bool]] = {}
    for package, extra in sorted(EXTRAS.items()):
        found = importlib.util.find_spec(package) is not None
        extras.setdefault(extra, {})[package] = found
    return extras


def _show(to: Console, values: Values) -> None:
    table = RichTable(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("backpass", f"{values['version']}, Python {values['python']}")
    table.add_row("engine", f"{values['engine']}, {values['threads']} threads")
    if values["instruction_sets"]:
        table.add_row("instructions", ", ".join(values["instruction_sets"]))
    if values["no_native_engine_because"]:
        table.add_row("no native engine", values["no_native_engine_because"])
    for name, version in values["libraries"].items():
        table.add_row(name, version)
    for extra, packages in values["extras"].items():
        table.add_row(f"\\[{extra}]", _state_of(extra, packages))
    to.print(table)


def _state_of(extra: str, packages: dict[str, bool]) -> str:
    missing = [package for package, found in packages.items() if not found]
    if not missing:
        return "installed"
    return f"without {', '.join(missing)}: pip install 'backpass\\[{extra}]'"
