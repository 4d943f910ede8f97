"""Sizes of layers and of pictures on the command line."""

from __future__ import annotations

import re

import click
from click import Context, Parameter


class Sizes(click.ParamType):
    """Units by layer as ``64,32``; ``none`` for no layer at all."""

    name = "sizes"

    def convert(
        self, value: str | tuple[int, ...], param: Parameter | None, ctx: Context | None
    ) -> tuple[int, ...]:
        """Return the sizes as a tuple."""
        if isinstance(value, tuple):
            return value
        if value == "none":
            return ()
        try:
            sizes = tuple(int(size) for size in value.split(","))
        except ValueError:
            sizes = (0,)
        if min(sizes) < 1:
            self.fail(f"{value!r} is not like 64 or 64,32: one positive size a layer.", param, ctx)
        return sizes


class Image(click.ParamType):
    """Rows and columns of a picture as ``28x28``."""

    name = "rowsxcolumns"

    def convert(
        self, value: str | tuple[int, int], param: Parameter | None, ctx: Context | None
    ) -> tuple[int, int]:
        """Return the shape as a tuple."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,5})[x×]([1-9][0-9]{0,5})", value.strip().lower())
        if found is None:
            self.fail(f"{value!r} is not like 28x28: rows, x, columns.", param, ctx)
        return int(found[1]), int(found[2])
