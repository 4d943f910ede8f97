"""The kinds of options: a choice that suggests, whole numbers, and finite numbers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

import click
from click import Context, Parameter


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'train'?`` where something known looks like a name, else nothing."""
    by_lower = {item.lower(): item for item in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


class OneOf(click.Choice):
    """One of some words; a mistyped one gets a suggestion."""

    def convert(self, value: str, param: Parameter | None, ctx: Context | None) -> str:
        """Return the word."""
        if value in self.choices:
            return value
        choices = [str(choice) for choice in self.choices]
        meant = suggestion(str(value), choices)
        listed = ", ".join(repr(choice) if "," in choice else choice for choice in choices)
        self.fail(f"{value!r} is not one of {listed}{meant}", param, ctx)


class StartOf(OneOf):
    """The beginning of one or more of some words, in small or large letters."""

    def convert(self, value: str, param: Parameter | None, ctx: Context | None) -> str:
        """Return the beginning."""
        starts = str(value).lower()
        if starts and any(str(word).lower().startswith(starts) for word in self.choices):
            return value
        return super().convert(value, param, ctx)


class Whole(click.IntRange):
    """A whole number in a range."""

    name = "integer"


class Real(click.FloatRange):
    """A finite number in a range."""

    name = "number"

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> float:
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


member_option = click.option(
    "--member",
    type=Whole(0),
    metavar="K",
    help="Which network of an ensemble, from 0; the one with the largest share if left out.",
)
