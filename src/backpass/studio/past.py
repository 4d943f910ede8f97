"""What a page is told that comes while a training runs: the latest of all, and whole curves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .news import News, PastCurve

MOST_POINTS = 1000  # of a curve that is told again: more than a chart has pixels


@dataclass
class ThinnedCurve:
    """A curve by epoch that keeps every one, then every second, every fourth, …, and the last."""

    points: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    last: tuple[int, float] = (0, 0.0)
    stride: int = 1

    def add(self, epoch: int, value: float) -> None:
        """Add an epoch's value."""
        self.last = (epoch, value)
        if epoch % self.stride == 0:
            self.points.append(self.last)
        if len(self.points) > MOST_POINTS:
            self.stride *= 2
            self.points = [point for point in self.points if point[0] % self.stride == 0]

    def told(self) -> PastCurve:
        """Epochs and values."""
        ends_early = not self.points or self.points[-1] != self.last
        points = [*self.points, self.last] if ends_early else self.points
        return {"epochs": [p[0] for p in points], "values": [p[1] for p in points]}


class Past:
    """The news so far, merged."""

    def __init__(self) -> None:
        self.news = News()
        self._curves: dict[str, ThinnedCurve] = {}

    def add(self, news: News) -> None:
        """Take in what a page would have been told."""
        for name, values in news.get("curves", {}).items():
            first = news.get("epoch", 0) - len(values) + 1
            curve = self._curves.setdefault(name, ThinnedCurve())
            for epoch, value in enumerate(values, start=first):
                curve.add(epoch, value)
        self.news.update(news)

    def told(self) -> News:
        """Everything, with the curves from their beginning."""
        past = {name: curve.told() for name, curve in self._curves.items()}
        return self.news | News(curves={}, past=past)
