"""The default settings against scikit-learn's, on eleven classification sets: makes a page.

``python benchmarks/uci_table.py DATA.npz [SET ...]`` where DATA.npz holds NAME_X and NAME_y. Five
stratified folds, columns standardised on the training part, missing values put at the mean; one
thread each. Without names of sets it writes docs/uci_table.rst.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from backpass import MLPClassifier

PAGE = Path(__file__).parents[1] / "docs" / "uci_table.rst"
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)

HEAD = """\
Eleven data sets
================

Accuracy in % (mean ± standard deviation, five stratified folds, columns standardised) and time
to fit all five, every parameter at its default, for this library and for scikit-learn {version}
on one thread. Made by ``benchmarks/uci_table.py``.

.. list-table::
   :header-rows: 1

   * - data set
     - rows × columns, classes
     - backpass
     - scikit-learn
     - backpass, s
     - scikit-learn, s
"""

ROW = """\
   * - {name}
     - {rows} × {columns}, {classes}
     - {ours}
     - {theirs}
     - {our_seconds:.2f}
     - {their_seconds:.2f}
"""


class Result(NamedTuple):
    """Accuracies by fold, and the seconds of all fits."""

    accuracies: np.ndarray
    seconds: float

    def __str__(self) -> str:
        return f"{100 * self.accuracies.mean():.2f} ± {100 * self.accuracies.std():.2f}"


def measure(classifier: Any, X: np.ndarray, y: np.ndarray) -> Result:
    """Fit and score on five folds."""
    accuracies, seconds = [], 0.0
    for train, test in FOLDS.split(X, y):
        prepare = make_pipeline(SimpleImputer(), StandardScaler())
        X_train, X_test = prepare.fit_transform(X[train]), prepare.transform(X[test])
        fresh = clone(classifier)
        start = time.perf_counter()
        fresh.fit(X_train, y[train])
        seconds += time.perf_counter() - start
        accuracies.append(fresh.score(X_test, y[test]))
    return Result(np.array(accuracies), seconds)


def compare(X: np.ndarray, y: np.ndarray) -> tuple[Result, Result]:
    """Both libraries' results with default settings."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        ours = measure(MLPClassifier(random_state=0, n_threads=1), X, y)
        return ours, measure(TheirClassifier(random_state=0), X, y)


def classification_sets(path: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """X and y of every set that has classes."""
    with np.load(path) as data:
        names = [key[:-8] for key in data.files if key.endswith("_classes")]
        return {name: (data[f"{name}_X"], data[f"{name}_y"]) for name in names}


def row(name: str, X: np.ndarray, y: np.ndarray, ours: Result, theirs: Result) -> str:
    """One set's line of the table."""
    return ROW.format(
        name=name,
        rows=len(X),
        columns=X.shape[1],
        classes=len(np.unique(y)),
        ours=ours,
        theirs=theirs,
        our_seconds=ours.seconds,
        their_seconds=theirs.seconds,
    )


def last_row(pairs: list[tuple[Result, Result]]) -> str:
    """Mean accuracies and total times."""
    means = [100 * np.mean([pair[k].accuracies.mean() for pair in pairs]) for k in (0, 1)]
    seconds = [sum(pair[k].seconds for pair in pairs) for k in (0, 1)]
    lines = ["mean, total", "", *(f"{mean:.2f}" for mean in means), *(f"{s:.2f}" for s in seconds)]
    return "   * - " + "\n     - ".join(lines) + "\n"


def main(path: str, wanted: list[str]) -> None:
    """Measure, print, and write the page where all sets were measured."""
    import sklearn

    sets = classification_sets(path)
    text, pairs = HEAD.format(version=sklearn.__version__), []
    for name in wanted or sets:
        X, y = sets[name]
        pairs.append(compare(X, y))
        text += (line := row(name, X, y, *pairs[-1]))
        print(line, flush=True)
    text += last_row(pairs)
    print(last_row(pairs))
    if not wanted:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
