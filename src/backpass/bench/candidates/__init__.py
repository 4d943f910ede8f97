"""Who takes part: our engines and the peers, one file each, imported in a process of their own."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..data import Data
from ..workloads import Workload


class Candidate(Protocol):
    """A program that can do a workload. Its libraries are imported when it is made."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Take the data, in whatever form suits; nothing is timed yet."""
        ...

    def run(self, times: int) -> None:
        """Do the workload so many times. This is timed."""
        ...

    def result(self) -> np.ndarray:
        """The last run's numbers: J and D in θ's order, θ after the epoch, or h(X)."""
        ...


@dataclass(frozen=True)
class Entry:
    """A candidate's place in the list."""

    name: str
    module: str  # in this package
    attribute: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...] = ()  # modules that have to be installed
    ours: bool = False
    threads_at_run_time: bool = True  # whether prepare() can choose the number of threads
    one_thread: bool = False  # whatever number is allowed
    slow_to_start: bool = False  # so that a quick run does without it
    forms: tuple[str, ...] = ("dense",)  # of X that it takes, as Workload.form has them
    another_update: str = ""  # why it is shown beside the peers, and not counted

    def does(self, workload: Workload) -> bool:
        """Whether it can do a workload."""
        return workload.kind in self.kinds and workload.form in self.forms

    def choices(self, threads: int) -> list[int]:
        """Which numbers of threads it can be measured with, where so many are allowed."""
        if self.one_thread:
            return [1]
        return sorted({1, threads}) if self.threads_at_run_time else [threads]

    def missing(self) -> str | None:
        """The first module that is not installed."""
        return next((name for name in self.needs if not importlib.util.find_spec(name)), None)

    def make(self) -> Candidate:
        """Import the candidate, and its libraries with it."""
        module = importlib.import_module(f".{self.module}", __name__)
        return getattr(module, self.attribute)()


ALL = ("gradient", "epoch", "predict")
RACES = ("race", "lbfgs")
BOTH = ("dense", "CSR")

CANDIDATES: tuple[Entry, ...] = (
    Entry("backpass", "ours", "Engine", (*ALL, "jobs", *RACES, "fit"), ours=True, forms=BOTH),
    Entry(
        "backpass, one thread",
        "ours",
        "Engine",
        (*ALL, "jobs"),
        ours=True,
        forms=BOTH,
        one_thread=True,
    ),
    Entry("backpass, NumPy engine", "ours", "NumPyEngine", ALL, ours=True),
    Entry("backpass, MLPClassifier", "ours", "Estimator", ("predict",), ours=True, forms=BOTH),
    Entry("backpass, bare epochs", "ours", "BareEpochs", ("fit",), ours=True),
    Entry("notes' code, mended", "notes", "NotesCode", ("gradient", "race")),
    Entry("SciPy on backpass", "scipy_solver", "ScipyOnOurs", RACES),
    Entry(
        "scikit-learn",
        "scikit_learn",
        "ScikitLearn",
        (*ALL, "lbfgs", "fit"),
        ("sklearn",),
        forms=BOTH,
    ),
    Entry("PyTorch", "pytorch", "Eager", (*ALL, *RACES), ("torch",)),
    Entry(
        "torch.compile",
        "pytorch",
        "Compiled",
        ("gradient", "epoch"),
        ("torch",),
        slow_to_start=True,
    ),
    Entry(
        "PyTorch, EmbeddingBag",
        "pytorch_text",
        "EmbeddingBag",
        ("epoch", "predict"),
        ("torch",),
        forms=("CSR",),
    ),
    Entry(
        "PyTorch, SparseAdam",
        "pytorch_text",
        "SparseAdam",
        ("epoch",),
        ("torch",),
        forms=("CSR",),
        another_update="its moments rest where a batch has no entry",
    ),
    Entry(
        "scikit-learn, one after another",
        "scikit_learn",
        "ScikitLearnInTurn",
        ("jobs",),
        ("sklearn",),
    ),
    Entry("scikit-learn, one a core", "scikit_learn", "OneACore", ("jobs",), ("sklearn",)),
    Entry("PyTorch, one after another", "pytorch_jobs", "EagerInTurn", ("jobs",), ("torch",)),
    Entry("PyTorch, one a thread", "pytorch_jobs", "OneAThread", ("jobs",), ("torch",)),
    Entry("PyTorch, stacked", "pytorch_jobs", "Stacked", ("jobs",), ("torch",)),
    Entry("JAX", "jax_scan", "JaxScan", ALL, ("jax",), threads_at_run_time=False),
    Entry("onnxruntime", "onnx_runtime", "OnnxRuntime", ("predict",), ("onnxruntime", "onnx")),
)


def find_entry(name: str) -> Entry:
    """Return the candidate of that name."""
    return next(entry for entry in CANDIDATES if entry.name == name)
