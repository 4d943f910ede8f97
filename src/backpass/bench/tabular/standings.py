"""Who stands where over all tables: mean ranks with intervals, losses and seconds by CatBoost's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from .results import TablesReport

REFERENCE = "CatBoost"  # whose losses and seconds are the others' measure
DRAWS = 10_000  # of tables, with repeats
LEVEL = 0.95

What = Literal["error", "loss", "seconds"]


@dataclass(frozen=True)
class Standing:
    """A candidate over all tables that everybody has finished.

    Parameters
    ----------
    candidate : str
        Who.
    rank_by_error, rank_by_loss : float
        Mean over tables of the rank of the mean over seeds, 1 the best; ties share theirs, and who
        failed on a table is last there.
    error_interval, loss_interval : tuple of float
        Where these lie with 95 % over tables drawn with repeats.
    median_ratio, mean_ratio : float or None
        Over tables, of 100 ln(loss / CatBoost's); None where CatBoost took no part.
    seconds : float
        Of all fits.
    worst_seconds : tuple of str and float, or None
        The table whose fits took longest by CatBoost's, and how many times as long.
    """

    candidate: str
    rank_by_error: float
    rank_by_loss: float
    error_interval: tuple[float, float]
    loss_interval: tuple[float, float]
    median_ratio: float | None
    mean_ratio: float | None
    seconds: float
    worst_seconds: tuple[str, float] | None


@dataclass(frozen=True, eq=False)
class Means:
    """Means over the seeds, of tables and candidates; infinite where a fit failed."""

    tables: list[str]
    candidates: list[str]
    error: np.ndarray  # (tables, candidates)
    loss: np.ndarray
    seconds: np.ndarray  # sums
    seeds: int

    def of(self, what: What, candidate: str) -> np.ndarray:
        """One candidate's column."""
        return getattr(self, what)[:, self.candidates.index(candidate)]


def means(report: TablesReport) -> Means:
    """Take the means of every table that all candidates have finished, with the same seeds."""
    candidates = list(dict.fromkeys(fit.candidate for fit in report.fits))
    tables = [facts.name for facts in report.tables if is_finished(report, facts.name)]
    costs = np.full((3, len(tables), len(candidates)), np.nan)
    for row, table in enumerate(tables):
        for column, candidate in enumerate(candidates):
            costs[:, row, column] = _costs(report, table, candidate)
    error, loss, seconds = costs
    seeds = len({fit.seed for fit in report.fits})
    return Means(tables, candidates, error, loss, seconds, seeds)


def is_finished(report: TablesReport, table: str) -> bool:
    """Whether everybody has a fit of every seed."""
    candidates = {fit.candidate for fit in report.fits}
    seeds = {fit.seed for fit in report.fits}
    return sum(fit.table == table for fit in report.fits) == len(candidates) * len(seeds)


def _costs(report: TablesReport, table: str, candidate: str) -> tuple[float, float, float]:
    """Mean error, mean loss, sum of seconds."""
    fits = [fit for fit in report.fits if (fit.table, fit.candidate) == (table, candidate)]
    scores = [fit.score for fit in fits if fit.score is not None]
    if len(scores) < len(fits):
        return np.inf, np.inf, sum(score.seconds for score in scores)
    error, loss, seconds = np.array([(s.error, s.loss, s.seconds) for s in scores]).T
    return error.mean(), loss.mean(), seconds.sum()


def ranks(costs: np.ndarray) -> np.ndarray:
    """Rank the candidates of each table, 1 the least; ties share theirs.

    Parameters
    ----------
    costs : ndarray of shape (tables, candidates)

    Returns
    -------
    ndarray of shape (tables, candidates), float64

    Examples
    --------
    >>> ranks(np.array([[0.1, 0.3, 0.1]]))
    array([[1.5, 3. , 1.5]])
    """
    return rankdata(costs, axis=1)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return where the mean over tables lies with 95 %, by drawing tables with repeats.

    Percentiles of the bootstrap (Efron, 1979), the same on every call.
    """
    drawn = np.random.default_rng(0).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def log_ratios(found: Means, candidate: str) -> np.ndarray:
    """Return 100 ln(loss / CatBoost's) by table, NaN where one of the two failed."""
    loss, theirs = found.of("loss", candidate), found.of("loss", REFERENCE)
    usable = np.isfinite(loss) & np.isfinite(theirs)
    return np.where(usable, 100 * np.log(np.where(usable, loss / theirs, 1)), np.nan)


def standings(report: TablesReport) -> list[Standing]:
    """Everybody over all finished tables, the best by loss first; empty where none is finished."""
    found = means(report)
    if not found.tables:
        return []
    by_error, by_loss = ranks(found.error), ranks(found.loss)
    made = [
        Standing(
            candidate,
            float(by_error[:, k].mean()),
            float(by_loss[:, k].mean()),
            interval(by_error[:, k]),
            interval(by_loss[:, k]),
            *_by_reference(found, candidate),
            float(found.seconds[:, k].sum()),
            _worst(found, candidate),
        )
        for k, candidate in enumerate(found.candidates)
    ]
    return sorted(made, key=lambda standing: standing.rank_by_loss)


def _by_reference(found: Means, candidate: str) -> tuple[float | None, float | None]:
    """Median and mean over tables."""
    if REFERENCE not in found.candidates:
        return None, None
    ratios = log_ratios(found, candidate)
    if np.isnan(ratios).all():
        return None, None
    return float(np.nanmedian(ratios)), float(np.nanmean(ratios))


def _worst(found: Means, candidate: str) -> tuple[str, float] | None:
    """The table whose seconds are most by CatBoost's."""
    if REFERENCE not in found.candidates:
        return None
    theirs = found.of("seconds", REFERENCE)
    times = found.of("seconds", candidate) / np.where(theirs > 0, theirs, np.inf)
    worst = int(times.argmax())
    return found.tables[worst], float(times[worst])
