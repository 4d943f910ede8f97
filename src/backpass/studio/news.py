"""What a session tells the page, and where the page fetches it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TypedDict


class Mistake(TypedDict):
    """A row that the network got wrong, and how sure it was of that."""

    row: int
    answer: int
    truth: int
    sure: float


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
    curves: dict[str, list[float]]  # what is new of them
    deltas: list[float]
    theta64: str
    worst: list[Mistake]
    confusion: list[list[int]]


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
