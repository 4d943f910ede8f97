"""Who takes part on tables: ours and the peers, each as its authors' defaults have it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .models import Asked, Model

if TYPE_CHECKING:
    import pandas as pd

US = "backpass"


Prepare = Callable[["pd.DataFrame", np.ndarray], "pd.DataFrame"]  # all rows; which of them train


@dataclass(frozen=True)
class TableEntry:
    """A candidate's place in the list."""

    name: str
    module: str  # that has to be installed
    make: Callable[[Asked], Model]
    prepare: Prepare = lambda X, train: X  # the table in its best form

    def missing(self) -> str | None:
        """Name the module, where it is not installed."""
        return None if importlib.util.find_spec(self.module) else self.module


def _ours(asked: Asked) -> Model:
    from .ours import make

    return make(asked)


def _catboost(asked: Asked) -> Model:
    catboost = importlib.import_module("catboost")
    kind = catboost.CatBoostClassifier if asked.classes else catboost.CatBoostRegressor
    return kind(
        random_seed=asked.seed,
        thread_count=asked.threads,
        cat_features=asked.categories,
        verbose=False,
        allow_writing_files=False,
    )


def _lightgbm(asked: Asked) -> Model:
    lightgbm = importlib.import_module("lightgbm")
    kind = lightgbm.LGBMClassifier if asked.classes else lightgbm.LGBMRegressor
    return kind(random_state=asked.seed, n_jobs=asked.threads, verbose=-1)


def _xgboost(asked: Asked) -> Model:
    xgboost = importlib.import_module("xgboost")
    kind = xgboost.XGBClassifier if asked.classes else xgboost.XGBRegressor
    return kind(random_state=asked.seed, n_jobs=asked.threads, enable_categorical=True)


def _hist_gradient_boosting(asked: Asked) -> Model:
    from sklearn import ensemble

    name = "Classifier" if asked.classes else "Regressor"
    kind = getattr(ensemble, f"HistGradientBoosting{name}")
    return kind(random_state=asked.seed, categorical_features="from_dtype")


def _of_pytabkit(stem: str) -> Callable[[Asked], Model]:
    def make(asked: Asked) -> Model:
        pytabkit = importlib.import_module("pytabkit")
        kind = getattr(pytabkit, f"{stem}_{'Classifier' if asked.classes else 'Regressor'}")
        return kind(random_state=asked.seed, n_threads=asked.threads, device="cpu")

    return make


def numbered(X: pd.DataFrame, train: np.ndarray) -> pd.DataFrame:
    """Name columns by their places: some libraries refuse signs that names may have."""
    return X.set_axis([f"c{place}" for place in range(X.shape[1])], axis=1)


def gaps_as_levels(X: pd.DataFrame, train: np.ndarray) -> pd.DataFrame:
    """Make a gap of a category a level of its own: CatBoost refuses it otherwise."""
    named = numbered(X, train)
    words = {
        str(name): column.astype(object).where(column.notna(), "a gap").astype(str)
        for name, column in named.items()
        if str(column.dtype) == "category"
    }
    return named.assign(**words)


def gaps_filled(X: pd.DataFrame, train: np.ndarray) -> pd.DataFrame:
    """Put the training rows' median into the gaps of numbers, and say where, in columns behind.

    pytabkit's networks refuse gaps of numbers, and leave them to whoever calls.
    """
    named = numbered(X, train)
    numbers = named.select_dtypes("number")
    medians = numbers.iloc[train].median().fillna(0)
    gaps = numbers.isna()
    gaps = gaps.loc[:, gaps.any()].astype(float).add_suffix(" is missing")
    return named.assign(**numbers.fillna(medians)).join(gaps)


CANDIDATES: tuple[TableEntry, ...] = (
    TableEntry(US, "backpass", _ours),
    TableEntry("CatBoost", "catboost", _catboost, gaps_as_levels),
    TableEntry("LightGBM", "lightgbm", _lightgbm, numbered),
    TableEntry("XGBoost", "xgboost", _xgboost, numbered),
    TableEntry("HistGradientBoosting", "sklearn", _hist_gradient_boosting, numbered),
    TableEntry("RealMLP", "pytabkit", _of_pytabkit("RealMLP_TD"), gaps_filled),
    TableEntry("TabM", "pytabkit", _of_pytabkit("TabM_D"), gaps_filled),
)


def find_entry(name: str) -> TableEntry:
    """Return the candidate of that name."""
    return next(entry for entry in CANDIDATES if entry.name == name)
