"""What a measurement leaves: times by candidate, what follows from them, and their JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import NotRequired, TypedDict

from .workloads import TRAININGS, Fields, Workload

US = "backpass"
ALONE = "backpass, one thread"


class Machine(TypedDict):
    """Where it was measured."""

    processor: str
    cores: int | None
    system: str
    python: str
    versions: dict[str, str]
    commit: NotRequired[str]  # of backpass, where it runs from a checkout


@dataclass(frozen=True)
class Timing:
    """One candidate's times for one workload."""

    seconds: tuple[float, ...]  # one run's, by round
    threads: int
    memory: int | None  # bytes beyond the data, at the highest
    evaluations: int | None = None  # of J and D, in a race

    @property
    def median(self) -> float:
        """The middle round."""
        return median(self.seconds)


@dataclass(frozen=True)
class Line:
    """One workload in one dtype: everybody's times, and who is left out for which reason."""

    workload: Workload
    dtype: str
    timings: dict[str, Timing]
    left_out: dict[str, str]
    ours: tuple[str, ...]  # names that are no peers
    uncounted: dict[str, str] = field(default_factory=dict)  # a peer whose update is another: how

    @property
    def best_peer(self) -> str | None:
        """The fastest of those that are not ours and make the same update."""
        no_peers = {*self.ours, *self.uncounted}
        peers = {name: t.median for name, t in self.timings.items() if name not in no_peers}
        return min(peers, key=lambda name: peers[name]) if peers else None

    @property
    def ratio(self) -> float | None:
        """The best peer's time divided by ours: above 1, we are faster."""
        if self.best_peer is None or US not in self.timings:
            return None
        return self.timings[self.best_peer].median / self.timings[US].median

    def shown(self, name: str) -> float:
        """A candidate's time in seconds, by step where the workload says so."""
        return self.timings[name].median / self.workload.parts

    def share_of_peak(self, name: str, flops_per_second: float) -> float | None:
        """How much of the machine's arithmetic a candidate used; None for a whole training."""
        if self.workload.kind in TRAININGS:
            return None
        return self.workload.flops / self.timings[name].median / flops_per_second


@dataclass(frozen=True)
class Report:
    """A whole run."""

    machine: Machine
    peaks: dict[str, float]  # by dtype: multiplications and additions a second
    peak_how: str
    threads: int
    isa: str
    lines: tuple[Line, ...]
    not_installed: dict[str, str]  # candidate or workload -> the module that is missing
    instruction_set: str = ""  # of backpass's kernels, as BACKPASS_ISA names it
    one_thread_peaks: dict[str, float] = field(default_factory=dict)  # by dtype, as peaks
    data_version: int = 1  # which data is drawn: 1 had zeros in W1 to W6

    def share_of_peak(self, line: Line, name: str) -> float | None:
        """How much of the arithmetic of its threads a candidate used; None where it is not known.

        It is not known of a whole training, nor of somebody who did not take part.
        """
        peaks = self.one_thread_peaks if name == ALONE else self.peaks
        if name not in line.timings or line.dtype not in peaks:
            return None
        return line.share_of_peak(name, peaks[line.dtype])

    def to_json(self) -> str:
        """Everything, raw rounds included."""
        whole = asdict(self)
        for raw, line in zip(whole["lines"], self.lines):
            shares = {name: self.share_of_peak(line, name) for name in line.timings}
            raw |= {"best_peer": line.best_peer, "ratio": line.ratio, "shares_of_peak": shares}
        return json.dumps(whole, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what ``to_json`` wrote."""
        whole = json.loads(text)
        lines = tuple(_line(raw) for raw in whole.pop("lines"))
        return cls(lines=lines, **whole)


def _line(raw: Fields) -> Line:
    timings = {
        name: Timing(**(t | {"seconds": tuple(t["seconds"])})) for name, t in raw["timings"].items()
    }
    workload = Workload.from_json(raw["workload"])
    names = tuple(raw["ours"]), raw.get("uncounted", {})
    return Line(workload, raw["dtype"], timings, raw["left_out"], *names)


PACKAGES = ("backpass", "numpy", "scipy", "scikit-learn", "torch", "jax", "onnxruntime")


def describe_machine(packages: Sequence[str] = PACKAGES) -> Machine:
    """The processor, and the versions of everything that takes part."""
    machine: Machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: v for name in packages if (v := _version(name))},
    }
    if commit := _commit():
        machine["commit"] = commit
    return machine


def _commit() -> str | None:
    """The commit of the package's own checkout; None where it is installed, or there is no git."""
    here = Path(__file__)
    for question in (
        ["ls-files", "--error-unmatch", here.name],
        ["describe", "--always", "--dirty"],
    ):
        try:
            answer = subprocess.run(
                ["git", *question], cwd=here.parent, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
    return answer.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
