"""Moments as an ONNX graph: calendar and clock of seconds since 1970, in the Gregorian calendar.

Whole numbers of days are doubles here, whose quotients, rounded down, are exact.
"""

from __future__ import annotations

import numpy as np

from ..data.encoding.dates import COSINE, DAY, ELAPSED, MINUTE, SINE, THURSDAY
from ..errors import InvalidInput
from .onnx_graph import Graph, Operand

SECOND = 1_000_000  # in microseconds, in which moments are counted
FROM_MARCH_0 = 719_468  # days from 1 March of the year 0 to 1 January 1970
FROM_JANUARY_1 = 719_162  # days from 1 January of the year 1 to it
ERA = 146_097  # days of 400 years


class Moments:
    """The parts of a column of moments, each added to the graph when it is first asked for.

    Parameters
    ----------
    graph : Graph
        Of double precision.
    seconds : str
        A value of shape (rows, 1): seconds since 1 January 1970, NaN for a gap.
    """

    def __init__(self, graph: Graph, seconds: str) -> None:
        self.graph = graph
        self.gaps = graph.add("IsNaN", seconds)
        filled = graph.add("Where", self.gaps, 0.0, seconds)
        self.microseconds = graph.add("Round", graph.add("Mul", filled, SECOND))
        self._found: dict[str, str] = {}

    def part(self, name: str) -> str:
        """Return a part of ``dates.PARTS``, NaN for a gap."""
        return self.graph.add("Where", self.gaps, np.nan, self._whole(name))

    def _whole(self, name: str) -> str:
        """A part as if there were no gaps, added once."""
        if name not in self._found:
            self._found[name] = self._made(name)
        return self._found[name]

    def _made(self, name: str) -> str:
        add, sum_of = self.graph.add, self._sum
        if name == ELAPSED:
            return add("Div", self.microseconds, DAY)
        if name in ("year", "month", "day"):
            self._found |= self._dates()
            return self._found[name]
        if name == "days":
            return self._floor(self.microseconds, DAY)
        if name == "minutes":  # of the day
            day = add("Mul", self._whole("days"), DAY)
            return self._floor(add("Sub", self.microseconds, day), MINUTE)
        if name == "weekday":
            return self._rest(add("Add", self._whole("days"), THURSDAY), 7)
        if name == "day of year":  # from 0
            years = add("Sub", self._whole("year"), 1)
            leap = [(1, self._floor(years, 4)), (-1, self._floor(years, 100))]
            first = sum_of((365, years), *leap, (1, self._floor(years, 400)))
            return add("Sub", add("Add", self._whole("days"), FROM_JANUARY_1), first)
        if name in ("hour", "minute"):
            minutes = self._whole("minutes")
            return self._floor(minutes, 60) if name == "hour" else self._rest(minutes, 60)
        return self._cycle(name)

    def _cycle(self, name: str) -> str:
        """Sine or cosine of a place in a cycle, looked up."""
        of, _, function = name.removesuffix(")").partition(" (")
        tables = {"sine": SINE, "cosine": COSINE}.get(function, {})
        if of not in tables:
            raise InvalidInput(f"ONNX export knows no {name!r} of a date.")
        place = self._whole("minutes" if of == "time of day" else of)
        place = self.graph.add("Cast", place, to=self.graph.type_of(np.int64))
        return self.graph.add("Gather", self.graph.constant(tables[of]), place, axis=0)

    def _dates(self) -> dict[str, str]:
        """Year, month and day of the month, counted in years that begin with March."""
        add, floor, sum_of = self.graph.add, self._floor, self._sum
        days = add("Add", self._whole("days"), FROM_MARCH_0)
        era, of_era = floor(days, ERA), self._rest(days, ERA)
        # Each four years, but for each hundred, have a day more; the last of the era is one.
        leap = [
            (-1, floor(of_era, 1_460)),
            (1, floor(of_era, 36_524)),
            (-1, floor(of_era, 146_096)),
        ]
        year = floor(sum_of((1, of_era), *leap), 365)
        before = sum_of((365, year), (1, floor(year, 4)), (-1, floor(year, 100)))
        day_of_year = add("Sub", of_era, before)
        month = floor(sum_of((5, day_of_year), shift=2), 153)  # March is 0
        day = add("Sub", day_of_year, floor(sum_of((153, month), shift=2), 5))
        is_next = add("GreaterOrEqual", month, 10.0)
        later = add("Cast", is_next, to=self.graph.type_of(np.float64))
        return {
            "year": sum_of((400, era), (1, year), (1, later)),
            "month": sum_of((1, month), (-12, later), shift=3),
            "day": add("Add", day, 1),
        }

    def _sum(self, *terms: tuple[float, str], shift: float = 0.0) -> str:
        """Σ factor · value + shift."""
        total: Operand = shift
        for factor, value in terms:
            total = self.graph.add("Add", total, self.graph.add("Mul", value, factor))
        assert isinstance(total, str)
        return total

    def _floor(self, value: str, by: float) -> str:
        return self.graph.add("Floor", self.graph.add("Div", value, by))

    def _rest(self, value: str, by: float) -> str:
        whole = self.graph.add("Mul", self._floor(value, by), by)
        return self.graph.add("Sub", value, whole)
