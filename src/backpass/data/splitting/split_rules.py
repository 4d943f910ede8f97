"""Rules by which a table's rows are parted: at random, by time, or by group.

A rule parts rows in two (those to learn from and those held out), or in folds. It sees no columns
but the one that it goes by. Whatever is drawn is drawn by NumPy's ``RandomState``, whose numbers
are the same on every machine and in every version.

scikit-learn draws at random where it can. It parts neither by the values of a time (its
``TimeSeriesSplit`` counts rows, so that equal times come to lie on both sides) nor by groups to a
size in rows (its ``GroupShuffleSplit`` counts groups), it warns where a class is rare, and its
``StratifiedGroupKFold`` takes a Python loop over all rows: those are here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Protocol, TypeAlias

import numpy as np

from ...errors import InvalidInput, SettingError
from .group_draw import draw_groups

UNKNOWN = -1  # the code of a row without a class, a time or a group
Parts: TypeAlias = tuple[np.ndarray, np.ndarray]  # rows to learn from, rows held out


@dataclass(frozen=True, eq=False)
class Targets:
    """What the rows of a table are to be told: classes, or numbers.

    Parameters
    ----------
    name : str
        The target's column.
    y : ndarray of shape (m,)
        Places in ``classes``, −1 where a row has no target; or float64, NaN where it has none.
    classes : tuple of str or None
        The classes as people know them; None of numbers.

    Examples
    --------
    >>> Targets.of_labels("kind", ["a", None, "b", "a"]).y.tolist()
    [0, -1, 1, 0]
    """

    name: str
    y: np.ndarray
    classes: tuple[str, ...] | None = None

    @classmethod
    def of_labels(cls, name: str, labels: list[str | None]) -> Targets:
        """Make it of labels, None where a row has no target."""
        classes = sorted({label for label in labels if label is not None})
        places: dict[str | None, int] = {label: k for k, label in enumerate(classes)}
        return cls(name, np.array([places.get(x, UNKNOWN) for x in labels], int), tuple(classes))

    @classmethod
    def joined(cls, targets: list[Targets]) -> Targets:
        """Take several targets as one: a row has a target where it has all; classes go together."""
        known = np.all([target.known for target in targets], axis=0)
        name = ", ".join(target.name for target in targets)
        of_classes = [target for target in targets if target.classes is not None]
        if not of_classes:
            return cls(name, np.where(known, 0.0, np.nan))
        codes = np.column_stack([target.y for target in of_classes])[known]
        kinds, places = np.unique(codes, axis=0, return_inverse=True)
        y = np.full(len(known), UNKNOWN)
        y[known] = places.ravel()
        labels = [t.classes for t in of_classes if t.classes is not None]
        names = tuple(", ".join(of[k] for of, k in zip(labels, kind)) for kind in kinds.tolist())
        return cls(name, y, names)

    @property
    def known(self) -> np.ndarray:
        """Whether each row has a target, shape (m,)."""
        return ~np.isnan(self.y) if self.classes is None else self.y != UNKNOWN

    @property
    def strata(self) -> np.ndarray | None:
        """The classes' codes; None of numbers."""
        return None if self.classes is None else self.y


class Rule(Protocol):
    """How rows are parted."""

    @property
    def text(self) -> str:
        """As it is asked for: "random", "time:COLUMN", "group:COLUMN"."""
        ...

    def test_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Part rows in those to learn from and those of the test."""
        ...

    def inner_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Part rows in those to train on and those to validate on; none where too few are left."""
        ...

    def folds(self, rows: np.ndarray, y: np.ndarray | None, n: int, seed: int) -> list[Parts]:
        """Part rows n times in those to learn from and those of the test."""
        ...


def read_rule(text: str) -> tuple[str, str]:
    """Read "time:COLUMN" or "group:COLUMN" as the kind of rule and its column.

    Raises
    ------
    SettingError
        If it is neither.

    Examples
    --------
    >>> read_rule("time:day: local")
    ('time', 'day: local')
    """
    kind, colon, column = text.partition(":")
    if kind not in ("time", "group") or not colon or not column:
        raise SettingError(
            "split",
            text,
            "it is time:COLUMN (the latest rows test) or group:COLUMN (whole groups).",
        )
    return kind, column


# --- at random ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtRandom:
    """Rows drawn at random, each class in proportion.

    Every class of two rows and more is on both sides of the test; a class of one row trains. A
    class too rare for its part to make a row, where there are more classes than the test's part
    has rows, gives one.

    Examples
    --------
    >>> learn, test = AtRandom().test_rows(np.arange(10), np.array([0] * 5 + [1] * 4 + [2]), 0.2, 0)
    >>> len(learn), len(test)
    (8, 2)
    """

    text: str = field(default="random", init=False)

    def test_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Draw the test's rows."""
        return self._drawn(rows, y, part, seed, both_sides=True)

    def inner_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Draw the rows to validate on; so small a part that it says nothing is none."""
        if len(rows) * part < 2:
            return rows, rows[:0]
        return self._drawn(rows, y, part, seed, both_sides=False)

    def folds(self, rows: np.ndarray, y: np.ndarray | None, n: int, seed: int) -> list[Parts]:
        """Deal the rows of each class in turn, as StratifiedKFold does; single rows always train.

        StratifiedKFold itself warns of a class with fewer rows than folds, and refuses to part
        rows of nothing else.
        """
        dealt = np.random.RandomState(seed).permutation(len(rows))
        if y is not None:
            codes = y[rows[dealt]]
            dealt, codes = dealt[_counts_of(codes) > 1], codes[_counts_of(codes) > 1]
            dealt = dealt[np.argsort(codes, kind="stable")]
        if len(dealt) < n:
            raise _too_many_folds(n, f"{len(dealt)} rows can be held out in turn")
        fold = np.full(len(rows), UNKNOWN)
        fold[dealt] = np.arange(len(dealt)) % n
        return [(rows[fold != k], rows[fold == k]) for k in range(n)]

    def _drawn(
        self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int, both_sides: bool
    ) -> Parts:
        from sklearn.model_selection import train_test_split

        if y is None:
            first, second = train_test_split(rows, test_size=part, random_state=seed)
            return np.asarray(first), np.asarray(second)
        counts = _counts_of(y[rows])
        drawn = counts > 1
        if not _room(y[rows][drawn], part):
            drawn = counts * min(part, 1 - part) >= 1
        rare = rows[(counts > 1) & ~drawn]
        first, second = self._in_proportion(rows[drawn], y, part, seed)
        one, others = _one_of_each(rare, y, part, seed, both_sides)
        first, second = np.r_[first, others], np.r_[second, one]
        first, second = _with_each_class(first, second, y)
        if both_sides:
            second, first = _with_each_class(second, first, y)
        return np.r_[first, rows[counts == 1]], second

    def _in_proportion(self, rows: np.ndarray, y: np.ndarray, part: float, seed: int) -> Parts:
        from sklearn.model_selection import train_test_split

        if not len(rows):
            return rows, rows
        n = ceil(part * len(rows))
        first, second = train_test_split(rows, test_size=n, stratify=y[rows], random_state=seed)
        return np.asarray(first), np.asarray(second)


def _counts_of(codes: np.ndarray) -> np.ndarray:
    """How many rows each row's class has, shape (m,)."""
    return np.bincount(codes, minlength=1)[codes] if len(codes) else codes


def _room(codes: np.ndarray, part: float) -> bool:
    """Whether either part has at least as many rows as there are classes."""
    held_out = ceil(part * len(codes))
    return len(np.unique(codes)) <= min(held_out, len(codes) - held_out)


def _one_of_each(
    rows: np.ndarray, y: np.ndarray, part: float, seed: int, both_sides: bool
) -> Parts:
    """Part rows of rare classes: one row of a class, drawn at random, goes to the smaller part.

    Where not every class has to be on both sides, no more of them do than are that part's share.
    """
    drawn = np.random.RandomState(seed).permutation(rows)
    one = np.zeros(len(drawn), dtype=bool)
    one[np.sort(np.unique(y[drawn], return_index=True)[1])] = True
    if not both_sides:
        one &= np.cumsum(one) <= round(len(drawn) * min(part, 1 - part))
    alone, others = drawn[one], drawn[~one]
    return (alone, others) if part <= 0.5 else (others, alone)


def _with_each_class(part: np.ndarray, other: np.ndarray, y: np.ndarray) -> Parts:
    """Move a row of each class that only the other part has to this one; return both."""
    missing = np.flatnonzero(np.isin(y[other], y[part], invert=True))
    moved = missing[np.sort(np.unique(y[other[missing]], return_index=True)[1])]
    return np.r_[part, other[moved]], np.delete(other, moved)


# --- by time -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ByTime:
    """The latest rows are held out; equal times stay on one side; rows without a time train.

    Parameters
    ----------
    column : str
        Its name.
    times : ndarray of shape (m,)
        Datetimes or numbers; NaT or NaN where a row has none.

    Examples
    --------
    >>> rule = ByTime("day", np.array([3.0, 1.0, np.nan, 2.0, 3.0]))
    >>> [part.tolist() for part in rule.test_rows(np.arange(5), None, 0.2, 0)]
    [[1, 2, 3], [0, 4]]
    """

    column: str
    times: np.ndarray

    @property
    def text(self) -> str:
        """As it is asked for."""
        return f"time:{self.column}"

    @cached_property
    def moments(self) -> np.ndarray:
        """Each row's place among the distinct times, shape (m,); −1 where it has none."""
        known = ~np.isnat(self.times) if self.times.dtype.kind in "mM" else ~np.isnan(self.times)
        places = np.full(len(self.times), UNKNOWN)
        places[known] = np.unique(self.times[known], return_inverse=True)[1]
        return places

    def test_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Hold the latest rows out."""
        cuts = self._cuts(rows, [1 - part])
        if not cuts:
            raise SettingError(
                "split",
                self.text,
                f"all rows with a target and a {self.column!r} have the same one; there is nothing "
                "to part by.",
            )
        return self._cut(rows, cuts[0])

    def inner_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Hold the latest rows out, as long as every class of theirs occurs before."""
        cuts = self._cuts(rows, [1 - part]) if len(rows) * part >= 2 else []
        if not cuts:
            return rows, rows[:0]
        last = cuts[0]
        if y is not None:
            codes, moments = y[rows], self.moments[rows]
            first_seen = np.full(codes.max() + 1, UNKNOWN)
            order = np.argsort(-moments, kind="stable")
            first_seen[codes[order]] = moments[order]  # the earliest is written last
            last = max(last, int(first_seen.max()))
        return self._cut(rows, last)

    def folds(self, rows: np.ndarray, y: np.ndarray | None, n: int, seed: int) -> list[Parts]:
        """Each fold tests on the block of times that follows those that it learns from."""
        cuts = self._cuts(rows, [(k + 1) / (n + 1) for k in range(n)])
        if len(cuts) < n:
            raise _too_many_folds(n, f"{self.column!r} has {len(cuts) + 1} different times")
        ends = [*cuts[1:], int(self.moments.max())]
        return [self._cut(rows[self.moments[rows] <= end], cut) for cut, end in zip(cuts, ends)]

    def _cuts(self, rows: np.ndarray, parts: list[float]) -> list[int]:
        """Places of the last moments before each cut, as close to these parts as there are any.

        Fewer than asked for where there are not as many moments.
        """
        moments = self.moments[rows]
        places, counts = np.unique(moments[moments != UNKNOWN], return_counts=True)
        if len(places) <= len(parts):
            return places[:-1].tolist()
        until, cuts = np.cumsum(counts), list[int]()
        for k, part in enumerate(parts):
            first = cuts[-1] + 1 if cuts else 0
            among = until[first : len(until) - len(parts) + k]
            cuts.append(first + int(np.abs(among - int(until[-1] * part + 1e-9)).argmin()))
        return places[cuts].tolist()

    def _cut(self, rows: np.ndarray, last: int) -> Parts:
        later = self.moments[rows] > last
        return rows[~later], rows[later]


# --- by group ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ByGroup:
    """Whole groups are held out, drawn so that sizes and classes' parts are close to those asked.

    Rows without a group train. A class that would be in no training row brings the smallest of
    its groups there.

    Parameters
    ----------
    column : str
        Its name.
    groups : ndarray of shape (m,), int
        A number for each group; −1 where a row has none.

    Examples
    --------
    >>> rule = ByGroup("patient", np.repeat(np.arange(5), 2))
    >>> learn, test = rule.test_rows(np.arange(10), None, 0.2, 0)
    >>> len(test), len({*rule.groups[learn]} & {*rule.groups[test]})
    (2, 0)
    """

    column: str
    groups: np.ndarray

    @property
    def text(self) -> str:
        """As it is asked for."""
        return f"group:{self.column}"

    def test_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Hold groups out."""
        found = self._n_groups(rows)
        if found < 2:
            raise SettingError(
                "split",
                self.text,
                f"the rows with a target have {found} {'group' if found == 1 else 'groups'} by "
                f"{self.column!r}; to part by group takes two.",
            )
        return self._drawn(rows, y, part, seed)

    def inner_rows(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        """Hold groups out to validate on, none of whose classes is missing in training."""
        if len(rows) * part < 2 or self._n_groups(rows) < 2:
            return rows, rows[:0]
        first, second = self._drawn(rows, y, part, seed)
        if y is not None and not np.isin(y[second], y[first]).all():
            return rows, rows[:0]
        return first, second

    def folds(self, rows: np.ndarray, y: np.ndarray | None, n: int, seed: int) -> list[Parts]:
        """Hold each group out once: the first fold is drawn from all, the next from the rest."""
        found = self._n_groups(rows)
        if found < n:
            raise _too_many_folds(n, f"{self.column!r} has {found} groups")
        left, tests = rows[self.groups[rows] != UNKNOWN], list[np.ndarray]()
        for k in range(n, 1, -1):
            taken = self._mask(left, y, 1 / k, seed, keep=k - 1)
            tests.append(left[taken])
            left = left[~taken]
        tests.append(left)
        return [(rows[~np.isin(rows, test)], test) for test in tests]

    def _n_groups(self, rows: np.ndarray) -> int:
        groups = self.groups[rows]
        return len(np.unique(groups[groups != UNKNOWN]))

    def _drawn(self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int) -> Parts:
        taken = self._mask(rows, y, part, seed)
        if y is not None:
            taken = self._known_in_training(taken, self.groups[rows], y[rows])
        return rows[~taken], rows[taken]

    def _mask(
        self, rows: np.ndarray, y: np.ndarray | None, part: float, seed: int, keep: int = 1
    ) -> np.ndarray:
        """Whether each row is held out; at least so many groups are kept."""
        grouped = self.groups[rows] != UNKNOWN
        places = np.unique(self.groups[rows[grouped]], return_inverse=True)[1]
        strata = None if y is None else y[rows[grouped]]
        held_out = np.zeros(len(rows), dtype=bool)
        held_out[grouped] = draw_groups(places, strata, part, seed, keep)[places]
        return held_out

    def _known_in_training(
        self, held_out: np.ndarray, groups: np.ndarray, y: np.ndarray
    ) -> np.ndarray:
        """Bring for each class that no training row has its smallest group there, if more stay."""
        held_out = held_out.copy()
        for missing in np.setdiff1d(y[held_out], y[~held_out]).tolist():
            if (y[~held_out] == missing).any():  # another class has brought it
                continue
            here, counts = np.unique(groups[held_out], return_counts=True)
            holds = np.isin(here, groups[held_out & (y == missing)])
            if len(here) > 1:
                smallest = here[holds][counts[holds].argmin()]
                held_out &= groups != smallest
        return held_out


def _too_many_folds(n: int, sentence: str) -> InvalidInput:
    return SettingError("cv", n, f"{sentence}; that makes no {n} folds.")
