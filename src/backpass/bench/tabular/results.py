"""What a benchmark on tables leaves: every fit's scores, and their JSON, to be gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ...errors import InvalidInput
from ...storage.atomic import atomic_write
from ..results import Machine, describe_machine
from .scoring import Score
from .sources import TableFacts
from .splits import SplitRule

PACKAGES = (
    "backpass",
    "numpy",
    "scikit-learn",
    "catboost",
    "lightgbm",
    "xgboost",
    "pytabkit",
    "torch",
)


@dataclass(frozen=True)
class TableFit:
    """One candidate's fit to one table's training rows of one seed."""

    table: str
    candidate: str
    seed: int
    score: Score | None  # None where it failed
    failure: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """What was fitted by whom."""
        return self.table, self.candidate, self.seed


@dataclass(frozen=True)
class TablesReport:
    """A run on tables, whole or begun."""

    machine: Machine
    threads: int
    rule: SplitRule
    time_limit: float | None  # of ours, in seconds
    tables: tuple[TableFacts, ...] = ()
    fits: tuple[TableFit, ...] = ()
    not_installed: tuple[tuple[str, str], ...] = ()  # candidate, the module that is missing

    def to_json(self) -> str:
        """Everything, every seed's scores included."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> TablesReport:
        """Read what ``to_json`` wrote, or `backpass bench tables --json`."""
        whole = json.loads(text)
        whole.pop("standings", None)  # they follow from the fits
        fits = tuple(
            TableFit(**raw | {"score": raw["score"] and Score(**raw["score"])})
            for raw in whole.pop("fits")
        )
        tables = tuple(TableFacts(**raw) for raw in whole.pop("tables"))
        absent = tuple((name, module) for name, module in whole.pop("not_installed"))
        rule = SplitRule(**whole.pop("rule"))
        return cls(rule=rule, tables=tables, fits=fits, not_installed=absent, **whole)

    def write(self, path: Path) -> None:
        """Keep it in a file, whole or not at all."""
        atomic_write(path, self.to_json().encode(), force=True)

    def described(self, tables: list[TableFacts]) -> TablesReport:
        """Add what is said of tables; raise InvalidInput where it was something else before."""
        known = {facts.name: facts for facts in self.tables}
        for facts in tables:
            if known.setdefault(facts.name, facts) != facts:
                raise InvalidInput(f"The table {facts.name} is another one than in the file.")
        return replace(self, tables=tuple(known.values()))

    def with_fit(self, fit: TableFit) -> TablesReport:
        """Add a fit."""
        return replace(self, fits=(*self.fits, fit))


def read_tables_report(path: Path) -> TablesReport:
    """Read a report from its file.

    Raises InvalidInput where there is no such file, or something else in it.
    """
    try:
        return TablesReport.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput(
            f"{path} holds no report on tables: "
            f"`backpass bench tables --out {path.name}` makes one."
        ) from None


def begun(
    path: Path | None, threads: int, rule: SplitRule, time_limit: float | None
) -> TablesReport:
    """Return the report to go on with: the file's, or an empty one.

    Raises InvalidInput where the file was begun with other settings, versions or on another
    processor: its scores and seconds would not stand beside new ones.
    """
    fresh = TablesReport(describe_machine(PACKAGES), threads, rule, time_limit)
    if path is None or not path.exists():
        return fresh
    found = read_tables_report(path)
    for what in ("threads", "rule", "time_limit"):
        if getattr(found, what) != getattr(fresh, what):
            raise InvalidInput(_unlike(path, what.replace("_", " ")))
    if found.machine["processor"] != fresh.machine["processor"]:
        raise InvalidInput(_unlike(path, "processor"))
    before, now = found.machine["versions"], fresh.machine["versions"]
    for package in before.keys() & now.keys():  # somebody installed since then has no fits yet
        if before[package] != now[package]:
            raise InvalidInput(_unlike(path, f"version of {package}"))
    machine: Machine = {**fresh.machine, "versions": before | now}
    commits = [each["commit"] for each in (found.machine, machine) if "commit" in each]
    if commits:
        machine["commit"] = ", ".join(dict.fromkeys(", ".join(commits).split(", ")))
    return replace(found, machine=machine)


def _unlike(path: Path, what: str) -> str:
    return f"{path} was begun with another {what}: name another file, or remove it."
