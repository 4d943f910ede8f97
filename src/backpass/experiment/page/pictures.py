"""Figures and pixels as parts of a page that asks for nothing from anywhere."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

MOST_DOTS = 2000  # of a picture: each is 100 bytes of the page


def drawn_rows(m: int) -> np.ndarray:
    """Which rows have a dot: all of them, or some at random where they are many."""
    return np.random.default_rng(0).permutation(m)[:MOST_DOTS]


def svg(figure: Figure | SubFigure) -> str:
    """A figure as inline SVG, as a part of the page."""
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "backpass", "svg.fonttype": "path"}):
        _whole(figure).savefig(file, format="svg", metadata=_NO_METADATA, transparent=True)
    _close(figure)
    text = file.getvalue()
    return _ADDRESSES.sub("", text[text.index("<svg") :])


_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# Inside of HTML, SVG needs no namespaces; so the page names no address at all.
_ADDRESSES = re.compile(r' xmlns(:\w+)?="[^"]*"|<metadata>.*?</metadata>', re.DOTALL)


def png_of_figure(figure: Figure | SubFigure) -> str:
    """A figure as a data URI, for pictures with more pixels than lines."""
    file = io.BytesIO()
    _whole(figure).savefig(file, format="png", dpi=160, transparent=True)
    _close(figure)
    return data_uri(file.getvalue())


def _close(figure: Figure | SubFigure) -> None:
    import matplotlib.pyplot as plt

    plt.close(_whole(figure))


def _whole(figure: Figure | SubFigure) -> Figure:
    """A display draws on a figure of its own, never on a part of another."""
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    return figure


def data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
