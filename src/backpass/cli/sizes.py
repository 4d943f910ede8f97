"""Sizes of layers on the command line."""

from __future__ import annotations

from typing import Any

import click


class Sizes(click.ParamType):
    """Units by layer as ``64,32``; ``none`` for no layer at all."""

    name = "sizes"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
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
