"""What texts are that may be numbers or dates; where two readings are left, one question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import InvalidInput
from ..cells import MOST_LETTERS, as_argument, count
from ..raw import Texts
from . import dates
from .gaps import BESIDE_NUMBERS, gap_words, said, without_gaps
from .kinds import Judgement, Kind, Wishes
from .whole_numbers import EXACT, Whole, are_whole, judged_whole
from .written_numbers import (
    currencies_of,
    is_infinite,
    is_percent,
    is_zero_led,
    read_numbers,
)

SAMPLED = 500  # different texts that are looked at before all are
HALF = 0.5  # of those that must be numbers or dates for the column to be looked at further
_HAS_DIGIT = re.compile("[0-9]")
FEW_ROWS = 1 / 20  # in which words may stand among numbers before the column is one of words
FEW_WORDS = 5  # different ones
FEW_GAPS = 3  # different words without a digit that are gaps where all else is a quantity
MOST_DIGITS = 16  # of whole numbers; longer ones are labels
MANY_NUMBERS = 20  # more different numbers than this are a quantity, whose words are remarks


def judged_written(
    name: str, column: Texts, wishes: Wishes, decimal: str = "."
) -> Judgement | None:
    """Say what a column of texts is where it writes dates or numbers.

    Parameters
    ----------
    name : str
        The column's name.
    column : Texts
        Its cells.
    wishes : Wishes
        Words for a gap and the order of dates count.
    decimal : {".", ","}
        The table's decimal mark.

    Returns
    -------
    Judgement or None
        None for a column of words, codes among them.

    Raises
    ------
    InvalidInput
        A question: where a few cells with digits are none of the numbers around them, where some
        are infinite, percent or of another currency than others, where days may be months.

    Examples
    --------
    >>> judged_written("price", Texts.of(["$1,250", "$80", "?"]), Wishes())
    Judgement(kind=<Kind.NUMBER: 'number'>, reason="numbers written as '$1,250'; '?' is a gap",
        spelling='1,234.5', levels=2, na=())
    """
    filled, gone = without_gaps(column, gap_words(BESIDE_NUMBERS, wishes.na))
    if not filled.vocabulary:
        return None
    found = _as_date(name, filled, wishes) or _as_number(name, filled, decimal)
    return found and replace(found, reason=found.reason + said((*gone, *found.na)))


@dataclass(frozen=True, eq=False)
class _Split:
    """Texts of a column that are read and those that are not, with their rows."""

    column: Texts
    read: np.ndarray  # by place in the vocabulary

    @property
    def n_wrong(self) -> int:
        """Different texts that are not read."""
        return int(np.count_nonzero(~self.read))

    @property
    def wrong_rows(self) -> np.ndarray:
        """Whether each row has one of those."""
        return np.append(~self.read, False)[self.column.codes]

    @property
    def words(self) -> tuple[str, ...]:
        """The texts that are not read, where they are a few words: gaps in a quantity."""
        wrong = [t for t, read in zip(self.column.vocabulary, self.read.tolist()) if not read]
        if len(wrong) > FEW_GAPS or any(_HAS_DIGIT.search(t) for t in wrong):
            return ()
        return tuple(text.strip() for text in wrong) if self._share <= HALF else ()

    @property
    def _share(self) -> float:
        """Of the filled rows, those that are not read."""
        return int(np.count_nonzero(self.wrong_rows)) / int(self.column.counts.sum())

    def asks(self, quantity: bool) -> bool:
        """Whether the others are so few that they are a mistake or a gap, rather than names."""
        if self.n_wrong <= FEW_WORDS and self._share <= FEW_ROWS:
            return True
        return quantity and self.n_wrong <= FEW_GAPS and self._share <= HALF

    def without(self, words: tuple[str, ...]) -> Texts:
        """The column in which these words are gaps."""
        return without_gaps(self.column, gap_words(frozenset(), words))[0]

    def question(self, name: str, kind: str) -> InvalidInput:
        """Name column, row and cell, and what can be done."""
        rows = self.wrong_rows
        row = int(rows.argmax())
        cell = self.column.vocabulary[self.column.codes[row]].strip()[:MOST_LETTERS]
        more = f" ({count(int(rows.sum()), 'such cell')} in all)" if rows.sum() > 1 else ""
        return InvalidInput(
            f"Column {name!r} holds {kind}, but row {row} (the first row is 0) holds "
            f"{cell!r}{more}; --na {as_argument(cell)} reads that as a gap, --kind "
            f"{as_argument(name)}=category takes all cells for names."
        )


def _sample(texts: Sequence[str]) -> list[str]:
    """Some texts from the whole vocabulary."""
    return list(texts[:: -(-len(texts) // SAMPLED)])


def _mostly(texts: Sequence[str], read: Callable[[str], object]) -> bool:
    """Whether half of the texts are read."""
    return sum(read(text) is not None for text in texts) >= HALF * len(texts)


# --- dates -----------------------------------------------------------------------------------


def _as_date(name: str, column: Texts, wishes: Wishes) -> Judgement | None:
    """A date in nearly every filled cell, in the order that fits the most of them."""
    texts = column.vocabulary
    sample = _sample(texts)
    if not _mostly(sample, _HAS_DIGIT.search):
        return None
    orders = [wishes.date_format] if "%" in wishes.date_format else _orders(sample)
    moments = {order: dates.moments_in(texts, order) for order in orders}
    reads = {order: ~np.isnat(each) for order, each in moments.items()}
    if not reads:
        return None
    best = max(reads, key=lambda order: int(reads[order].sum()))
    if wishes.date_format in reads and reads[wishes.date_format].sum() == reads[best].sum():
        best = wishes.date_format
    elif "%" not in best:
        _refuse_two_orders(name, column, moments, best)
    split = _Split(column, reads[best])
    if not split.n_wrong:
        return _date(texts, best)
    if "%" in best:  # meant for another column
        return _as_date(name, column, Wishes())
    if split.n_wrong < len(texts) and split.words:
        rest = _date(split.without(split.words).vocabulary, best)
        return replace(rest, na=split.words)
    if split.n_wrong < len(texts) and split.asks(quantity=True):
        raise split.question(name, "dates")
    return None


def _orders(sample: Sequence[str]) -> list[str]:
    """The orders that read half of some texts; the year first alone where it reads all."""
    n_read = {order: _n_read(sample, order) for order in dates.ORDERS}
    if n_read["ymd"] == len(sample):
        return ["ymd"]
    return [order for order, n in n_read.items() if n >= HALF * len(sample)]


def _n_read(texts: Sequence[str], order: str) -> int:
    return int(np.count_nonzero(~np.isnat(dates.moments_in(texts, order))))


def _date(texts: Sequence[str], order: str) -> Judgement:
    """A column of dates, with the first one as it is written."""
    what = "dates"
    if order == "hms":
        long = dates.moments_in(texts, order).max() >= dates.SECOND_DAY
        what = "durations" if long else "times of day"
    first = {"dmy": ", the day first", "mdy": ", the month first"}.get(order, "")
    return Judgement(Kind.DATE, f"{what} written as {texts[0].strip()!r}{first}", order, len(texts))


def _refuse_two_orders(name: str, column: Texts, moments: dict[str, np.ndarray], best: str) -> None:
    """Ask where every day may be a month; with points between, days come first everywhere."""
    if best not in ("dmy", "mdy") or not {"dmy", "mdy"} <= moments.keys():
        return
    day, month = moments["dmy"], moments["mdy"]
    if np.isnat(day).sum() != np.isnat(month).sum() or (day == month)[~np.isnat(day)].all():
        return
    place = int((~np.isnat(day) & (day != month)).argmax())
    if "." in column.vocabulary[place].split(":")[0]:
        return
    row = int((column.codes == place).argmax())
    raise InvalidInput(
        f"Column {name!r} holds dates in which day and month may change places: "
        f"{column.vocabulary[place].strip()!r} in row {row} (the first row is 0); "
        "--date-format dmy says that the day comes first, --date-format mdy the month."
    )


# --- numbers ---------------------------------------------------------------------------------


def _as_number(name: str, column: Texts, decimal: str) -> Judgement | None:
    """A number in nearly every filled cell, in one spelling."""
    texts = column.vocabulary
    spelling, values = read_numbers(_sample(texts), decimal)
    if np.count_nonzero(~np.isnan(values)) < HALF * len(values) or any(map(is_zero_led, texts)):
        return None  # words, or codes as they are written
    if len(texts) > len(values):  # what the sample leaves open, all decide
        spelling, values = read_numbers(texts, decimal)
    split = _Split(column, ~np.isnan(values))
    _refuse_infinite(name, split)
    quantity = _is_quantity(values)
    if split.n_wrong and quantity and split.words:
        found = _as_number(name, split.without(split.words), decimal)
        return found and replace(found, na=split.words)
    if split.n_wrong:
        if split.asks(quantity):
            raise split.question(name, "numbers")
        return None
    if _are_labels(texts):
        return None
    _refuse_two_units(name, column)
    return _number(name, column, values, spelling)


def _are_labels(texts: Sequence[str]) -> bool:
    """Whether all are whole numbers, and one has more digits than a double holds."""
    long = max(map(len, texts)) >= MOST_DIGITS
    return long and all(text.strip().isdecimal() for text in texts)


def _is_quantity(values: np.ndarray) -> bool:
    """Whether the numbers among words are no codes: many different ones, or with decimals."""
    found = np.unique(values[~np.isnan(values)])
    return len(found) > MANY_NUMBERS or bool((found != np.round(found)).any())


def _number(name: str, column: Texts, values: np.ndarray, spelling: str) -> Judgement:
    """A column of numbers; plain whole ones may be days, keys or codes, as any whole ones."""
    written = next((t.strip() for t in column.vocabulary if not _is_plain(t)), None)
    if written is not None:
        return Judgement(Kind.NUMBER, f"numbers written as {written!r}", spelling, len(values))
    return judged_numbers(name, values[column.codes[~column.gaps]], len(column))


def _is_plain(text: str) -> bool:
    """Whether Python reads the same number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def judged_numbers(name: str, values: np.ndarray, rows: int) -> Judgement:
    """Say what numbers without gaps are: whole ones may be more than quantities."""
    low, high = float(values.min()), float(values.max())
    if are_whole(values) and max(-low, high) < EXACT:
        return judged_whole(name, Whole(values.astype(np.int64), rows))
    return Judgement(Kind.NUMBER, f"numbers from {low:.4g} to {high:.4g}")


def _refuse_infinite(name: str, split: _Split) -> None:
    """Ask what to do with infinite numbers among others."""
    infinite = np.array([is_infinite(text) for text in split.column.vocabulary])
    if infinite.any():
        rows = np.append(infinite, False)[split.column.codes]
        word = split.column.vocabulary[split.column.codes[rows.argmax()]].strip()
        raise infinite_question(name, rows, word)


def infinite_question(name: str, rows: np.ndarray, word: str) -> InvalidInput:
    """Return the question about infinite numbers, which no network learns from."""
    return InvalidInput(
        f"Column {name!r} holds {count(int(rows.sum()), 'infinite number')}, the first in row "
        f"{int(rows.argmax())} (the first row is 0); --na {as_argument(word)} reads them as gaps, "
        f"--ignore {as_argument(name)} leaves the column out."
    )


def _refuse_two_units(name: str, column: Texts) -> None:
    """Ask where some numbers are percent and others are not, or in several currencies."""
    percent = np.array([is_percent(text) for text in column.vocabulary])
    if percent.any() and not percent.all():
        raise _two_units(name, column, percent, "percent, and others without a sign")
    units = currencies_of(column.vocabulary)
    if len(units) > 1:
        (one, text), (other, _) = list(units.items())[:2]
        first = np.array([each == text for each in column.vocabulary])
        raise _two_units(name, column, first, f"{one}, and others in {other}")


def _two_units(name: str, column: Texts, which: np.ndarray, what: str) -> InvalidInput:
    row = int(np.append(which, False)[column.codes].argmax())
    return InvalidInput(
        f"Column {name!r} holds numbers in {what}, the first of the former in row {row} (the first "
        f"row is 0); make them one unit, or --kind {as_argument(name)}=number takes them as they "
        f"are, --kind {as_argument(name)}=category for names."
    )
