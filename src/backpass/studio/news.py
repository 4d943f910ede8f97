"""What a session tells the page, and where the page fetches it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict


class Mistake(TypedDict):
    """A row that the network got wrong, by its number in the table."""

    row: int
    answer: float  # the place of a class, or a number
    truth: float
    sure: NotRequired[float]  # of a class: how sure the network was
    output: NotRequired[int]  # of a number: which of them
    x: NotRequired[list[float]]  # of a picture that the page does not have


class PastCurve(TypedDict):
    """A curve that is told again, thinned."""

    epochs: list[int]
    values: list[float]


class Mark(TypedDict):
    """Where α or λ became another one."""

    epoch: int  # the last one with the old
    alpha: float
    lam: float


class News(TypedDict, total=False):
    """What the page is told while training goes on; what has not changed is left out."""

    says: str
    going: bool
    done: bool
    epoch: int
    epochs: int
    J: float
    score: float
    rows_per_second: float
    seconds_left: float
    curves: dict[str, list[float]]  # what is new of them: the last value is that of `epoch`
    past: dict[str, PastCurve]  # curves from their beginning, for a page that comes later
    marks: list[Mark]  # all so far
    steers: bool  # whether this page's orders count
    deltas: list[float]
    theta64: str
    lam: float  # of the training that made θ
    W: float
    worst: list[Mistake]
    rows_scored: int  # that score, confusion and worst count
    confusion: list[list[int]]
    pairs: list[list[float]]  # of numbers: truth, answer, output


@dataclass
class Mailbox:
    """The latest news, never a queue: what is not fetched in time is merged into what follows."""

    news: News = field(default_factory=News)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, news: News) -> None:
        """Add news; curves grow, everything else is replaced."""
        with self.lock:
            curves = self.news.get("curves", {})
            for name, values in news.get("curves", {}).items():
                curves.setdefault(name, []).extend(values)
            self.news.update(news)
            self.news["curves"] = curves

    def take(self) -> News | None:
        """Fetch what there is, or None."""
        with self.lock:
            news, self.news = self.news, News()
        return news or None
