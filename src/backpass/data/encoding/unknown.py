"""What a table has that the training rows did not: said by column and count, never passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..cells import MOST_LETTERS, count

MOST_TEXTS = 8  # of a column, in a message


@dataclass(frozen=True)
class FarNumbers:
    """Cells of one column that lie far outside of what the training rows hold.

    Parameters
    ----------
    cells : int
        How many there are.
    low, high : str
        The least and the greatest of them, as a message writes them.
    seen : tuple of (str, str)
        The least and the greatest of the training rows.
    """

    cells: int
    low: str
    high: str
    seen: tuple[str, str]


@dataclass(frozen=True)
class Unknown:
    """What a table has that the training rows did not; empty where there is nothing to say.

    Parameters
    ----------
    texts : mapping from str to Counter
        By column of categories: texts that no training row holds, and how often each occurs.
    shared : frozenset of str
        Those of these columns whose unknown texts are read as rare ones.
    gaps : mapping from str to int
        By column that had no gap: how many cells are missing.
    far : mapping from str to FarNumbers
        By column of numbers or dates: cells that are more than the whole range of the training
        rows away from it.

    Examples
    --------
    >>> unknown = Unknown(texts={"city": Counter({"Rome": 2})}, gaps={"area": 1})
    >>> for sentence in unknown.sentences():
    ...     print(sentence)
    Column 'city' holds 1 text that the training rows do not have, in 2 rows: 'Rome' (2); it is
    read as none of the known ones.
    Column 'area' has a gap in 1 row; the training rows have none there.
    """

    texts: Mapping[str, Counter[str]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    gaps: Mapping[str, int] = field(default_factory=dict)
    far: Mapping[str, FarNumbers] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.texts or self.gaps or self.far)

    def plus(self, other: Unknown) -> Unknown:
        """Return what two blocks of one table have.

        Examples
        --------
        >>> block = Unknown(texts={"city": Counter({"Rome": 2})}, gaps={"area": 1})
        >>> block.plus(block)
        Unknown(texts={'city': Counter({'Rome': 4})}, shared=frozenset(), gaps={'area': 2}, far={})
        """
        texts = {name: Counter(found) for name, found in self.texts.items()}
        for name, found in other.texts.items():
            texts.setdefault(name, Counter()).update(found)
        gaps = {**self.gaps}
        for name, n in other.gaps.items():
            gaps[name] = gaps.get(name, 0) + n
        far = {**self.far}
        for name, numbers in other.far.items():
            far[name] = _together(far[name], numbers) if name in far else numbers
        return Unknown(texts, self.shared | other.shared, gaps, far)

    def sentences(self) -> Iterator[str]:
        """Say it, a sentence a column."""
        for column, texts in self.texts.items():
            yield self._of_texts(column, texts)
        for column, gaps in self.gaps.items():
            yield (
                f"Column {column!r} has a gap in {count(gaps, 'row')}; the training rows have none "
                "there."
            )
        for column, far in self.far.items():
            yield _of_far(column, far)

    def _of_texts(self, column: str, texts: Counter[str]) -> str:
        """Name the most frequent unknown texts of a column; long ones are cut short."""
        shown = [f"{text[:MOST_LETTERS]!r} ({n})" for text, n in texts.most_common(MOST_TEXTS)]
        more = len(texts) - len(shown)
        listed = ", ".join(shown) + (f" and {more} more" if more else "")
        each = "it is" if len(texts) == 1 else "they are"
        read = "rare ones" if column in self.shared else "none of the known ones"
        return (
            f"Column {column!r} holds {count(len(texts), 'text')} that the training rows do not "
            f"have, in {count(texts.total(), 'row')}: {listed}; {each} read as {read}."
        )


def _of_far(column: str, far: FarNumbers) -> str:
    """Say how far a column's cells lie outside."""
    found = far.low if far.low == far.high else f"{far.low} to {far.high}"
    return (
        f"Column {column!r} has {count(far.cells, 'cell')} far outside of the training rows: "
        f"{found}, where those hold {far.seen[0]} to {far.seen[1]}."
    )


def _together(one: FarNumbers, other: FarNumbers) -> FarNumbers:
    """The far cells of two blocks of a column."""
    found = sorted((one.low, one.high, other.low, other.high), key=_in_order)
    return FarNumbers(one.cells + other.cells, found[0], found[-1], one.seen)


def _in_order(text: str) -> tuple[float, str]:
    """Numbers by what they are; moments, that begin with their year, by how they are written."""
    try:
        return float(text), ""
    except ValueError:
        return 0.0, text
