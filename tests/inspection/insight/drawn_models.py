"""A table whose columns' meanings are known, and models of it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

import backpass as bp
from backpass.data.encoding.fitted import fit_encoding
from backpass.data.knowing.know import know
from backpass.data.raw import RawColumn
from backpass.data.reading import raw_of
from backpass.data.table_preprocessing import TablePreprocessing
from backpass.data.target import fit_target
from backpass.models.table_model import TableModel

M, TRAIN = 500, 350


def frame() -> pd.DataFrame:
    """The target follows from size, mostly, then town and the day; noise says nothing."""
    rng = np.random.default_rng(0)
    size, rooms = rng.normal(size=M), rng.integers(1, 7, M).astype(float)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(M) < 0.05, np.nan, size),
            "town": rng.choice(["Rome", "Oslo", "Bern"], M),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, M), "D"),
            "rooms": rooms,
            "noise": rng.normal(size=M),
        }
    )


def truth(kind: str) -> np.ndarray:
    """Numbers, two classes or three, in which all columns but noise have a part."""
    X = frame()
    days = (X["day"] - X["day"].min()).dt.days / 300
    signal = 3 * X["size"].fillna(0) + 1.2 * (X["town"] == "Oslo") + days + 0.2 * X["rooms"]
    if kind == "numbers":
        return signal.to_numpy()
    ends = [signal.quantile(0.7)] if kind == "two" else signal.quantile([0.3, 0.8]).tolist()
    names = ["low", "high"] if kind == "two" else ["low", "middle", "high"]
    return np.array(names)[np.searchsorted(ends, signal)]


SMALL = {"n_members": 3, "random_state": 0, "member": {"max_epochs": 12}}
ONE = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 3.0, "random_state": 0}


@cache
def model_of(kind: str, ensemble: bool = True) -> TableModel:
    """A model that has learnt the first rows."""
    table, y = frame()[:TRAIN], truth(kind)[:TRAIN]
    if ensemble:
        estimator = (bp.TabularRegressor if kind == "numbers" else bp.TabularClassifier)(**SMALL)
        preprocessing = estimator.fit(table, y).preprocessing_
    else:
        estimator = (bp.MLPRegressor if kind == "numbers" else bp.MLPClassifier)(**ONE)
        known = know(raw_of(table))
        encoding = fit_encoding(known.columns, known.reading.kinds)
        preprocessing = TablePreprocessing(known.reading, encoding)
        estimator.fit(preprocessing.transform(table), y)
    target = replace(fit_target("y", y, kind != "numbers"), centre=0.0, scale=1.0)
    estimator.preprocessing_ = replace(preprocessing, target=target)
    return TableModel(estimator, estimator.preprocessing_)


def fitted(kind: str, ensemble: bool = True) -> BaseEstimator:
    """Its estimator, which takes frames."""
    return model_of(kind, ensemble).estimator


def other_rows(kind: str) -> tuple[pd.DataFrame, dict[str, RawColumn], np.ndarray]:
    """The other rows: as a frame, as columns, and their truth."""
    rest = frame()[TRAIN:].reset_index(drop=True)
    return rest, dict(raw_of(rest).columns), truth(kind)[TRAIN:]
