"""Which rows train, which validate and which test: values in, values out.

A split is made by a rule of ``split_rules``, of the rows that have a target. The test may be given,
and so may the rows to validate on; whatever is not given is drawn by the rule, so that validation
and every fold part rows as the test does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np

from ...data.splitting.split_rules import UNKNOWN, AtRandom, ByGroup, ByTime, Rule, Targets
from ...errors import InvalidInput, SettingError

__all__ = ["AtRandom", "ByGroup", "ByTime", "Rule", "Split", "Targets", "fold_splits", "split"]

MIN_ROWS = 10
VALIDATION = 0.1  # of the rows that are not for the test
NAMED = 3  # classes that a note names at most


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of a table in three parts.

    Parameters
    ----------
    train, validation, test : ndarray of int
        Row numbers, from 0; no row is in two parts, and those without a target are in none.
    rule : str
        How the rows were parted: "random", "time:COLUMN", "group:COLUMN".
    notes : tuple of str
        A sentence each for what people should know of it.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    rule: str = "random"
    notes: tuple[str, ...] = field(default=())

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """The parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def learning(self) -> np.ndarray:
        """The rows that are not for the test."""
        return np.r_[self.train, self.validation]


def split(
    targets: Targets,
    rule: Rule | None = None,
    test_size: float = 0.2,
    seed: int = 0,
    test: np.ndarray | None = None,
    validation: np.ndarray | None = None,
    part: float = VALIDATION,
) -> Split:
    """Part rows in those that train, validate and test.

    Parameters
    ----------
    targets : Targets
        Of all rows, those of a test's or a validation's own file included.
    rule : AtRandom, ByTime or ByGroup, or None
        How rows are parted; None is at random.
    test_size : float
        The part of the rows to test on, where they are not given.
    seed : int
        Of what is drawn.
    test, validation : ndarray of int, or None
        Rows that are given to test or to validate on.
    part : float
        The part of the others to validate on, where they are not given.

    Returns
    -------
    Split

    Raises
    ------
    InvalidInput
        If there are too few rows with a target.
    SettingError
        If a part would be too small, or the rule's column does not part the rows.

    Examples
    --------
    >>> targets = Targets.of_labels("kind", ["a", "b"] * 10 + ["c"])
    >>> made = split(targets)
    >>> [len(part) for part in made.parts.values()]
    [17, 0, 4]
    >>> made.notes
    ("The class 'c' of 'kind' has a single row: it trains, and no row tests it.",)
    """
    rule = rule or AtRandom()
    known = np.flatnonzero(targets.known)
    learn = np.setdiff1d(known, _all_given(test, validation))
    _check_rows(len(learn), len(targets.y) - len(known))
    if test is None:
        _check_test_size(targets, learn, test_size)
        learn, test = rule.test_rows(learn, targets.strata, test_size, seed)
    else:
        test = _given(test, targets, "test")
    if validation is None:
        train, validation = rule.inner_rows(learn, targets.strata, part, seed)
    else:
        train, validation = learn, _given(validation, targets, "validate")
        validation = _known_to(train, validation, targets)
    return _noted(Split(train, validation, test, rule.text), targets, rule)


def fold_splits(
    targets: Targets,
    n: int,
    rule: Rule | None = None,
    seed: int = 0,
    left_out: np.ndarray | None = None,
    part: float = VALIDATION,
) -> tuple[Split, ...]:
    """Part rows n times for a cross-validation; each fold has rows to validate on by the same rule.

    Parameters
    ----------
    targets : Targets
        Of all rows.
    n : int
        Folds, at least 2. By time a fold tests on the block of times that follows those that it
        learns from; by the other rules each row tests once, but for those that always train.
    rule : AtRandom, ByTime or ByGroup, or None
        How rows are parted; None is at random.
    seed : int
        Of what is drawn.
    left_out : ndarray of int, or None
        Rows that are in no fold.
    part : float
        The part to validate on of those that a fold does not test.

    Returns
    -------
    tuple of Split

    Raises
    ------
    InvalidInput
        If there are too few rows with a target.
    SettingError
        If there are fewer rows, times or groups than folds.

    Examples
    --------
    >>> folds = fold_splits(Targets("y", np.arange(12.0)), 3)
    >>> sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(12))
    True
    """
    if n < 2:
        raise SettingError("cv", n, "a cross-validation takes at least 2 folds.")
    rule = rule or AtRandom()
    known = np.setdiff1d(np.flatnonzero(targets.known), _all_given(left_out, None))
    _check_rows(len(known), len(targets.y) - len(known))
    return tuple(
        _fold(learn, test, targets, rule, part, seed)
        for learn, test in rule.folds(known, targets.strata, n, seed)
    )


def _fold(
    learn: np.ndarray, test: np.ndarray, targets: Targets, rule: Rule, part: float, seed: int
) -> Split:
    train, validation = rule.inner_rows(learn, targets.strata, part, seed)
    return _noted(Split(train, validation, test, rule.text), targets, rule)


def _check_rows(rows: int, without: int) -> None:
    if rows < MIN_ROWS:
        what = "rows with a target" if without else "rows"
        raise InvalidInput(
            f"The table has {rows} {what}; to train and to test, it takes at least {MIN_ROWS}."
        )


def _check_test_size(targets: Targets, rows: np.ndarray, part: float) -> None:
    """Raise where too few rows are left to learn from, or to test."""
    m = len(rows)
    test, needed = ceil(m * part), 2
    if targets.strata is not None:
        counts = np.unique(targets.strata[rows], return_counts=True)[1]
        if counts.min() >= 2 and int(m * part) >= len(counts):
            needed = len(counts)
    if m * part < 2 or m - test < needed:
        raise SettingError(
            "test_size",
            f"{part:g}",
            f"of {m} rows, that is {test} to test and {m - test} to learn from; it takes at least "
            f"2 to test and {needed} to learn from.",
        )


def _all_given(test: np.ndarray | None, validation: np.ndarray | None) -> np.ndarray:
    """Return all rows that are given to test or to validate on, which none may be to both."""
    given = np.concatenate(
        [np.empty(0, int), *(rows for rows in (test, validation) if rows is not None)]
    )
    rows, counts = np.unique(given, return_counts=True)
    if (counts > 1).any():
        raise InvalidInput(f"Row {rows[counts > 1][0]} is given twice, to test or to validate on.")
    return rows


def _given(rows: np.ndarray, targets: Targets, what: str) -> np.ndarray:
    """Return the rows among those given that have a target."""
    known = rows[targets.known[rows]]
    if not len(known):
        raise InvalidInput(
            f"None of the {len(rows)} rows that are given to {what} on has a target "
            f"{targets.name!r}."
        )
    return known


def _known_to(learn: np.ndarray, rows: np.ndarray, targets: Targets) -> np.ndarray:
    """Return the rows whose classes are among those that training has: others have no score."""
    return rows if targets.strata is None else rows[np.isin(targets.y[rows], targets.y[learn])]


# --- what people should know -------------------------------------------------------------------


def _noted(made: Split, targets: Targets, rule: Rule) -> Split:
    """Return a split with what people should know of it; raise where nothing tests."""
    if not len(made.test):
        raise InvalidInput(
            f"Every class of {targets.name!r} has a single row: none can test what was learnt."
        )
    learnt = [] if targets.classes is None else np.unique(targets.y[made.train]).tolist()
    if targets.classes is not None and len(learnt) < 2:
        raise InvalidInput(
            f"The rows to learn from have one class of {targets.name!r} only "
            f"({targets.classes[learnt[0]]!r}); parted by {made.rule}, the other ones test."
        )
    about_classes = [] if targets.classes is None else _of_classes(made, targets, targets.classes)
    notes = (*about_classes, *_of_rule(made, rule))
    return replace(made, notes=notes)


def _of_classes(made: Split, targets: Targets, classes: tuple[str, ...]) -> list[str]:
    """Name classes that only train, and such that training does not know."""
    counts = np.bincount(targets.y[targets.known], minlength=len(classes))
    trained = np.unique(targets.y[made.train])
    notes = list[str]()
    single = [classes[k] for k in trained.tolist() if counts[k] == 1]
    if single:
        notes.append(
            f"The class {single[0]!r} of {targets.name!r} has a single row: it trains, and no row "
            "tests it."
            if len(single) == 1
            else f"{len(single)} classes of {targets.name!r} have a single row each "
            f"({_some(single)}): they train, and no row tests them."
        )
    unknown = ~np.isin(targets.y[made.test], trained)
    if unknown.any():
        names = [classes[k] for k in np.unique(targets.y[made.test][unknown]).tolist()]
        n = int(unknown.sum())
        notes.append(
            f"{n} of {len(made.test)} test rows {'has' if n == 1 else 'have'} a class that no "
            f"training row has ({_some(names)}): the model cannot know it."
        )
    return notes


def _some(names: list[str]) -> str:
    """Some names, and how many more there are."""
    named = [repr(name) for name in names[:NAMED]]
    more = len(names) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _of_rule(made: Split, rule: Rule) -> list[str]:
    if isinstance(rule, ByTime):
        return _of_time(made, rule)
    if isinstance(rule, ByGroup):
        return _of_groups(made, rule)
    return []


def _of_time(made: Split, rule: ByTime) -> list[str]:
    """Say from when on the test's rows are, and what has no time or a later one."""
    moments = {part: rule.moments[rows] for part, rows in made.parts.items()}
    first = made.test[moments["test"] != UNKNOWN]
    notes = list[str]()
    if len(first):
        start = _when(rule.times[first].min())
        notes.append(f"The test's {len(made.test)} rows are those from {rule.column!r} {start} on.")
        later = int((rule.moments[made.learning] >= rule.moments[first].min()).sum())
        if later:
            notes.append(
                f"{later} rows to learn from are not earlier than the first of the test by "
                f"{rule.column!r}: its score tells less of what is to come."
            )
    without = int((moments["train"] == UNKNOWN).sum())
    if without:
        notes.append(f"{_rows(without)} without a {rule.column!r}: such rows train.")
    return notes


def _when(time: object) -> str:
    """A time no finer than it is: a day has no hours."""
    if isinstance(time, np.datetime64):
        return np.datetime_as_string(time, unit="auto").replace("T", " ")
    return f"{time:.10g}"


def _of_groups(made: Split, rule: ByGroup) -> list[str]:
    """Count the groups of either side, those on both, and the rows that have none."""
    groups = {part: rule.groups[rows] for part, rows in made.parts.items()}
    learn = np.unique(np.r_[groups["train"], groups["validation"]])
    learn, test = learn[learn != UNKNOWN], np.unique(groups["test"][groups["test"] != UNKNOWN])
    notes = [f"By {rule.column!r}, {_groups(len(learn))} learnt from, and {len(test)} test."]
    both = np.intersect1d(learn, test)
    if len(both):
        notes.append(
            f"{len(both)} of them are on both sides: the test's score tells less of other groups."
        )
    without = int((groups["train"] == UNKNOWN).sum())
    if without:
        notes.append(f"{_rows(without)} without a {rule.column!r}: such rows train.")
    return notes


def _groups(n: int) -> str:
    return "1 group is" if n == 1 else f"{n} groups are"


def _rows(n: int) -> str:
    return "1 row is" if n == 1 else f"{n} rows are"
